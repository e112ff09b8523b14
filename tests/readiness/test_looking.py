"""Each check by what it must find: an old store, a renamed header, another version, a full disk, a failed run, a bad address."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from alignment_toolkit.errors import DataRefused, NotReproduced, UsageError
from alignment_toolkit.ingest import ingest
from alignment_toolkit.readiness import Finding, Place, findings_table, looked_at, refuse_failed
from alignment_toolkit.readiness.packages import locked, package_findings
from alignment_toolkit.readiness.room import room_findings
from alignment_toolkit.report.attempts import attempted

NOW = datetime(2026, 10, 12, 9, tzinfo=UTC)
LEADS = "lead_id,created_at,source\na,2026-07-01,web\nb,2026-09-30,web\n"
STAGES = "lead_id,stage,entered_at\na,mql,2026-07-03\nb,mql,2026-09-30\n"
MAPPING = """
[tables.leads]
from = "people.csv"
columns = { lead_id = "id", created_at = "made", source = "came from", region = "region" }

[tables.stage_events]
from = "moves.csv"
columns = { lead_id = "id", stage = "to", entered_at = "at" }
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "leads.csv").write_text(LEADS)
    (folder / "stage_events.csv").write_text(STAGES)
    return folder


def found(check: str, place: Place, *, now: datetime = NOW, **environment: str) -> list[Finding]:
    return [finding for finding in looked_at(place, now=now, environment=environment) if finding.check == check]


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.verdict, finding.sentence) for finding in findings]


@pytest.mark.parametrize(
    ("max_age", "verdict", "sentence"),
    [
        (12, "ok", "the newest record is of 2026-09-30, 12 days ago"),
        (11, "failed", "the newest record is of 2026-09-30, 12 days ago, more than 11"),
    ],
)
def test_how_old_the_data_are(store: Path, tmp_path: Path, max_age: int, verdict: str, sentence: str) -> None:
    place = Place(str(store), tmp_path / "reports", max_age=max_age)
    findings = looked_at(place, now=NOW, environment={})
    assert told([finding for finding in findings if finding.check == "data"]) == [(verdict, sentence)]
    assert list(dict.fromkeys(finding.check for finding in findings)) == ["data", "source", "packages", "room", "reports", "messages"]
    assert not (tmp_path / "reports").exists()


def test_data_that_are_refused_do_not_stop_the_other_checks(store: Path, tmp_path: Path) -> None:
    (store / "leads.csv").write_text("lead_id,created_at,source\na,2026-07-01,web\na,2026-07-02,web\n")
    findings = looked_at(Place(str(store), tmp_path / "reports"), now=NOW, environment={})
    assert [(finding.check, finding.verdict, finding.exit_code) for finding in findings[:1]] == [("data", "failed", 3)]
    assert findings[0].sentence == f"the data of {store} cannot be used: 1 fault"
    assert [finding.check for finding in findings if finding.verdict == "ok"] == ["packages", "room"]
    with pytest.raises(DataRefused) as caught:
        refuse_failed(findings)
    assert str(caught.value) == f"1 of {len(findings)} checks failed: 'data'."


def write_exports(folder: Path, header: str = "id,made,came from,region", rest: str = "north") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "people.csv").write_text(f"{header}\na,2026-07-01,web,{rest}\n")
    (folder / "moves.csv").write_text("id,to,at\na,mql,2026-07-05\na,won,2026-09-30\n")
    return folder


@pytest.fixture
def ingested(tmp_path: Path) -> Path:
    (tmp_path / "mapping.toml").write_text(MAPPING)
    ingest(tmp_path / "mapping.toml", source=write_exports(tmp_path / "exports"), out=tmp_path / "crm", now=NOW)
    return tmp_path


def place_of(ingested: Path, **more: object) -> Place:
    return Place(str(ingested / "crm"), ingested / "reports", mapping=(str(ingested / "mapping.toml"),), **more)  # type: ignore[arg-type]


def test_the_source_of_the_last_ingest_still_fits(ingested: Path) -> None:
    assert told(found("source", place_of(ingested))) == [
        ("ok", f"the mapping finds in {ingested / 'exports'} every column that the store holds")
    ]


@pytest.mark.parametrize(
    ("header", "verdict", "said"),
    [
        ("id,created,came from,region", "failed", "no longer has what the store needs: leads.created_at (looked for made)"),
        ("id,made,came from,area", "warning", "does not have: leads.region (looked for region)"),
    ],
)
def test_a_renamed_header_is_found(ingested: Path, header: str, verdict: str, said: str) -> None:
    write_exports(ingested / "exports", header)
    (finding,) = found("source", place_of(ingested))
    assert finding.verdict == verdict
    assert said in finding.sentence
    assert finding.exit_code == (2 if verdict == "failed" else 0)


def test_what_cannot_be_looked_at_is_said(ingested: Path, store: Path) -> None:
    shutil.move(ingested / "exports", ingested / "next")
    gone = f"the source of the last ingest is not there: {ingested / 'exports'}"
    assert told(found("source", place_of(ingested))) == [("not checked", gone)]
    assert found("source", place_of(ingested, source=(str(ingested / "next"),)))[0].verdict == "ok"
    assert found("source", place_of(ingested, source=(str(ingested / "none"),)))[0].exit_code == 2
    unnamed = "the last ingest used a mapping file, and its place is not on record"
    assert told(found("source", Place(str(ingested / "crm"), ingested / "reports"))) == [("not checked", unnamed)]
    assert told(found("source", Place(str(store), ingested / "reports"))) == [
        ("not checked", "the store was not made by an ingest, or does not say from what")
    ]


def lock_file(folder: Path, *lines: str) -> Path:
    path = folder / "some.lock"
    path.write_text("".join(f"{line} \\\n    --hash=sha256:{'0' * 64}\n" for line in lines))
    return path


def test_packages_that_are_not_as_locked_are_named(tmp_path: Path) -> None:
    path = lock_file(tmp_path, f"numpy=={version('numpy')}", "Pandas==0.1", "no.such_thing==1.0", "other==2 ; python_full_version < '3'")
    (finding,) = package_findings(path, tmp_path)
    assert (finding.verdict, finding.exit_code) == ("failed", NotReproduced.exit_code)
    assert finding.sentence == (
        f"2 packages are not as some.lock pins them: pandas {version('pandas')} (locked 0.1), no-such-thing absent (locked 1.0)"
    )
    (finding,) = package_findings(lock_file(tmp_path, f"numpy=={version('numpy')}"), tmp_path)
    assert told([finding]) == [("ok", "every package is as some.lock pins it: 1")]


def test_a_lock_is_read_for_this_interpreter() -> None:
    text = "a==1 ; python_version < '3'\na==2 ; python_version >= '3'\nb_c[x]==3\n"
    assert locked(text) == {"a": "2", "b-c": "3"}


@pytest.mark.parametrize("text", [None, "nothing pinned"])
def test_a_lock_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "some.lock"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as caught:
        list(package_findings(path, tmp_path))
    assert str(caught.value).startswith("the lock file ")
    assert "some.lock'" in str(caught.value)


def test_a_full_disk_and_a_folder_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**9, 10**9 - 10**6, 10**6))
    version_folder = tmp_path / ".versions" / "2026Q3-x"
    version_folder.mkdir(parents=True)
    (version_folder / "index.html").write_bytes(b"x" * 400_000)
    assert told(list(room_findings(tmp_path, least=0))) == [("failed", f"1 MB free for {tmp_path}, a run needs 2 MB")]
    assert told(list(room_findings(tmp_path / "new", least=10**6))) == [("ok", f"1 MB free for {tmp_path / 'new'}")]
    (tmp_path / "file").write_text("in the way")
    (finding,) = room_findings(tmp_path / "file", least=0)
    assert told([finding]) == [("failed", f"the reports folder {tmp_path / 'file'} cannot be written: Not a directory")]


def test_failed_runs_and_an_unpublished_quarter_are_warned_of(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    out.mkdir()
    with pytest.raises(DataRefused), attempted(out, "2026Q2", clock=lambda: NOW):
        raise DataRefused("no")
    assert told(found("reports", Place(str(store), out))) == [
        ("warning", "2026Q2  no report from the run of 2026-10-12 09:00 UTC: the data were refused, exit 3"),
        ("warning", "2026Q3, the last full quarter, is not published"),
    ]


def test_addresses_of_messages_are_understood_or_not_and_never_shown(store: Path, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    place = Place(str(store), tmp_path / "reports")
    assert found("messages", place)[0].verdict == "not checked"
    assert found("messages", place, ALIGNMENT_NOTIFY="json://user:secret@localhost/x")[0].verdict == "ok"
    (bad,) = found("messages", place, ALIGNMENT_NOTIFY="nosuch://user:secret@host")
    assert (bad.verdict, bad.exit_code) == ("failed", 2)
    assert "secret" not in f"{bad}"


def test_the_table_for_programs_has_one_row_per_finding() -> None:
    findings = [Finding("data", "ok", "fresh"), Finding("room", "failed", "full", "Make room", 8)]
    frame = findings_table(findings)
    assert list(frame.columns) == ["check", "verdict", "sentence", "way_out", "exit_code"]
    assert frame["exit_code"].tolist() == [0, 8]
    refuse_failed(findings[:1])

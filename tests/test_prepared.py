"""What was worked out ahead is read only while it is true of the tables, the settings and the code, and says the same as counting."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import alignment_toolkit.store as door
from alignment_toolkit import cli, headlines, open_study
from alignment_toolkit import prepared as keeping
from alignment_toolkit.ahead import prepare
from alignment_toolkit.border.seal import SEAL
from alignment_toolkit.counts import catalogue, counted
from alignment_toolkit.errors import PublishError, UsageError
from alignment_toolkit.headlines import kpis
from alignment_toolkit.ingest import ingest
from alignment_toolkit.sharing import SHARED
from alignment_toolkit.study import Study
from tests.conftest import SAMPLE
from tests.sample import sample_kpis

QUARTER = "2026Q3"
BY_BUCKET = {"by": "source", "by_bucket": True, "until": 181}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, prepared."""
    store = tmp_path_factory.mktemp("prepared") / "store"
    shutil.copytree(SAMPLE, store)
    prepare(open_study(str(store), quarter=QUARTER))
    return store


@pytest.fixture
def store(ready: Path, tmp_path: Path) -> Path:
    """A prepared store to do something to."""
    return Path(shutil.copytree(ready, tmp_path / "store"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that the engine is asked."""
    names: list[str] = []

    def noted(name: str, query: Any) -> Any:
        def ask(study: Study, **choices: Any) -> Any:
            names.append(name)
            return query(study, **choices)

        return ask

    for name, query in catalogue.CATALOGUE.items():
        monkeypatch.setitem(catalogue.CATALOGUE, name, noted(name, query))
    return names


def study_of(store: Path, **choices: str) -> Study:
    return open_study(str(store), quarter=QUARTER, **choices)


def leads(store: Path, **choices: str) -> pd.DataFrame:
    return counted("leads_created", study_of(store, **choices), by="source")


def test_the_figures_are_the_same_and_nothing_is_counted(ready: Path, asked: list[str]) -> None:
    read = kpis(study_of(ready))
    assert not asked
    assert_frame_equal(read, sample_kpis(QUARTER), check_exact=True)


@pytest.mark.parametrize(
    ("name", "choices"), [("leads_created", {"by": "persona"}), ("lead_moves", BY_BUCKET), ("stage_moves", {"by": "stage"})]
)
def test_counts_are_the_same_and_not_counted_again(ready: Path, asked: list[str], name: str, choices: dict[str, Any]) -> None:
    read = counted(name, study_of(ready), **choices)
    assert not asked
    assert_frame_equal(read, counted(name, study_of(SAMPLE), **choices), check_exact=True)
    assert asked


def test_what_was_not_prepared_is_counted_and_not_kept(store: Path, asked: list[str]) -> None:
    before = sorted(store.rglob("*"))
    assert len(leads(store, cohort="1q"))
    assert asked == ["leads_created"]
    assert sorted(store.rglob("*")) == before


def test_another_quarter_is_added(store: Path, asked: list[str]) -> None:
    prepare(open_study(str(store), quarter="2026Q2"))
    asked.clear()
    kpis(open_study(str(store), quarter="2026Q2"))
    kpis(study_of(store))
    assert not asked


def test_of_other_tables_it_is_counted(store: Path, asked: list[str]) -> None:
    path = store / "leads.parquet"
    whole = leads(store)["n"].sum()
    assert not asked
    rows = pd.read_parquet(path)
    gone = rows[rows["created_at"].between("2026-08-01", "2026-09-01")].index[0]
    rows.drop(index=gone).to_parquet(path)
    assert leads(store)["n"].sum() == whole - 1
    assert asked == ["leads_created"]


def test_with_other_settings_it_is_counted(store: Path, asked: list[str]) -> None:
    settings = store / "alignment.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("min_n = 20", "min_n = 21"), encoding="utf-8")
    leads(store)
    assert asked == ["leads_created"]


def test_with_settings_changed_in_a_notebook_it_is_counted(ready: Path, asked: list[str]) -> None:
    study = study_of(ready)
    changed = replace(study, crm=replace(study.crm, config=study.config.model_copy(update={"min_n": 21})))
    counted("leads_created", changed, by="source")
    assert asked == ["leads_created"]


def test_by_other_code_it_is_counted(ready: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_code", lambda: "the next version")
    leads(ready)
    assert asked == ["leads_created"]


def test_by_another_version_of_an_engine_it_is_counted(ready: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    installed = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "99" if name == "scipy" else installed(name))
    keeping._code.cache_clear()
    leads(ready)
    monkeypatch.undo()
    keeping._code.cache_clear()
    assert asked == ["leads_created"]


def test_a_report_counts_from_the_rows(ready: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path / "pass"))
    assert study_of(ready).crm.prepared is None
    leads(ready)
    assert asked == ["leads_created"]


@pytest.mark.parametrize("left", [b"", b"ARROW1", None])
def test_what_is_broken_is_counted(store: Path, asked: list[str], left: bytes | None) -> None:
    for path in (store / keeping.FOLDER).rglob("*.arrow"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if left is None else left)
    assert_frame_equal(leads(store), leads(SAMPLE))
    assert asked == ["leads_created"] * 2


def test_whoever_may_read_the_folder_may_read_what_is_kept(ready: Path) -> None:
    kept = list((ready / keeping.FOLDER).rglob("*.arrow"))
    assert len(kept) > 90
    assert {path.stat().st_mode & 0o666 for path in kept} == {kept[0].parent.stat().st_mode & 0o666}


def test_preparing_removes_what_belongs_to_others(store: Path) -> None:
    other = store / keeping.FOLDER / "0123456789abcdef"
    other.mkdir()
    (other / "counts.arrow").write_bytes(b"old")
    mine = prepare(study_of(store))
    assert [path.name for path in (store / keeping.FOLDER).iterdir()] == [mine.name]


def test_a_store_without_a_seal_is_sealed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (store / SEAL).unlink()
    prepare(study_of(store))
    monkeypatch.setattr(door, "checked", None)
    assert len(kpis(study_of(store)))


def test_renewing_a_store_forgets_what_was_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "exports", tmp_path / "store"
    source.mkdir()
    mapping = tmp_path / "mapping.toml"
    columns = 'columns = { lead_id = "id", created_at = "made", source = "from" }'
    moves = 'columns = { lead_id = "id", stage = "to", entered_at = "at" }'
    mapping.write_text(
        f'name = "lists"\n[tables.leads]\nfrom = "people.csv"\n{columns}\n[tables.stage_events]\nfrom = "moves.csv"\n{moves}\n', "utf-8"
    )
    (source / "moves.csv").write_text("id,to,at\n1,mql,2026-01-05\n", "utf-8")
    people = "id,made,from\n1,2026-01-02,web\n2,2026-03-03,ads\n"
    (source / "people.csv").write_text(people, "utf-8")
    ingest(mapping, source=source, out=out)
    folder = prepare(open_study(str(out), quarter="2026Q1"))
    assert list(folder.glob("*.arrow"))
    assert len(kpis(open_study(str(out), quarter="2026Q1")))
    (source / "people.csv").write_text(people + "3,2026-03-04,ads\n", "utf-8")
    ingest(mapping, source=source, out=out)
    assert not (out / keeping.FOLDER).exists()


def test_a_store_of_text_files_cannot_be_prepared(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source\n1,2026-07-02,web\n", encoding="utf-8")
    (tmp_path / "stage_events.csv").write_text("lead_id,stage,entered_at\n1,mql,2026-07-05\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot be prepared.*a folder of Parquet files.*alignment ingest"):
        prepare(study_of(tmp_path))


def test_a_store_that_cannot_be_written_says_so_before_counting(tmp_path: Path, asked: list[str]) -> None:
    store = Path(shutil.copytree(SAMPLE, tmp_path / "store"))
    (store / keeping.FOLDER).write_text("in the way", encoding="utf-8")
    with pytest.raises(PublishError, match="the counts cannot be kept"):
        prepare(study_of(store))
    assert not asked
    assert len(leads(store))


def test_the_command_says_where_and_the_figures_stay_what_they_are(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", str(store), "--quarter", QUARTER]
    assert cli.exit_code(lambda: cli.app(["prepare", *words])) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert folder.is_dir()
    assert folder.parent == store / keeping.FOLDER
    texts = []
    for data in (store, SAMPLE):
        assert cli.exit_code(lambda data=data: cli.app(["kpis", "--data", str(data), "--quarter", QUARTER, "--format", "json"])) == 0  # type: ignore[misc]
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_the_hint_goes_by_the_size_of_the_store_and_by_what_is_kept(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*options: str) -> str:
        words = ["kpis", "--data", str(store), "--quarter", QUARTER, "--format", "csv", *options]
        assert cli.exit_code(lambda: cli.app(words)) == 0
        return capsys.readouterr().err

    figures = sample_kpis(QUARTER)
    monkeypatch.setattr(headlines, "_kpis", lambda study: figures)
    assert not told("--cohort", "1q"), "a small store is counted at once"
    monkeypatch.setattr(keeping, "_LARGE", sum(path.stat().st_size for path in store.glob("*.parquet")) - 1)
    assert told("--cohort", "1q").startswith("alignment: counting a large store takes a while; alignment prepare, with the same options,")
    assert not told(), "what was prepared is read"

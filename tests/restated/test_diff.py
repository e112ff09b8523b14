"""`alignment diff` between two snapshots: rows, figures, records; digests that are none, stores that have none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignment_toolkit import cli
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.restated.diff import Difference, chosen, difference
from tests.renewal.conftest import DEALS, PEOPLE, renew, write

MORE_PEOPLE = [*PEOPLE, ("L4", "2026-08-04", "web", "north")]
DEARER = [DEALS[0], ("D1", "L1", "won", "1500", "2026-08-01", "EUR")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("diff")
    renew(base, write(base / "one"))
    renew(base, write(base / "two", people=MORE_PEOPLE, deals=DEARER))
    return base


@pytest.fixture(scope="module")
def found(place: Path) -> Difference:
    return difference(place / "store", quarter="2026Q3")


def test_rows_by_table(found: Difference) -> None:
    rows = {row["table"]: row for row in found.tables.to_dict("records")}
    assert rows["leads"] == {"table": "leads", "before": 3, "after": 4, "new": 1, "changed": 0, "gone": 0, "same": 3}
    assert rows["deals"] == {"table": "deals", "before": 1, "after": 1, "new": 0, "changed": 1, "gone": 0, "same": 0}
    assert rows["stage_events"] == {"table": "stage_events", "before": 3, "after": 3, "new": 0, "changed": 0, "gone": 0, "same": 3}


def test_figures_and_the_records_behind_them(found: Difference) -> None:
    whole = found.figures[found.figures["slice"] == "all"].set_index("kpi")[["before", "after", "difference"]]
    assert whole.loc["leads"].tolist() == [3, 4, 1]
    assert whole.loc["bookings"].tolist() == [1000, 1500, 500]
    records = found.records.set_index("kpi")[["record", "n", "new", "changed", "gone", "ids"]]
    assert records.loc["leads"].tolist() == ["lead", 1, 1, 0, 0, "L4"]
    assert records.loc["bookings"].tolist() == ["deal", 1, 0, 1, 0, "D1"]
    assert found.heading().startswith(f"from {found.before.name} to {found.after.name}: ")
    assert found.heading().endswith(" figures of 2026Q3 are restated")


def test_as_json_it_is_strict(found: Difference) -> None:
    told = json.loads(json.dumps(found.record(), allow_nan=False))
    assert set(told) == {"from", "to", "quarter", "tables", "figures", "records", "notes"}
    assert told["from"] == found.before.digest
    assert len(told["figures"]) == len(found.figures)


def test_a_snapshot_is_named_by_how_its_digest_begins(place: Path) -> None:
    was, now = chosen(place / "store")
    assert chosen(place / "store", before=now.digest[:6], after=was.name.upper()) == (now, was)
    with pytest.raises(UsageError) as caught:
        chosen(place / "store", before="zzzz")
    assert str(caught.value) == f"no snapshot has this digest: 'zzzz'. Known: {was.name}, {now.name}."
    near = ("0" if was.name[0] != "0" else "1") + was.name[1:]
    with pytest.raises(UsageError, match=f"^no snapshot has this digest: '{near}'\\. Did you mean '{was.name}'\\?$"):
        chosen(place / "store", before=near)
    with pytest.raises(UsageError) as caught:
        chosen(place / "store", after=was.name)
    assert str(caught.value) == (
        f"the store has no earlier snapshot to compare with: '{was.name}'. It has {was.name}, {now.name}. Name one with --from."
    )


def test_a_store_without_snapshots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source\n1,2026-07-01,web\n")
    code = cli.exit_code(lambda: cli.app(["diff", "--data", str(tmp_path)]))
    assert code == 2
    assert capsys.readouterr().err.startswith("alignment: the store has no snapshots: ")


def test_a_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    (tmp_path / "store" / ".snapshots" / first.snapshot / "leads.parquet").unlink()
    with pytest.raises(DataRefused) as caught:
        difference(tmp_path / "store")
    assert str(caught.value) == (
        f"the snapshot {first.snapshot} is damaged. Name another one with --from or --to.\n  - leads.parquet is missing"
    )


def test_check_lists_snapshots_and_what_is_wrong_with_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    second = renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    path = tmp_path / "store" / ".snapshots" / first.snapshot / "leads.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"2")
    assert cli.exit_code(lambda: cli.app(["check", "--data", str(tmp_path / "store")])) == 0
    lines = capsys.readouterr().out.splitlines()
    (was,) = (line.split() for line in lines if line.strip().startswith(first.snapshot))
    (now,) = (line.split() for line in lines if line.strip().startswith(second.snapshot))
    assert was[1:3] == ["2026-10-02", "08:30"]
    assert was[-3:] == ["leads.parquet", "was", "changed"]
    assert (now[1], now[-5:]) == ("shown", ["12", "1", "0", "0", "whole"])

"""The second ingest into the same store: what it reads, what it says, what it keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alignment_toolkit.border import bench
from alignment_toolkit.errors import Busy, DataRefused, PublishError, UsageError, quoted
from alignment_toolkit.ingest import ingest
from alignment_toolkit.locking import locked
from alignment_toolkit.mapping import mapping_from
from alignment_toolkit.renewal.result import NOTHING_CHANGED
from alignment_toolkit.report.digest import data_digest
from alignment_toolkit.snapshots.layout import current_of
from alignment_toolkit.store import open_crm
from tests.renewal.conftest import DEALS, MOVES, NOW, PEOPLE, RATES, RULES, VERDICTS, bytes_of, renew, rows, write

MORE_PEOPLE = [*PEOPLE[:2], ("L2", "2026-07-02", "fair", "south"), ("L4", "2026-08-04", "web", "north")]  # L2 changed, L3 gone, L4 new


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose rows were read."""
    names: list[str] = []
    real = bench._read

    def noting(one, item, settings):
        names.append(item.name)
        real(one, item, settings)

    monkeypatch.setattr(bench, "_read", noting)
    return names


def test_the_first_ingest_makes_the_first_snapshot(tmp_path: Path) -> None:
    done = renew(tmp_path, write(tmp_path / "one"))
    store = tmp_path / "store"
    assert list(done.sentences()) == [f"snapshot {done.snapshot} is the first of this store"]
    assert current_of(store) == store / ".snapshots" / done.snapshot
    assert str((store / "leads.parquet").readlink()) == ".snapshots/current/leads.parquet"
    assert data_digest(store).digest.startswith(done.snapshot)
    assert data_digest(current_of(store)) == data_digest(store).__class__(
        data_digest(store).digest, data_digest(store).files, data_digest(store).rows, None
    )


def test_the_same_files_twice_change_nothing_and_read_nothing(tmp_path: Path, read_files: list[str]) -> None:
    source = write(tmp_path / "one")
    renew(tmp_path, source)
    before, times = bytes_of(tmp_path / "store"), {p: p.lstat().st_mtime_ns for p in (tmp_path / "store").rglob("*")}
    read_files.clear()
    again = renew(tmp_path, source, now=NOW + timedelta(days=30))
    assert again.is_unchanged
    assert list(again.sentences()) == [NOTHING_CHANGED]
    assert read_files == []
    assert bytes_of(tmp_path / "store") == before
    assert {p: p.lstat().st_mtime_ns for p in (tmp_path / "store").rglob("*")} == times


def test_force_reads_everything_and_still_changes_nothing(tmp_path: Path, read_files: list[str]) -> None:
    source = write(tmp_path / "one")
    first = renew(tmp_path, source)
    read_files.clear()
    again = renew(tmp_path, source, force=True, now=NOW + timedelta(days=1))
    assert len(read_files) == 5
    assert (again.snapshot, again.replaced) == (first.snapshot, "")
    assert list(again.sentences())[-1] == f"snapshot {first.snapshot} is as it was: every row is the same"
    assert [entry.name for entry in again.entries] == [first.snapshot]


def test_only_the_table_whose_file_changed_is_read(tmp_path: Path, read_files: list[str]) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    read_files.clear()
    second = renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    assert read_files == ["people.csv"]
    assert list(second.sentences()) == [
        "leads: 1 new, 1 changed, 1 gone, 1 the same",
        "stage_events: not read again, nothing behind it changed",
        "deals: not read again, nothing behind it changed",
        "feedback: not read again, nothing behind it changed",
        "exchange_rates: not read again, nothing behind it changed",
        f"snapshot {second.snapshot} replaces {first.snapshot}",
    ]
    assert [row["lead_id"] for row in rows(tmp_path / "store", "leads")] == ["L1", "L2", "L4"]
    old = tmp_path / "store" / ".snapshots" / first.snapshot
    assert [row["lead_id"] for row in rows(old, "leads")] == ["L1", "L2", "L3"]
    assert (old / "deals.parquet").samefile(tmp_path / "store" / "deals.parquet")
    assert open_crm(old, as_of=datetime(2026, 10, 1)).tables["leads"].count().to_pyarrow().as_py() == 3


def test_what_was_not_read_is_told_as_the_ingest_before_told_it(tmp_path: Path) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    second = renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    assert second.tables[1:] == first.tables[1:]
    assert set(second.files) == set(first.files)
    assert second.files["moves.csv"] == first.files["moves.csv"]
    assert second.files["people.csv"] != first.files["people.csv"]


def test_the_order_of_an_export_is_no_change(tmp_path: Path) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    digest = data_digest(tmp_path / "store").digest
    second = renew(tmp_path, write(tmp_path / "two", people=[PEOPLE[0], *reversed(PEOPLE[1:])]))
    assert (second.snapshot, second.replaced) == (first.snapshot, "")
    assert data_digest(tmp_path / "store").digest == digest
    assert renew(tmp_path, tmp_path / "two").is_unchanged


def test_a_table_without_a_key_is_compared_by_whole_rows(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    fewer = [*VERDICTS[:3], ("L3", "2026-07-11", "accepted")]  # one of two equal rows is gone
    second = renew(tmp_path, write(tmp_path / "two", verdicts=fewer))
    assert "feedback: 1 new, 0 changed, 1 gone, 2 the same" in second.sentences()


@pytest.mark.no_cover
def test_tables_and_columns_come_and_go(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one", deals=None))
    assert not (tmp_path / "store" / "deals.parquet").is_symlink()
    second = renew(tmp_path, write(tmp_path / "two", verdicts=None), drop_missing=True)
    told = list(second.sentences())
    assert "deals: 1 new, 0 changed, 0 gone, 0 the same" in told
    assert "feedback: 0 new, 0 changed, 3 gone, 0 the same" in told
    assert not (tmp_path / "store" / "feedback.parquet").is_symlink()
    rules = {
        "tables": {
            **RULES["tables"],
            "leads": {"from": "people.csv", "columns": {"lead_id": "id", "created_at": "made", "source": "came from"}},
        }
    }
    third = renew(tmp_path, tmp_path / "two", rules=rules)
    assert "leads: 0 new, 2 changed, 0 gone, 1 the same; columns: - region" not in third.sentences()
    assert "leads: 0 new, 3 changed, 0 gone, 0 the same; columns: - region" in third.sentences()


@pytest.mark.no_cover
def test_another_mapping_or_other_settings_are_read_again(tmp_path: Path, read_files: list[str]) -> None:
    source = write(tmp_path / "one")
    renew(tmp_path, source)
    read_files.clear()
    done = renew(tmp_path, source, rules=RULES | {"config": {"time_zone": "Europe/Berlin"}})
    assert len(read_files) == 5
    assert "leads: 0 new, 3 changed, 0 gone, 0 the same" in done.sentences()
    assert open_crm(tmp_path / "store", as_of=NOW.replace(tzinfo=None)).config.time_zone == "Europe/Berlin"


def test_a_table_behind_an_address_is_always_read(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "crm.duckdb")) as con:
        con.execute("CREATE TABLE people AS SELECT 'L1' AS id, '2026-07-01' AS made, 'web' AS src")
        con.execute("CREATE TABLE moves AS SELECT 'L1' AS id, 'mql' AS stage, '2026-07-02' AS entered")
    tables = {
        "leads": {"sql": "SELECT id AS lead_id, made AS created_at, src AS source FROM people"},
        "stage_events": {"sql": "SELECT id AS lead_id, stage, entered AS entered_at FROM moves"},
    }
    first = renew(tmp_path, tmp_path / "crm.duckdb", rules={"tables": tables})
    again = renew(tmp_path, tmp_path / "crm.duckdb", rules={"tables": tables})
    assert not again.is_unchanged
    assert again.snapshot == first.snapshot


# --- upsert -------------------------------------------------------------------------------------------------------------------------


def test_upsert_replaces_rows_with_the_same_key_and_keeps_the_others(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    part = write(
        tmp_path / "part",
        people=MORE_PEOPLE[:1] + MORE_PEOPLE[2:],
        moves=[MOVES[0], ("L4", "mql", "2026-08-05")],
        deals=None,
        verdicts=None,
        rates=None,
    )
    done = renew(tmp_path, part, merge="upsert")
    assert list(done.sentences())[:4] == [
        "leads: 1 new, 1 changed, 0 gone, 2 the same",
        "stage_events: 1 new, 0 changed, 0 gone, 3 the same",
        "deals: not read again, nothing behind it changed",
        "feedback: not read again, nothing behind it changed",
    ]
    assert [(row["lead_id"], row["source"]) for row in rows(tmp_path / "store", "leads")] == [
        ("L1", "web"), ("L2", "fair"), ("L3", "fair"), ("L4", "web"),
    ]  # fmt: skip
    assert renew(tmp_path, part, merge="upsert").is_unchanged
    whole = renew(tmp_path, tmp_path / "one")  # the whole truth again: what the part brought is gone
    assert "leads: 0 new, 1 changed, 1 gone, 2 the same" in whole.sentences()


def test_a_part_is_not_taken_for_the_whole_though_its_files_are_the_same(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    part = write(tmp_path / "part", people=[PEOPLE[0], ("L9", "2026-08-01", "web", "north")])
    renew(tmp_path, part, merge="upsert")
    done = renew(tmp_path, part)
    assert "leads: 0 new, 0 changed, 3 gone, 1 the same" in done.sentences()


def test_columns_that_a_part_does_not_have_keep_their_values(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    columns = {"lead_id": "id", "created_at": "made", "source": "came from"}
    part = write(tmp_path / "part", people=[PEOPLE[0][:3], ("L1", "2026-07-01", "ads"), ("L5", "2026-08-05", "ads")])
    renew(tmp_path, part, rules={"tables": {"leads": {"from": "people.csv", "columns": columns}}}, merge="upsert")
    assert [(row["lead_id"], row["source"], row["region"]) for row in rows(tmp_path / "store", "leads")] == [
        ("L1", "ads", "north"), ("L2", "web", "south"), ("L3", "fair", "north"), ("L5", "ads", None),
    ]  # fmt: skip


@pytest.mark.no_cover
def test_rows_without_a_key_are_added_as_often_as_they_stand_more_often(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    news = [VERDICTS[0], VERDICTS[1], VERDICTS[1], VERDICTS[2], ("L3", "2026-07-11", "accepted")]
    done = renew(tmp_path, write(tmp_path / "part", verdicts=news), merge="upsert")
    assert "feedback: 2 new, 0 changed, 0 gone, 3 the same" in done.sentences()


@pytest.mark.no_cover
def test_rates_that_the_store_has_count_for_a_part(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    dollars = [DEALS[0], ("D2", "L2", "won", "10", "2026-08-02", "USD")]
    part = write(tmp_path / "part", deals=dollars, rates=None)
    assert "deals: 1 new, 0 changed, 0 gone, 1 the same" in renew(tmp_path, part, merge="upsert").sentences()
    with pytest.raises(DataRefused, match=r"currencies have no rate: 'USD' \(1 row\)"):
        renew(tmp_path, part)


@pytest.mark.no_cover
def test_a_rate_that_is_gone_is_missed_though_the_deals_did_not_change(tmp_path: Path) -> None:
    dollars = [DEALS[0], ("D2", "L2", "won", "10", "2026-08-02", "USD")]
    renew(tmp_path, write(tmp_path / "one", deals=dollars))
    with pytest.raises(DataRefused, match=r"currencies have no rate: 'USD' \(1 row\)"):
        renew(tmp_path, write(tmp_path / "two", deals=dollars, rates=[RATES[0], ("GBP", "2026-01-01", "1.1")]))
    dearer = [DEALS[0], ("D2", "L2", "won", "11", "2026-08-02", "USD")]
    assert "deals: 0 new, 1 changed, 0 gone, 0 the same" in renew(tmp_path, write(tmp_path / "three", deals=dearer)).sentences()


# --- what stays, what is refused ----------------------------------------------------------------------------------------------------


def test_refused_data_leave_everything_as_it_was(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    before = bytes_of(tmp_path / "store")
    with pytest.raises(DataRefused):
        renew(tmp_path, write(tmp_path / "two", people=[PEOPLE[0], ("L1", "soon", "web", "north")]))
    assert bytes_of(tmp_path / "store") == before


def test_a_first_ingest_that_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataRefused):
        renew(tmp_path, write(tmp_path / "one", people=[PEOPLE[0], ("L1", "soon", "web", "north")]))
    assert not (tmp_path / "store").exists()


def test_two_at_once(tmp_path: Path) -> None:
    source = write(tmp_path / "one")
    renew(tmp_path, source)
    with locked(tmp_path / "store"), pytest.raises(Busy) as caught:
        renew(tmp_path, source)
    assert caught.value.exit_code == 75
    assert str(caught.value) == f"another run is writing to {tmp_path / 'store'}. Try again later, or wait for it with --wait SECONDS."


@pytest.mark.no_cover
def test_snapshots_beyond_keep_go_a_day_after_they_were_replaced(tmp_path: Path) -> None:
    names = []
    for day in range(4):
        people = [PEOPLE[0], *(("L1", "2026-07-01", f"source {day}", "north"),)]
        done = renew(tmp_path, write(tmp_path / "export", people=people), keep=2, now=NOW + timedelta(days=day, hours=day))
        names.append(done.snapshot)
    folders = {path.name for path in (tmp_path / "store" / ".snapshots").iterdir() if path.is_dir() and not path.is_symlink()}
    assert folders == set(names[2:])
    late = renew(tmp_path, write(tmp_path / "export"), keep=1, now=NOW + timedelta(days=9))
    assert list(late.sentences())[-1] == f"no longer kept: {names[2]}"  # the fourth was replaced this minute, somebody may be reading it
    assert [entry.name for entry in late.entries] == [*names, late.snapshot]


def test_files_put_there_by_hand_are_read_and_never_touched(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    store = tmp_path / "store"
    (store / "targets.csv").write_text("quarter,kpi,target,owner\n2026Q3,leads,5,marketing\n")
    (store / "notes.txt").write_text("mine")
    renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    crm = open_crm(store, as_of=datetime(2026, 10, 1))
    assert {"targets", "leads", "deals"} <= set(crm.tables)
    assert crm.ignored[""] == ("notes.txt",)
    assert (store / "notes.txt").read_text() == "mine"


def test_a_table_put_there_by_hand_is_not_replaced(tmp_path: Path) -> None:
    renew(tmp_path, write(tmp_path / "one", deals=None))
    mine = tmp_path / "store" / "deals.csv"
    mine.write_text("deal_id,outcome\nD9,open\n")
    before = bytes_of(tmp_path / "store")
    with pytest.raises(UsageError) as caught:
        renew(tmp_path, write(tmp_path / "two"))
    assert str(caught.value) == (
        f"a file of the store would be replaced that no ingest made: {quoted(mine)}. The extract has deals too."
        " Move it away, or leave that table out of the mapping."
    )
    assert bytes_of(tmp_path / "store") == before


@pytest.mark.no_cover
def test_settings_changed_by_hand_are_not_replaced_unless_they_are_given(tmp_path: Path) -> None:
    rules = RULES | {"config": {"time_zone": "Europe/Berlin"}}
    renew(tmp_path, write(tmp_path / "one"), rules=rules)
    mine = tmp_path / "store" / "alignment.toml"
    mine.write_text('time_zone = "Europe/Berlin"\nmin_n = 7\n')
    two = write(tmp_path / "two", people=MORE_PEOPLE)
    with pytest.raises(UsageError) as caught:
        renew(tmp_path, two, rules=rules)
    assert str(caught.value) == (
        f"the settings of the store were changed by hand, and the mapping brings its own: {quoted(mine)}."
        f" Move the change into the mapping's [config], or keep the file with --config {mine}."
    )
    renew(tmp_path, two, rules=rules, config=mine)
    assert open_crm(tmp_path / "store", as_of=datetime(2026, 10, 1)).config.min_n == 7


@pytest.mark.no_cover
def test_a_store_of_an_earlier_version_becomes_the_first_snapshot(tmp_path: Path) -> None:
    import shutil

    renew(tmp_path, write(tmp_path / "one"))
    plain = tmp_path / "plain"
    plain.mkdir()
    for path in (tmp_path / "store").iterdir():
        if path.is_file() and path.name != ".lock":
            shutil.copy(path, plain / path.name)
    digest = data_digest(plain).digest
    done = ingest(mapping_from(RULES, name="m.toml"), source=write(tmp_path / "two", people=MORE_PEOPLE), out=plain)
    assert done.replaced == digest[:12]
    assert "leads: 1 new, 1 changed, 1 gone, 1 the same" in done.sentences()
    assert [row["lead_id"] for row in rows(plain / ".snapshots" / done.replaced, "leads")] == ["L1", "L2", "L3"]
    assert (plain / "leads.parquet").is_symlink()


@pytest.mark.no_cover
def test_a_copy_that_followed_the_links_is_a_store_and_can_be_renewed(tmp_path: Path) -> None:
    import shutil

    renew(tmp_path, write(tmp_path / "one"))
    copy = Path(shutil.copytree(tmp_path / "store", tmp_path / "copy"))
    assert data_digest(copy).digest == data_digest(tmp_path / "store").digest
    done = ingest(mapping_from(RULES, name="m.toml"), source=write(tmp_path / "two", people=MORE_PEOPLE), out=copy)
    assert "leads: 1 new, 1 changed, 1 gone, 1 the same" in done.sentences()
    assert [row["lead_id"] for row in rows(copy, "leads")] == ["L1", "L2", "L4"]


@pytest.mark.no_cover
def test_a_damaged_snapshot_is_read_again_and_said(tmp_path: Path) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    store = tmp_path / "store"
    (store / ".snapshots" / first.snapshot / "deals.parquet").unlink()
    with pytest.raises(DataRefused) as caught:
        open_crm(store, as_of=datetime(2026, 10, 1))
    assert caught.value.faults == (
        f"deals.parquet: the file is not there any more. The snapshot {first.snapshot} was made with it."
        " Bring it back, or run alignment ingest again.",
    )
    with pytest.raises(DataRefused) as caught:
        renew(tmp_path, tmp_path / "one", merge="upsert")
    assert str(caught.value) == (
        f"rows cannot be merged into a damaged store. The snapshot {first.snapshot}: deals.parquet is missing."
        " Give the whole extract with --merge replace."
    )
    done = renew(tmp_path, tmp_path / "one")
    assert f"the snapshot {first.snapshot} is damaged (deals.parquet is missing), so every file is read again" in done.notes
    assert done.snapshot == first.snapshot
    assert [row["deal_id"] for row in rows(store, "deals")] == ["D1"]


@pytest.mark.no_cover
def test_a_ledger_that_cannot_be_read(tmp_path: Path) -> None:
    first = renew(tmp_path, write(tmp_path / "one"))
    ledger = tmp_path / "store" / ".snapshots" / "ledger.json"
    ledger.write_text("{")
    with pytest.raises(DataRefused) as caught:
        renew(tmp_path, tmp_path / "one")
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith(f"the ledger of the store cannot be read: {quoted(ledger)}. Expecting property name")
    assert str(caught.value).endswith(" Bring it back, or move it away: a new one is begun from the snapshots that are there.")
    assert open_crm(tmp_path / "store", as_of=datetime(2026, 10, 1)).has("leads", "deals")  # reading needs no ledger
    ledger.unlink()
    done = renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    assert done.replaced == first.snapshot
    assert [entry.name for entry in done.entries] == [first.snapshot, done.snapshot]


def test_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renew(tmp_path, write(tmp_path / "one"))
    before = bytes_of(tmp_path / "store")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("alignment_toolkit.renewal.making.write_table", full)
    with pytest.raises(PublishError) as caught:
        renew(tmp_path, write(tmp_path / "two", people=MORE_PEOPLE))
    assert caught.value.exit_code == 8
    assert bytes_of(tmp_path / "store") == before


def test_a_way_to_merge_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^the way to merge is unknown: 'upsrt'\. Did you mean 'upsert'\?$"):
        renew(tmp_path, write(tmp_path / "one"), merge="upsrt")

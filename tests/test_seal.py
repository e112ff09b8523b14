"""A sealed store is not checked again; whatever changes in it, in its settings or in the rules breaks the seal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

import alignment_toolkit.store as door
from alignment_toolkit.border import seal
from alignment_toolkit.border.seal import SEAL
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.ingest import ingest
from alignment_toolkit.sharing import SHARED
from alignment_toolkit.store import open_crm, seal_store

AS_OF = datetime(2026, 10, 1)
LEADS = pd.DataFrame({"lead_id": ["L1", "L2"], "created_at": pd.to_datetime(["2026-01-02", "2026-01-03"]), "source": [" web ", "ads"]})
EVENTS = pd.DataFrame({"lead_id": ["L1"], "stage": ["mql"], "entered_at": pd.to_datetime(["2026-01-05"])})
MAPPING = """
name = "two lists"
[tables.leads]
from = "people.csv"
columns = { lead_id = "id", created_at = "made", source = "came from" }
[tables.stage_events]
from = "moves.csv"
columns = { lead_id = "id", stage = "to", entered_at = "at" }
"""


def write(folder: Path, leads: pd.DataFrame = LEADS) -> Path:
    folder.mkdir(exist_ok=True)
    leads.to_parquet(folder / "leads.parquet")
    EVENTS.to_parquet(folder / "stage_events.parquet")
    return folder


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many tables each check looked at, one entry per check."""
    seen: list[int] = []
    check = door.checked

    def counting(sources, config, fetch):  # type: ignore[no-untyped-def]
        seen.append(len(sources))
        return check(sources, config, fetch)

    monkeypatch.setattr(door, "checked", counting)
    return seen


def sources(where: Path) -> list[str]:
    return sorted(open_crm(where, as_of=AS_OF).tables["leads"].source.to_pyarrow().to_pylist())


def test_a_sealed_store_is_opened_without_a_check_and_reads_the_same(tmp_path: Path, checks: list[int]) -> None:
    store = write(tmp_path / "store")
    unsealed = sources(store)
    seal_store(store)
    assert checks == [2, 2]
    assert sources(store) == unsealed == ["ads", "web"]  # stray blanks are trimmed under the seal as well
    assert checks == [2, 2]


def test_without_a_seal_every_opening_checks(tmp_path: Path, checks: list[int]) -> None:
    store = write(tmp_path / "store")
    for _ in range(3):
        sources(store)
    assert checks == [2, 2, 2]
    assert not (store / SEAL).exists()


def test_a_changed_table_is_checked_again_and_refused(tmp_path: Path) -> None:
    store = write(tmp_path / "store")
    seal_store(store)
    write(store, LEADS.assign(lead_id=["L1", "L1"]))
    with pytest.raises(DataRefused, match="keys stand more than once"):
        open_crm(store, as_of=AS_OF)


def test_other_settings_are_checked_again(tmp_path: Path) -> None:
    store = write(tmp_path / "store")
    seal_store(store)
    stages = "\n".join(f'[[stages]]\nname = "{name}"\nowner = "sales"' for name in ("lead", "sql"))
    terminal = '[[stages]]\nname = "won"\nowner = "sales"\nterminal = true\n[[stages]]\nname = "lost"\nowner = "sales"\nterminal = true\n'
    (store / "alignment.toml").write_text(f"{stages}\n{terminal}")
    with pytest.raises(DataRefused, match="'mql'"):
        open_crm(store, as_of=AS_OF)


def test_other_rules_are_checked_again(tmp_path: Path, checks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    store = write(tmp_path / "store")
    seal_store(store)
    monkeypatch.setattr(seal, "_rules", lambda: "a later version")
    sources(store)
    assert checks == [2, 2]


def test_a_table_more_is_checked_as_well(tmp_path: Path, checks: list[int]) -> None:
    store = write(tmp_path / "store")
    seal_store(store)
    pd.DataFrame({"owner_id": ["O1"], "team": ["sales"]}).to_parquet(store / "owners.parquet")
    sources(store)
    assert checks == [2, 3]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"key": 1}'])
def test_a_broken_seal_is_no_seal(tmp_path: Path, checks: list[int], text: str) -> None:
    store = write(tmp_path / "store")
    seal_store(store)
    (store / SEAL).write_text(text)
    sources(store)
    assert checks == [2, 2]


@pytest.mark.parametrize("tidy", [{}, {"leads": []}, {"leads": [1], "stage_events": []}, {"leads": 3, "stage_events": []}, []])
def test_a_seal_that_does_not_say_enough_is_no_seal(tmp_path: Path, checks: list[int], tidy: object) -> None:
    store = write(tmp_path / "store")
    seal_store(store)
    said = json.loads((store / SEAL).read_text())
    (store / SEAL).write_text(json.dumps(said | {"tidy": tidy}))
    assert sources(store) == ["ads", "web"]
    assert checks == [2, 2]


def test_a_store_with_a_fault_is_not_sealed(tmp_path: Path) -> None:
    store = write(tmp_path / "store", LEADS.assign(lead_id=["L1", None]))
    with pytest.raises(DataRefused):
        seal_store(store)
    assert not (store / SEAL).exists()


def test_csv_is_never_sealed(tmp_path: Path, checks: list[int]) -> None:
    store = write(tmp_path / "store")
    (store / "leads.parquet").unlink()
    LEADS.to_csv(store / "leads.csv", index=False)
    seal_store(store)
    assert not (store / SEAL).exists()
    sources(store)
    assert checks == [2, 2]


def test_what_ingest_writes_is_sealed_and_sound(tmp_path: Path, checks: list[int]) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "people.csv").write_text("id,made,came from\nL1,2026-01-02, web \nL2,2026-01-03,ads\n")
    (exports / "moves.csv").write_text("id,to,at\nL1,mql,2026-01-05\n")
    (tmp_path / "lists.toml").write_text(MAPPING)
    ingest(tmp_path / "lists.toml", source=exports, out=tmp_path / "store")
    assert sources(tmp_path / "store") == ["ads", "web"]
    assert checks == []
    (tmp_path / "store" / SEAL).unlink()
    assert sources(tmp_path / "store") == ["ads", "web"]
    assert checks == [2]


def test_the_notebooks_of_a_pass_check_once(tmp_path: Path, checks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    store = write(tmp_path / "store")
    for counts in ("execution", "proof"):
        monkeypatch.setenv(SHARED, str(tmp_path / counts))
        for _ in range(3):
            assert sources(store) == ["ads", "web"]
    assert checks == [2, 2]
    assert not (store / SEAL).exists()


@pytest.mark.parametrize("kind", ["parquet", "sealed", "csv"])
def test_an_overlong_name_is_cut_however_the_store_is_read(tmp_path: Path, kind: str) -> None:
    store = write(tmp_path / "store", LEADS.assign(source=["w" * 5_000, "ads"]))
    if kind == "sealed":
        seal_store(store)
    elif kind == "csv":
        pd.read_parquet(store / "leads.parquet").to_csv(store / "leads.csv", index=False)
        (store / "leads.parquet").unlink()
    ads, cut = sources(store)
    assert (ads, cut[:191], len(cut)) == ("ads", "w" * 190 + "…", 199)

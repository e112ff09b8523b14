"""Large stores are counted within a memory that grows with their files; small ones are left to the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.border import duck

MB = 1_000_000


def limit(megabytes: int, folder: Path) -> tuple[str, str]:
    """The engine's limit and its place for what is more, for a store of one (sparse) file of that size."""
    path = folder / "touches.parquet"
    with path.open("wb") as file:
        file.truncate(megabytes * MB)
    backend = duck.connect()
    duck.spill_for(backend, [path])
    told = backend.con.execute("SELECT current_setting('memory_limit'), current_setting('temp_directory')").fetchone()
    return told[0], told[1]


def in_megabytes(told: str) -> float:
    number, unit = told.split()
    return float(number) * {"MiB": 2**20, "GiB": 2**30}[unit] / MB


def test_a_small_store_has_the_engines_own_limit(tmp_path: Path) -> None:
    own = duck.connect().con.execute("SELECT current_setting('memory_limit')").fetchone()[0]
    assert limit(40, tmp_path)[0] == own


@pytest.mark.parametrize(("size", "allowed"), [(60, 700), (100, 700), (120, 840)])
def test_a_large_one_may_take_seven_times_its_files(tmp_path: Path, size: int, allowed: int) -> None:
    told, place = limit(size, tmp_path)
    assert in_megabytes(told) == pytest.approx(allowed, abs=0.2)
    assert "alignment-" in place


def test_the_engines_own_limit_stands_where_it_is_lower(tmp_path: Path) -> None:
    own = duck.connect().con.execute("SELECT current_setting('memory_limit')").fetchone()[0]
    assert limit(10_000_000, tmp_path)[0] == own

"""Laws of the counts: order, time, weights, parts and whole, monotonicity; on random companies."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

import alignment_toolkit.counts  # noqa: F401  # registers the queries
from alignment_toolkit.config import Config
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.quality import conversion, value_per_lead
from tests.oracles.random_worlds import Rows, random_rows
from tests.worlds import study

pytestmark = pytest.mark.no_cover

AS_OF = datetime(2026, 4, 1)
QUERIES = ("lead_moves", "verdict_moves", "leads_created", "lead_outcomes", "deal_outcomes", "deals_won")
INSTANTS = ("created_at", "assigned_at", "entered_at", "given_at", "closed_at", "merged_at")
SEEDS = (21, 22)


def _rows(seed: int) -> Rows:
    return random_rows(seed, n=25, as_of=AS_OF, landmarks=[datetime(2025, 4, 1), datetime(2026, 1, 1)])


def _study(tables: dict[str, list[dict[str, Any]]], *, cohort: str = "4q", as_of: datetime = AS_OF) -> Any:
    return study("2026Q1", cohort=cohort, as_of=as_of.isoformat(), config=Config(min_n=1), **tables)


def _all_counts(made: Any, by: str) -> dict[str, pd.DataFrame]:
    return {name: counted(name, made, by=by) for name in QUERIES}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_is_irrelevant(seed: int) -> None:
    rows, draw = _rows(seed), random.Random(seed)
    mixed = {name: draw.sample(table, k=len(table)) for name, table in rows.tables().items()}
    told, again = _all_counts(_study(rows.tables()), "source"), _all_counts(_study(mixed), "source")
    for name, frame in told.items():
        pd.testing.assert_frame_equal(frame, again[name], obj=name)


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(hours=7, microseconds=1), timedelta(days=3 * 365 + 1, seconds=11)])
def test_shifting_time_changes_nothing(shift: timedelta) -> None:
    rows = _rows(23)
    moved = {name: [_shifted(row, shift) for row in table] for name, table in rows.tables().items()}
    before, after = _study(rows.tables(), cohort="all"), _study(moved, cohort="all", as_of=AS_OF + shift)
    for name in ("lead_moves", "verdict_moves", "leads_created", "lead_outcomes", "deal_outcomes"):
        pd.testing.assert_frame_equal(counted(name, before, by="source"), counted(name, after, by="source"), obj=name)


def _shifted(row: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    return {key: value + shift if key in INSTANTS and value is not None else value for key, value in row.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_repeating_every_lead_under_a_new_id_repeats_every_count_and_changes_no_share(seed: int) -> None:
    rows = _rows(seed)
    twice = {name: table + [_renamed(row) for row in table] for name, table in rows.tables().items()}
    once, doubled = _study(rows.tables()), _study(twice)
    for name, frame in _all_counts(once, "source").items():
        counts = [column for column in ("n", "n_unpriced", "amount", "amount_sq") if column in frame]
        expected = frame.assign(**{column: 2 * frame[column] for column in counts})
        pd.testing.assert_frame_equal(counted(name, doubled, by="source"), expected, obj=name)
    for figures in (conversion, value_per_lead):
        one, two = figures(once), figures(doubled)
        pd.testing.assert_series_equal(one["value"], two["value"], rtol=1e-12)
        pd.testing.assert_series_equal(one["matured_share"], two["matured_share"])


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    return {key: f"{value}-again" if key.endswith("_id") and value is not None else value for key, value in row.items()}


@pytest.mark.parametrize("cohort", ["4q", "1q", "all"])
def test_segments_add_up_to_the_whole(cohort: str) -> None:
    made = _study(_rows(24).tables(), cohort=cohort)
    for name in QUERIES:
        whole = counted(name, made)
        assert len(whole) > 0
        for by in ("source", "persona", "cohort_quarter"):
            if (name, cohort, by) in {("leads_created", "4q", "cohort_quarter")}:
                continue  # by creation quarter it counts the window, not the report quarter alone
            parts = counted(name, made, by=by)
            sums = [column for column in ("n", "amount") if column in parts]
            keys = [column for column in parts.columns if column in {"day", "move", "outcome", "dated"}]
            assert _totals(parts, keys, sums) == _totals(whole, keys, sums), (name, by)


def _totals(frame: pd.DataFrame, keys: list[str], sums: list[str]) -> dict[str, Any]:
    return frame.groupby(keys)[sums].sum().to_dict() if keys else frame[sums].sum().to_dict()


@pytest.mark.parametrize("seed", SEEDS)
def test_buckets_add_up_to_the_whole(seed: int) -> None:
    made = _study(_rows(seed).tables())
    for name in ("lead_moves", "verdict_moves"):
        whole, parts = counted(name, made), counted(name, made, by_bucket=True)
        assert parts["bucket"].between(0, 255).all()
        assert _totals(parts, ["day", "move"], ["n", "amount", "amount_sq"]) == _totals(
            whole, ["day", "move"], ["n", "amount", "amount_sq"]
        )


def test_more_leads_never_lower_a_count() -> None:
    rows = _rows(25)
    told = []
    for kept in (10, 40, 80, len(rows.leads)):
        ids = {row["lead_id"] for row in rows.leads[:kept]}
        tables = {
            name: [row for row in table if str(row.get("lead_id")) in ids] for name, table in rows.tables().items() if name != "merges"
        }
        made = _study(tables, cohort="all")
        told.append([counted(name, made)["n"].sum() for name in ("leads_created", "deals_won", "lead_moves")])
    for fewer, more in itertools.pairwise(told):
        assert all(then <= now for then, now in zip(fewer, more, strict=True))
    assert told[0] < told[-1]

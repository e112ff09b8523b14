"""The bounds hold what is true: the figures of the same simulated company in whose records nobody made a mistake."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from alignment_toolkit.health import bounds_of, bounds_table, contributions, point_figures
from alignment_toolkit.health.resolve import Bound
from alignment_toolkit.samples import simulate, without_faults
from alignment_toolkit.samples.write import arrow_table, settings
from alignment_toolkit.study import Study, open_study
from tests.sample import sample_study

pytestmark = pytest.mark.no_cover


def opened(tables: dict[str, pd.DataFrame], where: Path, *, quarter: str) -> Study:
    """A study of these tables, written as a store."""
    where.mkdir()
    for name, frame in tables.items():
        pq.write_table(arrow_table(frame), where / f"{name}.parquet")
    (where / "alignment.toml").write_text(settings(), encoding="utf-8")
    return open_study(str(where), quarter=quarter)


def assert_held(bounds: dict[str, Bound], truth: pd.DataFrame) -> None:
    true = truth.set_index("kpi")["value"].astype(float)
    out = {
        name: (bound.lowest, true[name], bound.highest)
        for name, bound in bounds.items()
        if pd.notna(true[name]) and not bound.lowest - 1e-9 <= true[name] <= bound.highest + 1e-9
    }
    assert out == {}


@pytest.fixture(scope="module")
def sample() -> Study:
    return sample_study()


@pytest.fixture(scope="module")
def bounds(sample: Study) -> dict[str, Bound]:
    return bounds_of(sample)


@pytest.fixture(scope="module")
def points(sample: Study) -> pd.DataFrame:
    return point_figures(sample)


def test_the_sample_s_bounds_hold_its_planted_truth(bounds: dict[str, Bound], tmp_path: Path) -> None:
    truth = point_figures(opened(without_faults(), tmp_path / "true", quarter="2026Q3"))
    assert len(truth) == len(bounds) == 21
    assert_held(bounds, truth)


def test_without_a_gap_resolved_each_figure_is_the_headline_figure(bounds: dict[str, Bound], points: pd.DataFrame) -> None:
    shown = points.set_index("kpi")["value"].astype(float)
    assert {name: bound.value for name, bound in bounds.items()} == pytest.approx(shown.to_dict(), rel=1e-9)
    assert all(bound.lowest <= bound.value <= bound.highest for bound in bounds.values())
    assert all(bound.lowest <= part.lowest <= part.highest <= bound.highest for bound in bounds.values() for part in bound.parts)


def test_the_table_says_which_end_is_worse_and_who_can_mend_it(bounds: dict[str, Bound], points: pd.DataFrame) -> None:
    table = bounds_table(bounds, points).set_index("kpi")
    churn, booked = table.loc["logo_churn"], table.loc["bookings"]
    assert churn["worst"] == churn["highest"] > churn["best"] == churn["lowest"]
    assert (booked["worst"], booked["best"]) == (booked["lowest"], booked["highest"])
    assert (churn["owner"], booked["owner"]) == ("customer success", "sales operations")
    assert table.loc[table["gaps"] == 0, ["widest_gap", "owner"]].isna().all(axis=None)
    parts = contributions(bounds)
    assert parts.groupby("kpi").size().to_dict() == table.loc[table["gaps"] > 0, "gaps"].to_dict()
    assert (parts["n"] > 0).all()


@pytest.mark.parametrize(("seed", "quarter"), [(1, "2026Q3"), (2, "2025Q2")])
def test_other_companies_bounds_hold_their_truths(seed: int, quarter: str, tmp_path: Path) -> None:
    recorded = simulate(seed=seed, leads=1_500).tables
    found = bounds_of(opened(recorded, tmp_path / "recorded", quarter=quarter))
    assert any(bound.highest > bound.value for bound in found.values())
    assert_held(found, point_figures(opened(without_faults(seed=seed, leads=1_500), tmp_path / "true", quarter=quarter)))

"""A fast version of benchmarks/coverage.py: the same regimes, fewer runs, bounds that allow for the error of so few."""

from __future__ import annotations

import re

import pytest

from benchmarks import coverage

RUNS = {"incidence": 500, "survival": 500, "restricted mean": 500, "quantile": 400, "Wilson": 4_000, "shrinkage": 60, "jackknife": 200}
CELLS = [cell for cell in coverage.cells() if cell[0] not in ("jackknife", "shrinkage") and "to advance" not in cell[1]]
SLOW = [cell for cell in coverage.cells() if cell[0] == "shrinkage" and "middling" in cell[1]]
SLOW += [cell for cell in coverage.cells() if "400 leads, log-sd 1.0" in cell[1] or cell[1].endswith("the same 100 leads")]


@pytest.mark.parametrize("cell", [pytest.param(cell, id=f"{cell[0]}: {cell[1]}") for cell in CELLS + SLOW])
def test_intervals_cover_as_promised(cell):
    estimator, _, low, high, simulate = cell
    runs = RUNS[estimator] // (3 if "re-openings" in cell[1] else 1)  # these are simulated day by day
    score = simulate(runs, 7)
    n = len(score.held) / (4 if estimator == "shrinkage" else 1)  # groups of a run share their estimated spread
    error = (low * (1 - low) / n) ** 0.5
    assert n > 0.6 * runs
    assert low - 3 * error <= score.held.mean() <= high + 3 * error
    assert not score.held.all(), "intervals that always hold are too wide"


def test_the_recorded_study_kept_every_promise():
    page = coverage.Path(coverage.__file__).with_suffix(".md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\| (incidence|survival|restricted|quantile|Wilson|shrinkage|jackknife)", line)]
    assert {tuple(row.split(" | ")[:2]) for row in rows} == {(f"| {cell[0]}", cell[1]) for cell in coverage.cells()}
    assert all(row.endswith("| yes |") for row in rows)
    assert int(re.search(r"\(([\d,]+) runs per regime", page)[1].replace(",", "")) >= 4_000

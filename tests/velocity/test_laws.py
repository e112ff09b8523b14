"""Laws: order is irrelevant, time may shift, a lead that stands twice counts twice, parts add up; and lifelines on rows."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.counts import counted
from alignment_toolkit.velocity import bottleneck, cycle, stage_conversion, stage_paths, time_in_stage
from tests.velocity.funnels import DAY_ZERO, funnel, row_of, settings

OPENED = 30  # the day from which records are complete


def leads(seed=3, n=120, shift=0):
    """Leads with a random walk through the funnel: forward, back, skips, losses and re-openings."""
    draw = np.random.default_rng(seed)
    stages = ["lead", "mql", "sal", "sql", "opportunity", "won", "lost"]
    people = {}
    for at in range(n):
        day, place, steps = int(draw.integers(0, 80)), 0, []
        start = day
        while draw.random() < 0.75 and place < 5 and len(steps) < 8:
            there = int(draw.choice([min(place + 1, 5), min(place + 2, 5), 6, max(place - 1, 0)], p=[0.6, 0.1, 0.2, 0.1]))
            if there == place:
                continue
            # forward in no time is back-filled; back takes a day, since stamps of one instant are ordered by the funnel
            day += int(draw.integers(0 if there > place else 1, 25))
            place = there
            steps.append((stages[place], day + shift))
            if place == 6:
                break
        people[f"lead {at}"] = (start + shift, steps, {"source": str(draw.choice(["web", "fair"]))})
    return people


@pytest.fixture(scope="module")
def study():
    return funnel(leads(), as_of=110, config=settings(min_n=5))


@pytest.fixture(scope="module")
def frames(study):
    return {function.__name__: function(study) for function in (stage_conversion, time_in_stage, stage_paths)}


def test_order_of_rows_is_irrelevant(frames):
    reversed_leads = {name: (start, steps[::-1], more) for name, (start, steps, more) in reversed(leads().items())}
    # two stamps of one instant are ordered by the funnel, so their order in the file cannot matter either
    other = funnel(reversed_leads, as_of=110, config=settings(min_n=5))
    for function in (stage_conversion, time_in_stage, stage_paths):
        pd.testing.assert_frame_equal(function(other), frames[function.__name__])


def test_shifting_time_changes_nothing(frames):
    other = funnel(leads(shift=17), as_of=127, config=settings(min_n=5))
    for function in (stage_conversion, time_in_stage):
        pd.testing.assert_frame_equal(function(other), frames[function.__name__])


def test_a_lead_that_stands_twice_counts_twice(frames):
    twice = leads() | {f"{name} again": rest for name, rest in leads().items()}
    other = funnel(twice, as_of=110, config=settings(min_n=10))
    once, double = frames["stage_conversion"], stage_conversion(other)
    np.testing.assert_allclose(double["conversion_rate"], once["conversion_rate"], rtol=1e-12)
    assert (double["n"] == 2 * once["n"]).all()
    assert (time_in_stage(other)["median_days"].dropna() == frames["time_in_stage"]["median_days"].dropna()).all()


def test_parts_add_up_to_the_whole(frames, study):
    for name in ("n", "finished", "still_open"):
        assert frames["time_in_stage"][name][0] == frames["time_in_stage"][name][1:].sum()
    paths = frames["stage_paths"]
    assert (paths["visits"] == paths[["advanced", "lost", "back", "open"]].sum(axis=1)).all()
    by_source = cycle(study, by="source")
    assert by_source["n"][0] == by_source["n"][1:].sum()


def test_slices_of_visits_add_up(study):
    whole = counted("stage_moves", study, by=None).groupby(["day", "move"])["n"].sum()
    sliced = counted("stage_moves", study, by="source").groupby(["day", "move"])["n"].sum()
    pd.testing.assert_series_equal(whole, sliced)


def test_lead_days_add_up_to_the_time_in_which_leads_were_open(study):
    frame = bottleneck(study)
    spans = 0.0
    for start, steps, _ in leads().values():
        line = [(start, "lead"), *((day, stage) for stage, day in steps)]
        for (begun, stage), (left, _stage) in zip(line, [*line[1:], (10**6, "")], strict=True):
            if stage not in ("won", "lost"):
                spans += max(0, min(left, 89.5) - max(begun, -0.5))
    assert frame["lead_days"].sum() == pytest.approx(spans)


def late():
    """The same leads as rows, under observation from the first whole day after records begin."""
    visits = []
    for start, steps, _ in leads(seed=11, n=200).values():
        line = [(start, "lead"), *((day, stage) for stage, day in steps)]
        for (begun, stage), (left, _following) in zip(line, [*line[1:], (None, None)], strict=True):
            if stage not in ("won", "lost") and left != begun:
                visits.append((stage, begun, left))
    frame = pd.DataFrame(visits, columns=["stage", "begun", "left"])
    frame["last"] = 110 - frame["begun"] - 1
    # the window opens at midnight, half a day before the noon at which everything here happens
    frame["entry"] = np.maximum(np.ceil(OPENED - 0.5 - frame["begun"]), 0)
    frame["gone"] = frame["left"].notna() & (frame["left"] - frame["begun"] <= frame["last"])
    frame["exit"] = np.where(frame["gone"], frame["left"] - frame["begun"], frame["last"])
    return frame[(frame["entry"] <= frame["last"]) & (frame["exit"] >= frame["entry"])]


def test_kaplan_meier_with_late_entry_equals_lifelines_on_rows():
    from lifelines import KaplanMeierFitter

    rows = late()
    config = settings(min_n=5, observed_from={"stage_events": (DAY_ZERO + timedelta(days=OPENED)).date()})
    frame = time_in_stage(funnel(leads(seed=11, n=200), as_of=110, config=config))
    assert isinstance(config.observed_from["stage_events"], date)
    compared = 0
    for stage, part in rows.groupby("stage"):
        # lifelines counts a unit at risk strictly after its entry, here it is at risk on that day already
        fitted = KaplanMeierFitter().fit(part["exit"] + 1, part["gone"], entry=part["entry"] + 0.5)
        row = row_of(frame, stage)
        assert row["n"] == len(part)
        median = fitted.median_survival_time_
        assert (np.isnan(row["median_days"]) and np.isinf(median)) or row["median_days"] == median - 1
        compared += np.isfinite(median)
    assert compared >= 3


def test_incidence_of_advancing_equals_scikit_survival_on_rows(study):
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    ranks = {name: place for place, name in enumerate(["lead", "mql", "sal", "sql", "opportunity", "won", "lost"])}
    rows = []
    for start, steps, _ in leads().values():
        line = [(start, "lead"), *((day, stage) for stage, day in steps)]
        for (begun, stage), (left, following) in zip(line, [*line[1:], (None, None)], strict=True):
            if stage not in ("won", "lost") and left != begun:
                last = 110 - begun - 1
                gone = left is not None and left - begun <= last
                kind = 0 if not gone else 1 if following != "lost" and ranks[following] > ranks[stage] else 2
                rows.append((stage, kind, left - begun if gone else last))
    table = pd.DataFrame(rows, columns=["stage", "kind", "days"]).query("days >= 0")
    compared = 0
    for stage, part in table.groupby("stage"):
        if not {1, 2} <= set(part["kind"]):
            continue  # the oracle wants both risks seen
        times, shares = cumulative_incidence_competing_risks(part["kind"].to_numpy(), part["days"].to_numpy(float) + 1)
        expected = shares[1][times <= 40 + 1]
        row = row_of(stage_conversion(study, horizon=40), stage)
        assert row["conversion_rate"] == pytest.approx(expected[-1], abs=1e-12)
        compared += 1
    assert compared >= 3

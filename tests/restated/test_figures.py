"""Which figures are another, by hand."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.restated.figures import records_of, restated_figures
from alignment_toolkit.restated.reach import EVERYTHING, KINDS, reach_of
from tests.conftest import ROOT


def row(kpi: str, value: float | None, *, slice_: str = "all", segment: str = "(all)", unit: str = "EUR") -> dict[str, object]:
    return {"kpi": kpi, "slice": slice_, "segment": segment, "unit": unit, "value": value, "lower": None}


def listed(before: list, after: list) -> list[tuple]:
    frame = restated_figures(before, after).astype(object)
    return [tuple(values) for values in frame.where(frame.notna(), None).itertuples(index=False)]


def test_only_figures_that_differ_as_shown_the_whole_first() -> None:
    before = [row("bookings", 100.0), row("bookings", 40.0, slice_="source", segment="web"), row("leads", 3, unit="leads")]
    after = [row("bookings", 40.5, slice_="source", segment="web"), row("bookings", 90.0), row("leads", 3.0000000001, unit="leads")]
    assert listed(before, after) == [
        ("bookings", "all", "(all)", "EUR", 100.0, 90.0, -10.0),
        ("bookings", "source", "web", "EUR", 40.0, 40.5, 0.5),
    ]


def test_what_was_or_is_not_known_has_no_difference() -> None:
    before = [row("cycle_mean", None, unit="days"), row("leads", 2, slice_="source", segment="fair", unit="leads"), row("x", None)]
    after = [row("cycle_mean", 12.5, unit="days"), row("x", None)]
    assert listed(before, after) == [
        ("cycle_mean", "all", "(all)", "days", None, 12.5, None),
        ("leads", "source", "fair", "leads", 2.0, None, None),
    ]


def test_nothing_restated_is_an_empty_frame_with_its_columns() -> None:
    frame = restated_figures([row("leads", 1)], [row("leads", 1)])
    assert frame.empty
    assert list(frame) == ["kpi", "slice", "segment", "unit", "before", "after", "difference"]


def test_a_frame_and_its_rows_say_the_same() -> None:
    frame = pd.DataFrame([row("leads", 1.0)])
    assert restated_figures(records_of(frame), [row("leads", 1)]).empty


def test_every_documented_figure_has_a_reach_of_its_own() -> None:
    lines = (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8").split("| kpi | what it is")[1].split("\n\n")[0].splitlines()
    names = [name.strip(" `…") for line in lines[2:] for name in line.split("|")[1].replace("…", ",").split(",")]
    assert {"leads", "bookings", "conversion_30d", "early_churn_90d"} <= set(names)
    own = [name for name in names if reach_of(name) != EVERYTHING]
    assert {"leads", "bookings", "conversion_30d", "sales_velocity", "early_churn_90d", "net_revenue_retention"} <= set(own)
    assert set(EVERYTHING.aspects) == set(KINDS)
    assert reach_of("a_figure_of_tomorrow") == EVERYTHING

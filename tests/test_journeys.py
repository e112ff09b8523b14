"""Journeys against a plain-Python reading of the definitions, on random companies, and one decision table per definition."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache

import ibis
import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.journeys import leads, spells, states, timeline, window_start, with_ids, won_amounts
from alignment_toolkit.periods import Quarter, midnight, parse_as_of
from alignment_toolkit.quality import conversion, value_per_lead
from alignment_toolkit.stats import state_probabilities, value_curve
from alignment_toolkit.stats.risk import RiskTable
from alignment_toolkit.study import Study
from tests.oracles import journeys as oracle
from tests.oracles.random_worlds import Rows, random_rows
from tests.worlds import study

LONGEST = 120
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
CLOCKS_CHANGE = [datetime(2025, 10, 26, 1), datetime(2026, 3, 29, 1), datetime(2025, 11, 2, 6), datetime(2026, 3, 8, 7)]

CASES = {
    "four quarters": (1, "4q", "2026-04-01", Config(time_zone=BERLIN, min_n=1)),
    "one quarter": (2, "1q", "2026-04-01", Config(time_zone=BERLIN, min_n=1)),
    "all history": (3, "all", "2026-04-01", Config(time_zone=NEW_YORK, min_n=1)),
    "as of the middle of a day": (4, "4q", "2026-03-29T13:37:00.000001", Config(time_zone=BERLIN, min_n=1)),
    "as of after the quarter": (5, "4q", "2026-06-13", Config(time_zone=NEW_YORK, min_n=1)),
    "records begin late": (6, "all", "2026-04-01", Config(time_zone=BERLIN, min_n=1, observed_from={"stage_events": date(2025, 10, 26)})),
    "records begin inside the window": (7, "4q", "2026-04-01", Config(time_zone=BERLIN, min_n=1, observed_from={"*": date(2025, 7, 2)})),
    "outcomes begin late": (8, "all", "2026-04-01", Config(time_zone=BERLIN, min_n=1, outcome_observed_from=date(2025, 10, 1))),
    "fiscal year from February": (9, "4q", "2026-05-01", Config(time_zone=BERLIN, min_n=1, fiscal_year_start_month=2)),
}


def _zone(config: Config) -> str:
    return config.time_zone


@cache
def _world(case: str) -> tuple[Study, Rows]:
    seed, cohort, as_of, config = CASES[case]
    quarter = Quarter.parse("2026Q1", start_month=config.fiscal_year_start_month)
    until = parse_as_of(as_of, _zone(config))
    landmarks = [midnight(quarter.shift(back).first_on, _zone(config)) for back in (-4, -3, -1, 0, 1)] + CLOCKS_CHANGE
    rows = random_rows(seed, n=40, as_of=until, landmarks=landmarks)
    made = study("2026Q1", cohort=cohort, as_of=until.isoformat(), config=config, **rows.tables())
    return Study(made.crm, quarter, made.cohort), rows


def _expected(made: Study, rows: Rows) -> list[oracle.Watched]:
    seen = oracle.world(leads=rows.leads, stage_events=rows.stage_events, merges=rows.merges, as_of=made.as_of.isoformat())
    heirs = {row["lost_id"]: row["survivor_id"] for row in rows.merges if row["merged_at"] < made.as_of}
    known = {row["lead_id"] for row in rows.leads if row["created_at"] < made.as_of}
    amounts: dict[str, float] = {}
    for deal in rows.deals:
        heir = oracle.survivor(deal["lead_id"], heirs, known)
        amounts[heir] = amounts.get(heir, 0.0) + (deal["amount"] or 0.0) * (deal["closed_at"] < made.as_of)
    config = made.config
    begun = [made.window_opens_at] + [midnight(day, _zone(config)) for day in config.observed_from.values()]
    recorded = config.outcome_observed_from
    return oracle.watch(
        seen.leads,
        as_of=seen.as_of,
        opened=max((oracle.micros(instant) for instant in begun if instant is not None), default=None),
        created_before=oracle.micros(made.created_before),
        created_from=None if recorded is None else oracle.local_midnight(recorded, _zone(config)),
        amounts=amounts,
        longest=LONGEST if len(rows.leads) < 20 else 181,
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("case", CASES)
def test_risk_tables_and_curves_are_those_of_a_plain_reading_of_the_definitions(case: str) -> None:
    made, rows = _world(case)
    labels, table = risk_of("lead_moves", made, by="source", max_day=LONGEST)
    shares, value = state_probabilities(table), value_curve(table)
    compared = 0
    for source in sorted({row["source"] for row in rows.leads}):
        units = _expected(made, rows.only(source))
        if source not in labels:
            assert units == []
            continue
        place = labels.index(source)
        assert table.n[place] == sum(unit.first <= LONGEST and unit.states[unit.first - 1] == oracle.OPEN for unit in units)
        if table.n[place]:
            _compare(table[place], shares.won[place], shares.open[place], value[place], units)
            compared += 1
    assert compared >= 15


def _compare(table: RiskTable, won: np.ndarray, opened: np.ndarray, value: np.ndarray, units: list[oracle.Watched]) -> None:
    told = oracle.aalen_johansen(units, horizon=LONGEST)
    np.testing.assert_array_equal(table.at_risk, told.at_risk)
    np.testing.assert_allclose(won, told.won, atol=1e-12)
    np.testing.assert_allclose(opened, told.open, atol=1e-12)
    np.testing.assert_allclose(value, told.value, rtol=1e-9, atol=1e-9)
    assert table.won_by(LONGEST) == told.events
    for horizon in (0, 1, 30, 89, 90, 120):
        enough, entered = oracle.matured(units, horizon=horizon)
        assert (table.matured(horizon), table.entered[: horizon + 1].sum()) == (enough, entered)


@pytest.mark.parametrize("case", ["four quarters", "all history", "outcomes begin late"])
def test_the_headline_conversion_and_value_are_the_oracle_s(case: str) -> None:
    made, rows = _world(case)
    units = _expected(made, rows)
    told = oracle.aalen_johansen(units, horizon=180)
    for figures, path in ((conversion(made), told.won), (value_per_lead(made, horizon=90), told.value)):
        for row in figures.itertuples():
            horizon = int(row.kpi.rsplit("_", 1)[1].removesuffix("d"))
            if horizon > 180:
                continue
            enough, entered = oracle.matured(units, horizon=horizon)
            assert row.value == pytest.approx(path[horizon], rel=1e-9)
            assert (row.n, row.matured_share) == (entered, pytest.approx(enough / entered))


def test_states_of_leads_at_every_age_are_those_of_the_definitions() -> None:
    made, rows = _world("all history")
    visits = with_ids(made.crm, states(made.crm)).to_pandas()
    seen = oracle.world(leads=rows.leads, stage_events=rows.stage_events, merges=rows.merges, as_of=made.as_of.isoformat())
    by_lead = dict(list(visits.groupby("lead_id")))
    at_risk = [lead for lead in seen.leads if lead.last_index(seen.as_of) >= 0]
    assert set(by_lead) == {lead.lead_id for lead in at_risk}
    for lead in at_risk:
        rowset = by_lead[lead.lead_id]
        for index in {0, lead.last_index(seen.as_of), *(lead.index(at) for at, _ in lead.events)}:
            if index <= lead.last_index(seen.as_of):
                assert _state_at(rowset, index) == lead.state(index), (lead, index)


def _state_at(visits: pd.DataFrame, index: int) -> str:
    """The state at the end of a day index, from the visits."""
    begun = visits["is_born"] | (visits["starts"] <= index)
    current = visits[begun & (visits["ends"].isna() | (visits["ends"] > index))]
    assert len(current) <= 1
    return current["state"].iloc[0] if len(current) else "won"


DAY_0 = datetime(2026, 1, 5, 12)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def _lead(*stages: tuple[str, timedelta], as_of: datetime = DAY_0 + 100 * DAY, config: Config | None = None) -> Study:
    happened = [{"lead_id": "a", "stage": stage, "entered_at": DAY_0 + after} for stage, after in stages]
    other = [{"lead_id": "b", "stage": "lead", "entered_at": DAY_0 + 500 * DAY}]
    made = [{"lead_id": "a", "created_at": DAY_0, "source": "web"}]
    return study("2026Q1", as_of=as_of.isoformat(), config=config or Config(min_n=1), leads=made, stage_events=happened + other)


def _visits(frame: pd.DataFrame) -> list[tuple[str, int, int | None, str | None]]:
    ends = [None if pd.isna(end) else int(end) for end in frame["ends"]]
    following = [None if pd.isna(state) else state for state in frame["next"]]
    return list(zip(frame["state"], frame["starts"].astype(int), ends, following, strict=True))


OUTCOMES: list[tuple[list[tuple[str, timedelta]], list[tuple[object, ...]]]] = [
    ([], [("open", 0, None, None)]),
    ([("mql", DAY)], [("open", 0, None, None)]),
    ([("won", DAY - TICK)], [("open", 0, 0, "won")]),
    ([("won", DAY)], [("open", 0, 1, "won")]),
    ([("won", DAY + TICK)], [("open", 0, 1, "won")]),
    ([("won", -5 * DAY)], [("open", 0, 0, "won")]),
    ([("lost", 3 * DAY)], [("open", 0, 3, "lost"), ("lost", 3, None, None)]),
    ([("lost", 3 * DAY), ("lost", 9 * DAY)], [("open", 0, 3, "lost"), ("lost", 3, None, None)]),
    ([("lost", 3 * DAY), ("sal", 5 * DAY)], [("open", 0, 3, "lost"), ("lost", 3, 5, "open"), ("open", 5, None, None)]),
    ([("lost", 3 * DAY), ("sal", 3 * DAY + TICK)], [("open", 0, None, None)]),
    ([("lost", 3 * DAY), ("sal", 3 * DAY)], [("open", 0, 3, "lost"), ("lost", 3, None, None)]),
    ([("lost", 3 * DAY), ("won", 5 * DAY)], [("open", 0, 3, "lost"), ("lost", 3, 5, "won")]),
    ([("lost", 3 * DAY), ("won", 3 * DAY + TICK)], [("open", 0, 3, "won")]),
    ([("won", 3 * DAY), ("lost", 5 * DAY)], [("open", 0, 3, "won")]),
    ([("won", 3 * DAY), ("lost", 5 * DAY), ("sal", 6 * DAY), ("won", 7 * DAY)], [("open", 0, 3, "won")]),
    ([("lost", -2 * DAY)], [("open", 0, 0, "lost"), ("lost", 0, None, None)]),
    ([("lost", -2 * DAY), ("mql", -1 * DAY)], [("open", 0, None, None)]),
    ([("lost", -1 * DAY), ("mql", -2 * DAY)], [("open", 0, 0, "lost"), ("lost", 0, None, None)]),
]


@cache
def _decided() -> pd.DataFrame:
    """The visits of one lead per decision, all counted at once."""
    names = [f"{place:02d}" for place in range(len(OUTCOMES))]
    made = [{"lead_id": name, "created_at": DAY_0, "source": "web"} for name in names]
    happened = [
        {"lead_id": name, "stage": stage, "entered_at": DAY_0 + after}
        for name, (stages, _) in zip(names, OUTCOMES, strict=True)
        for stage, after in stages
    ]
    seen = study("2026Q1", as_of=(DAY_0 + 100 * DAY).isoformat(), leads=made, stage_events=happened)
    return with_ids(seen.crm, states(seen.crm)).order_by(ibis.desc("is_born"), "starts").to_pandas()


@pytest.mark.parametrize("place", range(len(OUTCOMES)), ids=lambda place: " ".join(f"{s}@{t / DAY:g}" for s, t in OUTCOMES[place][0]))
def test_outcome_of_a_lead_by_its_events(place: int) -> None:
    told = _decided()
    assert _visits(told[told["lead_id"] == f"{place:02d}"]) == OUTCOMES[place][1]


@pytest.mark.parametrize(
    ("as_of", "last_index", "won"),
    [
        (DAY_0 + DAY - TICK, -1, False),
        (DAY_0 + DAY, 0, False),
        (DAY_0 + 2 * DAY - TICK, 0, False),
        (DAY_0 + 2 * DAY, 1, True),
        (DAY_0 + 2 * DAY + TICK, 1, True),
    ],
)
def test_a_win_counts_once_its_day_is_whole(as_of: datetime, last_index: int, won: bool) -> None:
    made = _lead(("won", DAY + DAY / 2), as_of=as_of)
    assert leads(made.crm).last_index.to_pyarrow().to_pylist() == [last_index]
    assert [visit[3] == "won" for visit in _visits(states(made.crm).to_pandas())] == ([won] if last_index >= 0 else [])


def test_nothing_at_or_after_as_of_is_visible() -> None:
    moment = DAY_0 + 50 * DAY
    for shift, seen in ((-TICK, 1), (0 * TICK, 0), (TICK, 0)):
        made = _lead(("sql", 50 * DAY + shift), as_of=moment)
        assert timeline(made.crm).count().to_pyarrow().as_py() == seen
    later = _lead(as_of=DAY_0)
    assert leads(later.crm).count().to_pyarrow().as_py() == 0


@pytest.mark.parametrize(("shift", "entry"), [(0 * TICK, 0), (TICK, 0), (-TICK, 1), (-DAY + TICK, 1), (-DAY, 1), (-DAY - TICK, 2)])
def test_a_lead_enters_at_the_first_whole_day_of_its_age_inside_the_window(shift: timedelta, entry: int) -> None:
    opened = datetime(2025, 3, 31, 22)
    made = study(
        "2026Q1",
        cohort="4q",
        as_of="2026-03-31T22:00:00",
        config=Config(time_zone=BERLIN),
        leads=[{"lead_id": "a", "created_at": opened + shift, "source": "web"}],
        stage_events=[{"lead_id": "a", "stage": "lead", "entered_at": opened + shift}],
    )
    assert window_start(made) == opened
    assert spells(made).entry.to_pyarrow().to_pylist() == [entry]


def test_money_of_a_lead_is_the_sum_of_its_won_deals_and_unknown_amounts_are_no_zeros() -> None:
    deals = [
        {"deal_id": "1", "lead_id": "a", "outcome": "won", "closed_at": DAY_0 + DAY, "amount": 10.25},
        {"deal_id": "2", "lead_id": "a", "outcome": "won", "closed_at": DAY_0 + DAY, "amount": None},
        {"deal_id": "3", "lead_id": "a", "outcome": "lost", "closed_at": DAY_0 + DAY, "amount": 99.0},
        {"deal_id": "4", "lead_id": "b", "outcome": "won", "closed_at": DAY_0 + DAY, "amount": None},
        {"deal_id": "5", "lead_id": "c", "outcome": "won", "closed_at": DAY_0 + 90 * DAY, "amount": 7.0},
    ]
    made = [{"lead_id": name, "created_at": DAY_0, "source": "web"} for name in "abc"]
    seen = study(
        "2026Q1", as_of="2026-04-01", leads=made, stage_events=[{"lead_id": "a", "stage": "won", "entered_at": DAY_0}], deals=deals
    )
    told = (
        with_ids(seen.crm, won_amounts(seen.crm))
        .order_by("lead_id")
        .to_pandas()[["lead_id", "cents", "n_unpriced"]]
        .astype(object)
        .where(lambda frame: frame.notna(), None)
    )
    assert told.to_dict("records") == [
        {"lead_id": "a", "cents": 1025, "n_unpriced": 1},
        {"lead_id": "b", "cents": None, "n_unpriced": 1},
    ]


def test_joins_keep_one_row_per_event_and_lead() -> None:
    made, rows = _world("four quarters")
    visible = {row["lead_id"] for row in rows.leads if row["created_at"] < made.as_of}
    told = leads(made.crm).to_pandas()
    gone = {row["lost_id"] for row in rows.merges if row["merged_at"] < made.as_of}
    assert told["lead_id"].is_unique
    assert set(told["lead_id"]) <= visible
    assert visible - gone <= set(told["lead_id"])
    seen = timeline(made.crm).to_pandas()
    assert len(seen) <= sum(row["entered_at"] < made.as_of for row in rows.stage_events)


def test_labels_keep_placeholder_words_and_name_what_is_missing() -> None:
    labels = ["unknown", " Web ", "", None, "   ", "Select"]
    made = [{"lead_id": str(place), "created_at": DAY_0, "source": label} for place, label in enumerate(labels)]
    seen = study("2026Q1", as_of="2026-04-01", leads=made, stage_events=[{"lead_id": "0", "stage": "lead", "entered_at": DAY_0}])
    told = leads(seen.crm).order_by("lead_id").source.to_pyarrow().to_pylist()
    assert told == ["unknown", "Web", "(missing)", "(missing)", "(missing)", "Select"]

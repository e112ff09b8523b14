"""The delay of the system apart from that of people, and working hours: by hand, across a change of clocks, on every side of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.config import BusinessHours, Config, config_from
from alignment_toolkit.errors import UsageError
from alignment_toolkit.handoff import assignment_delay, clock_sentences, delay_sentences, delays, handoff_kpis, sla, speed_to_lead
from alignment_toolkit.periods import offset_changes
from alignment_toolkit.study import Study, open_study
from alignment_toolkit.workhours import worked
from tests.conftest import SAMPLE
from tests.worlds import study

BERLIN = "Europe/Berlin"


def lead(name: str, *, handed: str | None, source: str = "web") -> dict[str, Any]:
    return {"lead_id": name, "created_at": "2026-01-01", "source": source, "assigned_at": handed}


def entry(name: str, stage: str, at: str) -> dict[str, Any]:
    return {"lead_id": name, "stage": stage, "entered_at": at}


def touch(name: str, at: str) -> dict[str, Any]:
    return {"touch_id": f"{name} {at}", "lead_id": name, "occurred_at": at, "side": "sales", "channel": "call"}


def company(**settings: Any) -> Study:
    """Six leads: two handed over after 2 and 5 hours, one before it was qualified, one closed before, one still waiting, one never qualified."""
    leads = [
        lead("quick", handed="2026-01-05 12:30"),
        lead("slow", handed="2026-01-05 15:59"),
        lead("first", handed="2026-01-04"),
        lead("closed", handed=None),
        lead("waits", handed=None),
        lead("skipped", handed="2026-01-05 12:30"),
    ]
    events = [entry(name, "mql", "2026-01-05 10:30") for name in ("quick", "slow", "first", "closed", "waits")]
    events += [entry("quick", "mql", "2026-02-01"), entry("closed", "lost", "2026-01-06"), entry("skipped", "lead", "2026-01-01")]
    touches = [touch("quick", "2026-01-05 13:00"), touch("slow", "2026-01-09 16:00"), touch("first", "2026-01-05 09:30")]
    return study(
        "2026Q1",
        cohort="4q",
        as_of="2026-04-01",
        config=Config(**({"min_n": 1} | settings)),
        leads=leads,
        stage_events=events,
        touches=touches,
    )


def test_both_delays_by_hand() -> None:
    told = delays(company()).set_index("made_by")
    system, people = told.loc["system"], told.loc["people"]
    assert (system["leads"], system["ended"], system["closed_share"]) == (5, 3, pytest.approx(1 / 5))
    assert (system["median_hours"], people["median_hours"]) == (5, 33)  # first waited none, quick 2, slow 5; people: 0, 33 and 96 of four
    assert (people["leads"], people["ended"]) == (4, 3)
    row = assignment_delay(company()).iloc[0]
    assert (row["value"], row["unit"], row["n"], row["events"]) == (5, "hours", 5, 3)
    assert people["median_hours"] == speed_to_lead(company())["value"].iloc[0]


def test_closed_and_waiting_leads_make_the_delay_longer_never_shorter() -> None:
    told = assignment_delay(company(min_n=6)).iloc[0]
    assert told["reason"].startswith("not enough data: only 5 leads were followed at age 0 hours; 6 are needed")
    stages = [{"name": name, "owner": "sales"} for name in ("lead", "mql", "sal")]
    stages += [{"name": name, "owner": "sales", "terminal": True} for name in ("won", "lost")]
    own = company(stages=stages)
    assert assignment_delay(own)["reason"].tolist() == ["no stage comes before the handover, so no lead waits to be handed over"]
    assert delays(own)["made_by"].tolist() == ["people"]


def test_the_agreed_hours_are_working_hours_where_configured() -> None:
    """Monday 12:30 to Friday 16:00 is 4.5 hours of Monday, 24 of the next three days and 7 of Friday."""
    made = company(business_hours={"days": ["mon", "tue", "wed", "thu", "fri"]}, sla_hours=8)
    told = delays(made).set_index("made_by")
    assert told.loc["system", "median_hours"] == 5  # 10:30 to 15:59 is all of it work
    assert speed_to_lead(made)["upper"].isna().all() or speed_to_lead(made)["value"].iloc[0] == 0
    assert sla(made)["events"].iloc[0] == 2  # first: Sunday to Monday 9:30 is half an hour of work; quick: half an hour
    assert sla(company(sla_hours=8))["events"].iloc[0] == 1


def seconds_by_hand(start: datetime, end: datetime, hours: BusinessHours, zone: str) -> int:
    """Working seconds between two UTC instants, minute by minute of the wall clock."""
    total, at = 0, start
    while at < end:
        wall = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        inside = hours.begins_at <= wall.hour * 3600 + wall.minute * 60 < hours.ends_at
        total += 60 * (inside and ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[wall.weekday()] in hours.days)
        at += timedelta(minutes=1)
    return total


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Asia/Kolkata", "UTC"])
def test_working_time_is_that_of_the_wall_clock(zone: str) -> None:
    """Random instants around both changes of the clocks, against a count of minutes."""
    rng = np.random.default_rng(1)
    hours = BusinessHours(days=("mon", "thu", "fri", "sat", "sun"), begins="05:30", ends="18:15")
    base = [datetime(2026, 3, 5), datetime(2026, 3, 26), datetime(2026, 10, 22)]
    pairs = []
    for first in base:
        minutes = np.sort(rng.integers(0, 60 * 24 * 6, (4, 2)), axis=1)
        pairs += [(first + timedelta(minutes=int(low)), first + timedelta(minutes=int(high))) for low, high in minutes]
    changes = offset_changes(zone, datetime(2026, 1, 1), datetime(2026, 12, 1))
    frame = ibis.memtable(pd.DataFrame(pairs, columns=["start", "end"]).astype("datetime64[us]"))
    spent = frame.select(spent=worked(frame.end, hours, changes) - worked(frame.start, hours, changes))
    told = (ibis.duckdb.connect().to_pyarrow(spent).to_pandas()["spent"] // 1_000_000).tolist()
    assert told == [seconds_by_hand(start, end, hours, zone) for start, end in pairs]


def test_changes_of_the_clock_to_the_second() -> None:
    told = offset_changes(BERLIN, datetime(2026, 1, 1), datetime(2026, 12, 1))
    assert told == (
        (datetime(2026, 1, 1), 3600),
        (datetime(2026, 3, 29, 1), 7200),
        (datetime(2026, 10, 25, 1), 3600),
    )
    assert offset_changes("UTC", datetime(2000, 1, 1), datetime(2026, 1, 1)) == ((datetime(2000, 1, 1), 0),)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"days": ["mon", "mon"]}, "business_hours: business_hours: a day stands twice (given: {'days': ['mon', 'mon']})"),
        (
            {"begins": "17:00", "ends": "09:00"},
            "business_hours: business_hours: work ends after it begins, not at 09:00 after 17:00 (given: {'begins': '17:00', 'ends': '09:00'})",
        ),
        ({"begins": "9"}, "business_hours.begins: String should match pattern '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$' (given: '9')"),
    ],
)
def test_hours_that_cannot_be_are_refused(given: dict[str, Any], rule: str) -> None:
    with pytest.raises(UsageError) as refused:
        config_from({"business_hours": given}, origin="alignment.toml")
    assert str(refused.value) == f"the configuration alignment.toml cannot be used. {rule}."


def test_words_say_which_wait_is_longer_and_which_hours_count() -> None:
    row = {"made_by": "system", "median_hours": 2.0, "lower_hours": 1.0, "upper_hours": 2.0, "p90_hours": 6.0}
    frame = pd.DataFrame(
        [row, row | {"made_by": "people", "median_hours": 3.0, "lower_hours": 3.0, "upper_hours": 4.0, "p90_hours": np.nan}]
    )
    assert delay_sentences(frame, config=Config()) == [
        "Half of the leads qualified in the quarter are handed over to sales within 2 hours (1 to 2), nine in ten within 6.",
        "Half of the leads handed over in the quarter are touched by a person of sales within 3 hours (3 to 4).",
        "The longer wait is for a person, not for the system.",
    ]
    turned = frame.assign(made_by=["people", "system"])
    assert delay_sentences(turned, config=Config())[-1] == "The longer wait is for the system, before anyone in sales can know of the lead."
    same = pd.DataFrame([row, row | {"made_by": "people"}])
    assert delay_sentences(same, config=Config())[-1] == "Neither wait is longer than the other by more than chance explains."
    hours = Config(business_hours=BusinessHours(days=("mon", "tue"), ends="24:00"), time_zone=BERLIN)
    assert clock_sentences(hours) == [
        "Hours here are working hours: 09:00 to 24:00 on Monday, Tuesday, in Europe/Berlin; all other time is left out."
    ]


@cache
def sample() -> Study:
    return open_study(str(SAMPLE), quarter="2026Q3")


def test_the_slow_handoff_of_the_sample_is_people_s_and_not_the_system_s() -> None:
    """The planted truth: in one region people take long; leads are assigned as fast there as elsewhere."""
    told = delays(sample(), by="region").set_index(["made_by", "segment"])["median_hours"]
    assert told["people"].idxmax() == "Nordics"
    assert told["people"].max() > 5 * told["people"].drop("Nordics").max()
    assert told["system"].max() <= told["system"].min() + 1
    figures = handoff_kpis(sample())
    mine = figures[(figures["kpi"] == "assignment_delay_median") & (figures["slice"] == "all")].iloc[0]
    assert mine["lower"] <= mine["value"] <= mine["upper"]
    assert mine["previous"] > 0

"""Sentences: made of the numbers of a frame, unsure where the interval is, and plain about what cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.velocity import words

NAN = np.nan


@pytest.mark.parametrize(
    ("value", "say", "expected"),
    [
        (1.0, words.days_words, "1 day"),
        (30.0, words.days_words, "30 days"),
        (56.87, words.days_words, "56.9 days"),
        (10881.4, words.money, "10,881"),
        (-0.0749, words.points, "-7.5 points"),
        (10.46, words.signed_days, "+10.5 days"),
    ],
)
def test_numbers_in_words(value, say, expected):
    assert say(value) == expected


def test_a_unit_stands_once_and_no_interval_leaves_no_brackets():
    row = {"v": 3.0, "l": 1.0, "u": NAN}
    assert words.with_limits(row, "v", "l", "u", words.days_words) == "3 days"
    assert words.with_limits(row | {"u": 4.0}, "v", "l", "u", words.days_words) == "3 days (1 to 4)"


def test_headlines_stand_beside_the_quarter_before():
    columns = ["kpi", "slice", "value", "lower", "upper", "unit", "previous", "reason"]
    rows = [
        ("cycle_mean", "all", 57.0, 53.0, 61.0, "days", 58.0, None),
        ("cycle_mean", "source", 1.0, 1.0, 1.0, "days", 1.0, None),
        ("sales_velocity", "all", NAN, NAN, NAN, "EUR per day", NAN, "no deals table"),
    ]
    assert words.headline_sentences(pd.DataFrame(rows, columns=columns)) == [
        "Mean cycle of won leads: 57 days (53 to 61); a quarter earlier 58 days.",
        "Sales velocity cannot be told: no deals table.",
    ]


def stage_rates(**columns):
    frame = pd.DataFrame({"stage": ["(all)", "lead", "sql"], "lower_rate": NAN, "upper_rate": NAN} | columns)
    return frame.assign(stale_lost_rate=frame["conversion_rate"] + 0.01)


def test_conversion_names_the_lowest_and_the_highest_stage():
    assert words.conversion_sentences(stage_rates(conversion_rate=[0.5, 0.7, 0.3])) == [
        "Fewest move on from sql: 30 %.",
        "Most move on from lead: 70 %.",
        "Counting silent leads as lost moves no stage by more than 1.0 points.",
    ]
    assert words.conversion_sentences(stage_rates(conversion_rate=[NAN, NAN, NAN])) == [
        "No stage has been watched long enough to tell how many move on."
    ]


def test_times_say_which_stages_cannot_be_told():
    columns = ["stage", "median_days", "lower_days", "upper_days", "p90_days", "naive_mean_days", "stale_lost_median_days", "reason"]
    rows = [("(all)", 9.0, 8.0, 9.0, NAN, 7.0, 9.0, None), ("lead", 30.0, 28.0, 32.0, 87.0, 39.6, 28.0, None)]
    rows += [("sql", NAN, NAN, NAN, NAN, 3.0, NAN, "more than half are still in the stage")]
    assert words.time_sentences(pd.DataFrame(rows, columns=columns)) == [
        "Leads stay longest in lead: half of them leave within 30 days (28 to 32), nine in ten within 87 days.",
        "The naive mean of finished visits there is 39.6 days; it leaves out those who are still waiting.",
        "Counting silent leads as lost moves no median by more than 2 days.",
        "sql: more than half are still in the stage.",
    ]


def test_time_to_advance():
    columns = ["stage", "horizon_days", "median_days", "lower_days", "upper_days"]
    frame = pd.DataFrame([("(all)", 300, 1.0, 1.0, 1.0), ("lead", 300, 2.0, 1.0, 3.0), ("sql", None, NAN, NAN, NAN)], columns=columns)
    assert words.advance_sentences(frame) == ["Among those who advance from lead within 300 days, half do so within 2 days (1 to 3)."]
    assert words.advance_sentences(frame.iloc[2:]) == ["In no stage did enough leads move on to tell how long they take."]


def test_cycle_prints_its_horizon():
    columns = ["segment", "horizon_days", "mean_days", "lower_days", "upper_days", "naive_mean_days", "reason"]
    rows = [("(all)", 365, 57.0, 53.0, 61.0, 50.0, None), ("a", 365, 40.0, NAN, NAN, 1.0, None), ("b", 365, 90.0, 80.0, 99.0, 1.0, None)]
    frame = pd.DataFrame([*rows, ("c", None, NAN, NAN, NAN, NAN, "not enough data")], columns=columns)
    assert words.cycle_sentences(frame) == [
        "The mean cycle from creation to won is 57 days (53 to 61), among those who win within 365 days of creation.",
        "The naive mean of the won is 50 days.",
        "Fastest is a, 40 days; slowest b, 90 days (80 to 99).",
        "Segments whose cycle cannot be told: 1.",
    ]
    assert words.cycle_sentences(frame.iloc[3:], start="opportunity") == ["The cycle from opportunity cannot be told: not enough data."]


@pytest.mark.parametrize(
    ("bookings", "said"),
    [
        (950.0, "which the interval allows for"),
        (500.0, "clearly less than that: the quarter was not like the window that value and pace are estimated in"),
        (1500.0, "clearly more than that: the quarter was not like the window that value and pace are estimated in"),
    ],
)
def test_velocity_against_bookings(bookings, said):
    row = {"segment": "(all)", "horizon_days": 365, "mean_open": 10.0, "value_per_opportunity": 4000.0, "mean_days_open": 40.0}
    row |= {"velocity": 1000.0, "lower": 900.0, "upper": 1100.0, "bookings_per_day": bookings, "classic_naive": 700.0}
    told = words.velocity_sentences(pd.DataFrame([row]), currency="EUR")
    assert told == [
        "Open opportunities turn into 1,000 (900 to 1,100) EUR a day: 10.0 open opportunities younger than 365 days, each worth 4,000 EUR,"
        " open for 40 days on average.",
        f"Bookings of the quarter were {bookings:,.0f} EUR a day, {said}.",
        "The classic formula (naive) says 700 EUR a day.",
    ]


def test_velocity_without_deals():
    frame = pd.DataFrame([{"velocity": NAN, "reason": "no deals table"}])
    assert words.velocity_sentences(frame, currency="EUR") == [
        "How much money the open opportunities turn into per day cannot be answered: no deals table."
    ]


def stages(**columns):
    base = {"stage": ["lead", "sql"], "visits": [0, 0], "lead_days": [300.0, 100.0], "waiting": [12, 3], "value_waiting": [NAN, 5000.0]}
    base |= {"losses_per_100_lead_days": [1.0, 2.0], "lower": [0.5, 1.5], "upper": [1.5, 2.5], "little_ratio": [1.0, 1.1]}
    return pd.DataFrame(base | columns)


def test_bottleneck_sentences():
    assert words.bottleneck_sentences(stages(), currency="EUR") == [
        "Leads wait most in lead: 75 % of all lead-days, 12 leads at the quarter's end.",
        "Most money waits in sql: 5,000 EUR expected.",
        "Losses come fastest in sql: 2.00 (1.50 to 2.50) per hundred lead-days.",
        "Arrivals and stays account for the leads in each stage to within 25 % (Little's law).",
    ]


def test_bottleneck_says_what_is_missing_and_what_is_out_of_balance():
    told = words.bottleneck_sentences(stages(value_waiting=NAN, little_ratio=[1.0, 1.4]), currency="EUR")
    assert "How much money waits cannot be told: it needs deals and enough leads." in told
    assert told[-1] == (
        "Out of balance by Little's law (number in the stage over arrivals × days): sql 1.40; arrivals or stays changed during the quarter."
    )
    assert words.bottleneck_sentences(stages(lead_days=0.0), currency="EUR") == ["No lead was in a stage during the quarter."]
    told = words.bottleneck_sentences(stages(lead_days=0.0, visits=23), currency="EUR")
    assert told == ["Every lead left its stage on the day it entered it."]


EFFECTS = pd.DataFrame(
    [
        ("won_share", 89, 0.037, 0.112, -0.075, -0.102, -0.048, None),
        ("cycle_days", 89, 49.6, 39.1, 10.5, -6.9, 27.9, None),
        ("cycle_days", 89, NAN, NAN, NAN, NAN, NAN, "nobody was won in one of the two"),
    ],
    columns=["measure", "horizon_days", "now", "before", "difference", "lower", "upper", "reason"],
)


@pytest.mark.parametrize(("p", "said"), [(0.0001, "differs from"), (0.3, "cannot be told apart from")])
def test_change_is_worded_by_its_uncertainty(p, said):
    told = words.change_sentences(pd.DataFrame([{"days": 91, "p_value": p}]), EFFECTS)
    shown = "p below 0.001" if p < 0.001 else "p 0.300"
    assert told == [
        f"Up to day 91 of their age the win hazard of this quarter's leads {said} that of the four quarters before ({shown}).",
        "Share won by day 89: 3.7 % against 11 %, a difference of -7.5 points (-10.2 to -4.8).",
        "Mean cycle by day 89: 49.6 days against 39.1 days, a difference of +10.5 days (-6.9 to +27.9), which may be chance.",
        "Mean cycle: nobody was won in one of the two.",
    ]


def test_no_test_no_claim():
    assert words.change_sentences(pd.DataFrame([{"days": 0, "p_value": NAN, "reason": "not enough data"}]), EFFECTS) == [
        "Whether winning changed against the four quarters before is not known: not enough data."
    ]


def test_paths_in_words():
    frame = pd.DataFrame([{"stage": "lead", "visits": 10, "advanced": 6, "skipped": 2, "back": 1, "backfilled": 3, "skipped_share": 1 / 3}])
    assert words.path_sentences(frame) == [
        "2 of 6 advances skipped a stage; 1 of 10 visits ended by moving back.",
        "3 back-filled stamps are left out of times and conversions.",
    ]
    assert words.path_sentences(frame.assign(visits=0)) == ["No visit to a stage was recorded."]


def test_a_late_history_is_said_out_loud() -> None:
    from dataclasses import replace
    from datetime import date

    from tests.worlds import study

    whole = study("2020Q1", as_of="2020-04-01", leads=[{"lead_id": "a", "created_at": "2020-01-01"}], stage_events=[])
    late = replace(whole, crm=replace(whole.crm, config=whole.config.model_copy(update={"observed_from": {"leads": date(2017, 3, 1)}})))
    first = "Nothing is compared with the quarter before: the records begin on 2020-01-01, after 2019Q4."
    assert words.history_sentences(whole) == [first]
    assert [sentence for sentence in words.history_sentences(late) if sentence != first] == [
        "Records begin on 2017-03-01: what started earlier comes under observation at the age it had that day, so that early ends do not count."
    ]

"""Decision tables of the definitions: when a spell is paid, open, bridged, a churn, provisional, a late entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment_toolkit.config import Config
from alignment_toolkit.customers import (
    FOREVER,
    acquiring_leads,
    customers,
    day_number,
    hidden_from,
    life_journeys,
    life_rows,
    lives,
    paid_spells,
    stretches,
    subscription_rows,
)
from tests.worlds import study

LEAD = {"lead_id": "L1", "created_at": "2024-01-01", "source": "Webinar", "persona": "IT", "campaign_id": "C1", "score": 50}


def spell(customer="a", start="2024-02-01", end=None, mrr=100.0, **more):
    return {"customer_id": customer, "started_on": start, "ended_on": end, "mrr": mrr, **more}


def world(*spells, as_of="2025-01-01", config=None, cohort="all", quarter="2024Q4", **tables):
    numbered = [{"subscription_id": f"s{at}", **row} for at, row in enumerate(spells)]
    return study(quarter, as_of=as_of, config=config, cohort=cohort, **{"leads": [LEAD], "subscriptions": numbered, **tables})


def frame(table, *keys):
    return table.to_pandas().sort_values(list(keys), ignore_index=True)


def each(**rows):
    """One customer per case, named after it."""
    return [{**row, "customer_id": name} for name, row in rows.items()]


def test_a_spell_is_paid_when_it_is_no_trial_costs_something_and_serves_a_day():
    cases = each(
        one_cent=spell(mrr=0.01),
        zero=spell(mrr=0.0),
        negative=spell(mrr=-5.0),
        no_whole_cent=spell(mrr=0.004),
        trial=spell(is_trial=True),
        no_trial=spell(is_trial=False),
        trial_unknown=spell(is_trial=None),
        one_day=spell(end="2024-02-02"),
        no_day=spell(end="2024-02-01"),
        reversed=spell(end="2024-01-31"),
    )
    paid = frame(paid_spells(world(*cases).crm), "customer_id")["customer_id"].tolist()
    assert paid == ["no_trial", "one_cent", "one_day", "trial_unknown"]


def test_an_end_counts_from_the_day_on_which_it_is_visible():
    cases = each(none=spell(), before=spell(end="2024-12-31"), at=spell(end="2025-01-01"), after=spell(end="2025-06-01"))
    found = subscription_rows(world(*cases).crm).to_pandas().set_index("customer_id")["end"]
    assert found.to_dict() == {"none": FOREVER, "before": day_number(date(2024, 12, 31)), "at": FOREVER, "after": FOREVER}


def test_a_sentinel_end_is_open():
    crm = world(spell()).crm
    sentinel = crm.tables["subscriptions"].mutate(ended_on=ibis.date("9999-12-31"))
    assert subscription_rows(replace(crm, tables=crm.tables | {"subscriptions": sentinel})).end.execute().tolist() == [FOREVER]


def test_a_spell_is_visible_from_its_first_day():
    cases = each(before=spell(start="2024-12-31"), at=spell(start="2025-01-01"), after=spell(start="2025-01-02"))
    assert subscription_rows(world(*cases).crm).customer_id.execute().tolist() == ["before"]


def test_the_first_hidden_day_is_a_local_day():
    berlin = Config(time_zone="Europe/Berlin")
    late = world(spell(), as_of="2024-12-31T23:00:00", config=berlin)
    assert hidden_from(late.crm) == day_number(date(2025, 1, 1))
    assert hidden_from(world(spell(), as_of="2024-12-31T22:59:00", config=berlin).crm) == day_number(date(2024, 12, 31))


def test_revenue_is_in_whole_cents_at_the_last_rate_before_as_of():
    rates = [
        {"currency": "USD", "valid_on": "2024-01-01", "rate_to_reporting": 0.5},
        {"currency": "USD", "valid_on": "2024-07-01", "rate_to_reporting": 0.9},
        {"currency": "USD", "valid_on": "2025-01-01", "rate_to_reporting": 2.0},
    ]
    spells = [spell("a", currency="USD"), spell("b", currency="EUR"), spell("c", mrr=33.335, currency=None)]
    cents = frame(subscription_rows(world(*spells, exchange_rates=rates).crm), "customer_id")["cents"].tolist()
    assert cents[:2] == [9_000, 10_000]
    assert cents[2] in {3333, 3334}


def test_an_absence_of_more_than_gap_days_ends_a_life():
    back_on = {"same_day": "2024-03-01", "after_30": "2024-03-31", "after_31": "2024-04-01", "much_later": "2024-06-01"}
    first = each(**dict.fromkeys(back_on, spell(end="2024-03-01")))
    second = each(**{name: spell(start=start) for name, start in back_on.items()})
    found = lives(world(*first, *second).crm).to_pandas().set_index("customer_id")
    assert found["n_lives"].to_dict() == {"same_day": 1, "after_30": 1, "after_31": 2, "much_later": 2}
    assert found["end"].eq(FOREVER).to_dict() == {"same_day": True, "after_30": True, "after_31": False, "much_later": False}
    assert found["end"]["after_31"] == day_number(date(2024, 3, 1))


def test_a_long_spell_covers_shorter_ones_inside_it():
    inside = (spell(end="2024-08-01"), spell(start="2024-02-10", end="2024-02-20"), spell(start="2024-08-15", end="2024-09-01"))
    found = frame(lives(world(*inside).crm), "customer_id")
    assert found[["start", "end", "n_lives"]].to_numpy().tolist() == [[day_number(date(2024, 2, 1)), day_number(date(2024, 9, 1)), 1]]


def test_a_trial_neither_starts_nor_prolongs_a_life():
    spells = (spell(start="2024-01-01", end="2024-02-01", is_trial=True), spell(end="2024-03-01"), spell(start="2024-03-01", mrr=0.0))
    found = frame(lives(world(*spells).crm), "customer_id")
    assert found[["start", "end"]].to_numpy().tolist() == [[day_number(date(2024, 2, 1)), day_number(date(2024, 3, 1))]]


intervals = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), min_size=1, max_size=8)


@given(intervals, st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_stretches_are_the_days_served_with_short_gaps_filled(spells, gap):
    rows = pd.DataFrame([("a", start, start + length) for start, length in spells], columns=["customer_id", "start", "end"])
    table = ibis.duckdb.connect().create_table("spells", rows)
    found = stretches(table, gap_days=gap).to_pandas().sort_values("stretch")
    assert list(zip(found["start"], found["end"], strict=True)) == by_days(spells, gap)


def by_days(spells, gap):
    """The same by marking days: an independent way to the stretches."""
    served = sorted({day for start, length in spells for day in range(start, start + length)})
    ends = [[served[0], served[0] + 1]]
    for day in served[1:]:
        if day - ends[-1][1] > gap:
            ends.append([day, day])
        ends[-1][1] = day + 1
    return [tuple(pair) for pair in ends]


def test_a_customer_comes_from_the_lead_of_the_earliest_row_that_names_one():
    leads = [LEAD, LEAD | {"lead_id": "L2", "source": "Event"}, LEAD | {"lead_id": "L3", "source": " ", "persona": None}]
    spells = [
        spell("a", start="2024-01-20", lead_id=None),
        spell("a", start="2024-02-01", lead_id="L2", is_trial=True),
        spell("a", start="2024-03-01", lead_id="L1"),
        spell("b", lead_id="L2"),
        spell("b", lead_id="L1"),
        spell("c", lead_id="L3"),
        spell("d", lead_id="nobody"),
        spell("e"),
    ]
    company = world(*spells, leads=leads)
    assert frame(acquiring_leads(company.crm), "customer_id")["lead_id"].tolist() == ["L2", "L1", "L3", "nobody"]
    found = frame(customers(company.crm), "customer_id")
    assert found["source"].tolist() == ["Event", "Webinar", "(missing)", "(missing)", "(missing)"]
    assert found["persona"].tolist() == ["IT", "IT", "(missing)", "(missing)", "(missing)"]
    assert len(found) == 5  # no fan-out


def test_a_merged_lead_gives_its_survivors_source():
    leads = [LEAD, LEAD | {"lead_id": "L2", "source": "Event"}]
    merges = [{"table": "leads", "lost_id": "L2", "survivor_id": "L1", "merged_at": "2024-06-01"}]
    found = customers(world(spell(lead_id="L2"), leads=leads, merges=merges).crm).to_pandas()
    assert found["source"].tolist() == ["Webinar"]


def test_cycle_bands_at_their_edges():
    starts = {"before": "2023-12-01", "day_30": "2024-01-31", "day_31": "2024-02-01", "day_180": "2024-06-29", "day_181": "2024-06-30"}
    cases = each(**{name: spell(start=start, lead_id="L1") for name, start in starts.items()}, unknown=spell())
    found = customers(world(*cases).crm).to_pandas().set_index("customer_id")["cycle"]
    expected = ["0-30 days", "0-30 days", "31-90 days", "91-180 days", "over 180 days", "(missing)"]
    assert found.to_dict() == dict(zip([*starts, "unknown"], expected, strict=True))


def test_customers_belong_to_the_fiscal_quarter_of_their_first_paid_day():
    starts = {"last_day": "2024-03-31", "first_day": "2024-04-01"}
    cases = each(**{name: spell(start=start) for name, start in starts.items()})
    calendar = customers(world(*cases).crm).to_pandas().set_index("customer_id")["cohort_quarter"]
    assert calendar.to_dict() == {"last_day": "2024Q1", "first_day": "2024Q2"}
    fiscal = customers(world(*cases, config=Config(fiscal_year_start_month=2)).crm).to_pandas().set_index("customer_id")["cohort_quarter"]
    assert fiscal.to_dict() == {"last_day": "2025Q1", "first_day": "2025Q1"}


def test_quality_tiers_are_thirds_of_the_score_with_ties_together():
    leads = [LEAD | {"lead_id": f"L{at}", "score": score} for at, score in enumerate([10, 10, 20, 30, None])]
    spells = [spell(f"c{at}", lead_id=f"L{at}") for at in range(5)]
    found = frame(customers(world(*spells, leads=leads).crm), "customer_id")["quality"].tolist()
    assert found == ["low score", "low score", "high score", "high score", "(missing)"]


def test_a_churn_counts_once_its_gap_has_passed():
    ends = {"absent_32": "2024-11-30", "absent_31": "2024-12-01", "absent_30": "2024-12-02", "yesterday": "2024-12-31", "never": None}
    found = life_journeys(world(*each(**{name: spell(end=end) for name, end in ends.items()}))).to_pandas().set_index("customer_id")
    assert found["exit_move"].to_dict() == {
        "absent_32": "event",
        "absent_31": "event",  # above the gap of 30
        "absent_30": "censor",  # provisional: observation had ended the day before
        "yesterday": "censor",
        "never": "censor",
    }
    assert found["exit"].to_dict() == {"absent_32": 303, "absent_31": 304, "absent_30": 304, "yesterday": 304, "never": 304}
    assert set(found["last_index"]) == {304}
    assert set(found["entry"]) == {0}


def test_a_customer_without_one_whole_day_before_the_gap_is_not_at_risk():
    assert life_journeys(world(spell(start="2024-12-01"))).count().execute() == 1
    assert life_journeys(world(spell(start="2024-12-02"))).count().execute() == 0


def test_customers_enter_late_at_the_age_at_which_records_begin_or_the_window_opens():
    recorded = Config(observed_from={"subscriptions": "2024-03-02"})
    assert life_journeys(world(spell(), config=recorded)).entry.execute().tolist() == [30]
    assert life_journeys(world(spell(start="2024-03-02"), config=recorded)).entry.execute().tolist() == [0]
    assert life_journeys(world(spell(end="2024-03-01"), config=recorded)).count().execute() == 0  # gone before
    quarter = world(spell(), cohort="1q")
    assert life_journeys(quarter).entry.execute().tolist() == [(date(2024, 10, 1) - date(2024, 2, 1)).days]


def test_customers_who_start_after_the_report_quarter_are_left_out():
    later = world(spell("a", start="2024-12-31"), spell("b", start="2025-01-01"), as_of="2025-06-01", cohort="4q")
    assert life_journeys(later).customer_id.execute().tolist() == ["a"]


def test_cox_rows_are_those_whose_start_is_on_record():
    recorded = Config(observed_from={"subscriptions": "2024-03-01"})
    spells = [spell("a"), spell("b", start="2024-03-01", end="2024-03-11"), spell("c", start="2024-03-01")]
    found = frame(life_rows(world(*spells, config=recorded)), "customer_id")
    assert found[["customer_id", "days", "event"]].to_numpy().tolist() == [["b", 10, 1], ["c", 275, 0]]

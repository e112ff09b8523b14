"""Figures of churn against hand counts, naive loops, lifelines, the planted sample and RavenStack."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from alignment_toolkit import churn
from alignment_toolkit.charts.churn import cohort_triangle_chart
from alignment_toolkit.charts.style import description
from alignment_toolkit.churn.lifetimes import lifetime_kpis
from alignment_toolkit.churn.recorded import starts_recorded_until
from alignment_toolkit.churn.revenue import retained_share, revenue_kpis
from alignment_toolkit.churn.spending import acquisition_costs
from alignment_toolkit.config import Config
from alignment_toolkit.figures import COLUMNS
from tests.conftest import SAMPLE, shared_data
from tests.sample import sample_study
from tests.test_customers import LEAD, spell, world
from tests.worlds import study

ONE = Config(min_n=1)


def only(figures, kpi, segment="(all)"):
    [row] = figures[(figures["kpi"] == kpi) & (figures["segment"] == segment)].to_dict("records")
    return row


# a grew, b shrank, c left, d is a trial, e is new, f left and came back within the quarter
QUARTER = (
    spell("a", end="2024-11-01"),
    spell("a", start="2024-11-01", mrr=150.0),
    spell("b", mrr=200.0, end="2024-12-31"),
    spell("b", start="2024-12-31", mrr=120.0),
    spell("c", mrr=50.0, end="2024-12-31", lead_id="L1"),
    spell("d", is_trial=True),
    spell("e", start="2024-10-01", mrr=70.0),
    spell("f", mrr=30.0, end="2024-10-10"),
    spell("f", start="2024-12-01", mrr=30.0),
)


def test_logo_churn_and_retention_by_hand():
    found = revenue_kpis(world(*QUARTER, config=ONE))
    logo = only(found, "logo_churn")
    assert (logo["value"], logo["n"], logo["events"]) == (1 / 4, 4, 1)
    assert (logo["lower"], logo["upper"]) == pytest.approx((0.0456, 0.6994), abs=1e-4)  # Wilson for 1 of 4
    assert only(found, "gross_revenue_retention")["value"] == pytest.approx((100 + 120 + 0 + 30) / 380)
    assert only(found, "net_revenue_retention")["value"] == pytest.approx((150 + 120 + 0 + 30) / 380)


def test_retention_is_sliced_by_the_acquiring_lead():
    found = revenue_kpis(world(*QUARTER, config=ONE), by="source")
    assert only(found, "logo_churn", "Webinar")["value"] == 1
    assert only(found, "logo_churn", "(missing)")["value"] == 0
    assert found.groupby("kpi")["n"].sum().to_dict() == {"logo_churn": 4, "gross_revenue_retention": 4, "net_revenue_retention": 4}


def test_the_boundary_days_of_a_quarter():
    cases = (
        spell("ends_on_the_first", end="2024-10-01"),  # last served on the day before: active at the start
        spell("ended_before", end="2024-09-30"),
        spell("starts_on_the_first", start="2024-10-01"),
        spell("ends_on_the_last", end="2024-12-31"),
        spell("ends_after", end="2025-01-01"),
    )
    logo = only(revenue_kpis(world(*cases, config=ONE)), "logo_churn")
    assert (logo["n"], logo["events"]) == (3, 2)


def test_a_quarter_that_is_still_running_ends_on_the_last_visible_day():
    logo = only(revenue_kpis(world(*QUARTER, config=ONE, as_of="2024-11-15")), "logo_churn")
    assert (logo["n"], logo["events"]) == (4, 1)  # only f is away on the 14th of November


def test_too_few_customers_and_missing_history_are_null_with_a_reason():
    few = only(revenue_kpis(world(*QUARTER)), "logo_churn")
    assert (few["n"], few["events"], few["reason"]) == (4, 1, "not enough data")
    assert np.isnan([few["value"], few["lower"], few["upper"]]).all()
    late = Config(min_n=1, observed_from={"subscriptions": "2024-10-01"})
    assert only(revenue_kpis(world(*QUARTER, config=late)), "logo_churn")["reason"] == "subscriptions are on record only from 2024-10-01"
    just = Config(min_n=1, observed_from={"subscriptions": "2024-09-30"})
    assert only(revenue_kpis(world(*QUARTER, config=just)), "logo_churn")["reason"] is None


def test_retained_share_is_a_delete_a_bucket_jackknife():
    kept, start = np.array([90.0, 40.0, 100.0]), np.array([100.0, 80.0, 100.0])
    found = retained_share(kept, start)
    left_out = np.array([(kept.sum() - kept[at]) / (start.sum() - start[at]) for at in range(3)])
    error = np.sqrt(2 / 3 * ((left_out - left_out.mean()) ** 2).sum())
    assert float(found.value) == pytest.approx(230 / 280)
    assert float(found.standard_error) == pytest.approx(error)
    assert found.lower < found.value < found.upper


def test_gross_retention_without_any_loss_keeps_an_interval():
    found = only(revenue_kpis(world(*(spell(f"c{at}") for at in range(30)))), "gross_revenue_retention")
    assert found["value"] == 1
    assert found["lower"] == pytest.approx(30 / (30 + 1.959964**2))  # Wilson for 30 of 30
    assert found["upper"] == 1


def test_all_kpis_have_their_columns_and_the_quarter_before():
    found = churn.churn_kpis(world(*QUARTER, config=ONE))
    assert tuple(found.columns) == COLUMNS
    assert set(found["slice"]) == {"all", "source", "persona"}
    earlier = revenue_kpis(world(*QUARTER, config=ONE, as_of="2024-10-01", quarter="2024Q3"))
    assert only(found, "logo_churn")["previous"] == only(earlier, "logo_churn")["value"] == 0


def test_without_subscriptions_every_figure_says_so():
    company = world()
    del company.crm.tables["subscriptions"]
    found = churn.churn_kpis(company)
    assert found["value"].isna().all()
    assert set(found["reason"]) == {"no subscriptions table"}
    assert found["kpi"].tolist() == ["logo_churn", "gross_revenue_retention", "net_revenue_retention", "retention_365d", "early_churn_90d"]
    empty = [
        churn.mrr_bridge(company),
        churn.retention_curves(company),
        churn.at_risk_table(churn.retention_curves(company)),
        churn.retention_summary(company),
        churn.retention_test(company),
        churn.hazard_ratios(company),
        churn.cohort_triangle(company),
        churn.triangle_table(churn.cohort_triangle(company)),
        churn.early_churn(company),
        churn.lifetime_value(company),
        churn.churned_by_source_of_truth(company),
        churn.customer_standing(company),
    ]
    assert [len(part) for part in empty] == [0] * len(empty)
    because = "no subscriptions table"
    assert churn.why_unknown(company) == because
    assert churn.early_churn_sentences(empty[8], study=company) == [f"Whose customers leave early cannot be told: {because}."]
    assert churn.bridge_sentences(empty[0], currency="EUR", study=company) == [f"How recurring revenue moved cannot be told: {because}."]
    assert churn.standing_sentences(empty[11], gap_days=30) == [f"Where customers stand cannot be told: {because}."]
    told = churn.what_to_do(early=empty[8], bridge=empty[0], records=empty[10], study=company)
    assert told == [f"What to do cannot be said: {because}."]


def test_without_a_paying_customer_the_reason_is_that():
    company = world(spell("a", is_trial=True))
    assert churn.why_unknown(company) == "no paying customer is on record"
    early = churn.early_churn(company)
    assert churn.early_churn_sentences(early, study=company) == [
        "Whose customers leave early cannot be told: no paying customer is on record."
    ]


def test_new_customers_that_are_recorded_only_up_to_a_day_are_said_and_no_advice_rests_on_them():
    """Starts every 30 days, 120 days at most without one: the last of the quarter's 92 days are missing, and the customers who left are not."""
    starts = pd.date_range("2024-01-01", "2024-10-27", freq="3D")
    gone = [spell(f"g{at}", str(day.date()), "2024-12-20", mrr=100.0) for at, day in enumerate(starts[:40])]
    kept = [spell(f"k{at}", str(day.date()), mrr=100.0) for at, day in enumerate(starts[40:])]
    company = world(*gone, *kept)
    assert starts_recorded_until(company) == date(2024, 10, 27)
    parts = {
        "early": churn.early_churn(company),
        "bridge": churn.mrr_bridge(company),
        "records": churn.churned_by_source_of_truth(company),
    }
    said = churn.bridge_sentences(parts["bridge"], currency="EUR", study=company)[1]
    assert said.startswith("New customers, on record only up to 2024-10-27, brought ")
    until = "Whether more recurring revenue was lost than won cannot be told: new customers are on record only up to 2024-10-27."
    assert churn.what_to_do(**parts, study=company) == [until]
    late = world(*gone, *kept, spell("late", "2024-12-27"))
    assert starts_recorded_until(late) is None
    advice = "Customer success: more recurring revenue was lost than won in the quarter; begin with the churn in the bridge."
    assert churn.what_to_do(**parts, study=late) == [advice]
    assert starts_recorded_until(world(*gone, *kept, as_of="2024-12-30")) is None  # the quarter is not over
    assert starts_recorded_until(world(*gone[:2])) is None  # too few days to judge


# --- the bridge


days = st.integers(0, 500)
random_spells = st.lists(
    st.tuples(
        st.sampled_from("abcd"), days, st.integers(-3, 300), st.integers(0, 50_000), st.booleans(), st.sampled_from(["EUR", "USD", "GBP"])
    ),
    min_size=1,
    max_size=14,
)
RATES = [
    {"currency": currency, "valid_on": f"2024-{month:02d}-15", "rate_to_reporting": 0.7 + month / 37}
    for currency in ("USD", "GBP")
    for month in (2, 5, 6, 11)
]


@given(random_spells)
@example([("a", 35, 300, 1665, False, "USD")])  # worth half a cent more than a whole one at every rate
@settings(max_examples=8, deadline=None)
def test_the_bridge_adds_up_to_the_cent_and_equals_a_naive_count(rows):
    first = date(2023, 11, 1)
    spells = [
        spell(name, str(first + timedelta(start)), str(first + timedelta(start + length)), cents / 100, is_trial=trial, currency=currency)
        for name, start, length, cents, trial, currency in rows
    ]
    company = world(*spells, exchange_rates=RATES)
    bridge = churn.mrr_bridge(company, quarters=4)
    parts = ["start", "new", "expansion", "reactivation", "contraction", "churn", "exchange_rates"]
    assert (bridge[parts].sum(axis=1) * 100).round().tolist() == (bridge["end"] * 100).round().tolist()
    for row in bridge.to_dict("records"):
        assert {name: round(row[name], 2) for name in (*parts, "end")} == naive_bridge(spells, row["quarter"])


def rate(currency, day):
    known = [row for row in RATES if row["currency"] == currency]
    valid = [row for row in known if row["valid_on"] <= str(day)] or known[:1]
    return 1.0 if currency == "EUR" else valid[-1]["rate_to_reporting"]


def whole_cents(money):
    """Whole cents, halves rounded up as in the engine; Python's own `round` takes them to the even cent."""
    return int(Decimal(money * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def naive_bridge(spells, label):
    """The same, customer by customer."""
    quarter = int(label[-1])
    before = date(2024, 3 * quarter - 2, 1) - timedelta(1)
    last = (date(2025, 1, 1) if quarter == 4 else date(2024, 3 * quarter + 1, 1)) - timedelta(1)
    paid = [s for s in spells if not s["is_trial"] and s["ended_on"] > s["started_on"] and s["mrr"] > 0]
    parts = dict.fromkeys(["start", "new", "expansion", "reactivation", "contraction", "churn", "exchange_rates", "end"], 0)
    for customer in {s["customer_id"] for s in paid}:
        own = [s for s in paid if s["customer_id"] == customer]

        def worth(day, valued_on, own=own):
            return sum(whole_cents(s["mrr"] * rate(s["currency"], valued_on)) for s in own if s["started_on"] <= str(day) < s["ended_on"])

        opening, start, end = worth(before, before), worth(before, last), worth(last, last)
        known = min(s["started_on"] for s in own) <= str(before)
        kind = (
            ("reactivation" if known else "new") if start == 0 else "churn" if end == 0 else "expansion" if end > start else "contraction"
        )
        parts[kind] += end - start
        parts["start"] += opening
        parts["end"] += end
        parts["exchange_rates"] += start - opening
    return {name: cents / 100 for name, cents in parts.items()}


def test_the_bridge_by_hand():
    bridge = churn.mrr_bridge(world(*QUARTER), quarters=1)
    [row] = bridge.to_dict("records")
    assert row | {"quarter": None} == {
        "quarter": None,
        "start": 380,
        "new": 70,
        "expansion": 50,
        "reactivation": 0,
        "contraction": -80,
        "churn": -50,
        "exchange_rates": 0,
        "end": 370,
        "n_new": 1,
        "n_expansion": 1,
        "n_reactivation": 0,
        "n_contraction": 1,
        "n_churn": 1,
    }
    assert churn.bridge_sentences(bridge, currency="EUR") == [
        "In 2024Q4 monthly recurring revenue fell from 380.00 to 370.00 EUR.",
        "New customers brought 70.00, existing ones 50.00 more, returning ones 0.00; 130.00 went by contraction and churn.",
    ]
    moved = churn.bridge_sentences(bridge.assign(exchange_rates=-1.5), currency="EUR")[1]
    assert moved.endswith("130.00 went by contraction and churn, exchange rates moved -1.50.")


def test_quarters_that_begin_before_records_are_left_out_of_the_bridge():
    late = Config(observed_from={"subscriptions": "2024-04-01"})
    assert churn.mrr_bridge(world(*QUARTER, config=late))["quarter"].tolist() == ["2024Q3", "2024Q4"]


# --- lifetimes


def lives_of(n, *, seed=5, source="Webinar"):
    """Random first lives: one spell per customer, some still open."""
    draw = np.random.default_rng(seed)
    starts = draw.integers(0, 700, n)
    lengths = np.ceil(draw.exponential(250, n)).astype(int)
    first = date(2023, 1, 1)
    return [
        spell(f"{source}{at}", str(first + timedelta(int(start))), str(first + timedelta(int(start + length))), lead_id=source)
        for at, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]


LEADS = [LEAD | {"lead_id": name, "source": name} for name in ("Webinar", "Event", "Partner")]


@pytest.mark.parametrize("begun", [None, "2023-09-01"])
def test_the_retention_curve_is_that_of_lifelines(begun):
    from lifelines import KaplanMeierFitter

    config = Config(observed_from={"subscriptions": begun} if begun else {}, min_n=1)
    spells = lives_of(150)
    curve = churn.retention_curves(world(*spells, config=config, leads=LEADS), by="source")
    observed_until = date(2025, 1, 1) - timedelta(30)
    rows = []
    for row in spells:
        start, end = date.fromisoformat(row["started_on"]), date.fromisoformat(row["ended_on"])
        entry = max(((date.fromisoformat(begun) if begun else start) - start).days, 0)
        last = min((end - start).days, (observed_until - start).days - 1)
        if last >= entry:
            rows.append((entry, last + 1, end < observed_until))  # lifelines: at risk after the entry time
    entry, duration, gone = zip(*rows, strict=True)
    oracle = KaplanMeierFitter().fit(duration, gone, entry=entry if begun else None)
    days = [30, 90, 180, 365, 540]
    expected = oracle.survival_function_at_times([day + 1 for day in days]).to_numpy()
    limits = oracle.confidence_interval_survival_function_
    np.testing.assert_allclose(curve.set_index("day").loc[days, "share"], expected, rtol=1e-12)
    at = limits.index[limits.index <= 366][-1]
    low, high = limits.loc[at]
    if begun:  # late entry: the wider of these and Wilson's on those who were there from the first day
        young = sum(first == 0 for first in entry)
        wilson = proportion_confint(young * expected[3], young, method="wilson")
        low, high = min(low, wilson[0]), max(high, wilson[1])
    np.testing.assert_allclose(curve.set_index("day").loc[365, ["lower", "upper"]].astype(float), (low, high), rtol=1e-9)


def test_the_headline_shares_are_points_of_the_curve():
    company = world(*lives_of(150), leads=LEADS)
    curve = churn.retention_curves(company, by="all").set_index("day")
    found = lifetime_kpis(company)
    year, early = only(found, "retention_365d"), only(found, "early_churn_90d")
    assert year["value"] == pytest.approx(curve.loc[365, "share"])
    assert early["value"] == pytest.approx(1 - curve.loc[90, "share"])
    assert (early["lower"], early["upper"]) == pytest.approx((1 - curve.loc[90, "upper"], 1 - curve.loc[90, "lower"]))
    assert early["events"] == curve.loc[:90, "churned"].sum()


def test_without_a_churn_early_churn_is_zero_up_to_wilson():
    found = only(lifetime_kpis(world(*(spell(f"c{at}") for at in range(40)))), "early_churn_90d")
    assert (found["value"], found["lower"], found["n"], found["events"]) == (0, 0, 40, 0)
    assert found["upper"] == pytest.approx(1.959964**2 / (40 + 1.959964**2))


def test_an_age_that_nobody_was_observed_at_makes_the_share_null():
    config = Config(min_n=1, observed_from={"subscriptions": "2024-03-02"})
    old = [spell(f"c{at}") for at in range(3)]  # all enter at 30 days of age
    reason = only(lifetime_kpis(world(*old, config=config)), "early_churn_90d")["reason"]
    assert reason.startswith("not enough data: no customer was followed at age 0 days; 1 is needed")


def test_one_young_customer_does_not_decide_for_forty_old_ones():
    old = [spell(f"c{at}", start="2023-12-01") for at in range(40)]  # under observation from an age of 31 days on
    company = world(*old, spell("young", start="2024-06-01", end="2024-06-05"), leads=LEADS, cohort="4q")
    early = only(lifetime_kpis(company), "early_churn_90d")
    assert (early["n"], early["events"], early["smallest_followed"]) == (41, 1, 1)
    assert np.isnan([early["value"], early["lower"], early["upper"]]).all()
    assert churn.retention_curves(company).empty
    assert np.isnan(churn.retention_test(company)["p"][0])
    assert churn.early_churn_sentences(churn.early_churn(company)) == ["1 of 1 segments have too few customers to tell."]
    everything = only(lifetime_kpis(world(*old, spell("young", start="2024-06-01", end="2024-06-05"), cohort="all")), "early_churn_90d")
    assert everything["value"] == pytest.approx(1 / 41)


def test_returns_do_not_lengthen_the_first_life():
    spells = [spell(f"c{at}", end="2024-03-01") for at in range(25)] + [spell(f"c{at}", start="2024-06-01") for at in range(25)]
    company = world(*spells)
    assert only(lifetime_kpis(company), "retention_365d")["events"] == 25
    standing = churn.customer_standing(company)
    n = dict(zip(standing["standing"], standing["n"], strict=True))
    assert (n["customers"], n["active"], n["churned once"], n["returned"], n["provisional churn"]) == (25, 25, 25, 25, 0)
    assert churn.standing_sentences(standing, gap_days=30)[1:] == [
        "Nobody left in the last 30 days.",
        "25 of the 25 customers who were gone for more than 30 days have returned.",
    ]


def test_provisional_churns_are_counted_apart():
    ends = {"a": "2024-12-01", "b": "2024-12-02", "c": "2024-12-31", "d": None}
    standing = churn.customer_standing(world(*(spell(name, end=end) for name, end in ends.items())))
    n = dict(zip(standing["standing"], standing["n"], strict=True))
    assert (n["provisional churn"], n["churned once"], n["active"]) == (2, 1, 1)
    assert churn.standing_sentences(standing, gap_days=30)[1:] == [
        "2 left in the last 30 days and may yet return: they are included in the logo churn and the revenue movement of the quarter in which they"
        " left, but not yet counted as gone in the survival curves.",
        "0 of the 1 customer who was gone for more than 30 days have returned.",
    ]


def test_who_left_lately_counts_in_logo_churn_and_in_the_bridge_but_not_in_the_curves():
    company = world(spell("a", end="2024-12-15"), spell("b"), config=ONE)
    assert only(churn.churn_kpis(company), "logo_churn")["events"] == 1
    assert churn.mrr_bridge(company, quarters=1)["n_churn"].tolist() == [1]
    assert churn.retention_curves(company, by="all")["churned"].sum() == 0
    said = churn.records_sentences(churn.churned_by_source_of_truth(company))
    assert said == ["Churned by ended subscriptions: 50.0 % of 2 customers, including those who left only recently."]


def test_groups_are_compared_by_logrank_and_cox():
    from lifelines import CoxPHFitter
    from lifelines.statistics import multivariate_logrank_test

    spells = lives_of(120) + lives_of(60, seed=8, source="Event") + lives_of(3, seed=9, source="Partner")
    company = world(*spells, leads=LEADS)
    [test] = churn.retention_test(company).to_dict("records")
    rows = pd.DataFrame(observed(spells), columns=["source", "days", "gone"])
    big = rows[rows["source"] != "Partner"]
    oracle = multivariate_logrank_test(big["days"], big["source"], big["gone"])
    assert test["groups"] == 2  # Partner has fewer customers than min_n
    assert test["p"] == pytest.approx(oracle.p_value, rel=1e-9)
    ratios = churn.hazard_ratios(company)
    assert ratios[["attribute", "group", "reference"]].to_numpy().tolist() == [
        ["source", "Event", "Webinar"],
        ["source", "(other)", "Webinar"],
    ]
    design = pd.get_dummies(rows["source"], dtype=float).drop(columns="Webinar").assign(days=rows["days"], gone=rows["gone"])
    fit = CoxPHFitter().fit(design, "days", "gone", fit_options={"precision": 1e-10})
    np.testing.assert_allclose(ratios["hazard_ratio"], fit.hazard_ratios_[["Event", "Partner"]], rtol=1e-5)


def observed(spells):
    until = date(2025, 1, 1) - timedelta(30)
    for row in spells:
        start, end = date.fromisoformat(row["started_on"]), date.fromisoformat(row["ended_on"])
        if start < until:
            yield row["lead_id"], ((end if end < until else until - timedelta(1)) - start).days, end < until


def test_hazard_ratios_need_churns_on_both_sides():
    stay = [spell(f"s{at}", lead_id="Event") for at in range(30)]
    leave = [spell(f"w{at}", end="2024-05-01", lead_id="Webinar") for at in range(30)]
    found = churn.hazard_ratios(world(*stay, *leave, leads=LEADS))
    assert len(found) == 0  # nobody of Event left, so there is nothing to compare with


def test_early_churn_flags_the_source_that_loses_more():
    leave = [spell(f"w{at}", end="2024-03-01", lead_id="Webinar") for at in range(15)]
    stay = [spell(f"v{at}", lead_id="Webinar") for at in range(15)] + [spell(f"e{at}", lead_id="Event") for at in range(40)]
    few = [spell("p", lead_id="Partner")]
    found = churn.early_churn(world(*leave, *stay, *few, leads=LEADS)).set_index("segment")
    assert found["churned_share"].to_dict() == pytest.approx({"Webinar": 0.5, "Event": 0.0, "Partner": np.nan}, nan_ok=True)
    assert found["differs"].to_dict() == {"Webinar": "more", "Event": "less", "Partner": None}
    assert found.loc["Partner", "reason"].startswith("not enough data: only 1 customer was followed at age 0 days; 20 are needed")
    assert np.isnan(found.loc["Partner", "p"])
    assert (found["adjusted_p"].dropna() >= found["p"].dropna()).all()
    assert churn.early_churn_sentences(found.reset_index())[-1] == "1 of 3 segments have too few customers to tell."


def test_early_churn_names_campaigns():
    campaigns = [{"campaign_id": "C1", "name": "Guide", "channel": "x"}, {"campaign_id": "C2", "name": "Guide", "channel": "x"}]
    leads = [LEAD, LEAD | {"lead_id": "L2", "campaign_id": "C2"}, LEAD | {"lead_id": "L3", "campaign_id": "C3"}]
    spells = [spell(f"c{at}", lead_id=f"L{at}") for at in (1, 2, 3)]
    found = churn.early_churn(world(*spells, leads=leads, campaigns=campaigns), by="campaign_id")
    assert sorted(found["segment"]) == ["C3", "Guide (C1)", "Guide (C2)"]


# --- cohorts, value, records


def test_the_cohort_triangle_by_hand():
    spells = (
        spell("a", start="2024-01-01", mrr=100.0, end="2024-07-01"),
        spell("a", start="2024-07-01", mrr=130.0),
        spell("b", start="2024-03-31", mrr=50.0, end="2024-06-30"),  # away at the end of the second quarter
        spell("b", start="2024-07-20", mrr=50.0),  # back within the gap: the same life
        spell("c", start="2024-02-01", mrr=50.0, end="2024-05-01"),
        spell("c", start="2024-08-01", mrr=50.0),  # a return, which has its own row
        spell("d", start="2024-10-01", mrr=80.0, end="2024-12-31"),
    )
    small = churn.cohort_triangle(world(*spells))
    assert small["customers"].notna().any()
    assert small[["customers_share", "mrr_share"]].isna().all(axis=None), "cohorts below min_n have no shares"
    assert churn.triangle_table(small).columns.tolist() == ["cohort"]
    nothing = "Not drawn: too few customers started in any quarter."
    assert description(cohort_triangle_chart(churn.triangle_table(small))) == nothing
    triangle = churn.cohort_triangle(world(*spells, config=ONE))
    assert triangle.loc[triangle["cohort"] == "2024Q1", "customers"].tolist()[:4] == [3, 1, 2, 2]
    assert triangle.loc[triangle["cohort"] == "2024Q1", "mrr"].tolist()[:4] == [200, 100, 180, 180]
    assert triangle.loc[triangle["cohort"] == "2024Q1", "customers"].iloc[4:].isna().all()
    table = churn.triangle_table(triangle)
    assert table.columns.tolist() == ["cohort", "q0_share", "q1_share", "q2_share", "q3_share"]
    assert table["cohort"].tolist() == ["2024Q1", "2024Q4"]
    assert table.iloc[1, 1] == 0
    assert table.iloc[1, 2:].isna().all()
    assert churn.triangle_table(triangle, of="mrr").iloc[0, 1:].tolist() == [1.0, 0.5, 0.9, 0.9]


def test_a_quarter_that_has_not_ended_is_blank_and_cohorts_before_records_are_left_out():
    config = Config(observed_from={"subscriptions": "2024-04-01"})
    running = churn.cohort_triangle(world(spell("a"), spell("b", start="2024-04-01"), config=config, as_of="2024-12-31"))
    assert running["cohort"].unique().tolist() == ["2024Q2"]
    assert running["customers"].tolist()[:4] == pytest.approx([1, 1, np.nan, np.nan], nan_ok=True)


def test_lifetime_value_by_hand():
    spells = (
        spell("a", start="2024-01-01", mrr=100.0),
        spell("b", start="2024-01-01", mrr=50.0, end="2024-02-15"),  # months 0 and 1
        spell("c", start="2024-11-20", mrr=80.0),  # observed in months 0 and 1 only
    )
    [row] = churn.lifetime_value(world(*spells, config=Config(min_n=1, gross_margin=0.5)), by="all").to_dict("records")
    means = [(100 + 50 + 80) / 3, (100 + 50 + 80) / 3] + [50.0] * 10  # months 0..11: the last day is day 365 of age
    assert (row["customers"], row["months"], row["basis"]) == (3, 11, "gross margin")
    assert row["value"] == pytest.approx(0.5 * sum(means))
    [two] = churn.lifetime_value(world(*spells, config=Config(min_n=3)), by="all").to_dict("records")
    assert (two["months"], two["basis"], two["value"]) == (1, "revenue", pytest.approx(sum(means[:2])))
    [short] = churn.lifetime_value(world(*spells, config=Config(min_n=1)), by="all", longest=2).to_dict("records")
    assert (short["months"], short["value"]) == (2, pytest.approx(sum(means[:3])))
    [none] = churn.lifetime_value(world(*spells), by="all").to_dict("records")
    assert np.isnan(none["value"])
    assert none["reason"] == "not enough data: only 3 customers were followed at age 0 days; 20 are needed"


def test_payback_is_the_month_in_which_value_covers_the_cost():
    leads = [LEAD | {"lead_id": f"L{at}"} for at in range(4)]
    costs = [
        {"campaign_id": "C1", "spent_on": "2024-01-01", "cost": 300.0},
        {"campaign_id": "C1", "spent_on": "2025-01-01", "cost": 999.0},  # not visible
        {"campaign_id": "C9", "spent_on": "2024-01-01", "cost": 50.0},  # brought no lead
    ]
    spells = [spell("a", lead_id="L0"), spell("b", lead_id="L1", mrr=50.0)]
    company = world(*spells, leads=leads, campaign_costs=costs, config=ONE)
    assert acquisition_costs(company, by="source") == {"Webinar": 150.0}
    [row] = churn.lifetime_value(company).to_dict("records")
    assert (row["cost_per_customer"], row["payback_months"]) == (150, 1)  # 75 in month 0, 150 by month 1


def test_records_of_churn_side_by_side():
    spells = [
        spell("a", end="2024-05-01"),
        spell("b"),
        spell("c"),
        spell("d", end="2024-05-01"),
        spell("d", start="2024-04-01", is_trial=True),
    ]
    events = [
        {"customer_id": "a", "churned_on": "2024-05-01", "origin": "event"},
        {"customer_id": "b", "churned_on": "2024-12-31", "origin": "event"},
        {"customer_id": "b", "churned_on": "2024-06-01", "origin": "event"},  # counted once
        {"customer_id": "c", "churned_on": "2025-01-01", "origin": "event"},  # not visible
        {"customer_id": "c", "origin": "flag"},
        {"customer_id": "nobody", "origin": "flag"},
    ]
    found = churn.churned_by_source_of_truth(world(*spells, churn_events=events))
    assert found[["kind", "record", "other", "n", "customers"]].to_numpy().tolist() == [
        ["churned", "ended subscriptions", None, 1, 4],  # d has an open trial
        ["churned", "event", None, 2, 4],
        ["churned", "flag", None, 1, 4],
        ["conflict", "ended subscriptions", "event", 1, 4],
        ["conflict", "ended subscriptions", "flag", 2, 4],
        ["conflict", "event", "flag", 3, 4],
    ]
    assert churn.records_sentences(found)[-1] == "event and flag disagree on 3 customers."


def test_without_churn_events_there_is_one_record():
    found = churn.churned_by_source_of_truth(world(spell()))
    assert found[["record", "n", "lower_share"]].to_numpy().tolist() == [["ended subscriptions", 0, 0.0]]


# --- laws


def test_order_and_time_do_not_matter():
    spells = lives_of(60)
    later = [row | {"started_on": shifted(row["started_on"]), "ended_on": shifted(row["ended_on"])} for row in spells[::-1]]
    one = lifetime_kpis(world(*spells, leads=LEADS), by="source")
    other = lifetime_kpis(world(*later, leads=LEADS, quarter="2028Q4", as_of="2029-01-01"), by="source")
    assert one["value"].notna().all()
    pd.testing.assert_frame_equal(one, other)


def shifted(day):
    """Four years later to the day, between leap days."""
    return str(date.fromisoformat(day) + timedelta(1461))


# --- the planted sample and RavenStack


@pytest.fixture(scope="module")
def sample():
    return sample_study()


def test_the_sample_shows_the_source_planted_to_churn(sample):
    planted = json.loads((SAMPLE / "truth.json").read_text())
    found = churn.early_churn(sample).set_index("segment")
    assert "Marketplace" in json.dumps(planted)
    assert found["differs"].eq("more").pipe(lambda more: more[more].index.tolist()) == ["Marketplace"]
    ratios = churn.hazard_ratios(sample).set_index("group")
    assert ratios.loc["Marketplace", "lower"] > 1


def test_the_samples_bridge_closes_and_chains(sample):
    bridge = churn.mrr_bridge(sample, quarters=12)
    assert len(bridge) == 12
    assert bridge["end"].iloc[:-1].tolist() == bridge["start"].iloc[1:].tolist()
    assert (bridge["exchange_rates"] != 0).any()


@pytest.fixture(scope="module")
def ravenstack():
    folder = shared_data("ravenstack")
    accounts, subscriptions, events = (
        pd.read_csv(folder / f"ravenstack_{name}.csv").astype(object).where(lambda table: table.notna(), None)
        for name in ("accounts", "subscriptions", "churn_events")
    )
    leads = accounts.rename(columns={"signup_date": "created_at", "referral_source": "source"}).assign(lead_id=accounts["account_id"])
    spells = subscriptions.rename(
        columns={"account_id": "customer_id", "start_date": "started_on", "end_date": "ended_on", "mrr_amount": "mrr"}
    ).assign(lead_id=subscriptions["account_id"])
    told = [{"customer_id": row.account_id, "churned_on": row.churn_date, "origin": "event"} for row in events.itertuples()]
    told += [{"customer_id": row.account_id, "origin": "flag"} for row in accounts.itertuples() if row.churn_flag]
    kept = ["lead_id", "created_at", "source", "account_id"]
    columns = ["subscription_id", "customer_id", "lead_id", "started_on", "ended_on", "mrr", "is_trial"]
    return study(
        "2024Q4",
        as_of="2025-01-01",
        leads=leads[kept].to_dict("records"),
        subscriptions=spells[columns].to_dict("records"),
        churn_events=told,
    )


def test_ravenstacks_records_contradict_each_other(ravenstack):
    found = churn.churned_by_source_of_truth(ravenstack)
    assert found[["kind", "record", "n", "n_share"]].iloc[:3].to_numpy().tolist() == [
        ["churned", "ended subscriptions", 0, 0.0],
        ["churned", "event", 352, 0.704],
        ["churned", "flag", 110, 0.22],
    ]
    assert found.set_index(["record", "other"])["n"].loc[("event", "flag")] == 312


def test_ravenstacks_bridge_closes_every_quarter(ravenstack):
    bridge = churn.mrr_bridge(ravenstack)
    assert len(bridge) == 8
    parts = bridge[["start", "new", "expansion", "reactivation", "contraction", "churn", "exchange_rates"]].sum(axis=1)
    assert parts.tolist() == bridge["end"].tolist()
    assert bridge["end"].iloc[-1] == 10_159_608  # the published sum of open subscriptions


def test_a_shown_bridge_adds_up_to_the_cent() -> None:
    from decimal import Decimal

    from alignment_toolkit.churn import to_the_cent
    from alignment_toolkit.churn.bridge import MONEY

    parts = dict.fromkeys(MONEY, 0.0) | {"start": 1234567.89, "new": 0.1, "churn": -0.3, "end": 1234567.69}
    shown = to_the_cent(pd.DataFrame([{"quarter": "2026Q3"} | parts]))
    row = shown.iloc[0]
    assert sum(row[name] for name in MONEY if name != "end") == row["end"] == Decimal("1234567.69")

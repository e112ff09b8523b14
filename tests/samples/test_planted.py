"""The planted truths are visible in the observed tables, and only where they were planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.samples import agreements, company, simulate, span
from tests.samples.bridge import bookings, factors, shapley

CAUSES = ["opportunities per lead", "won share"]
PLANT = company.PLANTED


def quarters(stamps: pd.Series) -> np.ndarray:
    return span.quarter_of(stamps.to_numpy().astype("datetime64[s]").astype(np.int64))


@pytest.fixture(scope="module")
def leads(drawn):
    """Leads that were not merged away, with their quarter and whether they reached an opportunity in it."""
    frame = drawn.tables["leads"]
    frame = frame[~frame["lead_id"].isin(drawn.tables["merges"]["lost_id"])]
    events = drawn.tables["stage_events"]
    reached = events[events["stage"] == "opportunity"].groupby("lead_id")["entered_at"].min()
    frame = frame.assign(quarter=quarters(frame["created_at"]), reached=frame["lead_id"].map(reached))
    return frame.assign(soon=frame["reached"].notna() & (quarters(frame["reached"]) == frame["quarter"]))


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_two_causes_stand_clear_of_everything_else(drawn, seed):
    sample = drawn if seed is None else simulate(seed=seed)
    before, after = (factors(sample, quarter=place) for place in (10, 11))
    parts = shapley(before, after=after)
    assert parts.sum() == pytest.approx(bookings(after) - bookings(before))
    assert parts[CAUSES].max() < 0
    assert parts[CAUSES].abs().min() > 2 * parts.drop(CAUSES).abs().max()


def difference(rate: pd.DataFrame) -> float:
    """Difference of two shares in standard errors; rows are the quarters, columns mean and count."""
    variance = (rate["mean"] * (1 - rate["mean"]) / rate["count"]).sum()
    return float((rate["mean"].iloc[1] - rate["mean"].iloc[0]) / np.sqrt(variance))


def test_opportunities_per_lead_fell_in_one_source_only(leads):
    usual = leads[leads["quarter"].isin([10, 11]) & leads["source"].isin([s.name for s in company.SOURCES if s.weight])]
    rates = usual.groupby(["source", "quarter"])["soon"].agg(["mean", "count"])
    assert difference(rates.loc[PLANT.marketing_source]) < -6
    reached = usual.groupby(["source", "quarter"])["soon"].sum().unstack()
    moved = (reached[11] - reached[10]).abs()
    assert moved.pop(PLANT.marketing_source) > 5 * moved.max()


def test_won_share_fell_in_one_region_only(drawn, leads):
    deals = drawn.tables["deals"]
    deals = deals.assign(region=deals["lead_id"].map(leads.set_index("lead_id")["region"])).dropna(subset="region")
    moves = {}
    for region in (group.name for group in company.REGIONS):
        rows = []
        for place in (10, 11):
            first, last = (np.datetime64(int(bound), "s") for bound in span.BOUNDS[place : place + 2])
            play = deals[(deals["region"] == region) & (deals["created_at"] < last) & ~(deals["closed_at"] < first)]
            won = (play["outcome"] == "won") & (play["closed_at"] < last)
            rows.append((won.mean(), len(won)))
        moves[region] = difference(pd.DataFrame(rows, columns=["mean", "count"]))
    assert moves.pop(PLANT.sales_region) < -5
    assert max(abs(move) for move in moves.values()) < 3


def test_poor_source_is_large_and_excellent_source_small(leads):
    old = leads[leads["created_at"] < "2025-10-01"]
    reached = old.assign(any=old["reached"].notna()).groupby("source")["any"].agg(["mean", "count"])
    usual = reached.loc[[source.name for source in company.SOURCES if source.weight]]
    assert usual["mean"].idxmin() == PLANT.poor_source
    assert usual["count"].rank(ascending=False)[PLANT.poor_source] <= 2
    assert usual["count"].idxmin() == PLANT.excellent_source or usual["count"][PLANT.excellent_source] < 500


def test_tiny_source_has_two_leads(leads):
    assert (leads["source"] == PLANT.tiny_source).sum() == 2


def test_handoff_is_slow_in_one_region(drawn, leads):
    touches = drawn.tables["touches"]
    human = touches[(touches["side"] == "sales") & touches["is_human"]].groupby("lead_id")["occurred_at"].min()
    hours = (leads["lead_id"].map(human) - leads["assigned_at"]).dt.total_seconds() / 3_600
    medians = hours.groupby(leads["region"]).median()
    assert medians.pop(PLANT.slow_region) > 30
    assert medians.max() < 10


def test_persona_mix_moved_in_the_last_quarter_only(leads):
    def stability(place: int) -> float:
        usual = leads.loc[leads["quarter"] < place, "persona"].value_counts(normalize=True)
        now = leads.loc[leads["quarter"] == place, "persona"].value_counts(normalize=True)
        names = [group.name for group in company.PERSONAS]
        return float(((now[names] - usual[names]) * np.log(now[names] / usual[names])).sum())

    assert stability(PLANT.bad_quarter) > 0.2
    assert stability(PLANT.bad_quarter - 1) < 0.05


def test_campaign_improved_after_the_action(drawn, leads):
    tables = drawn.tables
    campaign = tables["campaigns"].set_index("name")["campaign_id"][PLANT.improved_campaign]
    acted = tables["actions"].set_index("campaign_id")["acted_at"][campaign]
    mine = leads[(leads["campaign_id"] == campaign) & (leads["created_at"] < "2026-08-31")]
    within = (mine["reached"] - mine["created_at"]) < pd.Timedelta(days=31)
    rates = within.groupby(mine["created_at"] >= acted).mean()
    assert rates[True] > 1.5 * rates[False]
    rejected = tables["feedback"][tables["feedback"]["lead_id"].isin(mine["lead_id"])]
    shares = (rejected["verdict"] == "rejected").groupby(rejected["given_at"] >= acted).mean()
    assert shares[True] < 0.75 * shares[False]


def test_churn_within_90_days_depends_on_the_source(drawn, leads):
    paid = drawn.tables["subscriptions"].query("not is_trial")
    spans = paid.sort_values(["lead_id", "started_on"]).groupby("lead_id")
    start, end = spans["started_on"].first(), spans["ended_on"].last()
    old = start < pd.Timestamp("2026-07-01")
    early = ((end - start).dt.days <= 90)[old]
    rates = early.groupby(pd.Series(early.index, index=early.index).map(leads.set_index("lead_id")["source"])).mean()
    others = rates.drop([PLANT.churn_source, "", "Select", "unknown", PLANT.tiny_source], errors="ignore")
    assert rates[PLANT.churn_source] > 2 * others.max()


def test_crm_source_differs_from_the_first_touch_for_one_channel(drawn):
    tables = drawn.tables
    known = drawn.truth["planted"]["misalignment"]["numbers"]["crm_source"]
    first = tables["touches"].query("side == 'marketing'").groupby("lead_id")["channel"].first()
    names = {source.channel: source.name for source in company.SOURCES}
    deals = tables["deals"].query("deal_type == 'new' and created_at > '2024-10-01'")
    said = deals.assign(touched=deals["lead_id"].map(first).map(names)).dropna(subset=["touched", "source"])
    wrong = said[said["touched"] != said["source"]]
    planted = (wrong["touched"] == PLANT.missourced_source) & (wrong["source"] == PLANT.missourced_as)
    assert planted.mean() > 0.85
    assert known["deals_recorded_otherwise"] / known["deals"] == pytest.approx(PLANT.missourced_share, abs=0.07)


def test_claims_differ_from_the_records_by_the_known_share(drawn):
    claims = drawn.tables["claims"].set_index(["team", "kpi", "quarter"])["value"].sort_index()
    recorded = pd.Series(drawn.truth["recorded"]["bookings_eur_by_quarter"])
    excess = claims[PLANT.claim_team, "bookings"] / recorded - 1
    assert excess.dropna().to_numpy() == pytest.approx(PLANT.claim_excess, abs=1e-6)
    assert (claims["sales", "bookings"] / recorded - 1).dropna().abs().max() < 1e-6


def test_marketing_met_its_target_where_the_shared_one_was_missed(drawn):
    target = drawn.tables["targets"].set_index(["kpi", "quarter"])["target"]
    leads, booked = agreements.recorded(*[drawn.tables["leads"]], deals=drawn.tables["deals"], merges=drawn.tables["merges"])
    met = (leads >= target["leads"].to_numpy()) & (booked < target["bookings"].to_numpy())
    goals = drawn.truth["planted"]["misalignment"]["goals"]
    assert [span.QUARTERS[place] for place in np.flatnonzero(met)] == goals["marketing_met_shared_missed"]


def test_the_two_definitions_of_qualified_disagree(drawn, leads):
    accepted = drawn.tables["feedback"].query("verdict == 'accepted'").groupby("lead_id")["given_at"].min()
    wait = leads["lead_id"].map(accepted) - leads["assigned_at"]
    sales = wait <= pd.Timedelta(days=5)
    marketing = leads["score"] >= PLANT.qualified_score
    assert (marketing & sales).sum() > 300
    assert (marketing & ~sales).sum() > 300
    assert (~marketing & sales).sum() > 300

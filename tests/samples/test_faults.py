"""Every planted fault is found in the tables in the planted number, by looking at the tables only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.samples import company, span

RANK = {stage: place for place, stage in enumerate(company.STAGES)}


@pytest.fixture(scope="module")
def faults(drawn):
    return drawn.truth["faults"]


@pytest.fixture(scope="module")
def events(drawn):
    """Stage events of leads that exist and were not merged away, with the creation instant."""
    created = drawn.tables["leads"].set_index("lead_id")["created_at"]
    frame = drawn.tables["stage_events"]
    frame = frame[~frame["lead_id"].isin(drawn.tables["merges"]["lost_id"]) & frame["lead_id"].isin(created.index)]
    return frame.assign(created_at=frame["lead_id"].map(created), rank=frame["stage"].map(RANK))


def test_skips(events, faults):
    plain = events[events["rank"] <= company.OPPORTUNITY].groupby("lead_id")["rank"]
    assert (plain.nunique() < plain.max() + 1).sum() == faults["leads that skip a stage"] > 0


def test_back_moves(events, faults):
    before = events.groupby("lead_id")["rank"].shift()
    back = (events["rank"] < before) & (before <= company.OPPORTUNITY)
    assert events.loc[back, "lead_id"].nunique() == faults["leads moved back"] > 0


def test_back_filled_stamps(events, faults):
    sal, sql = (events[events["stage"] == stage].groupby("lead_id")["entered_at"].min() for stage in ("sal", "sql"))
    assert (sal == sql.reindex(sal.index)).sum() == faults["leads with a back-filled stamp"] > 0
    assert events["is_backfilled"].sum() == (faults["leads with a back-filled stamp"] + 1) // 2


def test_events_before_creation(events, faults):
    early = events[events["entered_at"] < events["created_at"]]
    assert (early["stage"] == "lead").sum() == faults["leads with an event before creation"] > 0
    assert (early["stage"] == "lost").sum() == faults["leads lost before creation"] > 0
    assert set(early["stage"]) == {"lead", "lost"}


def test_reopened_leads_exist(events):
    before = events.groupby("lead_id")["stage"].shift()
    assert ((before == "lost") & (events["rank"] <= company.OPPORTUNITY)).sum() > 200


def test_reversed_wins(events, faults):
    before = events.groupby("lead_id")["stage"].shift()
    assert ((before == "won") & (events["stage"] == "lost")).sum() == faults["wins reversed"] > 0


def test_won_leads_and_won_deals_that_lack_each_other(drawn, events, faults):
    deals = drawn.tables["deals"]
    won = events.loc[events["stage"] == "won", "lead_id"]
    assert (~won.isin(deals["lead_id"])).sum() == faults["won leads without a deal"] > 0
    of_leads = deals[(deals["outcome"] == "won") & deals["lead_id"].str.startswith("L", na=False)]
    assert (~of_leads["lead_id"].isin(won)).sum() == faults["won deals whose lead is not won"] > 0


def test_merged_leads_keep_events_and_form_a_chain(drawn, faults):
    merges, leads = drawn.tables["merges"], drawn.tables["leads"]
    assert len(merges) == faults["leads merged away"] > 0
    assert merges["lost_id"].isin(drawn.tables["stage_events"]["lead_id"]).all()
    assert 0 < merges["lost_id"].isin(leads["lead_id"]).sum() < len(merges)
    assert merges["survivor_id"].isin(merges["lost_id"]).sum() == 1
    survivors = merges[~merges["survivor_id"].isin(merges["lost_id"])]
    assert survivors["survivor_id"].isin(leads["lead_id"]).all()


def test_import_burst(drawn, faults):
    created = drawn.tables["leads"]["created_at"].value_counts()
    assert created.iloc[0] == faults["leads in the import burst"] > 10
    assert created.index[0] == pd.Timestamp("2025-03-02 23:00:00")
    assert created.iloc[1] < 5


@pytest.mark.parametrize(
    ("column", "fault", "value"),
    [("source", "unknown", "unknown"), ("source", "Select", "Select"), ("source", "blank", ""),
     ("source", "null", None), ("persona", "Select", "Select"), ("persona", "null", None)],
)  # fmt: skip
def test_placeholders(drawn, faults, column, fault, value):
    leads = drawn.tables["leads"]
    values = leads.loc[~leads["lead_id"].isin(drawn.tables["merges"]["lost_id"]), column]
    found = values.isna() if value is None else values == value
    assert found.sum() == faults[f"{column} {fault}"] > 0


@pytest.mark.parametrize("name", ["stage_events", "deals", "touches"])
def test_orphan_leads(drawn, faults, name):
    named = drawn.tables[name]["lead_id"].dropna().drop_duplicates()
    known = set(drawn.tables["leads"]["lead_id"]) | set(drawn.tables["merges"]["lost_id"])
    assert (~named.isin(known)).sum() == faults[f"orphan leads in {name}"] > 0


def test_orphan_products_and_missing_amounts(drawn, faults):
    deals = drawn.tables["deals"]
    assert (~deals["product"].isin(drawn.tables["products"]["product"])).sum() == faults["unknown products in deals"] > 0
    assert deals["amount"].isna().sum() == faults["deals without amount"] > 0
    assert (deals.loc[deals["amount"].isna(), "deal_type"] == "new").all()


def test_sentinel_dates(drawn, faults):
    ended = drawn.tables["subscriptions"]["ended_on"]
    assert (ended == np.datetime64("9999-12-31", "us")).sum() == faults["sentinel dates in subscriptions"] > 0
    assert ended[ended != np.datetime64("9999-12-31", "us")].max() <= pd.Timestamp(span.LAST_DAY)


def test_churn_records_contradict_each_other(drawn, faults):
    churn = drawn.tables["churn_events"]
    by = churn.assign(seen=True).pivot_table(index="customer_id", columns="origin", values="seen", aggfunc="any")
    assert (by["event"].notna() & by["flag"].isna()).sum() == faults["churn event without flag"] > 0
    assert (by["event"].isna() & by["flag"].notna()).sum() == faults["churn flag without event"] > 0
    assert churn.loc[churn["origin"] == "flag", "churned_on"].isna().all()


def test_touches_begin_where_the_settings_say(drawn, faults):
    assert drawn.tables["touches"]["occurred_at"].min() >= pd.Timestamp("2024-03-31 22:00:00")
    assert drawn.tables["leads"]["created_at"].min() < pd.Timestamp("2023-10-01")
    assert faults["touches before recording"] > 0


def test_no_other_event_is_out_of_order(events):
    assert events.groupby("lead_id")["entered_at"].is_monotonic_increasing.all()

"""The public figures on Maven's opportunities: 69 days to close, 60 with late entry, 45 by the naive median."""

from __future__ import annotations

from datetime import date, datetime

import ibis
import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.periods import Quarter
from alignment_toolkit.store import Crm
from alignment_toolkit.study import Study
from alignment_toolkit.velocity import cycle, stage_conversion, stage_paths, time_in_stage
from tests.conftest import shared_data
from tests.velocity.funnels import row_of

STAGES = [
    {"name": "opportunity", "owner": "sales"},
    {"name": "won", "owner": "sales", "terminal": True},
    {"name": "lost", "owner": "sales", "terminal": True},
]


@pytest.fixture(scope="module")
def engine():
    file = shared_data("maven_crm", "sales_pipeline.csv")
    frame = pd.read_csv(file, parse_dates=["engage_date", "close_date"]).dropna(subset="engage_date")
    connection = ibis.duckdb.connect()
    leads = pd.DataFrame({"lead_id": frame["opportunity_id"], "created_at": frame["engage_date"], "source": frame["product"]})
    leads = leads.assign(score=np.nan, score_at=pd.NaT, assigned_at=pd.NaT)
    closed = frame[frame["deal_stage"].isin(["Won", "Lost"])]
    events = pd.DataFrame(
        {"lead_id": closed["opportunity_id"], "stage": closed["deal_stage"].str.lower(), "entered_at": closed["close_date"]}
    )
    for name, table in {"leads": leads, "stage_events": events}.items():
        for column in ("campaign_id", "persona", "segment", "region", "account_id", "reason") if name == "leads" else ("reason",):
            table[column] = pd.Series(None, index=table.index, dtype="string")
        if name == "stage_events":
            table["is_backfilled"] = False
        connection.create_table(name, table)
    return connection


def study(engine, **settings):
    tables = {name: engine.table(name) for name in ("leads", "stage_events")}
    crm = Crm(tables, Config(stages=STAGES, **settings), datetime(2018, 1, 1))
    return Study(crm, Quarter.parse("2017Q4"), "all")


def test_median_days_to_close(engine):
    row = row_of(time_in_stage(study(engine)), "opportunity")
    assert row["median_days"] == 69
    assert row["naive_median_days"] == 45
    assert row["naive_mean_days"] == pytest.approx(47.99, abs=0.005)
    assert (row["n"], row["finished"]) == (8300, 4238 + 2473)


def test_median_with_late_entry(engine):
    row = row_of(time_in_stage(study(engine, observed_from=date(2017, 3, 1))), "opportunity")
    assert row["median_days"] == 60
    assert row["naive_median_days"] == 45


def test_nothing_closes_late_so_conversion_at_a_year_is_the_share_won_among_what_can_be_seen(engine):
    row = row_of(stage_conversion(study(engine), horizon=365), "opportunity")
    assert row["advanced"] == 4238
    assert 0.5 < row["lower_rate"] < row["conversion_rate"] < row["upper_rate"] < 0.6


def test_paths_add_up(engine):
    row = row_of(stage_paths(study(engine)), "opportunity")
    assert (row["visits"], row["advanced"], row["lost"], row["open"], row["backfilled"]) == (8300, 4238, 2473, 1589, 0)


def test_naive_cycle_of_the_won(engine):
    row = row_of(cycle(study(engine)), "(all)")
    assert row["naive_mean_days"] == pytest.approx(51.78, abs=0.005)
    assert row["mean_days"] > row["naive_mean_days"], "the slow ones are still open"
    assert row["lower_days"] < row["mean_days"] < row["upper_days"]

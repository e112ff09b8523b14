"""Ingesting what a vendor would export gives the simulated company back, but for the loss that docs/sample-exports.md lists."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow.parquet as pq
import pytest

from alignment_toolkit.ingest import IngestResult
from alignment_toolkit.samples.exports import View
from tests.samples.exports import expected

CRMS = ("hubspot", "salesforce", "fivetran_hubspot", "fivetran_salesforce")
EVENT = ["lead_id", "stage", "entered_at"]
SECONDS_LOST = {"created_at", "closed_at", "score_at", "assigned_at"}


def stored(done: IngestResult, table: str) -> pd.DataFrame:
    """A table of the store; dates as timestamps."""
    frame = pq.read_table(done.out / f"{table}.parquet").to_pandas()
    days = [column for column in frame.columns if column.endswith("_on")]
    return frame.assign(**{column: pd.to_datetime(frame[column]).astype("datetime64[us]") for column in days})


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame, *, key: list[str], columns: list[str]) -> None:
    """The same rows in these columns, in the order of their key."""
    sides = [frame[columns].sort_values(key, ignore_index=True) for frame in (found, wanted)]
    sides = [side.astype(object).where(side.notna(), None) for side in sides]
    pd.testing.assert_frame_equal(*sides, check_dtype=False, rtol=1e-12)


@pytest.mark.no_cover
@pytest.mark.parametrize("vendor", CRMS)
def test_leads_come_back(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    wanted = expected.leads(view, vendor=vendor)
    assert_same(stored(ingested(vendor), "leads"), wanted, key=["lead_id"], columns=list(wanted.columns))


@pytest.mark.parametrize("vendor", CRMS)
def test_deals_come_back(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    wanted = expected.deals(view, vendor=vendor)
    columns = [name for name in wanted.columns if (vendor, name) not in LOST_OF_DEALS]
    assert_same(stored(ingested(vendor), "deals"), wanted, key=["deal_id"], columns=columns)


LOST_OF_DEALS = {("hubspot", "close_on"), ("fivetran_hubspot", "close_on")}


@pytest.mark.parametrize("vendor", CRMS)
def test_stage_events_come_back(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    found = stored(ingested(vendor), "stage_events")
    assert set(found[EVENT].itertuples(index=False, name=None)) == expected.stage_events(view, vendor=vendor)
    assert not found.duplicated(EVENT).any()


@pytest.mark.parametrize("vendor", CRMS)
def test_rows_read_are_rows_used_and_rows_set_aside(vendor: str, ingested: Callable[..., IngestResult]) -> None:
    for table in ingested(vendor).tables:
        assert table.read == table.used + sum(table.set_aside.values()), table.table


@pytest.mark.parametrize(("vendor", "known"), [("hubspot", 1.0), ("fivetran_hubspot", 1.0), ("salesforce", 0.5)])
def test_merges_come_back(vendor: str, known: float, view: View, ingested: Callable[..., IngestResult]) -> None:
    """Salesforce knows a merged lead only while its deleted row is there; the sample keeps every other one."""
    merges = expected.with_ids(view.table("merges"), vendor=vendor)
    found = stored(ingested(vendor), "merges")
    assert len(found) == known * len(merges)
    told = dict(zip(merges["lost_id"], merges["merged_at"], strict=True))
    assert {lost: told[lost] for lost in found["lost_id"]} == dict(zip(found["lost_id"], found["merged_at"], strict=True))


@pytest.mark.parametrize("vendor", CRMS)
def test_teams_of_owners_come_back(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    wanted = expected.with_ids(view.table("owners"), vendor=vendor)
    assert_same(stored(ingested(vendor), "owners"), wanted, key=["owner_id"], columns=["owner_id", "team"])


@pytest.mark.parametrize("vendor", ["salesforce", "fivetran_salesforce"])
def test_exchange_rates_come_back_to_six_decimals_of_their_inverse(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    found, wanted = (frame.set_index(["currency", "valid_on"])["rate_to_reporting"].sort_index() for frame in
                     (stored(ingested(vendor), "exchange_rates"), view.table("exchange_rates")))  # fmt: skip
    pd.testing.assert_frame_equal(found.to_frame(), wanted.to_frame(), check_index_type=False, rtol=1e-6)


def test_subscriptions_come_back(view: View, ingested: Callable[..., IngestResult]) -> None:
    found, wanted = stored(ingested("stripe"), "subscriptions"), expected.subscriptions(view)
    columns = ["customer_id", "started_on", "ended_on", "currency", "is_trial"]
    assert_same(found, wanted, key=["customer_id", "started_on", "is_trial"], columns=columns)
    paid = [frame[~frame["is_trial"]] for frame in (found, wanted)]
    assert_same(paid[0], paid[1], key=["customer_id", "started_on"], columns=["customer_id", "started_on", "mrr"])


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_labels_carry_the_same_leads_to_the_minute(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    wanted = expected.leads(view, vendor=vendor).drop(columns="owner_id")
    there = ~wanted["lead_id"].isin(expected.with_ids(view.table("merges"), vendor=vendor)["lost_id"])
    wanted = wanted[there].assign(**{name: wanted[name].dt.floor("min") for name in SECONDS_LOST & set(wanted.columns)})
    assert_same(stored(ingested(vendor, True), "leads"), wanted, key=["lead_id"], columns=list(wanted.columns))


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_labels_tell_no_event_that_did_not_happen(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    found = stored(ingested(vendor, True), "stage_events")
    wanted = {(lead, stage, at.floor("min")) for lead, stage, at in expected.stage_events(view, vendor=vendor)}
    told = set(found[EVENT].itertuples(index=False, name=None))
    assert told <= wanted
    assert len(told) >= 0.95 * len(wanted), "a stage entered twice is known by its latest entry alone"


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_owners_by_name_become_pseudonyms_one_for_each(vendor: str, view: View, ingested: Callable[..., IngestResult]) -> None:
    found = stored(ingested(vendor, True), "deals")["owner_id"]
    assert found.str.fullmatch("p-[0-9a-f]{16}").all()
    assert found.nunique() == view.deals["owner_id"].nunique()

"""The headline figures of an ingested export are those of the simulated company, less the loss that docs/sample-exports.md lists.

Unit: one headline figure. The reference is a store of the simulated tables with the expected ones in their place, so that a figure differs as
soon as anything else was lost.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from alignment_toolkit.headlines import kpis
from alignment_toolkit.ingest import IngestResult, ingest
from alignment_toolkit.samples.exports import View
from alignment_toolkit.samples.sales import BASE_RATES
from alignment_toolkit.samples.write import arrow_table
from alignment_toolkit.study import open_study
from tests.samples.exports import expected

pytestmark = pytest.mark.slow

KEY = ["kpi", "slice", "segment"]
FIGURES = ["value", "lower", "upper", "n", "events", "matured_share", "previous"]
# a vendor has no table of verdicts, they are read from statuses; touches and the verdicts on them are not in the reference
BEYOND = (
    "acceptance_rate",
    "attributed_bookings",
    "sourced_bookings",
    "influenced_bookings",
    "speed_to_lead",
    "sla_met",
    "rejection",
    "feedback",
    "gap.",
)


def figures(store: Path) -> pd.DataFrame:
    """Headline figures of the last quarter by name; those of verdicts and touches left out."""
    frame = kpis(open_study(str(store), quarter="2026Q3"))
    return frame[~frame["kpi"].str.startswith(BEYOND)].set_index(KEY)[FIGURES].astype(float)


def events_table(view: View, *, vendor: str) -> pd.DataFrame:
    """Changes of stage, with the flag of those that are days without a time of day."""
    rows = sorted(expected.stage_events(view, vendor=vendor))
    frame = pd.DataFrame(rows, columns=["lead_id", "stage", "entered_at"])
    if "hubspot" in vendor:
        return frame
    dated = expected.with_ids(expected.converted_without_deal(view), vendor=vendor)["lead_id"]
    return frame.assign(entered_at_is_date=frame["lead_id"].isin(dated) & (frame["stage"] == "opportunity"))


def deal_events(view: View, *, vendor: str) -> pd.DataFrame:
    """Changes of deals; HubSpot's amounts in company currency."""
    frame = view.deal_events
    if "hubspot" in vendor:
        rate = frame["deal_id"].map(view.deals.set_index("deal_id")["currency"]).map(BASE_RATES)
        frame = frame.assign(amount=frame["amount"] * rate)
    return expected.with_ids(frame, vendor=vendor)


def reference(view: View, folder: Path, *, vendor: str, config: Path) -> Path:
    """A store of the simulated tables as this vendor can carry them."""
    made = {
        "leads": expected.leads(view, vendor=vendor),
        "stage_events": events_table(view, vendor=vendor),
        "deals": expected.deals(view, vendor=vendor).assign(currency=lambda rows: rows["currency"]),
        "deal_events": deal_events(view, vendor=vendor),
        "exchange_rates": view.table("exchange_rates"),
    }
    merges = expected.with_ids(view.table("merges"), vendor=vendor)
    made["merges"] = merges if "hubspot" in vendor else merges[merges["lost_id"].isin(made["leads"]["lead_id"])]
    folder.mkdir()
    for name, frame in made.items():
        pq.write_table(arrow_table(frame), folder / f"{name}.parquet")
    shutil.copy(config, folder / "alignment.toml")
    return folder


@pytest.mark.parametrize("vendor", ["hubspot", "fivetran_hubspot", "salesforce", "fivetran_salesforce"])
def test_figures_are_the_same(
    vendor: str, view: View, exported: Callable[..., Path], ingested: Callable[..., IngestResult], tmp_path: Path
) -> None:
    wanted = figures(reference(view, tmp_path / "reference", vendor=vendor, config=exported(vendor) / "alignment.toml"))
    found = figures(ingested(vendor).out)
    assert wanted["value"].notna().sum() > 80
    pd.testing.assert_frame_equal(found.loc[wanted.index], wanted, rtol=1e-5)


def test_customers_of_billing_meet_the_leads_of_the_crm(view: View, exported: Callable[..., Path], tmp_path: Path) -> None:
    """Salesforce and Stripe together: every customer is linked to a lead of its account, and churn is that of the simulated company."""
    sources = [exported("salesforce"), exported("stripe")]
    done = ingest(["salesforce", "stripe"], source=sources, out=tmp_path / "store", config=sources[0] / "alignment.toml")
    linked = pq.read_table(done.out / "subscriptions.parquet").to_pandas()[["customer_id", "lead_id"]].drop_duplicates()
    accounts = expected.leads(view, vendor="salesforce").set_index("lead_id")["account_id"].str[-8:]
    assert linked["lead_id"].notna().all()
    assert (linked["lead_id"].map(accounts) == linked["customer_id"].str[-8:]).all()
    found = figures(done.out).loc[(["logo_churn", "gross_revenue_retention", "net_revenue_retention"], "all"), "value"]
    shutil.copytree(done.out, tmp_path / "simulated")
    own = view.table("subscriptions")
    pq.write_table(arrow_table(own.assign(lead_id=None)), tmp_path / "simulated" / "subscriptions.parquet")
    wanted = figures(tmp_path / "simulated").loc[(["logo_churn", "gross_revenue_retention", "net_revenue_retention"], "all"), "value"]
    assert wanted.notna().all()
    pd.testing.assert_series_equal(found, wanted, rtol=1e-5)

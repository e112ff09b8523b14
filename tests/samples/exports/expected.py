"""What each export can carry of the simulated company, written from the records themselves: the other side of the round trip.

Ids are those of the vendor. What is changed here against the simulated tables is the loss that docs/sample-exports.md lists.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports import View
from alignment_toolkit.samples.exports.hubspot_ids import hubspot_ids
from alignment_toolkit.samples.exports.salesforce_ids import salesforce_ids
from alignment_toolkit.samples.exports.warts import MEMORY_FROM, local, month_end
from alignment_toolkit.samples.sales import BASE_RATES

OBJECT = {
    "lead_id": "lead", "lost_id": "lead", "survivor_id": "lead", "deal_id": "opportunity", "account_id": "account", "owner_id": "user",
    "campaign_id": "campaign",
}  # fmt: skip


def with_ids(frame: pd.DataFrame, *, vendor: str) -> pd.DataFrame:
    """The frame under the ids of a vendor."""
    made = {
        column: hubspot_ids(frame[column]) if "hubspot" in vendor else salesforce_ids(frame[column], of=OBJECT[column])
        for column in frame.columns
        if column in OBJECT
    }
    return frame.assign(**made)


def leads(view: View, *, vendor: str) -> pd.DataFrame:
    """Leads: a blank source is no source; HubSpot knows no merged ones."""
    frame = view.table("leads")
    frame = frame.assign(source=frame["source"].str.strip().replace("", None))
    gone = frame["lead_id"].isin(view.table("merges")["lost_id"]) if "hubspot" in vendor else frame["lead_id"].isna()
    return with_ids(frame[~gone], vendor=vendor)


def deals(view: View, *, vendor: str) -> pd.DataFrame:
    """Deals: a lead that is not there is none; month end while open; HubSpot gives amounts in company currency and its own sources."""
    frame = view.deals
    is_open = frame["outcome"] == "open"
    frame = frame.assign(close_on=frame["close_on"].where(~is_open, month_end(frame["close_on"])))
    if "hubspot" in vendor:
        home = (frame["amount"] * frame["currency"].map(BASE_RATES)).round(2)
        frame = frame.assign(amount=home, currency=frame["currency"].where(home.isna() & frame["amount"].notna(), None)).drop(
            columns="source"
        )
    return with_ids(frame, vendor=vendor)


def stage_events(view: View, *, vendor: str) -> set[tuple[str, str, pd.Timestamp]]:
    """Lead, stage and instant of every event but those of the first stage, which a vendor does not tell from a status."""
    own = _hubspot_events(view) if "hubspot" in vendor else _salesforce_events(view)
    frame = with_ids(pd.concat([own, _deal_stages(view, vendor=vendor)]), vendor=vendor)
    return set(frame[frame["stage"] != "lead"][["lead_id", "stage", "entered_at"]].itertuples(index=False, name=None))


def _hubspot_events(view: View) -> pd.DataFrame:
    return view.table("stage_events")[["lead_id", "stage", "entered_at"]]


def _salesforce_events(view: View) -> pd.DataFrame:
    """Changes of status as far back as they are kept, and the conversion: with a deal its creation, without one a day, at its midnight."""
    history = view.lead_events[view.lead_events["entered_at"] >= MEMORY_FROM]
    bare = converted_without_deal(view)
    midnight = local(bare["converted_at"]).dt.normalize().dt.tz_localize("Europe/Berlin").dt.tz_convert("UTC").dt.tz_localize(None)
    return pd.concat([history, pd.DataFrame({"lead_id": bare["lead_id"], "stage": "opportunity", "entered_at": midnight})])


def converted_without_deal(view: View) -> pd.DataFrame:
    """Leads whose conversion Salesforce tells by its day only; such a day counts as a calendar day (docs/decisions/0018)."""
    return view.leads[view.leads["converted_at"].notna() & view.leads["deal_id"].isna()]


def _deal_stages(view: View, *, vendor: str) -> pd.DataFrame:
    """Creation, closing and re-opening of deals with a lead; history mode forgets what was over before it began."""
    led = view.deals.dropna(subset="lead_id")
    created = pd.DataFrame({"lead_id": led["lead_id"], "stage": "opportunity", "entered_at": led["created_at"]})
    events = view.deal_events
    following = events.groupby("deal_id")["changed_at"].shift(-1)
    kept = events if vendor != "fivetran_salesforce" else events[following.isna() | (following >= MEMORY_FROM)]
    moved = kept.dropna(subset="stage").merge(led[["deal_id", "lead_id"]], on="deal_id").rename(columns={"changed_at": "entered_at"})
    return pd.concat([created, moved[["lead_id", "stage", "entered_at"]]])


def subscriptions(view: View) -> pd.DataFrame:
    """Spells: no end in sight is no end; a trial costs what the subscription will."""
    frame = view.table("subscriptions")
    frame = frame.assign(ended_on=frame["ended_on"].where(frame["ended_on"] < pd.Timestamp("9000-01-01")))
    return frame.assign(customer_id="cus_" + frame["customer_id"])

"""Deals, their property history, stages and associations as the HubSpot API names them.

Unit: one deal, one value that a property took. Probabilities run from 0 to 1; the close date is an instant, month end while open; a deal
says of its origin only what HubSpot's analytics know.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.hubspot_ids import hubspot_ids
from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.warts import month_end, stray_blanks
from alignment_toolkit.samples.sales import BASE_RATES

STAGE = {"opportunity": "contractsent", "won": "closedwon", "lost": "closedlost"}
LABEL = {"opportunity": "Contract Sent", "won": "Closed Won", "lost": "Closed Lost"}
OF_OUTCOME = {"open": "opportunity", "won": "won", "lost": "lost"}
PROBABILITY = {"opportunity": 0.9, "won": 1.0, "lost": 0.0}
TYPES = {"new": "newbusiness", "expansion": "existingbusiness", "renewal": "renewal"}
ANALYTICS = {
    "Content": "ORGANIC_SEARCH", "Webinar": "EMAIL_MARKETING", "Paid social": "PAID_SOCIAL", "Paid search": "PAID_SEARCH",
    "Marketplace": "REFERRALS", "Partner referral": "REFERRALS", "Outbound": "OFFLINE", "Event": "OFFLINE", "Trade fair": "OFFLINE",
}  # fmt: skip
NOON = pd.Timedelta(hours=12)


def deal(view: View) -> pd.DataFrame:
    """Deals with the dates on which they were closed."""
    deals = view.deals
    stage, is_open, persons = deals["outcome"].map(OF_OUTCOME), deals["outcome"] == "open", people(deals["account_id"])
    expected = month_end(deals["close_on"]) + NOON
    return pd.DataFrame(
        {
            "hs_object_id": hubspot_ids(deals["deal_id"]),
            "dealname": persons["company"] + " - " + persons["name"],
            "dealstage": stage.map(STAGE),
            "pipeline": "default",
            "amount": deals["amount"],
            "amount_in_home_currency": (deals["amount"] * deals["currency"].map(BASE_RATES)).round(2),
            "deal_currency_code": deals["currency"],
            "hs_deal_stage_probability": stage.map(PROBABILITY),
            "closedate": deals["closed_at"].fillna(expected).astype("datetime64[us]"),
            "createdate": deals["created_at"],
            "hs_is_closed_won": deals["outcome"] == "won",
            "hs_is_closed": ~is_open,
            "dealtype": stray_blanks(deals["deal_type"].map(TYPES)),
            "hs_analytics_source": deals["source"].map(ANALYTICS),
            "hubspot_owner_id": hubspot_ids(deals["owner_id"]),
            "associatedcompanyid": hubspot_ids(deals["account_id"]),
            "product": deals["product"],
            "closed_lost_reason": deals["loss_reason"],
            "description": "Ring " + persons["name"] + ", " + persons["phone"],
            "hs_v2_date_entered_closedwon": deals["closed_at"].where(deals["outcome"] == "won"),
            "hs_v2_date_entered_closedlost": deals["closed_at"].where(deals["outcome"] == "lost"),
        }
    )


def deal_contact(view: View) -> pd.DataFrame:
    """Which contact a deal is with."""
    led = view.deals.dropna(subset="lead_id").reset_index(drop=True)
    return pd.DataFrame({"deal_id": hubspot_ids(led["deal_id"]), "contact_id": hubspot_ids(led["lead_id"])})


def deal_company(view: View) -> pd.DataFrame:
    """Which company a deal is with."""
    deals = view.deals.dropna(subset="account_id").reset_index(drop=True)
    return pd.DataFrame({"deal_id": hubspot_ids(deals["deal_id"]), "company_id": hubspot_ids(deals["account_id"])})


def deal_stages(view: View) -> pd.DataFrame:
    """Entries of deals into stages: deal_id, value, timestamp."""
    events = view.deal_events.dropna(subset="stage").reset_index(drop=True)
    return pd.DataFrame({"deal_id": hubspot_ids(events["deal_id"]), "value": events["stage"].map(STAGE), "timestamp": events["changed_at"]})


def deal_history(view: View) -> pd.DataFrame:
    """The property history of deals: stages, amounts and close dates as text."""
    events = view.deal_events
    events = events.assign(is_open=events.groupby("deal_id")["outcome"].ffill() == "open")
    expected = month_end(events["close_on"]).where(events["is_open"], events["close_on"]) + NOON
    values = {
        "dealstage": events["stage"].map(STAGE),
        "amount": events["amount"].map("{:.2f}".format, na_action="ignore"),
        "closedate": expected.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    parts = [
        pd.DataFrame({"deal_id": hubspot_ids(events["deal_id"]), "name": name, "value": value, "timestamp": events["changed_at"]})
        for name, value in values.items()
    ]
    rows = pd.concat(parts, ignore_index=True).dropna(subset="value")
    return rows.sort_values(["deal_id", "timestamp", "name"], kind="stable", ignore_index=True).assign(source="CRM_UI")


def pipeline_stage(_: View) -> pd.DataFrame:
    """The stages of the pipeline with their labels."""
    rows = [(STAGE[stage], label, stage == "won", stage != "opportunity", PROBABILITY[stage]) for stage, label in LABEL.items()]
    frame = pd.DataFrame(rows, columns=["stage_id", "label", "closed_won", "is_closed", "probability"])
    return frame.assign(label=stray_blanks(frame["label"], every=2), pipeline_id="default", display_order=range(len(frame)), active=True)

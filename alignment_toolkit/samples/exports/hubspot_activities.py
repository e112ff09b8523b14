"""Calls, meetings, form submissions, e-mail clicks and campaigns as HubSpot keeps them.

Unit: one engagement. A form submission says which form, not which campaign; a click on an e-mail says who by address.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.hubspot_ids import hubspot_ids
from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.sales import BASE_RATES


def _touches(view: View, *, channels: tuple[str, ...] = (), side: str = "sales") -> pd.DataFrame:
    touches = view.table("touches")
    wanted = touches["channel"].isin(channels) if channels else touches["channel"] != "email"
    return touches[wanted & (touches["side"] == side)].reset_index(drop=True)


def _engagement(rows: pd.DataFrame, *, kind: str, title: str) -> pd.DataFrame:
    persons = people(rows["lead_id"])
    return pd.DataFrame(
        {
            "hs_object_id": hubspot_ids(rows["touch_id"]),
            "hs_timestamp": rows["occurred_at"],
            "hs_createdate": rows["occurred_at"],
            title: kind + " with " + persons["name"] + ", " + persons["phone"],
            "associated_contact_ids": hubspot_ids(rows["lead_id"]),
        }
    )


def call(view: View) -> pd.DataFrame:
    """Calls."""
    return _engagement(_touches(view, channels=("call",)), kind="Call", title="hs_call_title")


def email(view: View) -> pd.DataFrame:
    """E-mails of sales to one person."""
    return _engagement(_touches(view, channels=("email_sales",)), kind="E-mail", title="hs_email_subject")


def meeting(view: View) -> pd.DataFrame:
    """Meetings."""
    rows = _touches(view, channels=("meeting",))
    return _engagement(rows, kind="Meeting", title="hs_meeting_title").assign(hs_meeting_start_time=rows["occurred_at"])


def submission(view: View) -> pd.DataFrame:
    """Form submissions: every touch of marketing but e-mail; the page's address holds the visitor's."""
    rows = _touches(view, side="marketing")
    return pd.DataFrame(
        {
            "conversion_id": hubspot_ids(rows["touch_id"]),
            "contact_id": hubspot_ids(rows["lead_id"]),
            "form_id": rows["channel"],
            "title": rows["asset"],
            "timestamp": rows["occurred_at"],
            "page_url": "https://www.company.example/?email=" + people(rows["lead_id"])["email"],
        }
    )


def email_event(view: View) -> pd.DataFrame:
    """Clicks on e-mails, and openings by robots that are filtered out."""
    rows = _touches(view, channels=("email",), side="marketing")
    clicks = pd.DataFrame(
        {
            "id": hubspot_ids(rows["touch_id"]),
            "created": rows["occurred_at"],
            "type": "CLICK",
            "recipient": people(rows["lead_id"])["email"],
            "filtered_event": False,
        }
    )
    robots = clicks.iloc[::10].assign(type="OPEN", filtered_event=True, id=lambda frame: "9" + frame["id"])
    return pd.concat([clicks, robots], ignore_index=True)


def campaign(view: View) -> pd.DataFrame:
    """Campaigns with what was spent on them in all, in the currency of the portal."""
    campaigns, costs = view.table("campaigns"), view.table("campaign_costs")
    spent = (costs["cost"] * costs["currency"].map(BASE_RATES)).groupby(costs["campaign_id"]).sum()
    return pd.DataFrame(
        {
            "hs_object_id": hubspot_ids(campaigns["campaign_id"]),
            "hs_name": campaigns["name"],
            "hs_start_date": campaigns["started_on"],
            "hs_end_date": campaigns["ended_on"],
            "hs_spend_items_sum_amount": campaigns["campaign_id"].map(spent).round(2),
            "hs_currency_code": "EUR",
        }
    )

"""Campaign, CampaignMember, Task and Event as the Salesforce API names them.

Unit: one membership, one activity. A lead is a member of a campaign once, however often it answers; activities of a converted lead
belong to its contact; a touch of marketing without a campaign has no place.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.salesforce_ids import numbered, salesforce_ids
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.warts import NO_INSTANT, NOTHING, local

SUBTYPE = {"call": "Call", "email_sales": "Email"}


def campaign(view: View) -> pd.DataFrame:
    """The object Campaign with the cost of its whole life in one currency."""
    campaigns, costs = view.table("campaigns"), view.table("campaign_costs")
    spent = costs.groupby("campaign_id").agg(cost=("cost", "sum"), currency=("currency", "first"))
    return pd.DataFrame(
        {
            "Id": salesforce_ids(campaigns["campaign_id"], of="campaign"),
            "Name": campaigns["name"],
            "Type": campaigns["channel"],
            "StartDate": campaigns["started_on"],
            "EndDate": campaigns["ended_on"],
            "ActualCost": campaigns["campaign_id"].map(spent["cost"]).round(2),
            "CurrencyIsoCode": campaigns["campaign_id"].map(spent["currency"]),
            "Persona__c": campaigns["persona"],
            "IsActive": campaigns["ended_on"].isna(),
            "IsDeleted": False,
        }
    )


def touched(view: View, *, side: str) -> pd.DataFrame:
    """Touches of one side with the lead and, once it is converted, its contact."""
    touches = view.table("touches")
    touches = touches[touches["side"] == side].reset_index(drop=True)
    converted = view.leads.loc[view.leads["converted_at"].notna(), "lead_id"]
    contact = touches["lead_id"].where(touches["lead_id"].isin(converted), NOTHING)
    return touches.assign(
        lead=salesforce_ids(touches["lead_id"], of="lead"),
        contact=salesforce_ids(contact, of="contact"),
        person=people(touches["lead_id"])["name"],
    )


def campaign_member(view: View) -> pd.DataFrame:
    """The object CampaignMember: the first answer of each lead to each campaign."""
    rows = touched(view, side="marketing").dropna(subset="campaign_id").drop_duplicates(["lead_id", "campaign_id"]).reset_index(drop=True)
    return pd.DataFrame(
        {
            "Id": salesforce_ids(rows["touch_id"], of="member"),
            "CampaignId": salesforce_ids(rows["campaign_id"], of="campaign"),
            "LeadId": rows["lead"],
            "ContactId": rows["contact"],
            "Status": "Responded",
            "HasResponded": True,
            "CreatedDate": rows["occurred_at"],
            "FirstRespondedDate": local(rows["occurred_at"]).dt.normalize(),
            "IsDeleted": False,
        }
    )


def task(view: View) -> pd.DataFrame:
    """The object Task: calls and e-mails that were completed, and a few that are still to be done."""
    rows = touched(view, side="sales").query("channel != 'meeting'").reset_index(drop=True)
    done = pd.DataFrame(
        {
            "Id": salesforce_ids(rows["touch_id"], of="task"),
            "WhoId": rows["contact"].fillna(rows["lead"]),
            "TaskSubtype": rows["channel"].map(SUBTYPE),
            "Subject": "Call or write to " + rows["person"],
            "Status": "Completed",
            "IsClosed": True,
            "ActivityDate": local(rows["occurred_at"]).dt.normalize(),
            "CompletedDateTime": rows["occurred_at"],
            "CreatedDate": rows["occurred_at"] - pd.Timedelta(days=1),
            "IsDeleted": False,
        }
    )
    planned = done.iloc[::50].assign(Status="Not Started", IsClosed=False, CompletedDateTime=NO_INSTANT)
    planned = planned.assign(Id=numbered(len(planned), of="task").to_numpy()).astype(done.dtypes)
    return pd.concat([done, planned], ignore_index=True)


def event(view: View) -> pd.DataFrame:
    """The object Event: meetings."""
    rows = touched(view, side="sales").query("channel == 'meeting'").reset_index(drop=True)
    return pd.DataFrame(
        {
            "Id": salesforce_ids(rows["touch_id"], of="event"),
            "WhoId": rows["contact"].fillna(rows["lead"]),
            "Subject": "Meeting with " + rows["person"],
            "StartDateTime": rows["occurred_at"],
            "ActivityDate": local(rows["occurred_at"]).dt.normalize(),
            "CreatedDate": rows["occurred_at"] - pd.Timedelta(days=1),
            "IsDeleted": False,
        }
    )

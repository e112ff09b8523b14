"""Lead, LeadHistory, Account and User as the Salesforce API names them.

Unit: one lead, one change of a lead's status. A converted lead keeps the converted status; what happens later happens to its
opportunity. Merged leads are deleted and point to their master. The history of fields goes back 24 months only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.salesforce_ids import numbered, salesforce_ids
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.warts import END, NO_INSTANT, NOTHING, local, remembered, stray_blanks

STATUS = {
    "lead": "Open - Not Contacted",
    "mql": "Marketing Qualified",
    "sal": "Sales Accepted",
    "sql": "Sales Qualified",
    "lost": "Unqualified",
}
CONVERTED = "Closed - Converted"
DEPARTMENTS = {"marketing": "Marketing", "sales": "Sales", "success": "Customer Success"}


def lead(view: View) -> pd.DataFrame:
    """The object Lead, deleted and merged records included."""
    leads = view.leads
    persons, converted = people(leads["lead_id"]), leads["converted_at"].notna()
    last = view.lead_events.sort_values("entered_at", kind="stable").groupby("lead_id").last()
    status = leads["lead_id"].map(last["stage"].map(STATUS)).fillna(STATUS["lead"])
    reason = leads["lead_id"].map(last["reason"].where(last["stage"] == "lost"))
    frame = pd.DataFrame(
        {
            "Id": salesforce_ids(leads["lead_id"], of="lead"),
            "FirstName": persons["first_name"],
            "LastName": persons["last_name"],
            "Name": persons["name"],
            "Company": persons["company"],
            "Email": persons["email"],
            "Phone": persons["phone"],
            "Status": stray_blanks(status.where(~converted, CONVERTED)),
            "LeadSource": stray_blanks(leads["source"]),
            "OwnerId": salesforce_ids(leads["owner_id"], of="user"),
            "CreatedDate": leads["created_at"],
            "IsConverted": converted,
            "ConvertedDate": local(leads["converted_at"]).dt.normalize(),
            "ConvertedAccountId": salesforce_ids(leads["account_id"].where(converted, NOTHING), of="account"),
            "ConvertedContactId": salesforce_ids(leads["lead_id"].where(converted, NOTHING), of="contact"),
            "ConvertedOpportunityId": salesforce_ids(leads["deal_id"], of="opportunity"),
            "Account__c": salesforce_ids(leads["account_id"], of="account"),
            "Campaign__c": salesforce_ids(leads["campaign_id"], of="campaign"),
            "Persona__c": leads["persona"],
            "Segment__c": leads["segment"],
            "Region__c": leads["region"],
            "Score__c": leads["score"],
            "Score_Date__c": leads["score_at"],
            "Assigned_Date__c": leads["assigned_at"],
            "Unqualified_Reason__c": reason.where(~converted, NOTHING),
            "Description": "Met " + persons["name"] + ", write to " + persons["email"],
        }
    )
    return _with_deleted(_with_masters(frame, view))


def _with_masters(frame: pd.DataFrame, view: View) -> pd.DataFrame:
    """Merged leads are deleted, name their master and were last changed when they were merged."""
    merges = view.table("merges")
    lost = pd.Index(salesforce_ids(merges["lost_id"], of="lead"))
    master = pd.Series(salesforce_ids(merges["survivor_id"], of="lead").to_numpy(), index=lost)
    at = pd.Series(merges["merged_at"].to_numpy(), index=lost)
    merged = frame["Id"].isin(lost)
    return frame.assign(
        MasterRecordId=frame["Id"].map(master),
        IsDeleted=merged,
        LastModifiedDate=frame["Id"].map(at).fillna(frame["CreatedDate"] + pd.Timedelta(hours=1)),
        SystemModstamp=END,
    )


def _with_deleted(frame: pd.DataFrame) -> pd.DataFrame:
    """Every hundredth lead was entered twice by mistake and the copy thrown into the recycle bin."""
    alive = frame[~frame["IsDeleted"]]
    copies = alive.iloc[::100].assign(IsDeleted=True, IsConverted=False, ConvertedDate=NO_INSTANT)
    gone = ["ConvertedAccountId", "ConvertedContactId", "ConvertedOpportunityId"]
    copies = copies.assign(Id=copies["Id"].str.replace("L", "B"), **dict.fromkeys(gone))
    return pd.concat([frame, copies.astype(frame.dtypes)], ignore_index=True)


def lead_history(view: View) -> pd.DataFrame:
    """The object LeadHistory: creation, changes of Status with the value before, conversion; other fields in between."""
    events = view.lead_events.assign(label=lambda rows: rows["stage"].map(STATUS))
    known = events.groupby("lead_id").cumcount() > 0
    before = events.groupby("lead_id")["label"].shift(fill_value=STATUS["lead"])
    first = ~known & (events["stage"] == "lead")
    status = pd.DataFrame(
        {
            "lead": events["lead_id"],
            "Field": np.where(first, "created", "Status"),
            "OldValue": before.where(~first, NOTHING),
            "NewValue": stray_blanks(events["label"]).where(~first, NOTHING),
            "CreatedDate": events["entered_at"],
        }
    )
    history = pd.concat([status, _conversions(view), _other_fields(view)], ignore_index=True)
    history = remembered(history.sort_values(["CreatedDate", "lead"], kind="stable"), column="CreatedDate")
    ids = {"Id": numbered(len(history), of="lead_history"), "LeadId": salesforce_ids(history.pop("lead"), of="lead")}
    return pd.DataFrame(ids).join(history).assign(IsDeleted=False)


def _conversions(view: View) -> pd.DataFrame:
    """Two rows per conversion: the event, and the status that it sets."""
    done = view.leads[view.leads["converted_at"].notna()]
    base = pd.DataFrame({"lead": done["lead_id"], "OldValue": None, "NewValue": None, "CreatedDate": done["converted_at"]})
    return pd.concat([base.assign(Field="leadConverted"), base.assign(Field="Status", OldValue=STATUS["sql"], NewValue=CONVERTED)])


def _other_fields(view: View) -> pd.DataFrame:
    """A change of owner by name at assignment, as the history of any field stands there."""
    given = view.leads[view.leads["assigned_at"].notna() & view.leads["owner_id"].notna()]
    seller = people(given["owner_id"], domain="company")["name"].to_numpy()
    return pd.DataFrame(
        {"lead": given["lead_id"], "Field": "Owner", "OldValue": None, "NewValue": seller, "CreatedDate": given["assigned_at"]}
    )


def account(view: View) -> pd.DataFrame:
    """The object Account: every account of a deal or a lead."""
    ids = pd.concat([view.leads["account_id"], view.deals["account_id"]]).dropna().drop_duplicates().reset_index(drop=True)
    persons = people(ids)
    return pd.DataFrame(
        {"Id": salesforce_ids(ids, of="account"), "Name": persons["company"], "Phone": persons["phone"], "IsDeleted": False}
    )


def user(view: View) -> pd.DataFrame:
    """The object User: people with a department."""
    owners = view.table("owners")
    persons = people(owners["owner_id"], domain="company")
    return pd.DataFrame(
        {
            "Id": salesforce_ids(owners["owner_id"], of="user"),
            "Username": persons["email"],
            "FirstName": persons["first_name"],
            "LastName": persons["last_name"],
            "Name": persons["name"],
            "Email": persons["email"],
            "Department": owners["team"].map(DEPARTMENTS),
            "IsActive": True,
        }
    )

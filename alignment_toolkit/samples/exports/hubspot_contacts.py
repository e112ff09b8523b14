"""Contacts, their property history and owners as the HubSpot API names them.

Unit: one contact, one value that a property took. The lifecycle stage moves with the funnel; a lost contact is UNQUALIFIED and leaves
the lifecycle for "other". A merged contact is gone; its id and the moment (in milliseconds) stand on the contact that is left.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.hubspot_ids import hubspot_ids
from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.warts import stray_blanks

LIFECYCLE = {
    "lead": "lead",
    "mql": "marketingqualifiedlead",
    "sal": "salesacceptedlead",
    "sql": "salesqualifiedlead",
    "opportunity": "opportunity",
    "won": "customer",
}
LOST, OPEN, GONE = "UNQUALIFIED", "OPEN", "other"
SINCE_1970 = pd.Timestamp(0)


def contact(view: View) -> pd.DataFrame:
    """Contacts that are left after merges, with the dates on which they entered lifecycle stages."""
    merges = view.table("merges")
    leads = view.leads[~view.leads["lead_id"].isin(merges["lost_id"])].reset_index(drop=True)
    persons, history = people(leads["lead_id"]), contact_values(view)
    last = history.groupby(["lead_id", "name"])["value"].last().unstack()
    reason = view.table("stage_events").query("stage == 'lost'").groupby("lead_id")["reason"].last()
    frame = pd.DataFrame(
        {
            "hs_object_id": hubspot_ids(leads["lead_id"]),
            "firstname": persons["first_name"],
            "lastname": persons["last_name"],
            "email": persons["email"],
            "phone": persons["phone"],
            "company": persons["company"],
            "createdate": leads["created_at"],
            "lifecyclestage": leads["lead_id"].map(last["lifecyclestage"]).fillna("lead"),
            "hs_lead_status": leads["lead_id"].map(last["hs_lead_status"]).fillna("NEW"),
            "lead_source": stray_blanks(leads["source"]),
            "campaign_id": hubspot_ids(leads["campaign_id"]),
            "persona": leads["persona"],
            "segment": leads["segment"],
            "region": leads["region"],
            "hubspotscore": leads["score"],
            "score_date": leads["score_at"],
            "hubspot_owner_id": hubspot_ids(leads["owner_id"]),
            "hubspot_owner_assigneddate": leads["assigned_at"],
            "associatedcompanyid": hubspot_ids(leads["account_id"]),
            "disqualification_reason": leads["lead_id"].map(reason),
            "hs_calculated_merged_vids": leads["lead_id"].map(_merged_vids(merges)),
        }
    )
    return frame.join(_dates(leads["lead_id"], history=history))


def _merged_vids(merges: pd.DataFrame) -> pd.Series:
    """Survivor -> the ids merged into it, each with the moment in milliseconds; chains end at the contact that is left."""
    heirs = dict(zip(merges["lost_id"], merges["survivor_id"], strict=True))
    final = merges["survivor_id"].map(lambda heir: heirs.get(heir, heir))
    millis = (merges["merged_at"] - SINCE_1970) // pd.Timedelta(milliseconds=1)
    return (hubspot_ids(merges["lost_id"]) + ":" + millis.astype(str)).groupby(final).agg(";".join)


def contact_values(view: View) -> pd.DataFrame:
    """Values of lifecyclestage and hs_lead_status as they changed: lead_id, name, value, timestamp; losses of deals are not here."""
    events = view.table("stage_events")
    deals = view.deal_events.merge(view.deals[["deal_id", "lead_id"]], on="deal_id").dropna(subset="lead_id")
    of_deal = pd.MultiIndex.from_frame(deals.loc[deals["outcome"] == "lost", ["lead_id", "changed_at"]])
    lost = events["stage"] == "lost"
    events = events[~(lost & pd.MultiIndex.from_frame(events[["lead_id", "entered_at"]]).isin(of_deal))]
    life = events.assign(name="lifecyclestage", value=events["stage"].map(LIFECYCLE).fillna(GONE))
    status = events.assign(name="hs_lead_status", value=(events["stage"] == "lost").map({True: LOST, False: OPEN}))
    rows = pd.concat([life, status], ignore_index=True).rename(columns={"entered_at": "timestamp"})
    rows = rows.sort_values(["lead_id", "name", "timestamp"], kind="stable", ignore_index=True)
    again = rows["value"] == rows.groupby(["lead_id", "name"])["value"].shift()
    return rows.loc[~again, ["lead_id", "name", "value", "timestamp"]].reset_index(drop=True)


def _dates(ids: pd.Series, *, history: pd.DataFrame) -> pd.DataFrame:
    """First ("became") and latest ("date entered") entry into each lifecycle stage, and the latest disqualification."""
    life = history[history["name"] == "lifecyclestage"].groupby(["value", "lead_id"])["timestamp"].agg(["min", "max"])
    columns = {}
    for stage in list(LIFECYCLE.values())[1:]:
        columns[f"hs_v2_date_entered_{stage}"] = ids.map(life["max"].xs(stage))
        columns[f"hs_lifecyclestage_{stage}_date"] = ids.map(life["min"].xs(stage))
    gone = history[(history["name"] == "hs_lead_status") & (history["value"] == LOST)].groupby("lead_id")["timestamp"].max()
    return pd.DataFrame({**columns, "date_disqualified": ids.map(gone)})


def contact_history(view: View) -> pd.DataFrame:
    """The property history of contacts; who changed a value stands there by e-mail address."""
    rows = contact_values(view)
    return pd.DataFrame(
        {
            "contact_id": hubspot_ids(rows["lead_id"]),
            "name": rows["name"],
            "value": rows["value"],
            "timestamp": rows["timestamp"],
            "source": "CRM_UI",
            "source_id": people(rows["lead_id"], domain="company")["email"],
        }
    )


def merge_audit(view: View) -> pd.DataFrame:
    """Which contact was merged into which, with the name of the one that is gone."""
    merges = view.table("merges")
    persons = people(merges["lost_id"])
    return pd.DataFrame(
        {
            "canonical_vid": hubspot_ids(merges["survivor_id"]),
            "contact_id": hubspot_ids(merges["survivor_id"]),
            "vid_to_merge": hubspot_ids(merges["lost_id"]),
            "timestamp": merges["merged_at"],
            "first_name": persons["first_name"],
            "last_name": persons["last_name"],
        }
    )


def owner(view: View) -> pd.DataFrame:
    """Owners with name, address and team."""
    owners = view.table("owners")
    persons = people(owners["owner_id"], domain="company")
    return pd.DataFrame(
        {
            "owner_id": hubspot_ids(owners["owner_id"]),
            "email": persons["email"],
            "first_name": persons["first_name"],
            "last_name": persons["last_name"],
            "type": "PERSON",
            "created_at": pd.Timestamp("2023-09-01"),
            "team": owners["team"].map({"marketing": "Marketing", "sales": "Sales", "success": "Customer Success"}),
        }
    )

"""The simulated company as HubSpot's user interface exports it: two files with labels, the wall clock of the portal, people by name.

Unit: one contact, one deal. There is no history of properties: of every stage only the first and the latest entry are known.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports import hubspot_contacts as contacts
from alignment_toolkit.samples.exports import hubspot_deals as deals
from alignment_toolkit.samples.exports.form import SCREEN_INSTANT, Export
from alignment_toolkit.samples.exports.hubspot_ids import hubspot_ids
from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.warts import stray_blanks

STAGES = {
    "lead": "Lead", "marketingqualifiedlead": "Marketing Qualified Lead", "salesacceptedlead": "Sales Accepted Lead",
    "salesqualifiedlead": "Sales Qualified Lead", "opportunity": "Opportunity", "customer": "Customer", "other": "Other",
}  # fmt: skip
CONTACT = {
    "hs_object_id": "Record ID", "firstname": "First Name", "lastname": "Last Name", "email": "Email", "phone": "Phone Number",
    "owner": "Contact owner", "lifecyclestage": "Lifecycle Stage", "hs_lead_status": "Lead Status", "createdate": "Create Date",
    "lead_source": "Lead Source", "campaign_id": "Campaign ID", "persona": "Persona", "segment": "Segment", "region": "Region",
    "hubspotscore": "HubSpot Score", "score_date": "Score Date", "hubspot_owner_assigneddate": "Owner Assigned Date",
    "associatedcompanyid": "Associated Company IDs", "disqualification_reason": "Disqualification Reason",
    "date_disqualified": "Date Disqualified", "hs_calculated_merged_vids": "Merged vids with timestamps of a contact",
}  # fmt: skip
DEAL = {
    "hs_object_id": "Record ID", "dealname": "Deal Name", "dealstage": "Deal Stage", "pipeline": "Pipeline", "amount": "Amount",
    "amount_in_home_currency": "Amount in company currency", "deal_currency_code": "Currency",
    "hs_deal_stage_probability": "Deal probability",
    "closedate": "Close Date", "createdate": "Create Date", "dealtype": "Deal Type", "hs_analytics_source": "Original Source Type",
    "owner": "Deal owner", "associatedcompanyid": "Associated Company IDs", "contact": "Associated Contact IDs", "product": "Product",
    "closed_lost_reason": "Closed Lost Reason", "hs_v2_date_entered_closedwon": 'Date entered "Closed Won (Sales Pipeline)"',
    "hs_v2_date_entered_closedlost": 'Date entered "Closed Lost (Sales Pipeline)"',
}  # fmt: skip
DEAL_STAGES = {deals.STAGE[stage]: label for stage, label in deals.LABEL.items()}
TYPES = {"newbusiness": "New Business", "existingbusiness": "Existing Business", "renewal": "Renewal"}


def _dates() -> dict[str, str]:
    """Names of the columns with entries into lifecycle stages -> labels."""
    named = {}
    for stage, label in list(STAGES.items())[1:-1]:
        article = "an" if label[0] in "AO" else "a"
        named[f"hs_v2_date_entered_{stage}"] = f'Date entered "{label} (Lifecycle Stage Pipeline)"'
        named[f"hs_lifecyclestage_{stage}_date"] = f"Became {article} {label} Date"
    return named


def _owned(frame: pd.DataFrame, owners: pd.Series) -> pd.DataFrame:
    """The frame with the names of owners."""
    there = owners.notna().to_numpy()
    frame.loc[there, "owner"] = people(owners[there], domain="company")["name"].to_numpy()
    return frame


def _contacts(view: View) -> pd.DataFrame:
    owners = view.leads.set_index(hubspot_ids(view.leads["lead_id"]))["owner_id"]
    frame = contacts.contact(view)
    frame = _owned(frame, frame["hs_object_id"].map(owners))
    named = CONTACT | _dates()
    return frame.assign(lifecyclestage=stray_blanks(frame["lifecyclestage"].map(STAGES)))[list(named)].rename(columns=named)


def _deals(view: View) -> pd.DataFrame:
    frame = _owned(deals.deal(view), view.deals["owner_id"])
    frame = frame.assign(
        dealstage=stray_blanks(frame["dealstage"].map(DEAL_STAGES)),
        dealtype=frame["dealtype"].str.strip().map(TYPES),
        pipeline="Sales Pipeline",
        contact=hubspot_ids(view.deals["lead_id"]),
    )
    return frame[list(DEAL)].rename(columns=DEAL)


def hubspot_labels(view: View) -> Export:
    """The two files that most people export."""
    return Export({"contacts": _contacts(view), "deals": _deals(view)}, instant=SCREEN_INSTANT, is_local=True)

"""The simulated company as Salesforce's reports show it: labels, American dates, the wall clock of the company, people by name.

Unit: one line of a report. A report has no deleted records, so it knows of no merges; the exchange rates are the list of the set-up page.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.form import Export
from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.salesforce import DATES, OBJECTS
from alignment_toolkit.samples.exports.view import View

LABELS = {
    "Lead": {
        "Id": "Lead ID", "FirstName": "First Name", "LastName": "Last Name", "Company": "Company / Account", "Email": "Email",
        "Phone": "Phone",
        "Status": "Lead Status", "LeadSource": "Lead Source", "Owner": "Lead Owner", "CreatedDate": "Create Date",
        "IsConverted": "Converted",
        "ConvertedDate": "Converted Date", "ConvertedAccountId": "Converted Account ID", "ConvertedContactId": "Converted Contact ID",
        "ConvertedOpportunityId": "Converted Opportunity ID", "Account__c": "Account ID", "Campaign__c": "Campaign ID",
        "Persona__c": "Persona",
        "Segment__c": "Segment", "Region__c": "Region", "Score__c": "Lead Score", "Score_Date__c": "Lead Score Date",
        "Assigned_Date__c": "Assigned Date", "Unqualified_Reason__c": "Unqualified Reason",
    },
    "LeadHistory": {
        "LeadId": "Lead ID", "Field": "Field / Event", "OldValue": "Old Value", "NewValue": "New Value", "CreatedDate": "Edit Date",
    },
    "Opportunity": {
        "Id": "Opportunity ID", "AccountId": "Account ID", "Name": "Opportunity Name", "StageName": "Stage", "Amount": "Amount",
        "CurrencyIsoCode": "Amount Currency", "Probability": "Probability (%)", "CloseDate": "Close Date", "CreatedDate": "Created Date",
        "IsClosed": "Closed", "IsWon": "Won", "Type": "Type", "LeadSource": "Lead Source", "Product__c": "Product",
        "Loss_Reason__c": "Loss Reason",
        "Owner": "Opportunity Owner",
    },
    "OpportunityHistory": {
        "OpportunityId": "Opportunity ID", "From": "From Stage", "StageName": "To Stage", "Amount": "Amount",
        "Probability": "Probability (%)",
        "CloseDate": "Close Date", "CreatedDate": "Last Modified",
    },
    "DatedConversionRate": {"IsoCode": "Currency Code", "ConversionRate": "Conversion Rate", "StartDate": "Start Date"},
}  # fmt: skip
FILES = {
    "Lead": "Leads", "LeadHistory": "Lead History", "Opportunity": "Opportunities", "OpportunityHistory": "Opportunity History",
    "DatedConversionRate": "Dated Exchange Rates",
}  # fmt: skip
FIELDS = {"created": "Created.", "leadConverted": "Lead Converted", "Status": "Lead Status", "Owner": "Lead Owner"}
SCREEN = "%m/%d/%Y, %I:%M %p"


def _shown(view: View, name: str) -> pd.DataFrame:
    """An object as its report shows it: alive records, owners by name, the stage before beside the stage after."""
    frame = OBJECTS[name](view)
    frame = frame[~frame["IsDeleted"]].reset_index(drop=True) if "IsDeleted" in frame else frame
    if "OwnerId" in frame:
        there = frame["OwnerId"].notna()
        frame.loc[there, "Owner"] = people(frame.loc[there, "OwnerId"], domain="company")["name"].to_numpy()
    if name == "OpportunityHistory":
        frame = frame.assign(From=frame.groupby("OpportunityId")["StageName"].shift())
    if name == "LeadHistory":
        frame = frame.assign(Field=frame["Field"].map(FIELDS))
    return frame[list(LABELS[name])].rename(columns=LABELS[name])


def salesforce_labels(view: View) -> Export:
    """Four reports (leads, their history, opportunities, their history) and the list of exchange rates."""
    dates = frozenset(labels.get(name, name) for labels in LABELS.values() for name in DATES)
    return Export({FILES[name]: _shown(view, name) for name in LABELS}, dates=dates, instant=SCREEN, is_local=True, day="%m/%d/%Y")

"""Opportunity, OpportunityHistory, OpportunityFieldHistory and DatedConversionRate as the Salesforce API names them.

Unit: one opportunity, one snapshot of it. Probabilities run from 0 to 100, the close date of an open opportunity is a month end, and
OpportunityHistory repeats every value that did not change. The history of fields goes back 24 months only.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.salesforce_ids import numbered, salesforce_ids
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.warts import SENTINEL, filled, month_end, remembered, stray_blanks

STAGE = {"opportunity": "Proposal/Price Quote", "won": "Closed Won", "lost": "Closed Lost"}
OF_OUTCOME = {"open": "opportunity", "won": "won", "lost": "lost"}
PROBABILITY = {"opportunity": 65, "won": 100, "lost": 0}
TYPES = {"new": "New Business", "expansion": "Expansion", "renewal": "Renewal"}
RATE_DIGITS = 6


def _close(days: pd.Series, *, is_open: pd.Series) -> pd.Series:
    return days.where(~is_open, month_end(days))


def opportunity(view: View) -> pd.DataFrame:
    """The object Opportunity, deleted ones included."""
    deals = view.deals
    stage, is_open, persons = deals["outcome"].map(OF_OUTCOME), deals["outcome"] == "open", people(deals["account_id"])
    frame = pd.DataFrame(
        {
            "Id": salesforce_ids(deals["deal_id"], of="opportunity"),
            "AccountId": salesforce_ids(deals["account_id"], of="account"),
            "Name": persons["company"] + " - " + persons["name"],
            "StageName": stray_blanks(stage.map(STAGE)),
            "Amount": deals["amount"],
            "CurrencyIsoCode": deals["currency"],
            "Probability": stage.map(PROBABILITY),
            "CloseDate": _close(deals["close_on"], is_open=is_open),
            "CreatedDate": deals["created_at"],
            "IsClosed": ~is_open,
            "IsWon": deals["outcome"] == "won",
            "Type": stray_blanks(deals["deal_type"].map(TYPES)),
            "LeadSource": deals["source"],
            "Product__c": deals["product"],
            "Loss_Reason__c": deals["loss_reason"],
            "OwnerId": salesforce_ids(deals["owner_id"], of="user"),
            "NextStep": "Call " + persons["name"] + " on " + persons["phone"],
            "IsDeleted": False,
        }
    )
    copies = frame.iloc[::60].assign(IsDeleted=True)
    return pd.concat([frame, copies.assign(Id=copies["Id"].str.replace("D", "B"))], ignore_index=True)


def _snapshots(view: View) -> pd.DataFrame:
    """Deal events with every value as it stood, and its place within the deal."""
    events = filled(view.deal_events, key="deal_id", columns=["stage", "amount", "outcome", "close_on"])
    events = events[events["deal_id"].isin(view.deals["deal_id"])]
    events = events.assign(close_on=_close(events["close_on"], is_open=events["outcome"] == "open"))
    return events.reset_index(drop=True)


def opportunity_history(view: View) -> pd.DataFrame:
    """The object OpportunityHistory: a snapshot after every change of stage, amount or close date."""
    events = _snapshots(view)
    return pd.DataFrame(
        {
            "Id": numbered(len(events), of="opportunity_history"),
            "OpportunityId": salesforce_ids(events["deal_id"], of="opportunity"),
            "StageName": stray_blanks(events["stage"].map(STAGE)),
            "Amount": events["amount"],
            "Probability": events["stage"].map(PROBABILITY),
            "CloseDate": events["close_on"],
            "CreatedDate": events["changed_at"],
            "IsDeleted": False,
        }
    )


def opportunity_field_history(view: View) -> pd.DataFrame:
    """The object OpportunityFieldHistory of StageName, Amount and CloseDate, as far back as it is kept."""
    events = _snapshots(view)
    written = {
        "StageName": events["stage"].map(STAGE),
        "Amount": events["amount"].map("{:.2f}".format, na_action="ignore"),
        "CloseDate": events["close_on"].dt.strftime("%Y-%m-%d"),
    }
    parts = []
    for field, value in written.items():
        before = value.groupby(events["deal_id"]).shift()
        rows = pd.DataFrame(
            {"deal": events["deal_id"], "Field": field, "OldValue": before, "NewValue": value, "CreatedDate": events["changed_at"]}
        )
        later = events.groupby("deal_id").cumcount() > 0
        parts.append(rows[later & (value.fillna("") != before.fillna(""))])
    history = pd.concat(parts, ignore_index=True).sort_values(["CreatedDate", "deal", "Field"], kind="stable")
    history = remembered(history, column="CreatedDate")
    ids = {"Id": numbered(len(history), of="field_history"), "OpportunityId": salesforce_ids(history.pop("deal"), of="opportunity")}
    return pd.DataFrame(ids).join(history).assign(IsDeleted=False)


def opportunity_stage(_: View) -> pd.DataFrame:
    """The object OpportunityStage: which labels are open, won and lost."""
    rows = [(label, stage != "opportunity", stage == "won", PROBABILITY[stage]) for stage, label in STAGE.items()]
    return pd.DataFrame(rows, columns=["MasterLabel", "IsClosed", "IsWon", "DefaultProbability"]).assign(
        ApiName=list(STAGE.values()), IsActive=True
    )


def dated_conversion_rate(view: View) -> pd.DataFrame:
    """The object DatedConversionRate: units of a currency for one of the corporate currency, to six decimals."""
    rates = view.table("exchange_rates")
    following = rates.groupby("currency")["valid_on"].shift(-1)
    return pd.DataFrame(
        {
            "IsoCode": rates["currency"],
            "ConversionRate": (1 / rates["rate_to_reporting"]).round(RATE_DIGITS),
            "StartDate": rates["valid_on"],
            "NextStartDate": following.dt.strftime("%Y-%m-%d").fillna(SENTINEL),
        }
    )

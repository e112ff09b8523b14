"""The simulated company as a Salesforce organisation: object name -> frame with API names."""

from __future__ import annotations

from alignment_toolkit.samples.exports import salesforce_activities as activities
from alignment_toolkit.samples.exports import salesforce_deals as deals
from alignment_toolkit.samples.exports import salesforce_leads as leads
from alignment_toolkit.samples.exports.form import Export
from alignment_toolkit.samples.exports.view import View

DATES = frozenset({"CloseDate", "ConvertedDate", "StartDate", "EndDate", "ActivityDate", "FirstRespondedDate"})
OBJECTS = {
    "Lead": leads.lead,
    "LeadHistory": leads.lead_history,
    "Account": leads.account,
    "User": leads.user,
    "Opportunity": deals.opportunity,
    "OpportunityHistory": deals.opportunity_history,
    "OpportunityFieldHistory": deals.opportunity_field_history,
    "OpportunityStage": deals.opportunity_stage,
    "DatedConversionRate": deals.dated_conversion_rate,
    "Campaign": activities.campaign,
    "CampaignMember": activities.campaign_member,
    "Task": activities.task,
    "Event": activities.event,
}


def salesforce(view: View) -> Export:
    """Every object that an administrator would export, deleted records included."""
    return Export({name: made(view) for name, made in OBJECTS.items()}, dates=DATES)

"""The simulated company as a HubSpot portal: file name -> frame with the API's names."""

from __future__ import annotations

from alignment_toolkit.samples.exports import hubspot_activities as activities
from alignment_toolkit.samples.exports import hubspot_contacts as contacts
from alignment_toolkit.samples.exports import hubspot_deals as deals
from alignment_toolkit.samples.exports.form import Export
from alignment_toolkit.samples.exports.view import View

DATES = frozenset({"hs_start_date", "hs_end_date"})
OBJECTS = {
    "contacts": contacts.contact,
    "contact_property_history": contacts.contact_history,
    "deals": deals.deal,
    "deal_contact": deals.deal_contact,
    "deal_property_history": deals.deal_history,
    "deal_pipeline_stage": deals.pipeline_stage,
    "calls": activities.call,
    "emails": activities.email,
    "meetings": activities.meeting,
    "form_submissions": activities.submission,
    "email_events": activities.email_event,
    "campaigns": activities.campaign,
    "owners": contacts.owner,
}


def hubspot(view: View) -> Export:
    """Every object that the API gives out, with the histories of properties."""
    return Export({name: made(view) for name, made in OBJECTS.items()}, dates=DATES)

"""The simulated company's HubSpot portal as Fivetran lands it: table name -> frame, properties with their prefix."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports import hubspot_activities as activities
from alignment_toolkit.samples.exports import hubspot_contacts as contacts
from alignment_toolkit.samples.exports import hubspot_deals as deals
from alignment_toolkit.samples.exports.form import LANDED_INSTANT, Export
from alignment_toolkit.samples.exports.landed import OPEN_END, synced
from alignment_toolkit.samples.exports.view import View

TEAMS = ("Marketing", "Sales", "Customer Success")


def _properties(frame: pd.DataFrame, *, named: dict[str, str]) -> pd.DataFrame:
    """Columns with names of their own, all others as properties."""
    return frame.rename(columns={column: named.get(column, f"property_{column}") for column in frame.columns})


def _contact(view: View) -> pd.DataFrame:
    return _properties(contacts.contact(view), named={"hs_object_id": "id"}).assign(_fivetran_deleted=False)


def _deal(view: View) -> pd.DataFrame:
    own = {"hs_object_id": "deal_id", "dealstage": "deal_pipeline_stage_id", "pipeline": "deal_pipeline_id", "hubspot_owner_id": "owner_id"}
    alive = _properties(deals.deal(view), named=own).assign(is_deleted=False)
    copies = alive.iloc[::60].assign(is_deleted=True)
    return pd.concat([alive, copies.assign(deal_id="9" + copies["deal_id"])], ignore_index=True)


def _deal_stage(view: View) -> pd.DataFrame:
    """Entries of deals into stages; the current one ends in 9999."""
    rows = deals.deal_stages(view).rename(columns={"timestamp": "date_entered"})
    following = rows.groupby("deal_id")["date_entered"].shift(-1)
    end = following.dt.strftime(LANDED_INSTANT).fillna(OPEN_END)
    return rows.assign(_fivetran_start=rows["date_entered"], _fivetran_end=end, _fivetran_active=following.isna())


def _engagements(view: View) -> dict[str, pd.DataFrame]:
    """Calls, e-mails and meetings, and who took part in them."""
    made = {"call": activities.call(view), "email": activities.email(view), "meeting": activities.meeting(view)}
    links = [
        pd.DataFrame({"engagement_id": rows["hs_object_id"], "contact_id": rows["associated_contact_ids"], "engagement_type": kind.upper()})
        for kind, rows in made.items()
    ]
    tables = {
        f"engagement_{kind}": _properties(
            rows.drop(columns="associated_contact_ids"), named={"hs_object_id": "engagement_id", "hs_meeting_start_time": "start_time"}
        ).assign(type=kind.upper(), _fivetran_deleted=False)
        for kind, rows in made.items()
    }
    return {**tables, "engagement_contact": pd.concat(links, ignore_index=True)}


def _teams(view: View) -> dict[str, pd.DataFrame]:
    owners = contacts.owner(view)
    number = {name: str(place) for place, name in enumerate(TEAMS, start=1)}
    return {
        "owner": owners.drop(columns="team"),
        "owner_team": pd.DataFrame({"owner_id": owners["owner_id"], "team_id": owners["team"].map(number), "is_team_primary": True}),
        "team": pd.DataFrame({"id": list(number.values()), "name": list(number)}),
    }


def fivetran_hubspot(view: View) -> Export:
    """Every table that lands; the connector knows no marketing campaigns."""
    tables = {
        "contact": _contact(view),
        "contact_property_history": contacts.contact_history(view),
        "contact_merge_audit": contacts.merge_audit(view),
        "deal": _deal(view),
        "deal_stage": _deal_stage(view),
        "deal_property_history": deals.deal_history(view),
        "deal_contact": deals.deal_contact(view),
        "deal_company": deals.deal_company(view),
        "deal_pipeline_stage": deals.pipeline_stage(view),
        "contact_form_submission": activities.submission(view),
        "email_event": activities.email_event(view),
        **_engagements(view),
        **_teams(view),
    }
    return Export({name: synced(frame) for name, frame in tables.items()}, instant=LANDED_INSTANT)

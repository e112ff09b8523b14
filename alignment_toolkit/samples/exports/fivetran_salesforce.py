"""The simulated company's Salesforce organisation as Fivetran lands it: table name -> frame."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.form import LANDED_INSTANT, Export
from alignment_toolkit.samples.exports.landed import small, snake, versions
from alignment_toolkit.samples.exports.salesforce import DATES, OBJECTS
from alignment_toolkit.samples.exports.view import View

ELSEWHERE = ("OpportunityHistory", "OpportunityFieldHistory", "OpportunityStage")


def _opportunity_versions(view: View) -> pd.DataFrame:
    """Versions of opportunities in history mode, instead of Salesforce's own history."""
    seen = (
        OBJECTS["OpportunityHistory"](view).drop(columns=["Id", "IsDeleted"]).rename(columns={"OpportunityId": "id", "CreatedDate": "at"})
    )
    fixed = OBJECTS["Opportunity"](view)[["Id", "AccountId", "CreatedDate", "Type", "IsDeleted"]].rename(columns={"Id": "id"})
    rows = versions(seen, key="id", at="at").merge(fixed, on="id")
    label = rows["StageName"].str.strip()
    return rows.assign(IsClosed=label.str.startswith("Closed"), IsWon=label == "Closed Won")


def fivetran_salesforce(view: View) -> Export:
    """Every table that lands; opportunities come in history mode."""
    tables = {snake(name): small(made(view)) for name, made in OBJECTS.items() if name not in ELSEWHERE}
    tables["user"] = tables["user"].assign(_fivetran_deleted=False)
    tables["opportunity_history"] = small(_opportunity_versions(view))
    return Export(tables, dates=frozenset(snake(name) for name in DATES), instant=LANDED_INSTANT)

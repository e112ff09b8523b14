"""What does a CRM know of a lead? The simulated company's records split at the moment a lead becomes a deal.

Unit: one lead, one change of a lead or a deal. CRMs keep a lead and its deal as two records: until conversion the lead's own status
moves, afterwards only the deal's stage does. What an export cannot carry is left out here, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alignment_toolkit.samples.exports.warts import NOTHING
from alignment_toolkit.samples.simulate import Sample

LEAD_STAGES = ("lead", "mql", "sal", "sql", "lost")


@dataclass(frozen=True)
class View:
    """The records of a sample as a vendor sees them."""

    sample: Sample

    def table(self, name: str) -> pd.DataFrame:
        """A copy of a canonical table on a fresh index."""
        return self.sample.tables[name].reset_index(drop=True)

    @cached_property
    def leads(self) -> pd.DataFrame:
        """Leads with deal_id and converted_at: when the lead became a deal, null where it never did."""
        leads, deals = self.table("leads"), self.deals
        own = deals[deals["lead_id"].isin(leads["lead_id"])].set_index("lead_id")
        leads = leads.assign(deal_id=leads["lead_id"].map(own["deal_id"]))
        first = self._events.query("stage == 'opportunity'").groupby("lead_id")["entered_at"].min()
        at = leads["lead_id"].map(own["created_at"]).fillna(leads["lead_id"].map(first))
        return leads.assign(converted_at=at.astype("datetime64[us]"))

    @cached_property
    def _events(self) -> pd.DataFrame:
        return self.table("stage_events")

    @cached_property
    def lead_events(self) -> pd.DataFrame:
        """Stage events before conversion, leads that are not there included: lead_id, stage, entered_at, reason."""
        converted = self.leads.set_index("lead_id")["converted_at"]
        at = self._events["lead_id"].map(converted)
        before = self._events["stage"].isin(LEAD_STAGES) & ~(self._events["entered_at"] >= at)
        return self._events.loc[before, ["lead_id", "stage", "entered_at", "reason"]].reset_index(drop=True)

    @cached_property
    def deals(self) -> pd.DataFrame:
        """Deals; the lead of a deal that does not exist is null."""
        deals = self.table("deals")
        known = deals["lead_id"].isin(self.table("leads")["lead_id"])
        return deals.assign(lead_id=deals["lead_id"].where(known, NOTHING))

    @cached_property
    def deal_events(self) -> pd.DataFrame:
        """Changes of deals by deal and instant."""
        return self.table("deal_events")

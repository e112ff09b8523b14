"""What winning a customer cost: campaign money shared out over the leads it brought.

Unit: the customer. Each campaign's money is shared equally over its leads; a segment's cost is that of its leads on campaigns with
a cost, divided by the customers among those leads. Leads without a campaign cost nothing here and their customers do not count.
Leads that may still become customers make the cost look higher than it will be.
"""

from __future__ import annotations

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.study import Study


def acquisition_costs(study: Study, *, by: str) -> dict[str, float]:
    """Cost per customer by segment, in the reporting currency.

    Args:
        study: What it looks at; money spent before `as_of` counts.
        by: `all` or an attribute of the lead (source, persona, campaign_id); for others nothing is known.

    Returns:
        Segment -> cost; segments without customers from paid campaigns are not in it; empty without `campaign_costs`.
    """
    if not study.crm.has("campaign_costs") or by not in {"all", "source", "persona", "campaign_id"}:
        return {}
    spent = counted("acquisition_spend", study).set_index("campaign_id")["cents"]
    brought = counted("acquisition_yield", study, by=by)
    brought = brought[brought["campaign_id"].isin(spent.index)]
    per_lead = brought["campaign_id"].map(spent) / brought.groupby("campaign_id")["leads"].transform("sum")
    sums = brought.assign(cents=per_lead * brought["leads"]).groupby("segment")[["cents", "customers"]].sum()
    won = sums[sums["customers"] > 0]
    return {str(segment): float(cost) for segment, cost in (won["cents"] / won["customers"] / 100).items()}

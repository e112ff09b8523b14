"""The catalogue of counts queries: everything the statistics ever ask an engine, each a small table of counts.

One query is a function `Study -> ibis expression`, registered under its name. A conformance test runs every one of them on each engine and
compares the counts; nothing else in the package sends an aggregate to an engine.
"""

from __future__ import annotations

from alignment_toolkit.counts import (
    agreement,
    arrivals,
    bridge,
    capacity,
    customer_gaps,
    customers,
    deal_days,
    deal_gaps,
    deals,
    feedback,
    handoff,
    joint,
    lead_gaps,
    leads,
    links,
    losses,
    mrr,
    personas,
    pipeline,
    quality,
    small,
    stages,
    stalled,
    touches,
    verdict_gaps,
    visit_gaps,
    volumes,
    wins,
)
from alignment_toolkit.counts.catalogue import CATALOGUE, counted, query

__all__ = [
    "CATALOGUE",
    "agreement",
    "arrivals",
    "bridge",
    "capacity",
    "counted",
    "customer_gaps",
    "customers",
    "deal_days",
    "deal_gaps",
    "deals",
    "feedback",
    "handoff",
    "joint",
    "lead_gaps",
    "leads",
    "links",
    "losses",
    "mrr",
    "personas",
    "pipeline",
    "quality",
    "query",
    "small",
    "stages",
    "stalled",
    "touches",
    "verdict_gaps",
    "visit_gaps",
    "volumes",
    "wins",
]

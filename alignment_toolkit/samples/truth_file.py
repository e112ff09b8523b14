"""What was planted, in numbers: the content of ``truth.json``.

Unit: as each entry says. Parameters come from `company`, probabilities from `truths`, and counts of faults from the
functions that planted them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.samples import agreements, company, span, truths
from alignment_toolkit.samples.faults import Chosen
from alignment_toolkit.samples.population import Population


def _shares(population: Population) -> dict[str, float]:
    counts = np.bincount(population.source, minlength=len(company.SOURCES))
    return {source.name: float(n / len(population)) for source, n in zip(company.SOURCES, counts, strict=True)}


def _bad_quarter() -> dict[str, Any]:
    plant = company.PLANTED
    return {
        "quarter": span.QUARTERS[plant.bad_quarter],
        "compared_with": span.QUARTERS[plant.bad_quarter - 1],
        "causes": [
            {
                "factor": "opportunities per lead",
                "slice": "source",
                "segment": plant.marketing_source,
                "owner": "marketing",
                "share_of_opportunities_lost": plant.marketing_drop,
            },
            {
                "factor": "won share",
                "slice": "region",
                "segment": plant.sales_region,
                "owner": "sales",
                "share_of_wins_lost": plant.sales_drop,
            },
        ],
    }


def _churn() -> dict[str, Any]:
    return {
        "source": company.PLANTED.churn_source,
        "early_churn_90d": {item.name: round(truths.early_churn(item, horizon=90), 8) for item in company.SOURCES},
    }


def _missourced(deals: pd.DataFrame, *, population: Population) -> dict[str, int]:
    """Deals of the leads of one source, and how many of them the CRM credits to another."""
    plant = company.PLANTED
    own = deals[deals["lead_id"].str.startswith("L", na=False) & (deals["deal_type"] == "new")]
    source = population.source[own["lead_id"].str[1:].astype(np.int64).to_numpy() - 1]
    mine = own[source == company.position(company.SOURCES, name=plant.missourced_source)]
    return {"deals": len(mine), "deals_recorded_otherwise": int((mine["source"] == plant.missourced_as).sum())}


def _misaligned(deals: pd.DataFrame, *, population: Population) -> dict[str, Any]:
    plant = company.PLANTED
    return {
        "words": {"term": "qualified", "marketing": f"score >= {plant.qualified_score}", "sales": "accepted within 5 days of assigned_at"},
        "numbers": {
            "crm_source": {
                "source": plant.missourced_source,
                "recorded_as": plant.missourced_as,
                "share_of_deals": plant.missourced_share,
                **_missourced(deals, population=population),
            },
            "claim": {"team": plant.claim_team, "kpi": "bookings", "relative_difference": plant.claim_excess},
        },
        "goals": {
            "marketing_met_shared_missed": [
                span.QUARTERS[place] for place in plant.missed_bookings if place not in agreements.MISSED_LEADS
            ],
            "leads_target_missed": [span.QUARTERS[place] for place in agreements.MISSED_LEADS],
            "bookings_target_missed": [span.QUARTERS[place] for place in plant.missed_bookings],
        },
    }


def _planted(deals: pd.DataFrame, *, population: Population) -> dict[str, Any]:
    plant = company.PLANTED
    return {
        "poor_source": plant.poor_source,
        "excellent_source": plant.excellent_source,
        "tiny_source": {"source": plant.tiny_source, "leads": len(plant.tiny_quarters)},
        "bad_quarter": _bad_quarter(),
        "slow_handoff": {
            "region": plant.slow_region,
            "median_hours": plant.slow_touch_hours,
            "median_hours_elsewhere": plant.first_touch_hours,
            "untouched_share": plant.untouched_share,
        },
        "persona_drift": {
            "quarter": span.QUARTERS[plant.bad_quarter],
            "up": plant.drift_up,
            "down": plant.drift_down,
            "share_moved": plant.drift_share,
            "usual_mix": {group.name: group.weight for group in company.PERSONAS},
        },
        "improved_campaign": {
            "campaign": plant.improved_campaign,
            "acted_on": plant.improved_on,
            "share_stuck_at_mql_before": plant.improved_before_share,
            "share_of_lost_at_opportunity_after": plant.improved_after_share,
            "reason_before": "Wrong persona",
        },
        "churn_by_source": _churn(),
        "misalignment": _misaligned(deals, population=population),
    }


def _conflicts(tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Customers by what the event log and the flag say of them."""
    events = tables["churn_events"]
    event, flag = (set(events.loc[events["origin"] == origin, "customer_id"]) for origin in ("event", "flag"))
    return {"churn event without flag": len(event - flag), "churn flag without event": len(flag - event)}


def _faults(tables: dict[str, pd.DataFrame], *, population: Population, chosen: Chosen, counts: dict[str, int]) -> dict[str, int]:
    plant = company.PLANTED
    burst = span.instant(*(int(part) for part in plant.burst_on.split("-")))
    named = {
        "leads that skip a stage": chosen.skipped,
        "leads moved back": chosen.moved_back,
        "leads with a back-filled stamp": chosen.backfilled,
        "leads with an event before creation": chosen.before_creation,
        "leads lost before creation": chosen.lost_before_creation,
        "wins reversed": chosen.reversed_win,
        "won leads without a deal": chosen.won_without_deal,
        "won deals whose lead is not won": chosen.deal_won_lead_open,
        "leads merged away": chosen.merged,
    }
    return {
        **{name: len(places) for name, places in named.items()},
        "leads in the import burst": int((population.created == burst).sum()),
        **counts,
        **_conflicts(tables),
    }


def truth(
    tables: dict[str, pd.DataFrame],
    *,
    population: Population,
    won: np.ndarray,
    chosen: Chosen,
    counts: dict[str, int],
    seed: int,
) -> dict[str, Any]:
    """The content of ``truth.json``.

    Args:
        tables: the finished tables.
        population: the leads.
        won: instant of each lead's first win in seconds.
        chosen: leads of each fault of the stage history.
        counts: numbers of the other faults.
        seed: the seed of the sample.
    """
    leads, bookings = agreements.recorded(tables["leads"], deals=tables["deals"], merges=tables["merges"])
    return {
        "seed": seed,
        "leads": len(population),
        "span": {"first_quarter": span.QUARTERS[0], "last_quarter": span.QUARTERS[-1], "last_day": span.LAST_DAY, "time_zone": span.ZONE},
        "rows": {name: len(frame) for name, frame in sorted(tables.items())},
        "incidence": truths.incidence_truth(shares=_shares(population)),
        "sources": {source.name: asdict(source) for source in company.SOURCES},
        "planted": _planted(tables["deals"], population=population),
        "faults": _faults(tables, population=population, chosen=chosen, counts=counts),
        "recorded": {
            "leads_won": int((won < span.END).sum()),
            "leads_by_quarter": dict(zip(span.QUARTERS, (int(n) for n in leads), strict=True)),
            "bookings_eur_by_quarter": dict(zip(span.QUARTERS, (round(float(x), 2) for x in bookings), strict=True)),
        },
    }

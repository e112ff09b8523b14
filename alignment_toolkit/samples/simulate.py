"""Simulate the whole company: every canonical table and the truth about them.

Unit: one company of ``leads`` leads, 2023Q4 to 2026Q3. The steps: draw the leads, their latent histories and the bad
quarter; observe them up to the last day; plant the faults; write down what was planted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.samples import (
    agreements,
    customers,
    deal_history,
    faults,
    faulty_records,
    faulty_stages,
    growth,
    marketing,
    sales,
    span,
    truth_file,
)
from alignment_toolkit.samples import leads as lead_tables
from alignment_toolkit.samples.outcomes import Outcomes, apply_bad_quarter, draw_outcomes, won_seconds
from alignment_toolkit.samples.population import Population, draw_population
from alignment_toolkit.samples.stages import Visits, observed_events, place_stages

SEED = 20260930
LEADS = 10_000
FEWEST_LEADS = 500
ORPHAN_SHARE = 0.0015
ORPHAN_DEAL_SHARE = 0.1


@dataclass(frozen=True)
class Sample:
    """A simulated CRM.

    Attributes:
        tables: canonical table name to frame; instants are naive UTC microseconds, dates midnight, money float.
        truth: what was planted, ready for JSON.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, Any]


@dataclass(frozen=True)
class World:
    """The latent side of a company, before anybody records it."""

    population: Population
    outcomes: Outcomes
    visits: Visits
    handover: lead_tables.Handover
    account: np.ndarray
    seed: int


def draw_world(*, seed: int, leads: int) -> World:
    """Draw the latent histories with the planted bad quarter."""
    population = draw_population(seed=seed, leads=leads)
    steady = draw_outcomes(population, seed=seed)
    outcomes = apply_bad_quarter(population, outcomes=steady, seed=seed)
    visits = place_stages(population, outcomes=outcomes, seed=seed)
    handover = lead_tables.hand_over(population, outcomes=outcomes, visits=visits, seed=seed)
    account = lead_tables.accounts(population, visits=visits, seed=seed)
    return World(population, outcomes, visits, handover, account, seed)


def _lead_side(world: World) -> dict[str, pd.DataFrame]:
    """Clean tables about leads."""
    seed, outcomes = world.seed, world.outcomes
    leads = lead_tables.leads_table(world.population, handover=world.handover, account=world.account, seed=seed)
    ids = leads["lead_id"].to_numpy()
    events = observed_events(world.visits, outcomes=outcomes)
    feedback = lead_tables.feedback_table(
        world.population, outcomes=outcomes, visits=world.visits, handover=world.handover, ids=ids, seed=seed
    )
    stage_events = lead_tables.stage_events_table(events, outcomes=outcomes, ids=ids, seed=seed)
    return {"leads": leads, "stage_events": stage_events, "feedback": feedback}


def _deal_side(world: World, *, leads: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Clean tables about deals and customers."""
    seed = world.seed
    pipeline = sales.draw_pipeline(world.population, outcomes=world.outcomes, visits=world.visits, seed=seed)
    amount = sales.in_currency(pipeline.amount, currency=pipeline.currency)
    paths = sales.draw_paths(pipeline, amount=amount, seed=seed)
    deals = sales.deals_table(pipeline, paths=paths, amount=amount, leads=leads, seed=seed)
    ids = deals["deal_id"].to_numpy()
    events = deal_history.deal_events_table(pipeline, paths=paths, amount=amount, ids=ids)
    spells = customers.draw_spells(_wins(world, pipeline=pipeline, deals=deals), seed=seed)
    later, later_events = growth.growth_tables(spells, first=len(deals) + 1, seed=seed)
    return {
        "deals": pd.concat([deals, later], ignore_index=True),
        "deal_events": pd.concat([events, later_events], ignore_index=True),
        "subscriptions": customers.subscriptions_table(spells, seed=seed),
        "churn_events": customers.churn_events_table(spells, seed=seed),
    }


def _wins(world: World, *, pipeline: sales.Pipeline, deals: pd.DataFrame) -> customers.Wins:
    """Won deals become customers, at a twelfth of the amount per month."""
    won = np.flatnonzero(pipeline.won)
    source = np.where(pipeline.lead[won] >= 0, world.population.source[pipeline.lead[won]], -1)
    return customers.Wins(
        customer=deals["account_id"].to_numpy()[won],
        lead_id=deals["lead_id"].to_numpy()[won],
        source=source,
        won_day=span.local_days(pipeline.closed[won]),
        mrr=deals["amount"].to_numpy()[won] / 12,
        currency=pipeline.currency[won],
    )


Broken = tuple[dict[str, pd.DataFrame], dict[str, int]]


def _break_leads(tables: dict[str, pd.DataFrame], *, world: World, chosen: faults.Chosen) -> Broken:
    """The tables with the faults of leads and stage events, and how many."""
    ids, seed = tables["leads"]["lead_id"].to_numpy(), world.seed
    merges, at = faulty_records.lost_records(world.population, visits=world.visits, merged=chosen.merged, ids=ids, seed=seed)
    orphans = faulty_records.number(ORPHAN_SHARE, size=len(ids))
    stage_events = faulty_stages.break_stages(
        tables["stage_events"], chosen=chosen, outcomes=world.outcomes, visits=world.visits, ids=ids,
        lost_at=at, lost_ids=merges["lost_id"].to_numpy(), orphans=orphans, seed=seed,
    )  # fmt: skip
    leads, counts = faulty_records.with_placeholders(tables["leads"], seed=seed)
    leads = faulty_records.with_lost_records(leads, merged=chosen.merged, merges=merges, at=at)
    broken = {"leads": leads, "stage_events": stage_events, "merges": merges}
    return tables | broken, counts | {"orphan leads in stage_events": orphans}


def _break_deals(tables: dict[str, pd.DataFrame], *, ids: np.ndarray, chosen: faults.Chosen, seed: int) -> Broken:
    """The tables with the faults of deals and subscriptions, and how many."""
    gone = tables["deals"]["lead_id"].isin(ids[chosen.won_without_deal])
    lost = tables["deals"].loc[gone, "deal_id"]
    deals = tables["deals"][~gone].reset_index(drop=True)
    events = tables["deal_events"][~tables["deal_events"]["deal_id"].isin(lost)].reset_index(drop=True)
    bare = np.flatnonzero(deals["lead_id"].isna() & (deals["deal_type"] == "new"))
    orphans = faulty_records.number(ORPHAN_DEAL_SHARE, size=len(bare))
    deals = faulty_records.with_orphans(deals, places=bare[:orphans], ids=faulty_stages.orphan_ids(size=orphans))
    deals, products = faulty_records.with_unknown_products(deals, seed=seed)
    deals, events, amounts = faulty_records.without_amounts(deals, events=events, seed=seed)
    subscriptions, sentinels = faulty_records.with_sentinels(tables["subscriptions"], seed=seed)
    return tables | {"deals": deals, "deal_events": events, "subscriptions": subscriptions}, {
        "orphan leads in deals": orphans,
        "unknown products in deals": products,
        "deals without amount": amounts,
        "sentinel dates in subscriptions": sentinels,
    }


def _touches(world: World, *, ids: np.ndarray) -> Broken:
    """The table `touches`, every thousandth of a lead that does not exist; and how many, and how many unrecorded."""
    touches, unrecorded = _recorded_touches(world, ids=ids)
    places = np.arange(500, len(touches), 1_000)
    touches = faulty_records.with_orphans(touches, places=places, ids=faulty_stages.orphan_ids(size=len(places)))
    return {"touches": touches}, {"orphan leads in touches": len(places), "touches before recording": unrecorded}


def _recorded_touches(world: World, *, ids: np.ndarray) -> tuple[pd.DataFrame, int]:
    """The table `touches` without a fault but its late start, and how many lie before it."""
    return marketing.touches_table(world.population, outcomes=world.outcomes, handover=world.handover, ids=ids, seed=world.seed)


def _fixed(world: World) -> dict[str, pd.DataFrame]:
    """The tables that have no faults."""
    return {
        "actions": marketing.actions_table(),
        "campaigns": marketing.campaigns_table(),
        "campaign_costs": marketing.costs_table(world.population, seed=world.seed),
        "owners": agreements.owners_table(),
        "products": agreements.products_table(),
        "exchange_rates": agreements.exchange_rates_table(),
    }


def _agreed(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Targets and claims, which refer to the records as they are after the faults."""
    leads, bookings = agreements.recorded(tables["leads"], deals=tables["deals"], merges=tables["merges"])
    return {
        "targets": agreements.targets_table(leads=leads, bookings=bookings),
        "claims": agreements.claims_table(leads=leads, bookings=bookings),
    }


def without_faults(*, seed: int = SEED, leads: int = LEADS) -> dict[str, pd.DataFrame]:
    """The same company as `simulate` draws, as a CRM would hold it in which nobody made a mistake.

    What the faults hide: any figure of these tables is what the figure of `simulate`'s tables would be, had they not been planted. Only the
    burst of leads created on one day stays, which is drawn with the leads themselves.

    Args:
        seed: as for `simulate`.
        leads: as for `simulate`.

    Returns:
        All canonical tables but `merges`.
    """
    world = draw_world(seed=seed, leads=leads)
    tables = _lead_side(world)
    tables |= _deal_side(world, leads=tables["leads"])
    touches, _ = _recorded_touches(world, ids=tables["leads"]["lead_id"].to_numpy())
    return dict(sorted((tables | {"touches": touches} | _fixed(world)).items()))


def simulate(*, seed: int = SEED, leads: int = LEADS) -> Sample:
    """Simulate a company's CRM.

    Args:
        seed: any non-negative integer; the same seed gives the same tables.
        leads: number of leads before duplicates, at least 500.

    Returns:
        All canonical tables and the truth.

    Raises:
        ValueError: too few leads to plant anything.
    """
    if leads < FEWEST_LEADS:
        raise ValueError(f"A sample of {leads} leads is too small to plant anything; ask for {FEWEST_LEADS} or more.")
    world = draw_world(seed=seed, leads=leads)
    tables = _lead_side(world)
    ids = tables["leads"]["lead_id"].to_numpy()
    tables |= _deal_side(world, leads=tables["leads"])
    chosen = faults.choose(world.population, outcomes=world.outcomes, visits=world.visits, seed=seed)
    tables, of_leads = _break_leads(tables, world=world, chosen=chosen)
    tables, of_deals = _break_deals(tables, ids=ids, chosen=chosen, seed=seed)
    touches, of_touches = _touches(world, ids=ids)
    tables = tables | touches | _fixed(world)
    tables |= _agreed(tables)
    truth = truth_file.truth(
        tables, population=world.population, won=won_seconds(world.outcomes), chosen=chosen,
        counts=of_leads | of_deals | of_touches, seed=seed,
    )  # fmt: skip
    return Sample(tables=dict(sorted(tables.items())), truth=truth)

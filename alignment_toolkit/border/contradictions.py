"""Records that contradict each other.

Won leads without a deal, skipped and back-filled stages, churn flags against churn events, merges that go in a ring.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alignment_toolkit.border.clocks import is_date, micros
from alignment_toolkit.border.odd import Odd
from alignment_toolkit.border.rings import COUNTS_AS, rings

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


def contradictions(crm: Crm) -> Iterator[Odd]:
    """Every kind of contradiction between records."""
    yield from _wins(crm)
    yield from _stages(crm)
    yield from _amounts(crm)
    yield from _closings(crm)
    yield from _churn(crm)
    yield from _rings(crm)


def _wins(crm: Crm) -> Iterator[Odd]:
    if not crm.has("deals") or "lead_id" not in crm.present.get("deals", ()):
        return
    events, deals = _resolved(crm, "stage_events"), _resolved(crm, "deals")
    won_leads = events.filter(events.stage == "won").select("lead_id").distinct()
    won_deals = deals.filter((deals.outcome == "won") & deals.lead_id.notnull())
    no_deal = won_leads.anti_join(deals.filter(deals.lead_id.notnull()).select("lead_id"), "lead_id")
    known = _resolved(crm, "leads").select("lead_id")  # a deal of an unknown lead is an orphan, not a contradiction
    not_won = won_deals.semi_join(known, "lead_id").anti_join(won_leads, "lead_id")
    way_out = "Link the deal and its lead, or repair the stage; wins are counted from stages, bookings from deals"
    yield Odd("stage_events", "won leads without a deal", no_deal.select(id="lead_id"), won_leads, "A won lead has a deal", way_out)
    yield Odd("deals", "won deals whose lead is not won", not_won.select(id="deal_id"), won_deals, "The lead of a won deal is won", way_out)


def _resolved(crm: Crm, name: str) -> ir.Table:
    """The table with leads merged away replaced by their survivors."""
    from alignment_toolkit.merging import survivors

    return survivors(crm, crm.tables[name])


def _stages(crm: Crm) -> Iterator[Odd]:
    import ibis

    events = crm.tables["stage_events"]
    open_stages = [stage.name for stage in crm.config.open_stages]
    ranks = {name: index for index, name in enumerate(open_stages)} | {"won": len(open_stages)}
    ranked = events.mutate(rank=ibis.cases(*((events.stage == name, rank) for name, rank in ranks.items()), else_=ibis.null("int64")))
    order = ibis.window(group_by="lead_id", order_by=["entered_at", "rank"])
    before = ibis.window(group_by="lead_id", order_by=["entered_at", "rank"], preceding=(None, 1))
    seen = ranked.mutate(highest=ranked["rank"].max().over(before).fill_null(0), next_at=ranked.entered_at.lead().over(order))
    skipped = seen.filter((seen["rank"] - seen.highest).fill_null(0) > 1)
    together = seen.next_at.truncate("s") == seen.entered_at.truncate("s")
    together = together & ~is_date(micros(seen.entered_at)) if crm.has_dates else together
    filled = seen.filter(seen.is_backfilled.fill_null(False) | together.fill_null(False))
    rule = f"A lead passes the stages in order: {', '.join(open_stages)}, won"
    way_out = "Nothing is invented for a stage that was skipped; record it where it was passed"
    yield Odd("stage_events", "advances that skipped at least one stage", skipped.select(id="lead_id"), events, rule, way_out)
    rule = "A stage is stamped when it is entered, not together with the next"
    way_out = "Such stamps are left out of the time in stage"
    yield Odd("stage_events", "back-filled stamps", filled.select(id="lead_id"), events, rule, way_out)


def _amounts(crm: Crm) -> Iterator[Odd]:
    if not crm.has("deals"):
        return
    for outcome, effect in (("won", "bookings are a lower bound"), ("open", "the open pipeline is a lower bound")):
        deals = crm.tables["deals"].filter(crm.tables["deals"].outcome == outcome)
        way_out = f"Enter the amounts; until then they are unknown, never zero, and {effect}"
        fault, unknown = f"{outcome} deals without an amount", deals.amount.isnull()
        yield Odd("deals", fault, deals.deal_id, deals, "A deal has an amount", way_out, where=unknown)


def _closings(crm: Crm) -> Iterator[Odd]:
    """Closed deals of which nothing says when they were closed."""
    if not crm.has("deals"):
        return
    effects = {
        "lost": "until then they are followed without a win up to the as-of, and left out of times",
        "won": "until then they are bookings to date, but of no quarter",
    }
    for outcome, effect in effects.items():
        deals = crm.tables["deals"].filter(crm.tables["deals"].outcome == outcome)
        rule, way_out = "A closed deal has a closing day", f"Export the closing day (closed_at); {effect}"
        yield Odd("deals", f"{outcome} deals without a closing day", deals.deal_id, deals, rule, way_out, where=deals.closed_at.isnull())


def _churn(crm: Crm) -> Iterator[Odd]:
    if not crm.has("churn_events"):
        return
    rows = crm.tables["churn_events"]
    sides = rows.group_by("customer_id").aggregate(
        flags=(rows.origin == "flag").cast("int64").sum(), events=(rows.origin == "event").cast("int64").sum()
    )
    # a source that never speaks (no flag at all) cannot be contradicted
    totals = sides.aggregate(all_flags=sides.flags.sum(), all_events=sides.events.sum())
    joined = sides.cross_join(totals)
    both = joined.filter((joined.all_flags > 0) & (joined.all_events > 0))
    conflict = both.filter((both.flags > 0) != (both.events > 0))
    rule = "A customer with a churn flag has a churn event, and the other way round; of all customers that have either"
    way_out = "Agree on one definition of churn; all of them are shown side by side"
    yield Odd("churn_events", "churn flag against churn event", conflict.select(id="customer_id"), sides, rule, way_out)


def _rings(crm: Crm) -> Iterator[Odd]:
    """Merges of leads, accounts or deals of which nobody survives."""
    import ibis

    if not crm.has("merges"):
        return
    merges = crm.tables["merges"]
    found = rings(merges, lambda expression: expression.to_pyarrow().to_pylist())
    among = [(merges["table"] == table) & merges.lost_id.isin([lost for ring in of for lost in ring]) for table, of in found.items()]
    if among:
        way_out = f"Take the merge of the record that survived out of the source; until then {COUNTS_AS}"
        yield Odd(
            "merges",
            "merges that go in a ring",
            merges.lost_id,
            merges,
            "Merges end at a record that survives",
            way_out,
            where=ibis.or_(*among),
        )

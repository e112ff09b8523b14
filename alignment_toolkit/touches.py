"""Journeys of touches as deferred expressions: which touches came before a won deal, and what each journey did next.

Question: what led to this win, and where do journeys go from here? Unit: the won deal for credit, the account (or the lead) for steps.
At account level a deal's touches are those of all leads of its account before the win, at lead level those of its own lead. Replies that
sales sends by machine (`is_human` is false) are no touches of sales. It does not answer what a touch caused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import DAY, between, not_before
from alignment_toolkit.deals import deals
from alignment_toolkit.leads import lead_numbers, lead_rows, named_or_missing
from alignment_toolkit.merging import survivors
from alignment_toolkit.periods import midnight
from alignment_toolkit.stats.credit import PARTS
from alignment_toolkit.timelines import milestones, outcomes_to_date, timeline

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

Unit = Literal["account", "lead"]
Of = Literal["channel", "campaign_id"]
START, WON, LOST = "(start)", "(won)", "(lost)"
NO_TOUCH = "(no touch)"


def touch_rows(crm: Crm) -> ir.Table:
    """One row per visible touch of a known, surviving lead.

    Returns:
        number (of the lead), touch_id, occurred_at, side (marketing, sales), channel and campaign_id ("(missing)" where unknown).
    """
    known = cached(crm, ("touches", crm.at_hand.as_of), lambda: _touch_rows(crm.at_hand))
    return known if crm.at_hand is crm else known.filter(_.occurred_at < crm.as_of)


def _touch_rows(crm: Crm) -> ir.Table:
    text, at = ibis.null("string"), ibis.null("timestamp(6)")
    if not crm.has("touches"):
        nobody = lead_rows(crm).filter(ibis.literal(False))
        return nobody.select("number", touch_id=text, occurred_at=at, side=text, channel=text, campaign_id=text)
    raw = crm.tables["touches"].filter(_.occurred_at < crm.as_of)
    seen = raw.select("touch_id", "lead_id", "occurred_at", "side", "channel", "campaign_id", "is_human")
    told = seen.inner_join(lead_numbers(crm).select("lead_id", "number"), "lead_id")
    by_machine = (told.side == "sales") & ~told.is_human.fill_null(True)
    named = {name: named_or_missing(told[name]) for name in ("channel", "campaign_id")}
    return told.filter(~by_machine).select("number", "touch_id", "occurred_at", "side", **named)


def lead_accounts(crm: Crm) -> ir.Table:
    """The account of each surviving lead: its own, else that of a deal of it, else the lead by itself; number, account, bucket."""
    return cached(crm, ("lead_accounts", crm.at_hand.as_of), lambda: _lead_accounts(crm.at_hand))


def _lead_accounts(crm: Crm) -> ir.Table:
    own = lead_rows(crm).select("number", "lead_id", "bucket")
    told = own.left_join(crm.tables["leads"].select("lead_id", "account_id"), "lead_id").drop("lead_id_right")
    account = told.account_id
    if crm.has("deals"):
        dealt = survivors(crm, crm.tables["deals"]).filter(_.account_id.notnull() & _.lead_id.notnull())
        of_deal = dealt.group_by("lead_id").agg(deal_account=_.account_id.min())
        told = told.left_join(of_deal, "lead_id").drop("lead_id_right")
        account = ibis.coalesce(told.account_id, told.deal_account)
    key = ibis.ifelse(account.notnull(), ibis.literal("account ") + account, ibis.literal("lead ") + told.lead_id)
    return told.select("number", "bucket", account=key)


def won_deals(study: Study) -> ir.Table:
    """The deals won in the report quarter, the base of bookings.

    Returns:
        deal_id, number (of its lead, null: none known), account, bucket, created_at, closed_at, cents (null: unknown), is_cut (whether the
        journey began before touches were recorded, so that its first touch is not known).
    """
    crm = study.crm
    if not crm.has("deals"):
        text, at, cents = ibis.null("string"), ibis.null("timestamp(6)"), ibis.null("int64")
        nothing = lead_rows(crm).filter(ibis.literal(False)).select("number", "bucket")
        return nothing.mutate(deal_id=text, account=text, created_at=at, closed_at=at, cents=cents, is_cut=ibis.literal(False))
    won = deals(crm).filter((_.outcome == "won") & (_.closed_at >= study.starts_at) & (_.closed_at < study.ends_at))
    plain = won.select("deal_id", "number", "bucket", "created_at", "closed_at", "cents")
    recorded = crm.tables["deals"].select("deal_id", "account_id")
    told = plain.left_join(recorded, "deal_id").drop("deal_id_right")
    people = lead_accounts(crm).inner_join(lead_rows(crm).select("number", lead_created_at="created_at"), "number")
    owned = told.left_join(people.select("number", "account", "lead_created_at"), "number").drop("number_right")
    bare = ibis.ifelse(owned.account_id.notnull(), ibis.literal("account ") + owned.account_id, ibis.literal("deal ") + owned.deal_id)
    begun = study.config.observed_since("touches")
    started_at = ibis.coalesce(owned.lead_created_at, owned.created_at)
    is_cut = ibis.literal(False) if begun is None else (started_at < midnight(begun, study.config.time_zone)).fill_null(False)
    return owned.mutate(account=ibis.coalesce(owned.account, bare), is_cut=is_cut).drop("account_id", "lead_created_at")


def touches_before_wins(study: Study, *, unit: str = "account") -> ir.Table:
    """One row per touch before a deal won in the report quarter, in the order of time.

    Returns:
        deal_id, bucket, cents (of the deal), side, channel, campaign_id, position (1, 2, … within the deal), length (touches of the deal),
        place (only, first, middle, last), anchors (milestones that the touch holds: the first touch; the last one by the handover of the
        deal's lead; the last one by the deal's creation; the first touch holds those that came before it), named (milestones of the deal
        that are known), held (touches of the deal that hold one), parts (of a million, by time decay; a deal's parts add up to it).
    """
    key = ("touches_before_wins", study.as_of, study.starts_at, study.ends_at, unit)
    return cached(study.crm, key, lambda: _touches_before_wins(study, unit))


def _touches_before_wins(study: Study, unit: str) -> ir.Table:
    crm = study.crm
    won = won_deals(study)
    handed = milestones(crm).select("number", "handed_at")
    dated = won.left_join(handed, "number").drop("number_right")
    if unit == "account":
        people = lead_accounts(crm).select("account", toucher="number")
        placed = dated.inner_join(people, "account").drop("number", "account")
    else:
        placed = dated.filter(_.number.notnull()).drop("account").rename(toucher="number")
    joined = placed.inner_join(touch_rows(crm), placed.toucher == touch_rows(crm).number)
    before = joined.filter(_.occurred_at < _.closed_at).drop("number", "toucher")
    return with_decay(crm, with_milestones(crm, ordered(before)), half_life_days=crm.config.half_life_days)


def ordered(touched: ir.Table) -> ir.Table:
    """Touches with their position and place in their deal; of several at one instant the smaller id comes first."""
    in_order = ibis.window(group_by="deal_id", order_by=["occurred_at", "touch_id"])
    whole = ibis.window(group_by="deal_id")
    told = touched.mutate(position=(ibis.row_number().over(in_order) + 1).cast("int64"), length=_.touch_id.count().over(whole))
    place = ibis.cases(
        (told["length"] == 1, "only"), (told.position == 1, "first"), (told.position == told["length"], "last"), else_="middle"
    )
    return told.mutate(place=place)


def with_milestones(crm: Crm, touched: ir.Table) -> ir.Table:
    """Which touches hold the milestones of the W rule: see `touches_before_wins`."""
    whole = ibis.window(group_by="deal_id")
    held = (touched.position == 1).cast("int64")
    named = ibis.literal(1).cast("int64")
    for at in (touched.handed_at, touched.created_at):
        by_then = not_before(crm, at, touched.occurred_at).fill_null(False).cast("int64").sum().over(whole)
        holds = at.notnull() & (touched.position == ibis.greatest(by_then, 1))
        held, named = held + holds.cast("int64"), named + at.notnull().cast("int64")
    told = touched.mutate(anchors=held, named=named)
    return told.mutate(held=(told.anchors > 0).cast("int64").sum().over(whole).cast("int64")).drop("handed_at", "created_at")


def with_decay(crm: Crm, touched: ir.Table, *, half_life_days: float) -> ir.Table:
    """Parts of a million by age before the win, halved with each half-life; what rounding leaves goes to the last touch."""
    whole = ibis.window(group_by="deal_id")
    latest = touched.mutate(latest_at=touched.occurred_at.max().over(whole))
    age = between(crm, latest.occurred_at, latest.latest_at) / DAY
    # Counted from the last touch, which weighs 1, so that nothing is too old to be told from zero; shares are the same.
    weighed = latest.mutate(weight=ibis.literal(2.0) ** (-age / half_life_days))
    shared = weighed.mutate(floor=(weighed.weight / weighed.weight.sum().over(whole) * PARTS).floor().cast("int64"))
    rest = PARTS - shared.floor.sum().over(whole)
    told = shared.mutate(parts=(shared.floor + ibis.ifelse(shared.position == shared["length"], rest, 0)).cast("int64"))
    columns = ("deal_id", "bucket", "cents", "side", "channel", "campaign_id", "occurred_at", "closed_at")
    return told.select(*columns, "position", "length", "place", "anchors", "named", "held", "parts")


def journey_ends(study: Study, *, unit: str) -> ir.Table:
    """When each journey ended: unit_id, bucket, won_at (first win of a deal or a lead), lost_at (once every lead is lost; null else)."""
    crm = study.crm
    people = units(crm, unit)
    marks = milestones(crm).select("number", "won_at", "last_at")
    lost = outcomes_to_date(crm, timeline(crm)).filter(_.outcome == "lost").select("number", is_lost=ibis.literal(1))
    told = people.left_join(marks, "number").drop("number_right").left_join(lost, "number").drop("number_right")
    seen = told.mutate(
        won_at=ibis.ifelse(told.won_at < crm.as_of, told.won_at, ibis.null("timestamp(6)")),
        lost_at=ibis.ifelse(told.is_lost.notnull(), told.last_at, ibis.null("timestamp(6)")),
        is_open=told.is_lost.isnull().cast("int64"),
    )
    if crm.has("deals"):
        dealt = deals(crm).filter((_.outcome == "won") & _.number.notnull()).group_by("number").agg(closed_at=_.closed_at.min())
        both = seen.left_join(dealt, "number").drop("number_right")
    else:
        both = seen.mutate(closed_at=ibis.null("timestamp(6)"))
    # A null instant is before every other to some engines' least: ask which there is first.
    first = ibis.ifelse(both.won_at.isnull() | (both.closed_at < both.won_at), ibis.coalesce(both.closed_at, both.won_at), both.won_at)
    ended = (
        both.mutate(first_won_at=first)
        .group_by("unit_id")
        .agg(bucket=_.bucket.min(), won_at=_.first_won_at.min(), last_loss_at=_.lost_at.max(), n_open=_.is_open.sum())
    )
    over = (ended.n_open == 0) & ended.won_at.isnull()
    return ended.mutate(lost_at=ibis.ifelse(over, ended.last_loss_at, ibis.null("timestamp(6)"))).select(
        "unit_id", "bucket", "won_at", "lost_at"
    )


def units(crm: Crm, unit: str) -> ir.Table:
    """The leads with the unit that they belong to: unit_id, number, bucket."""
    people = lead_accounts(crm)
    unit_id = people.account if unit == "account" else people.number.cast("string")
    return people.select("number", "bucket", unit_id=unit_id)


def steps(study: Study, *, of: str = "channel", unit: str = "account") -> ir.Table:
    """One row per step of a journey that was taken inside the study's window: from the touch before (or the start) to a touch or an end.

    A journey ends with the unit's first win, or when its last lead is lost; an open one has no last step. Counting the steps of a window,
    whichever journeys they belong to, needs no journey to be over.

    Returns:
        bucket, origin ("(start)", a channel), target (a channel, "(won)", "(lost)").
    """
    key = ("steps", study.as_of, study.ends_at, study.window_opens_at, unit)
    taken = cached(study.crm, key, lambda: _steps(study, unit))
    return taken.select("bucket", origin=taken[f"{of}_before"], target=taken[of])


def _steps(study: Study, unit: str) -> ir.Table:
    """The steps by channel and by campaign at once, since putting touches in order is what costs."""
    crm = study.crm
    ends = journey_ends(study, unit=unit)
    ended_at = ibis.coalesce(ends.won_at, ends.lost_at)
    alive = ends.mutate(ended_at=ended_at, end=ibis.ifelse(ends.won_at.notnull(), WON, LOST))
    if study.window_opens_at is not None:
        alive = alive.filter(_.ended_at.isnull() | (_.ended_at >= study.window_opens_at))
    touched = units(crm, unit).drop("bucket").inner_join(touch_rows(crm), "number").inner_join(alive, "unit_id")
    seen = touched.filter(_.ended_at.isnull() | (_.occurred_at < _.ended_at))
    stops = seen.select("unit_id", "bucket", "channel", "campaign_id", at=_.occurred_at.cast("timestamp(6)"), tie=_.touch_id)
    lasts = (
        alive.filter(_.ended_at.notnull())
        .semi_join(seen, "unit_id")
        .select("unit_id", "bucket", channel=_.end, campaign_id=_.end, at=_.ended_at.cast("timestamp(6)"), tie=ibis.literal(""))
    )
    in_order = ibis.window(group_by="unit_id", order_by=["at", "tie"])
    told = stops.union(lasts).mutate(**{f"{name}_before": _[name].lag().over(in_order) for name in get_args(Of)})
    inside = told.filter(_["at"] < study.ends_at)
    inside = inside if study.window_opens_at is None else inside.filter(_["at"] >= study.window_opens_at)
    befores = {f"{name}_before": ibis.coalesce(inside[f"{name}_before"], ibis.literal(START)) for name in get_args(Of)}
    return inside.select("bucket", *get_args(Of), **befores)

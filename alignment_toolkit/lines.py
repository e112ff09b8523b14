"""Journeys on one line as deferred expressions: both teams' touches from the first contact through the win to the first renewal.

Question: what happened on the way, in which order, and where did it stop? Unit: the account (a lead without one by itself), with the
touches of all its leads. A customer renews with its first won deal of type renewal after the win; in a store without such deals on the day
a year after its first paid day, if it still pays then. It leaves when its first life as a customer ends before that. It does not answer
what a touch caused.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.customers import FOREVER, customers, hidden_from
from alignment_toolkit.days import DAY, EPOCH, floored, instant, span
from alignment_toolkit.handovers import handovers
from alignment_toolkit.journeys import window_start
from alignment_toolkit.leads import lead_numbers, lead_rows
from alignment_toolkit.touches import journey_ends, touch_rows, units

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

UNIT = "account"
RENEWAL = "renewal"
NEVER = datetime(9999, 12, 31)
A_YEAR = 365  # days after the first paid day
CONTACT, HANDED, TOUCHED, WON, RENEWED = "first contact", "handed over", "touched by sales", "won", "renewed"
MARKS = (CONTACT, HANDED, TOUCHED, WON, RENEWED)
STEPS = tuple(f"{start} to {end}" for start, end in pairwise(MARKS))
LOST, LEFT, OPEN = "lost", "left", "open"
IN_BRACKETS = {"handed_at": "(handed over)", "won_at": "(won)", "renewed_at": "(renewed)", "lost_at": "(lost)", "left_at": "(left)"}
ENDS = {"renewed_at": RENEWED, "left_at": LEFT, "won_at": WON, "lost_at": LOST}
Of = Literal["side", "channel"]
LONGEST_PATH = 8  # stops; what comes after them is cut


def moment(at: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds since 1970; null stays null."""
    return ibis.ifelse(at.isnull(), ibis.null("int64"), at.delta(instant(EPOCH), unit="microsecond").cast("int64"))


def marks(study: Study) -> ir.Table:
    """One row per unit with a lead created before `as_of`.

    Returns:
        unit_id, bucket, and as microseconds since 1970 (null: not yet, or never): contact_at (its first lead or touch), handed_at (first
        handover), touched_at (first touch of a person of sales), won_at, renewed_at (first renewal after the win), lost_at (once every lead
        is lost, none won), left_at (as a customer, before a renewal).
    """
    return cached(study.crm, ("journey_marks", study.as_of), lambda: _marks(study))


def _marks(study: Study) -> ir.Table:
    crm = study.crm
    people = units(crm, UNIT).select("unit_id", "number")
    born = people.inner_join(lead_rows(crm).select("number", "created_at"), "number").left_join(
        handovers(crm).select("number", "handed_at"), "number"
    )
    came = born.group_by("unit_id").agg(created_at=moment(_.created_at).min(), handed_at=moment(_.handed_at).min())
    touched = people.inner_join(touch_rows(crm), "number")
    seen = touched.group_by("unit_id").agg(
        first_at=moment(touched.occurred_at).min(), touched_at=moment(touched.occurred_at).min(where=touched.side == "sales")
    )
    ended = journey_ends(study, unit=UNIT).select("unit_id", "bucket", won_at=moment(_.won_at), lost_at=moment(_.lost_at))
    told = came
    for other in (seen, ended, life_ends(crm), renewals(crm)):
        told = told.left_join(other, "unit_id").drop("unit_id_right")
    # A null instant is before every other to some engines' least: ask which there is first.
    contact = ibis.ifelse(told.first_at < told.created_at, told.first_at, told.created_at)
    is_later = told.renewed_at.notnull() & (told.renewed_at > told.won_at)
    stays = is_later & (told.life_ends_at.isnull() | (told.renewed_at <= told.life_ends_at))
    renewed = ibis.ifelse(stays.fill_null(False), told.renewed_at, ibis.null("int64"))
    left = ibis.ifelse((told.won_at.notnull() & renewed.isnull()).fill_null(False), told.life_ends_at, ibis.null("int64"))
    return told.select(
        "unit_id", "bucket", "handed_at", "touched_at", "won_at", "lost_at", contact_at=contact, renewed_at=renewed, left_at=left
    )


def life_ends(crm: Crm) -> ir.Table:
    """When the first life as a customer ended: unit_id, life_ends_at (null: it lasts, or is not over for `gap_days`)."""
    if not crm.has("subscriptions"):
        return units(crm, UNIT).filter(ibis.literal(False)).select("unit_id", life_ends_at=ibis.null("int64"))
    over = _.end < hidden_from(crm) - crm.config.gap_days
    return (
        _of_customers(crm, life_ends_at=ibis.ifelse(over, _.end * DAY, ibis.null("int64")))
        .group_by("unit_id")
        .agg(life_ends_at=_.life_ends_at.max())
    )


def renewals(crm: Crm) -> ir.Table:
    """The first renewal of each unit before `as_of`: unit_id, renewed_at; from deals of that type, else from a year of payments."""
    if crm.has("deals"):
        sold = crm.tables["deals"].filter((_.deal_type == RENEWAL) & (_.outcome == "won") & (_.closed_at < crm.as_of))
        if int(sold.count().to_pyarrow().as_py()):
            known = sold.left_join(lead_numbers(crm).select("lead_id", "number"), "lead_id").drop("lead_id_right")
            mine = known.left_join(units(crm, UNIT).select("number", "unit_id"), "number").drop("number_right")
            unit = ibis.ifelse(mine.account_id.notnull(), ibis.literal("account ") + mine.account_id, mine.unit_id)
            return mine.group_by(unit_id=unit).agg(renewed_at=moment(mine.closed_at).min())
    if not crm.has("subscriptions"):
        return units(crm, UNIT).filter(ibis.literal(False)).select("unit_id", renewed_at=ibis.null("int64"))
    day = _.start + A_YEAR
    served = (day < hidden_from(crm)) & ((_.end > day) | (_.end == FOREVER))
    return (
        _of_customers(crm, renewed_at=ibis.ifelse(served, day * DAY, ibis.null("int64")))
        .group_by("unit_id")
        .agg(renewed_at=_.renewed_at.min())
    )


def _of_customers(crm: Crm, **values: ir.Value) -> ir.Table:
    """Customers with a known lead, by unit: unit_id and the values."""
    known = customers(crm).filter(_.lead_id.notnull()).mutate(**values).select("lead_id", *values)
    numbered = known.inner_join(lead_numbers(crm).select("lead_id", "number"), "lead_id")
    return numbered.inner_join(units(crm, UNIT).select("number", "unit_id"), "number").select("unit_id", *values)


def step_spells(study: Study) -> ir.Table:
    """The steps of journeys inside the study's window, shaped as the spells of journeys.py.

    A step begins with its mark and ends with the next one, or a later one where that was skipped; being lost, or leaving, competes.

    Returns:
        segment (one of `STEPS`), bucket, entry, entry_move, exit, exit_move, last_index, cents (null).
    """
    crm, made = study.crm, step_times(study)
    dated = made.filter(made.start < moment_of(study.created_before))
    opened, until = window_start(study, "leads", "stage_events"), ibis.literal(moment_of(study.as_of))
    zero = ibis.literal(0).cast("int64")
    aged = dated.mutate(
        last_index=floored(ibis.greatest(span(crm, dated.start, until), 0)) - 1,
        left=floored(ibis.greatest(span(crm, dated.start, ibis.coalesce(dated.ended, dated.start)), 0)),
        entry=zero if opened is None else floored(ibis.greatest(span(crm, dated.start, ibis.literal(moment_of(opened))), 0) + (DAY - 1)),
    )
    seen = (aged.ended.notnull() & (aged.left <= aged.last_index)).fill_null(False)
    moved = aged.mutate(
        entry_move=ibis.literal("enter"),
        exit=ibis.ifelse(seen, aged.left, aged.last_index),
        exit_move=ibis.cases((~seen, "censor"), (aged.is_met, "event"), else_="competing"),
        cents=ibis.null("int64"),
    )
    return moved.filter((_.entry <= _.last_index) & (_.exit >= _.entry)).select(
        "segment", "bucket", "entry", "entry_move", "exit", "exit_move", "last_index", "cents"
    )


def step_times(study: Study) -> ir.Table:
    """When steps of journeys began and ended: segment, bucket, start, ended (null: not yet), is_met; held, as ages mention them often."""
    return cached(study.crm, ("journey_steps", study.as_of), lambda: ibis.union(*(_step(study, place) for place in range(len(STEPS)))))


def _step(study: Study, place: int) -> ir.Table:
    """The times of one step, from the mark that begins it to the first of its ends."""
    told = marks(study)
    start, *later = [told.contact_at, told.handed_at, told.touched_at, told.won_at, told.renewed_at][place:]
    never = ibis.literal(moment_of(NEVER))

    def reached(at: ir.IntegerValue) -> ir.IntegerValue:
        return ibis.ifelse((span(study.crm, start, at) >= 0).fill_null(False), at, never)

    ends = told.select(
        "bucket",
        start=start,
        met=ibis.least(*map(reached, later), never),
        stop=reached(told.left_at if place == len(STEPS) - 1 else told.lost_at),
    ).filter(_.start.notnull())
    return ends.select(
        "bucket",
        "start",
        segment=ibis.literal(STEPS[place]),
        ended=ibis.least(ends.met, ends.stop).nullif(never),
        is_met=(ends.met < never) & (ends.met <= ends.stop),
    )


def lines(study: Study, *, of: str = "side") -> ir.Table:
    """The paths of journeys with a stop inside the study's window, told from their beginning.

    Stops are the touches of both teams (by team, or by channel) and the marks in brackets; the same stop several times in a row is one. A
    path ends with a renewal, a loss or the customer's leaving; one that has not ended is as long as it is today.

    Args:
        study: Window and as-of.
        of: `side` or `channel`.

    Returns:
        One row per unit: stop_1, stop_2, … stop_8 (null beyond the end), stops (how many there are), reached (the last of won, renewed,
        lost and left; open: none of them).
    """
    told, known = marks(study), touch_rows(study.crm)
    until = moment_of(study.ends_at)
    touched = units(study.crm, UNIT).select("unit_id", "number").inner_join(known, "number")
    parts = [touched.select("unit_id", at=moment(touched.occurred_at), tie=touched.touch_id, label=touched[of])]
    for name, label in IN_BRACKETS.items():
        mine = told.filter(told[name].notnull())
        parts.append(mine.select("unit_id", at=mine[name], tie=ibis.literal(""), label=ibis.literal(label)))
    over = told.select("unit_id", over_at=ibis.coalesce(told.renewed_at, told.left_at, told.lost_at))
    every = ibis.union(*parts).filter(_["at"] < until).inner_join(over, "unit_id")
    inside = every.filter(every.over_at.isnull() | (every["at"] <= every.over_at))
    in_order = ibis.window(group_by="unit_id", order_by=["at", "tie", "label"])
    ordered = inside.mutate(before=inside.label.lag().over(in_order))
    apart = ordered.filter(ordered.before.isnull() | (ordered.before != ordered.label))
    placed = apart.mutate(place=ibis.row_number().over(in_order) + 1)
    columns = {f"stop_{at}": placed.label.max(where=placed.place == at) for at in range(1, LONGEST_PATH + 1)}
    ends = {name: (placed.label == IN_BRACKETS[name]).cast("int64").max() for name in ENDS}
    whole = placed.group_by("unit_id").agg(**columns, stops=_.count(), last_at=_["at"].max(), **ends)
    kept = whole if study.window_opens_at is None else whole.filter(whole.last_at >= moment_of(study.window_opens_at))
    reached = ibis.cases(*[(kept[name] == 1, label) for name, label in ENDS.items()], else_=OPEN)
    return kept.select(*columns, "stops", reached=reached)


def moment_of(at: datetime) -> int:
    """Microseconds since 1970 of a naive UTC instant."""
    return (at - EPOCH) // timedelta(microseconds=1)

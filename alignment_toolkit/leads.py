"""Leads as deferred expressions: one row per surviving lead, with a number to join it by and its attributes apart.

Unit: the lead, after merges. Millions of rows are joined and sorted faster by a number than by a text, and what is said of leads is the
same few thousand combinations over and over: so a lead's row holds its `number` and its `cell`, and attributes are looked up last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import last_whole_day
from alignment_toolkit.figures import MISSING
from alignment_toolkit.hashing import md5
from alignment_toolkit.merging import merge_pairs
from alignment_toolkit.quarters import quarter_label
from alignment_toolkit.schema import LEAD_ATTRIBUTES

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm

ATTRIBUTES = LEAD_ATTRIBUTES
SLICES = (*ATTRIBUTES, "cohort_quarter")
N_BUCKETS = 256
N_GROUPS = 16  # of sixteen buckets each, for limits whose replicates are dear
HEX = "0123456789abcdef"


def bucket_of(identifier: ir.StringColumn) -> ir.IntegerColumn:
    """The jackknife bucket of an id, 0 to 255: the first two hex digits of its md5, the same on every engine."""
    digest = md5(identifier)
    digits = ibis.literal(HEX)
    return (digits.find(digest.substr(0, 1)) * 16 + digits.find(digest.substr(1, 1))).cast("int16")


def leads(crm: Crm) -> ir.Table:
    """One row per surviving lead created before `as_of`, with its attributes.

    Returns:
        The columns of `lead_rows`, the attributes with blanks and nulls as "(missing)", `cohort_quarter` (of creation).
    """
    return with_attributes(crm, lead_rows(crm))


def lead_rows(crm: Crm) -> ir.Table:
    """One row per surviving lead created before `as_of`.

    Returns:
        lead_id, created_at (the earliest of the merged records), score, score_at, assigned_at, `number` (key inside the engine, it ends in
        the bucket), `bucket` (0 to 255), `cell` (see `cells`), `last_index` (last whole observed day index, -1: not yet at risk).
    """
    known = cached(crm, ("leads", crm.at_hand.as_of), lambda: _lead_rows(crm.at_hand))
    seen = known if crm.at_hand is crm else known.filter(_.created_at < crm.as_of)
    return seen.mutate(last_index=last_whole_day(crm, seen.created_at, crm.as_of))


def _lead_rows(crm: Crm) -> ir.Table:
    told = labelled(crm).inner_join(cells(crm), [f"raw_{name}" for name in SLICES])
    plain = ("lead_id", "created_at", "score", "score_at", "assigned_at", "cell")
    rows = told.select(*plain, bucket=bucket_of(ibis.coalesce(told.account_id, told.lead_id)))
    # Numbered within buckets, so that engines of many machines need not bring all leads to one of them.
    place = ibis.row_number().over(ibis.window(group_by="bucket", order_by="lead_id")).cast("int64")
    return rows.mutate(number=place * N_BUCKETS + rows.bucket)


def cells(crm: Crm) -> ir.Table:
    """One row per combination of attributes and creation quarter that occurs.

    Returns:
        cell, the columns of `SLICES`, and raw_<slice> as recorded ("" for null).
    """
    return cached(crm, ("cells", crm.at_hand.as_of), lambda: _cells(crm.at_hand))


def _cells(crm: Crm) -> ir.Table:
    raw = [f"raw_{name}" for name in SLICES]
    seen = labelled(crm).select(*raw).distinct()
    named = {name: named_or_missing(seen[f"raw_{name}"]) for name in SLICES}
    return seen.mutate(cell=ibis.row_number().over(ibis.window(order_by=raw)).cast("int32"), **named)


def labelled(crm: Crm) -> ir.Table:
    """The surviving leads with raw_<slice>: every label as recorded, "" for null, which is missing as well."""
    visible = surviving(crm, crm.tables["leads"].filter(_.created_at < crm.as_of))
    raw = {f"raw_{name}": ibis.coalesce(visible[name], ibis.literal("")) for name in ATTRIBUTES}
    return visible.mutate(**raw, raw_cohort_quarter=quarter_label(crm, visible.created_at))


def surviving(crm: Crm, visible: ir.Table) -> ir.Table:
    """The leads but those merged into another; a survivor keeps its own attributes and the earliest creation of those merged into it."""
    if not crm.has("merges"):
        return visible
    pairs = merge_pairs(crm)
    gone = pairs.inner_join(visible.select("lead_id", "created_at"), pairs.merged_id == visible.lead_id)
    earliest = gone.group_by(heir=gone.merged_into).agg(earliest=gone.created_at.min())
    kept = visible.anti_join(pairs, visible.lead_id == pairs.merged_id)
    aged = kept.left_join(earliest, kept.lead_id == earliest.heir)
    return aged.mutate(created_at=ibis.least(_.created_at, ibis.coalesce(_.earliest, _.created_at))).drop("heir", "earliest")


def with_attributes(crm: Crm, table: ir.Table) -> ir.Table:
    """A table with a `cell` and the attributes and creation quarter that it stands for."""
    return table.inner_join(cells(crm).select("cell", *SLICES), "cell")


def bucket_in(number: ir.IntegerValue) -> ir.IntegerValue:
    """The jackknife bucket that a lead's number ends in."""
    return (number % N_BUCKETS).cast("int16")


def group_of(bucket: ir.IntegerValue) -> ir.IntegerValue:
    """The jackknife group of a bucket, 0 to 15: its first hex digit."""
    return (bucket // (N_BUCKETS // N_GROUPS)).cast("int16")


def with_ids(crm: Crm, table: ir.Table) -> ir.Table:
    """A table with the `lead_id` of each lead in place of its `number`."""
    return table.inner_join(lead_rows(crm).select("number", "lead_id"), "number").drop("number")


def lead_numbers(crm: Crm) -> ir.Table:
    """Every id that a lead is known by, those merged into it included: lead_id, number, created_at."""
    own = lead_rows(crm).select("lead_id", "number", "created_at")
    if not crm.has("merges"):
        return own
    pairs = merge_pairs(crm)
    merged = pairs.inner_join(own, pairs.merged_into == own.lead_id)
    return own.union(merged.select("number", "created_at", lead_id=merged.merged_id).select(own.columns))


def named_or_missing(label: ir.StringColumn) -> ir.StringColumn:
    """The label, "(missing)" where it is null or blank; placeholder words stay what they are."""
    return ibis.coalesce(label.strip().nullif(""), ibis.literal(MISSING))

"""Contracts of the canonical tables: which columns, of which kind, with which key. Data only; the border checks against it.

Kinds: `id` and `text` are strings, `instant` a naive UTC timestamp, `date` a plain date never converted between zones, `number` a float,
`flag` a boolean. A column that is not required may be absent; one that is not `filled` may be null.

An instant column whose source knows only the day of some rows has a companion flag, `<column>_is_date`: those rows hold the day's local
midnight and count in calendar days. A store has the companion only where some row is a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LEAD_ATTRIBUTES = ("source", "campaign_id", "persona", "segment", "region")  # columns of leads that figures can be sliced by


Kind = Literal["id", "text", "instant", "date", "number", "flag"]
Granularity = Literal["instant", "date"]
IS_DATE = "_is_date"  # ending of the flag beside an instant column


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Attributes:
        name: Column name.
        kind: What its values are.
        required: The table is refused without it.
        filled: A null in it is a fatal fault.
        choices: The only values allowed; empty when free.
        positive: A number of 0 or less is a fatal fault.
    """

    name: str
    kind: Kind
    required: bool = False
    filled: bool = False
    choices: tuple[str, ...] = ()
    positive: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Attributes:
        name: Table name, also the name of its file.
        row: What one row is.
        columns: Its columns, key first.
        key: Columns that are unique and never null together; empty: only exact duplicate rows are a fault.
        required: A store is refused without it.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False

    def column(self, name: str) -> Column:
        """The contract of one column."""
        return next(column for column in self.stored_columns if column.name == name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all its columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def instants(self) -> tuple[str, ...]:
        """Names of its instant columns."""
        return tuple(column.name for column in self.columns if column.kind == "instant")

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """Its columns, then the flags that say which instants are dates."""
        return (*self.columns, *(Column(name + IS_DATE, "flag") for name in self.instants))


def _columns(spec: str) -> tuple[Column, ...]:
    """Columns of a compact spec: `name:kind`, `!` required and filled, `+` required but may be null, `name:kind=a|b` choices, `number>0`."""
    return tuple(map(_column, spec.split()))


def _column(spec: str) -> Column:
    name, _, rest = spec.partition(":")
    kind, _, choices = rest.partition("=")
    bare, of = name.rstrip("!+"), tuple(choices.split("|")) if choices else ()
    plain = kind.removesuffix(">0")
    return Column(bare, plain, required=name != bare, filled=name.endswith("!"), choices=of, positive=plain != kind)  # type: ignore[arg-type]


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "leads",
            "a person or account entering the funnel",
            _columns(
                "lead_id!:id created_at!:instant source+:text campaign_id:id persona:text segment:text region:text score:number score_at:instant"
                " account_id:id owner_id:id assigned_at:instant"
            ),
            key=("lead_id",),
            required=True,
        ),
        Table(
            "stage_events",
            "a lead entering a stage",
            _columns("lead_id!:id stage!:text entered_at!:instant reason:text is_backfilled:flag"),
            key=("lead_id", "stage", "entered_at"),
            required=True,
        ),
        Table(
            "deals",
            "an opportunity as last seen",
            _columns(
                "deal_id!:id lead_id:id account_id:id created_at:instant closed_at:instant outcome!:text=open|won|lost amount:number product:text"
                " currency:text close_on:date deal_type:text source:text owner_id:id loss_reason:text"
            ),
            key=("deal_id",),
        ),
        Table(
            "deal_events",
            "a change to a deal",
            _columns("deal_id!:id changed_at!:instant stage:text amount:number outcome:text=open|won|lost close_on:date"),
        ),
        Table(
            "touches",
            "one interaction",
            _columns(
                "touch_id!:id lead_id!:id occurred_at!:instant side!:text=marketing|sales channel+:text campaign_id:id asset:text is_human:flag"
            ),
            key=("touch_id",),
        ),
        Table(
            "feedback",
            "sales' verdict on a lead",
            _columns("lead_id!:id given_at!:instant verdict!:text=accepted|rejected|recycled reason:text"),
        ),
        Table("actions", "marketing's answer to feedback", _columns("campaign_id!:id acted_at!:instant action!:text")),
        Table("products", "a product", _columns("product!:text"), key=("product",)),
        Table(
            "campaigns",
            "a campaign",
            _columns("campaign_id!:id name+:text channel+:text started_on:date ended_on:date persona:text"),
            key=("campaign_id",),
        ),
        Table(
            "campaign_costs",
            "money spent",
            _columns("campaign_id!:id spent_on!:date cost!:number currency:text"),
            key=("campaign_id", "spent_on"),
        ),
        Table(
            "subscriptions",
            "a spell of a customer at one price",
            _columns(
                "subscription_id:id customer_id!:id lead_id:id started_on!:date ended_on:date mrr!:number currency:text is_trial:flag churn_reason:text"
            ),
            key=("subscription_id",),
        ),
        Table("churn_events", "a churn recorded elsewhere", _columns("customer_id!:id churned_on:date origin!:text reason:text")),
        Table(
            "targets",
            "what was promised",
            _columns("quarter!:text kpi!:text target!:number owner!:text=marketing|sales|shared|success segment:text"),
            key=("quarter", "kpi", "owner", "segment"),
        ),
        Table(
            "claims", "what a team reported", _columns("team!:text quarter!:text kpi!:text value!:number"), key=("team", "quarter", "kpi")
        ),
        Table("owners", "a person in a team", _columns("owner_id!:id team!:text"), key=("owner_id",)),
        Table(
            "merges",
            "a record merged away",
            _columns("table!:text lost_id!:id survivor_id!:id merged_at:instant"),
            key=("table", "lost_id"),
        ),
        Table(
            "exchange_rates",
            "a dated rate",
            _columns("currency!:text valid_on!:date rate_to_reporting!:number>0"),
            key=("currency", "valid_on"),
        ),
    )
}


def key_of(table: Table, present: tuple[str, ...]) -> tuple[str, ...]:
    """The key columns of a table given the columns that are there.

    A subscription without its own id is known by customer and first day; a target without a segment by the rest of its key.
    """
    if table.name == "subscriptions" and "subscription_id" not in present:
        return ("customer_id", "started_on")
    return tuple(name for name in table.key if name in present)

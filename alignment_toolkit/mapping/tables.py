"""What a mapping says of whole tables: inputs (which file is which, under which headers) and canonical tables made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from alignment_toolkit.mapping.columns import ColumnRule, InputColumn, Names, Scalar, SourceFiles, Strict, listed, short_columns


class InputRule(SourceFiles):
    """A table of the vendor: the files or tables that may hold it, and its columns under names of our own.

    Attributes:
        names: Names it is known by; `*` stands for anything. A file of another name is recognised by its headers.
        needs: Columns without which a file is not this.
        marks: Headers one of which tells the file, where its name does not.
        named: Its name alone tells the file: its headers are those of many.
        unless: Headers by which a file is something else.
        same_as: Another input that is read from the same file.
        split: Column -> separator: a row becomes one row per piece.
        columns_of: Another input whose columns it has besides, before its own.
        versions: Every version of a row is read; without it only the current one (see `current` of the source).
        columns: Name -> headers and kind.
    """

    names: Names = ()
    needs: Names = ()
    marks: Names = ()
    named: bool = False
    unless: Names = ()
    same_as: str | None = None
    split: Annotated[dict[str, str], Field(max_length=1)] = Field(default_factory=dict)
    columns_of: str | None = None
    versions: bool = False
    columns: Annotated[dict[str, InputColumn], Field(min_length=1)]

    _short = field_validator("columns", mode="before")(short_columns)

    @model_validator(mode="after")
    def _needs_are_columns(self) -> InputRule:
        if unknown := [name for name in (*self.needs, *self.split) if name not in self.columns]:
            raise ValueError(f"needs and split name columns of the input: {', '.join(unknown)}")
        return self


class SetAside(Strict):
    """Rows that are left out, counted under a reason.

    Attributes:
        when_null: Canonical or source column whose absence sets the row aside.
        when_equals: Column -> value or values that set the row aside; all columns have to agree.
        reason: Under which they are counted.
    """

    when_null: str | None = None
    when_equals: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict)
    reason: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _one_test(self) -> SetAside:
        if (self.when_null is None) == (not self.when_equals):
            raise ValueError("a rule has either when_null or when_equals")
        return self


class PartRule(Strict):
    """One source of the rows of a canonical table, as a SELECT over the inputs.

    Attributes:
        what: What its rows are. Of the parts with the same `what` the first whose `needs` are there is taken.
        says: Where they come from, for people.
        needs: Inputs (`lead`) and columns of inputs (`lead.status`) that have to be there.
        any_of: Inputs or columns one of which has to be there.
        also: Taken beside the others, for what they do not know.
        stand_in: The values stand for something better that is not there: `alignment map --explain` calls them guessed.
        sql: One SELECT in DuckDB's dialect; a column `set_aside` holds the reason of a row that is left out, null where it is used.
    """

    what: Annotated[str, Field(min_length=1)]
    says: Annotated[str, Field(min_length=1)]
    needs: Names = ()
    any_of: Names = ()
    also: bool = False
    stand_in: bool = False
    sql: str


class LabelRule(Strict):
    """Labels of the source that decide something, such as the stages of deals: one that nothing explains is refused.

    Attributes:
        what: Whose labels they are, for people.
        meanings: What a label can be read as; empty: anything; `stages`: the configured stages, or "" for no change of stage.
        rule: How labels are read, for people.
        sql: A SELECT of the unexplained labels (column `label`), one row per record.
    """

    what: Annotated[str, Field(min_length=1)]
    meanings: Names | Literal["stages"] = ()
    rule: str = ""
    sql: str


class TableRule(SourceFiles):
    """Where one canonical table comes from: `origin` (`from`) with columns, `origin` with `wide`, `sql`, or `parts` over inputs.

    Attributes:
        origin: File or table names (`from` in the file): the first that is there.
        sql: One SELECT.
        wide: Stage -> column that holds the time of its entry: the first of the names that is there.
        columns: Canonical column -> where it comes from.
        parts: SELECTs over the inputs whose rows together are the table.
        set_aside: Rows that are left out.
        optional: The table is left out where its file is not there.
        once: Columns of which a combination is used once; further rows are set aside, counted.
        alone: The table is only made where no other source of the ingest makes it.
        labels: Section of `[words]` -> the labels that have to stand in it unless something else explains them.
    """

    origin: Annotated[Names, Field(alias="from")] = ()
    sql: str | None = None
    wide: dict[str, Names] = Field(default_factory=dict)
    columns: dict[str, ColumnRule] = Field(default_factory=dict)
    parts: tuple[PartRule, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    optional: bool = False
    once: Names = ()
    alone: bool = False
    labels: dict[str, LabelRule] = Field(default_factory=dict)

    _one = field_validator("origin", mode="before")(listed)
    _short = field_validator("columns", mode="before")(short_columns)

    @field_validator("wide", mode="before")
    @classmethod
    def _one_each(cls, value: object) -> object:
        return {stage: listed(names) for stage, names in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _one_origin(self) -> TableRule:
        if sum((bool(self.origin), self.sql is not None, bool(self.parts))) != 1:
            raise ValueError("a table has either from or sql" if not self.parts else "a table has one of from, sql and parts")
        if not self.origin and (self.wide or self.columns):
            raise ValueError("a table with sql names its columns in the SELECT, so it has no columns and no wide")
        if self.origin and not self.columns:
            raise ValueError("a table with from needs columns")
        return self


class Vendor(Strict):
    """What a shipped mapping says of itself.

    Attributes:
        title: Its name, for people.
        holds: `crm` or `billing`: an ingest takes at most one of each by itself.
        needs: Inputs without which a source is not this vendor's; one of them is enough.
        marks: Headers one of which at least half of the files bear.
        unless: Headers by which a file is another vendor's.
    """

    title: str
    holds: Literal["crm", "billing"] = "crm"
    needs: Names = ()
    marks: Names = ()
    unless: Names = ()

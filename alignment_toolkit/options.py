"""Options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

DataOption = Annotated[str, typer.Option("--data", help="Store: a folder of tables, a .duckdb file or env:NAME holding an address.")]
QuarterOption = Annotated[str, typer.Option("--quarter", help="Fiscal quarter such as 2026Q3; default: the last full one.")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="First day that is not visible; default: the day after the quarter.")]
CohortOption = Annotated[str, typer.Option("--cohort", help="4q: the four quarters up to this one; 1q: this one; all: all history.")]
ConfigOption = Annotated[str, typer.Option("--config", help="Configuration file; default: the store's own alignment.toml.")]
VendorName = Literal["hubspot", "salesforce", "fivetran_hubspot", "fivetran_salesforce", "stripe"]
FormatOption = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print the result.")]
SourceOption = typer.Option("--source", help="Folder of exports, .duckdb file or connection address; repeatable.")
MappingOption = Annotated[
    list[str] | None, typer.Option("--mapping", help="Mapping file or shipped name, one per source; default: recognise.")
]
MergeOption = Annotated[
    Literal["replace", "upsert"],
    typer.Option("--merge", help="replace: what is not in the extract is gone; upsert: its rows replace those with the same key."),
]
LabelsOption = Annotated[
    bool, typer.Option("--labels", help="With --as hubspot or salesforce: CSV files of the user interface, not the API's.")
]
ListOption = Annotated[Path | None, typer.Option("--out", help="CSV file to write; default: print it.")]
EnvironmentOption = Annotated[
    bool, typer.Option("--environment", help="Would a report run: freshness, mapping, packages, disk, last runs. Publishes nothing.")
]
LockOption = Annotated[Path | None, typer.Option("--lock", help="With --environment: lock file; default: the project's.")]
MaxAgeOption = Annotated[int, typer.Option("--max-age", min=0, help="With --environment: days since the newest record that are too many.")]

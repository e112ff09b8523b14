"""Options that several commands share, with their help."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

DataOption = Annotated[str, typer.Option("--data", help="Store: a folder of tables, a .duckdb file or env:NAME holding an address.")]
QuarterOption = Annotated[str, typer.Option("--quarter", help="Fiscal quarter such as 2026Q3; default: the last full one.")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="First day that is not visible; default: the day after the quarter.")]
CohortOption = Annotated[str, typer.Option("--cohort", help="4q: the four quarters up to this one; 1q: this one; all: all history.")]
ConfigOption = Annotated[str, typer.Option("--config", help="Configuration file; default: the store's own alignment.toml.")]
VendorName = Literal["hubspot", "salesforce", "fivetran_hubspot", "fivetran_salesforce", "stripe"]
FormatOption = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print the result.")]

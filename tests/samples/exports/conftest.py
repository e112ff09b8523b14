"""Each export of one small company, ingested once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from alignment_toolkit.ingest import IngestResult, ingest
from alignment_toolkit.samples import simulate
from alignment_toolkit.samples.exports import View, write_export

LEADS = 500
RATES = """\
extends = "stripe"

[tables.exchange_rates]
from = "exchange_rates.csv"
columns = { currency = "currency", valid_on = "valid_on", rate_to_reporting = "rate_to_reporting" }
"""


@pytest.fixture(scope="session")
def view() -> View:
    return View(simulate(leads=LEADS))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, view: View) -> Callable[..., Path]:
    """The folder of an export; Stripe knows no exchange rates, so finance adds a file of them."""

    @cache
    def written(vendor: str, labels: bool = False) -> Path:
        out = tmp_path_factory.mktemp("exports") / f"{vendor}_labels" if labels else tmp_path_factory.mktemp("exports") / vendor
        write_export(out, vendor=vendor, labels=labels, leads=LEADS)
        if vendor == "stripe":
            view.table("exchange_rates").to_csv(out / "exchange_rates.csv", index=False)
            (out / "mapping.toml").write_text(RATES, encoding="utf-8")
        return out

    return written


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory, exported: Callable[..., Path]) -> Callable[..., IngestResult]:
    """What `ingest` makes of an export, the vendor recognised by its headers."""

    @cache
    def made(vendor: str, labels: bool = False) -> IngestResult:
        source = exported(vendor, labels)
        mapping = source / "mapping.toml" if vendor == "stripe" else None
        return ingest(mapping, source=source, out=tmp_path_factory.mktemp("stores") / vendor, config=source / "alignment.toml")

    return made

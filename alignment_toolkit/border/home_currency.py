"""The reporting currency where nobody configured one: the company's own, as its systems state it.

A mapping says how to find it in a view `home_currency`. Salesforce's rates are to its corporate currency and HubSpot's converted amounts in
that of the company, which need not be the currency of the report.
"""

from __future__ import annotations

import tomllib
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.fingerprints import files_behind
from alignment_toolkit.border.inputs import typed_input
from alignment_toolkit.border.layers import Layers
from alignment_toolkit.config import CONFIG_FILE, Config
from alignment_toolkit.renewal.before import Before

VIEW, SETTING = "home_currency", "reporting_currency"


def with_reporting_currency(benches: list[Workbench], settings: dict[str, Any], before: Before) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The settings with a reporting currency where one can be known, which every mapping then reads by, and what was assumed, in words.

    Args:
        benches: The mappings with their sources, read.
        settings: The configuration that the store gets.
        before: What the store held; it knows the currency when the files that say so are not read again.
    """
    notes: tuple[str, ...] = ()
    if SETTING not in settings:
        currency, notes = _home_currency(benches, before)
        settings = settings | ({SETTING: currency} if currency else {})
    if SETTING in settings:
        for bench in benches:
            bench.mapping = bench.mapping.configured(bench.mapping.config | {SETTING: settings[SETTING]})
    return settings, notes


def _home_currency(benches: list[Workbench], before: Before) -> tuple[str | None, tuple[str, ...]]:
    stating = [bench for bench in benches if VIEW in bench.mapping.views]
    stated = {bench.mapping.name: currency for bench in stating if (currency := _stated(bench))}
    if len(set(stated.values())) == 1:
        name, currency = next(iter(stated.items()))
        told = f"Amounts are reported in {currency}, the company currency in {name}. Set {SETTING} to use another."
        return currency, (told,)
    if stated:
        listed = ", ".join(f"{currency} ({name})" for name, currency in stated.items())
        return None, (
            f"The sources state several company currencies: {listed}. Amounts are reported in {_default()}. Set {SETTING} to use another.",
        )
    kept = _kept(before) if stating else None
    return kept, () if kept else (f"Reporting currency: {_default()} (default). Set {SETTING} to change it.",)


def _stated(bench: Workbench) -> str | None:
    """The currency that a mapping finds in its source; None where there is none, or its files are not read this time."""
    if not files_behind(bench, [bench.mapping.views[VIEW]]) <= set(bench.rows):
        return None
    select = f"SELECT DISTINCT currency FROM {VIEW} WHERE currency IS NOT NULL"
    table = Layers(bench, typed_input).select(select, name=f"home currency {bench.number}", place=f"views.{VIEW}")
    found = bench.backend.to_pyarrow(table)["currency"].to_pylist()
    return found[0] if len(found) == 1 else None


def _kept(before: Before) -> str | None:
    """The reporting currency of the store as it was."""
    path = next((path.parent / CONFIG_FILE for path in before.files.values()), None)
    return tomllib.loads(path.read_text(encoding="utf-8")).get(SETTING) if path and path.is_file() else None


def _default() -> str:
    return Config().reporting_currency

"""The fatal faults of a store: one or two small queries per table, then up to five examples of each fault found.

Fatal: a required column missing, a key null or twice, a value that cannot be read, a word outside the agreed ones, an unknown
stage, a currency without a rate, a rate of the reporting currency other than 1, an empty required table. What is odd but usable is counted
elsewhere (`faults.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.duck import ROW
from alignment_toolkit.border.hints import way_out_for
from alignment_toolkit.border.parsing import LONGEST_NAME, as_code
from alignment_toolkit.border.rules import Rule, allowed_words, rules_of
from alignment_toolkit.border.sentences import SHOWN, Example, Fault, word
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.spelling import spaced
from alignment_toolkit.border.stated import STATED, as_stated
from alignment_toolkit.config import Config
from alignment_toolkit.errors import nearest
from alignment_toolkit.schema import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir

Fetch = Callable[[Any], list[dict[str, Any]]]
EMPTY = "the table is empty"
_WITH_CURRENCY = ("deals", "campaign_costs", "subscriptions")


def checked(
    sources: Mapping[str, Source], config: Config, fetch: Fetch, *, rates: frozenset[str] = frozenset()
) -> tuple[list[Fault], dict[str, Source]]:
    """Every fatal fault of these tables at once, and the tables with what the check learnt about them (no blanks to trim).

    Args:
        sources: Canonical table name -> table as found.
        config: Stages and the reporting currency.
        fetch: Runs an expression on the engine and gives its rows.
        rates: Currencies that have a rate besides those in `exchange_rates`.
    """
    faults: list[Fault] = []
    learnt: dict[str, Source] = {}
    for name, source in sources.items():
        if source.missing:
            faults.append(_missing_columns(source))
            continue
        if source.contract is TABLES.get(name) and name in STATED:
            named, stated = as_stated(source, fetch)
            faults += stated
        else:
            named = source
        found, learnt[name] = _table_faults(named, config, fetch)
        faults += found
    return [*faults, *_home_rate_faults(learnt, config, fetch), *_currency_faults(learnt, config, fetch, rates)], learnt


def _table_faults(source: Source, config: Config, fetch: Fetch) -> tuple[list[Fault], Source]:
    """The faults of one table: a small query whether there is any trouble at all, the particulars only if there is."""
    tidy = replace(source, tidy=source.tidy | set(source.untrimmed))
    n, trouble = _glance(source, tidy, config, fetch)
    if n == 0:
        return ([_empty(source)] if source.contract.required else []), tidy
    if trouble:
        return _particulars(_agreed_words(source, config, fetch), config, fetch)
    return ([] if len(source.key) < 2 else list(_duplicates(tidy, fetch))), tidy


def _glance(source: Source, tidy: Source, config: Config, fetch: Fetch) -> tuple[int, bool]:
    """Rows of the table, and whether any row breaks a rule, any text may have to be trimmed or a key of one column stands twice."""
    import ibis

    broken = [rule.broken for rule in rules_of(tidy, config)] + [_stray(source, name) for name in source.untrimmed]
    measures = {"n": source.rows.count()} | ({"trouble": ibis.or_(*broken).any()} if broken else {})
    if len(source.key) == 1:
        measures["keys"] = tidy.value(source.key[0]).nunique()
    counts = fetch(source.rows.aggregate(**measures))[0]
    n = int(counts["n"])
    return n, bool(counts.get("trouble")) or counts.get("keys", n) != n


def _particulars(source: Source, config: Config, fetch: Fetch) -> tuple[list[Fault], Source]:
    """Every fault with its number and examples; texts with stray blanks are trimmed and long ones cut from here on."""
    rules = list(rules_of(source, config))
    measures = {rule.name: rule.broken.sum() for rule in rules}
    measures |= {f"stray {name}": _stray(source, name).sum() for name in source.untrimmed}
    counts = fetch(source.rows.aggregate(**measures))[0] if measures else {}
    tidy = replace(source, tidy=source.tidy | {name for name in source.untrimmed if not counts[f"stray {name}"]})
    faults = [fault for rule in rules if counts[rule.name] for fault in _told(source, rule, int(counts[rule.name]), fetch)]
    return [*faults, *(_duplicates(tidy, fetch) if source.key else ())], tidy


def _agreed_words(source: Source, config: Config, fetch: Fetch) -> Source:
    """The source with agreed words, such as stages, in the Unicode form and with the blanks that the configuration has.

    Only texts can be spelled otherwise; a number or a flag is compared as it is written.
    """
    texts = {name for name, value in source.found.items() if value.type().is_string()}
    for column in source.contract.columns:
        if column.name in texts and (words := allowed_words(source.contract.name, column, config)):
            table = source.rows.select(label=source.there(column.name))
            odd = fetch(table.filter(table.label.notin(words)).distinct())
            known = {spaced(word): word for word in words}
            meant = {label: known[spaced(label)] for row in odd if spaced(label := str(row["label"])) in known}
            source = source.respelled(column.name, meant)
    return source


def _stray(source: Source, name: str) -> Any:
    """Whether a text cannot be taken as it is.

    It may begin or end with a blank (these and the empty text sort before `!`), be too long, stand for nothing, or be a code in small
    letters.
    """
    text = source.found[name]
    stray = (text < "!") | text.endswith(" ") | (text.length() > LONGEST_NAME) | source.says_nothing(name)
    return stray | (text != as_code(text)) if source.reading(name).is_code else stray


def _missing_columns(source: Source) -> Fault:
    plural = "columns are" if len(source.missing) > 1 else "column is"
    there = ", ".join([*source.found, *source.unknown]) or "none"
    way_out = "Rename the columns, or say in a mapping which column is which and run alignment ingest"
    return Fault(source.place, f"the required {plural} missing: {', '.join(source.missing)}", f"It has: {there}", way_out)


def _empty(source: Source) -> Fault:
    rule = f"{source.contract.name} ({source.contract.row}) needs at least one row"
    return Fault(source.place, EMPTY, rule, "Export it again without a filter")


def _told(source: Source, rule: Rule, n: int, fetch: Fetch) -> Iterator[Fault]:
    """The fault of a rule with its examples; of values that are not there one per file that lacks them, where that can be known."""
    lacking = source.absent_in(rule.column) if rule.kind == "absent" and source.absent_in else ()
    for one in lacking:
        yield replace(rule.fault, place=one.place, what=f"{one.column} is missing", examples=one.examples, n=one.n)
    if not lacking:
        yield _with_examples(source, rule, n, fetch)


def _with_examples(source: Source, rule: Rule, n: int, fetch: Fetch) -> Fault:
    """The fault with its number of rows and the first five of them."""
    if rule.kind == "word":
        return _with_words(source, rule, fetch)
    columns = {"value": source.found[rule.column].cast("string")} | ({"row": source.rows[ROW]} if source.is_numbered else {})
    columns |= {f"key {name}": source.found[name].cast("string") for name in source.key if (rule.kind, name) != ("absent", rule.column)}
    table = source.rows.filter(rule.broken).select(**columns)
    rows = fetch((table.order_by("row") if source.is_numbered else table).limit(SHOWN))
    is_text = source.found[rule.column].type().is_string()
    written = (word(row["value"]) if is_text else None for row in rows) if rule.kind == "absent" else (row["value"] for row in rows)
    shown = (Example(value, row.get("row"), _key_words(row)) for value, row in zip(written, rows, strict=True))
    fault = replace(rule.fault, examples=tuple(shown), n=n)
    if rule.kind == "unread":
        kind, declared = source.contract.column(rule.column).kind, source.reading(rule.column).date_order
        if way_out := way_out_for(kind, (row["value"] for row in rows), declared=declared):
            return replace(fault, way_out=way_out)
    return fault


def _key_words(row: dict[str, Any]) -> str | None:
    return ", ".join(f"{name[4:]} {value!r}" for name, value in row.items() if name.startswith("key ") and value is not None) or None


def _with_words(source: Source, rule: Rule, fetch: Fetch) -> Fault:
    """The fault listing the unknown words by frequency, with the nearest known one of each."""
    words = source.rows.select(value=source.value(rule.column), broken=rule.broken)
    words = words.filter(words.broken).group_by("value").aggregate(n=lambda table: table.count())
    rows = fetch(words.order_by(words.n.desc(), words.value))
    listed = _listed([f"{row['value']!r} ({_rows(row['n'])})" for row in rows])
    hints = dict.fromkeys(hint for row in rows[:SHOWN] if (hint := nearest(row["value"], rule.allowed)).startswith("Did"))
    return replace(rule.fault, what=f"{rule.fault.what}: {listed}", way_out=" ".join([*hints, rule.fault.way_out]))


def _duplicates(source: Source, fetch: Fetch) -> Iterator[Fault]:
    """Keys that stand more than once."""
    key = list(source.key)
    table = source.rows.select(**{name: source.value(name) for name in key}, **({"row": source.rows[ROW]} if source.is_numbered else {}))
    table = table.drop_null([name for name in key if source.contract.column(name).filled])  # a missing key is a fault of its own
    groups = _more_than_once(table.group_by(key).aggregate(n=table.count()))
    if not fetch(groups.limit(1)):  # rows are left out of this first query: they would have to be kept for every key
        return
    if source.is_numbered:
        groups = _more_than_once(table.group_by(key).aggregate(n=table.count(), first=table["row"].min(), last=table["row"].max()))
    total = int(fetch(groups.aggregate(total=groups.count()))[0]["total"])
    shown = fetch(groups.order_by("first" if source.is_numbered else key).limit(SHOWN))
    rule = f"{key[0]} is unique" if len(key) == 1 else f"{', '.join(key[:-1])} and {key[-1]} are unique together"
    what = f"keys stand more than once: {_listed([_twice(row, key) for row in shown], total)}"
    yield Fault(source.place, what, rule, "Remove the copies, or aggregate them with sql in a mapping")


def _more_than_once(groups: ir.Table) -> ir.Table:
    return groups.filter(groups.n > 1)


def _twice(row: dict[str, Any], key: list[str]) -> str:
    words = ", ".join(str(row[name]) for name in key)
    return f"{words!r} (rows {row['first']} and {row['last']})" if "first" in row else f"{words!r} ({row['n']} times)"


def _currency_faults(sources: Mapping[str, Source], config: Config, fetch: Fetch, rates_kept: frozenset[str]) -> Iterator[Fault]:
    """Currencies of amounts that are neither the reporting currency nor among the rates."""
    used = [source for name, source in sources.items() if name in _WITH_CURRENCY and "currency" in source.found]
    known = {config.reporting_currency, *rates_kept}
    if used and (rates := sources.get("exchange_rates")):
        listed = fetch(rates.rows.select(currency=rates.value("currency")).distinct())
        known |= {row["currency"] for row in listed if row["currency"]}
    for source in used:
        table = source.rows.select(currency=source.value("currency"))
        table = table.filter(table.currency.notnull() & table.currency.notin(sorted(known)))
        rows = fetch(table.group_by("currency").aggregate(n=table.count()).order_by("currency"))
        if rows:
            words = _listed([f"{row['currency']!r} ({_rows(row['n'])})" for row in rows])
            rule = f"Amounts are in {config.reporting_currency}, the reporting currency, or their currency has a rate in exchange_rates"
            way_out = "Add the table exchange_rates, or set reporting_currency in the configuration"
            way_out += " (Salesforce's rates are to its corporate currency)"
            yield Fault(source.place, f"currencies have no rate: {words}", rule, way_out)


def _home_rate_faults(sources: Mapping[str, Source], config: Config, fetch: Fetch) -> Iterator[Fault]:
    """Rates of the reporting currency other than 1: figures would ignore them."""
    if (source := sources.get("exchange_rates")) is None:
        return
    values = {"currency": source.value("currency"), "rate": source.value("rate_to_reporting")}
    table = source.rows.select(**values, **({"row": source.rows[ROW]} if source.is_numbered else {}))
    wrong = table.filter((table.currency == config.reporting_currency) & ((table.rate - 1).abs() > 1e-9))
    if rows := fetch(wrong.order_by("row" if source.is_numbered else "rate").limit(SHOWN)):
        n = int(fetch(wrong.aggregate(n=wrong.count()))[0]["n"])
        examples = tuple(Example(f"{row['rate']:g}", row.get("row")) for row in rows)
        what = f"rates of {config.reporting_currency}, the reporting currency, are not 1"
        rule = f"rate_to_reporting is what one unit of a currency is worth in {config.reporting_currency}"
        way_out = "Remove or repair the rows, or set reporting_currency to the currency that the rates lead to"
        yield Fault(source.place, what, rule, way_out, examples, n)


def _rows(n: int) -> str:
    return f"{n:,} row{'s' if n != 1 else ''}"


def _listed(words: list[str], total: int | None = None) -> str:
    more = (total or len(words)) - len(words[:SHOWN])
    return ", ".join(words[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")

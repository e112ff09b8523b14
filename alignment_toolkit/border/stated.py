"""What somebody stated, targets and claims, as people write it -> as the toolkit names it: quarters, figures, teams and shares.

`2026-Q3`, `Q3 2026` and `FY26 Q3` are 2026Q3; a figure may go by its name or its label in the glossary; `Sales team` is sales. What
cannot be read is a fault: a target that no figure is compared with would look like none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from alignment_toolkit.border.sentences import SHOWN, Example, Fault
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.spelling import label_key
from alignment_toolkit.errors import nearest
from alignment_toolkit.glossary import term, terms

Fetch = Callable[[Any], list[dict[str, Any]]]
STATED = ("targets", "claims", "owners")
TEAMS = ("marketing", "sales", "shared", "success")
_OF_ANY_SIZE = ("net_revenue_retention", "target_attainment", "feedback_effect", "bookings_change", "driver")
_YEAR, _GAP = r"(?:FY *)?'?(\d{4}|\d{2})", r"[-/_. ]*"
_QUARTERS = (rf"{_YEAR}{_GAP}Q *(?P<quarter>[1-4])", rf"(?:Q *(?P<quarter>[1-4])|(?P<first>[1-4]) *Q){_GAP}{_YEAR}")
_WHOLE = frozenset({"all", "total", "overall", "company", "whole company"})
_TEAM_WORDS = {f"{team}{word}": team for team in TEAMS for word in ("", " team", " department", " dept")} | {
    **dict.fromkeys(("both", "both teams", "marketing and sales", "sales and marketing"), "shared"),
    **dict.fromkeys(("customer success", "customer success team"), "success"),
}
_QUARTER_RULE = "A quarter is written like 2026Q3, 2026-Q3, Q3 2026, 3Q26 or FY26 Q3"


def as_stated(source: Source, fetch: Fetch) -> tuple[Source, list[Fault]]:
    """The table with its quarters, figures, teams and segments as the toolkit writes them, and a fault for each that it cannot read.

    Args:
        source: Targets or claims as found.
        fetch: Runs an expression on the engine and gives its rows.
    """
    faults: list[Fault] = []
    for name, reader in (("quarter", quarter_of), ("kpi", kpi_of)):
        meant = {value: reader(value) for value in _values(source, name, fetch)}
        source = source.respelled(name, {value: known for value, known in meant.items() if known is not None and known != value})
        if unread := [value for value, known in meant.items() if known is None]:
            faults.append(_unread(source, name, unread))
    for name, read in (("owner", team_of), ("team", team_of), ("segment", _segment_of)):
        meant = {value: read(value) for value in _values(source, name, fetch)}
        source = source.respelled(name, {value: known for value, known in meant.items() if known is not None and known != value})
    return source, [*faults, *_impossible_values(source, fetch)]


def team_of(text: str) -> str | None:
    """The team that is meant, such as sales by `Sales team`; None: none of the four."""
    return _TEAM_WORDS.get(_words(text))


def _segment_of(text: str) -> str | None:
    from alignment_toolkit.figures import ALL

    return ALL if _words(text) in _WHOLE else None


def quarter_of(text: str) -> str | None:
    """The label of a quarter, such as 2026Q3, however it is written; None: it is none."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    for pattern in _QUARTERS:
        if found := re.fullmatch(pattern, plain):
            groups = found.groupdict()
            year = next(group for group in reversed(found.groups()) if group and len(group) > 1)
            return f"{year if len(year) == 4 else f'20{year}'}Q{groups['quarter'] or groups.get('first')}"
    return None


def kpi_of(text: str) -> str | None:
    """The name of a figure by its name or its label in the glossary, capitals, blanks and underscores aside; None: there is none."""
    key = _plain(text)
    for pattern, name in _known().items():
        if found := re.fullmatch(pattern, key):
            return name.replace("{h}", found[1]) if "{h}" in name else name
    return None


@cache
def _known() -> dict[str, str]:
    """Pattern of a plain name or label -> name."""
    each = ((text, name) for name, entry in terms().items() for text in (name, entry.label))
    return {r"(\d+)".join(re.escape(_plain(part)) for part in text.split("{h}")): name for text, name in each}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", label_key(text))


def _words(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", label_key(text)).split())


def _values(source: Source, name: str, fetch: Fetch) -> list[str]:
    """The different values of a column, none where it is not there."""
    if name not in source.found:
        return []
    table = source.rows.select(value=source.value(name).cast("string"))
    return sorted(row["value"] for row in fetch(table.distinct()) if row["value"] is not None)


def _unread(source: Source, name: str, values: list[str]) -> Fault:
    examples = tuple(Example(value) for value in values[:SHOWN])
    if name == "quarter":
        way_out = "Write the quarter in one of these forms, or translate it with a map in a mapping"
        return Fault(source.place, "values of quarter are not quarters", _QUARTER_RULE, way_out, examples, len(values))
    hints = " ".join(dict.fromkeys(hint for value in values[:SHOWN] if (hint := nearest(value, terms())).startswith("Did")))
    way_out = f"{hints} alignment glossary lists every figure; rows of others can be set aside by a mapping".strip()
    rule = "A target or claim names its figure by name or label, such as conversion_90d or Conversion within 90 days"
    return Fault(source.place, "values of kpi are not figures of the glossary", rule, way_out, examples, len(values))


def _impossible_values(source: Source, fetch: Fetch) -> Iterator[Fault]:
    """Numbers above one that are stated of a share, and numbers below none of anything but a change."""
    number = "target" if source.contract.name == "targets" else "value"
    if not {"kpi", number} <= set(source.found):
        return
    table = source.rows.select(kpi=source.value("kpi"), value=source.value(number)).distinct()
    rows = fetch(table.filter((table.value < 0) | (table.value > 1)).order_by("kpi", "value"))
    known = [(row, name) for row in rows if row["kpi"] and (name := kpi_of(row["kpi"])) and name not in _OF_ANY_SIZE]
    below = [row for row, name in known if row["value"] < 0 and term(name).unit != "share"]
    if below:
        examples = tuple(Example(f"{row['kpi']} {row['value']:g}") for row in below[:SHOWN])
        yield Fault(
            source.place,
            f"values of {number} are below 0",
            "A count, a duration or a sum is never negative",
            "Correct the values",
            examples,
            len(below),
        )
    if wrong := [row for row, name in known if term(name).unit == "share"]:
        examples = tuple(Example(f"{row['kpi']} {row['value']:g}") for row in wrong[:SHOWN])
        rule = "A share lies between 0 and 1: 10 % is 0.1"
        way_out = f"Divide the values by 100, or declare percent = true for {number} in a mapping of a table that holds shares only"
        yield Fault(source.place, f"values of {number} are not shares", rule, way_out, examples, len(wrong))

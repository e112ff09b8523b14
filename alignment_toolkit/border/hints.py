"""Values that could not be read -> the setting of a mapping that would read them, told by how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from alignment_toolkit.schema import Kind

CONFLICT = "The values are written in two ways: repair them, or split the file"
WHERE = "in a mapping (for a column, an input, a table or [source]) and run alignment ingest"
_CLOCK = r"([,T ].*)?"
_MONTH = r"(?i).*(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/ .,].*\d.*"
_TIMES = (
    (r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([T ]?\d{4,6}Z?)?", 'date_order = "ymd"'),
    (r"\d{12,13}(\.\d+)?", 'epoch = "ms"'),
    (r"\d{9,10}(\.\d+)?", 'epoch = "s"'),
    (r"\d{5}(\.\d+)?", "excel_dates = 1900 (or 1904)"),
    (_MONTH, 'month_names = "en"'),
    (r"\d{4}[/.]\d{1,2}[/.]\d{1,2}" + _CLOCK, 'date_order = "ymd"'),
)
_ORDERED = r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2}|\d{4})(?!\d)" + _CLOCK
_EITHER = 'date_order = "dmy" (or "mdy")'
_GROUPS = 'thousands = "," (or decimal = ",")'
_COMMA, _POINT, _SYMBOL = 'decimal = ","', 'decimal = "."', "symbol = "
_CHOICES = {  # a setting that leaves open which -> those that settle it
    _EITHER: ('date_order = "dmy"', 'date_order = "mdy"', 'date_order = "ymd"'),
    _GROUPS: ('thousands = ","', _COMMA),
}
_SIGN = r"[^\d\s.,'+-]{1,4}"
_AMOUNT = r"\d[\d.,' \u00a0\u2009\u202f’]*"


def way_out_for(kind: Kind, values: Iterable[Any], *, declared: str | None = None) -> str | None:
    """What to do about values that could not be read: the settings that would read them, or that none can; None where nothing is known.

    Args:
        kind: What they should be.
        values: Refused values.
        declared: The date order that is declared already.
    """
    settings = settings_for(kind, values, declared=declared)
    return CONFLICT if settings == CONFLICT else settings and f"Declare {settings} {WHERE}"


def settings_for(kind: Kind, values: Iterable[Any], *, declared: str | None = None) -> str | None:
    """The settings, as they stand in a mapping, that would read these values; `CONFLICT` where some exclude others.

    None where no setting would.

    Args:
        kind: What they should be.
        values: Refused values.
        declared: The date order that is declared already.
    """
    reader = {"instant": _for_time, "date": _for_time, "number": _for_number}.get(kind)
    if reader is None:
        return None
    found = dict.fromkeys(setting for value in values if value is not None for setting in reader(str(value).strip()))
    found.pop(f'date_order = "{declared}"', None)
    for either, settings in _CHOICES.items():
        if any(setting in found for setting in settings):
            found.pop(either, None)
    if _exclude_each_other(found):
        return CONFLICT
    found.pop(_POINT, None)
    return " and ".join(_with_one_line_of_symbols(found)) or None


def _exclude_each_other(settings: Iterable[str]) -> bool:
    """Whether one key has two values, one mark two meanings, or numbers two ways to count days."""
    values: dict[str, set[str]] = {}
    for setting in settings:
        key, _, value = setting.partition(" = ")
        values.setdefault(key, set()).add(value)
    is_torn = any(len(values.get(key, ())) > 1 for key in ("date_order", "epoch", "decimal", "thousands"))
    return is_torn or bool(values.get("decimal", set()) & values.get("thousands", set())) or {"epoch", "excel_dates"} <= values.keys()


def _with_one_line_of_symbols(settings: Iterable[str]) -> list[str]:
    """The settings, with all signs in one list: a key stands once in a mapping."""
    signs = [setting.removeprefix(_SYMBOL) for setting in settings if setting.startswith(_SYMBOL)]
    listed = f"{_SYMBOL}[{', '.join(signs)}]" if len(signs) > 1 else f"{_SYMBOL}{''.join(signs)}"
    return list(dict.fromkeys(listed if setting.startswith(_SYMBOL) else setting for setting in settings))


def _for_time(text: str) -> list[str]:
    for pattern, setting in _TIMES:
        if re.fullmatch(pattern, text):
            return [setting]
    if not (found := re.fullmatch(_ORDERED, text)):
        return []
    first, second = int(found[1]), int(found[2])
    order = 'date_order = "dmy"' if first > 12 else 'date_order = "mdy"' if second > 12 else _EITHER
    return [order] if len(found[3]) == 4 else [order, "two_digit_years_from = 1970 (or another first year)"]


def _for_number(text: str) -> list[str]:
    wanted = []
    if (text.startswith("(") and text.endswith(")")) or re.search(r"\d *[-−]$", text) or text.startswith("−"):
        wanted.append("accounting = true")
        text = text.strip("()-− ")
    if text.endswith("%"):
        wanted.append('percent = true (40 % is 0.4) or symbol = "%" (40 % is 40)')
        text = text.removesuffix("%").strip()
    elif symbol := re.fullmatch(rf"[+-]?({_SIGN}) *{_AMOUNT}|[+-]?{_AMOUNT}?({_SIGN})", text):
        sign = symbol[1] or symbol[2]
        wanted.append(f'symbol = "{sign}"')
        text = text.replace(sign, "").strip()
    return wanted + _marks(text.lstrip("+-"))


def _marks(text: str) -> list[str]:
    """Settings of decimal mark and thousands mark for a number without sign and unit."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", text):
        return [_GROUPS] if re.fullmatch(r"\d{1,3},\d{3}", text) else ['thousands = ","', _POINT]
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d*)?", text):
        return [_COMMA, 'thousands = "."']
    for mark, pattern in (("'", "['’]"), (" ", "[ \u00a0\u2009\u202f]")):
        if found := re.fullmatch(rf"\d{{1,3}}({pattern}\d{{3}})+([.,]\d*)?", text):
            return [f'thousands = "{mark}"', *({",": [_COMMA], ".": [_POINT]}.get((found[2] or "")[:1], []))]
    return [_COMMA] if re.fullmatch(r"\d+,\d*|,\d+", text) else []

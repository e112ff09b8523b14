"""Salesforce ids of 15 and 18 characters are one id: reports give 15, the API 18.

The 15 characters tell upper from lower case. The last three of the 18 say which of them are upper case, five characters each, so that the
id survives tools that ignore case. Ids are never case-folded; the short form is extended, so an export of long ids keeps its ids.
"""

from __future__ import annotations

from typing import Any

_SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT = r"^[A-Za-z0-9]{15}$"


def long_salesforce_id(text: Any, *, otherwise: Any = None) -> Any:
    """The 18-character form of a 15-character id.

    Args:
        text: A string expression without blanks at its ends; it is mentioned often, so it should be a column.
        otherwise: What any other text becomes; by default it stays as it is.
    """
    import ibis

    long = text
    for start in (0, 5, 10):
        place = sum(_is_capital(text.substr(start + offset, 1)).ifelse(2**offset, 0) for offset in range(5))
        long = long + ibis.literal(_SUFFIXES).substr(place, 1)
    return ((text.length() == 15) & text.re_search(_SHORT)).fill_null(False).ifelse(long, text if otherwise is None else otherwise)


def _is_capital(letter: Any) -> Any:
    """Whether an ASCII letter is upper case; a comparison with 'A' and 'Z' would depend on the engine's collation."""
    return letter != letter.lower()

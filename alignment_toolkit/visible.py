"""Text from data made safe to show: what has no shape gets one, and nothing is taken for markup."""

from __future__ import annotations

import html
import unicodedata

RIGHTWARD, LEFTWARD, POP, HIDDEN, UNKNOWN = "⇥", "⇤", "↔", "·", "□"
_MARKS = {
    **dict.fromkeys("\u200e\u202a\u202d\u2066", RIGHTWARD),
    **dict.fromkeys("\u200f\u202b\u202e\u2067\u061c", LEFTWARD),
    **dict.fromkeys("\u202c\u2068\u2069", POP),
    **dict.fromkeys("\n\r\u0085\u2028\u2029", "↵"),
    "\t": "→",
    "\x7f": "␡",
}


def visible(text: str) -> str:
    """The text with control and direction marks as symbols, so that a name shows what it is made of.

    A newline becomes `↵`, a right-to-left override `⇤`, a zero-width character `·`, half of a surrogate pair `□`.
    """
    return "".join(map(_shape, text))


def legible(text: str) -> str:
    """Sentences and lines for a terminal, in which a name can neither write elsewhere nor turn its neighbours round.

    Control characters but line ends, direction marks and halves of surrogate pairs are symbols; joiners inside words stay.
    """
    return text.translate(_ILLEGIBLE)


def printable(page: str) -> str:
    """The page with control characters, which HTML does not allow, as symbols; line ends and tabs stay."""
    return page.translate(_NOT_IN_HTML)


def escaped(value: object) -> str:
    """The value as HTML text: nothing in it is markup, control characters are symbols, direction marks stay within their element.

    Args:
        value: Anything; its `str` is shown.
    """
    return html.escape(printable(str(value)))


def _shape(char: str) -> str:
    if char in _MARKS:
        return _MARKS[char]
    kind = unicodedata.category(char)
    if kind == "Cc":
        return chr(0x2400 + ord(char)) if ord(char) < 0x20 else UNKNOWN
    return {"Cf": HIDDEN, "Cs": UNKNOWN, "Co": UNKNOWN, "Cn": UNKNOWN}.get(kind, char)


_NOT_IN_HTML = {code: _shape(chr(code)) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)) if chr(code) not in "\n\t"}
_ILLEGIBLE = _NOT_IN_HTML | {ord(char): symbol for char, symbol in _MARKS.items() if char != "\n"}

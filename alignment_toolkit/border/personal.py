"""Personal data stay outside: e-mail addresses and phone numbers inside texts are blotted out, ids that are addresses become pseudonyms.

A pseudonym is the first sixteen hex digits of the md5 of the value in small letters: the same person gets the same one in every table and
every ingest, so that records still meet. It hides a name from readers of a report; it is no protection against somebody who has the list
of names and tries them all.
"""

from __future__ import annotations

import re
from typing import Any

MAIL = r"[A-Za-z0-9._%+-][A-Za-z0-9._%+'-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = (
    r"(?:\+[0-9][0-9 ()./-]{6,}[0-9]|\([0-9]{3,5}\) ?[0-9][0-9 ./-]{3,}[0-9]|\b0[0-9]{2,5}[ /-][0-9][0-9 /-]{4,}[0-9]"
    r"|\b[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}\b)"
)
_SHORTEST_PHONE = 9
_MAIL_WORD, _PHONE_WORD = "(e-mail address)", "(phone number)"


def pseudonym(text: Any) -> Any:
    """A stable stand-in for a text that names a person; null stays null.

    Args:
        text: Strings without blanks at their ends.
    """
    import ibis

    from alignment_toolkit.hashing import md5

    return ibis.literal("p-").concat(md5(text.lower()).substr(0, 16))


def impersonal_id(value: Any) -> Any:
    """An id, or its pseudonym where it is an e-mail address."""
    is_mail = value.contains("@").ifelse(value.re_search(rf"^{MAIL}$"), False)
    return is_mail.fill_null(False).ifelse(pseudonym(value), value)


def impersonal_text(value: Any) -> Any:
    """A text whose e-mail addresses and phone numbers are blotted out."""
    without = value.contains("@").ifelse(value.re_replace(MAIL, _MAIL_WORD), value)
    holds = (without.length() >= _SHORTEST_PHONE).ifelse(without.re_search(PHONE), False)
    return holds.ifelse(without.re_replace(PHONE, _PHONE_WORD), without)


def impersonal_sentence(sentence: str) -> str:
    """A message whose e-mail addresses and phone numbers are blotted out."""
    return re.sub(PHONE, _PHONE_WORD, re.sub(MAIL, _MAIL_WORD, sentence))

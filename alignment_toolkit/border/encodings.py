"""The encoding of a text file: given away by its first bytes, proven by every byte, or guessed where Western text leaves no doubt.

A legacy single-byte encoding cannot be proven: any bytes are valid Windows-1252. The guess is made only when every word with an accent is
a word of a Western European language (`Müller`, `señor`, `l’été`) and every sign stands where such a sign stands. Everything else, from
Cyrillic to Mac Roman, is refused and has to be declared.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from alignment_toolkit.border.kinds import EXPORT
from alignment_toolkit.border.sentences import BadFile, Fault, declare

GUESSED = "cp1252"
_CHUNK = 1 << 20
_OVER_ASCII = ("utf-8", "utf-8-sig", GUESSED, "latin-1", "iso-8859-1")  # a text of ASCII alone is the same in these
_MARKS = (  # the longer mark first: that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ALPHABETS = tuple(
    frozenset(letters + letters.upper())
    for letters in ("äöüß", "àâæçèéêëîïôœùûü", "áéíñóúü", "àçèéíïòóúü", "ãáâàçéêíóôõú", "àèéìíòóù", "åæøé", "åäöé", "áéëíïóöü")
)
_SMALL, _FRACTIONS = frozenset("¹²³"), frozenset("¼½¾")
_WORD = re.compile(r"[^\W\d_¹²³¼½¾]+")
_MEASURED = re.compile(r"(?:\d|\)|(?<![^\W\d_])(?:[kcdmµ]?m|ft|in|yd|x|r))$")  # what a small digit stands above
_ODD_SPELLING = re.compile(r"[a-zß-ÿ][À-Þ]|(?<!^)œ(?!u)|aá|áa|[õÕ](?![esES])|[ªº](?=[^\W\d_])")
_NEVER = frozenset("ƒ†‡ˆ‰˜¤¦¨¬¯¸¶±")  # legal in Windows-1252, and nearly always letters of another encoding
_OPENING = frozenset('“„«"”')
_MONEY = frozenset("£€¢¥")
_PAIRS = {"‚": "‘", "‹": "›"}  # a sign that opens a quotation, nearly always a letter of another encoding where nothing closes it
_IN_COMPANY = _SMALL | _FRACTIONS | {"‚", "‹", "›"}
_AFTER_APOSTROPHE = re.compile(r"(?:s|t|d|m|n|ll|re|ve)\b|[A-ZÀ-Þ]")


def marked(head: bytes, place: str) -> str | None:
    """The codec that a byte order mark or the pattern of zero bytes gives away.

    Raises:
        BadFile: When zero bytes follow no pattern of a text.
    """
    if codec := by_mark(head):
        return codec
    if b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and even < odd // 4:
        return "utf-16-le"
    if even > len(head) // 4 and odd < even // 4:
        return "utf-16-be"
    rule = "Text holds no zero bytes, unless it is UTF-16 without a byte order mark"
    raise BadFile(Fault(place, "the file holds binary data, not CSV text", rule, f"{EXPORT}, or {declare('encoding', 'utf-16-le')}"))


def by_mark(head: bytes) -> str | None:
    """The codec that a byte order mark names."""
    return next((codec for mark, codec in _MARKS if head.startswith(mark)), None)


def found_out(path: Path, place: str) -> str:
    """UTF-8 when every byte of the file is, else Windows-1252 when the text is Western beyond doubt.

    Raises:
        BadFile: When it is neither, with the line that gives rise to doubt.
    """
    bad = undecodable(path, "utf-8")
    if bad is None:
        return "utf-8"
    if _has_utf8_letters(path):
        rule = "The other letters of the file are UTF-8: a transfer or an edit cut a character, or texts of two encodings were joined"
        raise BadFile(Fault(place, f"the text is damaged UTF-8: {bad}", rule, f"Export it again, or {declare('encoding', 'cp1252')}"))
    doubt = undecodable(path, GUESSED) or _doubt(path)
    if doubt is None:
        return GUESSED
    rule = "Text is read when it is UTF-8, UTF-16 with a byte order mark, or Western European beyond doubt"
    way_out = (
        f"Export it as UTF-8, or {declare('encoding', 'cp1251')}; cp1251 is Cyrillic; others are cp1250, cp1253, shift_jis, gbk, mac_roman"
    )
    if undecodable(path, GUESSED) is None and _is_mostly_western(path):
        way_out = f"Export it as UTF-8, or {declare('encoding', GUESSED)}; cp1252 is Western European; others are cp1250, cp1254, mac_roman"
    raise BadFile(Fault(place, f"the encoding of the text is not known: {doubt}", rule, way_out))


def ensure_decodes(path: Path, codec: str, place: str) -> None:
    """Check a declared encoding on the whole file.

    Raises:
        BadFile: When the codec does not exist, or the bytes are not of it.
    """
    try:
        "".encode(codec)
        bad = undecodable(path, codec)
    except LookupError as error:
        raise BadFile(Fault(place, f"the encoding {codec!r} is not known", "", "Name it as Python does: utf-8, utf-16, cp1252")) from error
    if bad is not None:
        way_out = f"Export it as UTF-8, or {declare('encoding', 'cp1252')} with the encoding that it has"
        raise BadFile(Fault(place, f"the text is not {codec}: {bad}", "", way_out))


def ensure_no_zero_bytes(path: Path, codec: str, place: str) -> None:
    """Check that a text of single bytes holds no zero byte: readers end a value there, each in its own way.

    Raises:
        BadFile: With the line of the first one.
    """
    if codec.replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return
    place_in_file = 0
    for chunk in _chunks(path):
        if (at := chunk.find(0)) >= 0:
            what = f"the file holds binary data: line {_line_at(path, place_in_file + at)} holds a zero byte"
            raise BadFile(Fault(place, what, "Text holds no zero bytes", "Export it again, or repair the line"))
        place_in_file += len(chunk)


def undecodable(path: Path, codec: str) -> str | None:
    """Line and value of the first byte that is not of this encoding, in words; None when all are."""
    decoder, place = codecs.getincrementaldecoder(codec)(), 0
    for chunk in _chunks(path):
        if codec in _OVER_ASCII and chunk.isascii() and not decoder.getstate()[0]:
            place += len(chunk)
            continue
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return _byte(path, place - pending + error.start, error.object[error.start])
        except UnicodeError as error:  # a codec that names no byte
            return f"{error}, after line {_line_at(path, place)}"
        place += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return _byte(path, place, error.object[error.start])
    return None


def _byte(path: Path, place: int, value: int) -> str:
    return f"line {_line_at(path, place)} holds the byte 0x{value:02X}"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _line_at(path: Path, end: int) -> int:
    """The line that the byte at a place stands in, the first being 1."""
    line = 1
    with path.open("rb") as file:
        while end > 0 and (chunk := file.read(min(_CHUNK, end))):
            line += chunk.count(b"\n")
            end -= len(chunk)
    return line


_SEQUENCE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def _has_utf8_letters(path: Path) -> bool:
    """Whether most of the bytes beyond ASCII form characters of UTF-8."""
    high = formed = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                high += sum(byte > 0x7F for byte in line)
                formed += sum(map(len, _SEQUENCE.findall(line)))
    return formed > high // 2


def _doubt(path: Path) -> str | None:
    """The first line that is hardly Western text when it is read as Windows-1252, in words."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isascii() and (word := doubtful(line.decode(GUESSED))):
                return f"line {number} would read {word!r} as Windows-1252"
    return None


def _is_mostly_western(path: Path) -> bool:
    """Whether most words with letters beyond ASCII are Western when the text is read as Windows-1252; so is a text without such words."""
    western = other = 0
    with path.open("rb") as file:
        for text in (line.decode(GUESSED) for line in file if not line.isascii()):
            words = [found[0] for found in _WORD.finditer(text) if not found[0].isascii()]
            plausible = sum(map(_is_western, words))
            western += plausible
            other += len(words) - plausible + sum(_is_letter_elsewhere(text, at) for at in range(len(text)))
    return western >= other


def _is_letter_elsewhere(text: str, at: int) -> bool:
    """Whether a sign stands in or at a word as only a letter does."""
    sign, before, after = text[at], text[max(at - 30, 0) : at], text[at + 1 : at + 30]
    return _is_sign(sign) and not _stands_well(sign, before, after) and (before[-1:].isalpha() or after[:1].isalpha())


def _is_sign(character: str) -> bool:
    return not character.isascii() and not character.isalpha()


def doubtful(text: str) -> str | None:
    """The first word or sign that is implausible in a Western language; None where there is none.

    >>> doubtful("Müller; señor; l’été; naïve; 5 €"), doubtful("Ïðèâåò"), doubtful("MŸller")
    (None, 'Ïðèâåò', 'MŸller')
    """
    for found in _WORD.finditer(text):
        if not found[0].isascii() and not _is_western(found[0]):
            return found[0]
    for at, sign in enumerate(text):
        closes_nothing = sign == "”" and text[at - 1 : at].isalpha() and not _OPENING & set(text[:at])
        if closes_nothing or (_is_sign(sign) and not _stands_well(sign, text[max(at - 30, 0) : at], text[at + 1 : at + 30])):
            return text[max(at - 8, 0) : at + 9].strip()
    return None


def _is_western(word: str) -> bool:
    letters = [letter for letter in word if not letter.isascii() and letter not in "ªºµ"]
    if _ODD_SPELLING.search(word):
        return False
    if not letters:
        return True
    runs = re.findall(r"[^\x00-\x7f]+", word)
    if max(map(len, runs)) > 2 or (len(word) > 3 and 2 * len(letters) > len(word)):
        return False
    return any(set(letters) <= alphabet for alphabet in _ALPHABETS)


def _stands_well(sign: str, before: str, after: str) -> bool:
    """Whether a sign stands where it does in Western text."""
    if sign in _NEVER or ord(sign) < 0xA0:
        return False
    left, right = before[-1:].isalpha(), after[:1].isalpha()
    if sign in _MONEY:
        return not left and not right
    if sign in _IN_COMPANY:
        return _is_in_company(sign, before, after)
    if sign == "’":
        word = re.search(r"[^\W\d_]*$", before)
        prefix = word[0] if word else ""
        return not (left and right) or len(prefix) <= 2 or prefix.endswith(("qu", "Qu")) or bool(_AFTER_APOSTROPHE.match(after))
    return not (left and right) or sign in "\u00a0·®™" or (sign in "–—" and after[0].isupper())


def _is_in_company(sign: str, before: str, after: str) -> bool:
    """Whether a small digit, a fraction or a single quotation mark has what belongs to it: a measure, a number, its counterpart."""
    left, right = before[-1:].isalpha(), after[:1].isalpha()
    if sign in _SMALL:
        return not right and _is_usual(after[:1]) and bool(_MEASURED.search(before))
    if sign in _FRACTIONS:
        return not left and (not right or before[-1:].isdigit()) and _is_usual(before[-1:]) and _is_usual(after[:1])
    return not left and _PAIRS[sign] in after if sign in _PAIRS else not right and "‹" in before


def _is_usual(neighbour: str) -> bool:
    """Whether a character is one beside which digits stand: the letters of other encodings come in a row."""
    return neighbour.isascii() or neighbour in "\u00a0–—"

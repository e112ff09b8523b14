"""Fatal faults as values: where, what, which values, the rule, the way out; each writes its own sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.errors import ended, quoted

SHOWN = 5
_NAME = "NAME"  # of a mapping that is not known where the sentence is written
_IN_A_MAPPING = f'in a mapping; to keep a shipped one, below a first line extends = "{_NAME}"'


@dataclass(frozen=True)
class Example:
    """One offending value.

    Attributes:
        value: The value as it stands in the file; None where its absence is the fault.
        row: Its row in the file, the header being row 1; None where the engine keeps no order.
        key: Key of its record, such as `lead_id 'L7'`; used when there is no row.
    """

    value: object = None
    row: int | None = None
    key: str | None = None

    def words(self) -> str:
        """The example in words: `'31/12/2025' (row 7)`; e-mail addresses and phone numbers are blotted out before it is cut."""
        place = f"row {self.row}" if self.row is not None else impersonal_sentence(self.key) if self.key else None
        if self.value is None:
            return place or "one row"
        value = quoted(impersonal_sentence(str(self.value)), longest=40)
        return f"{value} ({place})" if place else value


def word(value: str | None) -> str | None:
    """A value as written, None where nothing but blanks is."""
    return value if value and value.strip() else None


@dataclass(frozen=True)
class Fault:
    """One fatal fault.

    Attributes:
        place: File or table, such as `leads.csv`.
        what: What is wrong, in words.
        rule: The rule that is broken.
        way_out: What the user can do.
        examples: Up to five offending values.
        n: How many there are in all.
    """

    place: str
    what: str
    rule: str = ""
    way_out: str = ""
    examples: tuple[Example, ...] = ()
    n: int = 0

    def sentence(self) -> str:
        """Place and what with the examples, then the rule, then the way out."""
        shown = ", ".join(example.words() for example in self.examples[:SHOWN])
        more = self.n - len(self.examples[:SHOWN])
        listed = f": {shown}{f' and {more:,} more' if more > 0 else ''}" if shown else ""
        return " ".join(ended(part) for part in (f"{self.place}: {self.what}{listed}", self.rule, self.way_out) if part)

    def read_by(self, mapping: str, *, is_shipped: bool) -> Fault:
        """The fault as a user of this mapping can mend it.

        Args:
            mapping: Name of the mapping that reads the file.
            is_shipped: Whether it is a shipped one, which takes settings from a mapping that extends it.
        """
        where = _IN_A_MAPPING.replace(_NAME, mapping) if is_shipped else f"in {mapping}"
        return replace(self, rule=self.rule.replace(_IN_A_MAPPING, where), way_out=self.way_out.replace(_IN_A_MAPPING, where))


def declare(setting: str, value: str) -> str:
    """How to declare a setting of the source, as the end of a way out."""
    return f'declare [source] {setting} = "{value}" {_IN_A_MAPPING}'


class BadFile(Exception):  # it carries a fault to the collector and never reaches a user
    """A file that cannot be read as what it claims to be."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.sentence() for fault in faults))

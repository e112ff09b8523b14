"""The pack as one value: everything a meeting needs, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from alignment_toolkit.coverage import coverage_sentences
from alignment_toolkit.drivers.bridge import unanswerable
from alignment_toolkit.drivers.joint import joint_wins
from alignment_toolkit.meeting.agenda import agenda, quiet
from alignment_toolkit.meeting.decisions import decisions
from alignment_toolkit.meeting.know import to_know
from alignment_toolkit.meeting.moved import moved
from alignment_toolkit.meeting.wins import wins
from alignment_toolkit.study import Study

MOST_SOURCES = 5
EMPTY = {
    "agenda": "There is nothing to discuss.",
    "decisions": "No decisions are due.",
    "wins": "No improvement beyond noise, target met or shared win is on record.",
    "joint_wins": "Which wins both teams share cannot be told.",
    "of_sales": "Nothing on the side of sales is known to have moved, or to stand out, beyond noise.",
    "of_marketing": "Nothing on the side of marketing is known to have moved, or to stand out, beyond noise.",
}
UNCOVERED = {
    "agenda": "Some figures cannot be compared with the period before, so the agenda may be incomplete.",
    "decisions": "Which decisions are due is not known: some figures do not cover the period.",
    "wins": "What went well is not known: some figures cannot be compared with the period before.",
}


@dataclass(frozen=True)
class Pack:
    """The meeting pack of one quarter or month.

    Attributes:
        period: Its label.
        before: Label of the one it is compared with.
        noun: `quarter` or `month`.
        agenda: As `meeting.agenda` makes it.
        decisions: As `meeting.decisions` makes it.
        wins: As `meeting.wins` makes it.
        joint_wins: Wins of both teams by source, the largest, as `drivers.joint_wins` makes them.
        of_sales: What marketing should know of sales, as `meeting.to_know` makes it.
        of_marketing: What sales should know of marketing.
        untold: Why the change of bookings could not be looked at; None when it could.
        uncovered: Which days of the period, or of the one before, the records lack, as sentences.
        quiet: That the agenda is empty, in a sentence, where it is.
    """

    period: str
    before: str
    noun: str
    agenda: pd.DataFrame
    decisions: pd.DataFrame
    wins: pd.DataFrame
    joint_wins: pd.DataFrame
    of_sales: pd.DataFrame
    of_marketing: pd.DataFrame
    untold: str | None
    uncovered: tuple[str, ...]
    quiet: tuple[str, ...]

    def in_short(self) -> list[str]:
        """What the pack holds, in sentences; that nothing moved, where nothing did."""
        begun = list(self.uncovered) or [f"{self.period}, compared with {self.before}."]
        blind = [f"The change of bookings cannot be looked at: {self.untold}."] if self.untold and not self.uncovered else []
        if self.agenda.empty:
            return [*begun, *blind, *self.quiet, *self._owed()]
        first = self.agenda.iloc[0]
        return [
            *begun,
            *blind,
            f"{_many(len(self.agenda), 'item')} to talk about, first: {first['item']} ({first['owner']})",
            *self._owed(),
        ]

    def nothing(self, part: str) -> list[str]:
        """That a part is empty, in a sentence, where it is: what would stand there, and that it does not.

        Args:
            part: `agenda`, `decisions`, `wins`, `joint_wins`, `of_sales` or `of_marketing`.
        """
        if len(getattr(self, part)):
            return []
        return [UNCOVERED[part] if self.uncovered and part in UNCOVERED else EMPTY[part]]

    def _owed(self) -> list[str]:
        if self.decisions.empty:
            return []
        who = self.decisions["decides"].value_counts(sort=False)
        return [f"{_many(len(self.decisions), 'decision')} owed: {', '.join(f'{n} by {name}' for name, n in who.items())}."]


def pack(study: Study) -> Pack:
    """Everything the meeting needs.

    Args:
        study: The quarter, or the month (`open_study(..., month="2026-09")`); told as to leaders, so small groups are one.
    """
    told = study.for_leaders()
    changes = moved(told)
    items = agenda(told, changes)
    return Pack(
        period=told.quarter.label,
        before=told.quarter.shift(-1).label,
        noun=told.quarter.noun,
        agenda=items,
        decisions=decisions(told),
        wins=wins(told, changes),
        joint_wins=joint_wins(told).head(1 + MOST_SOURCES),
        of_sales=to_know(told, changes, of="sales"),
        of_marketing=to_know(told, changes, of="marketing"),
        untold=unanswerable(told),
        uncovered=tuple(coverage_sentences(told)),
        quiet=tuple(quiet(told, items)),
    )


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"

"""Why a row is set aside, and which of these reasons leave a gap in the records.

A footer is no record of anything, and a change of status that moves no stage says nothing about stages: neither leaves a figure open. A
subscription whose price is missing may be a record that was lost. A reason that nobody listed here, of a mapping of one's own for instance,
counts as such a loss.
"""

from __future__ import annotations

import re

BLANK = "the row is blank"
FOOTER = "the row belongs to the footer of a report"
HEADER = "the row repeats the header"
ABOVE = "the row stands above the header"
TWICE = "the same row stands more than once"
NO_LOSS_DATE = "a loss with a reason, but without a date"
NO_RECORD = (BLANK, FOOTER, HEADER, ABOVE, TWICE)
"""Reasons for which a row is no record of any table."""

_NO_STAGE = "no date in the column of the stage"
_NOTHING_LOST = re.compile(
    "|".join(
        (
            *map(re.escape, NO_RECORD),
            r"no record\b.*",
            # the row says nothing about the table at hand
            rf"{_NO_STAGE}\b.*",
            r"(.*\b)?no change of stage",
            r".*: its time is taken from the (deal|opportunity)",
            r"followed by another change\b.*",
            r"the person is no lead",
            r"the task is not done",
            # the vendor itself does not count it
            r"deleted in .*",
            r"filtered by .*",
            r"test mode",
            # what the vendor's own rules call no recurring revenue or no rate
            r"never started\b.*",
            r"no paid time beside the trial",
            r".*, never paid",
            r"all its prices are metered\b.*",
            r"a rate to the corporate currency\b.*",
        )
    )
)


def no_stage(stage: str) -> str:
    """The reason for an empty cell of a table with one column per stage: a lead that was won has no day on which it was lost."""
    return f"{_NO_STAGE} {stage}"


def leaves_gap(reason: str) -> bool:
    """Whether a row that was set aside for this reason might have been a record of its table."""
    return _NOTHING_LOST.fullmatch(reason) is None

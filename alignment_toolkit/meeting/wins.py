"""Wins to celebrate: what moved the right way beyond noise, targets met, and the wins that both teams had a hand in."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.drivers.attainment import target_table
from alignment_toolkit.drivers.joint import joint_wins
from alignment_toolkit.glossary import label
from alignment_toolkit.meeting.agenda import COUNTED, targets_of
from alignment_toolkit.meeting.moved import Moved, moved
from alignment_toolkit.study import Study
from alignment_toolkit.wording import people

COLUMNS = ("win", "certainty", "owner", "page")
PAGE = "drivers-and-targets.html"


def wins(study: Study, changes: list[Moved] | None = None) -> pd.DataFrame:
    """What went well, with the team whose it is.

    Args:
        study: The quarter or month.
        changes: As `moved.moved` finds them; None: they are found here.

    Returns:
        win (a sentence), certainty, owner, page: movements first, then the targets met of a quarter that is over, then what both won
        together. Empty where there is nothing of it.
    """
    known = moved(study) if changes is None else changes
    rows = [(each.item, each.certainty, people(each.owner), each.page) for each in known if each.is_good]
    return pd.DataFrame([*rows, *_met(study), *_joint(study)], columns=list(COLUMNS))


def _met(study: Study) -> list[tuple[str, ...]]:
    whole = targets_of(study)
    over = whole.instant(whole.quarter.shift(1)) <= whole.as_of
    rows = target_table(whole).to_dict("records") if over else []
    met = [row for row in rows if row["attained_share"] >= 1]
    where = "" if whole.quarter == study.quarter else f" of {whole.quarter.label}"
    told = [f"{label(str(row['kpi']))} reached {100 * row['attained_share']:.0f} % of the target{where}." for row in met]
    return [(win, COUNTED, people(row["owner"]), PAGE) for win, row in zip(told, met, strict=True)]


def _joint(study: Study) -> list[tuple[str, ...]]:
    frame = joint_wins(study)
    if frame.empty or not frame["joint_wins"].iloc[0]:
        return []
    row, currency = frame.iloc[0], study.config.reporting_currency
    deals = f"{row['joint_wins']:,} of the {row['wins']:,} deals won in {study.quarter.label}"
    said = f"Both teams had touched {deals}, {row['joint_money']:,.0f} of {row['money']:,.0f} {currency}: the credit is theirs together."
    return [(said, COUNTED, people("shared"), PAGE)]

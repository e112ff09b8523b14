"""Decisions owed: findings that stay as they are until a team chooses, each with who decides and since when it has been open.

Who decides is who is accountable by the glossary's RACI for the figure behind it, or by what the company has agreed otherwise. A share asks
for a decision when its lower limit is above one in twenty: more than chance, and enough to matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from alignment_toolkit.alignment.kpis import GAPS
from alignment_toolkit.coverage import coverage
from alignment_toolkit.glossary import terms_with
from alignment_toolkit.meeting.choices import UNTOLD, Choice, cheap_choices, gap_choice, stalled_choice, unanswered_choice
from alignment_toolkit.study import Study

COLUMNS = ("decision", "why", "decides", "consulted", "since", "page")
LOOK_BACK = 2
UNDATED = "not known"
FIRST = ("marketing and sales", "marketing", "sales", "success")
Rule = Callable[[Study], Choice | None]


def decisions(study: Study) -> pd.DataFrame:
    """What waits for a choice.

    Args:
        study: The quarter or month.

    Returns:
        decision (what is to be agreed), why (the figures), decides (accountable), consulted, since (the first of the periods, without a
        break, in which it was open; "… or earlier" where the look back of two, or what is recorded, ends there; "not known" where the data
        cannot tell), page. What both teams decide comes first, then marketing, sales and the others. Empty where nothing waits.
    """
    found = [*_looked_back(study), *((choice, choice.since or UNDATED) for choice in cheap_choices(study))]
    rows = [_row(choice, opened, study) for choice, opened in found]
    order = sorted(range(len(rows)), key=lambda at: _place(rows[at][2]))
    return pd.DataFrame([rows[at] for at in order], columns=list(COLUMNS))


def _row(choice: Choice, opened: str, study: Study) -> tuple[str, ...]:
    if choice.owner:
        return choice.decision, choice.why, choice.owner, "", opened, choice.page
    word = terms_with(study.config.glossary)[choice.term]
    return choice.decision, choice.why, word.accountable, word.consulted, opened, choice.page


def _place(who: str) -> int:
    return FIRST.index(who) if who in FIRST else len(FIRST)


def _looked_back(study: Study) -> list[tuple[Choice, str]]:
    """The choices that the periods before can be asked about: the gaps, the rejections, and the stalled leads one period back."""
    rules: list[tuple[Rule, int]] = [(partial(gap_choice, kpi=kpi), LOOK_BACK) for kpi in GAPS]
    rules += [(unanswered_choice, LOOK_BACK), (stalled_choice, 1)]
    found = [(rule(study), rule, periods) for rule, periods in rules]
    return [(choice, since(study, rule, periods=periods)) for choice, rule, periods in found if choice not in (None, UNTOLD)]


def since(study: Study, rule: Rule, *, periods: int) -> str:
    """The first of the periods, without a break, in which a rule asks for a decision.

    Args:
        study: The quarter or month in which it does.
        rule: Gives the choice, None where nothing is owed, `UNTOLD` where that is not known.
        periods: How many periods back are asked.

    Returns:
        Its label; with "or earlier" where the look back, or what is recorded, ends there; "not known" for all history, which holds every
        period.
    """
    if study.cohort == "all":
        return UNDATED
    for back in range(1, periods + 1):
        then = UNTOLD if coverage(study, study.quarter.shift(-back)).reason() else rule(_earlier(study, back))
        if then in (None, UNTOLD):
            return study.quarter.shift(1 - back).label + (" or earlier" if then else "")
    return f"{study.quarter.shift(-periods).label} or earlier"


def _earlier(study: Study, back: int) -> Study:
    """The period before as every figure is compared with it, those before it as they are known today.

    The first is counted already, and for the others no journey has to be made again.
    """
    return study.previous() if back == 1 else replace(study, quarter=study.quarter.shift(-back))

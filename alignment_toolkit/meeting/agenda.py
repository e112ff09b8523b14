"""The agenda: what moved beyond noise and asks for talk, then the targets that were missed or are in doubt; empty where nothing is."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from alignment_toolkit.coverage import coverage_sentences
from alignment_toolkit.drivers.agenda import target_items
from alignment_toolkit.drivers.attainment import target_table
from alignment_toolkit.drivers.bridge import unanswerable
from alignment_toolkit.meeting.moved import Moved, moved
from alignment_toolkit.study import Study
from alignment_toolkit.wording import people

COLUMNS = ("item", "certainty", "owner", "figure", "page")
COUNTED, SIMULATED = "counted", "may still change: a simulation of what is open"


def agenda(study: Study, changes: list[Moved] | None = None) -> pd.DataFrame:
    """What to talk about, in order.

    Args:
        study: The quarter or month.
        changes: As `moved.moved` finds them; None: they are found here.

    Returns:
        item (a sentence), certainty (how sure it is, in words), owner (the team that speaks to it), figure, page. Bad news first by size,
        then targets: of a month those of its quarter, as seen at the as-of. Empty where nothing moved beyond noise and nothing was missed.
    """
    known = moved(study) if changes is None else changes
    rows = [(each.item, each.certainty, people(each.owner), each.figure, each.page) for each in known if not each.is_good]
    return pd.DataFrame([*rows, *_targets(study)], columns=list(COLUMNS))


def quiet(study: Study, items: pd.DataFrame) -> list[str]:
    """That the agenda is empty, in a sentence, where it is; the same on every page.

    Args:
        study: The quarter or month.
        items: As `agenda` makes it.
    """
    if not items.empty:
        return []
    if unanswerable(study) or coverage_sentences(study):
        noun = study.quarter.noun
        return [f"Not every figure can be compared with the {noun} before, and nothing else calls for a discussion: the agenda is empty."]
    whole = targets_of(study)
    missed = "no target was missed" if len(target_table(whole)) else f"no targets are recorded for {whole.quarter.label}"
    return [f"Nothing got worse by more than chance explains and by enough to matter, and {missed}: the agenda is empty."]


def targets_of(study: Study) -> Study:
    """The study whose targets are told: of a month its quarter's, of all history the report quarter's."""
    return replace(study, quarter=study.in_quarter(), cohort="4q" if study.cohort == "all" else study.cohort)


def _targets(study: Study) -> list[tuple[str, ...]]:
    whole = targets_of(study)
    over = whole.instant(whole.quarter.shift(1)) <= whole.as_of
    sure = COUNTED if over else SIMULATED
    where = "" if whole.quarter == study.quarter else f"{whole.quarter.label}: "
    return [(f"{where}{row['item']}", sure, people(row["owner"]), row["figure"], row["page"]) for row in target_items(whole)]

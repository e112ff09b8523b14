"""Puts the quarter before beside each figure, where it may be compared, and the reason where the quarter itself is not covered.

Every section of the headline figures goes through `compared`, so that the same quarter is a baseline for all of them or for none.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.coverage import Coverage, coverage, is_over_window, tables_of
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import NUMBERS, with_previous
from alignment_toolkit.periods import Quarter
from alignment_toolkit.study import Study
from alignment_toolkit.young import without_unrecorded

COHORT = "cohort_quarter"


def compared(current: pd.DataFrame, earlier: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The figures of a quarter beside those of the quarter before.

    Args:
        current: Figure frame of the report quarter.
        earlier: Figure frame of the quarter before on today's data.
        study: The report quarter.

    Returns:
        As many rows as `current`. `previous` is null where either quarter is not covered by the tables that the figure reads; a figure of a
        partial quarter keeps its value with the missing days as its reason; one of a quarter before the records is null.
    """
    return covered(without_unrecorded(with_previous(current, earlier), study), study)


def covered(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The figures with what the coverage of their quarter, and of the one before, makes of them; see `compared`."""
    now, before = coverage(study), coverage(study, study.quarter.shift(-1))
    own = [_own(row, study, now) for row in frame[["slice", "segment"]].itertuples(index=False)]
    tables = [tables_of(str(kpi)) for kpi in frame["kpi"]]
    followed = [_without_late(read, study) if by == COHORT else read for read, by in zip(tables, frame["slice"], strict=True)]
    opened = study.first_day
    since = [opened if is_over_window(kpi) and by != COHORT else None for kpi, by in zip(frame["kpi"], frame["slice"], strict=True)]
    asked = list(zip(own, followed, since, strict=True))
    unknown = pd.Series([found.unrecorded(read, since=day) for found, read, day in asked], index=frame.index, dtype=object)
    partial = pd.Series([found.partial(read, since=day) for found, read, day in asked], index=frame.index, dtype=object)
    apart = pd.Series([bool(now.reason(read) or before.reason(read)) for read in tables], index=frame.index)
    told = frame.assign(previous=frame["previous"].mask(apart))
    kept = {name: told[name].mask(unknown.notna()) for name in NUMBERS if name != "target"}
    reason = told["reason"].where(told["reason"].notna() | told["value"].isna(), partial)
    return told.assign(**kept, reason=reason.mask(unknown.notna(), unknown))


def _without_late(tables: tuple[str, ...], study: Study) -> tuple[str, ...]:
    """The tables without those whose missing beginning `observed_from` states: a cohort's leads enter its figures when their records do."""
    return tuple(name for name in tables if study.config.observed_since(name) is None)


def comparable(study: Study, *kpis: str) -> str | None:
    """Why these figures cannot be compared with the quarter before; None where they can."""
    tables = [name for kpi in kpis for name in tables_of(kpi)]
    return coverage(study).reason(tables) or coverage(study, study.quarter.shift(-1)).reason(tables)


def _own(row: tuple[object, ...], study: Study, now: Coverage) -> Coverage:
    """The coverage of the quarter that a row is about: of a cohort its own."""
    by, segment = row
    if by != COHORT:
        return now
    try:
        return coverage(study, Quarter.parse(str(segment), start_month=study.config.fiscal_year_start_month))
    except UsageError:  # "(missing)", "(earlier)"
        return now

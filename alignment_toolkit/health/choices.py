"""What the records leave to be agreed: findings that no repair ends, since the teams must first choose what is right."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.border.contradictions import contradictions
from alignment_toolkit.border.odd import counted
from alignment_toolkit.health.findings import process
from alignment_toolkit.health.gaps import kind_of
from alignment_toolkit.study import Study

COLUMNS = ("finding", "n", "of", "owner", "choice")


def agreements(study: Study) -> pd.DataFrame:
    """The findings whose kind names a choice; whole records are looked at, whatever the as-of.

    Returns:
        finding, n (records), of, owner (the team that can mend it), choice (what is to be agreed); only what occurs.
    """
    odds = [odd for odd in contradictions(study.crm) if kind_of(odd.table, odd.fault).choice]
    told = list(counted(odds, examples=False)[["table", "fault", "n", "of"]].itertuples(index=False, name=None)) if odds else []
    told += [(table, fault, n, of) for table, fault, n, of, *_ in process(study) if n and kind_of(table, fault).choice]
    rows = [(fault, int(n), int(of), kind_of(table, fault).owner, kind_of(table, fault).choice) for table, fault, n, of in told]
    return pd.DataFrame(rows, columns=list(COLUMNS))

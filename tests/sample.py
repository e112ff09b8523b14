"""The committed sample as tests look at it: opened once per process, its counts shared by all files. Never changed by a test."""

from __future__ import annotations

from functools import cache

import pandas as pd

from alignment_toolkit import headlines
from alignment_toolkit.study import Study, open_study
from tests.conftest import SAMPLE


@cache
def sample_study(quarter: str = "2026Q3") -> Study:
    """The sample as a report of that quarter looks at it."""
    return open_study(str(SAMPLE), quarter=quarter)


@cache
def sample_kpis(quarter: str = "2026Q3") -> pd.DataFrame:
    """All headline figures of the sample in that quarter."""
    return headlines.kpis(sample_study(quarter))

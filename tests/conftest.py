"""Shared test settings: where the public data sets lie."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    from alignment_toolkit.study import Study

collect_ignore = [] if find_spec("playwright") else ["browser"]  # they have an environment of their own (make test-browser)
ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "sample"


def shared_data(*parts: str) -> Path:
    """A path among the public data sets; skips the test, saying why, where they are absent."""
    base = Path(os.environ.get("ALIGNMENT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not base.is_dir():
        pytest.skip(f"the public data sets are not at {base}; set ALIGNMENT_SHARED_DATA")
    return base.joinpath(*parts)


@cache
def sample_study() -> Study:
    """The sample's last quarter, opened once for all tests of a process: what has been counted of it is not counted again."""
    from alignment_toolkit.study import open_study

    return open_study(str(SAMPLE), quarter="2026Q3")


@cache
def sample_kpis() -> pd.DataFrame:
    """The headline figures of the sample's last quarter, worked out once for all tests of a process; not to be changed."""
    from alignment_toolkit.headlines import kpis

    return kpis(sample_study())


def fuzzed(examples: int) -> int:
    """Examples of a fuzz test: these few in every run, as many times more as `make fuzz` asks for."""
    return examples * int(os.environ.get("ALIGNMENT_FUZZ", "1"))

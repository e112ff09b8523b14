"""Every counts query of the catalogue gives the same counts on the embedded engine and on PySpark in local mode.

The seam between engine and statistics is these counts, so equal counts mean equal figures. Beside the sample, in which everything has a time
of day, they are asked of a small company whose records know days.
"""

from __future__ import annotations

import inspect
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.config import load_config
from alignment_toolkit.counts import CATALOGUE, counted
from alignment_toolkit.coverage import recorded_days
from alignment_toolkit.periods import Quarter
from alignment_toolkit.store import open_crm, store_config
from alignment_toolkit.study import Study
from tests.conftest import SAMPLE
from tests.spark.days import EMPTY, write_days

pytestmark = pytest.mark.spark

SLICES = ("all", "source", "cohort_quarter")
ONLY_OF_DAYS = {"late_rates"}  # what the sample has none of; the company of days has some


@pytest.fixture(scope="module")
def spark() -> Any:
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .appName("alignment-conformance")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", "3g")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def studies(spark: Any) -> tuple[Study, Study]:
    return on_both(SAMPLE, spark)


@pytest.fixture(scope="module")
def days(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study]:
    store = tmp_path_factory.mktemp("days")
    write_days(store)
    return on_both(store, spark)


def on_both(store: Path, spark: Any) -> tuple[Study, Study]:
    """A store as the embedded engine opens it, and as Spark does."""
    import ibis

    config = load_config(store_config(store))
    as_of = datetime(2026, 9, 30, 22)
    engines = (None, ibis.pyspark.connect(spark))
    opened = [open_crm(store, as_of=as_of, config=config, backend=engine) for engine in engines]
    return tuple(Study(crm, Quarter(2026, 3)) for crm in opened)  # type: ignore[return-value]


def choices(name: str) -> list[dict[str, Any]]:
    """The ways a query is asked here: without choices, and once per slice where it can be sliced."""
    taken = inspect.signature(CATALOGUE[name]).parameters
    asked: list[dict[str, Any]] = [{}]
    if "by" in taken:
        asked += [{"by": by} for by in SLICES[1:]] if "stage" not in name else [{"by": "stage"}]
    if "by_bucket" in taken:
        asked += [{"by_bucket": True}]
    if "to_date" in taken:
        asked += [{"to_date": True}]
    return asked


CASES = [pytest.param(name, chosen, id=f"{name}-{chosen}") for name in sorted(CATALOGUE) for chosen in choices(name)]


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_counts_are_the_same_on_both_engines(studies: tuple[Study, Study], name: str, chosen: dict[str, Any]) -> None:
    try:
        embedded, cluster = (plain(counted(name, study, **chosen)) for study in studies)
    except TypeError as error:  # a query that needs a choice is asked with its own default elsewhere
        if "required keyword-only argument" not in str(error):
            raise
        pytest.fail(f"{name} has a choice without a default, so it is not covered: {error}")
    assert bool(len(embedded)) is (name not in ONLY_OF_DAYS), f"{name} counts {len(embedded)} rows on the sample"
    pd.testing.assert_frame_equal(embedded, cluster, check_dtype=False)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_counts_of_days_are_the_same_on_both_engines(days: tuple[Study, Study], name: str) -> None:
    embedded, cluster = (plain(counted(name, study)) for study in days)
    assert len(embedded) or name not in ONLY_OF_DAYS, f"{name} counts nothing in any company"
    pd.testing.assert_frame_equal(embedded, cluster, check_dtype=False)


def test_days_are_found_and_marked_the_same_on_both_engines(days: tuple[Study, Study]) -> None:
    embedded, cluster = (study.crm for study in days)
    assert embedded.has_dates
    assert embedded.empty == {*EMPTY}
    assert (embedded.notes, embedded.empty, embedded.clock) == (cluster.notes, cluster.empty, cluster.clock)
    for name in embedded.tables:
        pd.testing.assert_frame_equal(*(plain(crm.tables[name].to_pandas()) for crm in (embedded, cluster)), check_dtype=False, obj=name)


@pytest.mark.parametrize("company", ["studies", "days"])
def test_records_cover_the_same_days_on_both_engines(company: str, request: pytest.FixtureRequest) -> None:
    embedded, cluster = (recorded_days(study.crm) for study in request.getfixturevalue(company))
    assert embedded
    assert embedded == cluster


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Values as both engines can mean them: integers and floats as floats, text and null as objects; rows in one order."""
    numbers = frame.select_dtypes(include=["number", "bool"]).columns
    told = frame.astype(dict.fromkeys(numbers, "float64")).astype({name: "object" for name in frame.columns if name not in numbers})
    told = told.where(told.notna(), None)
    return told.sort_values(list(told.columns), key=lambda column: column.astype(str), ignore_index=True)

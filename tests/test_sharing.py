"""What one notebook of a pass has counted, the next need not count again; nobody else shares anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from alignment_toolkit.counts import counted
from alignment_toolkit.leads import lead_rows
from alignment_toolkit.sharing import SHARED, shared
from alignment_toolkit.study import open_study
from tests.conftest import SAMPLE

TABLE = pa.table({"segment": ["(all)", None], "n": pa.array([3, 4], pa.int64())})


class Counting:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> pa.Table:
        self.asked += 1
        return TABLE


def test_an_analysts_kernel_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SHARED, raising=False)
    count = Counting()
    assert shared("key", count) is TABLE
    assert shared("key", count) is TABLE
    assert count.asked == 2


def test_in_a_pass_each_count_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path / "counts"))
    count = Counting()
    for _ in range(2):
        assert shared(("leads", 1), count).equals(TABLE)
    assert count.asked == 1
    assert shared(("leads", 2), count).equals(TABLE)
    assert count.asked == 2
    assert len(list((tmp_path / "counts").iterdir())) == 2


def test_counts_that_were_never_finished_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path))

    def killed(table: pa.Table, file: object, **_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pyarrow.feather.write_feather", killed)
        with pytest.raises(KeyboardInterrupt):
            shared("key", Counting())
    count = Counting()
    assert shared("key", count).equals(TABLE)
    assert count.asked == 1


@pytest.mark.parametrize("change", [{"quarter": "2026Q2"}, {"cohort": "1q"}, {"as_of": "2026-09-15"}])
def test_counts_of_another_study_are_others(change: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"quarter": "2026Q3", "as_of": "2026-10-01", "cohort": "4q"}
    alone = counted("lead_outcomes", open_study(str(SAMPLE), **asked | change))
    monkeypatch.setenv(SHARED, str(tmp_path))
    plain = counted("lead_outcomes", open_study(str(SAMPLE), **asked))
    changed = counted("lead_outcomes", open_study(str(SAMPLE), **asked | change))
    assert changed.equals(alone)
    assert not changed.equals(plain)
    assert counted("lead_outcomes", open_study(str(SAMPLE), **asked)).equals(plain)


def test_a_look_back_is_not_taken_for_the_quarter_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path))
    back = open_study(str(SAMPLE), quarter="2026Q3").previous()
    counted("leads_created", back)
    n = len(list(tmp_path.glob("*.arrow")))
    counted("leads_created", open_study(str(SAMPLE), quarter="2026Q2"))
    assert len(list(tmp_path.glob("*.arrow"))) == n + 1


def test_a_table_that_one_kernel_holds_is_read_by_the_next_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path))
    made = lead_rows(open_study(str(SAMPLE), quarter="2026Q3").crm)
    with monkeypatch.context() as patched:
        patched.setattr("alignment_toolkit.leads._lead_rows", lambda _: pytest.fail("it was made again"))
        read = lead_rows(open_study(str(SAMPLE), quarter="2026Q3").crm)
    assert read.schema() == made.schema()
    pd.testing.assert_frame_equal(read.to_pandas(), made.to_pandas())


def test_a_table_of_other_settings_or_another_day_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path))
    crm = open_study(str(SAMPLE), quarter="2026Q3").crm
    lead_rows(crm)
    n = len(list(tmp_path.glob("*.parquet")))
    for other in (
        replace(crm, cache={}, config=crm.config.model_copy(update={"min_n": 7})),
        replace(crm, cache={}, as_of=datetime(2026, 8, 1)),
    ):
        lead_rows(other)
        assert len(list(tmp_path.glob("*.parquet"))) > n
        n = len(list(tmp_path.glob("*.parquet")))


def test_a_table_that_cannot_be_left_is_held_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path))
    crm = open_study(str(SAMPLE), quarter="2026Q3").crm

    def full(path: Path, write: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("alignment_toolkit.border.holding.leave", full)
        rows = lead_rows(crm).count().execute()
    assert rows > 0
    assert list(tmp_path.glob("*.parquet")) == []

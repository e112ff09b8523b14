"""Why leads are lost: reasons compete, add up to losing, and are null below `min_n`."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.stats import incidence
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.losses import loss_reasons, loss_sentences
from tests.sample import sample_study
from tests.worlds import study

LEADS = [{"lead_id": name, "created_at": "2026-01-01", "source": "web"} for name in "abcd"]
EVENTS = [{"lead_id": name, "stage": "lead", "entered_at": "2026-01-01"} for name in "abcd"] + [
    {"lead_id": "a", "stage": "lost", "entered_at": "2026-01-03", "reason": "Price"},
    {"lead_id": "b", "stage": "lost", "entered_at": "2026-01-05", "reason": " "},
    {"lead_id": "c", "stage": "won", "entered_at": "2026-01-04"},
]


def made(min_n: int) -> Study:
    return study("2026Q1", as_of="2026-07-01", leads=LEADS, stage_events=EVENTS, config=Config(min_n=min_n))


@pytest.mark.parametrize("by", ["stage", "source", "all"])
def test_four_leads_by_hand(by: str) -> None:
    told = loss_reasons(made(1), by=by)
    # everybody was watched for 90 days, so an incidence is a share of the four
    assert [(row.loss_reason, row.lost_rate, row.n, row.lost) for row in told.itertuples()] == [
        ("(missing)", 0.25, 4, 1),
        ("Price", 0.25, 4, 1),
    ]
    assert told["matured_share"].tolist() == [1, 1]


def test_few_leads_have_no_rate() -> None:
    told = loss_reasons(made(5))
    assert told["lost_rate"].isna().all()
    few = "not enough data: only 4 leads were followed at age 0 days; 5 are needed"
    assert set(told["reason"]) == {few}
    assert loss_sentences(told) == ["Why leads are lost is not known: no losses are recorded, or none has been followed for long enough."]


@cache
def sample() -> Study:
    return sample_study()


def test_reasons_add_up_to_losing_and_stages_stand_in_order() -> None:
    told = loss_reasons(sample())
    assert list(dict.fromkeys(told["segment"])) == ["lead", "mql", "sal", "sql", "opportunity"]
    names, table = risk_of("entry_moves", sample(), max_day=91, by="stage")
    for name, sums in told.groupby("segment")["lost_rate"].sum().items():
        mine = table[names.index(name)]
        staying = np.cumprod(1 - np.divide(mine.events + mine.competing, mine.at_risk, out=np.zeros(92), where=mine.at_risk > 0))
        won = float(incidence(mine).at(90).value)
        assert sums == pytest.approx(1 - staying[90] - won)
    assert loss_sentences(told)[0].startswith("From lead most are lost for Too early: 8.6 % (7.7 % to 9.5 %)")

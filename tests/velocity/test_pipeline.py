"""The pipeline waterfall: exact in deals and money, by hand for every step, in every quarter of the sample."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from alignment_toolkit.velocity.pipeline import coverage, pipeline_waterfall, slippage
from alignment_toolkit.velocity.pipeline_words import pipeline_sentences
from tests.sample import sample_study
from tests.worlds import study

LEADS = [{"lead_id": "l", "created_at": "2025-01-01", "source": "web"}]
EVENTS = [{"lead_id": "l", "stage": "lead", "entered_at": "2025-01-01"}]
Change = tuple[str, str | None, float | None, str | None]
IN, OUT = "2026-03-01", "2026-05-01"


def steps(*history: Change, scope: str = "due", others: tuple[Change, ...] = ()) -> dict[str, tuple[int, Decimal]]:
    told = pipeline_waterfall(made(*history, others=others), scope=scope)
    return {row.step: (row.deals, row.money) for row in told.itertuples() if row.deals or row.money}


def made(*history: Change, others: tuple[Change, ...] = ()) -> Any:
    deals, events = [], []
    for name, changes in (("d", history), ("o", others)):
        if not changes:
            continue
        last = [change for change in changes if change[1] is not None][-1]
        closed = None if last[1] == "open" else last[0]
        deals.append({"deal_id": name, "created_at": changes[0][0], "closed_at": closed, "outcome": last[1]})
        events += [
            {"deal_id": name, "changed_at": at, "outcome": outcome, "amount": amount, "close_on": close}
            for at, outcome, amount, close in changes
        ]
    return study("2026Q1", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS, deals=deals, deal_events=events)


OLD, NEW = "2025-11-01", "2026-01-10"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([(OLD, "open", 5.0, IN)], {"start": (1, 5), "end": (1, 5)}),
        ([(OLD, "open", 5.0, OUT)], {}),
        ([(OLD, "open", 5.0, IN), (NEW, None, 7.5, None)], {"start": (1, 5), "amount_changes": (0, 2.5), "end": (1, 7.5)}),
        ([(OLD, "open", 5.0, IN), (NEW, None, None, OUT)], {"start": (1, 5), "pushed_out": (-1, -5)}),
        ([(OLD, "open", 5.0, OUT), (NEW, None, None, IN)], {"pulled_in": (1, 5), "end": (1, 5)}),
        ([(OLD, "open", 5.0, OUT), (NEW, "won", 6.0, NEW)], {"pulled_in": (1, 6), "won": (-1, -6)}),
        ([(OLD, "open", 5.0, IN), (NEW, "lost", None, NEW)], {"start": (1, 5), "lost": (-1, -5)}),
        ([(NEW, "open", 5.0, IN)], {"created": (1, 5), "end": (1, 5)}),
        ([(NEW, "open", 5.0, OUT)], {}),
        ([(NEW, "open", 5.0, IN), ("2026-02-01", None, 4.0, OUT)], {"created": (1, 5), "amount_changes": (0, -1), "pushed_out": (-1, -4)}),
        ([(OLD, "open", 5.0, IN), ("2025-12-01", "lost", None, None), (NEW, "open", None, IN)], {"reopened": (1, 5), "end": (1, 5)}),
        ([(OLD, "open", 5.0, IN), ("2025-12-01", "lost", None, None)], {}),
        ([(OLD, "open", 5.0, IN), ("2025-12-01", "lost", None, None), (NEW, "won", None, NEW)], {"reopened": (1, 5), "won": (-1, -5)}),
        ([(OLD, "open", None, IN)], {"start": (1, 0), "end": (1, 0)}),
        ([("2026-04-01", "open", 5.0, IN)], {}),
    ],
)
def test_each_step_of_the_pipeline_that_is_due(history: list[Change], told: dict[str, tuple[int, float]]) -> None:
    assert steps(*history) == {name: (deals, Decimal(str(money))) for name, (deals, money) in told.items()}


def test_every_open_deal_neither_comes_nor_goes_by_its_expected_close() -> None:
    moved = steps((OLD, "open", 5.0, OUT), (NEW, None, 7.0, IN), scope="all", others=((NEW, "open", 3.0, None),))
    assert moved == {
        "start": (1, Decimal(5)), "created": (1, Decimal(3)), "amount_changes": (0, Decimal(2)), "end": (2, Decimal(10)),
    }  # fmt: skip


@cache
def sample() -> Any:
    return sample_study()


@pytest.mark.no_cover
def test_every_quarter_of_the_sample_adds_up_and_quarters_chain() -> None:
    each, ends = sample(), None
    for _ in range(11):
        for scope in ("due", "all"):
            told = pipeline_waterfall(each, scope=scope)  # asserts deals and cents itself; here the published decimals
            assert told["money"].iloc[:-1].sum() == told["money"].iloc[-1]
            assert told["deals"].iloc[:-1].sum() == told["deals"].iloc[-1]
        if ends is not None:
            assert (told["deals"].iloc[-1], told["money"].iloc[-1]) == ends
        ends = (told["deals"].iloc[0], told["money"].iloc[0])
        each = each.previous()
    assert each.quarter.label == "2023Q4"


def test_slippage_counts_deals_and_moves() -> None:
    row = slippage(made((OLD, "open", 5.0, IN), (NEW, None, None, "2026-03-20"), ("2026-02-01", None, None, OUT))).iloc[0]
    assert (row["due"], row["pushed_out"], row["pushed_money"], row["pushes"], row["pushed_deals"]) == (1, 1, 5, 2, 1)
    assert (row["pushed_share"], row["pushes_per_deal"]) == (1, 2)


def test_coverage_stands_beside_what_quarters_needed() -> None:
    told = coverage(sample(), quarters=2)
    assert told["quarter"].tolist() == ["2026Q2", "2026Q3"]
    assert told["coverage"].tolist() == pytest.approx((told["due_at_start"] / told["target"]).tolist())
    assert told["booked"].iloc[1] == 464703.66


def test_without_a_history_it_says_so() -> None:
    bare = study("2026Q1", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS, deals=[{"deal_id": "d", "outcome": "open"}])
    assert pipeline_waterfall(bare).empty
    assert slippage(bare).empty
    assert coverage(bare).empty
    assert pipeline_sentences(bare) == [
        "What moved in the pipeline cannot be told: no deal_events table. It holds each change of a deal's outcome, amount and expected close."
    ]

"""A share is null below so many units, for a reason given, and its limits are those of Wilson."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from alignment_toolkit.figures import NOT_ENOUGH
from alignment_toolkit.shares import share_figure


def test_a_share_has_the_limits_of_wilson() -> None:
    told = share_figure("gap.handoff", 7, 40, min_n=30, of=50, slice_="source", segment="web")
    assert (told["value"], told["matured_share"], told["n"], told["events"]) == (0.175, 0.8, 40, 7)
    assert (told["slice"], told["segment"], told["unit"], told["reason"]) == ("source", "web", "share", None)
    assert (told["lower"], told["upper"]) == pytest.approx(proportion_confint(7, 40, method="wilson"))


@pytest.mark.parametrize(
    ("n", "min_n", "reason", "said"), [(29, 30, None, NOT_ENOUGH), (0, 1, None, NOT_ENOUGH), (40, 30, "no table", "no table")]
)
def test_a_share_that_cannot_be_told_says_why(n: int, min_n: int, reason: str | None, said: str) -> None:
    told = share_figure("gap.handoff", 0, n, min_n=min_n, of=0, reason=reason)
    assert (told["value"], told["lower"], told["upper"], told["matured_share"], told["reason"]) == (None, None, None, None, said)
    assert told["n"] == n

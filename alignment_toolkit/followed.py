"""Who was followed: the rule below which nothing is published, and the sentence that says so.

Question: were enough units under observation at every age that a figure rests on? Unit: that of the risk table. Late entry lets one young
lead decide a figure whose n is made of old ones; the count at each age, not the total, tells. It does not say how wide limits are
(`stats.intervals.curve_limits`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alignment_toolkit.figures import NOT_ENOUGH
from alignment_toolkit.stats import Curve, RiskTable, curve_limits
from alignment_toolkit.stats.risk import Array


def _no() -> bool:
    return False


@dataclass(frozen=True)
class Rule:
    """A figure at age h needs `min_n` units followed at every age up to h.

    Attributes:
        min_n: Units needed.
        unit: What a unit is called, in the singular.
        clock: What an age is counted in, in the singular.
        all_may_have: Whether all history may have more of them than what is looked at; asked only where there are too few.
        nothing_on_record: Why all history has no unit either where a table has none; empty where it may have some.
    """

    min_n: int
    unit: str = "lead"
    clock: str = "day"
    all_may_have: Callable[[], bool] = _no
    nothing_on_record: Callable[[], str] = str

    def holds(self, table: RiskTable, horizon: int) -> NDArray[np.bool_]:
        """Whether a figure at the horizon can be published; shape (...)."""
        return np.asarray(table.smallest_followed(horizon) >= self.min_n)

    def reach(self, table: RiskTable) -> NDArray[np.int64]:
        """The last age at which a figure can be published, -1 where there is none; shape (...)."""
        enough = table.followed() >= self.min_n
        return np.where(enough.all(axis=-1), enough.shape[-1], enough.argmin(axis=-1)) - 1

    def reasons(self, table: RiskTable, horizon: int) -> list[str | None]:
        """Why the figure of each segment cannot be published at the horizon, None where it can; the table has one leading axis."""
        held = self.holds(table, horizon)
        return [None if held[at] else self.reason(table[at], horizon) for at in range(len(held))]

    def reason(self, table: RiskTable, horizon: int) -> str | None:
        """As `reasons`, of a table without a leading axis."""
        if self.holds(table, horizon):
            return None
        if not table.n and (nothing := self.nothing_on_record()):
            return f"{NOT_ENOUGH}: {nothing}"
        return self.shortage(table.followed()[: horizon + 1]) or NOT_ENOUGH  # the table ends before the horizon

    def shortage(self, followed: Array) -> str | None:
        """The sentence for units followed by age, at the age where they were fewest; None where they are enough."""
        age = int(followed.argmin())
        return self.why(int(followed[age]), age) if followed[age] < self.min_n else None

    def why(self, n: int, age: int) -> str:
        """The sentence for so few units at an age."""
        few = f"only {n:,} {_plural(self.unit, n)}" if n else f"no {self.unit}"
        needed = f"{self.min_n:,} {'is' if self.min_n == 1 else 'are'} needed"
        more = "; all history (`--cohort all`) may have them" if self.all_may_have() else ""
        return f"{NOT_ENOUGH}: {few} {'were' if n > 1 else 'was'} followed at age {age:,} {_plural(self.clock, age)}; {needed}{more}"


class Estimates(NamedTuple):
    """A probability by a horizon for each segment, with the counts behind it; arrays of the length of the leading axis.

    Attributes:
        value: Share in [0, 1]; null, as its limits are, where there is a reason.
        lower: Lower 95 % limit.
        upper: Upper 95 % limit.
        n: Units under observation by the horizon.
        events: Events seen among them.
        matured_share: Those followed to the horizon over n.
        smallest_followed: Units followed at the age where they were fewest.
        reasons: Why there is no value.
    """

    value: Array
    lower: Array
    upper: Array
    n: Array
    events: Array
    matured_share: Array
    smallest_followed: Array
    reasons: list[str | None]


def estimates(curve: Curve, table: RiskTable, horizon: int, rule: Rule) -> Estimates:
    """What can be published of a curve at a horizon.

    Args:
        curve: `incidence` or `survival` of the table.
        table: Counts of shape (segments, K+1).
        horizon: An age within the table.
        rule: How many units are needed.
    """
    limits, held = curve_limits(curve, table), rule.holds(table, horizon)
    value, lower, upper = (np.where(held, part[..., horizon], np.nan) for part in (curve.value, *limits))
    return Estimates(
        value=value,
        lower=lower,
        upper=upper,
        n=table.entered[..., : horizon + 1].sum(axis=-1),
        events=table.won_by(horizon),
        matured_share=table.matured_share(horizon),
        smallest_followed=table.smallest_followed(horizon),
        reasons=rule.reasons(table, horizon),
    )


def smallest_by_quantile(table: RiskTable, index: Array) -> Array:
    """The fewest units followed up to a quantile's index, null where the quantile is; shape (...)."""
    fewest = np.minimum.accumulate(table.followed(), axis=-1)
    known = ~np.isnan(index)
    at = np.where(known, index, 0).astype(np.int64)
    return np.where(known, np.take_along_axis(fewest, at[..., None], axis=-1)[..., 0], np.nan)


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word}s"

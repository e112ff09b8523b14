"""The course of a headline figure over the quarters, as each quarter's own report gave it.

A change is called "beyond chance" only where the two intervals lie apart. Estimates of two quarters share leads, which makes that the
cautious side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alignment_toolkit.periods import Quarter

YEAR = 4  # quarters
BEYOND_CHANCE, MAY_BE_CHANCE = "beyond chance", "may be chance"


@dataclass(frozen=True)
class Point:
    """A figure in one quarter.

    Attributes:
        quarter: Label.
        row: The figure's row of `kpis.json`; None: no report of the quarter has it.
        cohort: Which leads its report counted.
    """

    quarter: str
    row: Mapping[str, Any] | None = None
    cohort: str = ""

    @property
    def value(self) -> float | None:
        """The figure; None where there is none."""
        return self.row["value"] if self.row else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval; None where there is none, or it is the value itself."""
        row = self.row or {}
        lower, upper = row.get("lower"), row.get("upper")
        return None if lower is None or upper is None or lower == upper else (lower, upper)

    @property
    def text(self) -> str:
        """The figure as people read it, or why there is none."""
        if self.row is None:
            return "not published"
        return self.row["reason"] or "not known" if self.value is None else self.read(self.value)

    @property
    def range_text(self) -> str:
        """`11.2 % to 14.9 %`; empty without an interval."""
        return f"{self.read(self.interval[0])} to {self.read(self.interval[1])}" if self.interval else ""

    def read(self, value: float) -> str:
        """A value of this figure with its unit."""
        from alignment_toolkit.report.pieces import with_unit

        return with_unit(value, column="value", unit=self.row["unit"] if self.row else None)


@dataclass(frozen=True)
class Change:
    """This quarter against an earlier one.

    Attributes:
        against: `Quarter before` or `Year before`.
        then: The earlier quarter's figure.
        words: `+12 %`, `−1.2 points`; empty where the two cannot be compared.
        certainty: `beyond chance`, `may be chance`, or why there is no comparison; empty for figures without an interval.
    """

    against: str
    then: Point
    words: str
    certainty: str


@dataclass(frozen=True)
class Course:
    """A headline figure over the quarters.

    Attributes:
        kpi: Its name.
        label: Its label in the glossary.
        points: One per calendar quarter, from the first published one to the newest.
    """

    kpi: str
    label: str
    points: tuple[Point, ...]

    @property
    def newest(self) -> Point:
        """The figure of the newest quarter."""
        return self.points[-1]

    @property
    def known(self) -> list[Point]:
        """The quarters in which the figure has a value."""
        return [point for point in self.points if point.value is not None]

    def changes(self) -> list[Change]:
        """The newest quarter against the one before and against the same one a year before, as far as the course goes back."""
        named = (("Quarter before", 1), ("Year before", YEAR))
        return [_change(against, self.points[-1 - back], self.newest) for against, back in named if len(self.points) > back]

    def described(self) -> str:
        """What a picture of the course shows, in words."""
        return " ".join([f"{self.label}, {_span(self.points)}: {_told(self.newest)}.", *self._compared(), *self._extremes()])

    def _compared(self) -> Iterator[str]:
        for change in self.changes():
            words = ", ".join(part for part in (change.words, change.certainty) if part)
            yield f"{change.against} ({change.then.quarter}): {change.then.text}{f' ({words})' if words else ''}."

    def _extremes(self) -> Iterator[str]:
        if len(self.known) > 2:
            low, high = (pick(self.known, key=lambda point: point.value or 0) for pick in (min, max))
            yield f"Lowest {low.text} in {low.quarter}, highest {high.text} in {high.quarter}."


def course(kpi: str, published: Sequence[Any]) -> Course:
    """The course of a figure.

    Args:
        kpi: Its name.
        published: Published quarters (`catalogue.Published`), oldest first, at least one.
    """
    from alignment_toolkit.glossary import label

    by_quarter = {entry.quarter: entry for entry in published}
    labels = list(_from_to(published[0].quarter, published[-1].quarter))
    points = [_point(name, kpi, by_quarter.get(name)) for name in labels]
    return Course(kpi, label(kpi), tuple(points))


def _from_to(first: str, last: str) -> Iterator[str]:
    quarter, end = Quarter.parse(first), Quarter.parse(last)
    while quarter <= end:
        yield quarter.label
        quarter = quarter.shift(1)


def _point(quarter: str, kpi: str, entry: Any) -> Point:
    if entry is None:
        return Point(quarter)
    return Point(quarter, entry.figures.get(kpi), str(entry.manifest.get("cohort", "")))


def _change(against: str, then: Point, now: Point) -> Change:
    if then.value is None or now.value is None:
        return Change(against, then, "", "")
    if reason := next((point.row["reason"] for point in (now, then) if point.row and point.row.get("reason")), None):
        return Change(against, then, "", f"not comparable: {reason}")
    if then.cohort != now.cohort:
        return Change(against, then, "", "not comparable: the two reports count other leads")
    return Change(against, then, _difference(then, now), _certainty(then, now))


def _difference(then: Point, now: Point) -> str:
    from alignment_toolkit.wording import signed

    before, after = then.value or 0.0, now.value or 0.0
    if now.row and now.row["unit"] == "share":
        return f"{signed(100 * (after - before), 1)} points"
    return f"{signed(100 * (after / before - 1), 0)} %" if before > 0 else ""


def _certainty(then: Point, now: Point) -> str:
    if not (then.interval and now.interval):
        return ""
    apart = then.interval[1] < now.interval[0] or now.interval[1] < then.interval[0]
    return BEYOND_CHANCE if apart else MAY_BE_CHANCE


def _span(points: Sequence[Point]) -> str:
    return points[0].quarter if len(points) == 1 else f"{points[0].quarter} to {points[-1].quarter}"


def _told(point: Point) -> str:
    return f"{point.text} in {point.quarter}{f' (95 % interval {point.range_text})' if point.range_text else ''}"

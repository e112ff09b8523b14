"""The course of a figure as a small drawing: a line through the quarters, a bar for each interval, two or three lines to read values from.

Drawn by hand as SVG inside the page, not by matplotlib: the catalogue is made again at the end of every run and must take no time. Colours
are classes of the page's style sheet, which exchanges them in the dark; what is meant is told by shape, so no colour has to be told apart.
A quarter without a value breaks the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

from markupsafe import Markup, escape

from alignment_toolkit.report.course import Course, Point

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 10, 24
MOST_LABELS = 5
_FROM_ANYWHERE = {"share", "days"}
_STEPS = (1, 2, 2.5, 5, 10)
_LETTERS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))


@dataclass(frozen=True)
class _Scale:
    """From quarters and values to places in the drawing."""

    count: int
    ticks: tuple[float, ...]

    def across(self, at: int) -> float:
        """Where the quarter at this position stands."""
        room = WIDTH - LEFT - RIGHT
        return LEFT + (room / 2 if self.count == 1 else 8 + at * (room - 16) / (self.count - 1))

    def up(self, value: float) -> float:
        """Where a value stands, from the top of the drawing."""
        low, high = self.ticks[0], self.ticks[-1]
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def drawing(course: Course) -> Markup:
    """The course as an SVG element with its description; empty when no quarter has a value."""
    known = course.known
    if not known:
        return Markup("")
    unit = known[-1].row["unit"] if known[-1].row else None
    ends = [value for point in known for value in (point.value or 0.0, *(point.interval or ()))]
    ends += [] if unit in _FROM_ANYWHERE else [0.0]  # a count or a sum that hardly moved must not look as if it did
    scale = _Scale(len(course.points), ticks(min(ends), max(ends)))
    parts = [*_grid(scale, unit), *_quarters(scale, course.points), *_ranges(scale, course.points), *_line(scale, course.points)]
    opening = f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(course.described())}">'
    return Markup(opening + "".join(parts) + "</svg>")  # noqa: S704 - numbers, labels of quarters and an escaped description


def ticks(low: float, high: float) -> tuple[float, ...]:
    """Two to five round values that enclose both.

    Args:
        low: Smallest value.
        high: Largest one.
    """
    spread = (high - low) or abs(high) or 1.0
    size = 10 ** floor(log10(spread / 2))
    step = next(step * size for step in _STEPS if spread / (step * size) <= 3)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return tuple(round(number * step, 12) for number in range(first, max(last, first + 1) + 1))


def tick_text(value: float, unit: str | None) -> str:
    """A value at the edge of the drawing, as short as it can be: `12 %`, `300k`."""
    if unit == "share":
        return f"{_short(value * 100)} %"
    size, letter = next(((size, letter) for size, letter in _LETTERS if abs(value) >= size), (1.0, ""))
    return f"{_short(value / size)}{letter}"


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _grid(scale: _Scale, unit: str | None) -> Iterator[str]:
    for value in scale.ticks:
        y = f"{scale.up(value):.1f}"
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{escape(tick_text(value, unit))}</text>'


def _quarters(scale: _Scale, points: Sequence[Point]) -> Iterator[str]:
    every = ceil(len(points) / MOST_LABELS)
    for at, point in enumerate(points):
        if (len(points) - 1 - at) % every == 0:
            anchor = "end" if at == len(points) - 1 > 0 else "middle"
            x = scale.across(at) + (RIGHT if anchor == "end" else 0)
            yield f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(point.quarter)}</text>'


def _ranges(scale: _Scale, points: Sequence[Point]) -> Iterator[str]:
    for at, point in enumerate(points):
        if point.value is not None and point.interval:
            x = f"{scale.across(at):.1f}"
            low, high = (f"{scale.up(end):.1f}" for end in point.interval)
            yield f'<line class="range" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'


def _line(scale: _Scale, points: Sequence[Point]) -> Iterator[str]:
    for is_known, run in groupby(enumerate(points), key=lambda entry: entry[1].value is not None):
        if not is_known:
            continue
        places = [(scale.across(at), scale.up(point.value or 0.0), at) for at, point in run]
        if len(places) > 1:
            yield f'<polyline class="course" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)}"/>'
        yield from (_dot(x, y, is_newest=at == len(points) - 1) for x, y, at in places)


def _dot(x: float, y: float, *, is_newest: bool) -> str:
    kind, radius = ("newest", 5) if is_newest else ("point", 3)
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'

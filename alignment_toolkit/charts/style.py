"""How every chart looks and reads: one deterministic style, labels that cannot break a picture, and a spoken description.

The same data give the same SVG, byte for byte, in every process: ids are hashed with a fixed salt, no date is written, the font is the
one that matplotlib carries. Text is drawn as paths, not as text, because a reader's machine may lack the font and would set other widths.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Container
from io import StringIO
from typing import TYPE_CHECKING, Any

from alignment_toolkit.visible import UNKNOWN, legible, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT = "DejaVu Sans"
CURVES_END = "a curve ends where too few were followed"
LONGEST_LABEL, LONGEST_TITLE_NAME = 32, 28
INK, MUTED, GRID = "#1f2a37", "#55616f", "#d8dee6"
BLUE, VERMILION, GREEN, PURPLE, OCHRE, SLATE = "#0b62a4", "#cf4a0a", "#00876c", "#9a4fa0", "#8a6400", "#5d6b7a"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, OCHRE, SLATE)
"""Told apart under the common colour-vision deficiencies; each has at least 3:1 contrast on white."""
DARK = {
    INK: "#e6ebf1", MUTED: "#a9b4c0", GRID: "#36414d",
    BLUE: "#62aee8", VERMILION: "#f08a55", GREEN: "#3fc1a2", PURPLE: "#cb8fd0", OCHRE: "#cfa53a", SLATE: "#97a5b3",
}  # fmt: skip
"""Each colour as it is shown on a dark page."""
_DESCRIPTION = "_alignment_description"
_HAIR_SPACE = "\u200a"
_PREAMBLE = re.compile(r"<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", re.S)
_PLACE = re.compile(r'\bd="[^"]*"|translate\([^)]*\)|\b[xy]="[^"]*"')
_DECIMALS = re.compile(r"-?\d+\.\d{3,}(?!e)")
_PROCESS = ("backend", "interactive", "toolbar", "webagg", "tk.", "macosx", "date.epoch")  # what belongs to the process, not to the look
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def style() -> dict[str, Any]:
    """The rc settings of every chart, on top of matplotlib's own defaults whatever a user's file says."""
    from cycler import cycler

    return {
        "svg.hashsalt": "alignment",
        "svg.fonttype": "path",
        "text.parse_math": False,
        "font.family": [FONT],
        "font.size": 10,
        "axes.prop_cycle": cycler(color=list(PALETTE)),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlesize": 11.5,
        "axes.titleweight": "bold",
        "axes.titlepad": 10,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.facecolor": "none",
        "axes.formatter.useoffset": False,
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "lines.linewidth": 2,
        "legend.frameon": False,
        "patch.linewidth": 0,
    }


def new_axes(*, width: float = 6.2, height: float = 3.6) -> Axes:
    """Empty axes in the house style, on a figure that no global state knows, so that nothing is shown twice or left open.

    The style stays on for what is drawn later, because matplotlib reads it when each title, label and legend is made.

    Args:
        width: Inches; narrow enough for its text to be read on a phone.
        height: Inches.
    """
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams.update(_settings())
    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def nothing_to_draw(ax: Axes | None, heading: str, *, because: str | None = None) -> Axes:
    """Axes that say in words why there is nothing to draw.

    Args:
        ax: Where to say it; low new axes by default.
        heading: What is missing.
        because: Why, drawn below the heading; default: the heading says it.
    """
    ax = ax or new_axes(height=1.6)
    ax.set_title(heading)
    ax.set_axis_off()
    if because:
        ax.text(0, 0.5, because, transform=ax.transAxes)
    return describe(ax, because or heading)


def percent_axis(ax: Axes, which: str, label: str) -> None:
    """The x or the y axis in percent, with its label."""
    from matplotlib.ticker import FuncFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(lambda share, _place: f"{share * 100:g} %"))
    axis.set_label_text(label)


def horizontal_grid_off(ax: Axes) -> None:
    """Rows with a value each: lines to read values by, none between the rows."""
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")


def short_name(name: object) -> str:
    """A name from the data as a part of a title."""
    text = safe_label(name)
    return text if len(text) <= LONGEST_TITLE_NAME else text[: LONGEST_TITLE_NAME - 1] + "…"


def safe_label(text: object) -> str:
    """A name from the data as a label that no chart breaks on.

    Control and direction marks are shown as symbols, glyphs that the font lacks as `□`; at most 32 characters, the last one `…` where more
    was there; a leading underscore, which a legend would swallow, gets a hair space before it; `$` stays a dollar sign.
    """
    shaped = drawable(visible(str(text)))
    hidden = _HAIR_SPACE if shaped.startswith("_") else ""
    whole = hidden + shaped
    return whole if len(whole) <= LONGEST_LABEL else whole[: LONGEST_LABEL - 1] + "…"


def drawable(text: str) -> str:
    """The text with each character that the font has no glyph for as `□`."""
    glyphs = _glyphs()
    return "".join(char if ord(char) in glyphs or char == "\n" else UNKNOWN for char in text)


def describe(ax: Axes, sentence: str) -> Axes:
    """Store what the chart shows, in words computed from the plotted data: alt text, proof and e-mail text in one."""
    setattr(ax, _DESCRIPTION, legible(" ".join(sentence.split())))
    return ax


def description(ax: Axes) -> str:
    """What the chart shows, in words; empty when nobody has described it."""
    return str(getattr(ax, _DESCRIPTION, ""))


def title(ax: Axes) -> str:
    """The chart's title as its author wrote it, whatever glyphs the font lacks; without a stop at its end, since sentences hold it."""
    return next((text for text in (ax.get_title(loc=loc) for loc in ("left", "center", "right")) if text), "").removesuffix(".")


def to_svg(ax: Axes) -> str:
    """The figure of these axes as SVG text that is the same in every process and holds no data but what is drawn."""
    from matplotlib.text import Text

    figure: Any = ax.figure
    with _styled(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a tick of raw categories: drawn as an empty box
        for text in figure.findobj(Text):
            text.set_parse_math(False)
            text.set_text(drawable(text.get_text()))
        buffer = StringIO()
        tight = None if figure.get_layout_engine() else "tight"
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA, bbox_inches=tight)
    return _PLACE.sub(_shortened, _PREAMBLE.sub("", buffer.getvalue())).strip() + "\n"


def _shortened(place: re.Match[str]) -> str:
    """A hundredth of a point is finer than any screen; more digits only tell processors apart and make a page large."""
    return _DECIMALS.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), place[0])


def close(ax: Axes) -> None:
    """Close the figure, so that no later cell shows it again."""
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot

        pyplot.close(ax.figure)  # type: ignore[arg-type]


def _styled() -> Any:
    from matplotlib import rc_context

    return rc_context(_settings())


def _settings() -> Any:
    from matplotlib import rcParamsDefault

    return {key: value for key, value in rcParamsDefault.items() if not key.startswith(_PROCESS)} | style()


def _glyphs() -> Container[int]:
    from matplotlib.font_manager import findfont, get_font

    return get_font(findfont(FONT)).get_charmap()

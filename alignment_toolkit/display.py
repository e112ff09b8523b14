"""What a notebook shows: tables, charts and generated prose, each as one bundle that can be proved and published.

Every bundle carries a JSON form of its own mime type beside what people see. nbval compares all forms; the pipeline reads the JSON and
builds the page from it, so nothing else that a cell prints is ever trusted as HTML. Nothing here writes a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from alignment_toolkit.errors import UsageError
from alignment_toolkit.tables import table_html, table_payload, table_text
from alignment_toolkit.visible import escaped, legible

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TABLE_MIME = "application/vnd.alignment.table+json"
CHART_MIME = "application/vnd.alignment.chart+json"
TEXT_MIME = "application/vnd.alignment.text+json"
KPIS = "kpis"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def show_table(frame: pd.DataFrame, *, name: str, caption: str | None = None) -> None:
    """Display a frame as one bundle of HTML, plain text and JSON.

    Args:
        frame: Any frame; its index is not shown. Whole cents and integers are exact, other floats have 6 significant digits.
        name: The table's name, also that of its published file: lower-case letters, digits, `_` and `-`.
        caption: What the table shows; default: the name in words.

    Raises:
        UsageError: When the name cannot be a file name or a column name stands twice.
    """
    payload = table_payload(frame, name=checked_name(name), caption=caption)
    _bundle({"text/html": table_html(payload), "text/plain": table_text(payload), TABLE_MIME: payload})


def show_kpis(frame: pd.DataFrame, *, caption: str = "Headline figures") -> None:
    """Display the headline figures as the table `kpis`, from which `kpis.json` and `kpis.csv` are made.

    Args:
        frame: Tidy figures with exactly the columns `figures.COLUMNS`, in that order.
        caption: What the table shows.

    Raises:
        UsageError: When the columns are others.
    """
    from alignment_toolkit.figures import COLUMNS

    if tuple(map(str, frame.columns)) != COLUMNS:
        rule = f"The columns of the headline figures are {', '.join(COLUMNS)}, in this order"
        raise UsageError("these are no headline figures", value=", ".join(map(str, frame.columns)), rule=rule)
    show_table(frame, name=KPIS, caption=caption)


def show_chart(ax: Axes, *, name: str) -> None:
    """Display a chart as one bundle of SVG, its description as plain text, and JSON; then close the figure.

    Args:
        ax: Axes that carry a description (`charts.style.describe`).
        name: The chart's name; a table of the same name holds its numbers.

    Raises:
        UsageError: When the axes carry no description, or the name cannot be used.
    """
    from alignment_toolkit.charts.style import close, description, title, to_svg

    spoken = description(ax)
    if not spoken:
        raise UsageError(
            "the chart has no description", value=name, way_out="Call describe(ax, sentence) with a sentence computed from the data"
        )
    payload = {"name": checked_name(name), "title": title(ax), "description": spoken}
    picture = to_svg(ax)
    close(ax)
    _bundle({"image/svg+xml": picture, "text/plain": spoken, CHART_MIME: payload})


def show_text(sentences: str | Iterable[str], *, role: str | None = None) -> None:
    """Display generated prose, one paragraph per sentence.

    Args:
        sentences: A sentence or several; empty ones are left out.
        role: What the prose is for: `summary` goes to the top of the page and into `summary.txt`.
    """
    given: Sequence[str] = [sentences] if isinstance(sentences, str) else list(sentences)
    kept = [legible(str(sentence).strip()) for sentence in given if str(sentence).strip()]
    payload = {"role": role, "sentences": kept}
    _bundle({"text/html": text_html(payload), "text/plain": "\n".join(kept), TEXT_MIME: payload})


def text_html(payload: dict[str, Any]) -> str:
    """The paragraphs of a prose payload as HTML, everything escaped."""
    return "\n".join(f"<p>{escaped(sentence)}</p>" for sentence in payload["sentences"])


def checked_name(name: str) -> str:
    """The name when it can name a file and an anchor.

    Raises:
        UsageError: Otherwise.
    """
    if not _NAME.fullmatch(name):
        rule = "A name starts with a lower-case letter and has at most 64 lower-case letters, digits, '_' and '-'"
        raise UsageError("the name of a table or chart cannot be used", value=name, rule=rule)
    return name


def _bundle(data: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True)

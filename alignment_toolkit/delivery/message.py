"""What people are told: the summary of a published report with its charts, or why there is none and what still stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from alignment_toolkit.delivery.pictures import charts_of
from alignment_toolkit.errors import PublishError, UsageError
from alignment_toolkit.report.catalogue import STILL_PUBLISHED

_LONGEST_REASON = 1500


@dataclass(frozen=True)
class Picture:
    """One chart.

    Attributes:
        name: File name, which the HTML refers to.
        png: Its bytes.
        text: What it shows, in a sentence.
    """

    name: str
    png: bytes
    text: str


@dataclass(frozen=True)
class Message:
    """A message in two forms.

    Attributes:
        title: Subject.
        text: Plain text, for chat and webhooks.
        html: The same with its pictures, for e-mail.
        pictures: The charts that the HTML refers to.
    """

    title: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()


def of_report(folder: Path, *, address: str = "") -> Message:
    """The message about a published report: its summary, and the charts of the leader's page.

    Args:
        folder: A published quarter, `reports/2026Q3` for instance.
        address: Where readers find the reports folder, for the link; empty: no link.

    Raises:
        UsageError: When no published report is there.
        PublishError: When it cannot be read.
    """
    summary, page = folder / "summary.txt", folder / "index.html"
    if not (summary.is_file() and page.is_file() and (folder / "manifest.json").is_file()):
        way_out = "Give the folder of a published quarter, such as reports/2026Q3"
        raise UsageError("no published report is there", value=folder, way_out=way_out)
    try:
        said, html = summary.read_text(encoding="utf-8").strip(), page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError("the published report cannot be read", value=folder, rule=str(error)) from error
    title, _, rest = said.partition("\n")
    pictures = tuple(Picture(f"chart-{place}.png", png, text) for place, (png, text) in enumerate(charts_of(html), start=1))
    link = f"{address.rstrip('/')}/{folder.name}/index.html" if address else ""
    return replace(_message(title, rest.splitlines(), link=link, pictures=pictures), pictures=pictures)


def of_failure(quarter: str, sentence: str) -> Message:
    """The message about a run that published nothing.

    Args:
        quarter: Label of the quarter.
        sentence: What went wrong, as the command says it.
    """
    still = "The last published report is as it was."
    is_said = "last published report is as it was" in sentence or STILL_PUBLISHED in sentence
    lines = [sentence[:_LONGEST_REASON], *([] if is_said else [still])]
    return _message(f"Alignment report {quarter}: not published", lines)


def _message(title: str, lines: list[str], *, link: str = "", pictures: tuple[Picture, ...] = ()) -> Message:
    text = "\n".join([*lines, *([link] if link else [])])
    shown = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in lines)]
    shown += [f'<p><a href="{escape(link)}">{escape(link)}</a></p>'] if link else []
    shown += [f'<p><img src="cid:{picture.name}" alt="{escape(picture.text)}" style="max-width:100%"></p>' for picture in pictures]
    return Message(title, text, "\n".join(shown))

"""The commands around published reports: tell people of one, prove a copy, list them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from alignment_toolkit.stopping import warn


def notify(
    directory: Annotated[Path, typer.Argument(help="The folder of a published quarter.")],
) -> None:
    """Send a published report's summary, by mail with its charts, to the people named in ALIGNMENT_NOTIFY; prints where it went.

    Example: alignment notify reports/2026Q3
    """
    from alignment_toolkit.delivery import REPORTS_URL, deliver, of_report, people

    named = people(os.environ)
    print(*deliver(of_report(directory, address=os.environ.get(REPORTS_URL, "")), named.report), sep="\n")


def validate(
    directory: Annotated[Path, typer.Argument(help="A published report, or a copy of one.")],
    data: Annotated[str, typer.Option("--data", help="Store to run on; default: the one the report was made from.")] = "",
) -> None:
    """Execute a published report's notebooks again and compare every output; leaves with 7 when one differs.

    Example: alignment validate reports/2026Q3
    """
    from alignment_toolkit.report.validate import validate_report

    for line in validate_report(directory, data=data or None):
        print(line)


def list_reports(out: Annotated[Path, typer.Option("--out", help="Folder that reports are published in.")] = Path("reports")) -> None:
    """The published quarters, newest last: quarter, as-of, verdict, page; then runs that ended without a report, and why.

    Example: alignment list --out reports
    """
    from alignment_toolkit.report.attempts import attempts
    from alignment_toolkit.report.catalogue import published

    entries = [*published(out), *attempts(out)]
    if not entries:
        warn(f"no report is published in {out} yet; alignment report publishes one there, --out names another folder")
    for entry in entries:
        print(entry)

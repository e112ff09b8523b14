"""The commands around published reports: make one, tell people, prove a copy, list them. Like `cli.py`, this module prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from alignment_toolkit.options import AsOfOption, CohortOption, ConfigOption, DataOption, QuarterOption

if TYPE_CHECKING:
    from alignment_toolkit.study import Study


def report(
    data: DataOption,
    quarter: QuarterOption = "",
    as_of: AsOfOption = "",
    cohort: CohortOption = "4q",
    config: ConfigOption = "",
    out: Annotated[Path, typer.Option("--out", help="Folder that reports are published in.")] = Path("reports"),
    parameter: Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE for the notebooks; repeatable.")] = None,
    notebook: Annotated[list[str] | None, typer.Option("--notebook", help="Only this notebook; its page stays in staging.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run even when nothing changed.")] = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for another run to finish.")] = 0,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Notebooks run in this many processes.")] = 2,
    keep: Annotated[int, typer.Option("--keep", min=1, help="Versions of a quarter that stay, the shown one included.")] = 3,
    cell_timeout: Annotated[int, typer.Option("--cell-timeout", min=1, help="Seconds that one cell may take.")] = 600,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell the people named in ALIGNMENT_NOTIFY that it is published, or why it is not.")
    ] = False,
    log_format: Annotated[Literal["auto", "plain", "json"], typer.Option("--log-format", help="How progress is written.")] = "auto",
) -> None:
    """Run the notebooks for a quarter, prove that they reproduce, publish the pages.

    Old versions (--keep) and all but the last failed run of a quarter are removed a day after they were replaced.

    Example: alignment report --data data/sample --quarter 2026Q3 --out reports

    Example: alignment report --data data/crm --notify
    """
    from alignment_toolkit.delivery import telling
    from alignment_toolkit.report.journal import journal_for, notice
    from alignment_toolkit.report.parameters import parse_assignments
    from alignment_toolkit.report.run import PUBLISHED, run_report
    from alignment_toolkit.study import as_of_asked, quarter_asked, requested

    log = journal_for(log_format, stream=sys.stderr)

    def say(sentence: str) -> None:
        log(notice(sentence, now=clock()))

    with telling(os.environ, quarter=quarter or "of the last full quarter", is_wanted=notify, say=say) as tell:
        given = parse_assignments(parameter or [])
        asked = {"data": data, "quarter": quarter, "as_of": as_of, "cohort": cohort, "config": config}
        asked |= {name: given.pop(name) for name in asked if name in given}  # -p quarter=2026Q3 means --quarter 2026Q3
        asked["quarter"] = quarter_asked(asked["data"], asked["quarter"], config=asked["config"])
        asked["as_of"] = as_of_asked(asked["data"], asked["quarter"], asked["as_of"], config=asked["config"])
        requested(**asked)  # a bad request is refused before a kernel starts
        done = run_report(
            data=asked["data"],
            quarter=asked["quarter"],
            as_of=asked["as_of"],
            cohort=asked["cohort"],
            config=asked["config"] or None,
            out=out,
            parameters=given,
            notebooks=notebook or None,
            force=force,
            wait=wait,
            workers=workers,
            keep=keep,
            cell_timeout=cell_timeout,
            clock=clock,
            before_kernels=lambda: opened(asked, tell=say),
            log=log,
        )
        if done.nothing_to_do:
            print("nothing to do: same quarter, same data, same code (--force runs anyway)", file=sys.stderr)
        print(*done.pages, sep="\n")
        if done.status == PUBLISHED:
            tell(done.folder)


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
    """The published quarters, newest last: quarter, as-of, verdict, page.

    Example: alignment list --out reports
    """
    from alignment_toolkit.report.catalogue import published

    for entry in published(out):
        print(entry)


def clock() -> datetime:
    """Wall time, for journals and manifests only."""
    return datetime.now(UTC)


def opened(asked: dict[str, str], *, tell: Callable[[str], object]) -> Study:
    """The study asked for; what was assumed while reading, and what is legal but suspicious, is told."""
    from alignment_toolkit.recorded import late_as_of
    from alignment_toolkit.study import open_study

    study = open_study(**asked)
    for sentence in (*study.crm.notes, late_as_of(study.crm)):
        if sentence:
            tell(sentence)
    return study

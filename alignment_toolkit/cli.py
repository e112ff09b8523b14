"""The command `alignment`: parse, one call, exit code. Only this module reads a clock; only it and the other modules of commands print.

stdout carries the result only; progress and errors go to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from alignment_toolkit import __version__
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.figure_commands import kpis, prepare, stalled_leads
from alignment_toolkit.options import (
    AsOfOption,
    CohortOption,
    ConfigOption,
    DataOption,
    EnvironmentOption,
    FormatOption,
    LabelsOption,
    LockOption,
    MappingOption,
    MaxAgeOption,
    MergeOption,
    QuarterOption,
    SourceOption,
    VendorName,
)
from alignment_toolkit.reference_commands import glossary, params
from alignment_toolkit.report_commands import list_reports, notify, validate
from alignment_toolkit.stopping import exit_code, heed_terminate
from alignment_toolkit.visible import legible

if TYPE_CHECKING:
    import pandas as pd

    from alignment_toolkit.report.every import QuarterRun
    from alignment_toolkit.report.run import RunResult

app = typer.Typer(
    name="alignment",
    help="One set of numbers for marketing and sales: from CRM extracts to a validated quarterly report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def alignment(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """One set of numbers for marketing and sales: from CRM extracts to a validated quarterly report."""
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def report(
    data: DataOption,
    quarter: QuarterOption = "",
    all_quarters: Annotated[bool, typer.Option("--all-quarters", help="Every full quarter in the data, oldest first.")] = False,
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

    With --all-quarters those that are published from the same data and code are passed over; one that fails does not stop the others,
    and the exit code is that of the first failure.

    Example: alignment report --data data/sample --quarter 2026Q3 --out reports

    Example: alignment report --data data/crm --notify
    """
    from alignment_toolkit.delivery import telling
    from alignment_toolkit.report.every import QuarterRun, refuse_failed
    from alignment_toolkit.report.journal import journal_for, notice
    from alignment_toolkit.report.parameters import parse_assignments

    log = journal_for(log_format, stream=sys.stderr)

    def say(sentence: str) -> None:
        log(notice(sentence, now=clock()))

    asked = {"data": data, "quarter": quarter, "as_of": as_of, "cohort": cohort, "config": config}
    options = {"out": out, "notebooks": notebook or None, "force": force, "wait": wait, "workers": workers, "keep": keep, "log": log}
    which = quarter or ("of every quarter" if all_quarters else "of the last full quarter")
    with telling(os.environ, quarter=which, is_wanted=notify, say=say) as tell:
        given = parse_assignments(parameter or [])
        if all_quarters:
            runs = _run_every(asked, given, options | {"cell_timeout": cell_timeout}, say=say)
        else:
            runs = [QuarterRun(quarter, _run_report(asked, given, options | {"cell_timeout": cell_timeout}, say=say))]
        _print_pages([run.result for run in runs if run.result], is_series=all_quarters)
        if new := [run.result.folder for run in runs if run.is_published and run.result]:
            tell(new[-1])
        refuse_failed(runs)


def _print_pages(results: list[RunResult], *, is_series: bool) -> None:
    """The pages of a report; of a series the first page of each."""
    if not is_series and results[0].nothing_to_do:
        print("nothing to do: same quarter, same data, same code (--force runs anyway)", file=sys.stderr)
    for result in results:
        print(*(result.pages[:1] if is_series else result.pages), sep="\n")


def _run_every(asked: dict[str, str], given: dict[str, Any], options: dict[str, Any], *, say: Callable[[str], object]) -> list[QuarterRun]:
    """Run every full quarter that the data hold in one series."""
    from alignment_toolkit.report.every import refuse_single, run_every, series
    from alignment_toolkit.study import quarters_held

    refuse_single({"quarter": asked["quarter"], "as_of": asked["as_of"], "notebook": options["notebooks"]}, given)
    quarters = quarters_held(asked["data"], config=asked["config"])
    with series(options["out"], wait=options["wait"], clock=clock) as crew:

        def run(quarter: str) -> RunResult:
            return _run_report(asked | {"quarter": quarter}, dict(given), options | {"crew": crew}, say=say)

        return run_every(quarters, run, tell=say)


def _run_report(asked: dict[str, str], given: dict[str, Any], options: dict[str, Any], *, say: Callable[[str], object]) -> RunResult:
    """Run what was asked for; a bad request is refused before a kernel starts."""
    from alignment_toolkit.report.run import run_report
    from alignment_toolkit.study import as_of_asked, opened, quarter_asked, requested

    asked = asked | {name: given.pop(name) for name in asked if name in given}  # -p quarter=2026Q3 means --quarter 2026Q3
    asked["quarter"] = quarter_asked(asked["data"], asked["quarter"], config=asked["config"])
    asked["as_of"] = as_of_asked(asked["data"], asked["quarter"], asked["as_of"], config=asked["config"])
    requested(**asked, month=given.get("month", ""))
    chosen: dict[str, Any] = {**asked, "config": asked["config"] or None}
    return run_report(**chosen, parameters=given, clock=clock, before_kernels=lambda: opened(asked, tell=say), **options)


app.command()(notify)
app.command()(validate)
app.command("list")(list_reports)


app.command()(kpis)
app.command()(prepare)
app.command("stalled")(stalled_leads)


@app.command()
def ingest(
    source: Annotated[list[str], SourceOption],
    out: Annotated[Path, typer.Option("--out", help="Folder of the store to make or to renew.")],
    mapping: MappingOption = None,
    config: ConfigOption = "",
    merge: MergeOption = "replace",
    force: Annotated[bool, typer.Option("--force", help="Read every file, even when none has changed.")] = False,
    keep: Annotated[int, typer.Option("--keep", min=1, help="Snapshots that stay, the new one included.")] = 12,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for another ingest to finish.")] = 0,
    drop_missing: Annotated[
        bool,
        typer.Option(
            "--drop-missing", help="Drop what the store was made of and the new export lacks; without it such an export is refused."
        ),
    ] = False,
) -> None:
    """Turn CRM exports into a store of canonical tables, or renew it with newer ones; only what changed is read.

    Example: alignment ingest --source exports --out data/mine

    Example: alignment ingest --mapping salesforce --source crm --mapping stripe --source billing --out data/mine

    Example: alignment ingest --source exports-2026-10 --out data/mine --merge upsert
    """
    from alignment_toolkit.ingest import ingest as run

    asked: dict[str, Any] = {"merge": merge, "force": force, "keep": keep, "wait": wait, "drop_missing": drop_missing}
    done = run(mapping, source=source, out=out, config=config or None, now=clock(), **asked)
    if not done.is_unchanged:
        show(done.table(), "table")
    print(*map(legible, done.sentences()), sep="\n")
    print(*map(legible, done.notes), sep="\n", end="\n" if done.notes else "", file=sys.stderr)


@app.command("map")
def map_source(
    source: Annotated[list[str] | None, SourceOption] = None,
    mapping: MappingOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="What was matched, what stands in for something better, what is missing.")
    ] = False,
    init: Annotated[bool, typer.Option("--init", help="Write a mapping to start from, guessed from headers and values.")] = False,
    reads: Annotated[bool, typer.Option("--reads", help="List the headers that a mapping looks for.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="File that --init writes; default: print it.")] = None,
    format: FormatOption = "table",  # noqa: A002
) -> None:
    """What a mapping makes of a source, before anything is read: --explain; a mapping to start from: --init.

    Example: alignment map --explain --source exports

    Example: alignment map --init --source exports --out mapping.toml
    """
    if sum((explain, init, reads)) != 1:
        raise UsageError("map does one thing at a time", rule="Give one of --explain, --init and --reads")
    if reads:
        from alignment_toolkit.explain import headers_read

        show(headers_read(mapping), format)
    elif init:
        from alignment_toolkit.starter import write_starter

        print(write_starter(source or [], out=out))
    else:
        from alignment_toolkit.explain import explained

        told = explained(mapping, source=source or [])
        show(told.columns, format)
        if format == "table":
            show(told.questions, format)
            print(*map(legible, told.notes), sep="\n", file=sys.stderr)
        if told.faults:
            n = len(told.faults)
            raise DataRefused(f"{n} fault{'s' if n > 1 else ''} of the files would end an ingest", faults=told.faults)


@app.command()
def check(
    data: DataOption,
    config: ConfigOption = "",
    environment: EnvironmentOption = False,
    out: Annotated[Path, typer.Option("--out", help="With --environment: the reports folder.")] = Path("reports"),
    source: Annotated[list[str] | None, SourceOption] = None,
    mapping: MappingOption = None,
    lock: LockOption = None,
    max_age: MaxAgeOption = 31,
    format: FormatOption = "table",  # noqa: A002
) -> None:
    """Check a store: fatal faults leave with 3, the others are counted, snapshots are listed. CSV and JSON list the faults alone.

    With --environment: would a report run here and now? How old the data are, whether the mapping still fits the source, the packages the
    lock and the disk a report, and how the last runs ended. Nothing is run or published; the first check that failed gives the exit code.

    Example: alignment check --data data/sample

    Example: alignment check --environment --data data/crm --out reports
    """
    from alignment_toolkit.check_commands import check_data, check_environment
    from alignment_toolkit.readiness import Place

    if not environment:
        check_data(data, config=config, form=format)
        return
    place = Place(data, out, config, tuple(source or ()), tuple(mapping or ()), lock, max_age)
    check_environment(place, now=clock(), form=format)


@app.command()
def diff(
    data: DataOption,
    before: Annotated[str, typer.Option("--from", help="Digest of the earlier snapshot; default: the one before --to.")] = "",
    after: Annotated[str, typer.Option("--to", help="Digest of the later snapshot; default: the one that is shown.")] = "",
    quarter: Annotated[str, typer.Option("--quarter", help="Quarter; default: the last full one of the earlier snapshot.")] = "",
    as_of: AsOfOption = "",
    cohort: CohortOption = "4q",
    config: ConfigOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Ids named per figure and kind of record.")] = 20,
    format: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print the result.")] = "table",  # noqa: A002
) -> None:
    """What changed since the last snapshot of a store: rows, restated figures, and the records responsible.

    Example: alignment diff --data data/mine

    Example: alignment diff --data data/mine --from 77d0 --to 3f2a --quarter 2026Q3 --format json
    """
    import json

    from alignment_toolkit.restated.diff import difference

    found = difference(data, before=before, after=after, quarter=quarter, as_of=as_of, cohort=cohort, config=config, limit=limit)
    if format == "json":
        print(json.dumps(found.record(), ensure_ascii=False, indent=1, allow_nan=False))
        return
    print(found.heading())
    for frame in (found.tables, found.figures, found.records):
        if len(frame):
            show(frame, "table")
    print(*map(legible, found.notes), sep="\n", file=sys.stderr)


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="Folder to write the simulated company to.")],
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed; the same seed gives the same tables.")] = None,
    leads: Annotated[int | None, typer.Option("--leads", min=500, help="Number of leads; fewer are too few to plant truths in.")] = None,
    vendor: Annotated[VendorName | None, typer.Option("--as", help="Write it as this system would export it, warts included.")] = None,
    labels: LabelsOption = False,
) -> None:
    """Write a simulated company with planted truths (truth.json) to try the toolkit on; --as writes what a vendor would export of it.

    Example: alignment sample --out data/trial --seed 7 --leads 20000

    Example: alignment sample --as salesforce --out exports
    """
    from alignment_toolkit.printing import writable
    from alignment_toolkit.samples import write_sample
    from alignment_toolkit.samples.exports import LABELLED, write_export
    from alignment_toolkit.store import seal_store

    if labels and vendor not in LABELLED:
        raise UsageError("labels belong to a user interface", value=vendor, way_out=f"Give --as {' or '.join(LABELLED)} with --labels")
    given = {name: value for name, value in (("seed", seed), ("leads", leads)) if value is not None}
    with writable(out, what="sample", option="folder"):
        paths = write_export(out, vendor=vendor, labels=labels, **given) if vendor else write_sample(out, **given)
        if not vendor:
            seal_store(out)
    print(*paths, sep="\n")


app.command()(glossary)
app.command()(params)


def clock() -> datetime:
    """Wall time, for journals and manifests only."""
    return datetime.now(UTC)


def show(frame: pd.DataFrame, format: str) -> None:  # noqa: A002
    """Print a frame to stdout as a table for people, CSV or strict JSON."""
    from alignment_toolkit.printing import in_form

    sys.stdout.write(in_form(frame, format))


def main() -> None:
    """Run the command; errors become a sentence on stderr and an exit code, never a traceback."""
    heed_terminate()
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a path need not be text
    sys.exit(exit_code(app))

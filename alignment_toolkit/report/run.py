"""One report run: staged -> executed -> preflight -> reproduced -> rendered -> checked -> published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError, NotReproduced, PublishError, UsageError
from alignment_toolkit.locking import locked
from alignment_toolkit.report.attempts import attempted, forget
from alignment_toolkit.report.catalogue import rebuild, told_of_failure
from alignment_toolkit.report.crew import Crew, first_failure
from alignment_toolkit.report.digest import DataDigest, code_digest, data_digest, glossary_digest, installed
from alignment_toolkit.report.extract import summary_of, tables_of, write_tables
from alignment_toolkit.report.journal import Event, Log, notice, silent
from alignment_toolkit.report.manifest import Manifest, facts, finished, write_manifest
from alignment_toolkit.report.notebooks import page_name, page_title, read_notebook, report_notebooks, select
from alignment_toolkit.report.parameters import check_parameters
from alignment_toolkit.report.places import call_root, find_store
from alignment_toolkit.report.prune import KEPT, prune
from alignment_toolkit.report.publish import PASSES, current, left_behind, new_staging, publish, tidy
from alignment_toolkit.report.restate import (
    RESTATED,
    Earlier,
    earlier_report,
    headline,
    kpis_shown,
    restatement,
    sentences,
    without_ids,
    write_restatement,
)
from alignment_toolkit.report.worker import Job, Task
from alignment_toolkit.tables import Payload

CELL_TIMEOUT = 600
PUBLISHED, NOTHING_TO_DO, STAGED = "published", "nothing to do", "staged"
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class RunResult:
    """How a run ended, when it ended well.

    Attributes:
        status: `published`, `nothing to do` or `staged` (chosen notebooks only, never published).
        folder: Where the report is.
        pages: Its pages, the leader's first.
        manifest: What it says about itself.
    """

    status: str
    folder: Path
    pages: tuple[Path, ...]
    manifest: Manifest = field(repr=False)

    @property
    def nothing_to_do(self) -> bool:
        """Whether the published report was already the one asked for."""
        return self.status == NOTHING_TO_DO

    @property
    def page(self) -> Path:
        """The page to open first."""
        return self.pages[0]


@dataclass(frozen=True)
class _Plan:
    """What was asked for, checked: of all notebooks the chosen ones, with the values that each gets."""

    given: dict[str, Any]
    everything: tuple[Path, ...]
    notebooks: tuple[Path, ...]
    values: dict[str, dict[str, Any]]
    root: Path
    store: Path | None
    config: Path | None
    preview: bool
    out: Path = Path()
    cell_timeout: int = CELL_TIMEOUT
    workers: int = 2
    keep: int = KEPT
    known: Manifest = field(default_factory=dict)

    @property
    def quarter(self) -> str:
        """Label of the quarter."""
        return str(self.given["quarter"])


def run_report(
    *,
    data: str,
    quarter: str,
    as_of: datetime | str,
    cohort: str = "4q",
    config: str | None = None,
    out: str | Path,
    parameters: Mapping[str, Any] | None = None,
    notebooks: Sequence[str] | None = None,
    force: bool = False,
    wait: float = 0,
    workers: int = 2,
    keep: int = KEPT,
    cell_timeout: int = CELL_TIMEOUT,
    clock: Clock,
    log: Log = silent,
    before_kernels: Callable[[], object] | None = None,
    folder: Path | None = None,
    crew: Crew | None = None,
) -> RunResult:
    """Run, prove and publish the report of a quarter.

    Args:
        data: The store as the user typed it: a path or `env:NAME`.
        quarter: Label of the quarter.
        as_of: Exclusive instant; a naive one is UTC.
        cohort: `4q`, `1q` or `all`.
        config: Configuration file as typed; None: the store's own.
        out: The reports folder.
        parameters: Further notebook parameters, name -> value.
        notebooks: Names of the only notebooks to run; their pages stay in staging and are never published.
        force: Run even when nothing has changed.
        wait: Seconds to wait for another run.
        workers: Worker processes.
        keep: Versions of each quarter that stay in the reports folder, the shown one included.
        cell_timeout: Seconds a cell may take.
        clock: Gives the times in the journal; the package reads no clock.
        log: Told of every step.
        before_kernels: Called when there is something to do, before the first notebook is run: the place to refuse data.
        folder: Folder of the notebooks; None: the installed ones.
        crew: Workers that stay warm for the next run, whose owner holds the lock of `out` (see `every.series`); None: the run's own.

    Returns:
        Where the report is; nothing is written but the catalogue when the published one is already that of the same
        quarter, data, code and parameters.

    Raises:
        AlignmentError: Of the class that says what went wrong; the last published report is as it was.
    """
    given = {"quarter": str(quarter), "data": data, "as_of": _instant(as_of), "cohort": cohort, "config": config, **(parameters or {})}
    if not config:
        del given["config"]
    asked = _checked(given, folder=folder, names=notebooks)
    plan = replace(asked, out=Path(out).absolute(), cell_timeout=cell_timeout, workers=workers, keep=keep)
    with nullcontext() if crew else locked(plan.out, wait=wait):
        plan = replace(plan, known=_known(plan))
        if unchanged := _unchanged(plan, force=force, clock=clock, log=log):
            return unchanged
        with told_of_failure(plan.out), nullcontext() if plan.preview else attempted(plan.out, plan.quarter, clock=clock):
            return _run(plan, before_kernels or (lambda: None), crew=crew, clock=clock, log=log)


def _checked(given: dict[str, Any], *, folder: Path | None, names: Sequence[str] | None) -> _Plan:
    """The plan of a run, nothing written yet; whatever the user has wrong is refused here."""
    everything = report_notebooks(folder)
    chosen = select(everything, names)
    values = check_parameters(chosen, given)
    root = call_root()
    store = find_store(given["data"], root=root)
    config = root / given["config"] if "config" in given else None
    if config and not config.is_file():
        raise UsageError("the configuration file is not there", value=given["config"], way_out="Check the path given with --config")
    return _Plan(given, tuple(everything), tuple(chosen), values, root, store, config, preview=names is not None)


def _known(plan: _Plan) -> Manifest:
    packages = installed()
    words = glossary_digest(plan.store, plan.config)
    return {"glossary": words} | facts(
        quarter=plan.quarter,
        as_of=plan.given["as_of"],
        cohort=plan.given["cohort"],
        parameters=plan.given,
        data=plan.given["data"],
        digest=data_digest(plan.store, config=plan.config),
        code=code_digest(plan.everything, packages=packages),
        packages=packages,
    )


def _with_rows(plan: _Plan) -> Manifest:
    """The facts with the rows of each table, which only the engine can count in a database."""
    from alignment_toolkit.store import row_counts

    data = plan.known["data"]
    if data["rows"]:
        return plan.known
    return plan.known | {"data": data | {"rows": row_counts(plan.store or plan.given["data"])}}


def _unchanged(plan: _Plan, *, force: bool, clock: Clock, log: Log) -> RunResult | None:
    if force or plan.preview or plan.known["data"]["digest"] is None:
        return None
    manifest = current(plan.out, plan.quarter)
    if not manifest or manifest["key"] != plan.known["key"]:
        return None
    forget(plan.out, plan.quarter)
    rebuild(plan.out)
    now = clock()
    log(Event("staged", None, now, now, NOTHING_TO_DO, f"{plan.quarter} is published from the same data, code and parameters"))
    folder = plan.out / plan.quarter
    return RunResult(NOTHING_TO_DO, folder, tuple(folder / page["page"] for page in manifest["pages"]), manifest)


def _run(plan: _Plan, before_kernels: Callable[[], object], *, crew: Crew | None, clock: Clock, log: Log) -> RunResult:
    _prune(plan, clock=clock, log=log)
    for path in left_behind(plan.out, plan.quarter):
        sentence = f"an earlier run of {plan.quarter} did not end well; its partial notebooks are in {path / 'notebooks'}"
        log(notice(sentence, now=clock()))
    started = Event("staged", None, clock())
    staging = new_staging(plan.out, plan.quarter, clock=clock, preview=plan.preview)
    has_begun = False
    try:
        with nullcontext(crew) if crew else Crew(staging, root=str(plan.root), sharing=len(plan.notebooks) > 1) as workers:
            workers.get_ready()
            before_kernels()
            plan = replace(plan, known=_with_rows(plan))
            staged = started.ended(clock())
            log(staged)
            has_begun = True
            earlier = None if plan.preview else earlier_report(plan.out, plan.known, store=plan.store, config=plan.config)
            events, failures = workers.run(_job(plan, staging, earlier), clock=clock, log=log)
        if failures:
            _, stem, error = first_failure(failures)
            raise _located(error, staging, stem)
        return _finish(plan, staging, [staged, *events], earlier, clock=clock, log=log)
    except OSError as error:
        what = "the report could not be written"
        made = f"What was made is in {staging}; " if has_begun else ""
        raise PublishError(what, value=error.strerror or error, way_out=f"{made}the last published report is as it was") from error
    finally:
        if not has_begun:  # what was refused leaves nothing
            shutil.rmtree(staging, ignore_errors=True)
            with suppress(OSError):  # there are other runs' folders in it
                staging.parent.rmdir()


def _job(plan: _Plan, staging: Path, earlier: Earlier | None) -> Job:
    tasks = [
        Task(str(path), str(staging / "notebooks" / path.name), str(staging / page_name(path.stem)), plan.values[path.stem])
        for path in plan.notebooks
    ]
    pages = [{"page": page_name(path.stem), "title": page_title(read_notebook(path), default=path.stem)} for path in plan.notebooks]
    frame = {"facts": plan.known, "pages": pages, "earlier": asdict(earlier) if earlier else None}
    ordered = tuple(_in_order(tasks))
    return Job(ordered, plan.cell_timeout, str(plan.root), frame, scratch=str(staging / PASSES), workers=plan.workers)


def _in_order(tasks: Sequence[Task]) -> list[Task]:
    """The order that they are run in: at first two that count different things, and the summary, which is long, when most is counted."""
    return [*tasks[1:4:2], *tasks[2:3], *tasks[:1], *tasks[4:]]


def _finish(plan: _Plan, staging: Path, events: list[Event], earlier: Earlier | None, *, clock: Clock, log: Log) -> RunResult:
    began = Event("published", None, clock())
    tidy(staging)
    notebooks = {path.stem: read_notebook(staging / "notebooks" / path.name) for path in plan.notebooks}
    shown = tables_of(notebooks)
    write_tables(shown, into=staging)
    restated = _restated(earlier, shown, staging)
    heading = f"Alignment report {plan.quarter}, as of {plan.known['as_of'][:10]}"
    (staging / "summary.txt").write_text(summary_of(notebooks, heading=heading), encoding="utf-8")
    _same_data(plan)
    last = began.ended(clock(), verdict="kept" if plan.preview else "ok")
    manifest = finished(plan.known | restated, notebooks=notebooks, events=[*events, last], folder=staging)
    write_manifest(manifest, staging)
    folder = staging if plan.preview else publish(staging, out=plan.out, quarter=plan.quarter)
    if not plan.preview:
        forget(plan.out, plan.quarter)
    rebuild(plan.out)
    _prune(plan, clock=clock, log=log)
    for sentence in _told(restated, staging if plan.preview else folder):
        log(notice(sentence, now=clock()))
    log(last.ended(clock(), verdict=last.verdict, detail=str(folder)))
    return RunResult(STAGED if plan.preview else PUBLISHED, folder, tuple(folder / page["page"] for page in manifest["pages"]), manifest)


def _restated(earlier: Earlier | None, shown: Mapping[str, Payload], staging: Path) -> dict[str, Any]:
    """What the report restates, written into its folder; for the manifest."""
    kpis = kpis_shown(shown.values())
    if earlier is None or kpis is None:
        return {}
    told = restatement(earlier, kpis)
    write_restatement(told, into=staging)
    return {RESTATED: without_ids(told)}


def _told(restated: Mapping[str, Any], folder: Path) -> list[str]:
    """The restatement for people, with the ids of records, from the file of the report."""
    if RESTATED not in restated:
        return []
    told = json.loads((folder / f"{RESTATED}.json").read_text(encoding="utf-8"))
    return [headline(told), *sentences(told, with_ids=True)]


def _prune(plan: _Plan, *, clock: Clock, log: Log) -> None:
    if gone := prune(plan.out, now=clock(), keep=plan.keep):
        log(notice(f"no longer kept: {', '.join(str(path.relative_to(plan.out)) for path in gone)}", now=clock()))


def _same_data(plan: _Plan) -> None:
    now: DataDigest = data_digest(plan.store, config=plan.config)
    if now.digest != plan.known["data"]["digest"]:
        changed = sorted(
            name for name in {*now.files, *plan.known["data"]["files"]} if now.files.get(name) != plan.known["data"]["files"].get(name)
        )
        raise NotReproduced(
            "the data changed while the report was made", value=", ".join(changed), way_out="Run again when they are at rest"
        )


def _located(error: AlignmentError, staging: Path, stem: str) -> AlignmentError:
    partial = staging / "notebooks" / f"{stem}.ipynb"
    where = f"The partial notebook is {partial}" if partial.is_file() else f"What was made is in {staging}"
    last = "the last published report is as it was"
    kept = error.way_out.rstrip(".") + ". " if error.way_out and not error.way_out.startswith("The notebook as far") else ""
    return type(error)(error.what, value=error.value, rule=error.rule, way_out=f"{kept}{where}; {last}")


def _instant(as_of: datetime | str) -> str:
    """The as-of in ISO form; a naive instant is UTC by the store's convention and says so, since a notebook reads it in its own zone."""
    if isinstance(as_of, str):
        return as_of
    return (as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)).isoformat()

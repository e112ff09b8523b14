"""Speed and memory as whole processes, side by side with what a user would pick instead: `make bench` writes benchmarks/speed.md.

A figure is a median of several runs on a shared machine; the ratios within one run are what to compare.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from alignment_toolkit.prepared import forget
from benchmarks.exports import write_export

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "alignment_toolkit")

ROWS_INSTEAD = """
import sys, pandas as pd
from lifelines import AalenJohansenFitter
leads = pd.read_parquet(f"{sys.argv[1]}/leads.parquet", columns=["lead_id", "created_at", "source"])
events = pd.read_parquet(f"{sys.argv[1]}/stage_events.parquet", columns=["lead_id", "stage", "entered_at"])
ends = events[events["stage"].isin(["won", "lost"])].sort_values("entered_at").drop_duplicates("lead_id")
rows = leads.merge(ends, on="lead_id", how="left")
as_of = pd.Timestamp("2026-09-30 22:00")
days = (rows["entered_at"].fillna(as_of) - rows["created_at"]).dt.days.clip(lower=0)
kind = rows["stage"].map({"won": 1, "lost": 2}).fillna(0)
for source, group in rows.groupby("source", dropna=False):
    where = group.index
    fitted = AalenJohansenFitter(calculate_variance=False).fit(days[where], kind[where], event_of_interest=1)
    print(source, float(fitted.cumulative_density_.iloc[-1, 0]))
"""

FILES_INSTEAD = """
import sys, pandas as pd
source, out = sys.argv[1:]
leads = pd.read_csv(f"{source}/contacts.csv", dtype=str)
leads["Create Date"] = pd.to_datetime(leads["Create Date"])
assert leads["Contact Id"].is_unique
leads.to_parquet(f"{out}-leads.parquet")
del leads
changes = pd.read_csv(f"{source}/changes.csv", dtype=str)
changes["Changed At"] = pd.to_datetime(changes["Changed At"])
changes.to_parquet(f"{out}-changes.parquet")
"""

FIRST = ("00_executive_summary", "01_lead_quality", "02_funnel_velocity", "03_churn")


@dataclass(frozen=True)
class Cost:
    """What a process took: wall and processor seconds, peak memory in GiB (its largest process)."""

    wall: float
    cpu: float
    peak: float


def measure(command: list[str], *, cwd: Path = ROOT) -> Cost:
    """Run a command once."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    pid = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, complaint = pid.communicate()
    wall = time.perf_counter() - started
    if pid.returncode:
        raise SystemExit(f"{' '.join(command)} left with {pid.returncode}: {complaint.decode()[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 2**20)


def median(runs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "peak")))


def in_child(command: list[str], runs: int) -> Cost:
    """Median over runs, each measured in a child of its own so that peak memory is that of the command alone."""
    found = []
    for _ in range(runs):
        script = f"from benchmarks.run import measure; cost = measure({command!r}); print(cost.wall, cost.cpu, cost.peak)"
        answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
        found.append(Cost(*map(float, answer.stdout.split())))
    return median(found)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--leads", type=int, default=1_000_000)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--exported", type=int, default=5_000_000, help="leads of the export that is ingested, with twice as many changes")
    asked.add_argument("--store", type=Path, help="a simulated store of that many leads; made when it is not given")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as place:
        store = chosen.store or Path(place) / "store"
        if chosen.store is None:
            measure([*COMMAND, "sample", "--out", str(store), "--leads", str(chosen.leads)])
        report = in_child(
            [*COMMAND, "report", "--data", "data/sample", "--quarter", "2026Q3", "--out", f"{place}/reports", "--force"], chosen.runs
        )
        four = [part for name in FIRST for part in ("--notebook", name)]
        first = in_child(
            [*COMMAND, "report", "--data", "data/sample", "--quarter", "2026Q3", "--out", f"{place}/first", *four], chosen.runs
        )
        forget(store)  # what an earlier benchmark prepared
        asked_for = ["--data", str(store), "--quarter", "2026Q3"]
        figures = in_child([*COMMAND, "kpis", *asked_for, "--format", "csv"], chosen.runs)
        ahead = in_child([*COMMAND, "prepare", *asked_for], 1)
        again = in_child([*COMMAND, "kpis", *asked_for, "--format", "csv"], chosen.runs)
        (Path(place) / "rows.py").write_text(ROWS_INSTEAD, encoding="utf-8")
        rows = in_child([sys.executable, f"{place}/rows.py", str(store)], chosen.runs)
        taken, read = ingested(Path(place), chosen)
    write(Costs(report, first, figures, ahead, again, rows, taken, read), chosen)


def ingested(place: Path, chosen: argparse.Namespace) -> tuple[Cost, Cost]:
    """What the ingest of a large export takes, and pandas to read, date and write the same files unchecked."""
    mapping = write_export(place / "export", leads=chosen.exported)
    command = [*COMMAND, "ingest", "--mapping", str(mapping), "--source", str(place / "export"), "--out", str(place / "taken"), "--force"]
    (place / "files.py").write_text(FILES_INSTEAD, encoding="utf-8")
    instead = [sys.executable, str(place / "files.py"), str(place / "export"), str(place / "instead")]
    return in_child(command, chosen.runs), in_child(instead, chosen.runs)


@dataclass(frozen=True)
class Costs:
    """What was measured."""

    report: Cost
    first: Cost
    figures: Cost
    ahead: Cost
    again: Cost
    rows: Cost
    ingest: Cost
    files: Cost


def write(costs: Costs, chosen: argparse.Namespace) -> None:
    report, figures, rows = costs.report, costs.figures, costs.rows
    lines = [
        "# Speed and memory",
        "",
        f"Written by `make bench`: medians of {chosen.runs} runs as whole processes on {platform.machine()}, "
        f"{os.cpu_count()} shared cores, Python {platform.python_version()}.",
        "",
        "| what | wall s | processor s | peak GiB of one process |",
        "|---|---|---|---|",
        row("the sample's report: every notebook executed, validated, rendered, published", report),
        row("its first four notebooks alone, executed, validated, rendered", costs.first),
        row(f"`alignment kpis` on {chosen.leads:,} leads: every headline figure, with intervals, and the quarter before", figures),
        row("`alignment prepare` on them: counted ahead", costs.ahead),
        row("`alignment kpis` on them once prepared", costs.again),
        row(f"instead: pandas and lifelines on the rows of {chosen.leads:,} leads: one curve per source, no interval", rows),
        row(f"`alignment ingest` of {chosen.exported:,} leads and {2 * chosen.exported:,} changes from CSV, checked", costs.ingest),
        row("instead: pandas reads the same files, dates them and writes Parquet, nothing checked", costs.files),
        "",
        f"`alignment kpis` takes {figures.wall / rows.wall:.2f} times as long as the one curve per source by lifelines, "
        f"in {figures.peak / rows.peak:.2f} times its memory; once prepared {costs.again.wall / rows.wall:.2f} times, in "
        f"{costs.again.peak / rows.peak:.2f} times its memory.",
        "",
        f"`alignment ingest` takes {costs.ingest.wall / costs.files.wall:.2f} times as long as pandas, "
        f"in {costs.ingest.peak / costs.files.peak:.2f} times its memory.",
        "",
        "Targets: the first four notebooks in under 60 s and all in under 120 s, the figures in under 10 s and 1.5 GiB, the ingest in",
        "under 90 s and 4 GiB.",
        "",
    ]
    (ROOT / "benchmarks" / "speed.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


def row(what: str, cost: Cost) -> str:
    return f"| {what} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak:.2f} |"


if __name__ == "__main__":
    main()

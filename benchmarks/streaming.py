"""Delimited text larger than memory: an ingest whose files weigh more than it ever holds.

`python -m benchmarks.streaming` writes streaming.md. The engine may hold 2.5 GB and spills the rest to the temporary
folder, so the files are made larger than that.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.exports import write_export
from benchmarks.run import COMMAND, Cost, in_child

LEADS = 20_000_000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--leads", type=int, default=LEADS)
    asked.add_argument("--place", type=Path, help="folder for the files and the store; a temporary one when it is not given")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.place) as place:
        mapping = write_export(Path(place) / "export", leads=chosen.leads)
        size = sum(path.stat().st_size for path in (Path(place) / "export").iterdir())
        store = Path(place) / "taken"
        cost = in_child([*COMMAND, "ingest", "--mapping", str(mapping), "--source", str(mapping.with_suffix("")), "--out", str(store)], 1)
        kept = {name: _rows(store / f"{name}.parquet") for name in ("leads", "stage_events")}
    if kept != {"leads": chosen.leads, "stage_events": 2 * chosen.leads}:
        sys.exit(f"rows were lost: {kept}")
    write(size, cost, chosen.leads)


def _rows(path: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(path).num_rows)


def write(size: int, cost: Cost, leads: int) -> None:
    """Write the record."""
    lines = [
        "# Delimited text larger than memory",
        "",
        f"One run of `python -m benchmarks.streaming` on {platform.machine()}, two shared cores, Python {platform.python_version()}.",
        "",
        "| leads | changes | files GiB | peak GiB of the process | wall s | processor s |",
        "|---|---|---|---|---|---|",
        f"| {leads:,} | {2 * leads:,} | {size / 2**30:.2f} | {cost.peak:.2f} | {cost.wall:.0f} | {cost.cpu:.0f} |",
        "",
        "Every row of the files is in the store afterwards. What the engine cannot hold it spills to the temporary folder (`TMPDIR`).",
        "",
    ]
    Path(__file__).with_name("streaming.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()

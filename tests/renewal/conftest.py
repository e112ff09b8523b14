"""A company of five leads whose exports change from month to month."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from alignment_toolkit.ingest import IngestResult, ingest
from alignment_toolkit.mapping import mapping_from

NOW = datetime(2026, 10, 2, 8, 30, tzinfo=UTC)
RULES: dict[str, Any] = {
    "tables": {
        "leads": {
            "from": "people.csv",
            "columns": {"lead_id": "id", "created_at": "made", "source": "came from", "region": "region"},
        },
        "stage_events": {"from": "moves.csv", "columns": {"lead_id": "id", "stage": "to", "entered_at": "at"}},
        "deals": {
            "from": ["deals.csv"],
            "optional": True,
            "columns": {
                "deal_id": "deal",
                "lead_id": "id",
                "outcome": "outcome",
                "amount": "amount",
                "closed_at": "closed",
                "currency": "cur",
            },
        },
        "feedback": {
            "from": ["verdicts.csv"],
            "optional": True,
            "columns": {"lead_id": "id", "given_at": "at", "verdict": "verdict"},
        },
        "exchange_rates": {
            "from": ["rates.csv"],
            "optional": True,
            "columns": {"currency": "cur", "valid_on": "day", "rate_to_reporting": "rate"},
        },
    }
}
PEOPLE = [
    ("id", "made", "came from", "region"),
    ("L1", "2026-07-01", "web", "north"),
    ("L2", "2026-07-02", "web", "south"),
    ("L3", "2026-07-03", "fair", "north"),
]
MOVES = [("id", "to", "at"), ("L1", "mql", "2026-07-05"), ("L1", "won", "2026-08-01"), ("L2", "mql", "2026-07-09")]
DEALS = [("deal", "id", "outcome", "amount", "closed", "cur"), ("D1", "L1", "won", "1000", "2026-08-01", "EUR")]
VERDICTS = [("id", "at", "verdict"), ("L1", "2026-07-06", "accepted"), ("L2", "2026-07-10", "rejected"), ("L2", "2026-07-10", "rejected")]
RATES = [("cur", "day", "rate"), ("USD", "2026-01-01", "0.9")]
FILES = {"people": PEOPLE, "moves": MOVES, "deals": DEALS, "verdicts": VERDICTS, "rates": RATES}


def write(folder: Path, **files: list[tuple[str, ...]] | None) -> Path:
    """The export of a month: the files given in place of the first month's, None leaves one out."""
    folder.mkdir(exist_ok=True)
    for name, rows in {**FILES, **files}.items():
        path = folder / f"{name}.csv"
        path.unlink(missing_ok=True)
        if rows is not None:
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
    return folder


def renew(tmp_path: Path, source: Path, *, rules: dict[str, Any] = RULES, **asked: Any) -> IngestResult:
    """The export ingested into the one store of the test."""
    return ingest(mapping_from(rules, name="m.toml"), source=source, out=tmp_path / "store", **{"now": NOW, **asked})


def rows(store: Path, table: str) -> list[dict[str, Any]]:
    """Rows of a table as any reader sees them, sorted."""
    return sorted(pq.read_table(store / f"{table}.parquet").to_pylist(), key=str)


def bytes_of(store: Path) -> dict[str, bytes]:
    """Every file of a store but the lock, links by where they lead."""
    found = {}
    for path in store.rglob("*"):
        name = path.relative_to(store).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink()).encode()
        elif path.is_file():
            found[name] = path.read_bytes()
    return found

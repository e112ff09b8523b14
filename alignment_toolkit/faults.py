"""The health of a store: what is fatal, what is odd but counted, how many rows there are, how fresh they are.

Fatal faults refuse the data (`DataRefused`, exit 3). Everything else is counted here, shown on the data page and turned into bounds on
the figures it touches; nothing is dropped without being counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.address import is_address
from alignment_toolkit.border.clocks import TICK
from alignment_toolkit.border.contradictions import contradictions
from alignment_toolkit.border.labels import empty_labels, empty_tables, merged_away, repeated_rows
from alignment_toolkit.border.odd import COLUMNS, counted
from alignment_toolkit.border.orphans import orphans
from alignment_toolkit.border.times import wrong_times
from alignment_toolkit.config import Config, load_config
from alignment_toolkit.periods import wall_clock
from alignment_toolkit.sharing import shared
from alignment_toolkit.snapshots.whole import JOURNAL
from alignment_toolkit.store import Crm, last_event_day, locate, open_crm

if TYPE_CHECKING:
    import pandas as pd

END_OF_TIME = datetime(9999, 12, 31)  # everything a store holds is looked at


@dataclass(frozen=True)
class CheckResult:
    """The health of a store without a fatal fault.

    Attributes:
        rows: Per table: table, rows, columns (the canonical ones that are there), first and last instant or date (text, null without).
        faults: The counted faults, see `counted_faults`.
        last_at: Last recorded event, naive UTC.
        notes: Assumptions made while reading, in words.
    """

    rows: pd.DataFrame
    faults: pd.DataFrame
    last_at: datetime
    notes: tuple[str, ...] = ()


def check_store(where: str | Path, *, config: Config | str | Path | None = None) -> CheckResult:
    """Open a store and report its health.

    Args:
        where: Folder, DuckDB file, address or `env:NAME`.
        config: Settings, or the path of their file; None: the store's own.

    Raises:
        UsageError: When the place is not there or the configuration cannot be used.
        DataRefused: With every fatal fault.
    """
    settings = config if isinstance(config, Config) or config is None else load_config(Path(config))
    crm = open_crm(where, as_of=END_OF_TIME, config=settings)
    return CheckResult(table_rows(crm), counted_faults(crm), last_event_day(crm), crm.notes)


def counted_faults(crm: Crm, *, examples: bool = True) -> pd.DataFrame:
    """The faults of a store that are not fatal.

    Args:
        crm: A checked store; its whole records are looked at, whatever its as-of.
        examples: Whether to name up to three of each.

    Returns:
        table (empty for files), fault, n (rows with it), of (rows looked at), examples (up to three ids or words), rule, way_out; only
        kinds that occur.
    """
    import pyarrow as pa

    if examples:
        return _counted(crm, examples=True)
    key = ("counted_faults", crm.where, crm.config)
    return shared(key, lambda: pa.Table.from_pandas(_counted(crm, examples=False), preserve_index=False)).to_pandas()


def _counted(crm: Crm, *, examples: bool) -> pd.DataFrame:
    import pandas as pd

    odds = [*orphans(crm), *wrong_times(crm), *contradictions(crm), *empty_labels(crm), *repeated_rows(crm), *merged_away(crm)]
    frame = counted(odds, examples=examples)
    extra = pd.DataFrame([*_empty(crm), *_ignored(crm)], columns=list(COLUMNS))
    return pd.concat([frame, extra], ignore_index=True) if len(extra) else frame


def table_rows(crm: Crm) -> pd.DataFrame:
    """Rows and span of every table.

    Returns:
        table, rows, columns (names that are there), first_at, last_at (ISO text of the first date column, else of the local time of the
        first instant column, only its day where that is a date; null when empty).
    """
    import pandas as pd

    from alignment_toolkit.schema import TABLES

    listed = []
    for name, rows in crm.tables.items():
        timed = next((column.name for column in TABLES[name].columns if column.kind in ("instant", "date")), None)
        measures: dict[str, Any] = {"rows": rows.count()}
        if timed:
            measures |= {"first_at": rows[timed].min(), "last_at": rows[timed].max()}
        values = rows.aggregate(**measures).to_pyarrow().to_pylist()[0]
        values |= {name: _local_text(values[name], crm) for name in ("first_at", "last_at") if name in values}
        columns = ", ".join(column for column in TABLES[name].column_names if column in crm.present.get(name, ()))
        listed.append({"table": name, "columns": columns, "first_at": None, "last_at": None} | values)
    return pd.DataFrame(listed, columns=["table", "rows", "columns", "first_at", "last_at"])


def _local_text(value: date | None, crm: Crm) -> str | None:
    """A date, or what the clocks of the configured zone show at an instant, as ISO text; of an instant that is a date only the day."""
    if not isinstance(value, datetime):
        return None if value is None else str(value)
    is_day = crm.has_dates and value.microsecond == TICK
    local = wall_clock(value, crm.config.time_zone)
    return str(local.date() if is_day else local)


def _empty(crm: Crm) -> list[tuple[Any, ...]]:
    """Tables without rows; one that the ingest derived from files of other tables is simply not there."""
    way_out = "Export it again, or remove the file"
    empty = list(empty_tables(crm))
    derived = _derived(crm) if empty else frozenset()
    return [(name, "the table is empty", 0, 0, "", f"{name} holds rows", way_out) for name in empty if name not in derived]


def _derived(crm: Crm) -> frozenset[str]:
    """Tables of an ingested store that no file of their own stands for: all their files are those of tables that hold rows."""
    path = None if is_address(crm.where) else locate(crm.where) / JOURNAL
    if path is None or not path.is_file():
        return frozenset()
    entries = json.loads(path.read_text(encoding="utf-8")).get("tables", [])
    at_work = {file for entry in entries if entry["used"] for file in entry["files"]}
    return frozenset(entry["table"] for entry in entries if entry["files"] and set(entry["files"]) <= at_work)


def _ignored(crm: Crm) -> list[tuple[Any, ...]]:
    """Files and columns that no contract knows."""
    rows = []
    for table, names in crm.ignored.items():
        what = f"columns of {table}" if table else "files or tables"
        rule = f"Only the columns of the contract of {table} are read" if table else "Only files named after canonical tables are read"
        shown = ", ".join(names[:3])
        rows.append((table, f"{what} ignored", len(names), len(names), shown, rule, "Rename them, or use a mapping, if they matter"))
    return rows

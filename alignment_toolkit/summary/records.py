"""What arrived and what was wrong with it: rows read, used and set aside, and the faults that were counted. No row-level record."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from alignment_toolkit.border.address import is_address
from alignment_toolkit.border.odd import sizes_of
from alignment_toolkit.faults import counted_faults
from alignment_toolkit.store import locate
from alignment_toolkit.study import Study

JOURNAL = "ingest.json"


def fault_table(study: Study) -> pd.DataFrame:
    """The faults that were counted and worked around, most frequent first, without the ids that they were found on.

    Returns:
        table, fault, n, of, rule, way_out.
    """
    found = counted_faults(study.crm, examples=False)
    return found.sort_values("n", ascending=False, kind="stable")[["table", "fault", "n", "of", "rule", "way_out"]].reset_index(drop=True)


def row_table(study: Study) -> pd.DataFrame:
    """Rows per table: read, used and set aside by reason where the store was ingested; else what it holds.

    Returns:
        table, read, used, set_aside, reasons; read = used + set_aside.
    """
    written = journal(study)
    if not written:
        held = dict(sorted(sizes_of(study.crm.tables).items()))
        return pd.DataFrame([{"table": name, "read": n, "used": n, "set_aside": 0, "reasons": ""} for name, n in held.items()])
    return pd.DataFrame([_row(entry) for entry in written["tables"]])


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    aside = entry["set_aside"]
    reasons = ", ".join(f"{reason}: {n:,}" for reason, n in aside.items())
    return {"table": entry["table"], "read": entry["read"], "used": entry["used"], "set_aside": sum(aside.values()), "reasons": reasons}


def journal(study: Study) -> dict[str, Any]:
    """What the ingest of the store wrote down; nothing where it was not ingested."""
    if is_address(study.crm.where):
        return {}
    path = locate(study.crm.where) / JOURNAL
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

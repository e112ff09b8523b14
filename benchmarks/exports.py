"""An export of any size as CSV, with the mapping that takes it in: what the ingest is measured on.

Leads and stage changes as two files of delimited text, with other names than ours, instants with a zone and stages under other words.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

MAPPING = """\
name = "a large export"

[tables.leads]
from = "contacts.csv"
columns = { lead_id = "Contact Id", created_at = "Create Date", source = "Lead Source", campaign_id = "Campaign", region = "Region" }

[tables.stage_events]
from = "changes.csv"
[tables.stage_events.columns]
lead_id = "Contact Id"
entered_at = "Changed At"
[tables.stage_events.columns.stage]
from = "New Value"
map = { "Marketing qualified" = "mql", "Accepted" = "sal", "Customer" = "won", "Closed lost" = "lost" }
"""

_CONTACTS = """
COPY (SELECT 'C' || lpad(i::VARCHAR, 9, '0') AS "Contact Id",
    strftime(TIMESTAMP '2023-01-01' + to_seconds((i * 7919) % 100000000), '%Y-%m-%dT%H:%M:%SZ') AS "Create Date",
    ['Web', 'Paid search', 'Event', 'Partner', 'Referral'][1 + i % 5] AS "Lead Source",
    'Campaign ' || (i % 200) AS "Campaign", ['North', 'South', 'East', 'West'][1 + (i // 7) % 4] AS "Region", i % 97 AS "Employees"
    FROM range({leads}) AS numbers(i)) TO '{folder}/contacts.csv' (HEADER)
"""
_CHANGES = """
COPY (SELECT 'C' || lpad((i // 2)::VARCHAR, 9, '0') AS "Contact Id",
    CASE WHEN i % 2 = 0 THEN 'Marketing qualified' ELSE ['Accepted', 'Customer', 'Closed lost'][1 + (i // 2) % 3] END AS "New Value",
    strftime(TIMESTAMP '2023-01-01' + to_seconds(((i // 2) * 7919) % 100000000 + 86400 * (1 + i % 2) + i % 1000), '%Y-%m-%dT%H:%M:%SZ')
        AS "Changed At", 'rule ' || (i % 9) AS "Changed By"
    FROM range({changes}) AS numbers(i)) TO '{folder}/changes.csv' (HEADER)
"""


def write_export(folder: Path, *, leads: int) -> Path:
    """Write an export with twice as many stage changes as leads into a folder; the path of its mapping, which lies beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as engine:
        engine.execute(_CONTACTS.format(leads=leads, folder=folder))
        engine.execute(_CHANGES.format(changes=2 * leads, folder=folder))
    mapping = folder.parent / f"{folder.name}.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return mapping

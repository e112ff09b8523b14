"""A quarter published before, from other data or by other code: what the new report restates, by how much, by which records.

What the earlier report said stands in its `kpis.json`; which records did it can be told while the store keeps the snapshot that it was
made from. Their ids go into `restated.json`, for the team; pages and tables name numbers only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError
from alignment_toolkit.report.extract import csv_text
from alignment_toolkit.report.manifest import Manifest
from alignment_toolkit.report.publish import current
from alignment_toolkit.restated.figures import restated_figures
from alignment_toolkit.tables import Payload, table_payload

RESTATED = "restated"
Rows = list[dict[str, Any]]
_SHOWN = 5


@dataclass(frozen=True)
class Earlier:
    """The published report of a quarter that a run is about to replace.

    Attributes:
        since: Its day of publication, data digest, snapshot and version of the code.
        because: `data`, `code` or both: what is not the same now.
        figures: Rows of its `kpis.json`.
        tables: Rows of each table: before, after, new, changed, gone, same; None: its data are no longer there.
        records: The records responsible, by figure; None likewise.
        note: Why the records cannot be named; empty when they can.
    """

    since: dict[str, Any]
    because: tuple[str, ...]
    figures: Rows
    tables: Rows | None = None
    records: Rows | None = None
    note: str = ""


def earlier_report(out: Path, known: Manifest, *, store: Path | None, config: Path | None) -> Earlier | None:
    """The published report of the same question, when it was made from other data or by other code; None otherwise.

    Args:
        out: The reports folder.
        known: What is known of the run that is to come.
        store: The store; None behind an address.
        config: The configuration file given by the user.
    """
    was = current(out, known["quarter"])
    if was is None or _asked(was) != _asked(known):
        return None
    digests = [("data", was["data"]["digest"], known["data"]["digest"]), ("code", was["code"]["digest"], known["code"]["digest"])]
    because = tuple(name for name, before, now in digests if before != now or (name == "data" and now is None))
    figures = _kpis(out / known["quarter"])
    if not because or not figures:
        return None
    since = {
        "published": was["steps"][-1]["end"],
        "data": was["data"]["digest"],
        "snapshot": was["data"].get("snapshot"),
        "code": was["code"]["version"],
    }
    earlier = Earlier(since, because, figures)
    return _with_records(earlier, known, store, config) if "data" in because else earlier


def _with_records(earlier: Earlier, known: Manifest, store: Path | None, config: Path | None) -> Earlier:
    from alignment_toolkit.restated.diff import change_of, changes_frame, snapshot_known_as
    from alignment_toolkit.restated.pair import opened_pair, seen_as
    from alignment_toolkit.schema import TABLES

    gone = "the data that it was made from are no longer kept, so the records cannot be named"
    names = [name for name in (earlier.since["snapshot"], earlier.since["data"]) if name]
    place = snapshot_known_as(store, names) if store is not None and store.is_dir() else None
    now = snapshot_known_as(store, [known["data"].get("snapshot") or ""]) if place and store else None
    if store is None or place is None or now is None:
        return Earlier(earlier.since, earlier.because, earlier.figures, note=gone)
    asked = {"quarter": known["quarter"], "as_of": known["as_of"], "cohort": known["cohort"], "config": str(config or "")}
    try:
        with seen_as(store, place) as one, seen_as(store, now) as other:
            records = opened_pair(one, other, **asked).responsible([row["kpi"] for row in earlier.figures])
    except AlignmentError as error:
        return Earlier(earlier.since, earlier.because, earlier.figures, note=f"{gone}: {error}")
    tables = changes_frame([change for name in TABLES if (change := change_of(name, place, now)) is not None])
    return Earlier(earlier.since, earlier.because, earlier.figures, _rows(tables), _rows(records))


def restatement(earlier: Earlier, kpis: Payload) -> dict[str, Any]:
    """What a new report restates, as JSON values.

    Args:
        earlier: The report that it replaces.
        kpis: The headline figures as the new one shows them.

    Returns:
        since, because, figures (see `restated_figures`), tables, records (of the restated figures alone), note.
    """
    now = [dict(zip(kpis["columns"], row, strict=True)) for row in kpis["rows"]]
    figures = _rows(restated_figures(earlier.figures, now))
    moved = {row["kpi"] for row in figures}
    records = None if earlier.records is None else [row for row in earlier.records if row["kpi"] in moved]
    return {
        "since": earlier.since,
        "because": list(earlier.because),
        "figures": figures,
        "tables": earlier.tables,
        "records": records,
        "note": earlier.note,
    }


def without_ids(told: Mapping[str, Any]) -> dict[str, Any]:
    """A restatement for the manifest and for pages: numbers of records, no ids."""
    records = told["records"]
    bare = None if records is None else [{name: value for name, value in row.items() if name != "ids"} for row in records]
    return {**told, "records": bare}


def write_restatement(told: Mapping[str, Any], *, into: Path) -> None:
    """Write `restated.json` (with ids, for the team) and `tables/restated.csv`."""
    mark = {"for": "the team: it names records, it is no page for leaders"}
    text = json.dumps({**mark, **told}, ensure_ascii=False, indent=1, allow_nan=False)
    (into / f"{RESTATED}.json").write_text(text + "\n", encoding="utf-8")
    (into / "tables").mkdir(exist_ok=True)
    (into / "tables" / f"{RESTATED}.csv").write_text(csv_text(figures_payload(told)), encoding="utf-8", newline="")


def figures_payload(told: Mapping[str, Any], *, whole_only: bool = False) -> Payload:
    """The restated figures as a table: kpi, slice, segment, unit, before, after, difference."""
    rows = [row for row in told["figures"] if row["slice"] == "all" or not whole_only]
    columns = ["kpi", "slice", "segment", "unit", "before", "after", "difference"]
    caption = f"Figures that are not what the report of {told['since']['published'][:10]} said"
    return {"name": RESTATED, "caption": caption, "columns": columns, "rows": [[row[name] for name in columns] for row in rows]}


def headline(told: Mapping[str, Any]) -> str:
    """In one sentence how much is restated, and since when."""
    n, because = len(told["figures"]), " and ".join({"data": "the data", "code": "the toolkit"}[name] for name in told["because"])
    what = f"{n:,} figures are" if n != 1 else "1 figure is"
    changed = f"{because} changed since the report of {told['since']['published'][:10]}"
    return f"{what} restated: {changed}" if n else f"no figure is restated, though {changed}"


def sentences(told: Mapping[str, Any], *, with_ids: bool) -> list[str]:
    """One sentence per restated figure of the whole, with the records responsible, then why they cannot be named."""
    lines = [_sentence(row, told["records"], with_ids) for row in told["figures"] if row["slice"] == "all"]
    return [*lines, *([told["note"]] if told["note"] else [])]


def _sentence(row: Mapping[str, Any], records: Rows | None, with_ids: bool) -> str:
    from alignment_toolkit.glossary import label
    from alignment_toolkit.report.pieces import with_unit

    before, after = (with_unit(row[name], column="value", unit=row["unit"]) for name in ("before", "after"))
    behind = [_behind(record, with_ids) for record in records or () if record["kpi"] == row["kpi"]]
    why = f" (by {' and '.join(behind)})" if behind else " (no record that it reads changed)" if records is not None else ""
    return f"{label(row['kpi'])}: {before} before, {after} now{why}"


def _behind(record: Mapping[str, Any], with_ids: bool) -> str:
    n = record["n"]
    parts = ", ".join(f"{record[name]:,} {name}" for name in ("new", "changed", "gone") if record[name])
    words = f"{n:,} {record['record']}{'s' if n != 1 else ''}: {parts}"
    if not with_ids:
        return words
    named = record["ids"].removesuffix(" …").split(", ")
    return f"{words}: {', '.join(named[:_SHOWN])}{' …' if n > _SHOWN else ''}"


def _asked(manifest: Manifest) -> tuple[Any, ...]:
    parameters = {name: value for name, value in manifest["parameters"].items() if name not in {"data", "config"}}
    return manifest["as_of"], manifest["cohort"], parameters


def _kpis(folder: Path) -> Rows:
    try:
        rows = json.loads((folder / "kpis.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return rows if isinstance(rows, list) else []


def _rows(frame: Any) -> Rows:
    payload = table_payload(frame, name=RESTATED)
    return [dict(zip(payload["columns"], row, strict=True)) for row in payload["rows"]]


def kpis_shown(payloads: Iterable[Payload]) -> Payload | None:
    """The headline figures among the tables of a notebook or report."""
    from alignment_toolkit.display import KPIS

    return next((payload for payload in payloads if payload["name"] == KPIS), None)

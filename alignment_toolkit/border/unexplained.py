"""Labels of a source that decide something and that nothing explains: refused together, with the lines of a mapping that explain them."""

from __future__ import annotations

import json
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.layers import Layers
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.errors import nearest
from alignment_toolkit.mapping import LabelRule, Mapping, shipped_names

_LISTED = 50


def unexplained(bench: Workbench, layers: Layers, table: str) -> list[Fault]:
    """One fault for each section of `[words]` in which labels of a canonical table are missing.

    Args:
        bench: The mapping with its source.
        layers: Its inputs, words and views.
        table: The canonical table.
    """
    faults = []
    for words, rule in bench.mapping.tables[table].labels.items():
        place = f"tables.{table}.labels.{words}"
        labels = layers.select(rule.sql, name=f"labels {bench.number} {table} {words}", place=place)
        counts = labels.group_by("label").aggregate(n=labels.count())
        found = bench.backend.to_pyarrow(counts.order_by(counts.n.desc(), counts.label)).to_pylist()
        if found:
            faults.append(_fault(bench.mapping, table, words, rule, found))
    return faults


def _fault(mapping: Mapping, table: str, words: str, rule: LabelRule, found: list[dict[str, Any]]) -> Fault:
    more = f" and {len(found) - _LISTED:,} more" if len(found) > _LISTED else ""
    listed = ", ".join(f"{row['label']!r} ({row['n']:,} row{'s' if row['n'] != 1 else ''})" for row in found[:_LISTED])
    what = f"cannot classify these {rule.what}: {listed}{more}"
    return Fault(f"{table} ({mapping.name})", what, rule.rule, _way_out(mapping, words, rule, [row["label"] for row in found]))


def _way_out(mapping: Mapping, words: str, rule: LabelRule, labels: list[str]) -> str:
    """The lines to add to a mapping, each with the meanings to choose from and the nearest known label."""
    known = [label for label, word in mapping.words.get(words, {}).items() if label]
    hints = dict.fromkeys(hint for label in labels if (hint := nearest(label, known)).startswith("Did"))
    meanings = mapping.settings.stage_names if rule.meanings == "stages" else rule.meanings
    choices = " | ".join(meanings or dict.fromkeys(str(word) for word in mapping.words.get(words, {}).values() if word))
    is_shipped = mapping.name in shipped_names()
    head = [f'extends = "{mapping.name}"'] if is_shipped else []
    lines = [*head, f"[words.{words}]", *(f"{json.dumps(label, ensure_ascii=False)} = {json.dumps(choices)}" for label in labels[:_LISTED])]
    lines.append("# Then ingest again.")
    where = "a file of your own, given with --mapping" if is_shipped else mapping.name
    none = '; "" is no change of stage' if rule.meanings == "stages" else ""
    return " ".join([*hints, f"Put these lines into {where}, and keep one word of each{none}:"]) + "".join(
        f"\n      {line}" for line in lines
    )

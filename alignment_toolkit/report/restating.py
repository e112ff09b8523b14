"""The section of the leader's page that says what it restates: figures and numbers of records, no ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alignment_toolkit.report.outputs import Shown
from alignment_toolkit.report.pieces import Piece
from alignment_toolkit.report.restate import Earlier, figures_payload, headline, kpis_shown, restatement, sentences, without_ids
from alignment_toolkit.tables import table_html
from alignment_toolkit.visible import legible


def restated_section(known: Mapping[str, Any] | None, shown: Iterable[Shown]) -> dict[str, Any] | None:
    """What the page of the headline figures says about an earlier report; None on other pages, or where no figure is another.

    Args:
        known: The report that this one replaces, an `Earlier` as the JSON values that workers are sent.
        shown: Everything that the page's notebook has shown.
    """
    kpis = kpis_shown(item.payload for item in shown if item.kind == "table") if known else None
    if known is None or kpis is None:
        return None
    told = without_ids(restatement(Earlier(**known), kpis))
    if not told["figures"]:
        return None
    payload = figures_payload(told, whole_only=True)
    left_out = len(told["figures"]) - len(payload["rows"])
    table = Piece("table", payload["name"], payload["caption"], table=table_html(payload), rows=len(told["figures"]), left_out=left_out)
    lead, *rest = [legible(f"{sentence[:1].upper()}{sentence[1:]}.") for sentence in (headline(told), *sentences(told, with_ids=False))]
    return {"lead": lead, "lines": rest, "table": table}

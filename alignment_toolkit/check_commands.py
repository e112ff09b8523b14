"""The two sides of `alignment check`: what is wrong with the data, and whether a run would succeed here and now."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from alignment_toolkit.stopping import warn

if TYPE_CHECKING:
    from alignment_toolkit.readiness import Place


def check_data(data: str, *, config: str, form: str) -> None:
    """Print the faults of a store that are not fatal; for people also its tables and snapshots."""
    from alignment_toolkit.faults import check_store
    from alignment_toolkit.printing import in_form
    from alignment_toolkit.snapshots.listing import snapshots_of

    found = check_store(data, config=config or None)
    for note in found.notes:
        warn(note)
    if form == "table":
        sys.stdout.write(in_form(found.rows, form))
    sys.stdout.write(in_form(found.faults, form))
    if form == "table" and len(listed := snapshots_of(data)):
        sys.stdout.write(in_form(listed, form))


def check_environment(place: Place, *, now: datetime, form: str) -> None:
    """Print one verdict per check; raises what the failed ones mean."""
    from alignment_toolkit.printing import in_form
    from alignment_toolkit.readiness import findings_table, looked_at, refuse_failed

    findings = looked_at(place, now=now, environment=os.environ)
    if form == "table":
        for finding in findings:
            sys.stdout.write(
                f"{finding.check:<9} {finding.verdict:<12}{finding.sentence}.{f' {finding.way_out}.' if finding.way_out else ''}\n"
            )
    else:
        sys.stdout.write(in_form(findings_table(findings), form))
    refuse_failed(findings)

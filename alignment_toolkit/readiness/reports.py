"""Is the last full quarter published, and how did the last runs end?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alignment_toolkit.periods import last_full_quarter
from alignment_toolkit.readiness.findings import OK, WARNING, Finding
from alignment_toolkit.report.attempts import attempts
from alignment_toolkit.report.publish import current
from alignment_toolkit.store import Crm, last_event_day


def report_findings(out: Path, crm: Crm | None) -> Iterator[Finding]:
    """Whether the report of the last full quarter is there and whole, and which runs left none.

    Args:
        out: The reports folder.
        crm: The records; None: they cannot be opened, and it is not known which quarter is the last one.
    """
    for attempt in attempts(out):
        yield Finding("reports", WARNING, str(attempt), "The log of that run says more; run it again")
    if crm is None:
        return
    quarter = last_full_quarter(last_event_day(crm), crm.config.time_zone, start_month=crm.config.fiscal_year_start_month).label
    if manifest := current(out, quarter):
        yield Finding("reports", OK, f"{quarter}, the last full quarter, is published as of {manifest['as_of'][:10]}")
    else:
        yield Finding("reports", WARNING, f"{quarter}, the last full quarter, is not published", "alignment report publishes it")

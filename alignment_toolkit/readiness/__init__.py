"""Would a report run here and now? Data, source, packages and room are looked at, so that a quarterly job cannot rot unseen."""

from alignment_toolkit.readiness.findings import Finding, findings_table, refuse_failed
from alignment_toolkit.readiness.look import MAX_AGE, Place, looked_at

__all__ = ["MAX_AGE", "Finding", "Place", "findings_table", "looked_at", "refuse_failed"]

"""From notebooks to a published, proved report: run, preflight, reproduce, render, check, publish.

Importing this package is light; papermill, nbconvert and nbval are imported in the processes that use them.
"""

from __future__ import annotations

from alignment_toolkit.report.every import QuarterRun, run_every
from alignment_toolkit.report.run import RunResult, run_report
from alignment_toolkit.report.validate import Validation, validate_report

__all__ = ["QuarterRun", "RunResult", "Validation", "run_every", "run_report", "validate_report"]

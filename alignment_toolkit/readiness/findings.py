"""What a look at the environment has found: one verdict and one sentence per check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from alignment_toolkit import errors
from alignment_toolkit.errors import AlignmentError

if TYPE_CHECKING:
    import pandas as pd

OK, WARNING, FAILED, UNKNOWN = "ok", "warning", "failed", "not checked"


@dataclass(frozen=True)
class Finding:
    """What one check has found.

    Attributes:
        check: data, source, packages, room, reports or messages.
        verdict: `ok`, `warning` (a report would run), `failed` (it would not, or not as it should), `not checked`.
        sentence: What was found.
        way_out: What can be done about it; empty where nothing need be.
        exit_code: What a run would leave with; 0 unless it failed.
    """

    check: str
    verdict: str
    sentence: str
    way_out: str = ""
    exit_code: int = 0


def failed(check: str, error: AlignmentError) -> Finding:
    """An error as a finding; of several faults the number."""
    what = AlignmentError(error.what, value=error.value, rule=error.rule).sentence()
    return Finding(check, FAILED, what.removesuffix("."), (error.way_out or "").removesuffix("."), error.exit_code)


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings as a frame: check, verdict, sentence, way_out, exit_code."""
    import pandas as pd

    return pd.DataFrame([asdict(finding) for finding in findings])


def refuse_failed(findings: Sequence[Finding]) -> None:
    """Raise what the failed checks mean; nothing when there are none.

    Raises:
        AlignmentError: Of the class whose exit code the first failed check has.
    """
    bad = [finding for finding in findings if finding.verdict == FAILED]
    if not bad:
        return
    kinds = {kind.exit_code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AlignmentError)}
    names = ", ".join(dict.fromkeys(finding.check for finding in bad))
    raise kinds.get(bad[0].exit_code, AlignmentError)(f"{len(bad)} of {len(findings)} checks failed", value=names)

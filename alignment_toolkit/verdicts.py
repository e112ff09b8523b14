"""Whether sales' verdicts are on record at all: where no acceptance is ever written down, "0 % accepted" would be a false statement."""

from __future__ import annotations

from alignment_toolkit.counts import counted
from alignment_toolkit.study import Study

NO_FEEDBACK = "no feedback table"
NONE_ACCEPTED = "no lead is on record as accepted"


def no_acceptance(study: Study) -> str | None:
    """Why it cannot be told what share sales accepts, None where it can.

    Many systems have a status for leads that sales turns down and none for those that it takes. One acceptance on record before the as-of,
    in whatever quarter, says that acceptances are recorded.

    Args:
        study: Data and as-of.
    """
    if not study.crm.has("feedback"):
        return NO_FEEDBACK
    given = counted("verdicts_given", study)
    return None if (given["verdict"] == "accepted").any() else NONE_ACCEPTED

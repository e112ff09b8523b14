"""The headline figures of lead quality, each beside the quarter before."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.figures import with_previous
from alignment_toolkit.quality.conversion import acceptance, conversion, value_per_lead
from alignment_toolkit.quality.volume import bookings, lead_counts, naive_shares
from alignment_toolkit.study import Study

SLICES = ("all", "source", "persona", "cohort_quarter")
VALUE_HORIZON = 180


def quality_kpis(study: Study) -> pd.DataFrame:
    """Every headline figure of lead quality with `previous` from one quarter earlier.

    Returns:
        Figure frame of leads, conversion, acceptance, value per lead, bookings and the naive shares, by `SLICES`.
    """
    return with_previous(_figures(study), _figures(study.previous()))


def _figures(study: Study) -> pd.DataFrame:
    parts = []
    for by in SLICES:
        parts += [lead_counts(study, by=by), conversion(study, by=by)]
        parts += [acceptance(study, by=by), value_per_lead(study, by=by, horizon=VALUE_HORIZON)] if by != "cohort_quarter" else []
        parts += [bookings(study, by=by), bookings(study, by=by, to_date=True)] if by != "cohort_quarter" else []
        parts += [naive_shares(study, by=by)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)

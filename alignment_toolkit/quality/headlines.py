"""The headline figures of lead quality, each beside the quarter before."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.baseline import compared
from alignment_toolkit.figures import COLUMNS, figure, figures
from alignment_toolkit.quality.conversion import acceptance, conversion, value_per_lead
from alignment_toolkit.quality.slices import refused
from alignment_toolkit.quality.volume import bookings, lead_counts, naive_shares
from alignment_toolkit.study import Study

SLICES = ("all", "source", "persona", "cohort_quarter")
VALUE_HORIZON = 180


def quality_kpis(study: Study) -> pd.DataFrame:
    """Every headline figure of lead quality with `previous` from one quarter earlier.

    Returns:
        Figure frame of leads, conversion, acceptance, value per lead, bookings and the naive shares, by `SLICES`.
    """
    reasons = {by: refused(study, by) for by in SLICES}
    return compared(_figures(study, reasons), _figures(study.previous(), reasons), study)


def _figures(study: Study, reasons: dict[str, str | None]) -> pd.DataFrame:
    parts = [part for by in SLICES for part in _slice(study, by, reasons[by]) if len(part)]
    filled = [part.dropna(axis=1, how="all") for part in parts]
    return pd.concat(filled, ignore_index=True).reindex(columns=list(COLUMNS))


def _slice(study: Study, by: str, reason: str | None) -> list[pd.DataFrame]:
    volumes = [lead_counts(study, by=by)]
    if by != "cohort_quarter":  # a closing quarter is not the cohort of its leads
        volumes += [bookings(study, by=by), bookings(study, by=by, to_date=True)]
    if reason:
        return [*volumes, _refusal(study, by, reason)]
    shares = [conversion(study, by=by), naive_shares(study, by=by)]
    if by != "cohort_quarter":
        shares += [acceptance(study, by=by), value_per_lead(study, by=by, horizon=VALUE_HORIZON)]
    return volumes + shares


def _refusal(study: Study, by: str, reason: str) -> pd.DataFrame:
    """One null row per share that is not given by this slice, with the reason."""
    conversions = [f"conversion_{days}d" for days in study.config.horizons_days]
    names = [*conversions, "acceptance_rate", "won_share_to_date", "win_rate_closed_naive", "win_rate_created_naive"]
    return figures(figure(name, value=None, unit="share", slice_=by, reason=f"{by}: {reason}") for name in names)

"""The headline figures of attribution, each beside the quarter before."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.attribution.credits import MODELS, Credits, credit_shares
from alignment_toolkit.attribution.models import cents_of, share_limits, why_null
from alignment_toolkit.attribution.names import campaign_names
from alignment_toolkit.attribution.origins import origins
from alignment_toolkit.baseline import compared
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import ALL, figure, figures
from alignment_toolkit.study import Study

KPIS = ("attributed_bookings", *(f"attributed_bookings.{model}" for model in MODELS), "sourced_bookings", "influenced_bookings")
SLICES = {"channel": "channel", "campaign": "campaign_id"}
NEEDS = ("touches", "deals")


def attribution_kpis(study: Study) -> pd.DataFrame:
    """Attributed, sourced and influenced bookings with `previous` from one quarter earlier.

    Args:
        study: Quarter and as-of.

    Returns:
        Figure frame: `attributed_bookings` by the configured model and `attributed_bookings.<model>` by each, as a whole (the bookings) and
        by channel and campaign, which add up to it; the limits are those of the segment's share of these bookings; n: deals won with a
        touch of the segment. `sourced_bookings` and `influenced_bookings` as a whole. One null row per figure where touches
        or deals are missing.
    """
    return compared(_figures(study, intervals=True), _figures(study.previous(), intervals=False), study)


def _figures(study: Study, *, intervals: bool) -> pd.DataFrame:
    if reason := not_on_record(study, *NEEDS):
        return figures(figure(kpi, value=None, unit=study.config.reporting_currency, reason=reason) for kpi in KPIS)
    parts = {slice_: credit_shares(study, of=of, intervals=intervals) for slice_, of in SLICES.items()}
    names = {"channel": {}, "campaign": campaign_names(study)}
    rows = [_whole(study, parts["channel"], kpi) for kpi in KPIS[: len(MODELS) + 1]]
    rows += [row for slice_, found in parts.items() for row in _segments(study, found, slice_=slice_, names=names[slice_])]
    told = {row["part"]: row for row in origins(study).to_dict("records")}
    for kpi, part in (("sourced_bookings", "sourced by marketing"), ("influenced_bookings", "influenced by marketing")):
        counts = {"n": told["bookings"]["deals"], "events": told[part]["deals"]}
        rows.append(figure(kpi, value=told[part]["bookings"], unit=study.config.reporting_currency, **counts))
    return figures(rows)


def _whole(study: Study, found: Credits, kpi: str) -> dict[str, object]:
    return figure(kpi, value=found.cents / 100, unit=study.config.reporting_currency, n=found.deals, segment=ALL)


def _segments(study: Study, found: Credits, *, slice_: str, names: dict[str, str]) -> list[dict[str, object]]:
    limits = share_limits(found)
    bookings = found.cents / 100
    rows = []
    for place, model in enumerate(MODELS):
        cents = cents_of(found, place)
        for at, label in enumerate(found.labels):
            value = cents[at] / 100
            edges = {"lower": limits.lower[place, at] * bookings, "upper": limits.upper[place, at] * bookings}
            told = figure(
                f"attributed_bookings.{model}",
                value=value,
                unit=study.config.reporting_currency,
                slice_=slice_,
                segment=names.get(label, label),
                n=found.touched[at],
                reason=why_null(found),
                **edges,
            )
            rows += [told | {"kpi": "attributed_bookings"}, told] if model == study.config.attribution_model else [told]
    return sorted(rows, key=lambda row: row["kpi"])

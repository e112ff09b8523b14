"""Every headline figure of a quarter in one tidy frame: what `alignment kpis` prints and the summary notebook publishes."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.churn.revenue import RETENTIONS
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.figures import COLUMNS, NUMBERS, OTHER
from alignment_toolkit.glossary import with_owners
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised


def kpis(study: Study) -> pd.DataFrame:
    """The headline figures of quality, velocity, churn, attribution, handoff, the gaps between the teams and what changed.

    Args:
        study: What to look at.

    They are published, so they are told as to leaders: groups of fewer than `min_cell` leads are counted as "(other)".

    Returns:
        Figure frame (columns of `kpis.json`, documented in docs/kpis.md), `previous` from the quarter before, `target` and `owner` where
        there are any. Sections whose table is missing have one null row per figure with the reason. Where they were worked out ahead
        (`alignment prepare`), they are read.
    """
    prepared = study.crm.prepared
    return _kpis(study) if prepared is None else prepared.frame(_key(study), lambda: _kpis(study))


def is_worth_preparing(study: Study) -> bool:
    """Whether the figures have to be counted from a store so large that counting them ahead (`alignment prepare`) saves a long wait."""
    prepared = study.crm.prepared
    return prepared is not None and prepared.is_large and not prepared.holds(_key(study))


def _key(study: Study) -> tuple[object, ...]:
    return "kpis", study.question


def _kpis(study: Study) -> pd.DataFrame:
    from alignment_toolkit.alignment import gap_kpis
    from alignment_toolkit.attribution import attribution_kpis
    from alignment_toolkit.churn import churn_kpis
    from alignment_toolkit.drivers import driver_kpis, target_kpis
    from alignment_toolkit.handoff import handoff_kpis
    from alignment_toolkit.quality import quality_kpis
    from alignment_toolkit.velocity import velocity_kpis

    told = study.for_leaders()
    parts = [
        quality_kpis(told),
        velocity_kpis(told),
        churn_kpis(told),
        attribution_kpis(told),
        handoff_kpis(told),
        gap_kpis(told),
        driver_kpis(told),
    ]
    filled = [part.dropna(axis=1, how="all") for part in parts if len(part)]
    whole = pd.concat(filled, ignore_index=True).reindex(columns=list(COLUMNS))
    owned = with_targets(with_owners(withheld(whole, told), agreed=told.config.glossary), told)
    attained = target_kpis(told, owned).dropna(axis=1, how="all")
    valued = with_late_rates(owned, told)  # a target is judged all the same
    return pd.concat([valued, attained], ignore_index=True).reindex(columns=list(COLUMNS)).astype(dict.fromkeys(NUMBERS, "float64"))


def withheld(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The figures without those of an "(other)" that is itself a group of fewer than `min_cell` leads; the reason says so."""
    from alignment_toolkit.counts.small import small_groups

    other = frame["segment"] == OTHER
    few = [by for by in frame.loc[other, "slice"].unique() if sum(small_groups(study, by).values()) < study.config.min_cell]
    hidden = other & frame["slice"].isin(few)
    kept = frame.assign(reason=frame["reason"].mask(hidden, f"fewer than {study.config.min_cell} leads in all"))
    return kept.assign(**{name: kept[name].mask(hidden) for name in NUMBERS})


def with_late_rates(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The figures; those of money in a currency that has no rate before `as_of` say that its first one is used."""
    late = counted("late_rates", study)
    late = late[late["is_headline"]]
    is_money = frame["unit"].fillna("").str.startswith(study.config.reporting_currency)
    reasons = frame["reason"].astype(object)
    for tables, touched in ((("deals", "campaign_costs"), is_money), (("subscriptions",), frame["kpi"].isin(RETENTIONS))):
        mine = late[late["table"].isin(tables)].drop_duplicates("currency")
        if len(mine):
            told = "; ".join(f"{row.currency} has no rate before {row.first_on}, which is used" for row in mine.itertuples())
            also = reasons.where(reasons.isna(), reasons.astype(str) + "; ").fillna("") + told
            reasons = reasons.mask(touched & frame["value"].notna(), also)
    return frame.assign(reason=reasons)


def with_targets(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The figures with the target promised for the report quarter, where exactly one team promised it for the whole."""
    if not study.crm.has("targets"):
        return frame
    told = promised(study.crm)
    single = told[told["quarter"] == study.quarter.label].set_index("kpi")["target"]
    whole = frame["slice"] == "all"
    return frame.assign(target=frame["kpi"].map(single).where(whole).fillna(frame["target"].astype(float)))

"""Faults of the stage history: skips, back-moves, back-filled stamps, events before creation, reversed wins.

Unit: one lead's history. Each function takes the table `stage_events` (and the latent history where the new instants
come from) and returns a changed copy; `break_stages` applies them all.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.faults import Chosen, next_after_sql
from alignment_toolkit.samples.outcomes import Outcomes
from alignment_toolkit.samples.population import generator
from alignment_toolkit.samples.stages import Visits


def _of(events: pd.DataFrame, *, ids: np.ndarray, stages: tuple[str, ...]) -> pd.Series:
    """Which events belong to these leads and stages."""
    return events["stage"].isin(stages) & events["lead_id"].isin(ids)


def _added(ids: np.ndarray, *, stage: str, at: np.ndarray, reason: str | None = None) -> pd.DataFrame:
    return pd.DataFrame({"lead_id": ids, "stage": stage, "entered_at": span.timestamps(at), "reason": reason, "is_backfilled": False})


def _skip(events: pd.DataFrame, *, ids: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Remove one of MQL, SAL and SQL of each lead."""
    stage = pd.Series(np.array(company.STAGES, dtype=object)[rng.integers(1, 4, len(ids))], index=ids)
    return events[events["lead_id"].map(stage).ne(events["stage"])]


def _move_back(events: pd.DataFrame, *, ids: np.ndarray, start: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    """From SQL back to MQL, and to SQL again, before anything else happens."""
    third = (end - start) // 3
    return pd.concat([events, _added(ids, stage="mql", at=start + third), _added(ids, stage="sql", at=start + 2 * third)])


def _backfill(events: pd.DataFrame, *, ids: np.ndarray, sql: np.ndarray) -> pd.DataFrame:
    """Give SAL the instant of SQL; every other one says so in `is_backfilled`."""
    at = pd.Series(span.timestamps(sql).to_numpy(), index=ids)
    mine = _of(events, ids=ids, stages=("sal",))
    said = events["lead_id"].isin(ids[::2]) & mine
    stamps = events["entered_at"].where(~mine, events["lead_id"].map(at))
    return events.assign(entered_at=stamps, is_backfilled=events["is_backfilled"] | said)


def _before_creation(events: pd.DataFrame, *, ids: np.ndarray, stage: str, rng: np.random.Generator) -> pd.DataFrame:
    """Move one event of each lead to one to ten days before its creation."""
    mine = _of(events, ids=ids, stages=(stage,))
    created = events[_of(events, ids=ids, stages=("lead",))].groupby("lead_id")["entered_at"].min()
    earlier = pd.Series(pd.to_timedelta(rng.integers(86_400, 864_000, len(ids)), unit="s").as_unit("us"), index=ids)
    stamps = events["lead_id"].map(created - earlier)
    return events.assign(entered_at=events["entered_at"].where(~mine, stamps).astype("datetime64[us]"))


def _merged(events: pd.DataFrame, *, lost: np.ndarray, at: np.ndarray) -> pd.DataFrame:
    """The records merged away keep the event of their own creation."""
    return pd.concat([events, _added(lost, stage="lead", at=at)])


def orphan_ids(*, size: int) -> np.ndarray:
    """Ids of leads that do not exist."""
    return np.array([f"X{number:07d}" for number in range(1, size + 1)], dtype=object)


def _orphans(events: pd.DataFrame, *, size: int, rng: np.random.Generator) -> pd.DataFrame:
    at = rng.integers(span.START, span.END - 30 * company.DAY, size)
    ids = orphan_ids(size=size)
    return pd.concat([events, _added(ids, stage="lead", at=at), _added(ids, stage="mql", at=at + 7_200)])


def break_stages(
    events: pd.DataFrame,
    *,
    chosen: Chosen,
    outcomes: Outcomes,
    visits: Visits,
    ids: np.ndarray,
    lost_at: np.ndarray,
    lost_ids: np.ndarray,
    orphans: int,
    seed: int,
) -> pd.DataFrame:
    """All faults of the stage history, on a copy sorted by lead and instant.

    Args:
        events: a clean `stage_events`.
        chosen: who gets which fault.
        outcomes: their latent ends.
        visits: their latent stage entries.
        ids: lead ids by position.
        lost_at: creation in seconds of the records merged away.
        lost_ids: their ids.
        orphans: number of leads that have events and no row.
        seed: seed of every stream.
    """
    rng, back = generator(seed, part=20), chosen.moved_back
    early, gone = ids[chosen.before_creation], ids[chosen.lost_before_creation]
    events = _skip(events, ids=ids[chosen.skipped], rng=rng)
    events = _move_back(events, ids=ids[back], start=visits.first[back, 3], end=next_after_sql(visits, outcomes=outcomes)[back])
    events = _backfill(events, ids=ids[chosen.backfilled], sql=visits.first[chosen.backfilled, 3])
    events = _before_creation(events, ids=early, stage="lead", rng=rng)
    events = _before_creation(events, ids=gone, stage="lost", rng=rng)
    events = events[~_of(events, ids=gone, stages=("lead",))]
    events = events[~_of(events, ids=ids[chosen.deal_won_lead_open], stages=("won",))]
    cancelled = outcomes.first_end[chosen.reversed_win] + 20 * company.DAY
    events = pd.concat([events, _added(ids[chosen.reversed_win], stage="lost", at=cancelled, reason="Cancelled order")])
    events = _orphans(_merged(events, lost=lost_ids, at=lost_at), size=orphans, rng=rng)
    rank = events["stage"].map({stage: place for place, stage in enumerate(company.STAGES)})
    return events.assign(rank=rank).sort_values(["lead_id", "entered_at", "rank"], ignore_index=True).drop(columns="rank")

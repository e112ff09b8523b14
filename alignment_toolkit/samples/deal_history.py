"""The table `deal_events`: how each deal came to be what `deals` shows.

Unit: one change to one deal; a column is null where the event did not change it. Replaying the events of a deal in
order gives its row in `deals`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples import span
from alignment_toolkit.samples.sales import DealPaths, Pipeline

_NO_DAY = np.iinfo(np.int64).min


def _rows(
    at: np.ndarray,
    *,
    ids: np.ndarray,
    stage: np.ndarray | str | None = None,
    outcome: np.ndarray | str | None = None,
    amount: np.ndarray | float = np.nan,
    close: np.ndarray | int = _NO_DAY,
    order: int,
) -> pd.DataFrame:
    """Events of one kind, those before the end of the data."""
    frame = pd.DataFrame(
        {"deal_id": ids, "seconds": at, "stage": stage, "amount": amount, "outcome": outcome, "close_day": close, "order": order}
    )
    return frame[frame["seconds"] < span.END]


def _ending(at: np.ndarray, *, won: np.ndarray, ids: np.ndarray, order: int) -> pd.DataFrame:
    label = np.where(won, "won", "lost").astype(object)
    day = span.local_days(np.minimum(at, span.END))
    return _rows(at, ids=ids, stage=label, outcome=label, close=day, order=order)


def deal_events_table(pipeline: Pipeline, *, paths: DealPaths, amount: np.ndarray, ids: np.ndarray) -> pd.DataFrame:
    """The canonical table `deal_events` of the new-business deals, by deal and instant.

    Args:
        pipeline: the latent deals.
        paths: their changes of amount and expected close.
        amount: last amounts in the deal's currency.
        ids: deal ids, row for row.
    """
    before = _rows(
        pipeline.created, ids=ids, stage="opportunity", outcome="open", amount=paths.first_amount, close=paths.first_close, order=0
    )
    kinds = [
        before,
        _rows(paths.changed, ids=ids, amount=amount, order=1),
        _rows(paths.pushed, ids=ids, close=paths.pushed_close, order=2),
        _ending(pipeline.first_end, won=pipeline.first_won, ids=ids, order=3),
        _rows(pipeline.reopened, ids=ids, stage="opportunity", outcome="open", close=paths.pushed_close, order=4),
        _ending(pipeline.second_end, won=pipeline.second_won, ids=ids, order=5),
    ]
    events = pd.concat(kinds, ignore_index=True).sort_values(["deal_id", "seconds", "order"], ignore_index=True)
    day = events["close_day"].to_numpy()
    close_on = span.dates(np.where(day == _NO_DAY, 0, day)).where(day != _NO_DAY)
    return pd.DataFrame(
        {
            "deal_id": events["deal_id"],
            "changed_at": span.timestamps(events["seconds"].to_numpy()),
            "stage": events["stage"],
            "amount": events["amount"],
            "outcome": events["outcome"],
            "close_on": close_on,
        }
    )

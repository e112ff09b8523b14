"""Concordance: how often the unit with the higher predicted hazard had its event first.

Question: does a model order units rightly? Unit: the pair of units of which it is known who went first. It says nothing about whether
predicted sizes are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from alignment_toolkit.stats.risk import Array


def concordance(time: Array, event: Array, score: Array, *, block: int = 2_000) -> float:
    """Share of comparable pairs in which the higher score had the event first, equal scores counting one half.

    A pair is comparable when the earlier time is an event; at equal times, when one is an event and the other is censored.

    Args:
        time: Times of shape (n,).
        event: 1 for an event, 0 for censored.
        score: Predicted log hazard, higher = sooner.
        block: Units handled at a time: memory grows with its square.

    Returns:
        In [0, 1]; null where no pair is comparable.

    Reference:
        Harrell, Califf, Pryor, Lee and Rosati 1982.
    """
    # Latest first; at equal times the censored first, then events by rising score: whoever stands before an event outlived it, save
    # for events at the very same time, whose pairs are counted apart and taken off again.
    order = np.lexsort((score, event, -time))
    time, died, score = time[order], event[order] > 0, score[order]
    good, pairs = np.sum([_block(died, score, *ends) for ends in _blocks(len(time), block)], axis=0) if len(time) else (0.0, 0.0)
    tied_good, tied_pairs = _tied_events(time[died], score[died])
    pairs -= tied_pairs
    return float((good - tied_good) / pairs) if pairs > 0 else float("nan")


def _blocks(n: int, block: int) -> Iterator[tuple[int, int]]:
    return pairwise([*range(0, n, block), n])


def _block(event: np.ndarray, score: Array, start: int, stop: int) -> tuple[float, float]:
    """Concordant and all pairs of the events of a block with everybody who stands before them."""
    died, own = event[start:stop], score[start:stop]
    earlier = np.sort(score[:start])
    below = np.searchsorted(earlier, own[died], side="left").sum()
    up_to = np.searchsorted(earlier, own[died], side="right").sum()
    before = np.tri(stop - start, k=-1, dtype=bool)[died]
    inside = (before & (own < own[died, None])).sum() + (before & (own == own[died, None])).sum() / 2
    return (below + up_to) / 2 + inside, start * died.sum() + before.sum()


def _tied_events(time: Array, score: Array) -> tuple[float, float]:
    """The pairs of events at the same time, as `_block` counted them: by rising score, so all concordant but equal scores."""
    same_time = _pairs_within(time[:, None])
    return same_time - _pairs_within(np.column_stack([time, score])) / 2, same_time


def _pairs_within(keys: np.ndarray) -> float:
    counts = np.unique(keys, axis=0, return_counts=True)[1] if len(keys) else np.zeros(1)
    return float((counts * (counts - 1) / 2).sum())

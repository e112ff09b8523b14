"""Rules that share a win among the touches before it, each a weight per touch that adds up to one over the win's touches.

Question: how much of a win does a rule give to this touch? Unit: the touch before a win. It does not answer what the touch caused: rules
are agreements, and `markov.py` is a model.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.stats.risk import Array

PARTS = 1_000_000  # a win is cut into so many parts where a weight is no fraction of small numbers
PLACES = ("only", "first", "middle", "last")


def touch_weights(touches: pd.DataFrame, *, rule: str) -> Array:
    """The weight that a rule gives to each kind of touch.

    Args:
        touches: One row per kind of touch, with `place` among the touches of its win (`PLACES`), `length` (touches of the win), and for
            "w" `anchors` (how many of the win's milestones fall to the touch), `held` (touches of the win that hold one) and `named`
            (milestones of the win that are known, the first touch is always one).
        rule: first, last, linear, u or w. Time decay depends on instants, so its weights are counted where the touches are.

    Returns:
        Weights in [0, 1] that add up to 1 over the touches of a win.

    Raises:
        UsageError: When the rule is unknown.

    Reference:
        U: 40 % each to the first and the last touch, 20 % among the others; 50 % each where there are two. W: 30 % to each milestone
        (first touch, handover, opportunity; the last touch by then holds it), 10 % among the others. Where a part of a rule has no touch
        to go to, the others share it in proportion.
    """
    if rule not in RULES:
        raise UsageError("the attribution rule is unknown", value=rule, way_out=nearest(rule, RULES))
    return RULES[rule](touches)


def _first(touches: pd.DataFrame) -> Array:
    return np.asarray(touches["place"].isin(["only", "first"]), dtype=float)


def _last(touches: pd.DataFrame) -> Array:
    return np.asarray(touches["place"].isin(["only", "last"]), dtype=float)


def _linear(touches: pd.DataFrame) -> Array:
    return 1 / touches["length"].to_numpy(dtype=float)


def _u(touches: pd.DataFrame) -> Array:
    length, place = touches["length"].to_numpy(dtype=float), touches["place"].to_numpy()
    end = np.where(length == 1, 1.0, np.where(length == 2, 0.5, 0.4))
    return np.where(place == "middle", 0.2 / np.maximum(length - 2, 1), end)


def _w(touches: pd.DataFrame) -> Array:
    anchors, held, named, length = (touches[name].to_numpy(dtype=float) for name in ("anchors", "held", "named", "length"))
    others = length - held
    whole = 3 * named + (others > 0)
    return np.where(anchors > 0, 3 * anchors, 1 / np.maximum(others, 1)) / whole


RULES: dict[str, Callable[[pd.DataFrame], Array]] = {"first": _first, "last": _last, "linear": _linear, "u": _u, "w": _w}


def to_whole(exact: ArrayLike, *, total: int) -> NDArray[np.int64]:
    """Credits as whole numbers (cents) that add up to the total: the largest remainders are rounded up, the first of equal ones.

    Args:
        exact: Shape (n,), adding up to the total but for rounding.
        total: What the whole numbers add up to.
    """
    given = np.asarray(exact, dtype=float)
    whole = np.floor(given + 1e-6).astype(np.int64)
    left = int(total - whole.sum())
    order = np.argsort(-(given - whole), kind="stable")
    if left < 0:  # several credits a hair under a whole number were taken for it
        order = order[::-1]
    step = np.zeros(len(given), dtype=np.int64)
    if len(given):
        np.add.at(step, order[np.arange(abs(left)) % len(given)], int(np.sign(left)))
    return whole + step

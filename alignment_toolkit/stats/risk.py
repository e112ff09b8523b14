"""Risk tables: how many units were at risk on each day of their age, and what became of them.

Question: of what is everything else in `stats` made? Unit: whatever the moves count (leads, visits to a stage, customers).
Denominator: the units under observation and in the open state on that day index. It answers nothing by itself.

The last axis of every array is the day index 0..K; axes before it are free (segments, jackknife buckets, simulated runs) and
everything in `stats` broadcasts over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_toolkit.errors import DataRefused, UsageError, nearest

Array = NDArray[np.float64]

MOVES = (
    "enter", "enter_lost", "event", "competing", "reopen", "event_from_lost", "censor", "censor_lost", "potential",
)  # fmt: skip
N_BUCKETS = 256


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Counts per day index, each of shape (..., K+1).

    Attributes:
        at_risk: Units in the open state and under observation on the day, re-entered and late ones included.
        events: Open to won on the day (the event of interest).
        competing: Open to lost on the day.
        reopened: Lost to open on the day; at risk from the next index on.
        events_from_lost: Lost to won within the day.
        lost_at_risk: Units in the lost state and under observation on the day.
        entered: Units that came under observation in the open state on the day (late entry: index > 0).
        censored: Units last observed on the day while open; at risk on it, gone after it.
        potential: Units by the last index at which they could be observed, resolved or not.
        amount: Sum of the amounts of `events`.
        amount_from_lost: Sum of the amounts of `events_from_lost`.
        amount_sq: Sum of the squared amounts of both.
    """

    at_risk: Array
    events: Array
    competing: Array
    reopened: Array
    events_from_lost: Array
    lost_at_risk: Array
    entered: Array
    censored: Array
    potential: Array
    amount: Array
    amount_from_lost: Array
    amount_sq: Array

    @property
    def days(self) -> NDArray[np.int64]:
        """The day indices 0..K."""
        return np.arange(self.at_risk.shape[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The leading axes."""
        return self.at_risk.shape[:-1]

    @cached_property
    def n(self) -> Array:
        """Units that ever came under observation in the open state; shape (...)."""
        return self.entered.sum(axis=-1)

    def cut(self, max_day: int) -> Self:
        """The same table, seen only up to an index: what is observed later is unknown, not censored earlier."""
        return self._each(lambda array: array[..., : max_day + 1])

    def matured(self, horizon: int) -> Array:
        """Units whose potential observation reaches the horizon, resolved or not; shape (...).

        Null where the table was cut below the horizon, since the answer is not in it.
        """
        count = self._entered_by(horizon) - self.potential[..., :horizon].sum(axis=-1)
        known = (horizon < self.at_risk.shape[-1]) | (count <= 0)
        return np.where(known, count, np.nan)

    def followed(self) -> Array:
        """Units followed at each age: entered at or before it, with a potential observation, whatever became of them, that reaches it."""
        return np.cumsum(self.entered, axis=-1) - (np.cumsum(self.potential, axis=-1) - self.potential)

    def smallest_followed(self, horizon: int) -> Array:
        """The fewest units followed at any age up to the horizon; null where the table was cut below it; shape (...)."""
        fewest = self.followed()[..., : horizon + 1].min(axis=-1)
        return fewest if horizon < self.at_risk.shape[-1] else np.minimum(fewest, self.matured(horizon))

    def late_entry_cap(self) -> Array:
        """Units followed from age 0 on, by each age at which others have entered late; infinite where none has. Shape (..., K+1).

        Late entrants carry a curve on at its later ages; how sure its first ages are is decided by those who were there.
        """
        by_now, from_birth = np.cumsum(self.entered, axis=-1), self.entered[..., :1]
        return np.where(by_now > from_birth, from_birth, np.inf)

    def matured_share(self, horizon: int) -> Array:
        """`matured` over all units that entered by the horizon; null where none did; shape (...)."""
        return ratio(self.matured(horizon), self._entered_by(horizon))

    def won_by(self, horizon: int) -> Array:
        """Events observed up to the horizon, from the open and the lost state; shape (...)."""
        return (self.events + self.events_from_lost)[..., : horizon + 1].sum(axis=-1)

    def total(self, axis: int = 0) -> Self:
        """The table of all units together: a sum over one leading axis (negative: counted from the last leading one)."""
        place = axis if axis >= 0 else axis - 1  # the last axis of the arrays is the day index, never summed here
        return self._each(lambda array: array.sum(axis=place))

    def __getitem__(self, where: object) -> Self:
        """The table at a place of the leading axes, such as one segment."""
        index = where if isinstance(where, tuple) else (where,)
        return self._each(lambda array: array[(*index, ..., slice(None))])

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Each array with its name."""
        return ((field.name, getattr(self, field.name)) for field in fields(self))

    def _entered_by(self, horizon: int) -> Array:
        return self.entered[..., : horizon + 1].sum(axis=-1)

    def _each(self, change: Callable[[Array], Array]) -> Self:
        return type(self)(**{name: change(array) for name, array in self.arrays()})


def ratio(numerator: Array, denominator: Array, *, empty: float = np.nan) -> Array:
    """Numerator / denominator, and `empty` (null by default) where the denominator is 0; never a warning."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    return np.divide(numerator, denominator, out=np.full(shape, empty), where=np.asarray(denominator) != 0)


def table_from_counts(counts: dict[str, Array], *, amounts: dict[str, Array] | None = None) -> RiskTable:
    """Build a risk table from the number of moves of each kind per day.

    Args:
        counts: Arrays of shape (..., K+1) by move (see `MOVES`); a move that is not there did not happen.
        amounts: Arrays by "event", "event_from_lost" (sums of amounts won) and "squares" (sum of their squares).
    """
    shape = np.broadcast_shapes(*(array.shape for array in counts.values()))
    nothing = np.broadcast_to(0.0, shape)  # takes no memory, which matters with segments x 256 buckets x days
    move = {name: np.asarray(counts.get(name, nothing), dtype=float) for name in MOVES}
    won = {name: (amounts or {}).get(name, nothing) for name in ("event", "event_from_lost", "squares")}
    return RiskTable(
        at_risk=_standing(move["enter"], move["reopen"] - move["event"] - move["competing"] - move["censor"]),
        events=move["event"],
        competing=move["competing"],
        reopened=move["reopen"],
        events_from_lost=move["event_from_lost"],
        lost_at_risk=_standing(move["enter_lost"], move["competing"] - move["reopen"] - move["event_from_lost"] - move["censor_lost"]),
        entered=move["enter"],
        censored=move["censor"],
        potential=move["potential"],
        amount=won["event"],
        amount_from_lost=won["event_from_lost"],
        amount_sq=won["squares"],
    )


def risk_table(moves: pd.DataFrame, *, max_day: int | None = None, segments: Sequence[str] | None = None) -> tuple[list[str], RiskTable]:
    """Make the risk table of each segment from moves counted in the engine.

    Args:
        moves: Columns segment, day, move, n and, where money is asked for, amount and amount_sq (null amounts add nothing).
        max_day: Last day index K of the table; by default the largest day that occurs.
        segments: The segments in the wanted order, others are left out; by default those that occur, sorted.

    Returns:
        The labels of the leading axis and a table of shape (segments, K+1).

    Raises:
        DataRefused: Unknown moves, a negative day, or more moves out of a state than units in it.
    """
    labels = _labels(moves, segments)
    return labels, _tabulate(moves, labels, max_day=max_day, with_buckets=False)


def bucket_tables(moves: pd.DataFrame, *, max_day: int | None = None, segments: Sequence[str] | None = None) -> tuple[list[str], RiskTable]:
    """As `risk_table`, with leading axes (segments, 256): one table per jackknife bucket, from moves with a column `bucket`."""
    labels = _labels(moves, segments)
    return labels, _tabulate(moves, labels, max_day=max_day, with_buckets=True)


def leave_one_out(table: RiskTable) -> RiskTable:
    """The total minus each bucket in turn; the buckets are the last leading axis, which stays."""
    return table._each(lambda array: array.sum(axis=-2, keepdims=True) - array)


def _standing(arrivals: Array, change: Array) -> Array:
    """Units in a state on each day: arrivals count from their day on, other moves from the day after."""
    before = np.cumsum(change, axis=-1) - change
    return np.cumsum(arrivals, axis=-1) + before


def _labels(moves: pd.DataFrame, segments: Sequence[str] | None) -> list[str]:
    return sorted(moves["segment"].unique()) if segments is None else list(segments)


def _tabulate(moves: pd.DataFrame, labels: list[str], *, max_day: int | None, with_buckets: bool) -> RiskTable:
    _refuse_bad_moves(moves, with_buckets=with_buckets)
    last = (int(moves["day"].max()) if len(moves) else 0) if max_day is None else max_day
    segment = _places(moves["segment"], labels)
    inside = (segment >= 0) & (moves["day"] <= last).to_numpy()
    kept = moves.loc[inside]
    lead = (len(labels), N_BUCKETS) if with_buckets else (len(labels),)
    shape = (*lead, last + 1)
    place = [segment[inside], kept["day"].to_numpy()]
    if with_buckets:
        place.insert(1, kept["bucket"].to_numpy())
    where = np.ravel_multi_index(place, shape) if len(kept) else np.zeros(0, dtype=np.int64)
    kinds = _kinds(kept)
    counts = {"enter": np.zeros(shape)} | _counts(kept["n"].to_numpy(dtype=float), kinds, where, shape)
    table = table_from_counts(counts, amounts=_amounts(kept, kinds, where, shape))
    _refuse_impossible(table, labels)
    return table


def _scatter(values: Array, where: NDArray[np.int64], shape: tuple[int, ...]) -> Array:
    sums: Array = np.bincount(where, weights=np.where(np.isnan(values), 0.0, values), minlength=int(np.prod(shape))).astype(float)
    return sums.reshape(shape)


def _kinds(moves: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Which rows are which move, of the moves that occur; looked up once, since comparing text is slow."""
    codes = _places(moves["move"], MOVES)
    return {kind: chosen for code, kind in enumerate(MOVES) if (chosen := codes == code).any()}


def _places(words: pd.Series, known: Sequence[str]) -> NDArray[np.int64]:
    """The place of each word among the known ones, -1 where it is none of them; a category is looked up once per word, not per row."""
    if not isinstance(words.dtype, pd.CategoricalDtype):
        return pd.Index(known).get_indexer(pd.Index(words))
    places = np.append(pd.Index(known).get_indexer(words.cat.categories), -1)
    return places[words.cat.codes.to_numpy()]


def _counts(n: Array, kinds: dict[str, NDArray[np.bool_]], where: NDArray[np.int64], shape: tuple[int, ...]) -> dict[str, Array]:
    return {kind: _scatter(n[chosen], where[chosen], shape) for kind, chosen in kinds.items()}


def _amounts(
    moves: pd.DataFrame, kinds: dict[str, NDArray[np.bool_]], where: NDArray[np.int64], shape: tuple[int, ...]
) -> dict[str, Array]:
    found: dict[str, Array] = {}
    wins = {name: kinds[name] for name in ("event", "event_from_lost") if name in kinds}
    if "amount" in moves and wins:
        amount = moves["amount"].to_numpy(dtype=float)
        found = {name: _scatter(amount[chosen], where[chosen], shape) for name, chosen in wins.items()}
    if "amount_sq" in moves and wins:
        won = np.logical_or.reduce(list(wins.values()))
        found["squares"] = _scatter(moves["amount_sq"].to_numpy(dtype=float)[won], where[won], shape)
    return found


def _refuse_bad_moves(moves: pd.DataFrame, *, with_buckets: bool) -> None:
    missing = {"segment", "day", "move", "n"} | ({"bucket"} if with_buckets else set())
    if missing := missing - set(moves.columns):
        raise UsageError("A table of moves lacks columns", value=", ".join(sorted(missing)))
    if unknown := sorted(set(moves["move"].unique()) - set(MOVES)):
        raise DataRefused("Unknown move", value=unknown[0], way_out=nearest(unknown[0], MOVES))
    if len(moves) and (lowest := moves["day"].min()) < 0:
        raise DataRefused("A move has a negative day index", value=lowest, rule="Day indices start at 0")


def _refuse_impossible(table: RiskTable, labels: list[str]) -> None:
    """More units leaving a state than are in it means that the moves do not belong together."""
    # A unit that re-opens on its last observed day is censored on that day too, without ever having been at risk again.
    left = table.at_risk + table.reopened - table.events - table.competing - table.censored
    left_lost = table.lost_at_risk - table.reopened - table.events_from_lost
    for state, spare in (("open", left), ("lost", left_lost)):
        if (spare < -1e-6).any():
            first = np.argwhere(spare < -1e-6)[0]
            raise DataRefused(
                f"On day {first[-1]} of segment {labels[first[0]]!r} more units leave the {state} state than are in it",
                rule="Every unit needs an enter move before it can leave",
            )

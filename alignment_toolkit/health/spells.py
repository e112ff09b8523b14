"""What becomes of counted spells under another reading of the records: spells in, moves out, added to the moves at hand.

Unit: whatever the spells are of (leads, deals, visits, customers); a row stands for `n` of them with the same days. A change is a frame of
moves (day, move, n, amount) whose numbers may be negative: what is taken away from the counts at hand and what is put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.stats.risk import Array, RiskTable, table_from_counts

WINS = ("event", "event_from_lost")
MOVES = ["day", "move", "n", "amount"]


def moves_of(spells: pd.DataFrame, *, sign: int = 1) -> pd.DataFrame:
    """The moves of spells.

    Args:
        spells: entry, entry_move (null: arrived through another spell's exit), exit, exit_move, last_index, n, amount (won by a row's units
            together, or missing).
        sign: -1 takes them away.
    """
    if spells.empty:
        return nothing()
    told = spells.assign(amount=spells["amount"].fillna(0.0) if "amount" in spells else 0.0)
    entered = told[told["entry_move"].notna()]
    won = told["exit_move"].isin(WINS)
    parts = [
        _rows(entered["entry"], entered["entry_move"], entered["n"]),
        _rows(told["exit"], told["exit_move"], told["n"], told["amount"].where(won, 0.0)),
        *(_rows(open_["last_index"], "potential", open_["n"]) for open_ in [entered[entered["entry_move"] == "enter"]]),
    ]
    whole = pd.concat(parts, ignore_index=True)
    return whole.assign(n=sign * whole["n"], amount=sign * whole["amount"])


def _rows(day: pd.Series, move: pd.Series | str, n: pd.Series, amount: pd.Series | float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({"day": day.astype("int64"), "move": move, "n": n.astype(float), "amount": amount})


def nothing() -> pd.DataFrame:
    """A change that changes nothing."""
    return pd.DataFrame({"day": np.zeros(0, dtype="int64"), "move": [], "n": np.zeros(0), "amount": np.zeros(0)}, columns=MOVES)


def instead(spells: pd.DataFrame, other: pd.DataFrame | None = None) -> pd.DataFrame:
    """The change from some spells to others; to none: they are left out."""
    parts = [moves_of(spells, sign=-1)] + ([] if other is None else [moves_of(other)])
    return pd.concat(parts, ignore_index=True)


def begun(spells: pd.DataFrame) -> pd.DataFrame:
    """One row per unit, as it came under observation, whatever its state was then."""
    first = spells[spells["entry_move"].notna()]
    return first.assign(entry_move="enter", exit=first["last_index"], exit_move="censor", amount=0.0)


def still_open(spells: pd.DataFrame) -> pd.DataFrame:
    """The units as if nothing had ended them by their last observed day."""
    return begun(spells)


def won_on(spells: pd.DataFrame, day: pd.Series | int, *, amount: pd.Series | float = 0.0) -> pd.DataFrame:
    """The units as if they had been won on a day of their age; those won before they came under observation are not seen.

    Args:
        spells: All spells of the units.
        day: Day index, one or by row of `spells`; a later one than the last observed leaves them open.
        amount: Won by a row's units together.
    """
    told = begun(spells.assign(day_won=day, amount_won=amount))
    seen = told[told["day_won"] >= told["entry"]]
    won = seen["day_won"] <= seen["last_index"]
    return seen.assign(
        exit=seen["day_won"].where(won, seen["last_index"]).astype("int64"),
        exit_move=pd.Series("event", seen.index).where(won, "censor"),
        amount=seen["amount_won"].where(won, 0.0),
    )


def lost_instead(spells: pd.DataFrame) -> pd.DataFrame:
    """Won units as if they had been lost on that day, and stayed so."""
    won, lost = spells["exit_move"] == "event", spells["exit_move"] == "event_from_lost"
    over = spells.assign(exit_move=spells["exit_move"].mask(won, "competing").mask(lost, "censor_lost"), amount=0.0)
    over = over.assign(exit=over["exit"].where(~lost, over["last_index"]))
    after = spells[won].assign(entry=spells["exit"], entry_move=None, exit=spells["last_index"], exit_move="censor_lost", amount=0.0)
    return pd.concat([over, after], ignore_index=True)


def ended_last(spells: pd.DataFrame) -> pd.DataFrame:
    """Ended units as if the end had come on their last observed day."""
    return spells.assign(exit=spells["last_index"])


def worth(day: pd.Series, move: pd.Series, amount: pd.Series) -> pd.DataFrame:
    """The change that gives wins more money: day index and kind of the wins, and the amount."""
    return pd.DataFrame({"day": day.astype("int64"), "move": move, "n": 0.0, "amount": amount.astype(float)})


def turned(moves: pd.DataFrame, *, n: float, source: str, to: str, by: int, amount: float = 0.0, latest: bool = True) -> pd.DataFrame:
    """The change of `n` unnamed units from one end to another on the day on which they ended.

    Args:
        moves: The moves at hand.
        n: Units; as many as there are at most.
        source: Their move as counted.
        to: Their move instead.
        by: Last day index looked at.
        amount: Won by each, where they are won.
        latest: Whether those that ended last are taken, else those that ended first.
    """
    ends = moves[(moves["move"] == source) & (moves["day"] <= by)].groupby("day")["n"].sum().sort_index(ascending=not latest)
    before = ends.cumsum() - ends
    taken = (n - before).clip(lower=0).clip(upper=ends)
    taken = taken[taken > 0]
    days = pd.Series(taken.index, dtype="int64")
    size = taken.reset_index(drop=True)
    return pd.concat([_rows(days, source, -size), _rows(days, to, size, size * amount)], ignore_index=True)


@dataclass(frozen=True)
class AtHand:
    """The moves at hand, added up once by kind and day, to which changes are added many times.

    Attributes:
        last_day: Last day index of the tables; later moves do not matter to them.
        n: Units by move, an array over the days.
        amount: Money by move, likewise.
    """

    last_day: int
    n: dict[str, Array]
    amount: dict[str, Array]

    @classmethod
    def of(cls, moves: pd.DataFrame, *, last_day: int) -> AtHand:
        """The moves of a counts query.

        Args:
            moves: day, move, n, amount; days repeat where they are counted by something else as well.
            last_day: Last day index that matters.
        """
        return cls(last_day, _by_move(moves, "n", last_day), _by_move(moves, "amount", last_day))

    def changed(self, changes: Sequence[pd.DataFrame] = ()) -> RiskTable:
        """The risk table with the changes made, numbers below zero taken as zero."""
        more = [change for change in changes if len(change)]
        n, amount = dict(self.n), dict(self.amount)
        if more:
            change = pd.concat([each[MOVES] for each in more], ignore_index=True)
            for sums, column in ((n, "n"), (amount, "amount")):
                for name, added in _by_move(change, column, self.last_day).items():
                    sums[name] = sums[name] + added if name in sums else added
        counts = {name: np.maximum(sums, 0.0) for name, sums in n.items()}
        amounts = {name: np.maximum(amount[name], 0.0) for name in WINS if name in amount}
        return table_from_counts({"enter": np.zeros(self.last_day + 1)} | counts, amounts=amounts)


def _by_move(moves: pd.DataFrame, column: str, last_day: int) -> dict[str, Array]:
    day, move, size = moves["day"].to_numpy(), moves["move"].to_numpy(), moves[column].to_numpy(dtype=float)
    found = {}
    for name in pd.unique(move):
        mine = (move == name) & (day <= last_day)
        found[str(name)] = np.bincount(day[mine], weights=size[mine], minlength=last_day + 1).astype(float)
    return found

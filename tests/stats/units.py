"""Rows of units turned into moves, the way the engine counts them: the tests' own, slow and obvious, road to a risk table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.stats import RiskTable, risk_table


def moves_of(units: pd.DataFrame) -> pd.DataFrame:
    """Moves of units that leave once: columns day (of the outcome or the last observation), kind (won, lost, open), and optionally
    entry, last, segment, bucket, amount, weight."""
    rows = []
    for unit in units.to_dict("records"):
        place = {"segment": unit.get("segment", "(all)"), "bucket": unit.get("bucket", 0), "n": unit.get("weight", 1)}
        amount = unit.get("amount", 0.0) if unit["kind"] == "won" else 0.0
        move = {"won": "event", "lost": "competing", "open": "censor"}[unit["kind"]]
        blank = {"amount": 0.0, "amount_sq": 0.0}
        weight = place["n"]
        rows += [
            {**place, **blank, "day": unit.get("entry", 0), "move": "enter"},
            {**place, "day": unit["day"], "move": move, "amount": weight * amount, "amount_sq": weight * amount**2},
            {**place, **blank, "day": unit.get("last", unit["day"]), "move": "potential"},
        ]
    return pd.DataFrame(rows)


def table_of(units: pd.DataFrame) -> RiskTable:
    """The table of all units together, without a leading axis."""
    return risk_table(moves_of(units.assign(segment="(all)")))[1][0]


def random_units(rng: np.random.Generator, n: int, *, top: int = 12, late: bool = False) -> pd.DataFrame:
    """Units with small day indices, so that ties abound."""
    entry = rng.integers(0, 4, n) if late else np.zeros(n, dtype=int)
    day = entry + rng.integers(0, top, n)
    return pd.DataFrame(
        {
            "entry": entry,
            "day": day,
            "kind": rng.choice(["won", "lost", "open"], n, p=[0.3, 0.4, 0.3]),
            "last": day + rng.integers(0, 3, n),
            "segment": rng.choice(["a", "b", "c"], n),
            "bucket": rng.integers(0, 256, n),
            "amount": rng.lognormal(3, 1, n),
        }
    ).assign(last=lambda f: np.where(f["kind"] == "open", f["day"], f["last"]))

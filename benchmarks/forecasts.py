"""Do forecasts of a quarter's bookings hold what they promise? Simulated companies whose next quarter is known.

    python -m benchmarks.forecasts [--companies 300] [--out benchmarks/forecasts.md]

Each small company draws its own pace, win rate, size of deals and spread between quarters; nine quarters of deals are simulated day by day,
the ninth is forecast after its first, sixth and twelfth week. An 80 % interval should hold the actual sum in 75 to 85 % of companies.
`tests/stats/test_forecast.py` runs fewer of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from alignment_toolkit.stats.forecast import GROUPS, Deals, simulated

QUARTER, QUARTERS, WEEKS = 91, 9, (1, 6, 12)


def company(seed: int) -> Deals:
    """One company's deals over nine quarters; each quarter has its own win hazard and arrivals."""
    rng = np.random.default_rng([seed, 9])
    days = QUARTER * QUARTERS
    spread = rng.uniform(0.0, 0.25, 2)
    win, come = (np.repeat(_effects(rng, each), QUARTER) for each in spread)
    rate, share, pace, size = rng.uniform(0.5, 2.5), rng.uniform(0.15, 0.45), rng.uniform(25, 70), rng.uniform(0.2, 0.7)
    created = np.repeat(np.arange(-200, days), rng.poisson(rate * np.concatenate([np.ones(200), come])))
    closed, won = np.full(len(created), np.inf), np.zeros(len(created), dtype=bool)
    for day in range(-200, days):
        age = day - created
        live = np.isinf(closed) & (age >= 0)
        hazard = np.where(age < 10, 0.4, np.where(age < 60, 1.2, 0.8)) / pace
        draw = rng.random(len(created))
        effect = win[day] if day >= 0 else 1.0
        wins = live & (draw < hazard * share * effect)
        losses = live & ~wins & (draw > 1 - hazard * (1 - share))
        closed[wins | losses], won[wins] = day, True
    amount = np.round(rng.lognormal(9, size, len(created)), 2)
    group = rng.integers(0, GROUPS, len(created))
    kept = np.isinf(closed) | (closed >= 0)
    columns = (created.astype(float), closed, won, group, np.ones(len(created)), amount, amount**2)
    return Deals(*(column[kept] for column in columns))


def _effects(rng: np.random.Generator, spread: float) -> np.ndarray:
    return rng.gamma(1 / max(spread, 1e-3) ** 2, max(spread, 1e-3) ** 2, QUARTERS)


def score(seed: int, *, draws: int = 500) -> dict[int, bool | None]:
    """Per week whether the 80 % interval held what remained to be booked; None where nothing could be forecast."""
    deals, first = company(seed), QUARTER * (QUARTERS - 1)
    ends, told = QUARTER * QUARTERS, {}
    past = [(QUARTER * place, QUARTER * (place + 1)) for place in range(QUARTERS - 1)]
    for week in WEEKS:
        now = first + 7 * week
        sums = simulated(deals, now=now, ends=ends, past=past, draws=draws, seed=seed)
        actual = deals.amount[deals.won & (deals.closed >= now) & (deals.closed < ends)].sum()
        told[week] = bool(np.quantile(sums, 0.1) <= actual <= np.quantile(sums, 0.9)) if len(sums) else None
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/forecasts.md"))
    asked = parser.parse_args()
    scores = [score(seed) for seed in range(asked.companies)]
    rows = []
    for week in WEEKS:
        known = [each[week] for each in scores if each[week] is not None]
        rows.append(f"| {week} | {sum(known)} of {len(known)} | {sum(known) / len(known):.1%} |")
    head = f"`python -m benchmarks.forecasts --companies {asked.companies}`: 80 % intervals of what remains to be booked.\n\n"
    table = "| after week | intervals that held | share |\n|---|---|---|\n" + "\n".join(rows)
    asked.out.write_text(f"# Calibration of forecasts\n\n{head}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Random pairs of quarters as counts: zero, new and vanished segments, deals without a lead, re-opened deals, unpriced wins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.counts.bridge import MEASURES

ORIGINS = ("open_at_start", "from_leads", "from_earlier", "without_lead", "reopened")


def random_quarter(rng: np.random.Generator, *, segments: int) -> pd.DataFrame:
    """Counts by segment and bucket as the engine gives them; some segments are not there, some hold nothing but leads."""
    rows = []
    for place in range(segments):
        if rng.random() < 0.2:
            continue
        buckets = rng.choice(256, size=rng.integers(1, 5), replace=False)
        rows += [{"segment": f"s{place}", "bucket": bucket, **random_counts(rng)} for bucket in buckets]
    return pd.DataFrame(rows, columns=["segment", "bucket", *MEASURES]).astype({"bucket": "int64"})


def random_counts(rng: np.random.Generator) -> dict[str, int]:
    """What one segment holds in one bucket: won deals are in play, money comes with won deals only."""
    counts = dict.fromkeys(MEASURES, 0)
    counts["leads"] = int(rng.choice([0, 0, 1, 7]))
    counts["earlier_leads"] = int(rng.choice([0, 0, 2, 9]))
    for origin in ORIGINS:
        counts[origin] = int(rng.choice([0, 0, 1, 3]))
    counts["from_leads"] = min(counts["from_leads"], 2 * counts["leads"])
    counts["from_earlier"] = min(counts["from_earlier"], 2 * counts["earlier_leads"])
    played = sum(counts[origin] for origin in ORIGINS)
    counts["won"] = int(rng.integers(0, played + 1)) if rng.random() < 0.7 else 0
    counts["closed"] = int(rng.integers(counts["won"], played + 1))
    counts["unpriced"] = int(rng.integers(0, counts["won"] + 1)) if rng.random() < 0.2 else 0
    priced = counts["won"] - counts["unpriced"]
    counts["cents"] = int(rng.integers(1, 10**7, size=priced).sum())
    counts["cents_today"] = round(counts["cents"] * float(rng.choice([1.0, 1.07, 0.9])))
    return counts

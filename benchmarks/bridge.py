"""Do the two planted causes of the bad quarter rank first and second? Simulated companies, one per seed.

    python -m benchmarks.bridge [--seeds 200] [--out benchmarks/bridge.md]

Each company has the planted fall of one source's opportunities per lead (marketing) and of one region's won share (sales). Counted is how
often both rank first and second among the fifteen factors of the published split, lie three standard errors from nothing, and are twice
any other; and how often the source and the region that they were planted in are the groups that stand out.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pandas as pd

from alignment_toolkit import drivers
from alignment_toolkit.drivers.words import ranked
from alignment_toolkit.samples import write_sample
from alignment_toolkit.samples.company import PLANTED
from alignment_toolkit.study import open_study

CAUSES = {"opportunities_per_lead", "won_share"}
GROUPS = {("opportunities_per_lead", "source", PLANTED.marketing_source), ("won_share", "region", PLANTED.sales_region)}


def score(seed: int) -> dict[str, bool | int]:
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder), seed=seed)
        study = open_study(folder, quarter="2026Q3")
        found, where = ranked(drivers.bookings_bridge(study)), drivers.where_it_moved(study)
    first, size = found.head(2), found["contribution"].abs()
    outstanding = where[where["stands_out"].astype(bool)]
    groups = {(row.factor, row.by, row.segment) for row in outstanding.itertuples()}
    return {
        "seed": seed,
        "rank first and second": set(first["factor"]) == CAUSES,
        "three standard errors": bool((first["contribution"].abs() >= 3 * first["standard_error"]).all()),
        "twice any other": bool(size[1] >= 2 * size[2]),
        "their groups stand out": groups >= GROUPS,
        "no other group stands out": groups <= GROUPS,
    }


def report(scores: pd.DataFrame) -> str:
    claims = [name for name in scores.columns if name != "seed"]
    together = "the first three together"
    told = scores.assign(**{together: scores[claims[:3]].all(axis=1)})
    rows = [f"| {name} | {int(told[name].sum())} of {len(told)} | {told[name].mean():.1%} |" for name in (*claims, together)]
    head = f"`python -m benchmarks.bridge --seeds {len(scores)}`: seeds {scores['seed'].min()} to {scores['seed'].max()}.\n\n"
    return f"# The planted bad quarter\n\n{head}| claim | companies | share |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/bridge.md"))
    asked = parser.parse_args()
    scores = pd.DataFrame([score(seed) for seed in range(1000, 1000 + asked.seeds)])
    asked.out.write_text(report(scores), encoding="utf-8")


if __name__ == "__main__":
    main()

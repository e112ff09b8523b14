"""Where visits went: advanced, skipped stages, lost, moved back; and how many stamps were left out.

Unit: the visit. Denominator: visits entered before the end of the report quarter, open ones included: shares to date, no estimates.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.study import Study

PATHS = ("advanced", "skipped", "lost", "back", "open", "again", "backfilled")


def stage_paths(study: Study) -> pd.DataFrame:
    """Visits by what became of them.

    Args:
        study: Quarter and as-of.

    Returns:
        One row per open stage in order: visits (without back-filled ones), advanced, skipped (of these, over at least one stage), lost,
        back (to an earlier stage), open, again (visits after a lead's first), backfilled (stamps left out of every stage figure),
        skipped_share (skipped / advanced, null where none advanced).
    """
    stages = [stage.name for stage in study.config.open_stages]
    counts = counted("stage_paths", study).set_index("segment")
    table = pd.DataFrame({path: counts[f"n_{path}"] for path in PATHS}).reindex(stages, fill_value=0).astype("int64")
    table.insert(0, "visits", table["advanced"] + table["lost"] + table["back"] + table["open"])
    table["skipped_share"] = table["skipped"] / table["advanced"].where(table["advanced"] > 0)
    return table.rename_axis(index="stage", columns=None).reset_index()

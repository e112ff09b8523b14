"""What a segment of an attribution is called: a campaign by its name, a channel as it is recorded."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.study import Study


def campaign_names(study: Study) -> dict[str, str]:
    """Campaign id -> name, with the id behind it where several campaigns have the name; empty without a table of campaigns."""
    if not study.crm.has("campaigns"):
        return {}
    known = counted("campaign_names", study).sort_values("campaign_id")
    shared = known["name"].duplicated(keep=False)
    named = known["name"].where(~shared, known["name"] + " (" + known["campaign_id"] + ")")
    return dict(zip(known["campaign_id"], named, strict=True))


def with_names(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with campaign ids in `segment`, and in `most` where there is one, as names; others stay as they are."""
    names = campaign_names(study)
    places = [column for column in ("segment", "most") if column in frame]
    return frame.assign(**{column: frame[column].map(lambda label: names.get(label, label)) for column in places})

"""What is a campaign called? Ids become readable where the campaigns are known."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.study import Study


def with_campaign_names(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a column `name` after its `segment` of campaign ids: the campaign's name, else the id itself.

    Args:
        study: Whose campaigns.
        frame: Has a column `segment`.
    """
    names: dict[str, str] = {}
    if study.crm.has("campaigns"):
        known = counted("campaign_names", study)
        names = dict(zip(known["campaign_id"], known["name"], strict=True))
    named = frame["segment"].map(lambda campaign: names.get(campaign, campaign))
    place = list(frame.columns).index("segment") + 1
    return pd.concat([frame.iloc[:, :place], named.rename("name"), frame.iloc[:, place:]], axis=1)

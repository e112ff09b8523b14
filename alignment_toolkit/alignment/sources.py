"""Numbers: do both teams read the same numbers off the records?

Question: on how many deals does the source in the CRM differ from how the lead was first touched, and how far is what a team reported from
what the records say? Units: the deal created in the quarter; the report of a team for a quarter. Denominator: deals with a source and a
first touch of a channel that stands for one. It does not answer which of the two is wrong.
"""

from __future__ import annotations

import re

import pandas as pd

from alignment_toolkit.alignment.goals import quarters_of
from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import MISSING, figure
from alignment_toolkit.shares import share_figure
from alignment_toolkit.study import Study

NEEDS = ("deals", "touches")
SOURCE_COLUMNS = ("source", "first_touch_source", "deals", "differs")
CLAIM_COLUMNS = ("team", "quarter", "kpi", "unit", "claimed", "recorded", "lower", "upper", "difference_share", "reason")
NO_RECORD = "no record of it to compare with"


def numbers_gap(study: Study) -> dict[str, object]:
    """The figure `gap.numbers`: the share of comparable deals whose source is another than the first touch's, with Wilson limits."""
    if reason := not_on_record(study, *NEEDS):
        return figure("gap.numbers", value=None, unit="share", reason=reason)
    told = source_table(study)
    n, apart = int(told["deals"].sum()), int(told.loc[told["differs"].astype(bool), "deals"].sum())
    return share_figure("gap.numbers", apart, n, min_n=study.config.min_n)


def source_table(study: Study) -> pd.DataFrame:
    """Deals created in the quarter by their source in the CRM and the source that their lead's first recorded touch stands for.

    Returns:
        source, first_touch_source, deals, differs; differing ones first, then those with most deals. Only deals that can be compared.
    """
    if not_on_record(study, *NEEDS):
        return pd.DataFrame(columns=list(SOURCE_COLUMNS))
    counts, sources = counted("deal_sources", study), channel_sources(study)
    touched = counts["channel"].map(sources)
    kept = counts.assign(first_touch_source=touched)[~counts["is_cut"].astype(bool) & touched.notna() & (counts["source"] != MISSING)]
    whole = kept.groupby(["source", "first_touch_source"])["n"].sum().reset_index(name="deals")
    differs = whole["source"].map(plain).ne(whole["first_touch_source"].map(plain))
    told = whole.assign(differs=differs.astype(bool))
    order = ["differs", "deals", "source", "first_touch_source"]
    return told.sort_values(order, ascending=[False, False, True, True], ignore_index=True)[list(SOURCE_COLUMNS)]


def left_out(study: Study) -> int:
    """Deals created in the quarter that cannot be compared: no source, no lead, no touch, or one of a channel that stands for no source."""
    return int(counted("deal_sources", study)["n"].sum()) - int(source_table(study)["deals"].sum())


def channel_sources(study: Study) -> dict[str, str]:
    """The source that each channel stands for: as configured, else the one source of the same name.

    Capitals, blanks and marks between words do not matter, and `partner` stands for `Partner referral` where no other source begins so.
    """
    counts = counted("deal_sources", study)
    sources = sorted(set(counts["source"]) - {MISSING})
    found = {channel: _same_name(channel, sources) for channel in sorted(set(counts["channel"]))}
    return {channel: source for channel, source in found.items() if source} | dict(study.config.channel_sources)


def _same_name(channel: str, sources: list[str]) -> str | None:
    name = plain(channel)
    same = [source for source in sources if plain(source) == name]
    longer = [source for source in sources if plain(source).startswith(f"{name} ")]
    candidates = same or longer
    return candidates[0] if name and len({plain(source) for source in candidates}) == 1 else None


def plain(name: object) -> str:
    """A name in small letters, its words parted by one blank."""
    return re.sub(r"[\W_]+", " ", str(name).casefold()).strip()


def claim_table(study: Study) -> pd.DataFrame:
    """What the teams reported for the quarters of the study's window against what is published: any headline figure.

    Returns:
        team, quarter, kpi, unit, claimed, recorded with lower and upper (95 %, null where the figure has none), difference_share
        ((claimed − recorded) / recorded; null without a record), reason (why it is null); the latest quarter first. Empty without claims.
    """
    from alignment_toolkit.alignment.published import published

    if not study.crm.has("claims"):
        return pd.DataFrame(columns=list(CLAIM_COLUMNS))
    told = study.crm.tables["claims"].select("team", "quarter", "kpi", "value").to_pandas()
    mine = told[told["quarter"].isin(quarters_of(study))].rename(columns={"value": "claimed"})
    known = published(study, zip(mine["quarter"].astype(str), mine["kpi"].astype(str), strict=True)).rename(columns={"value": "recorded"})
    whole = mine.merge(known, on=["quarter", "kpi"], how="left").astype({"claimed": float, "recorded": float})
    share = (whole["claimed"] - whole["recorded"]) / whole["recorded"].where(whole["recorded"] > 0)
    reason = [None if told else why or NO_RECORD for told, why in zip(share.notna(), whole["reason"], strict=True)]
    ordered = whole.assign(difference_share=share, reason=reason)
    return ordered.sort_values(["quarter", "team", "kpi"], ascending=[False, True, True], ignore_index=True)[list(CLAIM_COLUMNS)]

"""The closed loop in sentences: what the campaign sheet says, and what the page asks of whom."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.attribution.words import unanswered as credit_unanswered
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handoff.words import unanswered as handoff_unanswered
from alignment_toolkit.study import Study

SLOW_MISSED = 0.5
MOST_TOLD = 6
COMPARED = ("conversion_rate", "acceptance_rate", "speed_to_lead_hours", "early_churn_rate")


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    of_handoff = [sentence for sentence in handoff_unanswered(study) if "table touches" not in sentence]
    return list(dict.fromkeys([*credit_unanswered(study), *of_handoff]))


def sheet_sentences(sheet: pd.DataFrame, *, what: str) -> list[str]:
    """The rows that differ from the others by more than chance, in words: the six largest differences first, the table has the rest.

    Args:
        sheet: As `loop.campaign_sheet` makes it.
        what: What a row is, `campaign` or `channel`.
    """
    named = sheet[(sheet["segment"] != MISSING) & ((sheet["strengths"] != "") | (sheet["weaknesses"] != ""))]
    if named.empty and sheet[list(COMPARED)].isna().all(axis=None):
        return [f"Whether a {what} differs from the others cannot be said: too few leads and customers were followed."]
    if named.empty:
        return [f"No {what} differs from the others by more than chance explains."]
    ordered = named.sort_values("times_apart", ascending=False, kind="stable", na_position="last").head(MOST_TOLD)
    return [_differs(str(row.segment), str(row.strengths), str(row.weaknesses)) for row in ordered.itertuples()]


def _differs(segment: str, strengths: str, weaknesses: str) -> str:
    return f"{segment}: {strengths}{_but(weaknesses)}." if strengths else f"{segment}: {weaknesses}."


def _but(weaknesses: str) -> str:
    return f"; but {weaknesses}" if weaknesses else ""


def what_to_do(*, sheet: pd.DataFrame, met: pd.DataFrame, standings: pd.DataFrame) -> list[str]:
    """What the figures ask of whom; nothing where nothing differs beyond chance.

    Args:
        sheet: As `loop.campaign_sheet` makes it, by campaign.
        met: `sla_met_rate` by region, as `handoff.sla` makes it.
        standings: As `handoff.standings` makes it for all leads.
    """
    told = [*_rejected(sheet), *_leaving(sheet), *_slow(met), *_untouched(standings)]
    return told or ["Nothing in these figures asks for action this quarter."]


def _rejected(sheet: pd.DataFrame) -> list[str]:
    poor = sheet[sheet["weaknesses"].str.contains("accepted by sales less often") & (sheet["segment"] != MISSING)]
    return (
        [f"Marketing: {_names(poor)} {_are(poor)} accepted less often than other campaigns; agree with sales on whom to send."]
        if len(poor)
        else []
    )


def _leaving(sheet: pd.DataFrame) -> list[str]:
    poor = sheet[sheet["weaknesses"].str.contains("leave early more often") & (sheet["segment"] != MISSING)]
    return (
        [f"Marketing, with success: customers of {_names(poor)} leave early more often; review what is promised there."]
        if len(poor)
        else []
    )


def _slow(met: pd.DataFrame) -> list[str]:
    slow = met[(met["upper"] < SLOW_MISSED) & met["value"].notna()]
    names = ", ".join(str(name) for name in slow["segment"])
    return [f"Sales: in {names} most leads are not touched within the agreed hours; agree on who covers them."] if len(slow) else []


def _untouched(standings: pd.DataFrame) -> list[str]:
    row = standings.iloc[0]
    if pd.isna(row["closed untouched"]):
        return []
    never: int = int(row["closed untouched"])
    return [f"Sales: {never:,} of {row['due']:,} leads due were closed without a touch; say why before closing."] if never else []


def _names(frame: pd.DataFrame) -> str:
    return ", ".join(str(name) for name in frame["segment"])


def _are(frame: pd.DataFrame) -> str:
    return "is" if len(frame) == 1 else "are"


def shown(sheet: pd.DataFrame) -> pd.DataFrame:
    """The sheet for a page: the interval of conversion in words rather than in two columns, without the order of the sentences."""
    limits = [_between(row) for row in sheet.to_dict("records")]
    told = sheet.assign(conversion_interval=limits).drop(columns=["conversion_lower_rate", "conversion_upper_rate", "times_apart"])
    place = list(sheet.columns).index("conversion_rate") + 1
    columns = [name for name in told.columns if name != "conversion_interval"]
    return told[[*columns[:place], "conversion_interval", *columns[place:]]]


def _between(row: dict[Any, Any]) -> str:
    low, high = row["conversion_lower_rate"], row["conversion_upper_rate"]
    return "" if pd.isna(low) else f"{100 * low:.1f} to {100 * high:.1f} %"

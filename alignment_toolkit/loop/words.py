"""The closed loop in sentences: what the campaign sheet says, and what the page asks of whom."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.attribution.words import unanswered as credit_unanswered
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handoff.words import no_table
from alignment_toolkit.handoff.words import unanswered as handoff_unanswered
from alignment_toolkit.loop.sheet import Level, channels
from alignment_toolkit.study import Study
from alignment_toolkit.touches import NO_TOUCH

SLOW_MISSED = 0.5
MOST_TOLD = 6
TOO_FEW = "too few leads and customers were followed"
ADVISE = ("feedback", "touches", "subscriptions")  # of acceptance, first touches and early churn
COMPARED = ("conversion_rate", "acceptance_rate", "speed_to_lead_hours", "early_churn_rate")


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    of_handoff = [sentence for sentence in handoff_unanswered(study) if "table touches" not in sentence]
    return list(dict.fromkeys([*credit_unanswered(study), *of_handoff]))


def sheet_sentences(sheet: pd.DataFrame, *, what: Level, study: Study | None = None) -> list[str]:
    """The rows that differ from the others by more than chance, in words: the six largest differences first, the table has the rest.

    Args:
        sheet: As `loop.campaign_sheet` makes it.
        what: What a row is, `campaign` or `channel`.
        study: Names what is missing from the records.
    """
    named = sheet[~sheet["segment"].isin([MISSING, NO_TOUCH])]
    differing = named[(named["strengths"] != "") | (named["weaknesses"] != "")]
    if differing.empty and sheet[list(COMPARED)].isna().all(axis=None):
        return [f"Whether a {what} differs from the others cannot be said: {TOO_FEW}."]
    if differing.empty and named[list(COMPARED)].isna().all(axis=None):
        return [f"{what.capitalize()}s cannot be compared: {_why_not_compared(named, what, study)}."]
    if differing.empty:
        return [f"No {what} differs from the others by more than chance explains."]
    ordered = differing.sort_values("times_apart", ascending=False, kind="stable", na_position="last").head(MOST_TOLD)
    return [_differs(str(row.segment), str(row.strengths), str(row.weaknesses)) for row in ordered.itertuples()]


def _why_not_compared(named: pd.DataFrame, what: Level, study: Study | None) -> str:
    """Why no row of the sheet has a figure of its own: no lead belongs to one, or too few do."""
    if study is None:
        return f"no lead has a {what}" if named.empty else TOO_FEW
    campaigns = set(moves_frame("lead_moves", study, by="campaign_id")["segment"]) - {MISSING}
    if not campaigns:
        return "no lead has a campaign"
    if what == "channel" and {channels(study).get(name, MISSING) for name in campaigns} == {MISSING}:
        return no_table(study, "campaigns") or "no campaign of a lead has a channel"
    return TOO_FEW


def _differs(segment: str, strengths: str, weaknesses: str) -> str:
    return f"{segment}: {strengths}{_but(weaknesses)}." if strengths else f"{segment}: {weaknesses}."


def _but(weaknesses: str) -> str:
    return f"; but {weaknesses}" if weaknesses else ""


def what_to_do(*, sheet: pd.DataFrame, met: pd.DataFrame, standings: pd.DataFrame, study: Study | None = None) -> list[str]:
    """What the figures ask of whom; nothing where nothing differs beyond chance, and why not where they are not known.

    Args:
        sheet: As `loop.campaign_sheet` makes it, by campaign.
        met: `sla_met_rate` by region, as `handoff.sla` makes it.
        standings: As `handoff.standings` makes it for all leads.
        study: Names what is missing from the records.
    """
    told = [*_rejected(sheet), *_leaving(sheet), *_slow(met), *_untouched(standings)]
    if told:
        return told
    missing = _no_tables([table for table in ADVISE if no_table(study, table)])
    if not _is_known(sheet, met, standings):
        because = missing or ("none of these figures is known" if study is None else TOO_FEW)
        return [f"What to do cannot be said: {because}."]
    if missing:
        return [f"Nothing in the known figures asks for action this quarter; others are not known: {missing}."]
    return ["Nothing in these figures asks for action this quarter."]


def _no_tables(missing: list[str]) -> str:
    """Which tables are missing, as one reason; empty where none is."""
    *others, last = missing or [""]
    return f"no {', '.join(others)}{' or ' if others else ''}{last} table" if missing else ""


def _is_known(sheet: pd.DataFrame, met: pd.DataFrame, standings: pd.DataFrame) -> bool:
    """Whether any of the figures is there that advice is made of."""
    judged = sheet.loc[sheet["segment"] != MISSING, ["acceptance_rate", "early_churn_rate"]].notna().any(axis=None)
    untouched = standings["closed untouched"].notna() & (standings["due"] > 0)
    return bool(judged or met["value"].notna().any() or untouched.any())


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

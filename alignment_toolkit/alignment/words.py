"""The gaps in sentences, each computed from the figures it speaks of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.alignment.definitions import WON_WITHIN, no_verdicts, reasons_of_definition, rejected_then_won, word_agreement
from alignment_toolkit.alignment.sources import channel_sources, left_out
from alignment_toolkit.config import Definition, WorkingDefinitions
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.glossary import label
from alignment_toolkit.handoff.words import no_table
from alignment_toolkit.study import Study
from alignment_toolkit.visible import visible
from alignment_toolkit.wording import amount, change_words, counted_words, interval_words, people, percent

QUESTIONS = {
    "feedback": "whether both teams mean the same leads, and whether sales answers",
    "touches": "whether leads are worked, where deals began and who claims them",
    "deals": "whether numbers and credit agree",
    "actions": "whether marketing answers rejections",
    "claims": "whether what the teams report agrees with the records",
    "targets": "whether one team reaches its target while the shared one is missed",
}
SAID = {
    "gap.words": "Words: of {n:,.0f} leads that sales judged, the two working definitions disagree on {events:,.0f} ({value}{interval})",
    "gap.numbers": "Numbers: {events:,.0f} of {n:,.0f} deals carry another source than their lead's first touch ({value}{interval})",
    "gap.handoff": "Handoff: {events:,.0f} of {n:,.0f} leads due were not touched in time ({value}{interval})",
    "gap.feedback": "Feedback: {events:,.0f} of {n:,.0f} leads due got no verdict within the agreed days ({value}{interval})",
    "gap.credit": "Credit: {value} of the bookings are claimed by both teams or by neither{bare}",
    "gap.goals": "Goals: in {events:,.0f} of {n:,.0f} quarters one team met its target while the shared one was missed",
}


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    return study.unanswered(QUESTIONS)


def alignment_sentences(kpis: pd.DataFrame) -> list[str]:
    """One sentence per gap, with its change and its owner; a gap that cannot be told says why.

    Args:
        kpis: Figure frame that holds the gaps; owners where they are filled.
    """
    mine = kpis[kpis["kpi"].isin(SAID)]
    return [_said(row) for _, row in mine.iterrows()]


def _said(row: pd.Series) -> str:
    kpi = str(row["kpi"])
    if pd.isna(row["value"]):
        return f"{kpi.removeprefix('gap.').capitalize()}: cannot be told, {row['reason']}."
    told = interval_words(row)
    parts = {"value": amount(row["value"], row["unit"]), "interval": f", 95 % interval {told}" if told else ""}
    bare = f" (95 % interval {told})" if told else ""
    owner = f"; owner: {people(row['owner'])}" if row["owner"] else ""
    return f"{SAID[kpi].format(n=row['n'], events=row['events'], bare=bare, **parts)}{_before(row)}{owner}."


def _before(row: pd.Series) -> str:
    if pd.isna(row["previous"]):
        return ""
    if row["unit"] == "share":
        return f"; {change_words(row)} since the quarter before"
    return f"; the quarter before it was {row['previous']:,.0f}"


def definition_sentences(study: Study) -> list[str]:
    """What each team means by the word, and whether that is configured."""
    given = study.config.definitions
    head = f"'{visible(given.word)}' means to marketing: {_rule(given.marketing, study)}; to sales: {_rule(given.sales, study)}."
    return [head, "These are the defaults: set [definitions] to what your teams mean."] if given == WorkingDefinitions() else [head]


def _rule(definition: Definition, study: Study) -> str:
    if definition.score_at_least is not None:
        return f"a score of at least {definition.score_at_least:g}"
    days = study.config.acceptance_days if definition.verdict and definition.within_days is None else definition.within_days
    when = "" if days is None else f" within {days} days of the handover"
    return f"{definition.verdict} by sales{when}" if definition.verdict else f"reached {visible(str(definition.reached))}{when}"


def word_sentences(study: Study) -> list[str]:
    """How far the definitions agree beyond chance, what rejections say of it, and which rejected leads were won after all."""
    found = word_agreement(study)
    kappa = found.kappa
    asked = "both teams mean the same leads" if no_verdicts(study) else "they agree"
    said = [
        f"Whether {asked} cannot be told: {found.reason}."
        if found.reason
        else f"Cohen's kappa is {kappa.value:.2f} (95 % interval {kappa.lower:.2f} to {kappa.upper:.2f}): 0 is chance, 1 full agreement."
    ]
    if found.unknown or found.unjudged:
        said.append(
            f"Left out: {found.unknown:,} judged leads that a rule says nothing about, and {found.unjudged:,} that sales has not judged."
        )
    mine, given = reasons_of_definition(study)
    names = ", ".join(f"'{visible(name)}'" for name in study.config.definition_reasons)
    if given:
        said.append(f"Of {given:,} rejections with a reason, {mine:,} ({percent(mine / given, 0)}) name a reason of definition: {names}.")
    won, rejected = rejected_then_won(study)
    return [*said, f"Of {rejected:,} leads that sales rejected first, {won:,} were won after all."] if rejected else said


def called_sentences(called: pd.DataFrame) -> list[str]:
    """Which leads were won: those that only one team calls by the word against those that both or neither do.

    Args:
        called: As `definitions.called_table` makes it; of an empty one nothing is said, since `word_sentences` says why.
    """
    if called.empty:
        return []
    known = called[called["won_share"].notna()]
    if known.empty:
        return ["Too few leads have been observed long enough to compare them."]
    parts = [
        f"{row['called_by']} {percent(row['won_share'], 0)} ({percent(row['lower_share'], 0)} to {percent(row['upper_share'], 0)})"
        for row in known.to_dict("records")
    ]
    return [f"Won within {WON_WITHIN} days of the verdict, by who calls them so: {', '.join(parts)}."]


def promise_sentences(study: Study) -> list[str]:
    """Whose promises cannot be judged, and for want of which table; nothing where both can."""
    untold = {"marketing": no_table(study, "feedback"), "sales": not_on_record(study, "touches")}
    return _cannot_be_told("keeps its promises", untold)


def verdict_sentences(study: Study) -> list[str]:
    """Whose answers cannot be told, and for want of which table; nothing where both can."""
    untold = {"sales": no_table(study, "feedback"), "marketing": no_table(study, "feedback", "actions")}
    return _cannot_be_told("answers", untold)


def _cannot_be_told(does: str, untold: dict[str, str | None]) -> list[str]:
    """One sentence for the teams of which it cannot be told whether they do it; the causes once each."""
    causes = {team: because for team, because in untold.items() if because}
    who = "either team" if len(causes) == len(untold) else next(iter(causes), "")
    return [f"Whether {who} {does} cannot be told: {' and '.join(dict.fromkeys(causes.values()))}."] if causes else []


def source_sentences(study: Study, sources: pd.DataFrame) -> list[str]:
    """Where most deals that differ stand, how channels are read as sources, and how many deals were left out."""
    if because := not_on_record(study, "deals", "touches"):
        return [f"Whether deals carry the source of their first touch cannot be told: {because}."]
    read = ", ".join(f"{visible(channel)} as {visible(source)}" for channel, source in sorted(channel_sources(study).items()))
    own = (
        "the setting channel_sources, and names"
        if study.config.channel_sources
        else "their names (set channel_sources where that is wrong)"
    )
    told = [
        f"Channels are read as sources by {own}: {read or 'none matches'}.",
        f"{counted_words(left_out(study), 'deal')} could not be compared.",
    ]
    most = sources[sources["differs"].astype(bool)].head(1).to_dict("records") if len(sources) else []
    return [*(_most(row) for row in most), *told]


def _most(row: dict[Any, Any]) -> str:
    began, stands = visible(row["first_touch_source"]), visible(row["source"])
    return f"Most that differ began with {began} and stand under {stands}: {counted_words(row['deals'], 'deal')}."


def claim_sentences(claims: pd.DataFrame, *, worth_telling: float = 0.005, study: Study | None = None) -> list[str]:
    """Which reports of the latest quarter differ from the records by more than half a percent, or lie outside the interval of an estimate.

    Args:
        claims: As `sources.claim_table` makes it.
        worth_telling: Smallest relative difference that is told.
        study: Names what is missing from the records.
    """
    if because := no_table(study, "claims"):
        return [f"Whether what the teams report agrees with the records cannot be told: {because}."]
    if claims.empty:
        return ["No report of a team is on record for these quarters."]
    latest = claims[(claims["quarter"] == claims["quarter"].max()) & claims["difference_share"].notna()]
    outside = (latest["claimed"] < latest["lower"]) | (latest["claimed"] > latest["upper"])
    apart = latest[np.where(latest["lower"].isna(), latest["difference_share"].abs() > worth_telling, outside)]
    if apart.empty:
        return [f"What the teams reported for {claims['quarter'].max()} agrees with the records."]
    return [_claim(row) for row in apart.to_dict("records")]


def _claim(row: dict[Any, Any]) -> str:
    word = "more" if row["difference_share"] > 0 else "less"
    if pd.notna(row["lower"]):
        head = f"{visible(row['team']).capitalize()} reported {amount(row['claimed'], row['unit'])} for {visible(row['kpi'])}"
        return f"{head} in {row['quarter']}, {word} than the {amount(row['recorded'], row['unit'])} published ({_limits(row)})."
    return (
        f"{visible(row['team']).capitalize()} reported {row['claimed']:,.0f} for {visible(row['kpi'])} in {row['quarter']}, "
        f"{percent(abs(row['difference_share']), 1)} {word} than the {row['recorded']:,.0f} on record."
    )


def _limits(row: dict[Any, Any]) -> str:
    return f"95 % interval {amount(row['lower'], row['unit'])} to {amount(row['upper'], row['unit'])}"


def other_target_sentences(targets: pd.DataFrame, *, study: Study | None = None) -> list[str]:
    """Which targets of other figures were met or missed by more than chance explains.

    Args:
        targets: As `published.other_targets` makes it.
        study: Names what is missing from the records.
    """
    if because := no_table(study, "targets"):
        return [f"Whether other figures reached their targets cannot be told: {because}."]
    known = targets[targets["standing"].notna()] if len(targets) else targets
    if known.empty:
        return ["No other published figure has a target for this quarter."]
    said = []
    for standing, head in (("met", "Met"), ("missed", "Missed"), ("may be chance", "Too close to tell from chance")):
        mine = known[known["standing"] == standing]
        if len(mine):
            said.append(f"{head}: {', '.join(_target(row) for row in mine.to_dict('records'))}.")
    return said


def _target(row: dict[Any, Any]) -> str:
    value, target = amount(row["value"], row["unit"]), amount(row["target"], row["unit"])
    return f"{label(str(row['kpi']))} with {value} of {target} ({people(row['owner'])})"


def credit_sentences(study: Study) -> list[str]:
    """Each team's rule of what it may claim."""
    rules = {"sourced": "touched first", "influenced": "touched at all before the win"}
    teams = {"Marketing": study.config.marketing_credit, "sales": study.config.sales_credit}
    told = "; ".join(f"{team} claims what it {rules[rule]}" for team, rule in teams.items())
    said = [f"{told} (settings marketing_credit and sales_credit)."]
    because = not_on_record(study, "deals", "touches")
    return [*said, f"Which bookings each team claims cannot be told: {because}."] if because else said


def why_no_targets(study: Study) -> str | None:
    """Why nothing is known of targets, None where something is."""
    return no_table(study, "targets")


def goal_sentences(quarters: pd.DataFrame, *, study: Study | None = None) -> list[str]:
    """The quarters in which one team met its target and the shared one was missed.

    Args:
        quarters: As `goals.target_quarters` makes it.
        study: Names what is missing from the records.
    """
    if because := no_table(study, "targets"):
        return [f"Whether one team reaches its target while the shared one is missed cannot be told: {because}."]
    if quarters.empty:
        return ["No quarter has both a target of one team and a shared one, for leads or bookings."]
    apart = quarters[quarters["is_apart"].astype(bool)]
    if apart.empty:
        return ["In no quarter did one team meet its target while the shared one was missed."]
    return [f"In {row['quarter']} {row['team_met']} met its own target and the shared one was missed." for row in apart.to_dict("records")]

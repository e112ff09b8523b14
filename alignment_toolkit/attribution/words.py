"""Attribution in sentences, each computed from the figures it speaks of."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.attribution.models import NAMES, NO_BOOKINGS
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.study import Study
from alignment_toolkit.touches import NO_TOUCH
from alignment_toolkit.wording import counted_words, percent, verb

CLOSE, FAR = 0.1, 0.3
UNTOUCHED = "no deals, or no touches, are on record"
QUESTIONS = {
    "touches": "which touches came before a win, and who touched a lead first",
    "deals": "who gets the credit for bookings",
    "campaigns": "what a campaign is called and which channel it used",
}


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    return study.unanswered(QUESTIONS)


def why_unknown(study: Study | None) -> str | None:
    """Why nothing is known of the touches before wins: a missing table, or one that begins after the quarter. None: something is.

    Args:
        study: Quarter and as-of; None: whatever is asked is answered by the frames alone.
    """
    return None if study is None else not_on_record(study, "deals", "touches")


def rules(study: Study) -> list[str]:
    """What the models do and what they were made from, in words; nothing where they could not be made."""
    if why_unknown(study):
        return []
    days = study.config.half_life_days
    return [
        f"By time decay a touch counts half as much for each {days:g} days that it is older; the headline goes by the model"
        f" '{NAMES[study.config.attribution_model]}'.",
        "A deal's touches are those of all leads of its account before the win; replies that sales sends by machine are left out.",
        "The Markov chain is made of the steps that journeys took inside the window. A journey that is still open has no last step yet: it"
        " is not counted as lost.",
    ]


def disagreement_sentences(frame: pd.DataFrame, *, currency: str, study: Study | None = None) -> list[str]:
    """How far the models disagree: the farthest two, the closest two, and what that asks of a reader.

    Args:
        frame: As `models.disagreement` makes it.
        currency: The reporting currency.
        study: Names what is missing from the records.
    """
    if because := why_unknown(study):
        return [f"Who gets the credit for bookings cannot be told: {because}."]
    if frame.empty:
        return [f"There is no credit to compare: {NO_BOOKINGS}."]
    far, near = frame.iloc[0], frame.iloc[-1]
    limits = "" if pd.isna(far.lower_share) else f" (95 % interval {percent(far.lower_share, 0)} to {percent(far.upper_share, 0)})"
    advice = (
        "No single model should decide a budget here."
        if far.moved_share >= FAR
        else "The choice of a model hardly matters here."
        if far.moved_share < CLOSE
        else "Say which model a claim goes by."
    )
    return [
        f"Between {NAMES[far.model]} and {NAMES[far.other]} {percent(far.moved_share, 0)} of the bookings change hands{limits},"
        f" {far.moved:,.0f} {currency}; the largest part is {far.most}.",
        f"{NAMES[near.model].capitalize()} and {NAMES[near.other]} are closest: {percent(near.moved_share, 0)} change hands. {advice}",
    ]


def origin_sentences(frame: pd.DataFrame, *, currency: str, study: Study | None = None) -> list[str]:
    """Sourced and influenced bookings in words, with what no touch is known of.

    Args:
        frame: As `origins.origins` makes it.
        currency: The reporting currency.
        study: Names what is missing from the records.
    """
    if frame.empty:
        return [f"Which bookings each team touched cannot be told: {why_unknown(study) or UNTOUCHED}."]
    told = frame.set_index("part")
    total = told.loc["bookings"]
    if not total.deals:
        return ["No deal was won in the quarter."]
    first, any_ = told.loc["sourced by marketing"], told.loc["influenced by marketing"]
    said = [
        f"Of {total.bookings:,.0f} {currency} booked with {counted_words(total.deals, 'deal')}, {first.bookings:,.0f} began"
        f" with a touch of marketing and {any_.bookings:,.0f} had one at any time before the win; sales touched deals worth"
        f" {told.loc['touched by sales'].bookings:,.0f}. These overlap, so they do not add up."
    ]
    bare, cut = told.loc["no touch on record"], told.loc["began before touches were recorded"]
    if bare.deals:
        none = f"{counted_words(bare.deals, 'deal', 'has|have')} no touch on record"
        said.append(f"{none}; {bare.bookings:,.0f} {currency} stay under '{NO_TOUCH}'.")
    if cut.deals:
        said.append(f"{counted_words(cut.deals, 'deal')} began before touches were recorded: their first touch is not known.")
    if total.unpriced:
        counts = verb(total.unpriced, "it counts as a deal and adds", "they count as deals and add")
        won = counted_words(total.unpriced, "won deal")
        said.append(f"{won} {verb(total.unpriced, 'has', 'have')} no amount; {counts} nothing to bookings.")
    return said

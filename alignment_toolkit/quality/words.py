"""What the figures of lead quality say, in sentences: generated from the numbers, uncertain ones worded as uncertain.

Every function takes a frame of this package and returns sentences; what could not be answered is said with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from alignment_toolkit.figures import ALL
from alignment_toolkit.glossary import label
from alignment_toolkit.stats.shrinkage import TOO_FEW
from alignment_toolkit.study import Study
from alignment_toolkit.wording import amount, counted_words, named, percent, records, verb
from alignment_toolkit.young import left_out_sentences

MOST_NAMES = 6
LEANING = 0.1  # part of a value per lead from which it hangs on one win
LIKELY, SURE = 0.8, 0.95  # probability of being the best from which it is said, plainly or without a "probably"


def limits(lower: Any, upper: Any, say: Callable[[Any], str] = percent) -> str:
    """A 95 % interval in brackets, empty where there is none.

    Args:
        lower: Lower limit.
        upper: Upper limit.
        say: How the figure itself is written, so that the limits are rounded alike.
    """
    return "" if pd.isna(lower) or pd.isna(upper) else f" ({say(lower)} to {say(upper)})"


def history_sentences(study: Study) -> list[str]:
    """How many leads conversions leave out, where outcomes were not recorded from the start."""
    return left_out_sentences(study)


def listed(names: Any) -> str:
    """Names as a list in words, the first six and how many more."""
    shown = [named(name) for name in names]
    more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
    return ", ".join(shown[:MOST_NAMES]) + more


def headline_sentences(kpis: pd.DataFrame) -> list[str]:
    """Leads, conversion, acceptance, value and bookings of everybody, each beside the quarter before."""
    rows = {row["kpi"]: row for row in records(kpis[kpis["slice"] == "all"])}
    return [_headline(kpi, row) for kpi, row in rows.items() if "naive" not in kpi and "to_date" not in kpi]


def _headline(kpi: str, row: dict[str, Any]) -> str:
    name = label(kpi)
    if pd.isna(row["value"]):
        return f"{name} cannot be told: {row['reason']}."
    value, low, high, before = (amount(row[column], row["unit"]) for column in ("value", "lower", "upper", "previous"))
    between = f" ({low} to {high})" if low and high else ""
    return f"{name}: {value}{between}{f'; a quarter earlier {before}' if before else ''}."


def ranking_sentences(frame: pd.DataFrame) -> list[str]:
    """Which group is probably the best, which differ from the rest, which have too few leads."""
    if frame.empty:
        return ["No lead was under observation, so nothing can be ranked."]
    ranked, few = frame[frame["rank"].notna()], frame[frame["reason"] == TOO_FEW]
    said = []
    if len(few) == len(frame):
        return [f"Nothing can be ranked: too few leads in each group ({listed(few['segment'])})."]
    if ranked.empty:
        reason = next(reason for reason in frame["reason"] if isinstance(reason, str) and reason != TOO_FEW)
        said.append(f"Nothing can be ranked: {reason}.")
    else:
        said.append(_best(records(ranked)[0], len(ranked)))
    said += [f"Converting {flag}: {listed(names)}." for flag in ("above the rest", "below the rest") if len(names := _flagged(frame, flag))]
    if frame["p_adjusted"].notna().any() and not frame["different"].isin(["above the rest", "below the rest"]).any():
        said.append("None can be told apart from the rest: the differences may be chance.")
    return said + ([f"Too few leads to rank: {listed(few['segment'])}."] if len(few) else [])


def _flagged(frame: pd.DataFrame, flag: str) -> pd.Series:
    return frame[frame["different"] == flag]["segment"]


def _best(row: dict[str, Any], groups: int) -> str:
    chance = row["p_best"]
    sure = "is" if chance >= SURE else "is probably" if chance >= LIKELY else "leads, but may well not be,"
    figure = f"{percent(row['shrunk_rate'])}{limits(row['lower'], row['upper'])} of its leads within {row['horizon_days']} days"
    shown = "over 99 %" if chance > 0.99 else percent(chance)
    return f"{named(row['segment'])} {sure} the best of {groups}: it wins {figure}; the probability that it is the best is {shown}."


def curve_sentences(frame: pd.DataFrame) -> list[str]:
    """How much of what all leads will win by the end of the curve is won by half of it."""
    whole = frame[frame["segment"] == ALL]
    if whole.empty or not whole["value"].iloc[-1] > 0:
        return ["No curve can be drawn: too few leads have been observed long enough, or none was won."]
    last = whole.iloc[-1]
    half = whole[whole["value"] >= last["value"] / 2 - 1e-9].iloc[0]  # exactly half is half, whatever the last bit says
    figure = f"{percent(last['value'])}{limits(last['lower'], last['upper'])}"
    return [f"Of all leads {figure} are won by day {last['day']}; half of that is reached by day {half['day']}."]


def plane_sentences(frame: pd.DataFrame) -> list[str]:
    """Who brings most expected wins, and which groups another beats on both counts."""
    told = frame[frame["expected_wins"].notna()]
    if told.empty:
        return ["Quality against quantity cannot be told: no group has enough matured leads."]
    top, total = records(told)[0], told["expected_wins"].sum()
    share = percent(top["expected_wins"] / total) if total > 0 else "no part"
    size = f"{counted_words(top['leads'], 'lead')} at {percent(top['conversion_rate'])}"
    said = [f"{named(top['segment'])} brings {share} of the expected wins of the period: {size}."]
    beaten = told[told["dominated_by"].notna()]
    by = beaten.groupby("dominated_by")["segment"].agg(list).to_dict()
    return said + [f"{named(better)} has at least as many leads and converts better than {listed(names)}." for better, names in by.items()]


def cost_sentences(frame: pd.DataFrame) -> list[str]:
    """What pays back most and least, and where the cost cannot be told."""
    told, dark = frame[frame["return_ratio"].notna()], frame[frame["cost_per_lead"].isna() & (frame["leads"] > 0)]
    said = []
    if len(told):
        ends = [records(told)[0], records(told)[-1]] if len(told) > 1 else [records(told)[0]]
        said += [f"{named(row.get('name', row['segment']))}: {_return(row)}." for row in ends]
    said += [_without_cost(str(reason), group) for reason, group in list(dark.groupby("reason"))[:MOST_NAMES]]
    if said:
        return said
    why = next((reason for reason in (*frame["reason"], *frame["value_reason"]) if isinstance(reason, str)), "no leads were seen")
    return [f"What a lead costs and brings back cannot be told: {why}."]


def _without_cost(reason: str, group: pd.DataFrame) -> str:
    names = listed(group["name"] if "name" in group else group["segment"])
    leads = f" ({counted_words(group['leads'].sum(), 'lead')})" if len(group) > 1 else ""
    because = f"there is {reason}" if reason.endswith(" table") else reason
    return f"{names}{leads}: no cost per lead, because {because}."


def _return(row: dict[str, Any]) -> str:
    paid = f"a lead costs {row['cost_per_lead']:,.2f} {row['unit']}"
    brings = f"brings {row['value_per_lead']:,.0f} within {row['horizon_days']} days"
    times = limits(row["return_lower"], row["return_upper"], "{:.1f}".format)
    return f"{paid} and {brings}, {row['return_ratio']:.1f} times its cost{times}"


def value_sentences(frame: pd.DataFrame) -> list[str]:
    """How much of the value per lead hangs on a single win, and how far wins without an amount could move it.

    Args:
        frame: As `value.value_support` makes it, of all leads or by group. That every win has an amount is said of all leads only, and
            nothing of groups where there are none: the frame of all leads has the reason.
    """
    rows = [row for row in records(frame) if not pd.isna(row["value"])]
    is_whole = bool(frame["segment"].eq(ALL).any())
    if not rows:
        why = next((reason for reason in frame["reason"] if isinstance(reason, str)), None)
        what = "What the value per lead rests on cannot be told" if is_whole else "No group has a value per lead"
        return [f"{what}: {why}."] if why else []
    leaning = [row for row in rows if row["largest_win_share"] > LEANING]
    said = [f"One win of {row['largest_win']:,.0f} {row['unit']} makes up {percent(row['largest_win_share'])} of {_whose(row)}."
            for row in leaning[:MOST_NAMES]]  # fmt: skip
    dark = [row for row in rows if row["unpriced"]]
    said += [_bounds(row) for row in dark[:MOST_NAMES]]
    if not leaning:
        what = "the value per lead of all leads" if is_whole else "any group's value per lead"
        said.insert(0, f"No single win makes up more than {percent(LEANING)} of {what}.")
    return [*said, "Every win has an amount."] if is_whole and not dark else said


def _bounds(row: dict[str, Any]) -> str:
    has, they, each = ("has", "it", "it") if row["unpriced"] == 1 else ("have", "they", "each")
    missing = f"{row['unpriced']:,} of {row['events']:,.0f} wins {has} no amount"
    low, high = f"{row['value']:,.0f} {row['unit']}", f"{row['value_at_largest']:,.0f}"
    whose = _whose(row)
    whose = f"{whose[:1].upper()}{whose[1:]}" if row["segment"] == ALL else whose
    return f"{whose}: {missing}; it is {low} if {they} brought nothing and {high} if {each} was as large as the largest."


def _whose(row: dict[str, Any]) -> str:
    return "the value per lead of all leads" if row["segment"] == ALL else f"{named(row['segment'])}'s value per lead"


def dilution_sentences(frame: pd.DataFrame) -> list[str]:
    """What the months of the sources show about volume and quality, and what they do not."""
    row = records(frame)[0]
    if pd.isna(row["elasticity"]):
        return [f"Whether volume dilutes quality cannot be told: {row['reason']}."]
    interval = f"{row['lower']:+.2f} to {row['upper']:+.2f}, p = {row['p_value']:.2g}"
    size = f"{row['elasticity']:+.2f} % of conversion for each percent of leads ({interval})"
    base = f"{row['n']} source-months of {row['sources']} sources with {row['leads']:,} leads and {row['events']:,} wins"
    if row["lower"] > 0:
        shows = "In months with more leads a source converted better"
    elif row["upper"] < 0:
        shows = "In months with more leads a source converted worse: volume went with lower quality"
    else:
        shows = "No dilution is shown, and none is ruled out within the interval"
    limit = "It compares each source with itself in other months; it does not show what buying more leads would do, nor why months differ."
    return [f"{shows}: {size}, from {base}.", limit]


def score_sentences(measures: pd.DataFrame, threshold: pd.DataFrame) -> list[str]:
    """Whether the score tells good leads, whether it is a probability, and from where on working a lead pays."""
    rows, cut = {row["measure"]: row for row in records(measures)}, records(threshold)[0]
    area, said = rows["auc"], []
    if pd.isna(area["value"]):
        said.append(f"Whether the score tells good leads cannot be told: {area['reason']}.")
    else:
        share = f"{percent(area['value'])}{limits(area['lower'], area['upper'])}"
        said.append(
            f"Of a won lead and another, the won one has the higher score in {share} of pairs (chance: 50 %); "
            f"the top tenth of scores converts {rows['lift_top_10']['value']:.1f} times as often as all."
        )
        said += _probability(rows["brier"], rows["brier_of_base_rate"])
    said += [_left_out(area)] if area["left_out"] or area["undated"] else []
    return [*said, _threshold(cut)]


def _probability(brier: dict[str, Any], base: dict[str, Any]) -> list[str]:
    if pd.isna(brier["value"]):
        return [f"Whether it is a probability cannot be told: {brier['reason']}."]
    worse = brier["value"] > base["value"]
    verdict = "further from" if worse else "closer to"
    advice = "use it to order leads, not as a chance" if worse else "it can be read as a chance"
    sizes = f"Brier {brier['value']:.3f} against {base['value']:.3f}"
    return [f"Read as a probability it is {verdict} the truth than the base rate alone ({sizes}): {advice}."]


def _left_out(row: dict[str, Any]) -> str:
    n = row["left_out"]
    changed = f"{counted_words(n, 'lead')} whose score changed after the handover {verb(n, 'is', 'are')} left out"
    late = f"{changed}, since such a score may know the outcome"
    return f"{late}; of {row['undated']:,} used ones the score's time is not recorded." if row["undated"] else f"{late}."


def _threshold(row: dict[str, Any]) -> str:
    if pd.isna(row["threshold"]):
        return f"No threshold is given: {row['reason']}."
    gain = row["net"] - row["net_of_all"]
    known = "" if pd.isna(row["lower"]) else f" (not clearly worse: {row['lower']:g} to {row['upper']:g})"
    worked = f"{percent(row['worked_share'])} of the leads, {gain:,.0f} {row['unit']} more than working all"
    price = f"at {row['cost_to_work']:,.0f} {row['unit']} per lead"
    return f"Working a lead pays from a score of {row['threshold']:g} on{known}: {worked}, {price}."


def concentration_sentences(frame: pd.DataFrame) -> list[str]:
    """How much of the bookings the best few bring; once where the best tenth and the best fifth are the same."""
    return list(dict.fromkeys(_concentration(row) for row in records(frame)))


def _concentration(row: dict[str, Any]) -> str:
    one, many = {"source": ("source", "sources"), "campaign_id": ("campaign", "campaigns")}.get(row["slice"], ("group", "groups"))
    if pd.isna(row["value"]):
        return f"The share of the best {many} cannot be told: {row['reason']}."
    share = f"{percent(row['value'])}{limits(row['lower'], row['upper'])}"
    if row["n"] == 1:
        return f"All bookings with a {one} come from the only one."
    best = f"best of {row['n']} {many} brings" if row["groups"] == 1 else _best_few(row, many)
    return f"The {best} {share} of bookings; with equal {many} it would be {percent(row['even_share'])}."


def _best_few(row: dict[str, Any], many: str) -> str:
    return f"best {percent(row['best_share'])} of {many} ({row['groups']:.0f} of {row['n']}) bring"


def slice_sentences(frame: pd.DataFrame) -> list[str]:
    """Which attributes are refused as slices of conversion, which call for care."""
    refused, careful = frame[~frame["usable"].astype(bool)], frame[frame["warning"].notna()]
    said = [f"Conversion is not sliced by {row['attribute']}: {row['reason']}." for row in records(refused)]
    said += [f"Take care with {row['attribute']}: {row['warning']}." for row in records(careful)]
    return said or ["Every attribute may be used as a slice of conversion."]


def reversal_sentences(frame: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """Where a total moves, or compares, against all of its parts."""
    flagged = frame[frame["reversed"].eq(True)]
    totals = [named(row["segment"] if row["part"] == ALL else row["part"]) for row in records(flagged)]
    said = [f"{name} moved against every one of its parts since the quarter before: the mix changed." for name in totals]
    said += [f"{named(row['higher'])} beats {named(row['lower'])} in total, but loses in each common part." for row in records(pairs)]
    refused = [reason for reason in frame["reason"] if isinstance(reason, str) and "refused" in reason]
    return said or refused or ["No total moves or compares against all of its parts."]


def naive_sentences(kpis: pd.DataFrame, *, horizon: int = 180) -> list[str]:
    """The shares people know beside the honest one, and why they differ."""
    rows = {row["kpi"]: row for row in records(kpis[kpis["slice"] == "all"])}
    honest = rows.get(f"conversion_{horizon}d")
    texts = {
        "win_rate_closed_naive": ("Won / closed deals", "it leaves out everything that is still open"),
        "win_rate_created_naive": ("Won / created deals", "it counts what is still open as if it were lost"),
        "won_share_to_date": ("Won / created leads to date", "it grows with age alone, so young quarters look worse"),
    }
    told = {kpi: text for kpi, text in texts.items() if kpi in rows and pd.notna(rows[kpi]["value"])}
    said = [f"{label} (naive) is {percent(rows[kpi]['value'])}: {why}." for kpi, (label, why) in told.items()]
    if honest and pd.notna(honest["value"]):
        share = f"{percent(honest['value'])}{limits(honest['lower'], honest['upper'])}"
        said.append(f"With open leads counted as open, {share} are won within {horizon} days.")
    return said or ["No share can be told: nothing was closed or created."]

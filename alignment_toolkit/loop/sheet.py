"""The campaign sheet: one row per campaign or channel with what both teams say of it, from the first lead to the customer who left.

Question: which campaigns became revenue, and where are each one's strengths and weaknesses? Units: named per column. It puts figures of
quality, handoff, attribution and churn side by side and defines none of its own; it does not answer what a campaign caused.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import OneOf, checked
from alignment_toolkit.attribution.credits import MODELS, NO_TOUCH, credit_shares
from alignment_toolkit.attribution.models import cents_of
from alignment_toolkit.attribution.names import with_names
from alignment_toolkit.churn.lifetimes import EARLY, at_horizon
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import MISSING, OTHER
from alignment_toolkit.followed import Rule
from alignment_toolkit.handoff.rejections import top_reasons
from alignment_toolkit.handoff.sla import speed_of
from alignment_toolkit.quality.cost import cost_and_return
from alignment_toolkit.quality.ranking import ABOVE, BELOW, HORIZON, against_the_rest, ranked
from alignment_toolkit.responses import LONGEST_HOURS
from alignment_toolkit.shares import incidence_figures
from alignment_toolkit.stats import incidence
from alignment_toolkit.stats.risk import RiskTable, risk_table
from alignment_toolkit.study import Study
from alignment_toolkit.verdicts import no_acceptance

Level = Literal["campaign", "channel"]
LEVELS = ("campaign", "channel")
OF: dict[str, Literal["campaign_id", "channel"]] = {"campaign": "campaign_id", "channel": "channel"}
COLUMNS = (
    "segment", "leads", "conversion_rate", "conversion_lower_rate", "conversion_upper_rate", "cost", "value_per_lead", "return_ratio",
    "sourced", "influenced", "attributed", "won_deals_touched", "acceptance_rate", "rejected", "top_rejection_reason",
    "speed_to_lead_hours", "early_churn_rate", "customers", "strengths", "weaknesses", "times_apart",
)  # fmt: skip


@checked(by=OneOf(LEVELS, "level"))
def campaign_sheet(study: Study, *, by: Level = "campaign") -> pd.DataFrame:
    """One row per campaign or channel.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `campaign` or `channel`; leads belong to the channel of their campaign, touches to the one they came through.

    Returns:
        Those with most attributed bookings first, then those that brought neither leads nor bookings of their own (channels of sales, for
        instance), last what belongs to no row:

        - segment; leads (created in the report quarter); conversion_rate within 180 days, shrunk, with limits (the group's own where there
          are fewer than five groups); cost (of the quarter), value_per_lead, return_ratio as in `quality.cost_and_return`;
        - sourced, influenced, attributed: bookings of the quarter whose first touch was a marketing one of the segment, with any such touch
          before the win, and by the configured model, in currency; won_deals_touched;
        - acceptance_rate within the agreed days; rejected (leads rejected in the window, by reason), top_rejection_reason;
        - speed_to_lead_hours (median of leads handed over in the window); early_churn_rate (within 90 days) of customers;
        - strengths, weaknesses: in words, where the segment differs from all others by more than chance (Benjamini-Hochberg); times_apart:
          the largest of these differences as a ratio of at least 1 between the two rates, null without any.

        Null where the metric itself is: too few units followed, no such table.

    Raises:
        UsageError: When `by` is none of the two.
    """
    parts = [_quality(study, by), _money(study, by), _verdicts(study, by), _speed(study, by), _churn(study, by)]
    whole = _cost(study, by)
    for part in parts:  # a part of nothing has segments of no kind: text in all of them, so that they can meet
        whole = whole.astype({"segment": object}).merge(part.astype({"segment": object}), on="segment", how="outer")
    flags = [column for column in whole.columns if column.startswith("flag_")]
    told = whole.assign(
        strengths=_said_of(whole[flags], good=True),
        weaknesses=_said_of(whole[flags], good=False),
        times_apart=whole[[column for column in whole.columns if column.startswith("times_")]].max(axis=1),
        leads=whole["leads"].fillna(0).astype("int64"),
    ).reindex(columns=list(COLUMNS))
    ordered = told.assign(last=_places(told)).sort_values(
        ["last", "attributed", "leads", "segment"], ascending=[True, False, False, True], na_position="last", ignore_index=True
    )
    return with_names(study, ordered[list(COLUMNS)])


def _places(told: pd.DataFrame) -> pd.Series:
    """0 for what brought leads or bookings, 1 for what did not, 2 for what belongs to no campaign or channel."""
    brought = told[["leads", "sourced", "influenced"]].astype(float).gt(0).any(axis=1)
    return (~brought).astype(int).mask(told["segment"].isin([MISSING, OTHER, NO_TOUCH]), 2)


PHRASES = {
    ("flag_conversion", "above the rest"): (True, "converts above the rest"),
    ("flag_conversion", "below the rest"): (False, "converts below the rest"),
    ("flag_acceptance", "above the rest"): (True, "accepted by sales more often"),
    ("flag_acceptance", "below the rest"): (False, "accepted by sales less often"),
    ("flag_speed", "above the rest"): (True, "touched in time more often"),
    ("flag_speed", "below the rest"): (False, "touched in time less often"),
    ("flag_churn", "above the rest"): (False, "its customers leave early more often"),
    ("flag_churn", "below the rest"): (True, "its customers leave early less often"),
}


def _said_of(flags: pd.DataFrame, *, good: bool) -> pd.Series:
    """The phrases of one side by row; text also where there is no row."""
    return pd.Series([said(row, good=good) for row in flags.to_dict("records")], index=flags.index, dtype=object)


def said(flags: dict[Any, Any], *, good: bool) -> str:
    """The phrases of one side for the flags that are set, empty without any."""
    found = [PHRASES.get((str(name), str(flag))) for name, flag in flags.items()]
    return "; ".join(phrase for is_good, phrase in filter(None, found) if is_good == good)


def apart(table: RiskTable, horizon: int, *, name: str, rule: Rule) -> dict[str, Any]:
    """How each group compares with all others.

    Returns:
        flag_<name> as `against_the_rest` says it; times_<name>: the larger of the two rates over the smaller one (infinite when that is 0)
        for flagged groups, else null.
    """
    told = against_the_rest(table, horizon, rule=rule)
    own, rest = incidence(table).at(horizon).value, np.asarray(told["rest_rate"], dtype=float)
    flags = np.array(told["different"], dtype=object)
    low, high = np.minimum(own, rest), np.maximum(own, rest)
    times = np.divide(high, low, out=np.full(high.shape, np.inf), where=low > 0)
    return {f"flag_{name}": flags, f"times_{name}": np.where(np.isin(flags, [ABOVE, BELOW]), times, np.nan)}


def grouped(study: Study, query: str, by: Level, *, max_day: int, **choices: object) -> tuple[list[str], RiskTable]:
    """Risk tables by campaign, or by the channel of the campaign: counts of campaigns add up to those of their channel."""
    moves = moves_frame(query, study, by="campaign_id", **choices)
    return risk_table(moves.assign(segment=moves["segment"].map(_labels(study, by, moves["segment"]))), max_day=max_day)


def _labels(study: Study, by: Level, campaigns: pd.Series) -> dict[str, str]:
    """Campaign id -> the row that it belongs to."""
    if by == "campaign":
        return {name: name for name in campaigns.unique()}
    known = channels(study)
    return {name: known.get(name, MISSING) for name in campaigns.unique()}


def channels(study: Study) -> dict[str, str]:
    """Campaign id -> channel, "(missing)" without one; empty without a table of campaigns."""
    if not study.crm.has("campaigns"):
        return {}
    known = counted("campaign_channels", study)
    return dict(zip(known["campaign_id"], known["channel"], strict=True))


def _cost(study: Study, by: Level) -> pd.DataFrame:
    told = cost_and_return(study, by=OF[by], horizon=HORIZON)
    return told[["segment", "leads", "cost", "value_per_lead", "return_ratio"]]


def _quality(study: Study, by: Level) -> pd.DataFrame:
    labels, table = grouped(study, "lead_moves", by, max_day=HORIZON)
    told = ranked(labels, table, horizon=HORIZON, rule=study.followed_rule())
    limits = {"rate": ("shrunk_rate", "own_rate"), "lower_rate": ("lower", "own_lower_rate"), "upper_rate": ("upper", "own_upper_rate")}
    columns = {f"conversion_{name}": told[shrunk].fillna(told[own]) for name, (shrunk, own) in limits.items()}
    flags = pd.DataFrame({"segment": labels, **apart(table, HORIZON, name="conversion", rule=study.followed_rule())})
    return told[["segment"]].assign(**columns).merge(flags, on="segment")


def _money(study: Study, by: Level) -> pd.DataFrame:
    """Bookings by role and by the configured model; null without touches or deals."""
    columns = ["segment", "sourced", "influenced", "attributed", "won_deals_touched"]
    if not_on_record(study, "deals", "touches"):
        return pd.DataFrame(columns=columns)
    roles = counted("won_roles", study, of=OF[by], unit="account")
    money = roles.pivot_table(index="segment", columns="role", values="amount", aggfunc="sum", fill_value=0) / 100
    found = credit_shares(study, of=OF[by], intervals=False)
    attributed = pd.Series(cents_of(found, MODELS.index(study.config.attribution_model)) / 100, index=list(found.labels))
    told = money.reindex(index=attributed.index, columns=["sourced", "influenced"], fill_value=0.0)
    told = told.assign(attributed=attributed, won_deals_touched=found.touched)
    return told.rename_axis("segment").reset_index()[columns]


def _verdicts(study: Study, by: Level) -> pd.DataFrame:
    if not study.crm.has("feedback"):
        return pd.DataFrame(columns=["segment", "acceptance_rate", "rejected", "top_rejection_reason"])
    days = study.config.acceptance_days
    labels, table = grouped(study, "verdict_moves", by, max_day=days + 1)
    missing = no_acceptance(study)
    rows = incidence_figures(table, labels, {"acceptance_rate": days}, rule=study.followed_rule(), by=by)
    flags = apart(table, days, name="acceptance", rule=study.followed_rule())
    told = pd.DataFrame({"segment": labels, "acceptance_rate": [np.nan if missing else row["value"] for row in rows], **flags})
    counts = counted("rejection_reasons", study, by="campaign_id")
    mine = counts.assign(segment=counts["segment"].map(_labels(study, by, counts["segment"])))
    reasons = mine.groupby(["segment", "reason"])["n"].sum().rename("leads").reset_index()
    said_most = top_reasons(reasons).rename("top_rejection_reason")
    rejected = reasons.groupby("segment")["leads"].sum().rename("rejected")
    return told.merge(pd.concat([rejected, said_most], axis=1).reset_index(), on="segment", how="outer")


def _speed(study: Study, by: Level) -> pd.DataFrame:
    if not_on_record(study, "touches"):
        return pd.DataFrame(columns=["segment", "speed_to_lead_hours"])
    labels, table = grouped(study, "response_moves", by, max_day=LONGEST_HOURS, within="window")
    told = speed_of(labels, table, by=by, study=study)
    limit = min(int(study.config.sla_hours), LONGEST_HOURS)
    flags = apart(table, max(limit - 1, 0), name="speed", rule=study.followed_rule(clock="hour"))
    return pd.DataFrame({"segment": labels, "speed_to_lead_hours": told["value"], **flags})


def _churn(study: Study, by: Level) -> pd.DataFrame:
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=["segment", "early_churn_rate", "customers"])
    labels, table = grouped(study, "customer_moves", by, max_day=EARLY + 1)
    flags = apart(table, EARLY, name="churn", rule=study.followed_rule("customer"))
    columns = {"early_churn_rate": at_horizon(study, table, horizon=EARLY, gone=True).value, "customers": table.n}
    return pd.DataFrame({"segment": labels, **columns, **flags})

"""What does a lead cost, and what does it bring back?

Unit: the lead. Cost per lead: money spent in the report quarter / leads created in it, at constant currency. Value per lead: the marked
incidence of the study's window. It does not answer what the next euro would bring, and leads that a campaign brings later are not in it.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from alignment_toolkit.arguments import DAYS, OneOf, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.quality import EARLIER
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.errors import quoted
from alignment_toolkit.figures import MISSING
from alignment_toolkit.quality.ranking import HORIZON
from alignment_toolkit.stats import bucket_tables, jackknife, value_per_unit
from alignment_toolkit.study import Study

Level = Literal["campaign_id", "channel", "source"]
LEVELS = ("campaign_id", "channel", "source")
SEGMENTS_AT_ONCE = 16  # segments × 256 buckets × days × 12 arrays: a few at a time fit in any memory
NO_COSTS, NO_CAMPAIGNS, NO_DEALS = "no campaign_costs table", "no campaigns table", "no deals table"
NO_COST = "no cost is recorded in the period"
COLUMNS = (
    "segment", "leads", "cost", "cost_per_lead", "value_per_lead", "value_lower", "value_upper", "return_ratio", "return_lower",
    "return_upper", "n", "events", "matured_share", "unit", "horizon_days", "reason", "value_reason",
)  # fmt: skip


@checked(by=OneOf(LEVELS, "level"), horizon=DAYS)
def cost_and_return(study: Study, *, by: Level = "campaign_id", horizon: int = HORIZON) -> pd.DataFrame:
    """Cost per lead, value per lead and their ratio.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `campaign_id`, `channel` (of the campaign) or `source` (a campaign's money follows its leads).
        horizon: Days from creation within which a lead's value counts.

    Returns:
        One row per group, highest return first:

        - segment ("(missing)": no such campaign, channel or source);
        - leads: created in the report quarter (all history: all); cost: spent in it, reporting currency (null: not known);
        - cost_per_lead: null with `reason` where the costs do not cover the period: a month with leads of a running campaign but without a
          cost, or leads without a campaign;
        - value_per_lead, value_lower, value_upper: money won per lead within the horizon, delete-a-bucket limits; null with `value_reason`;
        - return_ratio = value_per_lead / cost_per_lead with limits from the value's (the cost is taken as known); null when either is, or
          nothing was spent;
        - n, events, matured_share of the value; unit: the currency; horizon_days.

    Raises:
        UsageError: When `by` is none of the three.
    """
    costs = _costs(study, by)
    frame = costs.merge(_values(study, by, horizon), on="segment", how="outer", sort=True)
    frame = frame.assign(
        leads=frame["leads"].astype("float64").fillna(0).astype("int64"), unit=study.config.reporting_currency, horizon_days=horizon
    )
    frame["reason"] = frame["reason"].where(frame["cost_per_lead"].notna() | frame["reason"].notna(), "no leads in the period")
    spent = frame["cost_per_lead"].where(frame["cost_per_lead"] > 0)
    for name, of in (("return_ratio", "value_per_lead"), ("return_lower", "value_lower"), ("return_upper", "value_upper")):
        frame[name] = frame[of] / spent
    order = frame.sort_values(["return_ratio", "leads", "segment"], ascending=[False, False, True], na_position="last", ignore_index=True)
    return order[list(COLUMNS)]


def _costs(study: Study, by: Level) -> pd.DataFrame:
    """segment, leads, cost, cost_per_lead, reason."""
    created = counted("campaign_leads", study)
    if missing := _missing_table(study, by):
        leads = created.groupby(by)["n"].sum().rename("leads").rename_axis("segment").reset_index()
        return leads.assign(cost=float("nan"), cost_per_lead=float("nan"), reason=missing)
    spent = counted("campaign_spend", study)
    money, gaps = allotted(created, spent, by=by), uncovered(created, spent)
    rows = [
        _row(name, created[created[by] == name], money[money["segment"] == name], gaps=gaps, by=by)
        for name in sorted(set(created[by]) | set(money["segment"]))
    ]
    return pd.DataFrame(rows, columns=["segment", "leads", "cost", "cost_per_lead", "reason"])


def _missing_table(study: Study, by: Level) -> str | None:
    if not study.crm.has("campaign_costs"):
        return NO_COSTS
    return NO_CAMPAIGNS if by == "channel" and not study.crm.has("campaigns") else None


def allotted(created: pd.DataFrame, spent: pd.DataFrame, *, by: Level) -> pd.DataFrame:
    """The money of each campaign by group, in whole cents that add up to what was spent.

    A campaign has one channel; among sources its money is split in proportion to its leads of the period, since each of its leads cost the
    same. Money of a campaign without leads in the period belongs to no source: "(missing)".

    Returns:
        segment, campaign_id, cents.
    """
    if by != "source":
        return spent.assign(segment=spent[by], cents=spent["amount"])[["segment", "campaign_id", "cents"]]
    rows = []
    for campaign, cents in spent.groupby("campaign_id")["amount"].sum().items():
        leads = created[created["campaign_id"] == campaign].groupby("source")["n"].sum()
        names, weights = (list(leads.index), leads.to_list()) if len(leads) else ([MISSING], [1])
        parts = largest_remainder(int(cents), weights)
        rows += [{"segment": name, "campaign_id": campaign, "cents": part} for name, part in zip(names, parts, strict=True)]
    return pd.DataFrame(rows, columns=["segment", "campaign_id", "cents"])


def largest_remainder(total: int, weights: list[int]) -> list[int]:
    """Split a whole number in proportion to weights into whole numbers that add up to it; the first of equal remainders gets more."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def uncovered(created: pd.DataFrame, spent: pd.DataFrame) -> dict[str, str]:
    """Why the cost of a campaign's leads is not known, for the campaigns where it is not.

    Args:
        created: campaign_id, month (`2026-07`), last_month (202607, null: not known), n of leads created in the period.
        spent: campaign_id, month (202607), n_unpriced of money spent in the period.

    Returns:
        Campaign -> reason: a cost without an amount, or a month with leads of the running campaign and without a cost. Leads that come in
        months after the campaign's last need no cost of their own.
    """
    paid = set(zip(spent["campaign_id"], spent["month"], strict=True))
    unpriced = spent[spent["n_unpriced"] > 0]["campaign_id"]
    found: dict[str, str] = dict.fromkeys(unpriced, "a cost has no amount in the reporting currency")
    named = created[created["campaign_id"] != MISSING].sort_values("month", kind="stable")
    for name, month, last in zip(named["campaign_id"], named["month"], named["last_month"], strict=True):
        number = int(month.replace("-", "")) if month != EARLIER else 0
        ended = not pd.isna(last) and last < number
        if (name, number) not in paid and not ended:
            found.setdefault(name, f"no cost is recorded for {month}")
    return found


def _row(name: str, created: pd.DataFrame, money: pd.DataFrame, *, gaps: dict[str, str], by: Level) -> dict[str, Any]:
    leads, cents = int(created["n"].sum()), int(money["cents"].sum())
    reason = _reason(created, gaps, by=by) or ("no leads in the period" if not leads else None if len(money) else NO_COST)
    return {
        "segment": name,
        "leads": leads,
        "cost": cents / 100 if len(money) else float("nan"),
        "cost_per_lead": float("nan") if reason else cents / 100 / leads,
        "reason": reason,
    }


def _reason(created: pd.DataFrame, gaps: dict[str, str], *, by: Level) -> str | None:
    """Why the money and the leads of a group do not belong together, None when they do."""
    campaigns = created.groupby("campaign_id")["n"].sum()
    if MISSING in campaigns.index:
        bare, whole = int(campaigns[MISSING]), int(campaigns.sum())
        if bare == whole:
            return "its only lead has no campaign" if whole == 1 else f"none of its {whole:,} leads has a campaign"
        return f"{bare:,} of its {whole:,} leads {'has' if bare == 1 else 'have'} no campaign"
    found = next((name for name in sorted(campaigns.index) if name in gaps), None)
    if found is None:
        return None
    return gaps[found] if by == "campaign_id" else f"campaign {quoted(found)}: {gaps[found]}"


def _values(study: Study, by: Level, horizon: int) -> pd.DataFrame:
    """segment, value_per_lead, value_lower, value_upper, n, events, matured_share, value_reason."""
    query, choices = ("channel_moves", {}) if by == "channel" else ("lead_moves", {"by": by})
    moves = moves_frame(query, study, by_bucket=True, **choices)
    names = sorted(moves["segment"].unique())
    parts = [names[start : start + SEGMENTS_AT_ONCE] for start in range(0, len(names), SEGMENTS_AT_ONCE)]
    rows = [row for part in parts for row in _value_rows(moves, part, horizon, study)]
    columns = ["segment", "value_per_lead", "value_lower", "value_upper", "n", "events", "matured_share", "value_reason"]
    return pd.DataFrame(rows, columns=columns)


def _value_rows(moves: pd.DataFrame, segments: list[str], horizon: int, study: Study) -> list[dict[str, Any]]:
    labels, buckets = bucket_tables(moves[moves["segment"].isin(segments)], max_day=horizon, segments=segments)
    whole = buckets.total(axis=1)
    interval = jackknife(buckets, lambda table: value_per_unit(table, horizon), scale="log")
    shares, won, reasons = whole.matured_share(horizon), whole.won_by(horizon), study.followed_rule().reasons(whole, horizon)
    rows = []
    for place, segment in enumerate(labels):
        reason = reasons[place] if study.crm.has("deals") else NO_DEALS
        value = (float("nan"),) * 3 if reason else (interval.value[place], interval.lower[place], interval.upper[place])
        counts = {"n": whole.n[place], "events": won[place], "matured_share": shares[place], "value_reason": reason}
        rows.append({"segment": segment} | dict(zip(("value_per_lead", "value_lower", "value_upper"), value, strict=True)) | counts)
    return rows

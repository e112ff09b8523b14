"""Goals: does one team reach its target while the shared one is missed?

Question: in how many quarters of the window did a team meet what it promised while the target of both was missed? Unit: the quarter that is
over. Denominator: quarters with a target of a team and a shared one for figures that every quarter has a count of, leads created and
bookings. It does not answer why.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import coverage, tables_of
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import ALL, figure
from alignment_toolkit.periods import Quarter
from alignment_toolkit.study import Study

SHARED = "shared"
COUNTED = ("leads", "bookings")
COLUMNS = ("quarter", "kpi", "owner", "value", "target", "attained_share", "is_met")
QUARTER_COLUMNS = ("quarter", "team_met", "shared_met", "joint_share", "is_apart")
NO_TARGETS = "no targets table"
NO_PAIR = "no quarter has both a target of one team and a shared one, for leads or bookings"


def goals_gap(study: Study) -> dict[str, object]:
    """The figure `gap.goals`: quarters of the window in which a team met its target while the shared one was missed: a count, no limits."""
    if not study.crm.has("targets"):
        return figure("gap.goals", value=None, unit="quarters", reason=NO_TARGETS)
    told = target_quarters(study)
    apart = float(told["is_apart"].sum()) if len(told) else None
    return figure("gap.goals", value=apart, unit="quarters", n=len(told), events=apart, reason=NO_PAIR)


def target_quarters(study: Study) -> pd.DataFrame:
    """One row per quarter of the window with targets of both kinds.

    Returns:
        quarter, team_met (the teams that met all their own targets, "" where none did), shared_met (whether every shared target was met),
        joint_share (the lowest attainment of all of them: what both are paid for where the incentive is joint), is_apart (a team met its
        own, and the shared one was missed).
    """
    rows = []
    for quarter, part in team_targets(study).groupby("quarter", sort=True):
        own, both = part[part["owner"] != SHARED], part[part["owner"] == SHARED]
        if own.empty or both.empty:
            continue
        met = own.groupby("owner", sort=True)["is_met"].all()
        winners, shared = ", ".join(str(team) for team in met.index[met]), bool(both["is_met"].all())
        rows.append((quarter, winners, shared, part["attained_share"].min(), bool(winners) and not shared))
    return pd.DataFrame(rows, columns=list(QUARTER_COLUMNS))


def team_targets(study: Study) -> pd.DataFrame:
    """The targets of leads and bookings for the quarters of the window that are over, against the records.

    Returns:
        quarter, kpi, owner, value, target, attained_share, is_met; empty without targets.
    """
    if not study.crm.has("targets"):
        return pd.DataFrame(columns=list(COLUMNS))
    told = study.crm.tables["targets"].to_pandas()
    whole = told[told["segment"].fillna("").isin(["", ALL]) & told["kpi"].isin(COUNTED) & told["quarter"].isin(quarters_of(study))]
    known = recorded(study)
    mine = whole.assign(
        value=[known.get((str(row.quarter), str(row.kpi))) for row in whole.itertuples()], target=whole["target"].astype(float)
    )
    seen = mine[mine["value"].notna() & (mine["target"] > 0)].astype({"value": float})
    share = seen["value"] / seen["target"]
    ordered = seen.assign(attained_share=share, is_met=(seen["value"] >= seen["target"]).astype(bool))
    return ordered.sort_values(["quarter", "kpi", "owner"], ignore_index=True)[list(COLUMNS)]


def quarters_of(study: Study) -> list[str]:
    """The labels of the study's quarters that are over at its as-of, oldest first; all history: every one that targets or claims name."""
    if study.cohort == "all":
        quarters = [quarter for quarter in _named(study) if quarter.first_on <= study.quarter.first_on]
    else:
        quarters = study.in_quarter().last_year() if study.cohort == "4q" else [study.in_quarter()]
    return [quarter.label for quarter in sorted(quarters, key=lambda quarter: quarter.first_on) if _is_over(study, quarter)]


def _is_over(study: Study, quarter: Quarter) -> bool:
    return study.instant(quarter.shift(1)) <= study.as_of


def _named(study: Study) -> list[Quarter]:
    found = []
    for table in ("targets", "claims"):
        labels = study.crm.tables[table].select("quarter").distinct().to_pandas()["quarter"] if study.crm.has(table) else []
        found += [quarter for label in labels if (quarter := _parsed(str(label), study)) is not None]
    return list(dict.fromkeys(found))


def _parsed(label: str, study: Study) -> Quarter | None:
    try:
        return Quarter.parse(label, start_month=study.config.fiscal_year_start_month)
    except UsageError:
        return None


def recorded(study: Study) -> dict[tuple[str, str], float]:
    """What the records say of each quarter of the window that they cover: leads created, and bookings where there are deals.

    Returns:
        (quarter, figure) -> value.
    """
    start = study.config.fiscal_year_start_month
    found = {label: coverage(study, Quarter.parse(label, start_month=start)) for label in quarters_of(study)}
    covered = {kpi: [label for label in found if not found[label].reason(tables_of(kpi))] for kpi in COUNTED}
    created = counted("leads_created", study, by="cohort_quarter").set_index("segment")["n"]
    known = {(quarter, "leads"): float(created.get(quarter, 0)) for quarter in covered["leads"]}
    if study.crm.has("deals"):
        won = counted("deals_won", study, by="cohort_quarter", to_date=True).set_index("segment")["amount"] / 100
        known |= {(quarter, "bookings"): float(won.get(quarter, 0.0)) for quarter in covered["bookings"]}
    return known

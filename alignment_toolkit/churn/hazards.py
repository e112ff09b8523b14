"""Cox regression of churn: which origin goes with leaving sooner, given the others.

Question: by what factor does the rate of leaving differ between sources, and between personas, each given the other? Unit: the
customer, row by row up to the stated limit of `stats.cox`. Denominator: all customers whose start is on record, over all history.
An association: moving money to the source with the lowest ratio need not keep more customers.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.customers import life_rows
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import NOT_ENOUGH, OTHER
from alignment_toolkit.stats.cox import CoxFit, cox
from alignment_toolkit.study import Study

ATTRIBUTES = ("source", "persona")
COLUMNS = ("attribute", "group", "reference", "customers", "churned", "hazard_ratio", "lower", "upper", "p", "ph_p", "reason")


def hazard_ratios(study: Study) -> pd.DataFrame:
    """Hazard ratios of churn by acquiring source and persona in one model, with a check that they are constant.

    The reference of each attribute is its largest group; groups below `min_n` customers or without a churn are pooled as "(other)",
    which is left out when nobody of it left.

    Returns:
        One row per group: attribute, group, reference, customers, churned, hazard_ratio with 95 % limits, p (Wald), ph_p (small:
        the ratio changes with age), reason. References have no row. All ratios are null below five churns per group compared.

    Reference:
        Cox 1972; Efron 1977; Grambsch and Therneau 1994.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(COLUMNS))
    rows = life_rows(study).to_pandas().sort_values("customer_id", ignore_index=True)
    for name in ATTRIBUTES:
        rows[name] = pooled_groups(rows, name, min_n=study.config.min_n)
    told = rows[informative(rows)].reset_index(drop=True)
    design, described = dummies(told)
    fit = _fitted(told, design)
    table = pd.DataFrame(described, columns=["covariate", *COLUMNS[:5]])
    if fit is None:
        return table.assign(reason=NOT_ENOUGH).reindex(columns=list(COLUMNS))
    merged = table.merge(fit.table[["covariate", "hazard_ratio", "lower", "upper", "p", "ph_p"]], on="covariate", how="left")
    return merged.assign(reason=None).reindex(columns=list(COLUMNS))


def pooled_groups(rows: pd.DataFrame, name: str, *, min_n: int) -> pd.Series:
    """The attribute with groups that are too small, or that nobody left, pooled."""
    sizes = rows.groupby(name)["event"].agg(["size", "sum"])
    kept = sizes.index[(sizes["size"] >= min_n) & (sizes["sum"] > 0)]
    return rows[name].where(rows[name].isin(kept), OTHER)


def informative(rows: pd.DataFrame) -> pd.Series:
    """Rows of groups that somebody left: a group without a churn has no ratio, and would make one side of every other infinite."""
    return pd.concat([rows.groupby(name)["event"].transform("sum") > 0 for name in ATTRIBUTES], axis=1).all(axis=1)


def dummies(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[object, ...]]]:
    """One 0/1 column per group but the largest of each attribute, and what each column stands for."""
    columns: dict[str, pd.Series] = {}
    described: list[tuple[object, ...]] = []
    for name in ATTRIBUTES:
        sizes = rows.groupby(name)["event"].agg(["size", "sum"]).sort_values("size", ascending=False, kind="stable")
        for group, (customers, churned) in sizes.iloc[1:].iterrows():
            key = f"{name}: {group}"
            columns[key] = (rows[name] == group).astype(float)
            described.append((key, name, group, sizes.index[0], int(customers), int(churned)))
    return pd.DataFrame(columns, index=rows.index), described


def _fitted(rows: pd.DataFrame, design: pd.DataFrame) -> CoxFit | None:
    """The fit; None when there is no group to compare, too few churns per column, or columns determine one another."""
    if design.empty or rows["event"].sum() < 5 * len(design.columns):
        return None
    try:
        return cox(design.assign(days=rows["days"], event=rows["event"]), duration="days", event="event", covariates=list(design.columns))
    except UsageError as error:
        if "constant or follows" in str(error):
            return None
        raise

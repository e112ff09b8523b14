"""The bridge of monthly recurring revenue: where the change of each quarter came from, to the cent.

Question: what was gained and lost between the starts and ends of quarters? Unit: money per month, and customers. A movement
compares two days; what came and went between them does not show. It does not say why.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from alignment_toolkit.arguments import QUARTERS_BACK, checked
from alignment_toolkit.churn.recorded import starts_recorded_until, why_unknown
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.mrr import PARTS, bridge_quarters
from alignment_toolkit.study import Study

NO_QUARTER = "no quarter begins after the records of subscriptions do"
MONEY = ("start", *PARTS, "exchange_rates", "end")
COLUMNS = ("quarter", *MONEY, *(f"n_{part}" for part in PARTS))


@checked(quarters=QUARTERS_BACK)
def mrr_bridge(study: Study, *, quarters: int = 8) -> pd.DataFrame:
    """Start + new + expansion + reactivation + contraction + churn + exchange rates = end, exactly, for each quarter.

    A customer is new when never active before, a reactivation when active earlier but not at the start. Losses are negative.
    Movements are at the rates of the quarter's end; `exchange_rates` is what the start is worth at them less what it was worth
    then.

    Args:
        study: The report quarter is the last one shown, up to `as_of`.
        quarters: How many, at least 1; those that begin before records do, or before the first customer, are left out.

    Returns:
        quarter, the money columns of `MONEY` (reporting currency per month), n_<part> customers; the end of a quarter is the start
        of the next.
    """
    if not study.crm.has("subscriptions") or not bridge_quarters(study, quarters):
        return pd.DataFrame(columns=list(COLUMNS))
    cents = counted("mrr_bridge_parts", study, quarters=quarters).sort_values("quarter", ignore_index=True)
    cents = cents.rename(columns={f"{part}_cents": part for part in (*PARTS, "start", "end")} | {"fx_cents": "exchange_rates"})
    parts = cents[["start", *PARTS, "exchange_rates"]].sum(axis=1)
    assert (parts == cents["end"]).all(), "the parts of the bridge do not add up to the cent"
    assert (cents["end"].iloc[:-1].to_numpy() == cents["start"].iloc[1:].to_numpy()).all(), "quarters do not chain"
    kept = cents[(cents[["start", "end", "new"]] != 0).any(axis=1).cummax()]
    return kept.assign(**{name: kept[name] / 100 for name in MONEY})[list(COLUMNS)].reset_index(drop=True)


def to_the_cent(bridge: pd.DataFrame) -> pd.DataFrame:
    """The bridge with its money as decimals, which tables show and publish as they are: rounded parts would not add up.

    Returns:
        The same rows; the money columns hold `Decimal` with two places.
    """
    money: dict[str, Any] = {name: [Decimal(round(100 * value)) / 100 for value in bridge[name]] for name in MONEY}
    return bridge.assign(**money)


def bridge_sentences(bridge: pd.DataFrame, *, currency: str, study: Study | None = None) -> list[str]:
    """The last quarter's movement in words.

    Args:
        bridge: As `mrr_bridge` makes it.
        currency: The reporting currency.
        study: Names what is missing from the records.
    """
    if bridge.empty:
        return [f"How recurring revenue moved cannot be told: {why_unknown(study) or NO_QUARTER}."]
    last = bridge.iloc[-1]
    change = last["end"] - last["start"]
    moved = "rose" if change > 0 else "fell" if change < 0 else "stayed"
    losses = last["contraction"] + last["churn"]
    rates = f", exchange rates moved {last['exchange_rates']:+,.2f}" if last["exchange_rates"] else ""
    until = starts_recorded_until(study)
    new = f"New customers, on record only up to {until}," if until else "New customers"
    return [
        f"In {last['quarter']} monthly recurring revenue {moved} from {last['start']:,.2f} to {last['end']:,.2f} {currency}.",
        f"{new} brought {last['new']:,.2f}, existing ones {last['expansion']:,.2f} more, returning ones"
        f" {last['reactivation']:,.2f}; {-losses:,.2f} went by contraction and churn{rates}.",
    ]

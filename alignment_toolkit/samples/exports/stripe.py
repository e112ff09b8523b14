"""The simulated company's billing as Fivetran lands Stripe: subscription, subscription_item, price, plan and customer.

Unit: one subscription. Amounts are in minor units, per month, quarter or year and per seat; currencies are small. A trial is the beginning
of the subscription that follows it. `canceled_at` is when the customer asked, `ended_at` when it was over. Test mode lies beside live mode.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples.exports.form import LANDED_INSTANT, Export
from alignment_toolkit.samples.exports.landed import synced
from alignment_toolkit.samples.exports.people import people
from alignment_toolkit.samples.exports.salesforce_ids import salesforce_ids
from alignment_toolkit.samples.exports.view import View

FEEDBACK = {
    "Poor fit": "unused", "Price": "too_expensive", "Support": "customer_service", "Closed business": "other",
    "Competitor": "switched_service",
}  # fmt: skip
PERIODS = (("month", 1), ("month", 3), ("year", 1))
NOON = pd.Timedelta(hours=12)
FAR = pd.Timestamp("9000-01-01")


def stripe_ids(ids: pd.Series, *, prefix: str) -> pd.Series:
    """Ids with Stripe's prefix of the object."""
    return prefix + "_" + ids.astype(str)


def _spells(view: View) -> pd.DataFrame:
    """Paid spells; a trial that ends where one begins is part of it, any other is a spell of its own."""
    spells = view.table("subscriptions")
    trial = spells[spells["is_trial"]]
    starts = pd.Series(trial["started_on"].to_numpy(), index=pd.MultiIndex.from_frame(trial[["customer_id", "ended_on"]]))
    keys = pd.MultiIndex.from_frame(spells[["customer_id", "started_on"]])
    spells = spells.assign(trial_start=starts.reindex(keys).to_numpy())
    merged = pd.MultiIndex.from_frame(trial[["customer_id", "ended_on"]]).isin(keys)
    spells = spells.drop(index=trial.index[merged]).reset_index(drop=True)
    return spells.assign(ended_on=spells["ended_on"].where(spells["ended_on"] < FAR))


def subscription(view: View) -> pd.DataFrame:
    """Subscriptions, one that was never paid and one of test mode included."""
    spells = _spells(view)
    ended = spells["ended_on"].notna()
    begins = spells["trial_start"].fillna(spells["started_on"]) + NOON
    frame = pd.DataFrame(
        {
            "id": stripe_ids(spells["subscription_id"], prefix="sub"),
            "customer_id": stripe_ids(spells["customer_id"], prefix="cus"),
            "status": np.where(ended, "canceled", np.where(spells["is_trial"], "trialing", "active")),
            "created": begins,
            "start_date": begins,
            "trial_start": spells["trial_start"] + NOON,
            "trial_end": (spells["started_on"] + NOON).where(spells["trial_start"].notna()),
            "canceled_at": np.maximum(spells["ended_on"] + NOON - pd.Timedelta(days=20), begins),
            "ended_at": spells["ended_on"] + NOON,
            "cancel_at_period_end": ended,
            "cancellation_details_reason": ended.map({True: "cancellation_requested", False: None}),
            "cancellation_details_feedback": spells["churn_reason"].map(FEEDBACK),
            "livemode": True,
            "metadata": "{}",
        }
    )
    never = frame.iloc[[0]].assign(id="sub_never", status="incomplete_expired", ended_at=frame["start_date"].iloc[0] + NOON)
    test = frame.iloc[[1]].assign(id="sub_test", livemode=False)
    return pd.concat([frame, never, test], ignore_index=True)


def _prices(view: View) -> pd.DataFrame:
    """What each spell costs: interval, count, seats and the price of a seat in minor units."""
    spells = _spells(view)
    place = np.arange(len(spells)) % len(PERIODS)
    interval, count = np.array([name for name, _ in PERIODS], dtype=object)[place], np.array([number for _, number in PERIODS])[place]
    minor = np.round(spells["mrr"].to_numpy() * 100 * np.where(interval == "year", 12, count)).astype(np.int64)
    seats = np.where(minor % 5 == 0, 5, 1)
    return pd.DataFrame(
        {
            "spell": spells["subscription_id"],
            "currency": spells["currency"].str.lower(),
            "interval": interval,
            "count": count,
            "seats": seats,
            "unit_amount": minor // seats,
        }
    )


def subscription_item(view: View) -> pd.DataFrame:
    """One item per subscription."""
    prices = _prices(view)
    return pd.DataFrame(
        {
            "id": stripe_ids(prices["spell"], prefix="si"),
            "subscription_id": stripe_ids(prices["spell"], prefix="sub"),
            "plan_id": stripe_ids(prices["spell"], prefix="price"),
            "quantity": prices["seats"],
            "metadata": "{}",
        }
    )


def price(view: View) -> pd.DataFrame:
    """Prices in minor units."""
    prices = _prices(view)
    return pd.DataFrame(
        {
            "id": stripe_ids(prices["spell"], prefix="price"),
            "active": True,
            "currency": prices["currency"],
            "livemode": True,
            "recurring_interval": prices["interval"],
            "recurring_interval_count": prices["count"],
            "type": "recurring",
            "unit_amount": prices["unit_amount"],
            "unit_amount_decimal": prices["unit_amount"].astype(float),
        }
    )


def customer(view: View) -> pd.DataFrame:
    """Customers with everything that a payment service knows of a person; the CRM's id of the account stands in the metadata."""
    first = view.table("subscriptions").groupby("customer_id", sort=True)["started_on"].min()
    ids = pd.Series(first.index.astype(object))
    persons = people(ids)
    link = '{"salesforce_id": "' + salesforce_ids(ids, of="account") + '"}'
    return pd.DataFrame(
        {
            "id": stripe_ids(ids, prefix="cus"),
            "created": first.to_numpy() + NOON,
            "email": persons["email"],
            "name": persons["name"],
            "phone": persons["phone"],
            "description": persons["name"] + " <" + persons["email"] + ">",
            "livemode": True,
            "is_deleted": False,
            "metadata": link,
        }
    )


def stripe(view: View) -> Export:
    """The tables of the connector that say who pays what."""
    tables = {"subscription": subscription, "subscription_item": subscription_item, "price": price, "customer": customer}
    return Export({name: synced(made(view)) for name, made in tables.items()}, instant=LANDED_INSTANT)

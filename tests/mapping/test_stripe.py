"""Stripe alone and beside a CRM: minor units, trials, ends, and which customer is which lead."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from alignment_toolkit.errors import DataRefused, UsageError
from tests.mapping.exports import counts, folder, made, rows
from tests.mapping.test_salesforce import API as SALESFORCE

HEAD = "id,customer_id,status,start_date,trial_start,trial_end,canceled_at,ended_at,current_period_start,billing_cycle_anchor,livemode,quantity,_fivetran_synced"
STRIPE = {
    "subscription": f"""
        {HEAD}
        sub_1,cus_1,active,2026-02-10 08:00:00,,,,,2026-02-10 08:00:00,2026-02-10 08:00:00,true,1,2026-03-01 00:00:00
        sub_2,cus_2,canceled,2026-01-01 08:00:00,2026-01-01 08:00:00,2026-01-15 08:00:00,2026-02-01 08:00:00,2026-03-01 08:00:00,2026-02-01 08:00:00,2026-02-01 08:00:00,true,1,2026-03-01 00:00:00
        sub_3,cus_3,incomplete_expired,2026-01-01 08:00:00,,,,,2026-01-01 08:00:00,2026-01-01 08:00:00,true,1,2026-03-01 00:00:00
        sub_4,cus_3,active,2026-01-01 08:00:00,,,,,2026-01-01 08:00:00,2026-01-01 08:00:00,false,1,2026-03-01 00:00:00
        sub_5,cus_4,trialing,2026-02-20 08:00:00,2026-02-20 08:00:00,2026-03-20 08:00:00,,,2026-02-20 08:00:00,2026-02-20 08:00:00,true,1,2026-03-01 00:00:00
        sub_6,cus_4,active,2026-02-20 08:00:00,,,,,2026-02-20 08:00:00,2026-02-20 08:00:00,true,1,2026-03-01 00:00:00
        """,
    "subscription_item": """
        id,subscription_id,plan_id,quantity,created,current_period_start,metadata,_fivetran_synced
        si_1,sub_1,price_year,2,2026-02-10 08:00:00,2026-02-10 08:00:00,{},2026-03-01 00:00:00
        si_2,sub_1,plan_seat,3,2026-02-10 08:00:00,2026-02-10 08:00:00,{},2026-03-01 00:00:00
        si_3,sub_2,price_yen,1,2026-02-10 08:00:00,2026-02-10 08:00:00,{},2026-03-01 00:00:00
        si_4,sub_5,plan_seat,1,2026-02-10 08:00:00,2026-02-10 08:00:00,{},2026-03-01 00:00:00
        """,
    "price": """
        id,active,currency,unit_amount,recurring_interval,recurring_interval_count,type,_fivetran_synced
        price_year,true,eur,120000,year,1,recurring,2026-03-01 00:00:00
        price_yen,true,jpy,5000,month,1,recurring,2026-03-01 00:00:00
        """,
    "plan": """
        id,active,amount,currency,interval,interval_count,_fivetran_synced
        plan_seat,true,3000,eur,month,3,2026-03-01 00:00:00
        """,
    "customer": """
        id,created,email,name,phone,delinquent,livemode,is_deleted,metadata,invoice_prefix,_fivetran_synced
        cus_1,2026-02-10 07:00:00,billing@byron.example,Byron,,false,true,false,"{""salesforce_id"":""0011""}",A,2026-03-01 00:00:00
        cus_2,2026-01-01 07:00:00,BOB@example.com,Bob,,false,true,false,{},B,2026-03-01 00:00:00
        cus_3,2026-01-01 07:00:00,nobody@example.com,N,,false,true,false,{},C,2026-03-01 00:00:00
        cus_4,2026-01-01 07:00:00,other@example.com,O,,false,true,false,{},D,2026-03-01 00:00:00
        """,
}
RATES = {"DatedConversionRate": "IsoCode,StartDate,NextStartDate,ConversionRate\nJPY,2026-01-01,9999-12-31,160\n"}


def test_billing_meets_the_crm_by_link_and_by_address(tmp_path: Path) -> None:
    crm = folder(tmp_path / "crm", **SALESFORCE | RATES)
    billing = folder(tmp_path / "billing", **STRIPE)
    done = made(tmp_path, [crm, billing], ["salesforce", "stripe"])
    columns = ("subscription_id", "customer_id", "lead_id", "started_on", "ended_on", "mrr", "currency", "is_trial")
    assert rows(done, "subscriptions", *columns) == [
        ("sub_1", "cus_1", "00Q1", date(2026, 2, 10), None, 230.0, "EUR", False),
        ("sub_2", "cus_2", "00Q2", date(2026, 1, 15), date(2026, 3, 1), 5000.0, "JPY", False),
        ("sub_2-trial", "cus_2", "00Q2", date(2026, 1, 1), date(2026, 1, 15), 5000.0, "JPY", True),
        ("sub_5-trial", "cus_4", None, date(2026, 2, 20), date(2026, 3, 20), 30.0 / 3, "EUR", True),
    ]
    assert counts(done)["subscriptions"] == (
        8,
        4,
        {
            "never started (the first payment failed)": 1,
            "no paid time beside the trial": 1,
            "no recurring price is there for it": 1,
            "test mode": 1,
        },
    )
    assert "subscriptions: 2 of 3 customers linked to a lead (1 by link column and 1 by e-mail address)" in done.notes
    assert done.notes[-1] == "deals without a lead: 1 of 2 (1 without a lead ID)"
    assert counts(done)["leads"][1] == 4
    assert "example" not in str(done.notes)


def test_one_folder_may_hold_both_and_both_are_recognised(tmp_path: Path) -> None:
    both = folder(tmp_path / "all", **SALESFORCE | RATES, **STRIPE)
    done = made(tmp_path, both)
    assert [note.partition(":")[0] for note in done.notes[:2]] == ["all is read as salesforce", "all is read as stripe"]
    assert counts(done)["subscriptions"][1] == 4
    assert counts(done)["leads"][1] == 4


def test_alone_every_customer_is_a_lead_won_on_the_first_paid_day(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('reporting_currency = "EUR"\ntime_zone = "UTC"\n', encoding="utf-8")
    euro = STRIPE | {"price": STRIPE["price"].replace("jpy", "eur")}
    done = made(tmp_path, folder(tmp_path / "billing", **euro), config=tmp_path / "a.toml")
    assert [row[0] for row in rows(done, "leads", "lead_id")] == ["cus_1", "cus_2", "cus_3", "cus_4"]
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at") == [
        ("cus_1", "won", datetime(2026, 2, 10)),
        ("cus_2", "won", datetime(2026, 1, 15)),
    ]
    assert rows(done, "subscriptions", "subscription_id", "mrr")[1] == ("sub_2", 50.0)
    assert (done.out / "alignment.toml").read_text(encoding="utf-8") == 'reporting_currency = "EUR"\ntime_zone = "UTC"\n'


def test_mappings_and_sources_are_paired_or_refused(tmp_path: Path) -> None:
    crm, billing = folder(tmp_path / "crm", **SALESFORCE), folder(tmp_path / "billing", **STRIPE)
    with pytest.raises(UsageError) as caught:
        made(tmp_path, [crm, billing], ["salesforce"])
    assert str(caught.value) == (
        "1 mapping for 2 sources. There are as many mappings as sources, in the same order, or several mappings for one source,"
        " or none at all. Give --mapping once for each --source, or leave it out."
    )


# --- recurring revenue by Stripe's definition: one subscription per line, so that each shows one rule

PRICE_HEAD = "id,currency,unit_amount,unit_amount_decimal,recurring_interval,recurring_interval_count,recurring_usage_type,billing_scheme,tiers_mode,type,transform_quantity_divide_by,transform_quantity_round"
PRICES = f"""
    {PRICE_HEAD}
    flat,eur,10000,,month,1,licensed,per_unit,,recurring,,
    exact,eur,,1.5,month,1,licensed,per_unit,,recurring,,
    yearly,eur,120000,,year,1,licensed,per_unit,,recurring,,
    two_weeks,eur,1400,,week,2,licensed,per_unit,,recurring,,
    daily,eur,100,,day,1,licensed,per_unit,,recurring,,
    metered,eur,4000,,month,1,metered,per_unit,,recurring,,
    once,eur,9900,,,,,per_unit,,one_time,,
    priceless,eur,,,month,1,licensed,per_unit,,recurring,,
    dollar,usd,5000,,month,1,licensed,per_unit,,recurring,,
    graduated,eur,,,month,1,licensed,tiered,graduated,recurring,,
    volume,eur,,,month,1,licensed,tiered,volume,recurring,,
    stepless,eur,,,month,1,licensed,tiered,volume,recurring,,
    packs,eur,2500,,month,1,licensed,per_unit,,recurring,10,up
    half_packs,eur,2500,,month,1,licensed,per_unit,,recurring,10,down
    """
TIERS = """
    price_id,up_to,unit_amount,flat_amount
    graduated,5,1000,2000
    graduated,20,500,
    graduated,,100,700
    volume,5,1000,
    volume,20,500,300
    volume,,100,
    """
ITEMS = {
    "flat 3": ([("flat", 3)], 300.0),
    "no quantity is one": ([("flat", "")], 100.0),
    "a quantity of zero is free": ([("flat", 0)], 0.0),
    "fractions of a cent": ([("exact", 1000)], 15.0),
    "a year is twelve months": ([("yearly", 2), ("flat", 1)], 300.0),
    "26 fortnights a year": ([("two_weeks", 12)], 12 * 14 * 365 / 14 / 12),
    "365 days a year": ([("daily", 12)], 365.0),
    "metered beside licensed": ([("flat", 1), ("metered", "")], 100.0),
    "paid once": ([("flat", 1), ("once", 1)], 100.0),
    "graduated 3": ([("graduated", 3)], 3 * 10 + 20),
    "graduated 5": ([("graduated", 5)], 5 * 10 + 20),
    "graduated 25": ([("graduated", 25)], 5 * 10 + 20 + 15 * 5 + 5 * 1 + 7),
    "volume 5": ([("volume", 5)], 50.0),
    "volume 6": ([("volume", 6)], 6 * 5 + 3),
    "volume 100": ([("volume", 100)], 100.0),
    "packs of ten, begun ones paid": ([("packs", 11)], 50.0),
    "packs of ten, whole ones paid": ([("half_packs", 19)], 25.0),
    "metered alone": ([("metered", "")], "all its prices are metered, which is no recurring revenue"),
    "no amount": ([("priceless", 1), ("flat", 1)], "its recurring revenue is not known: a price has no amount"),
    "no tiers": ([("stepless", 1)], "its recurring revenue is not known: the tiers of a tiered price are not there"),
    "no price": ([("gone", 1), ("flat", 1)], "its recurring revenue is not known: a price is not there"),
    "two currencies": ([("dollar", 1), ("flat", 1)], "its recurring revenue is not known: prices in several currencies"),
}


def _word(name: str) -> str:
    return name.replace(",", "")


def billing(place: Path, *, subscriptions: str, items: list[tuple[str, str, object]], prices: str = PRICES, **files: str) -> Path:
    """A folder of Stripe's tables: subscriptions as CSV, items as (subscription, price, quantity), a customer per subscription."""
    told = dedent(subscriptions).strip().splitlines()
    names = sorted({line.split(",")[0] for line in told[1:]})
    listed = [f"si_{at},{name},{price},{quantity}" for at, (name, price, quantity) in enumerate(items)]
    tables = {
        "subscription_item": "\n".join(["id,subscription_id,plan_id,quantity", *listed]),
        "customer": "\n".join(["id,created,livemode,invoice_prefix", *(f"cus {name},2025-01-01 00:00:00,true,A" for name in names)]),
        "price": prices,
        "tier": TIERS,
    }
    return folder(place, **tables | {"subscription": "\n".join(told)} | files)


def test_recurring_revenue_of_every_kind_of_price(tmp_path: Path) -> None:
    lines = [f"{name},cus {name},active,2025-01-10 12:00:00,true" for name in map(_word, ITEMS)]
    subscriptions = "\n".join(["id,customer_id,status,start_date,livemode", *lines])
    items = [(_word(name), price, quantity) for name, (parts, _) in ITEMS.items() for price, quantity in parts]
    done = made(tmp_path, billing(tmp_path / "b", subscriptions=subscriptions, items=items), ["stripe"])
    right = {_word(name): mrr for name, (_, mrr) in ITEMS.items() if not isinstance(mrr, str)}
    assert dict(rows(done, "subscriptions", "subscription_id", "mrr")) == pytest.approx(right)
    assert counts(done)["subscriptions"][2] == Counter(reason for _, reason in ITEMS.values() if isinstance(reason, str))
    won = {name for (name,) in rows(done, "stage_events", "lead_id")}
    assert won == {f"cus {_word(name)}" for name in ITEMS if name != "a quantity of zero is free"}


STATUS_HEAD = "id,customer_id,status,start_date,trial_end,current_period_start,canceled_at,ended_at,pause_collection_behavior,livemode"
STATUSES = {
    "active": ("active,2025-01-10,,2025-06-10,,,", (date(2025, 1, 10), None)),
    "past_due": ("past_due,2025-01-10,,2025-06-10,,,", (date(2025, 1, 10), None)),
    "to be cancelled": ("active,2025-01-10,,2025-06-10,2025-06-12,,", (date(2025, 1, 10), None)),
    "cancelled": ("canceled,2025-01-10,,2025-06-10,2025-06-12,2025-07-10,", (date(2025, 1, 10), date(2025, 7, 10))),
    "cancelled without an end": ("canceled,2025-01-10,,2025-06-10,2025-06-12,,", (date(2025, 1, 10), date(2025, 6, 12))),
    "cancelled some day": ("canceled,2025-01-10,,2025-06-10,,,", "canceled, and nothing says since when"),
    "unpaid": ("unpaid,2025-01-10,,2025-06-10,,,", (date(2025, 1, 10), date(2025, 6, 10))),
    "unpaid some day": ("unpaid,2025-01-10,,,,,", "unpaid, and nothing says since when"),
    "never paid": ("unpaid,2025-01-10,,2025-01-10,,,", "unpaid from the start, never paid"),
    "paused after a trial": ("paused,2025-01-10,2025-02-10,2025-02-10,,,", "paused at the end of its trial, never paid"),
    "paused some day": ("paused,2025-01-10,,2025-06-10,,,", "paused, and nothing says since when"),
    "given away": ("active,2025-01-10,,2025-06-10,,,void", (date(2025, 1, 10), date(2025, 6, 10))),
    "written off": ("active,2025-01-10,,2025-06-10,,,mark_uncollectible", (date(2025, 1, 10), date(2025, 6, 10))),
    "collected later": ("active,2025-01-10,,2025-06-10,,,keep_as_draft", (date(2025, 1, 10), None)),
    "in trial": ("trialing,2025-06-01,2025-07-01,2025-06-01,,,", "no paid time beside the trial"),
    "incomplete": ("incomplete,2025-01-10,,2025-01-10,,,", "never started (the first payment failed)"),
    "expired": ("incomplete_expired,2025-01-10,,2025-01-10,,,", "never started (the first payment failed)"),
    "no status": (",2025-01-10,,2025-01-10,,,", "no status"),
}


def test_paid_time_by_status(tmp_path: Path) -> None:
    lines = [f"{name},cus {name},{line},true" for name, (line, _) in STATUSES.items()]
    source = billing(tmp_path / "b", subscriptions="\n".join([STATUS_HEAD, *lines]), items=[(name, "flat", 1) for name in STATUSES])
    done = made(tmp_path, source, ["stripe"])
    told = rows(done, "subscriptions", "subscription_id", "started_on", "ended_on", "is_trial")
    assert {row[0]: row[1:3] for row in told if not row[3]} == {
        name: right for name, (_, right) in STATUSES.items() if isinstance(right, tuple)
    }
    assert counts(done)["subscriptions"][2] == Counter(right for _, right in STATUSES.values() if isinstance(right, str))
    assert [row[0] for row in told if row[3]] == ["in trial-trial", "paused after a trial-trial"]


VERSIONS = """
    id,_fivetran_active,_fivetran_start,_fivetran_end,customer_id,status,start_date,current_period_start,pause_collection_behavior,livemode
    a,false,2025-01-10 00:00:00,2025-03-09 23:59:59,cus a,unpaid,2025-01-10,2025-01-10,,true
    a,false,2025-03-10 00:00:00,2025-05-19 23:59:59,cus a,active,2025-01-10,2025-03-10,,true
    a,false,2025-05-20 08:00:00,2025-06-09 23:59:59,cus a,unpaid,2025-01-10,2025-05-10,,true
    a,true,2025-06-10 00:00:00,9999-12-31 23:59:59,cus a,unpaid,2025-01-10,2025-06-10,,true
    b,false,2025-01-10 00:00:00,2025-04-01 23:59:59,cus b,active,2025-01-10,2025-03-10,,true
    b,true,2025-04-02 00:00:00,9999-12-31 23:59:59,cus b,active,2025-01-10,2025-05-10,void,true
    c,true,2025-02-24 00:00:00,9999-12-31 23:59:59,cus c,unpaid,2025-01-10,2025-05-10,,true
    d,false,2025-01-10 00:00:00,2025-04-01 23:59:59,cus d,active,2025-01-10,2025-03-10,,true
    e,false,2025-01-10 00:00:00,2025-04-01 23:59:59,cus e,trialing,2025-01-10,2025-01-10,,true
    e,true,2025-04-02 00:00:00,9999-12-31 23:59:59,cus e,active,2025-01-10,2025-04-02,,true
    """


def test_history_says_when_a_subscription_stopped_paying(tmp_path: Path) -> None:
    source = billing(
        tmp_path / "b", subscriptions="id\na\nb\nc\nd\ne", items=[(name, "flat", 1) for name in "abcde"], subscription_history=VERSIONS
    )
    (source / "subscription.csv").unlink()
    done = made(tmp_path, source, ["stripe"])
    begun = date(2025, 1, 10)
    assert rows(done, "subscriptions", "subscription_id", "started_on", "ended_on") == [
        ("a", begun, date(2025, 5, 20)),
        ("b", begun, date(2025, 4, 2)),
        ("c", begun, date(2025, 5, 10)),  # its history knows no time before, so the period counts
        ("e", begun, None),
    ]
    assert counts(done)["subscriptions"][2] == {"deleted in Stripe": 1}


def test_an_unknown_status_is_refused_unless_the_mapping_says_what_it_means(tmp_path: Path) -> None:
    subscriptions = "id,customer_id,status,start_date,livemode\na,cus a,Active,2025-01-10,true\nb,cus b,frozen,2025-01-10,true"
    source = billing(tmp_path / "b", subscriptions=subscriptions, items=[("a", "flat", 1), ("b", "flat", 1)])
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, source, ["stripe"])
    [fault] = caught.value.faults
    assert "values of 'status' are not among the agreed ones: 'frozen' (1 row)" in fault
    assert fault.endswith('Say what they mean in a mapping: extends = "stripe", [words.status].')
    (tmp_path / "own.toml").write_text('extends = "stripe"\n[words.status]\nFrozen = "never"\n', encoding="utf-8")
    done = made(tmp_path, source, [tmp_path / "own.toml"])
    assert rows(done, "subscriptions", "subscription_id") == [("a",)]


MINOR = {
    "usd": 100,
    "jpy": 1,
    "vnd": 1,
    "krw": 1,
    "mga": 1,
    "isk": 100,
    "ugx": 100,
    "huf": 100,
    "twd": 100,
    "kwd": 1000,
    "tnd": 1000,
    "omr": 1000,
}


def test_minor_units_of_every_kind_of_currency(tmp_path: Path) -> None:
    prices = "\n".join([PRICE_HEAD, *(f"p_{code},{code},5000,,month,1,licensed,per_unit,,recurring,," for code in MINOR)])
    lines = [f"{code},cus {code},active,2025-01-10,true" for code in MINOR]
    source = billing(
        tmp_path / "b",
        subscriptions="\n".join(["id,customer_id,status,start_date,livemode", *lines]),
        items=[(code, f"p_{code}", 1) for code in MINOR],
        prices=prices,
    )
    rates = "\n".join(["currency,valid_on,rate", *(f"{code.upper()},2025-01-01,1" for code in MINOR)])
    folder(source, rates=rates)
    own = 'extends = "stripe"\n[config]\nreporting_currency = "EUR"\n[tables.exchange_rates]\nfrom = "rates.csv"\n'
    own += '[tables.exchange_rates.columns]\ncurrency = "currency"\nvalid_on = "valid_on"\nrate_to_reporting = "rate"\n'
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    done = made(tmp_path, source, [tmp_path / "own.toml"])
    assert dict(rows(done, "subscriptions", "currency", "mrr")) == {code.upper(): 5000 / units for code, units in MINOR.items()}


def test_subscriptions_alone_are_refused_with_what_they_lack(tmp_path: Path) -> None:
    header = "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Current Period Start (UTC)"
    row = "sub_1,cus_1,price_1,1,eur,month,10.00,active,2026-01-10 12:00,2026-01-10 12:00,2026-09-10 12:00"
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, folder(tmp_path / "billing", subscriptions=f"{header}\n{row}\n"), "stripe")
    end = "Export customer (id, created) too, or give the export of a CRM as another source."
    made_of = "is missing: the mapping stripe finds none of the files that it is made of."
    assert caught.value.faults == (
        f"leads {made_of} leads (a person or account entering the funnel) is required. {end}",
        f"stage_events {made_of} stage_events (a lead entering a stage) is required. {end}",
    )

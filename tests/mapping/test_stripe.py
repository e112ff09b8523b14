"""Stripe alone and beside a CRM: minor units, trials, ends, and which customer is which lead."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from alignment_toolkit.errors import UsageError
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
    assert done.notes[-1] == "subscriptions: 2 of 3 customers linked to a lead (1 by link column and 1 by e-mail address)"
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

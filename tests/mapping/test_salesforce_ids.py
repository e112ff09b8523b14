"""Ids of 15 and 18 characters: the checksum by Salesforce's published rule, then across the files of one company."""

from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from alignment_toolkit.border.salesforce_ids import long_salesforce_id
from alignment_toolkit.ingest import ingest
from tests.mapping.exports import folder, rows

SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def _by_hand(short: str) -> str:
    """Per five characters one of 32 letters: the first character is the lowest bit, a capital is 1."""
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(SUFFIXES[sum(2**place for place, letter in enumerate(chunk) if letter.isupper())] for chunk in chunks)


def test_the_checksum_is_that_of_salesforce() -> None:
    known = {"00Q5g00000AbCdE": "00Q5g00000AbCdEEAV", "0065g00000XyZaB": "0065g00000XyZaBAAV", "00q5g00000abcde": "00q5g00000abcdeAAA"}
    others = ["001A0000006Vm9r", "ABCDEFGHIJKLMNO", "a0X000000000zzz"]
    kept = ["00Q5g00000AbCdEEAV", "00Q5g00000-bCdE", "00Q1", "", "00Q5g00000AbCdEEA"]
    texts = [*known, *others, *kept, None]
    table = ibis.memtable({"id": texts}, schema={"id": "string"})
    backend = ibis.duckdb.connect()
    told = backend.to_pyarrow(table.mutate(long=long_salesforce_id(table["id"]))).to_pylist()
    assert {row["id"]: row["long"] for row in told} == known | {text: _by_hand(text) for text in others} | {text: text for text in kept} | {
        None: None
    }
    assert known == {text: _by_hand(text) for text in known}


LEADS = """
    Lead ID,Lead Status,Create Date,Lead Source,Converted,Opportunity ID,Account ID
    00Q5g00000AbCdE,Qualified - Converted,7/1/2026 9:00 AM,Web,1,0065g00000XyZaB,0015g00000AbCdE
    00Q5g00000AbCde,Open,7/2/2026 9:00 AM,Web,0,,
    00Q5g00000AbCdfAAF,Open,7/2/2026 9:00 AM,Web,0,,
"""
HISTORY = """
    Id,LeadId,Field,OldValue,NewValue,CreatedDate
    01,00Q5g00000AbCdEEAV,Status,Open,MQL,2026-07-02T09:00:00.000Z
    02,00Q5g00000AbCdf,Status,Open,MQL,2026-07-03T09:00:00.000Z
"""
DEALS = """
    Id,AccountId,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon,Type
    0065g00000XyZaBAAV,0015g00000AbCdEEAV,Closed Won,5000,2026-08-01,2026-07-10T09:00:00.000Z,true,true,New Business
"""
BILLING = """
    id,customer_id,status,created,start_date,current_period_start,quantity,plan_id
    sub_1,cus_1,active,2026-08-01 00:00:00,2026-08-01 00:00:00,2026-08-01 00:00:00,1,p1
    sub_2,cus_2,active,2026-08-01 00:00:00,2026-08-01 00:00:00,2026-08-01 00:00:00,1,p1
"""
CUSTOMERS = """
    id,created,email,metadata,currency
    cus_1,2026-08-01 00:00:00,,"{""salesforce_id"": ""00Q5g00000AbCdEEAV""}",eur
    cus_2,2026-08-01 00:00:00,,"{""salesforce_id"": ""00Q5g00000AbCde""}",eur
"""
PLANS = """
    id,amount,currency,interval,interval_count,usage_type
    p1,1000,eur,month,1,licensed
"""


@pytest.mark.parametrize("lead", ["00Q5g00000AbCdE", "00Q5g00000AbCdEEAV"])
def test_records_meet_whatever_the_length_of_their_ids(tmp_path: Path, lead: str) -> None:
    crm = folder(tmp_path / "crm", Lead=LEADS.replace("00Q5g00000AbCdE,", f"{lead},"), LeadHistory=HISTORY, Opportunity=DEALS)
    billing = folder(tmp_path / "billing", subscription=BILLING, customer=CUSTOMERS, plan=PLANS)
    done = ingest(["salesforce", "stripe"], source=[crm, billing], out=tmp_path / "store")
    long, lower, other = "00Q5g00000AbCdEEAV", "00Q5g00000AbCdeEAF", "00Q5g00000AbCdfEAF"
    # the third lead's own 18 characters bear a wrong checksum, so they stay another id than the 15 of its history
    assert rows(done, "leads", "lead_id") == [(long,), (lower,), ("00Q5g00000AbCdfAAF",)]
    assert (long, "won") in rows(done, "stage_events", "lead_id", "stage")
    assert (other, "mql") in rows(done, "stage_events", "lead_id", "stage")
    assert rows(done, "deals", "deal_id", "lead_id", "account_id") == [("0065g00000XyZaBAAV", long, "0015g00000AbCdEEAV")]
    assert rows(done, "subscriptions", "customer_id", "lead_id") == [("cus_1", long), ("cus_2", lower)]

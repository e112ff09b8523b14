"""Which currency amounts are in: rates to a corporate currency, amounts in the company's currency, and a report in another."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

from alignment_toolkit.deals import deals
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.ingest import IngestResult
from alignment_toolkit.store import open_crm, seal_store
from tests.mapping.exports import counts, folder, made, rows

LEADS = """
    Id,Status,CreatedDate,LeadSource,IsConverted,ConvertedDate,ConvertedOpportunityId,ConvertedAccountId,ConvertedContactId
    00Q1,Qualified - Converted,2026-07-01T09:00:00.000Z,Web,true,2026-07-10,0061,0011,0031
    """
DEALS = """
    Id,AccountId,StageName,Amount,CurrencyIsoCode,CloseDate,CreatedDate,IsClosed,IsWon,Type
    0061,0011,Closed Won,1000,GBP,2026-08-01,2026-07-10T09:00:00.000Z,true,true,New Business
    0062,0012,Closed Won,1000,,2026-08-01,2026-07-10T09:00:00.000Z,true,true,New Business
    """
CURRENCIES = """
    Id,IsoCode,ConversionRate,DecimalPlaces,IsActive,IsCorporate
    1,USD,1,2,true,true
    2,EUR,0.8,2,true,false
    3,GBP,0.5,2,true,false
    """
DATED = """
    IsoCode,StartDate,NextStartDate,ConversionRate
    EUR,2026-01-01,2026-04-01,0.8
    EUR,2026-04-01,9999-12-31,0.9
    GBP,2026-02-01,2026-05-01,0.5
    GBP,2026-05-01,9999-12-31,0.6
    """
FIRST = date(2000, 1, 1)


def salesforce(tmp_path: Path, reporting: str | None, **tables: str) -> IngestResult:
    config = tmp_path / "a.toml"
    config.write_text(f'reporting_currency = "{reporting}"\n' if reporting else 'time_zone = "UTC"\n', encoding="utf-8")
    source = folder(tmp_path / "crm", **{"Lead": LEADS, "Opportunity": DEALS} | tables)
    return made(tmp_path, source, ["salesforce"], config=config)


def test_the_corporate_currency_is_that_of_the_report_where_none_is_configured(tmp_path: Path) -> None:
    done = salesforce(tmp_path, None, CurrencyType=CURRENCIES)
    assert tomllib.loads((done.out / "alignment.toml").read_text(encoding="utf-8"))["reporting_currency"] == "USD"
    assert rows(done, "exchange_rates", "currency", "rate_to_reporting") == [("EUR", 1.25), ("GBP", 2.0), ("USD", 1.0)]
    assert "Amounts are reported in USD, the company currency in salesforce. Set reporting_currency to use another." in done.notes
    (tmp_path / "crm" / "Lead.csv").write_text((tmp_path / "crm" / "Lead.csv").read_text() + "\n", encoding="utf-8")
    again = made(tmp_path, tmp_path / "crm", ["salesforce"], config=tmp_path / "a.toml")  # the currencies are not read again
    assert tomllib.loads((again.out / "alignment.toml").read_text(encoding="utf-8"))["reporting_currency"] == "USD"


def test_another_currency_is_reached_by_cross_rates(tmp_path: Path) -> None:
    done = salesforce(tmp_path, "EUR", CurrencyType=CURRENCIES)
    told = dict(rows(done, "exchange_rates", "currency", "rate_to_reporting"))
    assert told == pytest.approx({"USD": 0.8, "EUR": 1.0, "GBP": 1.6})
    assert rows(done, "deals", "deal_id", "currency") == [("0061", "GBP"), ("0062", "USD")]


def test_dated_cross_rates_change_with_either_currency(tmp_path: Path) -> None:
    done = salesforce(tmp_path, "EUR", CurrencyType=CURRENCIES, DatedConversionRate=DATED)
    told = {(currency, on): rate for currency, on, rate in rows(done, "exchange_rates", "currency", "valid_on", "rate_to_reporting")}
    pounds = {date(2026, 2, 1): 0.8 / 0.5, date(2026, 4, 1): 0.9 / 0.5, date(2026, 5, 1): 0.9 / 0.6}
    dollars = {FIRST: 0.8, date(2026, 1, 1): 0.8, date(2026, 4, 1): 0.9}
    right = {("GBP", on): rate for on, rate in pounds.items()} | {("USD", on): rate for on, rate in dollars.items()}
    assert {key: rate for key, rate in told.items() if key[0] != "EUR"} == pytest.approx(right)
    assert {rate for key, rate in told.items() if key[0] == "EUR"} == {1.0}


def test_a_report_in_a_currency_without_a_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        salesforce(tmp_path, "CHF", CurrencyType=CURRENCIES)
    [fault] = caught.value.faults
    assert "currencies have no rate: 'GBP' (1 row), 'USD' (1 row)" in fault
    assert fault.endswith("or set reporting_currency in the configuration (Salesforce's rates are to its corporate currency).")


CONTACTS = "Record ID,Create Date,Lifecycle Stage\n1,2026-01-05 09:00,customer\n"


@pytest.mark.parametrize("reporting", ["USD", None])
def test_amounts_in_the_company_s_currency_are_in_it(tmp_path: Path, reporting: str | None) -> None:
    hubspot = """
        Record ID,Deal Stage,Pipeline,Amount,Amount in company currency,Currency,Create Date,Close Date,Is Closed Won,Is Closed,Associated Contact IDs
        11,closedwon,default,1000,1000,USD,2026-01-10 09:00,2026-02-01 09:00,true,true,1
        12,closedwon,default,1000,1250,EUR,2026-01-10 09:00,2026-02-01 09:00,true,true,1
        13,closedwon,default,500,,EUR,2026-01-10 09:00,2026-02-01 09:00,true,true,1
        """
    source = folder(tmp_path / "crm", contacts=CONTACTS, deals=hubspot)
    folder(source, rates="currency,valid_on,rate\nEUR,2026-01-01,1.25\n")
    own = 'extends = "hubspot"\n[tables.exchange_rates]\nfrom = "rates.csv"\n'
    own += 'columns = { currency = "currency", valid_on = "valid_on", rate_to_reporting = "rate" }\n'
    (tmp_path / "own.toml").write_text(own + (f'[config]\nreporting_currency = "{reporting}"\n' if reporting else ""), encoding="utf-8")
    done = made(tmp_path, source, [tmp_path / "own.toml"])
    assert rows(done, "deals", "deal_id", "amount", "currency") == [("11", 1000.0, None), ("12", 1250.0, None), ("13", 500.0, "EUR")]
    assert tomllib.loads((done.out / "alignment.toml").read_text(encoding="utf-8"))["reporting_currency"] == "USD"
    euros = tmp_path / "euros.toml"
    euros.write_text('extends = "hubspot"\n[config]\nreporting_currency = "EUR"\n', encoding="utf-8")
    with pytest.raises(DataRefused, match=r"currencies have no rate: 'USD' \(2 rows\)"):
        made(tmp_path, source, [euros])


def test_a_currency_that_nobody_states_is_assumed_aloud(tmp_path: Path) -> None:
    done = salesforce(tmp_path, None, Opportunity=DEALS.replace("GBP", ""))
    assert counts(done)["deals"][1] == 2
    assert "Reporting currency: EUR (default). Set reporting_currency to change it." in done.notes


LISTS = {
    "l": "id,made,source\n1,2026-07-01,web\n",
    "e": "id,stage,at\n1,mql,2026-07-02\n",
    "d": "id,lead,outcome,amount,closed,currency\nd1,1,won,1000,2026-08-01, usd\nd2,1,won,10,2026-08-01,eur\nd3,1,won,20,2026-08-01,\n",
    "c": "campaign,day,cost,currency\nk1,2026-07-01,50,Usd\n",
    "s": "customer,first,mrr,currency\nc1,2026-08-01,10,u sd\n",
    "x": "currency,day,rate\nusd,2026-07-01,0.9\nEur,2026-07-01,1\n",
}
OWN = """
name = "lists"
[config]
reporting_currency = "eur"
[tables.leads]
from = "l.csv"
columns = { lead_id = "id", created_at = "made", source = "source" }
[tables.stage_events]
from = "e.csv"
columns = { lead_id = "id", stage = "stage", entered_at = "at" }
[tables.deals]
from = "d.csv"
columns = { deal_id = "id", lead_id = "lead", outcome = "outcome", amount = "amount", closed_at = "closed", currency = "currency" }
[tables.campaign_costs]
from = "c.csv"
columns = { campaign_id = "campaign", spent_on = "day", cost = "cost", currency = "currency" }
[tables.subscriptions]
from = "s.csv"
columns = { customer_id = "customer", started_on = "first", mrr = "mrr", currency = "currency" }
[tables.exchange_rates]
from = "x.csv"
columns = { currency = "currency", valid_on = "day", rate_to_reporting = "rate" }
"""


def lists(tmp_path: Path, **tables: str) -> IngestResult:
    (tmp_path / "lists.toml").write_text(OWN, encoding="utf-8")
    return made(tmp_path, folder(tmp_path / "lists", **LISTS | tables), tmp_path / "lists.toml")


def test_codes_of_currencies_are_read_in_capitals_and_without_blanks(tmp_path: Path) -> None:
    done = lists(tmp_path)
    assert rows(done, "deals", "deal_id", "currency") == [("d1", "USD"), ("d2", "EUR"), ("d3", None)]
    assert rows(done, "campaign_costs", "currency") == rows(done, "subscriptions", "currency") == [("USD",)]
    assert rows(done, "exchange_rates", "currency", "rate_to_reporting") == [("EUR", 1.0), ("USD", 0.9)]
    priced = deals(open_crm(done.out, as_of=datetime(2026, 10, 1))).select("deal_id", "cents").to_pyarrow().to_pylist()
    assert {row["deal_id"]: row["cents"] for row in priced} == {"d1": 90_000, "d2": 1_000, "d3": 2_000}


def test_a_store_of_other_tools_is_read_alike_before_and_after_it_is_sealed(tmp_path: Path) -> None:
    tables = {
        "leads": ("l.csv", ["lead_id", "created_at", "source"]),
        "stage_events": ("e.csv", ["lead_id", "stage", "entered_at"]),
        "deals": ("d.csv", ["deal_id", "lead_id", "outcome", "amount", "closed_at", "currency"]),
        "exchange_rates": ("x.csv", ["currency", "valid_on", "rate_to_reporting"]),
    }
    source, store = folder(tmp_path / "lists", **LISTS), tmp_path / "theirs"
    store.mkdir()
    for name, (file, columns) in tables.items():
        pd.read_csv(source / file, header=0, names=columns, dtype=str).to_parquet(store / f"{name}.parquet")
    seen = [open_crm(store, as_of=datetime(2026, 10, 1))]
    seal_store(store)
    seen.append(open_crm(store, as_of=datetime(2026, 10, 1)))
    for crm in seen:
        assert sorted(crm.tables["deals"].currency.to_pyarrow().to_pylist(), key=str) == ["EUR", None, "USD"]
        assert sorted(crm.tables["exchange_rates"].currency.to_pyarrow().to_pylist()) == ["EUR", "USD"]


def test_two_rates_of_one_currency_in_two_spellings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        lists(tmp_path, x="currency,day,rate\nUSD,2026-07-01,0.9\nusd,2026-07-01,0.8\n")
    assert caught.value.faults == (
        "x.csv: keys stand more than once: 'USD, 2026-07-01' (rows 2 and 3). currency and valid_on are unique together."
        " Remove the copies, or aggregate them with sql in a mapping.",
    )


def test_a_rate_of_the_reporting_currency_itself_is_1(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        lists(tmp_path, x="currency,day,rate\nUSD,2026-07-01,0.9\nEUR,2026-07-01,1.0\nEUR,2026-08-01,2\n")
    assert caught.value.faults == (
        "x.csv: rates of EUR, the reporting currency, are not 1: '2' (row 4). rate_to_reporting is what one unit of a currency is worth in EUR."
        " Remove or repair the rows, or set reporting_currency to the currency that the rates lead to.",
    )

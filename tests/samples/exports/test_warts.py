"""The oddities are planted: each export shows those of its vendor, and is the same whenever it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from alignment_toolkit.cli import app
from alignment_toolkit.samples.exports import LABELLED, VENDORS, View
from alignment_toolkit.samples.exports.landed import snake
from alignment_toolkit.samples.exports.warts import MEMORY_FROM, month_end, stray_blanks


@pytest.fixture(scope="module")
def table(exported: Callable[..., Path]) -> Callable[[str, str], pd.DataFrame]:
    return lambda vendor, name: pd.read_csv(exported(vendor) / f"{name}.csv", dtype=str)


@pytest.mark.no_cover
@pytest.mark.parametrize("made", [*VENDORS.values(), *LABELLED.values()], ids=[*VENDORS, *(f"{name} labels" for name in LABELLED)])
def test_an_export_is_the_same_whenever_it_is_made(made: Callable[[View], object], view: View) -> None:
    first, second = (made(view) for _ in range(2))
    for name, frame in first.tables.items():  # type: ignore[attr-defined]
        assert len(frame), name
        pd.testing.assert_frame_equal(frame, second.tables[name])  # type: ignore[attr-defined]


def test_labels_carry_stray_blanks(table: Callable[[str, str], pd.DataFrame]) -> None:
    stages = table("salesforce", "Opportunity")["StageName"]
    assert (stages != stages.str.strip()).sum() > 30
    assert stray_blanks(pd.Series(["a", "b", None, "c"]), every=2).tolist() == [" a", "b ", None, "c "]


def test_probabilities_are_per_cent_in_salesforce_and_shares_in_hubspot(table: Callable[[str, str], pd.DataFrame]) -> None:
    assert set(table("salesforce", "Opportunity")["Probability"]) == {"0", "65", "100"}
    assert set(table("hubspot", "deals")["hs_deal_stage_probability"]) == {"0.0", "0.9", "1.0"}


def test_open_opportunities_close_at_month_end(table: Callable[[str, str], pd.DataFrame]) -> None:
    deals = table("salesforce", "Opportunity").query("IsClosed == 'false'")
    days = pd.to_datetime(deals["CloseDate"])
    assert len(days) >= 5
    assert days.dt.is_month_end.all()
    assert month_end(pd.Series(pd.to_datetime(["2024-02-01", "2024-02-29"]))).dt.day.tolist() == [29, 29]


def test_history_of_fields_is_short_and_history_of_opportunities_is_not(table: Callable[[str, str], pd.DataFrame]) -> None:
    first = {name: pd.to_datetime(table("salesforce", name)["CreatedDate"]).min().tz_localize(None) for name in
             ("LeadHistory", "OpportunityFieldHistory", "OpportunityHistory")}  # fmt: skip
    assert first["LeadHistory"] >= MEMORY_FROM
    assert first["OpportunityFieldHistory"] >= MEMORY_FROM
    assert first["OpportunityHistory"] < MEMORY_FROM - pd.Timedelta(days=300)


def test_open_rows_of_history_end_in_9999(table: Callable[[str, str], pd.DataFrame]) -> None:
    for vendor, name in (("fivetran_salesforce", "opportunity_history"), ("fivetran_hubspot", "deal_stage")):
        rows = table(vendor, name)
        assert (rows["_fivetran_end"].str[:10] == "9999-12-31").tolist() == (rows["_fivetran_active"] == "true").tolist()


def test_money_of_stripe_is_in_whole_minor_units_of_small_currencies(table: Callable[[str, str], pd.DataFrame]) -> None:
    prices = table("stripe", "price")
    assert prices["unit_amount"].str.fullmatch(r"\d+").all()
    assert set(prices["currency"]) == {"eur", "gbp", "usd"}
    assert set(prices["recurring_interval"]) == {"month", "year"}


def test_a_request_to_cancel_comes_before_the_end(table: Callable[[str, str], pd.DataFrame]) -> None:
    ended = table("stripe", "subscription").dropna(subset=["canceled_at", "ended_at"])
    assert (ended["canceled_at"] < ended["ended_at"]).mean() > 0.9


def test_deleted_records_lie_among_the_others(table: Callable[[str, str], pd.DataFrame]) -> None:
    assert (table("salesforce", "Lead")["IsDeleted"] == "true").sum() > 5
    assert (table("fivetran_hubspot", "deal")["is_deleted"] == "true").sum() > 2


def test_merged_ids_stand_with_milliseconds(table: Callable[[str, str], pd.DataFrame]) -> None:
    merged = table("hubspot", "contacts")["hs_calculated_merged_vids"].dropna()
    assert merged.str.fullmatch(r"\d{11}:\d{13}(;\d{11}:\d{13})*").all()


@pytest.mark.parametrize(("api", "landed"), [("CreatedDate", "created_date"), ("Score_Date__c", "score_date_c"), ("IsWon", "is_won")])
def test_names_as_landed(api: str, landed: str) -> None:
    assert snake(api) == landed


def test_the_command_writes_an_export(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["sample", "--as", "stripe", "--leads", "500", "--out", str(tmp_path / "out")])
    assert told.exit_code == 0
    assert [Path(line).name for line in told.output.split()] == [
        "subscription.csv", "subscription_item.csv", "price.csv", "customer.csv", "alignment.toml",
    ]  # fmt: skip


def test_labels_without_a_user_interface_are_refused(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["sample", "--as", "stripe", "--labels", "--out", str(tmp_path)])
    assert str(told.exception) == "labels belong to a user interface: 'stripe'. Give --as hubspot or salesforce with --labels."

"""Which vendor a source is: by its headers, said why, asked when it is not clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.border.matching import match_source
from alignment_toolkit.border.shelf import shelf_of
from alignment_toolkit.errors import UsageError
from alignment_toolkit.mapping import shipped, shipped_names
from alignment_toolkit.recognise import recognise
from tests.conftest import shared_data
from tests.mapping.exports import folder, made
from tests.mapping.test_hubspot import API as HUBSPOT
from tests.mapping.test_hubspot import LANDED, UI
from tests.mapping.test_salesforce import API as SALESFORCE
from tests.mapping.test_stripe import STRIPE


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (SALESFORCE, ["salesforce"]),
        (UI, ["hubspot"]),
        (HUBSPOT, ["hubspot"]),
        (LANDED, ["fivetran_hubspot"]),
        (STRIPE, ["stripe"]),
        (SALESFORCE | STRIPE, ["salesforce", "stripe"]),
        (LANDED | STRIPE, ["fivetran_hubspot", "stripe"]),
    ],
)
def test_each_vendor_is_known_by_its_headers(tmp_path: Path, files: dict[str, str], names: list[str]) -> None:
    shelf = shelf_of(folder(tmp_path / "export", **files))
    assert [one.mapping.name for one in recognise(shelf)] == names


def test_the_reason_names_files_and_headers(tmp_path: Path) -> None:
    (one,) = recognise(shelf_of(folder(tmp_path / "export", **{name: SALESFORCE[name] for name in ("Lead", "LeadHistory")})))
    assert one.why == (
        "Lead.csv has Id, Status, CreatedDate, LeadSource and 12 more; LeadHistory.csv has Id, LeadId, Field, OldValue and 3 more"
    )


def seeds(tmp_path: Path, *vendors: str) -> Path:
    """A folder that shows the published seeds of these vendors; copies for other engines are left out."""
    place = tmp_path / "seeds"
    place.mkdir()
    for vendor in vendors:
        for path in shared_data("fivetran_seeds", f"dbt_{vendor}", "integration_tests", "seeds").glob("*.csv"):
            if not path.stem.endswith(("_snowflake", "_postgres", "_databricks")):
                (place / path.name).symlink_to(path)
    return place


@pytest.mark.parametrize(
    ("vendors", "names"),
    [
        (["hubspot"], ["fivetran_hubspot"]),
        (["salesforce"], ["fivetran_salesforce"]),
        (["stripe"], ["stripe"]),
        (["salesforce", "stripe"], ["fivetran_salesforce", "stripe"]),
        (["hubspot", "stripe"], ["fivetran_hubspot", "stripe"]),
    ],
)
def test_published_seeds_are_recognised(tmp_path: Path, vendors: list[str], names: list[str]) -> None:
    assert [one.mapping.name for one in recognise(shelf_of(seeds(tmp_path, *vendors)))] == names


def test_a_vendor_without_a_mapping_is_said_to_be_unknown(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        recognise(shelf_of(seeds(tmp_path, "marketo")))
    assert str(caught.value).startswith("no shipped mapping fits the source: 'seeds'. It holds ")
    assert str(caught.value).endswith(
        f" …; shipped mappings: {', '.join(shipped_names())}. Name one with --mapping, or write a mapping to start from:"
        " alignment map --init --source DIR --out mapping.toml."
    )


def test_each_file_of_the_seeds_is_taken_for_what_it_is(tmp_path: Path) -> None:
    shelf = shelf_of(seeds(tmp_path, "hubspot"))
    matched = match_source(shipped("fivetran_hubspot"), shelf.items)
    files = {name: match.items[0].stem for name, match in matched.found.items()}
    assert matched.torn == {}
    assert files == {
        "contact": "contact_data",
        "contact_merged": "contact_data",
        "merge_audit": "contact_merge_audit_data",
        "contact_history": "contact_property_history_data",
        "deal": "deal_data",
        "deal_contact": "deal_contact_data",
        "deal_company": "deal_company_data",
        "deal_stage_entry": "deal_stage_data",
        "deal_history": "deal_property_history_data",
        "pipeline_stage": "deal_pipeline_stage_data",
        "merged_deal": "merged_deal_data",
        "call": "engagement_call_data",
        "email": "engagement_email_data",
        "meeting": "engagement_meeting_data",
        "task": "engagement_task_data",
        "engagement_contact": "engagement_contact_data",
        "submission": "contact_form_submission_data",
        "email_event": "email_event_data",
        "email_campaign": "email_campaign_data",
        "owner": "owner_data",
        "owner_team": "owner_team_data",
        "team": "team_data",
    }


def test_the_seeds_of_salesforce_and_stripe_become_one_store(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('reporting_currency = "USD"\n', encoding="utf-8")
    done = made(tmp_path, seeds(tmp_path, "salesforce", "stripe"), config=tmp_path / "a.toml")
    read = {table.table: (table.read, table.used, table.set_aside) for table in done.tables}
    assert read["leads"] == (1, 1, {})
    # two of the ten versions in the seed are no longer current (`_fivetran_active`)
    assert read["deals"] == (8, 0, {"deleted in Salesforce": 8})
    assert read["stage_events"] == (1, 1, {})
    assert read["touches"] == (20, 0, {"the person is no lead": 20})
    # both subscriptions end on the day of their trial's end: only the trials are spells
    assert read["subscriptions"] == (4, 2, {"no paid time beside the trial": 2})


def test_two_that_fit_equally_well_are_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = shipped("salesforce").model_copy(update={"name": "twin"})
    monkeypatch.setattr("alignment_toolkit.recognise.shipped_names", lambda: ("salesforce", "twin"))
    monkeypatch.setattr("alignment_toolkit.recognise.shipped", lambda name: twin if name == "twin" else shipped(name))
    with pytest.raises(UsageError) as caught:
        recognise(shelf_of(folder(tmp_path / "export", LeadHistory=SALESFORCE["LeadHistory"], Lead=SALESFORCE["Lead"])))
    assert str(caught.value) == (
        "the source is not recognised clearly: 'export'. salesforce and twin fit equally well: Lead.csv has Id, Status, CreatedDate,"
        " LeadSource and 12 more; LeadHistory.csv has Id, LeadId, Field, OldValue and 3 more. Say which it is: --mapping salesforce."
    )


def test_two_files_for_one_input_are_asked_about(tmp_path: Path) -> None:
    wider = SALESFORCE["Lead"].replace("Id,FirstName", "Id,Extra,FirstName").replace("00Q1,", "00Q9,x,").replace("00Q2,", "00Q8,x,")
    source = folder(tmp_path / "export", export_a=SALESFORCE["Lead"], export_b=wider)
    with pytest.raises(UsageError) as caught:
        made(tmp_path, source, "salesforce")
    assert str(caught.value) == (
        "several files fit 'lead' of the mapping salesforce equally well: 'export_a.csv, export_b.csv'."
        ' Name the right one in a mapping: extends = "salesforce", [inputs.lead] names = ["…"].'
    )


def test_a_split_export_is_put_together(tmp_path: Path) -> None:
    lines = SALESFORCE["Lead"].strip().splitlines()
    halves = {"leads 1": "\n".join(lines[:3]), "leads 2": "\n".join([lines[0], *lines[3:]])}
    halves = {name: "\n".join(line.strip() for line in text.splitlines()) + "\n" for name, text in halves.items()}
    others = {name: SALESFORCE[name] for name in ("LeadHistory", "Opportunity")}
    done = made(tmp_path, folder(tmp_path / "export", **others, **halves))
    assert {table.table: table.read for table in done.tables}["leads"] == 5

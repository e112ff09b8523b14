"""Salesforce: the same company as API-name CSVs and as UI reports, by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from alignment_toolkit.errors import DataRefused
from alignment_toolkit.ingest import IngestResult
from alignment_toolkit.mapping import load_mapping
from tests.mapping.exports import counts, folder, made, rows

API = {
    "Lead": """
        Id,FirstName,LastName,Email,Phone,Status,IsConverted,ConvertedDate,ConvertedOpportunityId,ConvertedContactId,ConvertedAccountId,CreatedDate,LeadSource,OwnerId,Industry,IsDeleted,MasterRecordId,LastModifiedDate,Unqualified_Reason__c
        00Q1,Ada,Byron,ada@example.com,+44 20 7946 0000,Qualified,true,2026-01-20,0061,0031,0011,2026-01-05T08:30:00.000Z,Webinar,0051,Software,false,,2026-02-01T00:00:00.000Z,
        00Q2,Bob,Reed,bob@example.com,,Unqualified,false,,,,,2026-01-06T09:00:00.000Z,Web,0051,Retail,false,,2026-02-01T00:00:00.000Z,No budget
        00Q3,Cy,Dee,cy@example.com,,Working,false,,,,,2026-01-07T09:00:00.000Z,Web,0052,,false,,2026-02-01T00:00:00.000Z,
        00Q4,Cy,Dee,cy@example.com,,Open,false,,,,,2026-01-08T09:00:00.000Z,Web,0052,,true,00Q3,2026-01-10T00:00:00.000Z,
        00Q5,Test,Test,t@example.com,,Open,false,,,,,2026-01-08T09:00:00.000Z,Web,0052,,true,,2026-01-10T00:00:00.000Z,
    """,
    "LeadHistory": """
        Id,LeadId,Field,OldValue,NewValue,CreatedDate,CreatedById,IsDeleted
        1,00Q1,Status,Open, Marketing Qualified ,2026-01-10T10:00:00.000Z,0051,false
        2,00Q1,Status,Marketing Qualified,sales accepted,2026-01-12T10:00:00.000Z,0051,false
        3,00Q1,Owner,Ada Byron,Max Power,2026-01-12T10:00:00.000Z,0051,false
        4,00Q1,Status,Sales Accepted,Qualified - Converted,2026-01-20T10:00:00.000Z,0051,false
        5,00Q2,Status,Open,Unqualified,2026-01-15T10:00:00.000Z,0051,false
        6,00Q3,Status,Open,Working,2026-01-09T10:00:00.000Z,0051,false
    """,
    "Opportunity": """
        Id,AccountId,Name,StageName,Amount,CurrencyIsoCode,Probability,CloseDate,CreatedDate,IsWon,IsClosed,Type,LeadSource,OwnerId,Loss_Reason__c,IsDeleted
        0061,0011,Byron Ltd - 50 seats,Signed,12000.50,EUR,100,2026-02-28,2026-01-20T10:00:00.000Z,true,true,New Business,Webinar,0052,,false
        0062,0012,Old,Negotiation/Review,5000,EUR,80,2026-03-31,2026-01-22T10:00:00.000Z,false,false,Renewal,,0052,,false
        0063,0013,Gone,Closed Lost,,EUR,0,2026-02-15,2026-01-25T10:00:00.000Z,false,true,New Business,,0052,Price,false
        0064,0014,Wiped,Prospecting,1,EUR,10,2026-02-15,2026-01-25T10:00:00.000Z,false,false,,,0052,,true
    """,
    "OpportunityHistory": """
        Id,OpportunityId,StageName,Amount,CloseDate,Probability,CreatedDate,IsDeleted
        h1,0061,Prospecting,10000,2026-02-28,10,2026-01-20T10:00:00.000Z,false
        h2,0061,Signed,12000.50,2026-02-28,100,2026-02-10T15:00:00.000Z,false
        h3,0062,Negotiation/Review,5000,2026-03-31,80,2026-01-22T10:00:00.000Z,false
    """,
    "Campaign": """
        Id,Name,Type,StartDate,EndDate,ActualCost,NumberOfLeads,IsDeleted
        7011,Spring,Webinar,2026-01-01,2026-01-31,500,10,false
        7012,Cheap,E-mail,,,10,1,false
    """,
    "CampaignMember": """
        Id,CampaignId,LeadId,ContactId,Status,CreatedDate,FirstRespondedDate,IsDeleted
        00v1,7011,00Q1,,Responded,2026-01-05T08:00:00.000Z,2026-01-06,false
        00v2,7011,,0031,Sent,2026-01-21T08:00:00.000Z,,false
        00v3,7011,,0039,Sent,2026-01-21T08:00:00.000Z,,false
    """,
    "Task": """
        Id,WhoId,WhatId,Subject,Status,IsClosed,ActivityDate,CompletedDateTime,CreatedDate,TaskSubtype,IsDeleted
        00T1,00Q1,,Call Ada,Completed,true,2026-01-13,2026-01-13T11:00:00.000Z,2026-01-12T11:00:00.000Z,Call,false
        00T2,0031,0061,Mail,Completed,true,2026-01-25,,2026-01-24T11:00:00.000Z,Email,false
        00T3,00Q2,,Call,Not Started,false,2026-02-13,,2026-01-12T11:00:00.000Z,Call,false
    """,
    "User": """
        Id,Username,FirstName,LastName,Email,Department,UserRoleId,IsActive
        0051,x@example.com,Max,Power,x@example.com,Marketing Operations,,true
        0052,y@example.com,Eve,Stone,y@example.com,Inside Sales,,true
    """,
    "DatedConversionRate": """
        IsoCode,StartDate,NextStartDate,ConversionRate
        USD,2026-01-01,9999-12-31,1.25
    """,
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> IngestResult:
    """The whole export, taken in once."""
    place = tmp_path_factory.mktemp("api")
    return made(place, folder(place / "export", **API))


def test_leads_keep_merged_records_and_leave_deleted_ones(api: IngestResult) -> None:
    done = api
    assert rows(done, "leads", "lead_id", "created_at", "source", "segment", "account_id", "owner_id") == [
        ("00Q1", datetime(2026, 1, 5, 8, 30), "Webinar", "Software", "0011", "0051"),
        ("00Q2", datetime(2026, 1, 6, 9), "Web", "Retail", None, "0051"),
        ("00Q3", datetime(2026, 1, 7, 9), "Web", None, None, "0052"),
        ("00Q4", datetime(2026, 1, 8, 9), "Web", None, None, "0052"),
    ]
    assert counts(done)["leads"] == (5, 4, {"deleted in Salesforce": 1})
    assert rows(done, "merges", "table", "lost_id", "survivor_id", "merged_at") == [("leads", "00Q4", "00Q3", datetime(2026, 1, 10))]


def test_stages_come_from_the_histories(api: IngestResult) -> None:
    done = api
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at", "reason") == [
        ("00Q1", "mql", datetime(2026, 1, 10, 10), None),
        ("00Q1", "opportunity", datetime(2026, 1, 20, 10), None),
        ("00Q1", "sal", datetime(2026, 1, 12, 10), None),
        ("00Q1", "won", datetime(2026, 2, 10, 15), None),
        ("00Q2", "lost", datetime(2026, 1, 15, 10), "No budget"),
    ]
    assert counts(done)["stage_events"] == (
        7,
        5,
        {"a conversion: its time is taken from the opportunity": 1, "a status that is no change of stage": 1},
    )
    assert "stage_events: time of won and lost from OpportunityHistory.CreatedDate (StageName changed)" in done.notes


def test_deals_take_their_outcome_from_flags_and_their_close_from_history(api: IngestResult) -> None:
    done = api
    columns = ("deal_id", "lead_id", "outcome", "closed_at", "close_on", "amount", "deal_type", "loss_reason")
    assert rows(done, "deals", *columns) == [
        ("0061", "00Q1", "won", datetime(2026, 2, 10, 15), date(2026, 2, 28), 12000.5, "new", None),
        ("0062", None, "open", None, date(2026, 3, 31), 5000.0, "renewal", None),
        ("0063", None, "lost", datetime(2026, 2, 15), date(2026, 2, 15), None, "new", "Price"),
    ]
    assert rows(done, "deal_events", "deal_id", "changed_at", "stage", "amount", "outcome") == [
        ("0061", datetime(2026, 1, 20, 10), "Prospecting", 10000.0, "open"),
        ("0061", datetime(2026, 2, 10, 15), "Signed", 12000.5, "won"),
        ("0062", datetime(2026, 1, 22, 10), "Negotiation/Review", 5000.0, "open"),
    ]


def test_touches_verdicts_campaigns_teams_and_rates(api: IngestResult) -> None:
    done = api
    assert rows(done, "touches", "touch_id", "lead_id", "occurred_at", "side", "channel", "campaign_id") == [
        ("00T1", "00Q1", datetime(2026, 1, 13, 11), "sales", "call", None),
        ("00T2", "00Q1", datetime(2026, 1, 25), "sales", "email", None),
        ("00v1", "00Q1", datetime(2026, 1, 6), "marketing", "Webinar", "7011"),
        ("00v2", "00Q1", datetime(2026, 1, 21, 8), "marketing", "Webinar", "7011"),
    ]
    assert counts(done)["touches"] == (6, 4, {"the person is no lead": 1, "the task is not done": 1})
    assert rows(done, "feedback", "lead_id", "given_at", "verdict", "reason") == [
        ("00Q1", datetime(2026, 1, 12, 10), "accepted", None),
        ("00Q2", datetime(2026, 1, 15, 10), "rejected", "No budget"),
    ]
    assert rows(done, "campaign_costs", "campaign_id", "spent_on", "cost") == [("7011", date(2026, 1, 1), 500.0)]
    assert counts(done)["campaign_costs"] == (2, 1, {"no start date to put the cost on": 1})
    assert rows(done, "owners", "owner_id", "team") == [("0051", "marketing"), ("0052", "sales")]
    assert rows(done, "exchange_rates", "currency", "valid_on", "rate_to_reporting") == [("USD", date(2026, 1, 1), 0.8)]


def test_without_histories_dates_that_people_edit_stand_in_and_it_is_said(tmp_path: Path) -> None:
    files = {name: text for name, text in API.items() if name in ("Lead", "Opportunity")}
    done = made(tmp_path, folder(tmp_path / "export", **files))
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at") == [
        ("00Q1", "opportunity", datetime(2026, 1, 20, 10)),
        ("00Q1", "won", datetime(2026, 2, 28)),
    ]
    assert (
        "stage_events: time of won and lost from Opportunity.CloseDate, a date that people edit, because OpportunityHistory.CreatedDate"
        " (StageName changed) and OpportunityFieldHistory.CreatedDate (Field = StageName) and the versions of an opportunity"
        " (_fivetran_start of history mode) are not there"
    ) in done.notes
    assert (
        "stage_events: no time of the stages of a lead, because the source lacks LeadHistory.CreatedDate (Field = Status), else the versions of a"
        " lead (_fivetran_start of history mode) and dates on the lead (MQL Date, SAL Date, SQL Date)"
    ) in done.notes


@pytest.mark.no_cover
def test_a_closed_opportunity_that_the_history_forgot_falls_back_to_its_close_date(tmp_path: Path) -> None:
    shorter = {"OpportunityHistory": "\n".join(line for line in API["OpportunityHistory"].splitlines() if "h2" not in line)}
    done = made(tmp_path, folder(tmp_path / "export", **API | shorter))
    assert ("00Q1", "won", datetime(2026, 2, 28)) in rows(done, "stage_events", "lead_id", "stage", "entered_at")
    assert (
        "stage_events: 1 more row, time of won and lost from Opportunity.CloseDate of closed opportunities that the history does not know"
    ) in done.notes


def test_stages_that_the_history_has_forgotten_take_their_dates_from_the_lead(tmp_path: Path) -> None:
    dated = {
        "00Q1": "2026-01-09T00:00:00.000Z,2026-01-11T00:00:00.000Z",
        "00Q3": "2026-01-08T12:00:00.000Z,",
        "00Q5": "2026-01-09T00:00:00.000Z,",
    }
    header, *leads = API["Lead"].strip().splitlines()
    wider = [f"{header},MQL_Date__c,SAL_Date__c", *(f"{line},{dated.get(line.strip()[:4], ',')}" for line in leads)]
    done = made(tmp_path, folder(tmp_path / "export", **API | {"Lead": "\n".join(wider)}))
    found = rows(done, "stage_events", "lead_id", "stage", "entered_at")
    assert [row for row in found if row[1] in ("mql", "sal")] == [
        ("00Q1", "mql", datetime(2026, 1, 10, 10)),
        ("00Q1", "sal", datetime(2026, 1, 12, 10)),
        ("00Q3", "mql", datetime(2026, 1, 8, 12)),
    ]
    assert any("1 more row, time of the stages of a lead from dates on the lead of stages that its history" in note for note in done.notes)


def test_field_history_takes_the_place_of_opportunity_history(tmp_path: Path) -> None:
    history = """
        Id,OpportunityId,Field,OldValue,NewValue,CreatedDate
        f1,0061,StageName,Prospecting,Signed,2026-02-10T15:00:00.000Z
        f2,0061,Amount,10000,12000.50,2026-02-09T15:00:00.000Z
        f3,0061,CloseDate,2026-03-31,2026-02-28,2026-02-08T15:00:00.000Z
    """
    files = {name: text for name, text in API.items() if name != "OpportunityHistory"} | {"OpportunityFieldHistory": history}
    done = made(tmp_path, folder(tmp_path / "export", **files))
    assert ("00Q1", "won", datetime(2026, 2, 10, 15)) in rows(done, "stage_events", "lead_id", "stage", "entered_at")
    assert rows(done, "deal_events", "deal_id", "changed_at", "stage", "amount", "outcome", "close_on") == [
        ("0061", datetime(2026, 1, 20, 10), "Prospecting", None, "open", None),  # at creation: the old values of the first changes
        ("0061", datetime(2026, 1, 20, 10), None, 10000.0, None, None),
        ("0061", datetime(2026, 1, 20, 10), None, None, None, date(2026, 3, 31)),
        ("0061", datetime(2026, 2, 10, 15), "Signed", None, "won", None),
        ("0061", datetime(2026, 2, 8, 15), None, None, None, date(2026, 2, 28)),
        ("0061", datetime(2026, 2, 9, 15), None, 12000.5, None, None),
        ("0062", datetime(2026, 1, 22, 10), "Negotiation/Review", None, "open", None),  # it never changed
    ]


def test_reports_with_ui_labels_month_first(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "reports",
        report1="""
            Lead ID,First Name,Last Name,Company / Account,Lead Source,Lead Status,Lead Owner,Create Date,Converted,Converted Date,Opportunity ID,Email
            00Q1,Ada,Byron,Byron Ltd,Webinar,Qualified,Max Power,1/5/2026,true,1/20/2026,0061,ada@example.com
            00Q2,Bob,Reed,Reed & Co,Web,Open - Not Contacted,Eve Stone,1/6/2026,false,,,bob@example.com
            """,
        report2="""
            Opportunity ID,Opportunity Name,Opportunity Owner,Stage,Probability (%),Amount,Close Date,Created Date,Type,Lead Source
            0061,Byron Ltd - 50 seats,Max Power,Closed Won ,100%,"12,000.50",2/28/2026,1/20/2026,New Business,Webinar
            """,
    )
    done = made(tmp_path, source)
    assert done.notes[0].startswith(
        "reports is read as salesforce: report2.csv has Opportunity ID, Stage, Amount, Probability (%) and 6 more; "
    )
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at") == [
        ("00Q1", "opportunity", datetime(2026, 1, 20)),
        ("00Q1", "won", datetime(2026, 2, 28)),
    ]
    assert rows(done, "deals", "deal_id", "outcome", "amount", "deal_type") == [("0061", "won", 12000.5, "new")]
    ((owner,),) = rows(done, "deals", "owner_id")
    assert owner.startswith("p-")
    assert len(owner) == 18
    assert owner in {row[0] for row in rows(done, "leads", "owner_id")}


@pytest.mark.no_cover
def test_an_unknown_status_is_refused_with_its_count_and_the_nearest(tmp_path: Path) -> None:
    odd = API | {"LeadHistory": API["LeadHistory"].replace("Unqualified", "Nirvana")}
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, folder(tmp_path / "export", **odd))
    assert caught.value.faults == (
        "stage_events (salesforce): cannot classify these lead statuses: 'Nirvana' (1 row)."
        " A status is a stage of the funnel, or no change of stage. Put these lines into a file of your own, given with --mapping,"
        ' and keep one word of each; "" is no change of stage:\n      extends = "salesforce"\n      [words.lead_status]\n'
        '      "Nirvana" = "lead | mql | sal | sql | opportunity | won | lost"\n      # Then ingest again.',
    )


@pytest.mark.no_cover
def test_a_mapping_of_one_s_own_extends_the_shipped_one(tmp_path: Path) -> None:
    odd = API | {"LeadHistory": API["LeadHistory"].replace("Unqualified", "Nirvana")}
    (tmp_path / "mine.toml").write_text(
        'extends = "salesforce"\n[config]\ntime_zone = "Europe/Berlin"\n[words.lead_status]\nNirvana = "lost"\n', encoding="utf-8"
    )
    done = made(tmp_path, folder(tmp_path / "export", **odd), tmp_path / "mine.toml")
    assert ("00Q2", "lost", datetime(2026, 1, 15, 10)) in rows(done, "stage_events", "lead_id", "stage", "entered_at")
    assert load_mapping(tmp_path / "mine.toml").words["lead_status"]["MQL"] == "mql"
    assert 'time_zone = "Europe/Berlin"' in (done.out / "alignment.toml").read_text(encoding="utf-8")


@pytest.mark.no_cover
def test_an_unreadable_value_is_named_by_the_header_of_the_file(tmp_path: Path) -> None:
    odd = API | {"Lead": API["Lead"].replace("2026-01-06T09:00:00.000Z", "yesterday says bob@example.com")}
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, folder(tmp_path / "export", **odd))
    assert caught.value.faults[0] == (
        "Lead.csv: values of 'CreatedDate' are not timestamps: 'yesterday says (e-mail address)' (row 3)."
        " The mapping declares date_order = 'mdy', such as 1/31/2026; ISO dates also work."
        " Declare the right order for this column, repair the values, or set the rows aside by a rule."
    )


def test_a_file_that_cannot_be_read_is_the_only_fault(tmp_path: Path) -> None:
    odd = API | {"Lead": API["Lead"].replace("Bob,Reed", "Bob,Reed,Jr.")}
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, folder(tmp_path / "export", **odd))
    assert caught.value.faults == (
        "Lead.csv: rows do not have as many fields as the header: '20 fields' (row 3). The header has 19."
        " Put values that hold the separator between double quotes; if it is another one,"
        ' declare [source] delimiter = ";" in a mapping; to keep a shipped one, below a first line extends = "salesforce".',
    )


@pytest.mark.parametrize("personal", ["example.com", "Byron", "Power", "7946", "Stone"])
def test_nothing_personal_arrives(api: IngestResult, personal: str) -> None:
    done = api
    for path in done.out.glob("[!.]*"):
        if path.suffix == ".parquet":
            assert personal not in str(pq.read_table(path).to_pylist()), path.name
        else:
            assert personal not in path.read_text(encoding="utf-8"), path.name
    assert personal not in "".join(done.notes)


def test_a_renewal_in_which_no_table_of_leads_changed(tmp_path: Path) -> None:
    first = folder(tmp_path / "e", **API | {"User": "Id,Department,IsActive\n0055g00000UUUUaAAP,Sales,true\n"})
    made(tmp_path, first, "salesforce")
    later = folder(tmp_path / "e", **API | {"User": "Id,Department,IsActive\n0055g00000UUUUaAAP,Marketing,true\n"})
    done = made(tmp_path, later, "salesforce")
    assert rows(done, "owners", "team") == [("marketing",)]


def test_an_id_that_is_missing_is_told_with_its_file_row_and_word(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "crm",
        Lead="Id,Status,CreatedDate,LeadSource,IsConverted,ConvertedDate,ConvertedOpportunityId\n"
        "00Q1,Open,2026-07-01T09:00:00.000Z,Web,true,2026-07-10,0061\n",
        Opportunity="Id,StageName,IsClosed,IsWon,Amount,CloseDate\n0061,Closed Won,true,true,5,2026-08-01\nNULL,Closed Won,true,true,5,2026-08-01\n",
    )
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, source, "salesforce")
    assert caught.value.faults == (
        "Opportunity.csv: Id is missing: 'NULL' (row 3). Every row of deals has a deal_id."
        " Repair the rows, or set them aside by a rule of a mapping.",
    )

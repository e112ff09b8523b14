"""What decides whether a deal is won: one company per vendor in which each deal is one row of the decision table of docs/connectors.md."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.faults import check_store
from alignment_toolkit.ingest import IngestResult
from tests.mapping.exports import folder, made, rows

SF_LEADS = """
    Id,Status,CreatedDate,LeadSource,ConvertedOpportunityId
    00Q1,New,2026-07-01T09:00:00.000Z,Web,D01
"""
# id -> stage, IsWon, IsClosed, Probability, outcome
SALESFORCE = {
    "D01": ("Alpha", "true", "true", "10", "won"),  # flags before all else
    "D02": ("Closed Won", "false", "true", "100", "lost"),
    "D03": ("Closed Won", "", "false", "100", "open"),
    "D04": ("closed won ", "", "true", "", "won"),  # closed is not lost: the list tells
    "D05": ("Closed Lost", "", "true", "", "lost"),
    "D06": ("Signed", "", "true", "100%", "won"),  # the probability tells
    "D07": ("Dropped", "", "true", "0", "lost"),
    "D08": ("Verbal", "", "", "100", "won"),
    "D09": ("Trial", "", "", "35", "open"),
    "D10": ("Prospecting", "", "", "0", "open"),  # an open stage of Salesforce, whatever its probability of 0
    "D11": ("Closed Won", "", "", "90", "won"),  # a listed stage before a probability that people edit
    "D12": ("Beta", "true", "true", "", "won"),
    "D13": ("Beta", "", "", "", "won"),  # the flags of the other opportunities in the stage
    "D14": ("Gamma", "", "", "100", "won"),
    "D15": ("Gamma", "", "", "", "won"),  # their probability
    "D16": ("Contracting", "false", "", "80", "open"),
    "D17": ("Ours", "", "true", "", "lost"),  # by the company's own word
    "D18": ("Handshake", "", "", "", "won"),  # by the stage list
}
SF_REFUSED = {
    "R1": ("Mystery", "", "true", ""),  # closed, but how
    "R2": ("Parked", "", "", "0"),  # 0 % may be an open stage
    "R3": ("Unheard", "", "", ""),
    "R4": ("Proposal", "", "true", ""),  # an open stage of Salesforce that is closed
    "R5": ("", "", "", ""),
}
HUBSPOT = {
    "1": ("Signed (Sales Pipeline)", "", "", "1.0", "won"),
    "2": ("Rejected (Sales Pipeline)", "", "", "0", "lost"),
    "3": ("Closed Won (Sales Pipeline)", "", "true", "", "won"),
    "4": ("contractsent", "", "", "1.0", "won"),  # an internal name that outlived its label
    "5": ("presentationscheduled ", "", "false", "1.0", "open"),
    "6": ("Appointment Scheduled", "", "", "", "open"),
    "7": ("Talks", "", "", "0.4", "open"),
    "8": ("Ours (Sales Pipeline)", "", "", "", "won"),
    "9": ("Any", "true", "true", "0.4", "won"),
    "10": ("Closed Lost", "", "true", "", "lost"),
}
OWN = 'extends = "{}"\n[words.{}]\n"Ours" = "{}"\n'


def _salesforce(place: Path, deals: dict[str, tuple[str, ...]], **more: str) -> Path:
    head = "Id,StageName,IsWon,IsClosed,Probability,Amount,CloseDate,CreatedDate,Type"
    lines = [
        f"{name},{stage},{won},{closed},{p},5,2026-08-01,2026-07-02T09:00:00.000Z," for name, (stage, won, closed, p, *_) in deals.items()
    ]
    return folder(place / "export", **({"Lead": SF_LEADS, "Opportunity": "\n".join([head, *lines])} | more))


def _own(place: Path, vendor: str, words: str, meaning: str) -> Path:
    path = place / "mine.toml"
    path.write_text(OWN.format(vendor, words, meaning), encoding="utf-8")
    return path


def test_salesforce_reads_flags_then_words_then_stages_then_probability(tmp_path: Path) -> None:
    stages = "ApiName,MasterLabel,IsWon,IsClosed,DefaultProbability\nHandshake,Handshake,true,true,100"
    source = _salesforce(tmp_path, SALESFORCE, OpportunityStage=stages)
    done = made(tmp_path, source, _own(tmp_path, "salesforce", "opportunity_stage", "lost"))
    assert dict(rows(done, "deals", "deal_id", "outcome")) == {name: row[-1] for name, row in SALESFORCE.items()}


def test_what_nothing_decides_is_refused_all_at_once_with_the_lines_to_add(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, _salesforce(tmp_path, SALESFORCE | SF_REFUSED), "salesforce")
    (fault,) = caught.value.faults
    labels = ("", "Handshake", "Mystery", "Ours", "Parked", "Proposal", "Unheard")
    lines = "\n".join(f'      "{label}" = "won | lost | open"' for label in labels)
    assert f'      extends = "salesforce"\n      [words.opportunity_stage]\n{lines}\n' in fault
    with pytest.raises(UsageError, match="'Ours' is read as one of 'won', 'lost', 'open'"):
        made(tmp_path, tmp_path / "export", _own(tmp_path, "salesforce", "opportunity_stage", "won | lost | open"))


@pytest.mark.parametrize("percent", [False, True])
def test_hubspot_reads_shares_and_per_cent(tmp_path: Path, percent: bool) -> None:
    contacts = "Record ID,Email,Create Date\n101,,2026-07-01 09:00\n"
    head = "Record ID,Deal Name,Deal Stage,Pipeline,Is Closed Won,Is Deal Closed?,Deal probability,Amount,Create Date,Close Date,Associated Contact IDs"
    lines = [
        f"{name},x,{stage},Sales Pipeline,{won},{closed},{f'{float(p) * 100:g}%' if p and percent else p},5,2026-07-02 09:00,2026-08-01 09:00,101"
        for name, (stage, won, closed, p, _) in HUBSPOT.items()
    ]
    source = folder(tmp_path / "export", contacts=contacts, deals="\n".join([head, *lines]))
    done = made(tmp_path, source, _own(tmp_path, "hubspot", "deal_stage", "won"))
    assert dict(rows(done, "deals", "deal_id", "outcome")) == {name: row[-1] for name, row in HUBSPOT.items()}


HISTORY = """
    Id,OpportunityId,StageName,Amount,CloseDate,CreatedDate
    8,A,Prospecting,5,2026-08-30,2026-07-02T09:00:00.000Z
    9,A,Long Gone,5,2026-08-30,2026-07-05T09:00:00.000Z
    10,A,Signed,5,2026-08-01,2026-08-01T10:00:00.000Z
    9,B,Closed Won,5,2026-08-01,2026-08-01T10:00:00.000Z
    10,B,Closed Lost,5,2026-08-01,2026-08-01T10:00:00.000Z
    11,C,Closed Won,5,2026-08-01,2026-07-20T10:00:00.000Z
    12,D,Prospecting,5,2026-08-01,2026-07-03T09:00:00.000Z
    13,E,Closed Lost,5,2026-07-10,2026-07-10T10:00:00.000Z
    14,E,Closed Won,5,2026-07-10,2026-07-10T10:00:00.000Z
    15,E,Closed Lost,5,2026-07-12,2026-07-12T10:00:00.000Z
"""


def test_a_history_ends_where_the_deal_was_last_seen(tmp_path: Path) -> None:
    deals = {
        "A": ("Closed Won", "true", "true", "100"),  # its last label was renamed since
        "B": ("Closed Lost", "false", "true", "0"),  # lost in the second in which it was won: 10 comes after 9
        "C": ("Trial", "false", "false", "20"),  # open again, without a row of its history
        "D": ("Closed Won", "true", "true", "100"),  # closed on 1 August, after its history ends
        "E": ("Closed Lost", "false", "true", "0"),
    }
    done = made(tmp_path, _salesforce(tmp_path, deals, Lead=SF_LEADS.replace("D01", "A"), OpportunityHistory=HISTORY), "salesforce")
    closed = datetime(2026, 8, 1, 10)
    assert rows(done, "deal_events", "deal_id", "changed_at", "outcome") == [
        ("A", datetime(2026, 7, 2, 9), "open"),
        ("A", datetime(2026, 7, 5, 9), "open"),
        ("A", closed, "won"),
        ("B", closed, "lost"),
        ("C", datetime(2026, 7, 20, 10), "open"),
        ("D", datetime(2026, 7, 3, 9), "open"),
        ("D", datetime(2026, 8, 1), "won"),
        ("E", datetime(2026, 7, 10, 10), "won"),
        ("E", datetime(2026, 7, 12, 10), "lost"),
    ]
    assert rows(done, "deals", "deal_id", "outcome", "closed_at") == [
        ("A", "won", closed),
        ("B", "lost", closed),
        ("C", "open", None),
        ("D", "won", datetime(2026, 8, 1)),
        ("E", "lost", datetime(2026, 7, 12, 10)),
    ]
    (events,) = (table for table in done.tables if table.table == "deal_events")
    assert events.set_aside == {"followed by another change in the same second": 2}


def test_stages_of_one_second_are_one_change_in_hubspot_too(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "landed",
        contact="id,property_createdate,property_lifecyclestage\n101,2026-07-01 09:00:00,lead\n",
        deal="deal_id,deal_pipeline_id,deal_pipeline_stage_id,property_amount,property_closedate,property_createdate,property_hs_is_closed_won,"
        "property_hs_is_closed\n1,default,w1,5,2026-08-01 12:00:00,2026-07-10 09:00:00,true,true\n",
        deal_contact="deal_id,contact_id\n1,101\n",
        deal_pipeline_stage="stage_id,pipeline_id,label,closed_won,is_closed,probability\n"
        "appt,default,Appt,false,false,0.2\nw1,default,Signed,true,true,1.0\nl1,default,Gone,false,true,0.0\n",
        deal_stage="deal_id,value,date_entered,_fivetran_start,_fivetran_end,_fivetran_active\n"
        "1,appt,2026-07-10 09:00:00,2026-07-10 09:00:00,,false\n"
        "1,l1,2026-08-01 12:00:00.100,2026-08-01 12:00:00.1,,false\n"
        "1,w1,2026-08-01 12:00:00.050,2026-08-01 12:00:00.05,,true\n",
    )
    done = made(tmp_path, source, "fivetran_hubspot")
    won = datetime(2026, 8, 1, 12, 0, 0, 50_000)
    assert rows(done, "deal_events", "changed_at", "stage", "outcome") == [(datetime(2026, 7, 10, 9), "appt", "open"), (won, "w1", "won")]
    (events,) = (table for table in done.tables if table.table == "deal_events")
    assert events.set_aside == {"followed by another change in the same second": 1}


def test_a_type_or_status_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    deals = {"D19": ("Closed Won", "true", "true", "100")}
    source = _salesforce(
        tmp_path,
        deals,
        Lead=SF_LEADS.replace("D01", "D19"),
        LeadHistory="Id,LeadId,Field,OldValue,NewValue,CreatedDate\n1,00Q1,Status,Fresh,Dud,2026-07-03T09:00:00Z",
    )
    path = source / "Opportunity.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("09:00:00.000Z,", "09:00:00.000Z,Partner"), encoding="utf-8")
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, source, "salesforce")
    statuses, types = caught.value.faults
    assert '[words.lead_status]\n      "Dud" = "lead | mql | sal | sql | opportunity | won | lost"\n      "Fresh" = ' in statuses
    assert '[words.deal_type]\n      "Partner" = "new | expansion | renewal"\n' in types
    (tmp_path / "mine.toml").write_text(
        'extends = "salesforce"\n[words.deal_type]\nPartner = "partner"\n[words.lead_status]\nDud = "lost"\nFresh = "mql"\n',
        encoding="utf-8",
    )
    done = made(tmp_path, source, tmp_path / "mine.toml")
    assert rows(done, "deals", "deal_type") == [("partner",)]
    assert ("00Q1", "mql", datetime(2026, 7, 1, 9)) in rows(done, "stage_events", "lead_id", "stage", "entered_at")
    assert rows(done, "feedback", "lead_id", "verdict") == [("00Q1", "rejected")]


VERSIONED = {
    "lead": """
        id,_fivetran_active,_fivetran_start,_fivetran_end,_fivetran_synced,status,created_date,lead_source,is_deleted
        00Q1,false,2026-07-01 09:00:00,2026-07-05 08:59:59.999,2026-10-01 03:00:00,MQL,2026-07-01 09:00:00,Web,false
        00Q1,false,2026-07-05 09:00:00,2026-07-09 08:59:59.999,2026-10-01 03:00:00,Sales Accepted,2026-07-01 09:00:00,Web,false
        00Q1,true,2026-07-09 09:00:00,9999-12-31 23:59:59.999,2026-10-01 03:00:00,Sales Accepted,2026-07-01 09:00:00,Ads,false
        00Q2,true,2026-07-03 09:00:00,9999-12-31 23:59:59.999,2026-10-01 03:00:00,MQL,2026-07-03 09:00:00,Web,false
    """,
    "opportunity": """
        id,_fivetran_active,_fivetran_start,_fivetran_synced,stage_name,amount,close_date,created_date,is_closed,is_won,lead_c
        D1,true,2026-08-01 09:00:00,2026-10-01 03:00:00,Closed Won,5,2026-08-01,2026-07-09 09:00:00,true,true,00Q9
    """,
    "user": """
        id,_fivetran_active,_fivetran_start,_fivetran_synced,username,department,is_active
        0051,false,2026-07-01 09:00:00,2026-10-01 03:00:00,x,Sales,true
        0051,true,2026-07-09 09:00:00,2026-10-01 03:00:00,x,Marketing,true
    """,
}


def test_versions_count_once_and_are_the_history(tmp_path: Path) -> None:
    done: IngestResult = made(tmp_path, folder(tmp_path / "export", **VERSIONED))
    assert rows(done, "leads", "lead_id", "source") == [("00Q1", "Ads"), ("00Q2", "Web")]
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at") == [
        ("00Q1", "mql", datetime(2026, 7, 1, 9)),
        ("00Q1", "sal", datetime(2026, 7, 5, 9)),
        ("00Q2", "mql", datetime(2026, 7, 3, 9)),
    ]
    assert rows(done, "owners", "owner_id", "team") == [("0051", "marketing")]
    assert "lead.csv: skipped 2 superseded versions; the current version of each row is used" in done.notes
    assert "deals without a lead: 1 of 1 (1 with a lead ID that is not among the leads, such as '00Q9')" in done.notes


def test_ingest_and_check_count_the_same_deals_without_a_lead(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "export",
        leads="lead_id,created_at,source\nL1,2026-07-01,web\n",
        stage_events="lead_id,stage,entered_at\nL1,mql,2026-07-02\n",
        merges="table,lost_id,survivor_id\nleads,L2,L1\nleads,L4,L3\nleads,L6,L5\n",
        deals="""
            deal_id,lead_id,outcome,deal_type
            D1,L1,open,new
            D2,,open,new
            D3,,open,renewal
            D4,L2,open,renewal
            D5,L4,open,renewal
            D6,,open,
            """,
    )
    columns = {
        "leads": ("lead_id", "created_at", "source"),
        "stage_events": ("lead_id", "stage", "entered_at"),
        "merges": ("table", "lost_id", "survivor_id"),
        "deals": ("deal_id", "lead_id", "outcome", "deal_type"),
    }
    tables = (
        f'[tables.{name}]\nfrom = "{name}.csv"\ncolumns = {{ {", ".join(f"{one} = {one!r}" for one in names)} }}\n'
        for name, names in columns.items()
    )
    (tmp_path / "m.toml").write_text("".join(tables))
    done = made(tmp_path, source, tmp_path / "m.toml")
    [told] = [note for note in done.notes if note.startswith("deals without a lead: ")]  # a renewal without a lead is as it should be
    assert told == "deals without a lead: 3 of 5 (2 without a lead ID, 1 with a lead ID that is not among the leads, such as 'L4')"
    faults = check_store(done.out).faults.set_index(["table", "fault"])
    assert tuple(faults.loc[("deals", "no lead is named"), ["n", "of"]]) == (2, 5)
    assert faults.loc[("deals", "lead_id is not in leads"), "n"] == 1

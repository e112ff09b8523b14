"""HubSpot: UI labels, internal names and Fivetran's tables of one small company, by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from alignment_toolkit.ingest import IngestResult
from tests.mapping.exports import counts, folder, made, rows

UI = {
    "hubspot-crm-exports-all-contacts-2026-03-01": '''
        Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,Lead Status,Create Date,Original Source,Persona,Became a Marketing Qualified Lead Date,"Date entered ""Marketing Qualified Lead (Lifecycle Stage Pipeline)""",Became a Sales Qualified Lead Date,Became an Opportunity Date,Became a Customer Date,Merged Contact IDs,Country/Region
        101,Ada,Byron,ada@example.com,+44 20 7946 0000,Max Power,Customer,Connected,2026-01-05 09:30,Organic Search,Founder,2026-01-08 10:00,2026-01-08 10:05,2026-01-15 10:00,2026-01-20 10:00,2026-02-11 10:00,901;902,UK
        102,Bob,Reed,bob@example.com,,Max Power,Marketing Qualified Lead,New,2026-01-06 09:30,Paid Social,,2026-01-10 10:00,,,,,,US
        103,Cy,Dee,cy@example.com,,Eve Stone,Customer,,2026-01-07 09:30,Offline Sources,,,,,,2026-02-01 10:00,,
        ''',
    "hubspot-crm-exports-all-deals-2026-03-01": '''
        Record ID,Deal Name,Deal Stage,Pipeline,Amount,Deal owner,Create Date,Close Date,"Date entered ""Closed Won (Sales Pipeline)""","Date entered ""Closed Lost (Sales Pipeline)""",Deal Type,Closed Lost Reason,Associated Contact IDs,Associated Contact
        201,Ada - 10 seats, Closed Won ,Sales Pipeline,"12,000.50",Eve Stone,2026-01-20 11:00,2026-02-28 00:00,2026-02-11 09:00,,New Business,,101;102,Ada Byron (ada@example.com)
        202,Bob again,Closed Lost,Sales Pipeline,,Eve Stone,2026-01-25 11:00,2026-02-15 12:00,,,Existing Business,Price,102,Bob Reed
        203,Open one,Contract Sent,Sales Pipeline,500,Eve Stone,2026-01-26 11:00,2026-03-31 12:00,,,New Business,,,
        ''',
}


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> IngestResult:
    place = tmp_path_factory.mktemp("ui")
    return made(place, folder(place / "export", **UI))


def test_ui_labels_are_recognised(ui: IngestResult) -> None:
    assert ui.notes[0].startswith("export is read as hubspot: ")
    assert rows(ui, "leads", "lead_id", "created_at", "source", "persona", "region") == [
        ("101", datetime(2026, 1, 5, 9, 30), "Organic Search", "Founder", "UK"),
        ("102", datetime(2026, 1, 6, 9, 30), "Paid Social", None, "US"),
        ("103", datetime(2026, 1, 7, 9, 30), "Offline Sources", None, None),
    ]


def test_the_exact_date_of_a_stage_wins_over_the_older_one(ui: IngestResult) -> None:
    assert rows(ui, "stage_events", "lead_id", "stage", "entered_at", "reason") == [
        ("101", "mql", datetime(2026, 1, 8, 10, 5), None),
        ("101", "opportunity", datetime(2026, 1, 20, 11), None),
        ("101", "sql", datetime(2026, 1, 15, 10), None),
        ("101", "won", datetime(2026, 2, 11, 9), None),
        ("102", "lost", datetime(2026, 2, 15, 12), "Price"),
        ("102", "mql", datetime(2026, 1, 10, 10), None),
        ("102", "opportunity", datetime(2026, 1, 20, 11), None),
        ("102", "won", datetime(2026, 2, 11, 9), None),
        ("103", "won", datetime(2026, 2, 1, 10), None),
    ]
    assert (
        'stage_events: time of lifecycle stages from hs_v2_date_entered_… (Date entered "…"), else hs_lifecyclestage_…_date'
        " (Became a … Date), because the property history of contacts (lifecyclestage) is not there"
    ) in ui.notes


def test_deals_of_several_contacts_belong_to_the_first(ui: IngestResult) -> None:
    columns = ("deal_id", "lead_id", "outcome", "closed_at", "close_on", "amount", "deal_type", "loss_reason")
    assert rows(ui, "deals", *columns) == [
        ("201", "101", "won", datetime(2026, 2, 11, 9), date(2026, 2, 28), 12000.5, "new", None),
        ("202", "102", "lost", datetime(2026, 2, 15, 12), date(2026, 2, 15), None, "expansion", "Price"),
        ("203", None, "open", None, date(2026, 3, 31), 500.0, "new", None),
    ]


def test_ids_that_were_merged_away_are_known(ui: IngestResult) -> None:
    assert rows(ui, "merges", "table", "lost_id", "survivor_id", "merged_at") == [
        ("leads", "901", "101", None),  # this export has no time of the merge: in force from the start
        ("leads", "902", "101", None),
    ]


@pytest.mark.parametrize("personal", ["example.com", "Byron", "Power", "7946", "Stone"])
def test_nothing_personal_arrives(ui: IngestResult, personal: str) -> None:
    import pyarrow.parquet as pq

    for path in ui.out.glob("[!.]*"):
        text = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
        assert personal not in text, path.name
    assert personal not in "".join(ui.notes)


API = {
    "contacts": """
        hs_object_id,email,lifecyclestage,hs_lead_status,createdate,hs_analytics_source,hubspot_owner_id,hs_v2_date_entered_marketingqualifiedlead,hs_lifecyclestage_marketingqualifiedlead_date,hs_v2_date_entered_customer,hs_calculated_merged_vids,associatedcompanyid,archived
        101,ada@example.com,customer,CONNECTED,2026-01-05T09:30:00Z,ORGANIC_SEARCH,7,2026-01-08T10:00:00Z,,2026-02-01T10:00:00Z,901:1767607200000,55,false
        102,bob@example.com,lead,,2026-01-06T09:30:00Z,PAID_SOCIAL,7,,2026-01-09T10:00:00Z,,,,false
        104,eve@example.com,lead,,2026-01-06T09:30:00Z,PAID_SOCIAL,7,,,,,,true
        """,
    "deals": """
        hs_object_id,dealstage,pipeline,amount,amount_in_home_currency,deal_currency_code,closedate,createdate,hs_is_closed_won,hs_is_closed,hs_deal_stage_probability,dealtype,hubspot_owner_id,associated_contact_ids
        201,12345678,default,1000,900,USD,2026-02-28T00:00:00Z,2026-01-20T11:00:00Z,true,true,1.0,newbusiness,8,102
        202,decisionmakerboughtin,default,700,,EUR,2026-03-31T00:00:00Z,2026-01-21T11:00:00Z,false,false,0.8,newbusiness,8,
        """,
}


def test_internal_names_and_a_stage_known_by_its_number_only(tmp_path: Path) -> None:
    done = made(tmp_path, folder(tmp_path / "export", **API))
    assert rows(done, "leads", "lead_id", "account_id", "owner_id") == [("101", "55", "7"), ("102", None, "7")]
    assert counts(done)["leads"] == (3, 2, {"deleted in HubSpot": 1})
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at") == [
        ("101", "mql", datetime(2026, 1, 8, 10)),
        ("101", "won", datetime(2026, 2, 1, 10)),
        ("102", "mql", datetime(2026, 1, 9, 10)),
        ("102", "opportunity", datetime(2026, 1, 20, 11)),
        ("102", "won", datetime(2026, 2, 28)),
    ]
    assert rows(done, "deals", "deal_id", "outcome", "amount", "currency") == [("201", "won", 900.0, None), ("202", "open", 700.0, "EUR")]
    assert rows(done, "merges", "lost_id", "survivor_id", "merged_at") == [("901", "101", datetime(2026, 1, 5, 10))]


LANDED = {
    "contact": """
        id,_fivetran_deleted,_fivetran_synced,property_email,property_createdate,property_lifecyclestage,property_hs_analytics_source,property_hubspot_owner_id,property_disqualification_reason
        101,FALSE,2026-03-01 6:00:00,ada@example.com,2026-01-05 9:30:00,customer,ORGANIC_SEARCH,7,
        102,FALSE,2026-03-01 6:00:00,bob@example.com,2026-01-06 09:30:00,lead,PAID_SOCIAL,7,Wrong size
        """,
    "contact_property_history": """
        contact_id,timestamp,_fivetran_synced,source,name,value,source_id
        101,2026-01-05 09:30:00,2026-03-01 06:00:00,CRM_UI,lifecyclestage,lead,
        101,2026-01-08 10:00:00.250,2026-03-01 06:00:00,CRM_UI,lifecyclestage,marketingqualifiedlead,
        101,2026-02-01 10:00:00,2026-03-01 06:00:00,CRM_UI,lifecyclestage,customer,
        101,2026-02-01 10:00:00,2026-03-01 06:00:00,CRM_UI,firstname,Ada,
        102,2026-01-07 10:00:00,2026-03-01 06:00:00,CRM_UI,hs_lead_status,UNQUALIFIED,
        102,2026-01-06 12:00:00,2026-03-01 06:00:00,CRM_UI,hs_lead_status,IN_PROGRESS,
        """,
    "deal": """
        deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,owner_id,portal_id,_fivetran_synced,property_dealname,property_amount,property_closedate,property_createdate
        201,false,default,s9,8,1,2026-03-01 06:00:00,Ada,1000,2026-02-28 00:00:00,2026-01-20 11:00:00
        """,
    "deal_pipeline_stage": """
        stage_id,_fivetran_deleted,_fivetran_synced,active,closed_won,is_closed,display_order,probability,label,pipeline_id
        s1,FALSE,2026-03-01 06:00:00,TRUE,FALSE,FALSE,1,0.2,Talk,default
        s9,FALSE,2026-03-01 06:00:00,TRUE,TRUE,TRUE,2,1.0,Party,default
        """,
    "deal_stage": """
        _fivetran_start,deal_id,_fivetran_active,_fivetran_end,_fivetran_synced,date_entered,source,source_id,value
        2026-01-20 11:00:00,201,FALSE,2026-02-10 15:59:59,2026-03-01 06:00:00,2026-01-20 11:00:00,x,,s1
        2026-02-10 16:00:00,201,TRUE,9999-12-31 23:59:59,2026-03-01 06:00:00,2026-02-10 16:00:00,x,,s9
        """,
    "deal_contact": """
        contact_id,deal_id,_fivetran_synced,type_id,category
        101,201,2026-03-01 06:00:00,1,HUBSPOT_DEFINED
        """,
    "engagement_call": """
        engagement_id,_fivetran_deleted,_fivetran_synced,property_hs_createdate,property_hs_timestamp,type
        e1,false,2026-03-01 06:00:00,2026-01-09 10:00:00,2026-01-09 11:00:00,CALL
        """,
    "engagement_contact": """
        contact_id,engagement_id,engagement_type,type_id,_fivetran_synced,category
        101,e1,CALL,194,2026-03-01 06:00:00,HUBSPOT_DEFINED
        """,
    "contact_merge_audit": """
        canonical_vid,contact_id,vid_to_merge,_fivetran_synced,entity_id,timestamp
        101,101,901,2026-03-01 06:00:00,x,2026-01-06 15:50:57
        """,
    "owner": """
        owner_id,_fivetran_synced,created_at,portal_id,type,updated_at,email,first_name,last_name,active_user_id
        7,2026-03-01 06:00:00,2020-01-01 00:00:00,1,PERSON,2020-01-01 00:00:00,x@example.com,Max,Power,1
        """,
    "owner_team": "owner_id,team_id,is_team_primary,_fivetran_synced\n7,70,true,2026-03-01 06:00:00\n",
    "team": "id,name,_fivetran_synced\n70,Marketing DACH,2026-03-01 06:00:00\n",
}


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> IngestResult:
    place = tmp_path_factory.mktemp("landed")
    return made(place, folder(place / "export", **LANDED))


def test_fivetran_s_histories_are_preferred(landed: IngestResult) -> None:
    assert landed.notes[0].startswith("export is read as fivetran_hubspot: ")
    assert rows(landed, "stage_events", "lead_id", "stage", "entered_at", "reason") == [
        ("101", "mql", datetime(2026, 1, 8, 10, 0, 0, 250000), None),
        ("101", "opportunity", datetime(2026, 1, 20, 11), None),
        ("101", "won", datetime(2026, 2, 10, 16), None),
        ("102", "lost", datetime(2026, 1, 7, 10), "Wrong size"),
    ]
    assert counts(landed)["stage_events"] == (
        7,
        4,
        {
            "a lead status that is no change of stage": 1,
            "a lifecycle stage that is no change of stage": 1,
            "opportunity or customer by lifecycle: its time is taken from the deal": 1,
        },
    )
    assert rows(landed, "deals", "deal_id", "lead_id", "outcome", "closed_at") == [("201", "101", "won", datetime(2026, 2, 10, 16))]
    assert rows(landed, "touches", "touch_id", "lead_id", "occurred_at", "side", "channel") == [
        ("call-e1-101", "101", datetime(2026, 1, 9, 11), "sales", "call")
    ]
    assert rows(landed, "feedback", "lead_id", "verdict", "reason") == [("102", "rejected", "Wrong size")]
    assert rows(landed, "merges", "lost_id", "survivor_id", "merged_at") == [("901", "101", datetime(2026, 1, 6, 15, 50, 57))]
    assert rows(landed, "owners", "owner_id", "team") == [("7", "marketing")]


@pytest.mark.parametrize("kind", ["dates", "history"])
def test_the_lifecycle_stage_of_sales_accepted_leads_is_an_acceptance(tmp_path: Path, kind: str) -> None:
    if kind == "dates":
        name = "hubspot-crm-exports-all-contacts-2026-03-01"
        export = UI | {name: UI[name].replace("Became a Sales Qualified", "Became a Sales Accepted")}
        expected = [("101", "accepted", datetime(2026, 1, 15, 10))]
    else:
        entry = "101,2026-01-12 10:00:00,2026-03-01 06:00:00,CRM_UI,lifecyclestage,salesacceptedlead,\n        "
        history = LANDED["contact_property_history"].replace("101,2026-02-01", f"{entry}101,2026-02-01", 1)
        export = LANDED | {"contact_property_history": history}
        expected = [("101", "accepted", datetime(2026, 1, 12, 10)), ("102", "rejected", datetime(2026, 1, 7, 10))]
    told = made(tmp_path, folder(tmp_path / "export", **export))
    assert rows(told, "feedback", "lead_id", "verdict", "given_at") == expected


def test_merges_in_a_ring_are_said_at_ingest(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "landed",
        contact="id,property_createdate,property_lifecyclestage\n101,2026-07-01 09:00:00,lead\n",
        deal="deal_id,deal_pipeline_stage_id,property_amount,property_closedate,property_createdate\n"
        "1,closedwon,5,2026-08-15 12:00:00,2026-07-10 09:00:00\n2,closedwon,7,2026-08-15 12:00:00,2026-07-10 09:00:00\n",
        deal_contact="deal_id,contact_id\n1,101\n2,101\n",
        merged_deal="deal_id,merged_deal_id\n2,1\n1,2\n",
    )
    assert (
        "merges: 2 merges go in a ring (deals 1 → 2 → 1): the record with the smallest id stands for its ring, and what the others hold of their"
        " own, such as amounts, counts nowhere. Take the merge of the record that survived out of the source"
    ) in made(tmp_path, source, "fivetran_hubspot").notes

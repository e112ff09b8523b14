"""What the mapping language says beyond one name per column: alternatives, words, units, open ends, people."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment_toolkit.errors import AlignmentError, UsageError
from alignment_toolkit.mapping import load_mapping, mapping_from
from tests.conftest import fuzzed
from tests.mapping.exports import counts, folder, made, rows

CONTACTS = """
    Key,made on,Origin,Rep,Score %,When,Step
    1,2026-01-05, PAID ,Max Power,40,2026-01-07,MQL
    2,2026-01-06,organic,max power,,9999-12-31,mql
    3,2026-01-07,me@example.com,,12.5,2026-01-09,Won
"""
RULES = {
    "source": {"open_ended": [date(9999, 12, 31)]},
    "tables": {
        "leads": {
            "from": ["people.csv", "contacts.csv"],
            "columns": {
                "lead_id": ["Id", "Key"],
                "created_at": ["Created", "Made_On"],
                "source": {"from": "Origin", "map": {" paid": "paid search"}},
                "owner_id": {"from": "Rep", "person": True},
                "score": {"from": "Score %", "percent": True},
            },
        },
        "stage_events": {
            "from": "contacts.csv",
            "columns": {"lead_id": "Key", "stage": {"from": "Step", "map": {"MQL": "mql", "won": "won"}}, "entered_at": "When"},
            "set_aside": [{"when_null": "entered_at", "reason": "no time"}],
        },
        "deals": {"from": "deals.csv", "optional": True, "columns": {"deal_id": "Id", "outcome": "Outcome"}},
        "subscriptions": {
            "from": "money.csv",
            "columns": {
                "customer_id": "Customer",
                "started_on": "From",
                "ended_on": "To",
                "mrr": {"from": "Amount", "minor_units": "currency"},
                "currency": "Currency",
            },
        },
    },
    "config": {"reporting_currency": "JPY"},
}
MONEY = """
    Customer,From,To,Amount,Currency
    a,2026-01-01,9999-12-31,5000,JPY
    b@example.com,2026-01-01,2026-02-01,5000,
"""


def test_alternatives_words_units_open_ends_and_people(tmp_path: Path) -> None:
    done = made(tmp_path, folder(tmp_path / "e", contacts=CONTACTS, money=MONEY), mapping_from(RULES, name="m.toml"))
    found = rows(done, "leads", "lead_id", "created_at", "source", "owner_id", "score")
    assert [row[:3] for row in found] == [
        ("1", datetime(2026, 1, 5), "paid search"),
        ("2", datetime(2026, 1, 6), "organic"),
        ("3", datetime(2026, 1, 7), "(e-mail address)"),
    ]
    assert [row[4] for row in found] == [0.4, None, 0.125]
    assert found[0][3] == found[1][3] != None  # noqa: E711  # one pseudonym, however the name is written
    assert found[2][3] is None
    assert rows(done, "stage_events", "lead_id", "stage") == [("1", "mql"), ("3", "won")]
    assert counts(done)["stage_events"] == (3, 2, {"no time": 1})
    (one, other) = rows(done, "subscriptions", "customer_id", "ended_on", "mrr")
    assert one == ("a", None, 5000.0)
    assert other[1:] == (date(2026, 2, 1), 50.0)
    assert other[0].startswith("p-")
    assert "deals is left out: deals.csv is not there" in done.notes


def test_several_names_that_are_all_not_there(tmp_path: Path) -> None:
    rules = RULES | {"tables": RULES["tables"] | {"leads": RULES["tables"]["leads"] | {"columns": {"lead_id": ["Idd", "Number"]}}}}
    with pytest.raises(UsageError) as caught:
        made(tmp_path, folder(tmp_path / "e", contacts=CONTACTS, money=MONEY), mapping_from(rules, name="m.toml"))
    assert str(caught.value).startswith(
        "tables.leads.columns.lead_id in m.toml names a column that the file does not have: 'Idd or Number'. Known: Key, made on, "
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'extends = "salesfroce"\n[tables.leads]\nsql = "SELECT 1"\n',
            "the mapping m.toml extends one that is not there: 'salesfroce'. A mapping extends a shipped one, or a file beside it,"
            " and never itself. Shipped mappings: fivetran_hubspot, fivetran_salesforce, hubspot, salesforce, stripe.",
        ),
        (
            'extends = "salesforce"\n[[tables.deals.parts]]\nwhat = "x"\nsays = "y"\nneeds = ["opportunty"]\nsql = "SELECT 1"\n',
            "the mapping m.toml cannot be used. tables.deals.parts: unknown input 'opportunty'. Did you mean 'opportunity'?",
        ),
        (
            'extends = "salesforce"\n[inputs.lead]\nneed = ["id"]\n',
            "the mapping m.toml cannot be used. inputs.lead: unknown key 'need'. Did you mean 'needs'?",
        ),
        (
            'extends = "salesforce"\n[inputs.lead.columns]\nid = { form = "Id" }\n',
            "the mapping m.toml cannot be used. inputs.lead.columns.id: unknown key 'form'. Did you mean 'from'?",
        ),
        (
            'extends = "m.toml"\n[tables.leads]\nsql = "SELECT 1"\n',
            "the mapping m.toml extends one that is not there: 'm.toml'. A mapping extends a shipped one, or a file beside it,"
            " and never itself. Shipped mappings: fivetran_hubspot, fivetran_salesforce, hubspot, salesforce, stripe.",
        ),
    ],
)
def test_a_mapping_that_cannot_be_used(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_mapping(tmp_path / "m.toml")
    assert str(caught.value) == sentence


HEADERS = st.sampled_from(
    ["Id", "Lead ID", "Status", "Lead Status", "CreatedDate", "Create Date", "IsDeleted", "MasterRecordId", "Email", "X"]
)
VALUES = st.one_of(
    st.sampled_from(["1", "2", "", " MQL ", "New", "Nirvana", "2026-01-02", "1/2/2026", "9999-12-31", "true", "false", "a@example.com"]),
    st.sampled_from(["NULL", "n/a", "(blank)", "--", "None", "00Q5g00000AbCdE", "00Q5g00000AbCdEEA1", "00Q5g00000aBCdE"]),
    st.text(st.sampled_from(list("ab1,;\"'\n\t /-:.é@")), max_size=6),
)


@settings(max_examples=fuzzed(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(HEADERS, min_size=2, max_size=6, unique=True), st.lists(st.lists(VALUES, min_size=6, max_size=6), max_size=4), st.booleans()
)
def test_odd_headers_and_values_end_in_a_sentence_or_a_reconciled_store(
    tmp_path: Path, headers: list[str], records: list[list[str]], with_history: bool
) -> None:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"'

    source = tmp_path / "e"
    source.mkdir(exist_ok=True)
    lines = [",".join(map(cell, record[: len(headers)])) for record in [headers, *records]]
    (source / "Lead.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    history = (
        "LeadId,Field,NewValue,CreatedDate\n1,Status,MQL,2026-01-05\n2,Status,Unqualified,2026-01-06\n00Q5g00000AbCdE,Status,MQL,NULL\n"
    )
    (source / "LeadHistory.csv").write_text(history if with_history else "LeadId\n", encoding="utf-8")
    refusal, done = None, None
    try:
        done = made(tmp_path, source, "salesforce")
    except AlignmentError as error:
        refusal = error
    if done is None:
        assert refusal is not None
        assert refusal.exit_code in (2, 3)
        assert str(refusal).endswith((".", "?"))
        assert "a@example.com" not in str(refusal)
        return
    for table, (read, used, aside) in counts(done).items():
        assert read == used + sum(aside.values())
        assert len(rows(done, table, "lead_id")) == used
    assert "a@example.com" not in (done.out / "ingest.json").read_text(encoding="utf-8")


def test_a_column_that_does_not_say_counts_days_as_the_others_agree(tmp_path: Path) -> None:
    columns = {"started_on": {"from": ["start_date"], "epoch": "s"}, "ended_on": {"from": ["ended_at"], "epoch": "s"}}
    agreed = mapping_from({"extends": "stripe", "inputs": {"subscription": {"columns": columns}}}, name="own")
    assert agreed.input_reading("subscription", "period_on").epoch == "s"
    assert agreed.input_reading("customer", "created_at").epoch is None
    columns["ended_on"]["epoch"] = "ms"
    mixed = mapping_from({"extends": "stripe", "inputs": {"subscription": {"columns": columns}}}, name="own")
    assert mixed.input_reading("subscription", "period_on").epoch is None
    assert mixed.input_reading("subscription", "ended_on").epoch == "ms"

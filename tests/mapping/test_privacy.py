"""Personal data in unexpected places: ids that are addresses, addresses and numbers inside texts, messages of refusals."""

from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from alignment_toolkit.border.personal import impersonal_id, impersonal_sentence, impersonal_text
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.mapping import mapping_from
from tests.mapping.exports import folder, made, rows

TEXTS = {
    "asked ada@example.com twice": "asked (e-mail address) twice",
    "call +44 20 7946 0000 now": "call (phone number) now",
    "(555) 555-5555": "(phone number)",
    "030 1234567": "(phone number)",
    "555-123-4567": "(phone number)",
    "Spring 2026-01-31 webinar": "Spring 2026-01-31 webinar",
    "Q1 2026 / 12.000,50": "Q1 2026 / 12.000,50",
    "a @ b": "a @ b",
    "0015500000Xyy06AAB": "0015500000Xyy06AAB",
}


@pytest.mark.parametrize(("text", "left"), TEXTS.items())
def test_addresses_and_numbers_inside_texts_are_blotted_out(text: str, left: str) -> None:
    assert ibis.duckdb.connect().execute(impersonal_text(ibis.literal(text))) == left
    assert impersonal_sentence(text) == left


def test_an_id_that_is_an_address_becomes_the_same_pseudonym_everywhere() -> None:
    engine = ibis.duckdb.connect()
    one, same, other = (engine.execute(impersonal_id(ibis.literal(value))) for value in ("Ada@Example.com", "ada@example.com", "A-1"))
    assert one == same != "ada@example.com"
    assert len(one) == 18
    assert other == "A-1"


RULES = {
    "tables": {
        "leads": {"from": "a.csv", "columns": {"lead_id": "Mail", "created_at": "Made", "source": "Note"}},
        "stage_events": {"from": "a.csv", "columns": {"lead_id": "Mail", "stage": {"value": "mql"}, "entered_at": "Made"}},
    }
}


@pytest.mark.no_cover
def test_records_meet_under_their_pseudonyms(tmp_path: Path) -> None:
    source = folder(tmp_path / "e", a="Mail,Made,Note\nada@example.com,2026-01-01,call +44 20 7946 0000\n")
    done = made(tmp_path, source, mapping_from(RULES, name="m.toml"))
    ((lead, note),) = rows(done, "leads", "lead_id", "source")
    assert rows(done, "stage_events", "lead_id") == [(lead,)]
    assert note == "call (phone number)"
    assert b"ada@example" not in b"".join(path.read_bytes() for path in done.out.rglob("*") if path.is_file())


def test_a_refusal_quotes_no_address(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "e",
        a="Mail,Made,Note\nada@example.com,a.very.long.name.of.a.person.indeed@example.com,x\nada@example.com,2026-01-01,x\n",
    )
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, source, mapping_from(RULES, name="m.toml"))
    assert "@example.com" not in str(caught.value)
    assert "very.long" not in str(caught.value)
    assert "values of created_at are not timestamps: '(e-mail address)' (row 2)" in str(caught.value)

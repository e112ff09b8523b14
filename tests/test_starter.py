"""`alignment map --init`: any folder gets a mapping to start from, and what it writes can be ingested once the marked lines are completed."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from alignment_toolkit.errors import UsageError, quoted
from alignment_toolkit.starter import write_starter
from tests.conftest import shared_data
from tests.mapping.exports import folder, made, rows

ODD = {
    "anfragen": """
        Nr;Eingang;Herkunft;Sachbearbeiter;Mail;Telefon;Land
        A-1;03.01.2026 09:10;Messe;Anna Schmidt;a@firma.de;+49 30 1234567;DE
        A-2;04.01.2026 10:00;Google;Bernd Krause;b@firma.de;+49 30 1234568;AT
        A-3;14.01.2026 11:30;Messe;Anna Schmidt;c@firma.de;+49 30 1234569;DE
        A-4;20.01.2026 08:00;Google;Anna Schmidt;d@firma.de;+49 30 1234560;CH
        """,
    "verlauf": """
        Lfd;Anfrage;Wechsel am;Neuer Zustand
        1;A-1;05.01.2026 12:00;MQL
        2;A-1;09.01.2026 12:00;Angebot
        3;A-1;30.01.2026 12:00;Gewonnen
        4;A-2;06.01.2026 12:00;MQL
        5;A-2;16.01.2026 12:00;Verloren
        6;A-3;16.01.2026 12:00;MQL
        7;A-3;18.01.2026 12:00;Ruht
        """,
    "auftraege": """
        Auftrag;Anfrage;Angelegt;Abschluss;Zustand;Betrag
        O-1;A-1;09.01.2026;30.01.2026;Gewonnen;1200.50
        O-2;A-2;10.01.2026;;Offen;300
        O-3;A-3;10.01.2026;;Offen;300
        """,
}


def test_a_folder_with_odd_names_is_guessed_completed_and_ingested(tmp_path: Path) -> None:
    source = folder(tmp_path / "odd", **ODD)
    path = tmp_path / "mapping.toml"
    assert write_starter(source, out=path) == f"{path}: 3 tables guessed, 1 line to complete, 3 to check"
    text = path.read_text(encoding="utf-8")
    assert 'owner_id = { from = "Sachbearbeiter", person = true }  # CHECK names of people become pseudonyms' in text
    assert "# not taken: Mail (e-mail addresses), Telefon (phone numbers)" in text
    assert 'date_order = "dmy"' in text
    assert [line for line in text.splitlines() if line.endswith('# COMPLETE a stage, or "-" for no change of stage')] == [
        '"Ruht" = "?"  # COMPLETE a stage, or "-" for no change of stage'
    ]
    path.write_text(text.replace('"Ruht" = "?"', '"Ruht" = "-"'), encoding="utf-8")
    done = made(tmp_path, source, path)
    assert rows(done, "leads", "lead_id", "created_at", "source", "region")[0] == ("A-1", datetime(2026, 1, 3, 9, 10), "Messe", "DE")
    assert rows(done, "stage_events", "lead_id", "stage", "entered_at") == [
        ("A-1", "mql", datetime(2026, 1, 5, 12)),
        ("A-1", "opportunity", datetime(2026, 1, 9, 12)),
        ("A-1", "won", datetime(2026, 1, 30, 12)),
        ("A-2", "lost", datetime(2026, 1, 16, 12)),
        ("A-2", "mql", datetime(2026, 1, 6, 12)),
        ("A-3", "mql", datetime(2026, 1, 16, 12)),
    ]
    assert rows(done, "deals", "deal_id", "lead_id", "outcome", "amount") == [
        ("O-1", "A-1", "won", 1200.5),
        ("O-2", "A-2", "open", 300.0),
        ("O-3", "A-3", "open", 300.0),
    ]
    needed = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(needed) <= 45


def test_one_column_per_stage_is_seen(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "wide",
        prospects="""
            ref,received,channel,became_mql,offer_sent,signed_on,rejected_on
            1,2026-01-05,fair,2026-01-06,2026-01-09,2026-02-01,
            2,2026-01-06,web,2026-01-07,,,2026-01-20
            """,
    )
    values = tomllib.loads(write_starter(source))
    assert values["tables"]["leads"]["columns"] == {"lead_id": "ref", "created_at": "received", "source": "channel"}
    assert values["tables"]["stage_events"]["wide"] == {
        "mql": "became_mql",
        "opportunity": "offer_sent",
        "won": "signed_on",
        "lost": "rejected_on",
    }


@pytest.mark.parametrize("name", ["olist", "ravenstack", "maven_crm"])
def test_public_data_give_valid_toml(name: str) -> None:
    tables = tomllib.loads(write_starter(shared_data(name)))["tables"]
    assert {"leads", "stage_events"} <= set(tables)


def test_places_that_cannot_be_used(tmp_path: Path) -> None:
    source = folder(tmp_path / "odd", letters="a,b\nx,y\n")
    with pytest.raises(UsageError) as caught:
        write_starter(source)
    assert str(caught.value) == (
        "no file looks like leads: 'odd'. Leads are a file with an id that is unique in every row and a date; it holds letters.csv."
        " Write the mapping by hand: docs/your-own-data.md."
    )
    with pytest.raises(UsageError) as caught:
        write_starter([source, source])
    assert str(caught.value) == "map --init looks at one source. Give one folder with --source."
    there = tmp_path / "there.toml"
    there.write_text("")
    with pytest.raises(UsageError) as caught:
        write_starter(folder(tmp_path / "good", **ODD), out=there)
    assert str(caught.value) == (f"the file is there already: {quoted(there)}. A mapping is not overwritten. Give another name with --out.")


GERMAN = {
    "kontakte": """
        Kontakt-Nr;Angelegt am;Herkunft
        1;03.01.2026;Messe
        2;04.01.2026;Netz
        3;14.01.2026;Netz
        4;15.01.2026;Netz
        """,
    "verlauf": """
        Kontakt-Nr;Schritt;Wann
        1;Angebot;05.01.2026
        1;gewonnen;30.01.2026
        2;Angebot;06.01.2026
        2;verloren;07.01.2026
        """,
    "auftraege": """
        Auftrag;Kontakt-Nr;Angelegt;Abgeschlossen;Status;Betrag
        2;1;05.01.2026;30.01.2026;gewonnen;1.540,50
        1;2;06.01.2026;07.01.2026;verloren;300
        """,
}


def test_the_column_that_is_called_as_the_leads_own_links_to_them_though_it_is_unique_too(tmp_path: Path) -> None:
    text = write_starter(folder(tmp_path / "german", **GERMAN))
    assert 'deal_id = "Auftrag"\nlead_id = "Kontakt-Nr"\n' in text
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    done = made(tmp_path, tmp_path / "german", path)
    assert rows(done, "deals", "deal_id", "lead_id", "amount") == [("1", "2", 300.0), ("2", "1", 1540.5)]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (["1540,50", "8109"], 'amount = { from = "price", decimal = "," }  # CHECK how its numbers are written'),
        (["1.540,50", "300"], 'amount = { from = "price", decimal = ",", thousands = "." }  # CHECK how its numbers are written'),
        (["1.540.000", "300"], 'amount = { from = "price", decimal = ",", thousands = "." }  # CHECK how its numbers are written'),
        (["1,540", "300"], 'amount = { from = "price", decimal = ".", thousands = "," }  # CHECK how its numbers are written'),
        (["1'540.50", "300"], 'amount = { from = "price", decimal = ".", thousands = "\'" }  # CHECK how its numbers are written'),
        (["1.540", "12.5"], 'amount = "price"'),
        (["1,2", "3.4"], 'amount = "price"'),
    ],
)
def test_how_numbers_are_written_is_seen(tmp_path: Path, written: list[str], line: str) -> None:
    place = folder(
        tmp_path / "numbers", leads="id;created\n1;2026-01-03\n2;2026-01-04", changes="id;stage;at\n1;won;2026-01-05\n1;lost;2026-01-06"
    )
    (place / "deals.csv").write_text(
        "deal;status;price\n" + "".join(f"d{at};won;{text}\n" for at, text in enumerate(written)), encoding="utf-8"
    )
    assert line in write_starter(place).splitlines()

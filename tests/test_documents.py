"""What the README and the pages under docs/ show is true: their commands parse, their code runs, their mapping ingests."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer.main

from alignment_toolkit.cli import app
from alignment_toolkit.config import Config
from alignment_toolkit.headlines import kpis
from alignment_toolkit.ingest import ingest
from alignment_toolkit.mapping import mapping_from
from alignment_toolkit.study import open_study
from tests.conftest import ROOT, SAMPLE

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language; indentation inside lists removed."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.M | re.S)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) for indent, body in found]


def commands() -> list[str]:
    lines = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    return [line.split("#")[0].split(">")[0].strip() for line in lines if "bin/alignment" in line]


@pytest.mark.parametrize("line", commands())
def test_every_command_shown_is_understood(line: str) -> None:
    name, *arguments = shlex.split(line)[1:]
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.make_context(name, arguments).params


def test_every_make_target_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    shown = {target for page in PAGES for target in re.findall(r"\bmake ([a-z-]+)\b", "\n".join(blocks(page, "sh")))}
    assert {"report", "test", "lab"} <= shown <= targets


def test_every_link_and_picture_is_there() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} points to {link}"


def test_the_pictures_are_shown_and_small() -> None:
    pictures = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    shown = {name for page in PAGES for name in re.findall(r"!\[[^\]]+\]\([^)]*images/([^)]+)\)", page.read_text(encoding="utf-8"))}
    assert pictures == shown
    assert sum((ROOT / "docs" / "images" / name).stat().st_size for name in pictures) < 600_000


def test_the_python_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = blocks(ROOT / "README.md", "python")
    made: dict[str, object] = {}
    *setup, last = code.strip().splitlines()
    exec("\n".join(setup), made)
    frame = eval(last, made)
    assert set(frame["kpi"]) == {"conversion_90d"}


CONTACTS = """Record ID;Create date;Original source;Became MQL;Became opportunity;Closed won;Closed lost;E-mail
1;03.02.2026;PAID_SEARCH;05.02.2026;10.02.2026;01.03.2026;;someone@example.com
2;13.02.2026;Event;;;;20.02.2026;other@example.com
3;;Event;;;;;third@example.com
"""
DEALS = """Deal ID;Contact ID;Created;Closed;Status;Amount
d1;1;10.02.2026;01.03.2026;Won;1200.50
"""


def test_the_mapping_of_the_guide_ingests(tmp_path: Path) -> None:
    mapping = next(block for block in blocks(ROOT / "docs" / "your-own-data.md", "toml") if block.startswith("# mapping.toml"))
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    source = tmp_path / "exports"
    source.mkdir()
    (source / "contacts.csv").write_text(CONTACTS, encoding="utf-8")
    (source / "deals.csv").write_text(DEALS, encoding="utf-8")
    ingest(tmp_path / "mapping.toml", source=source, out=tmp_path / "store")
    study = open_study(str(tmp_path / "store"), quarter="2026Q1")
    figures = kpis(study)
    whole = figures[figures["slice"] == "all"].set_index("kpi")["value"]
    assert whole["leads"] == 2
    assert whole["bookings"] == 1200.5
    assert b"example.com" not in b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())


REQUESTS = "Nr;Eingang;Herkunft;Sachbearbeiter\nA-1;03.01.2026;Messe;Anna Schmidt\nA-2;04.01.2026;Netz;Anna Schmidt\n"
COURSE = "Anfrage;Wechsel am;Neuer Zustand\nA-1;05.01.2026; qualifiziert \nA-1;09.02.2026;Gewonnen\nA-2;06.01.2026;Ruht\n"


def test_a_folder_with_a_long_history_takes_under_thirty_lines(tmp_path: Path) -> None:
    mapping = next(block for block in blocks(ROOT / "docs" / "your-own-data.md", "toml") if block.startswith("# long.toml"))
    assert len(mapping.splitlines()) < 30
    (tmp_path / "long.toml").write_text(mapping, encoding="utf-8")
    source = tmp_path / "exports"
    source.mkdir()
    (source / "anfragen.csv").write_text(REQUESTS, encoding="utf-8")
    (source / "verlauf.csv").write_text(COURSE, encoding="utf-8")
    done = ingest(tmp_path / "long.toml", source=source, out=tmp_path / "store")
    counts = {table.table: (table.read, table.used, table.set_aside) for table in done.tables}
    assert counts == {"leads": (2, 2, {}), "stage_events": (3, 2, {"no change of stage": 1})}
    assert b"Schmidt" not in b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())


def test_the_extension_shown_in_the_guide_is_a_mapping() -> None:
    (text,) = (block for block in blocks(ROOT / "docs" / "your-own-data.md", "toml") if block.startswith("extends"))
    made = mapping_from(tomllib.loads(text), name="guide")
    assert made.words["lead_status"]["Nurture hot"] == "mql"
    assert made.inputs["lead"].columns["persona"].origin == ("Ideal_Buyer__c",)


def test_the_guide_lists_every_setting() -> None:
    table = (ROOT / "docs" / "your-own-data.md").read_text(encoding="utf-8").split("## Settings")[1]
    listed = set(re.findall(r"`([a-z_]+)`", table))
    assert set(Config.model_fields) - {"observed_from", "outcome_observed_from", "segmentation"} <= listed
    assert SAMPLE.is_dir()

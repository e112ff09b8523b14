"""Names that attack pages, spreadsheets and terminals come out as text: no element, attribute or formula that the project did not write.

Every run makes the page with the most names; `make fuzz` makes all of them, which takes two minutes.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from bleach._vendor import html5lib  # nbconvert brings it: the parser that browsers' rules are written for

from alignment_toolkit import cli
from alignment_toolkit.delivery import of_report
from alignment_toolkit.report.catalogue import rebuild
from alignment_toolkit.report.look import look
from alignment_toolkit.visible import legible
from tests.conftest import ROOT, fuzzed
from tests.hostile import ATTACKS, LONG
from tests.renewal.conftest import MOVES, PEOPLE, renew, write

pytestmark = pytest.mark.slow
NOTEBOOKS = ["05_closed_loop"] if fuzzed(1) == 1 else []
OURS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "ul", "ol", "li", "span", "nav", "main", "section",
    "div", "bdi", "strong", "em", "details", "summary", "pre", "code", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "img",
    "figcaption", "footer", "dl", "dt", "dd", "svg", "polyline",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "href", "aria-hidden", "aria-label", "aria-labelledby", "aria-current", "id",
    "tabindex", "role", "dir", "scope", "src", "alt", "download", "viewBox", "width", "height", "points", "fill", "stroke", "stroke-width",
    "stroke-linejoin", "stroke-linecap",
}  # fmt: skip
TURNING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("hostile")
    words = [sys.executable, "-m", "tests.hostile_report", str(base), *NOTEBOOKS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-3000:]
    return base


def parsed(path: Path) -> Element:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(path.read_text(encoding="utf-8"))
    assert parser.errors == [], path.name
    return tree


def elements(tree: Element) -> Iterator[Element]:
    """Every element; a comment has no tag and is none of ours."""
    for element in tree.iter():
        assert isinstance(element.tag, str), "a comment"
        yield element


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def pages(place: Path) -> list[Path]:
    found = sorted((place / "report").glob("*.html"))
    assert found
    return found


def test_pages_hold_nothing_but_what_the_template_writes(place: Path) -> None:
    for path in pages(place):
        found = list(elements(parsed(path)))
        assert {element.tag for element in found} <= OURS, path.name
        assert {name for element in found for name in element.attrib} <= ATTRIBUTES, path.name
        assert [element.get("content") for element in found if element.get("http-equiv")] == [look()["policy"]]
        assert all(element.get("src", "").startswith("data:image/svg+xml,") for element in found if element.tag == "img")
        links = {element.get("href", "") for element in found if element.tag == "a"}
        assert all(re.fullmatch(r"#[\w-]*|(\.\./|notebooks/|tables/)?[\w-]+\.(html|csv|json|txt|ipynb)", link) for link in links), links


def test_every_attack_is_there_to_be_read(place: Path) -> None:
    shown = "\n".join(text_of(parsed(path)) for path in pages(place))
    flat = " ".join(shown.split())
    for name, attack in ATTACKS.items():
        text = attack.strip()
        assert any(form in flat for form in (text, " ".join(legible(text).split()), " ".join(text.split()))), name


def test_what_turns_text_round_stays_within_its_cell(place: Path) -> None:
    for path in pages(place):
        for element in elements(parsed(path)):
            own = (element.text or "") + "".join(child.tail or "" for child in element)
            if TURNING.search(own):
                assert element.tag in {"td", "th", "dd", "bdi"}, (path.name, element.tag)
                assert element.tag in {"dd", "bdi"} or element.get("dir") == "auto", path.name


def test_no_control_character_and_no_overlong_name_is_on_a_page(place: Path) -> None:
    for path in pages(place):
        text = path.read_text(encoding="utf-8")
        assert not CONTROL.search(text), path.name
        assert "x" * 250 not in text, path.name
        assert "x" * 150 in text or path.name != "closed-loop.html"
        assert len(text.encode()) < 1_000_000


def test_no_spreadsheet_finds_a_formula(place: Path) -> None:
    files = [*(place / "report").glob("tables/*.csv"), *(place / "report").glob("*.csv")]
    seen = 0
    for path in files:
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
            for cell in row:
                assert not FORMULA.match(cell) or re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", cell), (path.name, cell)
                seen += cell.startswith("'")
    assert files
    assert seen > 20


def test_mail_and_summary_hold_text(place: Path) -> None:
    folder = place / "report"
    (folder / "index.html").exists() or (folder / "index.html").write_bytes(pages(place)[0].read_bytes())
    message = of_report(folder, address="https://reports.example.com")
    found = list(elements(html5lib.HTMLParser(namespaceHTMLElements=False).parse(message.html)))
    assert {element.tag for element in found} <= {"html", "head", "body", "h1", "p", "a", "img"}
    assert {name for element in found for name in element.attrib} <= {"href", "src", "alt", "style"}
    assert not TURNING.search(message.text + message.title)
    assert not CONTROL.search(message.text + message.title)
    assert len((folder / "summary.txt").read_text()) < 600


@pytest.fixture
def spoken(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a command prints, and its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALIGNMENT_ROOT", raising=False)

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.exit_code(lambda: cli.app([str(word) for word in words]))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_the_call_list(place: Path, tmp_path: Path, spoken: Any) -> None:
    code, _, err = spoken("stalled", "--data", place / "store", "--quarter", "2026Q3", "--out", "calls.csv")
    assert code == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "calls.csv").read_text(encoding="utf-8"), newline="")))
    assert len(rows) > 20
    assert not [cell for row in rows for cell in row if FORMULA.match(cell) and not re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", cell)]
    assert not CONTROL.search(err.replace("\n", ""))


def test_headers_of_an_export_that_attack(tmp_path: Path, spoken: Any) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    headers = ["Lead Id", "Create Date", "Source", *ATTACKS.values()]
    with (folder / "\x1b[2J=people\u202e.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [headers, *([f"{at}", f"2026-07-{at:02d}", *ATTACKS.values(), ATTACKS["ansi"]][: len(headers)] for at in range(1, 20))]
        )
    for words in (("--init",), ("--explain",)):
        code, out, err = spoken("map", *words, "--source", folder)
        assert code in {0, 2}, err
        assert not CONTROL.search((out + err).replace("\n", "")), words
        assert not TURNING.search(out + err), words
        if words == ("--init",) and code == 0:
            assert tomllib.loads(out)["tables"]


def test_the_difference_of_two_extracts(tmp_path: Path, spoken: Any) -> None:
    people = [(f"{attack}{at}", "2026-07-02", attack, attack) for at, attack in enumerate(ATTACKS.values())]
    moves = [(person[0], "mql", "2026-07-05") for person in people]
    for number, kept in enumerate((people[:9], people)):
        made = write(
            tmp_path / f"{number}", people=[PEOPLE[0], *kept], moves=[MOVES[0], *moves[: len(kept)]], deals=None, verdicts=None, rates=None
        )
        renew(tmp_path, made)
    code, out, err = spoken("diff", "--data", tmp_path / "store", "--quarter", "2026Q3", "--as-of", "2026-10-01")
    assert code == 0, err
    assert "leads" in out
    assert not CONTROL.search((out + err).replace("\n", ""))
    assert not TURNING.search(out + err)


def test_a_refused_store_names_its_words_as_text(tmp_path: Path, spoken: Any) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with (folder / "leads.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["lead_id", "created_at", "source"], [ATTACKS["ansi"], ATTACKS["ansi"], "web"]])
    with (folder / "stage_events.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [[ATTACKS["ansi"], attack, "2026-07-01"] for attack in ATTACKS.values()]
        csv.writer(file).writerows([["lead_id", "stage", "entered_at"], *rows, ["1", "x" * LONG, "2026-07-02"]])
    code, out, err = spoken("kpis", "--data", folder, "--quarter", "2026Q3")
    assert (code, out) == (3, "")
    assert not CONTROL.search(err.replace("\n", ""))
    assert not TURNING.search(err)
    assert "Traceback" not in err
    assert len(err) < 20_000


def test_the_catalogue_of_a_hostile_report(place: Path, tmp_path: Path) -> None:
    (tmp_path / "2026Q3").mkdir()
    attack = " ".join(ATTACKS.values())
    manifest = {
        "key": attack,
        "quarter": attack,
        "as_of": attack,
        "status": attack,
        "files": {},
        "data": {},
        "pages": [{"page": "index.html"}],
    }
    (tmp_path / "2026Q3" / "manifest.json").write_text(json.dumps(manifest))
    found = list(elements(parsed(rebuild(tmp_path))))
    assert {element.tag for element in found} <= OURS
    assert {name for element in found for name in element.attrib} <= ATTRIBUTES

"""Files that people send: encodings, delimiters, quotes, wrong endings; each oddity is read, noted or refused in a sentence."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment_toolkit.border.duck import ROW, connect, load_csv
from alignment_toolkit.border.reasons import ABOVE, BLANK, FOOTER, HEADER
from alignment_toolkit.border.sentences import BadFile
from alignment_toolkit.border.sniffing import dialect_of, headings
from tests.conftest import fuzzed


@pytest.fixture(scope="module")
def backend():
    return connect()


def read(backend, path: Path, **declared: str) -> tuple[list[tuple], tuple[str, ...]]:
    records, notes, _ = read_counted(backend, path, **declared)
    return records, notes


def read_counted(backend, path: Path, **declared: str) -> tuple[list[tuple], tuple[str, ...], dict[str, int]]:
    """Records with their row, notes, and the rows set aside by reason."""
    dialect = dialect_of(path, place=path.name, **declared)
    table, aside = load_csv(backend, path, dialect, name="read", place=path.name)
    records = table.order_by(ROW).to_pyarrow().to_pylist()
    return [tuple(record[name] for name in (*dialect.header, ROW)) for record in records], dialect.notes, aside


def refused(backend, path: Path, **declared: str) -> list[str]:
    with pytest.raises(BadFile) as caught:
        read(backend, path, **declared)
    return [fault.sentence() for fault in caught.value.faults]


PLAIN = "id,name\n1,Zoë\n2,Ann\n"
TWO = [("1", "Zoë", 2), ("2", "Ann", 3)]


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (PLAIN.encode(), ()),
        (PLAIN.encode("utf-8-sig"), ()),
        (PLAIN.replace("\n", "\r\n").encode("utf-8-sig"), ()),
        (PLAIN.replace("\n", "\r").encode(), ()),
        (PLAIN.replace(",", ";").encode(), ()),
        (PLAIN.replace(",", "\t").encode(), ()),
        (("sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n")).encode(), ()),
        (PLAIN.replace(",", "|").encode(), ("f.csv: read with '|' between columns",)),
        (PLAIN.encode("utf-16"), ("f.csv: read as utf-16",)),
        (PLAIN.encode("utf-16-be"), ("f.csv: read as utf-16-be",)),
        (PLAIN.encode("cp1252"), ("f.csv: read as Windows-1252, since it is not UTF-8; declare encoding in a mapping to say otherwise",)),
        (b'"id","name"\n"1","Zo\xc3\xab"\n"2","Ann"', ()),
    ],
)
def test_one_table_written_in_many_ways(backend, tmp_path: Path, content: bytes, notes: tuple[str, ...]) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    records, said = read(backend, path)
    skipped = 1 if content.startswith(b"sep=") else 0
    assert records == [(*record[:2], record[2] + skipped) for record in TWO]
    assert said == notes


def test_quoted_newlines_doubled_quotes_and_blank_lines_keep_their_rows(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('id,text\n1,"two\nlines, and a ""quote"""\n\n2,\n3,"\n"\n', encoding="utf-8")
    assert read(backend, path)[0] == [("1", 'two\nlines, and a "quote"', 2), ("2", None, 4), ("3", "\n", 5)]


def test_a_header_alone_is_a_table_without_rows(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    for text in ("id,name", "id,name\n", "id,name\r\n\r\n"):
        path.write_text(text)
        assert read(backend, path)[0] == []


def test_unnamed_columns_get_a_name(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("id,,\n1,a,b\n")
    assert dialect_of(path, place="f.csv").header == ("id", "(unnamed 2)", "(unnamed 3)")


def test_ragged_rows_are_named(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("id,name\n1,a\n2\n3,c,d\n")
    assert refused(backend, path) == [
        "f.csv: rows do not have as many fields as the header: '1 field' (row 3), '3 fields' (row 4). The header has 2."
        " Put values that hold the separator between double quotes; if it is another one,"
        ' declare [source] delimiter = ";" in a mapping; to keep a shipped one, below a first line extends = "NAME".'
    ]


def test_a_quote_that_is_never_closed(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('id,name\n1,a\n2,"b\n3,c\n')
    assert refused(backend, path) == [
        "f.csv: the text cannot be read after row 2 (unexpected end of data)."
        " A quote that opens a value is closed at its end; a quote inside is doubled. Repair the row, or export the file again."
    ]


def archive(*members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(member, "<x/>")
    return buffer.getvalue()


EXPORT = "Open it in the program that wrote it and export it as CSV (UTF-8)"
CSV_ONLY = "Tables are read from CSV and Parquet files."
DECLARED = 'in a mapping; to keep a shipped one, below a first line extends = "NAME"'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty. A CSV file begins with a row of column names. Export it again."),
        (b"\n \n", "the file is empty. A CSV file begins with a row of column names. Export it again."),
        (archive("xl/workbook.xml"), f"the file is an Excel workbook, not CSV text. {CSV_ONLY} Save each sheet as CSV UTF-8."),
        (archive("xl/workbook.bin"), f"the file is a binary Excel workbook, not CSV text. {CSV_ONLY} Save each sheet as CSV UTF-8."),
        (archive("content.xml"), f"the file is an OpenDocument spreadsheet, not CSV text. {CSV_ONLY} Save each sheet as CSV UTF-8."),
        (
            archive("Lead.csv"),
            f"the file is a zip archive, not CSV text. {CSV_ONLY} Unpack it and put the files that it holds into the folder.",
        ),
        (
            archive("xl/workbook.xml")[:40],
            f"the file is a damaged spreadsheet or zip archive, not CSV text. {CSV_ONLY} Export it again as CSV (UTF-8).",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            f"the file is an Excel workbook of the older kind, not CSV text. {CSV_ONLY} Save each sheet as CSV UTF-8.",
        ),
        (b"PAR1....PAR1", f"the file is a Parquet file, not CSV text. {CSV_ONLY} Let its name end in .parquet."),
        (b'[{"id": 1}, {"id": 2}]', f"the file is JSON, not CSV text. {CSV_ONLY} {EXPORT}."),
        (
            gzip.compress(b"id,name\n1,a\n"),
            f"the file is a gzip archive, not CSV text. {CSV_ONLY} Unpack it and put the files that it holds into the folder.",
        ),
        (
            bytes(range(256)),
            "the file holds binary data, not CSV text. Text holds no zero bytes, unless it is UTF-16 without a byte order mark."
            f' {EXPORT}, or declare [source] encoding = "utf-16-le" {DECLARED}.',
        ),
        (
            b"id,name\n1,a\n2,b\x00\n",
            "the file holds binary data, not CSV text. Text holds no zero bytes, unless it is UTF-16 without a byte order mark."
            f' {EXPORT}, or declare [source] encoding = "utf-16-le" {DECLARED}.',
        ),
        (
            b"id,name\n" + b"1,a\n" * 20_000 + b"2,b\x00\n",
            "the file holds binary data: line 20002 holds a zero byte. Text holds no zero bytes. Export it again, or repair the line.",
        ),
        (
            b"<!DOCTYPE html><html>Please log in</html>",
            f"the file is a web page or XML, not CSV text. {CSV_ONLY} Perhaps a log-in page was saved instead of the export:"
            " download it again; a report saved as a web page is exported again as CSV.",
        ),
        (
            b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table><tr><td>id</td></tr></table></html>",
            f"the file is a web page or XML that holds a table, not CSV text. {CSV_ONLY} {EXPORT}; Excel opens it.",
        ),
        (
            b"id,name\n1,a\n2,\x81\xff\n",
            "the encoding of the text is not known: line 3 holds the byte 0x81."
            " Text is read when it is UTF-8, UTF-16 with a byte order mark, or Western European beyond doubt. Export it as UTF-8, or"
            f' declare [source] encoding = "cp1251" {DECLARED}; cp1251 is Cyrillic; others are cp1250, cp1253, shift_jis, gbk, mac_roman.',
        ),
        (
            "id,name\n1,Zoë\n2,Jos".encode() + b"\xc3",
            "the text is damaged UTF-8: line 3 holds the byte 0xC3. The other letters of the file are UTF-8: a transfer or an edit cut a"
            " character, or texts of two encodings were joined. Export it again, or"
            f' declare [source] encoding = "cp1252" {DECLARED}.',
        ),
        (
            b"id^name\n1^a\n",
            "the header is one column: 'id^name'. It is read as if ',' stands between columns."
            f' Declare [source] delimiter = "^" {DECLARED}.',
        ),
        (
            b"id,name\n1,a\nname,id\n2,b\n",
            "another header stands among the records: row 3. Files that were joined have the same columns in the same order."
            " Give each export as a file of its own.",
        ),
        (
            b"id,Name,name\n1,a,b\n",
            "column names stand more than once in the header: 'name'. Every column has a name of its own; capitals make no difference."
            " Rename them.",
        ),
    ],
)
def test_what_is_no_csv_is_refused(backend, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    assert refused(backend, path) == [f"f.csv: {sentence}"]


def test_declared_encoding_and_delimiter_are_taken_at_their_word(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes("id;n,ame\n1;žluť\n".encode("cp1250"))
    assert read(backend, path, encoding="cp1250", delimiter=";") == ([("1", "žluť", 2)], ())
    assert refused(backend, path, encoding="utf-8") == [
        "f.csv: the text is not utf-8: line 2 holds the byte 0x9E. Export it as UTF-8, or"
        f' declare [source] encoding = "cp1252" {DECLARED} with the encoding that it has.'
    ]
    assert refused(backend, path, encoding="cp9999") == [
        "f.csv: the encoding 'cp9999' is not known. Name it as Python does: utf-8, utf-16, cp1252."
    ]


def test_the_fast_and_the_careful_reader_agree(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('a,b\n1,"x, y"\n"q ""r""",\n"multi\nline",z\n', encoding="utf-8")
    fast = dialect_of(path, place="f.csv")
    careful = type(fast)(fast.encoding, fast.delimiter, fast.header, plain=False)
    tables = [load_csv(backend, path, dialect, name=name, place="f.csv")[0] for name, dialect in (("fast", fast), ("careful", careful))]
    one, other = (table.order_by(ROW).to_pyarrow().to_pylist() for table in tables)
    assert fast.plain
    assert one == other
    assert len(one) == 3


# --- rows that are no records ---------------------------------------------------------------------------------------------------------

LEADS = ["id,name,made", "1,Zoë,2026-01-02", '2,"Ann, Lee",2026-01-03']
READ = [("1", "Zoë", "2026-01-02"), ("2", "Ann, Lee", "2026-01-03")]
COPYRIGHT, CONFIDENTIAL = (
    "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.",
    "Confidential Information - Do Not Distribute",
)
REPORT = ["Leads of Q3", f'"{COPYRIGHT}"', CONFIDENTIAL, "Generated By:  Ann Lee 10/1/2026 9:00 AM", "Acme"]
FOOTERS = {
    "a report of Salesforce": (["", "", *REPORT], {FOOTER: 5}),
    "between quotes": (["", "", *(f'"{line}"' if line[0] != '"' else line for line in REPORT)], {FOOTER: 5}),
    "with commas that are not quoted": (["", "", *(line.strip('"') for line in REPORT)], {FOOTER: 5}),
    "padded by a spreadsheet": ([",,", ",,", *(f"{line},," for line in REPORT)], {BLANK: 2, FOOTER: 5}),
    "padded with quotes": (['"","",""', *(f"{line},{chr(34) * 2},{chr(34) * 2}" for line in REPORT)], {BLANK: 1, FOOTER: 5}),
    "right below the records": ([f'"{COPYRIGHT}"', CONFIDENTIAL], {FOOTER: 2}),
    "in two blocks": (["", "Grand Totals (2 records)", "", CONFIDENTIAL], {FOOTER: 2}),
    "in words of another language": (["", "Vertrauliche Informationen", "Erstellt von: Ann"], {FOOTER: 2}),
    "grand totals": (["Grand Totals,,17.50"], {FOOTER: 1}),
    "a total further right": ([",Total,17"], {FOOTER: 1}),
    "a count": (["Count: 2"], {FOOTER: 1}),
    "rows of a query": (["", "(2 rows affected)"], {FOOTER: 1}),
    "a total with a colon": (["Total:,,17.50"], {FOOTER: 1}),
    "a total with a number": (["Total (12),,17.50"], {FOOTER: 1}),
    "a total in a currency": (["Totals (EUR),,17.50"], {FOOTER: 1}),
    "padded, a sentence": (["", "Exported from HubSpot on 1 October 2026,,"], {FOOTER: 1}),
    "padded, a title above a sentence of several fields": ([",,", "Leads of Q3,,", "Generated By: Ann,10/1/2026,"], {BLANK: 1, FOOTER: 2}),
    "blank rows": ([",,"] * 300, {BLANK: 300}),
    "blank rows of blanks": (["  , ,"], {BLANK: 1}),
    "blank lines": (["", "  ", ""], {BLANK: 1}),
    "nothing": ([], {}),
}
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "with a byte order mark": lambda text: text.encode("utf-8-sig"),
    "Windows-1252": lambda text: text.encode("cp1252"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
}


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("form", WRITTEN)
def test_footers_blank_tails_and_totals_are_no_records(backend, tmp_path: Path, footer: str, form: str) -> None:
    path, (lines, counted) = tmp_path / "f.csv", FOOTERS[footer]
    path.write_bytes(WRITTEN[form]("\n".join([*LEADS, *lines]) + "\n"))
    records, _, aside = read_counted(backend, path)
    assert [record[:3] for record in records] == READ
    assert aside == counted


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_footer_below_any_delimiter(backend, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text("\n".join([delimiter.join(("id", "name", "made")), delimiter.join(("1", "Ann", "")), "", *REPORT]), encoding="utf-8")
    records, _, aside = read_counted(backend, path)
    assert (records, aside) == ([("1", "Ann", None, 2)], {FOOTER: 5})


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["00Q5"], "'1 field' (row 4)"),  # the file was cut
        (["", "00Q5", "3,Bo,2026-01-04"], "'1 field' (row 5)"),
        (["Total", "3,Bo,2026-01-04"], "'1 field' (row 4)"),
        (["", CONFIDENTIAL, "", "3,Bo,2026-01-04"], "'1 field' (row 5)"),
        (["", "00Q5,Bo"], "'2 fields' (row 5)"),
        (["", "Beta Ltd,y", COPYRIGHT], "'2 fields' (row 5)"),
        (["", "Leads of Q3", "Beta Ltd,y", CONFIDENTIAL], "'1 field' (row 5), '2 fields' (row 6)"),
        (["", "Beta Ltd,y", "", CONFIDENTIAL], "'2 fields' (row 5)"),
    ],
)
def test_a_short_row_that_is_no_footer_is_a_fault(backend, tmp_path: Path, lines: list[str], sentence: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text("\n".join([*LEADS, *lines]) + "\n", encoding="utf-8")
    (said,) = refused(backend, path)
    assert said.startswith(f"f.csv: rows do not have as many fields as the header: {sentence}. The header has 3.")


@pytest.mark.parametrize(
    "last",
    [
        "3,,",
        "Total,Bo,2026-01-04",
        "Total,Bo,",
        "Counting House,,",
        "Generated leads,,7",
        "Total Care Webinar,,300",
        "Total2026,,300",
        "Total 3 Media,,300",
        "Count On Us Ltd,,300",
        "Exported from Germany GmbH,Ann,",
        "Generated by AI GmbH,,300",
        "Confidential Information - Do Not Distribute Ltd,,7",
    ],
)
def test_a_record_that_looks_a_little_like_a_footer_is_a_record(backend, tmp_path: Path, last: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text("\n".join([*LEADS, last]) + "\n", encoding="utf-8")
    records, _, aside = read_counted(backend, path)
    assert records[2][:3] == tuple(value or None for value in last.split(","))
    assert aside == {}


def test_exports_that_were_joined_repeat_their_header_and_footer(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("\n".join([*LEADS, "", *REPORT, "ID , Name,MADE", "3,Bo,2026-01-04", "", *REPORT]) + "\n", encoding="utf-8")
    records, _, aside = read_counted(backend, path)
    assert [record[0] for record in records] == ["1", "2", "3"]
    assert aside == {FOOTER: 10, HEADER: 1}


@pytest.mark.parametrize(
    ("above", "n", "delimiter"),
    [
        (["Leads of Q3"], 1, ","),
        (["Leads of Q3", "", ""], 1, ";"),
        (['"July 1, 2026 - September 30, 2026"', "Acme"], 2, ","),
        (["Leads, all", ""], 1, ","),
        (["# exported by a tool; version 3", "# 2026-10-01"], 2, ","),
        (["", ""], 0, ","),
        (["Leads of Q3,,", ",,"], 1, ","),
    ],
)
def test_titles_above_the_header_are_counted(backend, tmp_path: Path, above: list[str], n: int, delimiter: str) -> None:
    path = tmp_path / "f.csv"
    rows = [delimiter.join(row) for row in (("id", "name", "made"), ("1", "Ann", "2026-01-02"), ("2", "Bo", "2026-01-03"))]
    path.write_text("\n".join([*above, *rows]) + "\n", encoding="utf-8")
    records, _, aside = read_counted(backend, path)
    assert records == [("1", "Ann", "2026-01-02", len(above) + 2), ("2", "Bo", "2026-01-03", len(above) + 3)]
    assert aside == ({ABOVE: n} if n else {})


def test_text_between_runs_of_blanks_is_read_when_that_is_declared(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_text('id    name         made\n 1    "Ann  Lee"\t2026-01-02  \n22  Bo  2026-01-03\n', encoding="utf-8")
    assert read(backend, path, delimiter="whitespace")[0] == [("1", "Ann  Lee", "2026-01-02", 2), ("22", "Bo", "2026-01-03", 3)]
    (said,) = refused(backend, path)
    assert said.endswith(f'Declare [source] delimiter = "whitespace" {DECLARED}.')


# --- encodings --------------------------------------------------------------------------------------------------------------------------

WESTERN = [
    "Müller Straße Größe", "KÖLN ÄRZTE", "l’été à Orléans – naïve créée çà et là où", "sœur œuvre", "¿Qué? ¡Señor José Núñez!", "São João Conceição",
    "città perché più", "Sørensen København Århus æble", "Ångström på Öland", "Café “Ritz” 5 € £3", "Acme® d’Angelo O’Brien don’t", "à",
    "120 m²", "5½", "2 ½", "30 m³ à 20 °C", "10² (a)³", "¼ Zoll", "5 µm § 3 © 2026 Müller™", "„Größe“ ‚klein‘ «été» ‹sì› – 5 €…",
]  # fmt: skip
OTHERS = [
    ("cp1251", "Иван"), ("cp1251", "Да"), ("koi8_r", "Иван"), ("cp866", "Иван"), ("cp1253", "Αθήνα"), ("shift_jis", "東京"), ("gbk", "北京"),
    ("big5", "台北"), ("euc_kr", "서울"), ("mac_roman", "Müller"), ("mac_roman", "José"), ("mac_roman", "García"), ("mac_roman", "Köln"),
    ("mac_roman", "Straße"), ("cp437", "Köln"), ("cp437", "López"), ("cp850", "Jäger"), ("cp1250", "Łódź"), ("cp1250", "Dvořák"), ("cp1250", "Jiří"),
    ("cp1254", "Şahin"), ("cp1254", "Yıldız"), ("cp1255", "שלום"), ("cp1256", "سلام"), ("cp1257", "Bērziņš"), ("cp874", "กรุงเทพ"),
    ("cp1250", "Paweł"), ("cp1250", "ľudia"), ("cp437", "été"),
]  # fmt: skip


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_is_guessed_and_noted(backend, tmp_path: Path, text: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(f"id;name\n1;{text}\n".encode("cp1252"))
    records, notes = read(backend, path)
    assert records == [("1", text, 2)]
    assert notes == ("f.csv: read as Windows-1252, since it is not UTF-8; declare encoding in a mapping to say otherwise",)


@pytest.mark.parametrize(("codec", "text"), OTHERS)
def test_other_encodings_are_refused_until_they_are_declared(backend, tmp_path: Path, codec: str, text: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(f"id,name\n1,Smith\n2,{text}\n".encode(codec))
    (said,) = refused(backend, path)
    assert said.startswith(("f.csv: the encoding of the text is not known: line 3 ", "f.csv: the text is damaged UTF-8: line 3 "))
    assert "[source] encoding = " in said
    assert read(backend, path, encoding=codec) == ([("1", "Smith", 2), ("2", text, 3)], ())


@pytest.mark.parametrize(
    ("content", "advised"),
    [
        ("Müller ±5\nGröße".encode("cp1252"), "cp1252"),
        ("±5".encode("cp1252"), "cp1252"),
        ("Dvořák".encode("cp1250"), "cp1251"),
        ("Иван".encode("cp1251"), "cp1251"),
        ("Köln".encode("cp437"), "cp1251"),
    ],
)
def test_the_encoding_that_is_advised_is_western_where_the_words_are(backend, tmp_path: Path, content: bytes, advised: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"id,name\n1," + content + b"\n")
    (said,) = refused(backend, path)
    assert f'declare [source] encoding = "{advised}"' in said


def test_a_byte_order_mark_is_believed(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    for codec, note in (("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-32", "utf-32")):
        path.write_bytes(PLAIN.encode(codec))
        assert read(backend, path, encoding="cp1252") == (TWO, (f"f.csv: read as {note}, which its first bytes name, not as cp1252",))
    path.write_bytes(PLAIN.encode("utf-8-sig"))
    assert read(backend, path, encoding="utf-8") == (TWO, ())


@pytest.mark.parametrize(
    ("text", "rows", "set_aside"),
    [
        ('"id","name"\n"","\t"\n"","\t"\n', [], {BLANK: 2}),  # tabs are no separator where every record is blank
        ("\n".join(["Leads of Q3", "id,name,made", *FOOTERS["with commas that are not quoted"][0]]), [], {ABOVE: 1, FOOTER: 5}),
        ("Leads, Q3\n\nid,name,made\n1,a,x\n", [("1", "a", "x")], {ABOVE: 1}),
    ],
    ids=["blank records", "a title and a footer around nothing", "a title with a comma"],
)
def test_a_header_is_found_where_hardly_anything_follows(backend, tmp_path: Path, text: str, rows: list, set_aside: dict) -> None:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    found, _, aside = read_counted(backend, path)
    assert ([row[:3] for row in found], aside) == (rows, set_aside)


CELL = st.text(st.sampled_from(list("ab1,;\"'\n\r\t é€\u00a0")), max_size=6)


@pytest.mark.no_cover
@settings(max_examples=fuzzed(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6), st.booleans(), st.sampled_from([",", ";", "\t"]))
def test_whatever_is_sent_is_read_whole_or_refused(backend, tmp_path: Path, records: list, quoted: bool, delimiter: str) -> None:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if quoted else value

    path = tmp_path / "f.csv"
    path.write_text(
        "\n".join(delimiter.join(map(cell, record)) for record in [("id", "name"), *records]) + "\n", encoding="utf-8", newline=""
    )
    if quoted:  # well-formed: every value comes back, the empty ones as null
        filled = [record for record in records if any(map(str.strip, record))]
        found, _, aside = read_counted(backend, path)
        assert [row[:2] for row in found] == [tuple(value or None for value in record) for record in filled]
        assert sum(aside.values()) == len(records) - len(filled)
        return
    try:
        found = read(backend, path)[0]
    except BadFile as error:
        sentences = [fault.sentence() for fault in error.faults]
    else:
        sentences = ["f.csv: fine." for _ in found]
    assert all(sentence.startswith("f.csv: ") and sentence.endswith(".") for sentence in sentences)


WORD = st.text(st.sampled_from(list("abÄé1,;|\t\"' -.")), min_size=1, max_size=6).map(lambda text: f"v{text}")
FORMS = [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("utf-16-be", None), ("cp1252", "cp1252"), ("cp850", "cp850")]


@pytest.mark.no_cover
@settings(max_examples=fuzzed(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.lists(WORD, min_size=3, max_size=3), max_size=6),
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["header", "blank", "line"])), max_size=4),
    st.sampled_from(sorted(FOOTERS)),
    st.sampled_from([[], ["Leads of Q3"], ["Leads of Q3", ""]]),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(FORMS),
)
def test_an_export_with_its_trimmings_is_read_whole(
    backend, tmp_path: Path, records: list, extra: list, footer: str, above: list[str], delimiter: str, ending: str, form: tuple
) -> None:
    def row(*values: str) -> str:
        return delimiter.join('"' + value.replace('"', '""') + '"' for value in values)

    lines = [row(*record) for record in records]
    for place, kind in extra:
        lines.insert(place, {"header": row("id", "name", "made"), "blank": row("", " ", ""), "line": ""}[kind])
    tail = [
        line.replace(",", delimiter) if footer.startswith(("padded", "blank", "grand", "a total")) else line for line in FOOTERS[footer][0]
    ]
    (codec, declared), path = form, tmp_path / "f.csv"
    path.write_bytes((ending.join([*above, row("id", "name", "made"), *lines, *tail]) + ending).encode(codec))
    found, _, aside = read_counted(backend, path, **({"encoding": declared} if declared else {}))
    assert [values[:3] for values in found] == [tuple(record) for record in records]
    kinds = [kind for _, kind in extra]
    expected = Counter({HEADER: kinds.count("header"), BLANK: kinds.count("blank"), ABOVE: 1 if above else 0}) + Counter(FOOTERS[footer][1])
    assert aside == dict(+expected)


@pytest.mark.no_cover
@settings(max_examples=fuzzed(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=120), st.sampled_from([b"", b"id,name\n1,a\n", "id;name\n1;Zoë\n".encode("utf-16"), b"PK\x03\x04", b"PAR1"]))
def test_bytes_of_any_kind_are_read_or_refused_in_a_sentence(backend, tmp_path: Path, content: bytes, start: bytes) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(start + content)
    seen = headings(path)
    try:
        read(backend, path)
    except BadFile as error:
        sentences = [fault.sentence() for fault in error.faults]
        assert all(sentence.startswith("f.csv: ") and sentence.endswith(".") for sentence in sentences)
    else:
        assert not seen.faults or "encoding" not in str(seen.faults)


@pytest.mark.parametrize(
    "line",
    ["Report run on 2026-10-02,,", "Gesamtsumme,,100", "Summe,,100", "Total général,,100", "Somma,,100", "Generated by Ann 2026-10-02,,"],
)
def test_the_last_line_of_a_report_is_no_record(backend, tmp_path: Path, line: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(f"id,name,n\n1,a,60\n2,b,40\n{line}\n", encoding="utf-8")
    records, _, aside = read_counted(backend, path)
    assert [record[0] for record in records] == ["1", "2"]
    assert aside == {FOOTER: 1}


@pytest.mark.parametrize(("text", "codec"), [("Győr Kőszeg", "cp1250"), ("Iaşi Braşov", "cp1250"), ("Malmö fair", "cp437")])
def test_letters_of_another_encoding_are_no_western_text(tmp_path: Path, backend, text: str, codec: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(f"id,name\n1,{text}\n".encode(codec))
    assert "encoding" in refused(backend, path)[0]


@pytest.mark.parametrize("text", ["1º andar, Mª José", "limões põe", "„Bar“ und “Foo”", "en ”svensk” mässa"])
def test_western_words_and_quotations_are_read(tmp_path: Path, backend, text: str) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(f'id,name\n1,"{text}"\n'.encode("cp1252"))
    assert read(backend, path)[0] == [("1", text, 2)]

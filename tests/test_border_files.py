"""Files that people send: encodings, delimiters, quotes, wrong endings; each oddity is read, noted or refused in a sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment_toolkit.border.duck import ROW, connect, load_csv
from alignment_toolkit.border.sentences import BadFile
from alignment_toolkit.border.sniffing import dialect_of
from tests.conftest import fuzzed


@pytest.fixture(scope="module")
def backend():
    return connect()


def read(backend, path: Path, **declared: str) -> tuple[list[tuple], tuple[str, ...]]:
    dialect = dialect_of(path, place=path.name, **declared)
    table = load_csv(backend, path, dialect, name="read", place=path.name)
    records = table.order_by(ROW).to_pyarrow().to_pylist()
    return [tuple(record[name] for name in (*dialect.header, ROW)) for record in records], dialect.notes


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
        "f.csv: rows do not have as many fields as the header: '1 fields' (row 3), '3 fields' (row 4). The header has 2."
        " Put values that hold the separator between double quotes, or declare the right delimiter in a mapping."
    ]


def test_a_quote_that_is_never_closed(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('id,name\n1,a\n2,"b\n3,c\n')
    assert refused(backend, path) == [
        "f.csv: the text cannot be read after row 2 (unexpected end of data)."
        " A quote that opens a value is closed at its end; a quote inside is doubled. Repair the row, or export the file again."
    ]


def spreadsheet() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


EXPORT = "Open it in the program that wrote it and export it as CSV (UTF-8)."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty. A CSV file begins with a row of column names. Export it again."),
        (b"\n \n", "the file is empty. A CSV file begins with a row of column names. Export it again."),
        (spreadsheet(), f"the file is a spreadsheet or zip archive, not CSV text. A file has to be what its ending says. {EXPORT}"),
        (b"PAR1....PAR1", f"the file is a Parquet file, not CSV text. A file has to be what its ending says. {EXPORT}"),
        (bytes(range(256)), f"the file holds binary data, not CSV text. A file has to be what its ending says. {EXPORT}"),
        (
            b"<!DOCTYPE html><html>Please log in</html>",
            "the file is a web page or XML, not CSV text. A file has to be what its ending says."
            " Perhaps a log-in page was saved instead of the export: download it again.",
        ),
        (
            b"id,name\n1,a\n2,\x81\xff\n",
            "the text cannot be decoded: line 3 holds the byte 0x81."
            " A CSV file is UTF-8, UTF-16 with a byte order mark, or Windows-1252. Export it as UTF-8, or declare its encoding in a mapping.",
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
        "f.csv: the text is not utf-8: line 2 holds the byte 0x9E. Declare another encoding in the mapping, or export it as UTF-8."
    ]
    assert refused(backend, path, encoding="cp9999") == [
        "f.csv: the encoding 'cp9999' is not known. Name it as Python does: utf-8, utf-16, cp1252."
    ]


def test_the_fast_and_the_careful_reader_agree(backend, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('a,b\n1,"x, y"\n"q ""r""",\n"multi\nline",z\n', encoding="utf-8")
    fast = dialect_of(path, place="f.csv")
    careful = type(fast)(fast.encoding, fast.delimiter, fast.header, plain=False)
    tables = [load_csv(backend, path, dialect, name=name, place="f.csv") for name, dialect in (("fast", fast), ("careful", careful))]
    one, other = (table.order_by(ROW).to_pyarrow().to_pylist() for table in tables)
    assert fast.plain
    assert one == other
    assert len(one) == 3


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
        assert [row[:2] for row in read(backend, path)[0]] == [tuple(value or None for value in record) for record in records]
        return
    try:
        found = read(backend, path)[0]
    except BadFile as error:
        sentences = [fault.sentence() for fault in error.faults]
    else:
        sentences = ["f.csv: fine." for _ in found]
    assert all(sentence.startswith("f.csv: ") and sentence.endswith(".") for sentence in sentences)

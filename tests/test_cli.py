"""The command line: results on stdout alone, every refusal a sentence with its exit code, nothing heavy loaded to refuse."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import alignment_toolkit
from alignment_toolkit import cli
from alignment_toolkit.errors import AlignmentError, Busy, quoted
from alignment_toolkit.figures import COLUMNS
from tests.conftest import ROOT, SAMPLE

COMMANDS = (
    "report",
    "kpis",
    "prepare",
    "stalled",
    "ingest",
    "map",
    "check",
    "diff",
    "validate",
    "notify",
    "sample",
    "glossary",
    "params",
    "list",
)
SAMPLE_KPIS = ("kpis", "--data", str(SAMPLE), "--quarter", "2026Q3")


class Spoken:
    """Exit code, stdout and stderr of one command in this process."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def alignment(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("ALIGNMENT_ROOT", raising=False)

    def run(*words: object) -> Spoken:
        code = cli.exit_code(lambda: cli.app([str(word) for word in words]))
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Spoken(code, told.out, told.err)

    return run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of 25 leads, ten of them won."""
    folder = tmp_path / "store"
    folder.mkdir()
    leads = "".join(f"{n},2026-01-{n:02d},web\n" for n in range(1, 26))
    wins = "".join(f"{n},won,2026-02-{n:02d}\n" for n in range(1, 11))
    (folder / "leads.csv").write_text(f"lead_id,created_at,source\n{leads}", encoding="utf-8")
    (folder / "stage_events.csv").write_text(f"lead_id,stage,entered_at\n{wins}25,mql,2026-03-31\n", encoding="utf-8")
    return folder


def test_the_commands_are_those_promised() -> None:
    assert {command.name or command.callback.__name__ for command in cli.app.registered_commands} == set(COMMANDS)  # type: ignore[union-attr]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does_with_an_example(alignment: Any, command: str) -> None:
    told = alignment(command, "--help")
    assert (told.code, told.err) == (0, "")
    assert "Usage: " in told.out
    assert f"Example: alignment {command} " in " ".join(told.out.split())


def test_version_and_the_list_of_commands(alignment: Any) -> None:
    assert alignment("--version").out == f"{alignment_toolkit.__version__}\n"
    assert all(command in alignment("--help").out for command in COMMANDS)
    assert alignment().code == 2


@pytest.mark.no_cover
def test_kpis_as_json_csv_and_table_say_the_same(alignment: Any, store: Path) -> None:
    asked = ("kpis", "--data", store, "--quarter", "2026Q1")
    told = {form: alignment(*asked, "--format", form) for form in ("json", "csv", "table")}
    assert {run.code for run in told.values()} == {0}
    assert len({run.err for run in told.values()}) == 1
    assert all(line.startswith("alignment: ") for line in told["csv"].err.splitlines())
    rows = json.loads(told["json"].out, parse_constant=pytest.fail)
    assert [list(row) for row in rows] == [list(COLUMNS)] * len(rows)
    leads = next(row for row in rows if (row["kpi"], row["slice"]) == ("leads", "all"))
    partial = "the table leads ends on 2026-01-25, so the last 65 days of 2026Q1 are missing"
    assert (leads["value"], leads["reason"], leads["owner"]) == (25, partial, "marketing")
    read = list(csv.DictReader(io.StringIO(told["csv"].out)))
    assert [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows] == read
    assert "won_share_to_date" in told["table"].out


def test_without_a_quarter_the_last_full_one_is_taken_and_people_get_a_table(alignment: Any, store: Path) -> None:
    told = alignment("kpis", "--data", store)
    (line,) = [line for line in told.out.splitlines() if line.strip().startswith("leads ") and " all " in line]
    assert line.split()[3] == "25"


def test_kpis_see_nothing_from_as_of_on(alignment: Any, store: Path) -> None:
    told = alignment("kpis", "--data", store, "--quarter", "2026Q1", "--as-of", "2026-01-11", "--cohort", "all", "--format", "json")
    rows = {row["kpi"]: row for row in json.loads(told.out) if row["slice"] == "all"}
    assert (rows["leads"]["value"], rows["won_share_to_date"]["value"]) == (10, 0)


QUARTER_RULE = "A quarter is a year, Q and 1 to 4, such as 2026Q3."
AS_OF_RULE = "An as-of is an ISO date such as 2026-10-01 (nothing on or after that day is visible) or an ISO instant."
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "quarter": ((*SAMPLE_KPIS[:3], "--quarter", "2026Q5"), f"the quarter cannot be read: '2026Q5'. {QUARTER_RULE}"),
    "as-of": ((*SAMPLE_KPIS, "--as-of", "soon"), f"the as-of cannot be read: 'soon'. {AS_OF_RULE}"),
    "cohort": ((*SAMPLE_KPIS, "--cohort", "2q"), "the cohort is unknown: '2q'. Known: 4q, 1q, all."),
    "config": (
        (*SAMPLE_KPIS, "--config", "nope.toml"),
        "the configuration file is not there: 'nope.toml'. Check the path given with --config.",
    ),
    "file": (
        ("kpis", "--data", "README.md"),
        f"Not a store: {quoted(ROOT / 'README.md')}. A store is a folder or a .duckdb file. Give the folder that holds leads.parquet or leads.csv.",
    ),
    "term": (("glossary", "acceptance_rat"), "the glossary has no such term: 'acceptance_rat'. Did you mean 'acceptance_rate'?"),
    "mapping": (
        ("ingest", "--mapping", "nope.toml", "--source", ".", "--out", "nowhere"),
        "the mapping file is not there: 'nope.toml'. Check the path given with --mapping, or give the name of a shipped mapping:"
        " fivetran_hubspot, fivetran_salesforce, hubspot, salesforce, stripe.",
    ),
    "map": (("map", "--source", "."), "map does one thing at a time. Give one of --explain, --init and --reads."),
    "report folder": (("validate", "nowhere"), "there is no published report: 'nowhere'. A report's folder holds its manifest.json."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_usage_error_is_one_sentence_on_stderr_and_leaves_with_2(alignment: Any, name: str) -> None:
    words, sentence = REFUSED[name]
    told = alignment(*words)
    assert (told.code, told.out, told.err) == (2, "", f"alignment: {sentence}\n")


@pytest.mark.parametrize(
    "words", [("kpis",), ("kpis", "--data", "x", "--format", "xml"), ("frobnicate",), ("sample", "--out", "x", "--leads", "499")]
)
def test_options_that_do_not_exist_leave_with_2(alignment: Any, words: tuple[str, ...]) -> None:
    told = alignment(*words)
    assert (told.code, told.out) == (2, "")
    assert "Error: " in told.err


def test_the_fewest_leads_of_a_sample_are_those_the_simulation_needs() -> None:
    from alignment_toolkit.samples.simulate import FEWEST_LEADS

    assert FEWEST_LEADS == 500


def test_a_missing_store_lists_the_places_tried(alignment: Any) -> None:
    for command in ("kpis", "check", "report"):
        told = alignment(command, "--data", "no/such/store")
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith(f"alignment: the store is not there: 'no/such/store'. Tried: {ROOT / 'no/such/store'}, ")
        assert told.err.endswith("Give a folder of tables, a .duckdb file or env:NAME.\n")


@pytest.mark.parametrize("command", ["kpis", "check"])
def test_fatal_faults_are_told_all_at_once_and_leave_with_3(alignment: Any, store: Path, command: str) -> None:
    (store / "leads.csv").write_text("lead_id,created_at,source\na,2026-01-05,web\na,2026-01-06,web\nb,soon,web\n", encoding="utf-8")
    told = alignment(command, "--data", store)
    assert (told.code, told.out) == (3, "")
    lines = told.err.splitlines()
    assert lines[0].startswith("alignment: the data of ")
    assert lines[0].endswith(f" cannot be used: {len(lines) - 1} faults.")
    assert any("'soon' (row 4)" in line for line in lines)
    assert any("keys stand more than once: 'a' (rows 2 and 3)" in line for line in lines)


def test_check_prints_tables_for_people_and_one_list_for_programs(alignment: Any, store: Path) -> None:
    for_people, for_programs = alignment("check", "--data", store), alignment("check", "--data", store, "--format", "json")
    assert (for_people.code, for_programs.code) == (0, 0)
    assert "stage_events" in for_people.out
    assert isinstance(json.loads(for_programs.out), list)


BAD_REPORTS = {
    "unknown parameter": (("-p", "bogus=1"), "the parameter is unknown: 'bogus'."),
    "no assignment": (("-p", "bogus"), "the parameter cannot be read: 'bogus'. A parameter is given as NAME=VALUE, such as -p top=10."),
    "quarter as parameter": (("-p", "quarter=3"), f"the quarter cannot be read: '3'. {QUARTER_RULE}"),
    "cohort": (("--cohort", "2q"), "the cohort is unknown: '2q'. Known: 4q, 1q, all."),
    "as-of": (("--as-of", "soon"), f"the as-of cannot be read: 'soon'. {AS_OF_RULE}"),
    "as-of before the quarter": (("--as-of", "2026-07-01"), "the as-of lies before the quarter: '2026-07-01'."),
    "notebook": (("--notebook", "05"), "the notebook is unknown: '05'."),
}


@pytest.mark.parametrize("name", BAD_REPORTS)
def test_a_bad_report_is_refused_before_anything_is_written(alignment: Any, tmp_path: Path, name: str) -> None:
    words, sentence = BAD_REPORTS[name]
    told = alignment("report", "--data", SAMPLE, "--quarter", "2026Q3", "--out", tmp_path / "reports", *words)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"alignment: {sentence}")
    assert told.err.count("\n") == 1
    assert not (tmp_path / "reports").exists()


def test_all_quarters_are_run_oldest_first_and_the_last_lines_say_which_failed(
    alignment: Any, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alignment_toolkit.errors import CellFailed
    from alignment_toolkit.report.run import NOTHING_TO_DO, PUBLISHED, RunResult

    (store / "stage_events.csv").write_text("lead_id,stage,entered_at\n1,mql,2026-09-30\n", encoding="utf-8")
    (store / "leads.csv").write_text("lead_id,created_at,source\n1,2026-01-02,web\n2,2026-05-02,web\n3,2026-08-02,web\n", encoding="utf-8")
    asked = []

    def run_report(*, quarter: str, as_of: str, out: Path, **given: Any) -> RunResult:
        asked.append((quarter, as_of, given["crew"].home.parent))
        if quarter == "2026Q2":
            raise CellFailed("cell 2 failed")
        status = NOTHING_TO_DO if quarter == "2026Q1" else PUBLISHED
        return RunResult(status, out / quarter, (out / quarter / "index.html", out / quarter / "churn.html"), {})

    monkeypatch.setattr("alignment_toolkit.report.run.run_report", run_report)
    out = tmp_path / "reports"
    told = alignment("report", "--data", store, "--all-quarters", "--out", out, "--log-format", "json")
    assert asked == [(f"2026Q{n}", as_of, out / ".staging") for n, as_of in ((1, "2026-04-01"), (2, "2026-07-01"), (3, "2026-10-01"))]
    assert (told.code, told.out) == (4, f"{out / '2026Q1' / 'index.html'}\n{out / '2026Q3' / 'index.html'}\n")
    *events, last = told.err.splitlines()
    assert [json.loads(line)["detail"] for line in events] == [
        "2026Q1 nothing to do",
        "2026Q2 failed (exit 4): cell 2 failed.",
        "2026Q3 published",
    ]
    assert last.startswith("alignment: 1 of 3 quarters was not published: '2026Q2 (exit 4)'.")


def test_all_quarters_and_one_quarter_do_not_go_together(alignment: Any, store: Path, tmp_path: Path) -> None:
    told = alignment("report", "--data", store, "--all-quarters", "--quarter", "2026Q1", "--out", tmp_path / "reports")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("alignment: the options do not go together: '--all-quarters --quarter'.")
    assert not (tmp_path / "reports").exists()


def test_a_check_of_the_environment_says_one_sentence_per_check_and_leaves_with_the_first_failure(
    alignment: Any, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "clock", lambda: datetime(2026, 5, 2, tzinfo=UTC))
    asked = ("check", "--environment", "--data", store, "--out", tmp_path / "reports")
    told = alignment(*asked, "--max-age", 32)
    lines = told.out.splitlines()
    assert [line.split()[0] for line in lines] == ["data", "source", "packages", "room", "reports", "messages"]
    assert lines[0] == "data      ok          the newest record is of 2026-03-31, 32 days ago."
    assert told.code == (0 if not told.err else 7)  # whether the packages here are as locked is not this test's
    told = alignment(*asked, "--format", "json")
    first = json.loads(told.out)[0]
    assert (first["check"], first["verdict"], first["exit_code"]) == ("data", "failed", 3)
    assert told.code == 3
    assert told.err.startswith("alignment: ")
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("command", ["kpis", "report"])
def test_a_quarter_without_records_is_refused(alignment: Any, store: Path, tmp_path: Path, command: str) -> None:
    more = ["--out", tmp_path / "reports"] if command == "report" else []
    told = alignment(command, "--data", store, "--quarter", "2029Q3", *more)
    sentence = "the quarter lies after the last record: '2029Q3'. The last record is of 2026-03-31, 2029Q3 starts on 2029-07-01."
    assert (told.code, told.out, told.err) == (2, "", f"alignment: {sentence} Ask for 2026Q1.\n")
    assert {path.name for path in (tmp_path / "reports").glob("*")} <= {".lock"}


def test_an_as_of_long_after_the_last_record_is_told_and_taken(alignment: Any, store: Path) -> None:
    told = alignment("kpis", "--data", store, "--quarter", "2026Q1", "--as-of", "2027-01-01", "--format", "csv")
    assert told.code == 0
    assert told.out.startswith("kpi,")
    assert "alignment: the last record is of 2026-03-31, 276 days before the as-of: " in told.err


@pytest.mark.parametrize("command", ["kpis", "check"])
def test_what_was_assumed_while_reading_is_told(alignment: Any, store: Path, command: str) -> None:
    text = (store / "leads.csv").read_text(encoding="utf-8").replace("web", "Wébinar")
    (store / "leads.csv").write_text(text, encoding="cp1252")
    told = alignment(command, "--data", store)
    assert told.code == 0
    assert "Wébinar" in told.out or command == "check"
    assert told.err.splitlines()[:2] == [
        "alignment: leads.csv: read as Windows-1252, since it is not UTF-8; declare encoding in a mapping to say otherwise",
        "alignment: Date-only columns, counted in calendar days: leads.created_at, stage_events.entered_at",
    ]
    assert command == "kpis" or len(told.err.splitlines()) == 2


REFUSE_AND_TELL = """
import sys, time
from alignment_toolkit import cli
code = cli.exit_code(lambda: cli.app(sys.argv[1:]))
heavy = [name for name in ("papermill", "nbconvert", "jupyter_client", "nbclient", "ibis", "duckdb", "pandas") if name in sys.modules]
print(code, time.process_time(), *heavy)
"""


def test_a_bad_parameter_is_refused_in_two_seconds_without_a_kernel(tmp_path: Path) -> None:
    words = ["report", "--data", str(SAMPLE), "--quarter", "2026Q3", "--out", str(tmp_path), "-p", "qarter=2026Q3"]
    done = subprocess.run([sys.executable, "-c", REFUSE_AND_TELL, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    code, seconds, *heavy = done.stdout.split()
    assert (code, heavy) == ("2", [])
    assert float(seconds) < 2
    assert "the parameter is unknown: 'qarter'. Did you mean 'quarter'?" in done.stderr


def test_the_module_is_the_command(store: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alignment_toolkit", "kpis", "--data", str(store), "--format", "csv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0
    assert "alignment: 2026Q1 is covered only in part: the table leads ends on 2026-01-25" in done.stderr
    assert done.stdout.splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (Busy("another run holds the lock", way_out="Try again later"), 75, "alignment: another run holds the lock. Try again later.\n"),
        (AlignmentError("odd"), 1, "alignment: odd.\n"),
        (KeyboardInterrupt(), 130, "alignment: stopped\n"),
        (SystemExit(4), 4, ""),
        (SystemExit(None), 0, ""),
        (
            ZeroDivisionError("by zero"),
            1,
            "alignment: a fault of the toolkit itself: ZeroDivisionError: by zero (ALIGNMENT_TRACEBACK=1 shows where; please report it)\n",
        ),
    ],
)
def test_every_way_to_fail_has_its_code_and_no_traceback(
    error: BaseException, code: int, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALIGNMENT_TRACEBACK", raising=False)

    def fail() -> None:
        raise error

    assert cli.exit_code(fail) == code
    assert capsys.readouterr() == ("", sentence)


def test_whoever_asks_for_a_traceback_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIGNMENT_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli.exit_code(lambda: 1 / 0)


def test_a_fault_inside_a_command_is_a_sentence(alignment: Any, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    monkeypatch.delenv("ALIGNMENT_TRACEBACK", raising=False)
    monkeypatch.setattr("alignment_toolkit.headlines.kpis", lambda study: {}["gone"])
    told = alignment("kpis", "--data", store)
    assert (told.code, told.out) == (1, "")
    last = told.err.splitlines()[-1]
    assert last == "alignment: a fault of the toolkit itself: KeyError: 'gone' (ALIGNMENT_TRACEBACK=1 shows where; please report it)"


def test_the_glossary_in_every_form(alignment: Any) -> None:
    assert "acceptance_rate" in alignment("glossary").out
    entries = json.loads(alignment("glossary", "--format", "json").out)
    told = {"name", "label", "definition", "formula", "unit", "direction", "owner", "responsible", "accountable", "consulted", "informed"}
    assert told == set(entries[0])
    one = alignment("glossary", "conversion_90d")
    assert (one.code, one.err) == (0, "")
    assert "Conversion within 90 days" in one.out


def test_params_tell_the_parameters_of_the_notebooks(alignment: Any) -> None:
    every, one = alignment("params"), alignment("params", "01_lead_quality")
    assert (every.code, one.code) == (0, 0)
    assert one.out in every.out
    assert one.out.splitlines()[0] == "01_lead_quality"
    assert any(line.startswith("  quarter: str = ") and "  # " in line for line in one.out.splitlines())


def test_list_of_nothing_is_empty_and_says_so(alignment: Any, tmp_path: Path) -> None:
    told = alignment("list", "--out", tmp_path / "reports")
    assert (told.code, told.out) == (0, "")
    way_out = "alignment report publishes one there, --out names another folder"
    assert told.err == f"alignment: no report is published in {tmp_path / 'reports'} yet; {way_out}\n"


def test_a_sample_that_cannot_be_written_leaves_with_8(alignment: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    told = alignment("sample", "--out", tmp_path / "taken", "--leads", "500")
    way_out = "Give a folder that you may write to with --out."
    assert (told.code, told.out) == (8, "")
    assert told.err == f"alignment: the sample cannot be written: {quoted(tmp_path / 'taken')}. File exists. {way_out}\n"


@pytest.mark.no_cover
def test_a_sample_is_a_store_that_kpis_reads(alignment: Any, tmp_path: Path) -> None:
    made = alignment("sample", "--out", tmp_path / "trial", "--seed", "7", "--leads", "500")
    assert made.code == 0
    assert all(Path(line).is_file() for line in made.out.splitlines())
    told = alignment("kpis", "--data", tmp_path / "trial", "--format", "json")
    assert (told.code, told.err) == (0, "")
    assert next(row["value"] for row in json.loads(told.out) if row["kpi"] == "leads") > 0


def test_an_export_becomes_a_store(alignment: Any, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "contacts.csv").write_text("Id,Created,From\n1,2026-01-05,web\n2,2026-01-06,ads\n", encoding="utf-8")
    (tmp_path / "exports" / "moves.csv").write_text("Id,Stage,When\n1,won,2026-02-01\n", encoding="utf-8")
    (tmp_path / "map.toml").write_text(
        "\n".join(
            [
                '[tables.leads]\nfrom = "contacts.csv"\n[tables.leads.columns]\nlead_id = "Id"\ncreated_at = "Created"\nsource = "From"',
                '[tables.stage_events]\nfrom = "moves.csv"\n[tables.stage_events.columns]\nlead_id = "Id"\nstage = "Stage"\nentered_at = "When"',
            ]
        ),
        encoding="utf-8",
    )
    done = alignment("ingest", "--mapping", tmp_path / "map.toml", "--source", tmp_path / "exports", "--out", tmp_path / "store")
    assert (done.code, done.err.splitlines()) == (
        0,
        [
            "Reporting currency: EUR (default). Set reporting_currency to change it.",
            "leads: date-only columns, counted in calendar days: created_at (2 of 2 rows)",
            "stage_events: date-only columns, counted in calendar days: entered_at (1 of 1 rows)",
        ],
    )
    assert "leads" in done.out
    told = alignment("kpis", "--data", tmp_path / "store", "--quarter", "2026Q1", "--format", "csv")
    assert (told.code, told.out.splitlines()[1].split(",")[:4]) == (0, ["leads", "all", "(all)", "2"])


def test_map_explains_a_source_and_writes_a_mapping_to_start_from(alignment: Any, tmp_path: Path) -> None:
    source = tmp_path / "odd"
    source.mkdir()
    (source / "prospects.csv").write_text(
        "ref,received,channel,became_mql\n1,2026-01-05,fair,2026-01-06\n2,2026-01-06,web,\n", encoding="utf-8"
    )
    written = alignment("map", "--init", "--source", source, "--out", tmp_path / "m.toml")
    assert (written.code, written.out, written.err) == (
        0,
        f"{tmp_path / 'm.toml'}: 2 tables guessed, 0 lines to complete, 3 to check\n",
        "",
    )
    told = alignment("map", "--explain", "--mapping", tmp_path / "m.toml", "--source", source, "--format", "json")
    assert told.code == 0
    rows = {(row["table"], row["column"]): row for row in json.loads(told.out)}
    assert rows["leads", "source"] == {"table": "leads", "column": "source", "status": "matched", "from": "prospects.csv: channel"}
    people = alignment("map", "--explain", "--mapping", tmp_path / "m.toml", "--source", source)
    assert "How many leads came in?" in people.out
    done = alignment("ingest", "--mapping", tmp_path / "m.toml", "--source", source, "--out", tmp_path / "store")
    assert done.code == 0
    reads = alignment("map", "--reads", "--mapping", "salesforce")
    assert (reads.code, reads.err) == (0, "")
    assert "Email" in reads.out


def test_stalled_writes_the_call_list_and_says_where(alignment: Any, tmp_path: Path) -> None:
    out = tmp_path / "lists" / "stalled.csv"
    words = ("stalled", "--data", SAMPLE, "--quarter", "2026Q3")
    told = alignment(*words, "--out", out)
    assert (told.code, told.out) == (0, f"{out}\n")
    with out.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert rows[0]["lead_id"]
    assert {row["audience"] for row in rows} == {"team only, not for leaders' pages"}
    assert float(rows[0]["value_at_risk"]) >= float(rows[1]["value_at_risk"]) > 0
    printed = alignment(*words)
    assert printed.out == out.read_bytes().decode()


def test_stalled_that_cannot_be_written_is_a_sentence(alignment: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    told = alignment("stalled", "--data", SAMPLE, "--quarter", "2026Q3", "--out", tmp_path / "taken" / "list.csv")
    assert told.code == 8
    path = quoted(tmp_path / "taken" / "list.csv")
    assert told.err == f"alignment: the list cannot be written: {path}. File exists. Give a file that you may write to with --out.\n"

"""Mapping files: what they may say, and what they are told when they say something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.errors import UsageError
from alignment_toolkit.mapping import load_mapping

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
LEADS = '[tables.leads]\nfrom = "a.csv"\ncolumns = { lead_id = "Id" }\n'


def mapping(tmp_path: Path, text: str):
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        mapping(tmp_path, text)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_settings_go_from_the_wide_to_the_narrow(tmp_path: Path) -> None:
    made = mapping(
        tmp_path,
        """
        [config]
        time_zone = "Europe/Berlin"
        [source]
        date_order = "dmy"
        decimal = ","
        [tables.leads]
        from = "a.csv"
        time_zone = "Asia/Tokyo"
        [tables.leads.columns]
        lead_id = "Id"
        created_at = { from = "Made", date_order = "mdy" }
        score = { from = "Score", decimal = ".", minor_units = 2 }
        [tables.deals]
        sql = "SELECT 1 AS deal_id"
        """,
    )
    assert made.reading("leads", "created_at") == Reading("Asia/Tokyo", "mdy", ",", day_zone="Europe/Berlin")
    assert made.reading("leads", "score") == Reading("Asia/Tokyo", "dmy", ".", minor_units=2, day_zone="Europe/Berlin")
    assert made.reading("leads", "lead_id") == Reading("Asia/Tokyo", "dmy", ",", day_zone="Europe/Berlin")
    assert made.reading("deals", "deal_id") == Reading("Europe/Berlin", "dmy", ",", day_zone="Europe/Berlin")
    assert made.settings.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (LEADS + "[tables.leeds]\nsql = 'SELECT 1'\n", "unknown table 'leeds'. Did you mean 'leads'?"),
        (
            '[tables.leads]\nfrom = "a.csv"\ncolumns = { leadid = "Id" }\n',
            "tables.leads.columns: unknown column 'leadid'. Did you mean 'lead_id'?",
        ),
        (LEADS + "[sauce]\n", "file: unknown key 'sauce'. Did you mean 'source'?"),
        (LEADS + "[source]\ndate_ordr = 'dmy'\n", "source: unknown key 'date_ordr'. Did you mean 'date_order'?"),
        (LEADS + "colums = {}\n", "tables.leads: unknown key 'colums'. Did you mean 'columns'?"),
        (
            '[tables.leads]\nfrom = "a.csv"\ncolumns = { lead_id = { form = "Id" } }\n',
            "tables.leads.columns.lead_id: unknown key 'form'. Did you mean 'from'?",
        ),
        ("[tables.leads]\n", "tables.leads: a table has either from or sql."),
        ("[tables.leads]\nsql = 'SELECT 1'\nfrom = 'a.csv'\n", "tables.leads: a table has either from or sql."),
        ("[tables.leads]\nfrom = 'a.csv'\n", "tables.leads: a table with from needs columns."),
        (LEADS + "wide = { mql = 'M' }\n", "tables.leads: wide is for stage_events only."),
        (
            "[tables.stage_events]\nfrom = 'a.csv'\ncolumns = { lead_id = 'Id' }\nwide = { mqk = 'M' }\n",
            "tables.stage_events.wide: unknown stage 'mqk'. Did you mean 'mql'?",
        ),
        (LEADS + "set_aside = [{ reason = 'x' }]\n", "tables.leads.set_aside.0: a rule has either when_null or when_equals."),
        (
            LEADS + "[source]\ntime_zone = 'Europe/Berln'\n",
            "source.time_zone: 'Europe/Berln' is no IANA time zone. Did you mean 'Europe/Berlin'? (given: 'Europe/Berln').",
        ),
        (LEADS + "[source]\ndate_order = 'day first'\n", "source.date_order: Input should be 'ymd', 'dmy' or 'mdy' (given: 'day first')."),
        ("[config]\nmin_n = 3\n", "tables is missing."),
        (
            "[source]\ntwo_digit_years_from = 1970\n[tables.leads]\nfrom = 'a.csv'\n"
            "columns = { lead_id = 'Id', created_at = 'Made', score_at = { from = 'S', month_names = 'en' } }\n",
            "two_digit_years_from needs date_order or month_names, since 1/2/26 could be any of three days: tables.leads.columns.created_at.",
        ),
        (
            "[tables.stage_events]\nfrom = 'a.csv'\ntwo_digit_years_from = 1970\ncolumns = { lead_id = 'Id' }\nwide = { mql = 'M' }\n",
            "two_digit_years_from needs date_order or month_names, since 1/2/26 could be any of three days: tables.stage_events.wide.",
        ),
    ],
)
def test_what_a_mapping_may_not_say(tmp_path: Path, text: str, rule: str) -> None:
    expected = f"the mapping m.toml cannot be used. {rule}"
    assert refused(tmp_path, text) == expected


@pytest.mark.parametrize("years", ["source", "column"])
def test_years_of_two_digits_and_their_order_may_be_declared_at_different_levels(tmp_path: Path, years: str) -> None:
    wide, narrow = ("two_digit_years_from = 1970", "date_order = 'dmy'")[:: 1 if years == "source" else -1]
    text = f"[source]\n{wide}\n[tables.leads]\nfrom = 'a.csv'\ncolumns = {{ lead_id = 'Id', created_at = {{ from = 'Made', {narrow} }} }}\n"
    reading = mapping(tmp_path, text).reading("leads", "created_at")
    assert (reading.two_digit_years_from, reading.date_order) == (1970, "dmy")


def test_its_configuration_is_checked_too(tmp_path: Path) -> None:
    assert refused(tmp_path, LEADS + "[config]\nmin_m = 3\n") == (
        "the configuration m.toml [config] cannot be used. unknown setting 'min_m'. Did you mean 'min_n'?"
    )


def test_no_toml_and_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path, "tables = [\n").startswith("the mapping m.toml is no valid TOML: ")
    with pytest.raises(
        UsageError,
        match=r"^the mapping file is not there: '.*none\.toml'\. Check the path given with --mapping, or give the name of a shipped mapping: fivetran_hubspot, ",
    ):
        load_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_can_be_read(path: Path) -> None:
    made = load_mapping(path)
    assert {"leads", "stage_events"} <= set(made.tables)
    assert made.text == path.read_text(encoding="utf-8")

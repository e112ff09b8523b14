"""alignment.toml: defaults, rules, and a whole sentence for each that is broken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from alignment_toolkit.config import Config, Stage, config_from, load_config
from alignment_toolkit.errors import UsageError, quoted
from tests.conftest import SAMPLE


def _refused(values: dict[str, object]) -> str:
    with pytest.raises(UsageError) as refused:
        config_from(values, origin="alignment.toml")
    assert refused.value.exit_code == 2
    return str(refused.value)


def test_without_a_file_the_stated_defaults_hold() -> None:
    config = load_config(None)
    assert config == Config()
    assert (config.time_zone, config.fiscal_year_start_month, config.min_n, config.horizons_days) == ("UTC", 1, 20, (30, 90, 180, 365))
    assert config.stage_names == ("lead", "mql", "sal", "sql", "opportunity", "won", "lost")
    assert config.handover_stage == "sal"


def test_the_sample_s_file_is_read() -> None:
    config = load_config(SAMPLE / "alignment.toml")
    assert (config.time_zone, config.reporting_currency, config.observed_from) == ("Europe/Berlin", "EUR", {"touches": date(2024, 4, 1)})


def test_the_reporting_currency_is_read_in_capitals_and_without_blanks(tmp_path: Path) -> None:
    path = tmp_path / "alignment.toml"
    path.write_text('reporting_currency = " usd "\n', encoding="utf-8")
    assert load_config(path).reporting_currency == "USD"


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Config().min_n = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"min_nn": 3}, "unknown setting 'min_nn'. Did you mean 'min_n'?"),
        (
            {"time_zone": "Europe/Berln"},
            "time_zone: 'Europe/Berln' is no IANA time zone. Did you mean 'Europe/Berlin'? (given: 'Europe/Berln').",
        ),
        ({"reporting_currency": "euro"}, "reporting_currency: String should match pattern '^[A-Z]{3}$' (given: 'euro')."),
        ({"fiscal_year_start_month": 13}, "fiscal_year_start_month: Input should be less than or equal to 12 (given: 13)."),
        ({"min_n": 0}, "min_n: Input should be greater than or equal to 1 (given: 0)."),
        ({"horizons_days": []}, "horizons_days: at least one horizon is needed (given: [])."),
        ({"horizons_days": [-1]}, "horizons_days.0: Input should be greater than or equal to 0 (given: -1)."),
        ({"gross_margin": 1.1}, "gross_margin: Input should be less than or equal to 1 (given: 1.1)."),
    ],
)
def test_a_broken_rule_is_told_in_a_sentence(values: dict[str, object], sentence: str) -> None:
    told = _refused(values)
    assert told == f"the configuration alignment.toml cannot be used. {sentence}"


@pytest.mark.parametrize(
    ("stages", "rule"),
    [
        ([Stage(name="lead", owner="sales")] * 2, "stages: a name stands twice"),
        (
            [Stage(name="lead", owner="sales"), Stage(name="won", owner="sales", terminal=True)],
            "stages: exactly 'won' and 'lost' are terminal",
        ),
        (
            [Stage(name=name, owner="sales", terminal=True) for name in ("won", "lost", "dead")],
            "stages: exactly 'won' and 'lost' are terminal",
        ),
        (
            [Stage(name=name, owner="sales", terminal=True) for name in ("won", "lost")],
            "stages: at least one stage comes before won and lost",
        ),
    ],
)
def test_stages_make_a_funnel(stages: list[Stage], rule: str) -> None:
    assert rule in _refused({"stages": stages})


def test_several_faults_are_told_at_once() -> None:
    told = _refused({"min_n": 0, "min_cell": 0, "colour": "red"})
    assert all(part in told for part in ("min_n: ", "min_cell: ", "unknown setting 'colour'"))


def test_terminal_stages_come_last_whatever_their_place_in_the_file() -> None:
    stages = (
        Stage(name="lost", owner="shared", terminal=True),
        Stage(name="demo", owner="marketing"),
        Stage(name="won", owner="shared", terminal=True),
        Stage(name="offer", owner="sales"),
    )
    config = Config(stages=stages)
    assert config.stage_names == ("demo", "offer", "won", "lost")
    assert config.handover_stage == "offer"


def test_without_a_stage_of_sales_there_is_no_handover_stage() -> None:
    stages = [{"name": "lead", "owner": "marketing"}, *({"name": name, "owner": "sales", "terminal": True} for name in ("won", "lost"))]
    assert config_from({"stages": stages}, origin="x").handover_stage is None


@pytest.mark.parametrize(
    ("observed_from", "tables", "day"),
    [
        ({}, ("leads",), None),
        ({"touches": "2024-04-01"}, ("leads", "stage_events"), None),
        ({"leads": "2024-04-01", "stage_events": "2024-06-01"}, ("leads", "stage_events"), date(2024, 6, 1)),
        ({"leads": "2024-04-01"}, ("leads", "stage_events"), date(2024, 4, 1)),
        ("2024-05-01", ("anything",), date(2024, 5, 1)),
        ({"*": "2024-05-01", "leads": "2024-07-01"}, ("leads",), date(2024, 7, 1)),
    ],
)
def test_the_latest_day_from_which_all_the_tables_are_whole(observed_from: object, tables: tuple[str, ...], day: date | None) -> None:
    assert config_from({"observed_from": observed_from}, origin="x").observed_since(*tables) == day


def test_a_file_that_is_not_there_or_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as absent:
        load_config(tmp_path / "a.toml")
    sentence = f"the configuration file is not there: {quoted(tmp_path / 'a.toml')}. Check the path given with --config."
    assert str(absent.value) == sentence
    broken = tmp_path / "alignment.toml"
    broken.write_text("min_n = = 3", encoding="utf-8")
    with pytest.raises(UsageError, match=r"^the configuration alignment\.toml is no valid TOML: ") as refused:
        load_config(broken)
    assert refused.value.__cause__ is not None
    broken.write_bytes("time_zone = 'Zürich'".encode("latin-1"))
    with pytest.raises(UsageError, match=r"^the configuration alignment\.toml is no valid TOML: "):
        load_config(broken)

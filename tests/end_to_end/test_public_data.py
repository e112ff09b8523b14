"""A full report from each public data set, by the commands a user types, and the figures that are right where published ones are wrong."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pandas as pd
import pytest

from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.quality import conversion
from alignment_toolkit.stats import incidence
from alignment_toolkit.study import open_study
from tests.conftest import shared_data
from tests.end_to_end.conftest import PublicReport, alignment, published

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def olist(tmp_path_factory: pytest.TempPathFactory) -> PublicReport:
    return published(tmp_path_factory.mktemp("olist"), mapping="olist", source="olist", quarter="2018Q2", as_of="2018-11-15")


@pytest.fixture(scope="module")
def maven(tmp_path_factory: pytest.TempPathFactory) -> PublicReport:
    return published(tmp_path_factory.mktemp("maven"), mapping="maven_crm", source="maven_crm", quarter="2017Q4", as_of="2018-01-01")


@pytest.fixture(scope="module")
def ravenstack(tmp_path_factory: pytest.TempPathFactory) -> PublicReport:
    return published(tmp_path_factory.mktemp("raven"), mapping="ravenstack", source="ravenstack", quarter="2024Q4", as_of="2025-01-01")


def test_olist_leads_and_wins(olist: PublicReport) -> None:
    assert olist.kpi("leads")["value"] == 8000
    won = olist.kpi("won_share_to_date")
    assert (won["events"], won["n"]) == (842, 8000)
    assert won["value"] == pytest.approx(0.10525)


def test_olist_won_share_per_origin_is_the_published_table(olist: PublicReport) -> None:
    with shared_data("olist", "expected_conversion_by_origin.csv").open(encoding="utf-8") as file:
        expected = {row["origin"]: (int(row["sum"]), int(row["size"])) for row in csv.DictReader(file)}
    expected["(missing)"] = expected.pop("(null)")
    found = {name: olist.kpi("won_share_to_date", slice_="source", segment=name) for name in expected}
    assert {name: (row["events"], row["n"]) for name, row in found.items()} == expected
    assert {"unknown", "(missing)"} <= set(expected)


def test_olist_incidence(olist: PublicReport) -> None:
    assert olist.kpi("conversion_30d")["events"] == 555
    study = open_study(str(olist.store), quarter="2018Q2", as_of="2018-11-15", cohort="all")
    _, table = risk_of("lead_moves", study)
    curve = incidence(table).value[0]
    raw = table.events[0].cumsum() / 8000
    assert curve[:168] == pytest.approx(raw[:168], abs=1e-12)
    assert olist.kpi("conversion_365d")["value"] > 0.1053


def test_olist_revenue_is_counted_once(olist: PublicReport) -> None:
    assert olist.kpi("bookings_to_date")["value"] == pytest.approx(676_851, abs=1)


def test_olist_faults_and_refused_slices_are_on_the_pages(olist: PublicReport) -> None:
    assert "won or lost before creation" in olist.page("index.html")
    assert "known only of won leads" in olist.page("lead-quality.html")
    assert olist.kpi("conversion_90d", slice_="persona")["value"] is None
    assert "known only of won leads" in olist.kpi("conversion_90d", slice_="persona")["reason"]


def test_olist_with_unrecorded_outcomes_leaves_the_earlier_cohorts_out(olist: PublicReport, tmp_path: Path) -> None:
    settings = (olist.store / "alignment.toml").read_text(encoding="utf-8")
    later = tmp_path / "from_2018.toml"
    later.write_text(f"outcome_observed_from = 2018-01-01\n{settings}", encoding="utf-8")
    study = open_study(str(olist.store), quarter="2018Q2", as_of="2018-11-15", cohort="all", config=str(later))
    row = conversion(study, horizons=[30]).iloc[0]
    assert row["n"] == 8000 - 2002
    from alignment_toolkit.headlines import kpis
    from alignment_toolkit.summary import conversion_change, in_one_minute

    figures = kpis(study)
    whole = figures[figures["slice"] == "all"].set_index("kpi")
    assert whole.loc["won_share_to_date", "n"] == 8000
    sentences = " ".join(in_one_minute(study, figures, change=conversion_change(study)))
    assert "2,002 leads created before that day are left out" in sentences
    assert "more than chance" not in sentences
    quarters = figures[figures["slice"] == "cohort_quarter"]
    early = quarters[quarters["segment"].isin(["2017Q3", "2017Q4"]) & quarters["kpi"].eq("won_share_to_date")]
    assert len(early) == 2
    assert early["value"].isna().all()
    reasons = early.set_index("segment")["reason"].to_dict()
    assert reasons["2017Q3"].startswith("the table stage_events begins on 2017-12-05")  # nothing at all is recorded of it
    assert reasons["2017Q4"] == "outcomes are recorded from 2018-01-01 only"


@pytest.mark.parametrize(("quarter", "cohort"), [("2018Q1", "1q"), ("2018Q1", "4q"), ("2018Q2", "all")])
def test_olist_with_unrecorded_outcomes_claims_no_rise(olist: PublicReport, tmp_path: Path, quarter: str, cohort: str) -> None:
    settings = (olist.store / "alignment.toml").read_text(encoding="utf-8")
    later = tmp_path / "from_2018.toml"
    later.write_text(f"outcome_observed_from = 2018-01-01\n{settings}", encoding="utf-8")
    from alignment_toolkit.drivers import unanswerable
    from alignment_toolkit.headlines import kpis
    from alignment_toolkit.meeting.moved import moved
    from alignment_toolkit.quality import quality_kpis
    from alignment_toolkit.quality import words as quality_words
    from alignment_toolkit.summary import conversion_change, in_one_minute
    from alignment_toolkit.velocity import words as velocity_words

    study = open_study(str(olist.store), quarter=quarter, as_of="2018-11-15", cohort=cohort, config=str(later))
    figures = kpis(study)
    of_money = figures[figures["kpi"].isin(["bookings", "bookings_to_date", "conversion_90d", "win_rate_created_naive"])]
    assert of_money["value"].notna().any()
    assert of_money["previous"].isna().all()
    leads = figures[(figures["kpi"] == "leads") & (figures["slice"] == "all")].iloc[0]
    if quarter == "2018Q2":  # its leads end on 2018-05-31, so it is compared with nothing
        assert pd.isna(leads["previous"])
        assert "2018-05-31" in leads["reason"]
    else:
        assert leads["previous"] > 0
    sentences = " ".join(in_one_minute(study, figures, change=conversion_change(study)))
    assert "than the quarter before" not in sentences
    assert "no change in conversion or bookings is claimed" in sentences
    assert "2018-01-01" in str(unanswerable(study))
    for tell in (quality_words.history_sentences, velocity_words.history_sentences):
        assert any("2,002 leads created before that day are left out" in sentence for sentence in tell(study))
    shown = quality_kpis(study).set_index("kpi")
    assert shown.loc[["bookings", "conversion_90d"], "previous"].isna().all()
    assert not [told.item for told in moved(study) if told.figure.startswith(("driver", "conversion"))]


def test_maven_win_rates_name_their_denominators(maven: PublicReport) -> None:
    closed, created = maven.kpi("win_rate_closed_naive"), maven.kpi("win_rate_created_naive")
    assert (closed["events"], closed["n"]) == (4238, 6711)
    assert closed["value"] == pytest.approx(0.6315, abs=5e-5)
    assert (created["events"], created["n"]) == (4238, 8800)
    assert created["value"] == pytest.approx(0.4816, abs=5e-5)
    assert 4238 / maven.kpi("leads")["value"] == pytest.approx(0.5106, abs=5e-5)


def test_maven_undated_rows_are_set_aside_and_orphans_counted(maven: PublicReport) -> None:
    page = maven.page("index.html")
    assert "no engage date (prospecting): 500" in page
    assert "product is not in products" in page
    assert "1,480" in page
    checked = alignment("check", "--data", str(maven.store), "--format", "json")
    assert checked.code == 0
    assert '"n": 1480' in checked.out


def test_maven_median_time_to_close(maven: PublicReport, tmp_path: Path) -> None:
    assert maven.kpi("time_in_stage_median", slice_="stage", segment="opportunity")["value"] == 60
    settings = (maven.store / "alignment.toml").read_text(encoding="utf-8")
    whole = tmp_path / "whole.toml"
    whole.write_text(
        "\n".join(line for line in settings.splitlines() if "2017-03-01" not in line and line != "[observed_from]"), encoding="utf-8"
    )
    from alignment_toolkit.velocity import time_in_stage

    study = open_study(str(maven.store), quarter="2017Q4", as_of="2018-01-01", cohort="all", config=str(whole))
    assert study.config.observed_from == {}
    row = time_in_stage(study).set_index("stage").loc["opportunity"]
    assert row["median_days"] == 69
    assert row["naive_median_days"] == 45
    page = maven.page("funnel-velocity.html")
    assert "2017-03-01" in page
    with (maven.pages / "tables" / "time_in_stage.csv").open(encoding="utf-8") as file:
        shown = {line["stage"]: line for line in csv.DictReader(file)}
    assert float(shown["opportunity"]["median_days"]) == 60


def test_ravenstack_shows_three_churns_and_their_conflict(ravenstack: PublicReport) -> None:
    with (ravenstack.pages / "tables" / "churn_records.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    text = "\n".join(",".join(row) for row in rows)
    for number in ("110", "352", "312"):
        assert number in text, text
    head, *body = rows
    told = {row[head.index("record")]: row for row in body if row[head.index("kind")] == "churned"}
    shares = sorted(round(float(row[head.index("n_share")]), 3) for row in told.values())
    assert shares == [0.0, 0.22, 0.704]


def test_ravenstack_bridge_closes_every_quarter(ravenstack: PublicReport) -> None:
    with (ravenstack.pages / "tables" / "mrr_bridge.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    parts = ("start", "new", "expansion", "reactivation", "contraction", "churn", "exchange_rates")
    for row in rows:
        assert sum(round(100 * float(row[name])) for name in parts) == round(100 * float(row["end"]))
    for before, after in itertools.pairwise(rows):
        assert before["end"] == after["start"]

"""What a value per lead rests on: the largest win, and wins without an amount, by hand."""

from __future__ import annotations

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.quality import value_per_lead, value_support, words
from tests.quality.companies import leads_of, study_of, won_deals


def _study(*amounts, horizon=20, config=None, **more):
    """Ten leads, as many of them won on day 10 as there are amounts; None: no amount, "none": no deal."""
    part = leads_of("web", n=10, won=len(amounts))
    deals = [deal | {"amount": amount} for deal, amount in zip(won_deals(part), amounts, strict=True) if amount != "none"]
    return study_of(part, config=config or Config(min_n=1), deals=[*deals, *more.get("deals", [])] or won_deals(leads_of("no", n=1, won=1)))


def _support(study, *, by="all", horizon=20):
    return value_support(study, value_per_lead(study, by=by, horizon=horizon), by=by, horizon=horizon)


def test_the_largest_win_and_its_part_of_the_value():
    row = _support(_study(100.0, 300.0, 600.0)).iloc[0]
    assert row["value"] == pytest.approx(100.0)  # (100 + 300 + 600) / 10, nobody is censored
    assert (row["largest_win"], row["largest_win_share"]) == (600.0, pytest.approx(0.6))
    assert (row["unpriced"], row["value_at_largest"]) == (0, pytest.approx(100.0))
    assert (row["n"], row["events"], row["unit"], row["horizon_days"], row["reason"]) == (10, 3, "EUR", 20, None)


@pytest.mark.parametrize("unknown", [None, "none"])
def test_wins_without_an_amount_are_counted_and_bounded(unknown):
    row = _support(_study(100.0, 500.0, unknown, unknown)).iloc[0]
    assert (row["value"], row["unpriced"]) == (pytest.approx(60.0), 2)
    assert row["value_at_largest"] == pytest.approx(60.0 + 2 * 500.0 / 10)


def test_a_second_deal_without_an_amount_makes_the_win_s_amount_unknown():
    study = _study(100.0, 500.0)
    part = leads_of("web", n=10, won=2)
    second = [deal | {"deal_id": f"2-{deal['deal_id']}", "amount": None} for deal in won_deals(part)[:1]]
    both = study_of(
        part, config=Config(min_n=1), deals=[*(d | {"amount": a} for d, a in zip(won_deals(part), (100.0, 500.0), strict=True)), *second]
    )
    assert _support(study).iloc[0]["unpriced"] == 0
    row = _support(both).iloc[0]
    assert (row["unpriced"], row["value"], row["value_at_largest"]) == (1, pytest.approx(60.0), pytest.approx(110.0))


def test_wins_after_the_horizon_do_not_count():
    parts = leads_of("a", n=10, won=1, day=5), leads_of("b", n=10, won=1, day=50)
    study = study_of(
        *parts, config=Config(min_n=1), deals=[d | {"amount": a} for d, a in zip(won_deals(*parts), (40.0, 900.0), strict=True)]
    )
    early, late = (_support(study, horizon=horizon).iloc[0] for horizon in (20, 60))
    assert (early["largest_win"], early["largest_win_share"], early["events"]) == (40.0, pytest.approx(1.0), 1)
    assert late["largest_win"] == 900.0
    assert late["largest_win_share"] == pytest.approx(900 / 940)  # nobody is censored, so each win weighs the same


def test_slices_come_by_wins_and_what_is_null_stays_null():
    parts = leads_of("many", n=30, won=6), leads_of("few", n=3, won=1), leads_of("none", n=30, won=0)
    study = study_of(*parts, deals=won_deals(*parts, amount=50.0))
    told = _support(study, by="source").set_index("segment")
    assert list(told.index) == ["many", "few", "none"]
    assert told.loc["few", "reason"].startswith("not enough data: only 3 leads were followed at age 0 days; 20 are needed")
    assert told.loc["few", "largest_win"] == 50.0
    assert told.loc["few", ["value", "largest_win_share", "value_at_largest"]].isna().all()
    assert (told.loc["none", "value"], told.loc["none", "value_at_largest"]) == (0, 0)
    assert told.loc["none", ["largest_win", "largest_win_share"]].isna().all()
    assert told.loc["many", "largest_win_share"] == pytest.approx(1 / 6)


def test_without_deals_the_reason_stays():
    told = _support(study_of(leads_of("web", n=30, won=3)))
    assert (told.iloc[0]["reason"], len(told)) == ("no deals table", 1)
    assert words.value_sentences(told) == ["What the value per lead rests on cannot be told: no deals table."]


def test_sentences_name_what_leans_on_one_win_and_the_bounds():
    assert words.value_sentences(_support(_study(100.0, 300.0, 600.0))) == [
        "One win of 600 EUR makes up 60 % of the value per lead of all leads.",
        "Every win has an amount.",
    ]
    assert words.value_sentences(_support(_study(*[100.0] * 9, None), by="source")) == [
        "One win of 100 EUR makes up 11 % of web's value per lead.",
        "web's value per lead: 1 of 10 wins has no amount; it is 90 EUR if it brought nothing and 100 if it was as large as the largest.",
    ]
    parts = leads_of("web", n=40, won=20)
    alike = study_of(parts, deals=won_deals(parts))
    assert words.value_sentences(_support(alike)) == [
        "No single win makes up more than 10 % of the value per lead of all leads.",
        "Every win has an amount.",
    ]
    assert words.value_sentences(_support(alike, by="source")) == ["No single win makes up more than 10 % of any group's value per lead."]


def test_groups_without_a_value_say_it_once():
    few = leads_of("web", n=3, won=1)
    told = words.value_sentences(_support(study_of(few, deals=won_deals(few)), by="source"))
    assert told == ["No group has a value per lead: not enough data: only 3 leads were followed at age 0 days; 20 are needed."]
    no_deals = study_of(leads_of("web", n=30, won=3))
    assert words.value_sentences(_support(no_deals, by="source")) == []  # the frame of all leads has the reason

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.quality import words
from alignment_toolkit.quality.calibration import score_measures, score_threshold
from alignment_toolkit.quality.concentration import concentration
from alignment_toolkit.quality.cost import cost_and_return
from alignment_toolkit.quality.curves import conversion_curves
from alignment_toolkit.quality.dilution import COLUMNS, dilution
from alignment_toolkit.quality.plane import quality_quantity
from alignment_toolkit.quality.ranking import ranking
from alignment_toolkit.quality.slices import slice_checks
from alignment_toolkit.quality.two_slices import conversion_by_two, simpson_pairs
from tests.quality.companies import leads_of, study_of, won_deals
from tests.quality.test_ranking import six


def test_lists_end_with_how_many_more():
    assert words.listed(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"


def test_ranking_is_told_with_its_certainty():
    said = words.ranking_sentences(ranking(six()))
    assert said[0].startswith("d is the best of 6: it wins 29 % (")
    assert said[0].endswith(" of its leads within 180 days; the probability that it is the best is over 99 %.")
    assert said[1:] == ["Converting above the rest: d.", "Converting below the rest: e.", "Too few leads to rank: two."]


def test_an_uncertain_best_is_worded_as_uncertain_and_equals_as_chance():
    alike = ranking(study_of(*(leads_of(name, n=60, won=6 + (name == "c")) for name in "abcdef")))
    said = words.ranking_sentences(alike)
    assert said[0].startswith("c leads, but may well not be, the best of 6")
    assert said[1] == "None can be told apart from the rest: the differences may be chance."


def test_nothing_to_rank_is_said_with_the_reason():
    assert (
        words.ranking_sentences(ranking(study_of(leads_of("a", n=30, won=3))))[0]
        == "Nothing can be ranked: fewer than five groups to compare."
    )
    few = words.ranking_sentences(ranking(study_of(leads_of("a", n=3, won=3))))
    assert few == ["Nothing can be ranked: too few leads in each group (a)."]
    assert words.ranking_sentences(pd.DataFrame()) == ["No lead was under observation, so nothing can be ranked."]


def test_curve_and_plane():
    study = study_of(
        leads_of("a", n=40, won=20, day=5), leads_of("a", n=40, won=20, day=50, persona="x"), leads_of("b", n=40, won=0), quarter="2025Q1"
    )
    assert words.curve_sentences(conversion_curves(study))[0].startswith("Of all leads 33 % (")
    assert words.curve_sentences(conversion_curves(study))[0].endswith(") are won by day 363; half of that is reached by day 5.")
    assert words.plane_sentences(quality_quantity(study)) == [
        "a brings 100 % of the expected wins of the period: 80 leads at 50 %.",
        "a has at least as many leads and converts better than b.",
    ]
    nothing = study_of(leads_of("a", n=3, won=1))
    assert words.plane_sentences(quality_quantity(nothing)) == [
        "Quality against quantity cannot be told: no group has enough matured leads."
    ]
    assert words.curve_sentences(conversion_curves(nothing)) == [
        "No curve can be drawn: too few leads have been observed long enough, or none was won."
    ]


@pytest.mark.no_cover
def test_cost():
    parts = [leads_of("web", n=40, won=10, campaign_id="c1"), leads_of("fair", n=40, won=10)]
    costs = [{"campaign_id": "c1", "spent_on": "2025-01-01", "cost": 200.0}]
    said = words.cost_sentences(cost_and_return(study_of(*parts, deals=won_deals(*parts), campaign_costs=costs), by="source"))
    assert said[0].startswith("web: a lead costs 5.00 EUR and brings 250 within 180 days, 50.0 times its cost (")
    assert said[1] == "fair: no cost per lead, because none of its 40 leads has a campaign."
    later = cost_and_return(study_of(*parts, quarter="2025Q4", cohort="4q"), by="source")
    assert words.cost_sentences(later) == ["What a lead costs and brings back cannot be told: no leads in the period."]
    assert words.cost_sentences(later.head(0)) == ["What a lead costs and brings back cannot be told: no leads were seen."]
    assert words.cost_sentences(cost_and_return(study_of(*parts), by="source")) == [
        "fair, web (80 leads): no cost per lead, because there is no campaign_costs table."
    ]


@pytest.mark.parametrize(
    ("lower", "value", "upper", "start"),
    [
        (-0.5, -0.3, -0.1, "In months with more leads a source converted worse: volume went with lower quality: -0.30 % of conversion"),
        (-0.5, -0.1, 0.3, "No dilution is shown, and none is ruled out within the interval: -0.10 % of conversion"),
        (0.1, 0.3, 0.5, "In months with more leads a source converted better: +0.30 % of conversion"),
    ],
)
def test_dilution_says_what_is_shown_and_what_is_not(lower, value, upper, start):
    row = dict.fromkeys(COLUMNS, 1) | {"elasticity": value, "lower": lower, "upper": upper, "p_value": 0.04}
    said = words.dilution_sentences(pd.DataFrame([row]))
    assert said[0].startswith(start)
    assert (
        said[1]
        == "It compares each source with itself in other months; it does not show what buying more leads would do, nor why months differ."
    )


def test_no_dilution_without_sources():
    assert words.dilution_sentences(dilution(six())) == [
        "Whether volume dilutes quality cannot be told: fewer than 8 sources with matured wins in two months or more."
    ]


def test_score_without_scores_and_with_them():
    from tests.quality.test_calibration import scored

    none = six()
    assert words.score_sentences(score_measures(none), score_threshold(none)) == [
        "Whether the score tells good leads cannot be told: no lead has a score.",
        "No threshold is given: cost_to_work is not configured.",
    ]
    study, _rows = scored(config=Config(cost_to_work=100))
    said = words.score_sentences(score_measures(study), score_threshold(study))
    assert said[0].startswith("Of a won lead and another, the won one has the higher score in ")
    assert said[1].endswith(("use it to order leads, not as a chance.", "it can be read as a chance."))
    assert said[-1].startswith("Working a lead pays from a score of ")
    assert said[-1].endswith(" more than working all, at 100 EUR per lead.")


def test_concentration_and_slices():
    parts = [leads_of("web", n=40, won=10, start=pd.Timestamp("2025-10-02")), leads_of("fair", n=40, won=0)]
    study = study_of(*parts, deals=won_deals(*parts))
    said = words.concentration_sentences(concentration(study, by=("source",)))
    assert said == ["The best of 2 sources brings 100 % of bookings; with equal sources it would be 50 %."]
    assert words.concentration_sentences(concentration(six(), by=("source",))) == [
        "The share of the best sources cannot be told: no deals table."
    ]
    row = {"slice": "campaign_id", "best_share": 0.2, "groups": 2, "n": 10, "value": 0.5, "lower": 0.3, "upper": 0.6, "even_share": 0.2}
    assert words.concentration_sentences(pd.DataFrame([row])) == [
        "The best 20 % of campaigns (2 of 10) bring 50 % (30 % to 60 %) of bookings; with equal campaigns it would be 20 %."
    ]
    assert words.concentration_sentences(pd.DataFrame([row | {"groups": 1, "n": 1}])) == [
        "All bookings with a campaign come from the only one."
    ]
    checks = words.slice_sentences(slice_checks(study))
    assert checks[0] == "Conversion is not sliced by campaign_id: no lead has a value."


def test_reversals():
    from tests.quality.test_two_slices import paradox

    frame = conversion_by_two(paradox(), by="source", and_by="persona")
    assert words.reversal_sentences(frame, simpson_pairs(frame)) == ["y beats x in total, but loses in each common part."]
    moved = frame.assign(
        reversed=[part == "(all)" and segment == "x" for segment, part in zip(frame["segment"], frame["part"], strict=True)]
    )
    assert words.reversal_sentences(moved, simpson_pairs(frame).head(0)) == [
        "x moved against every one of its parts since the quarter before: the mix changed."
    ]
    assert words.reversal_sentences(frame, simpson_pairs(frame).head(0)) == ["No total moves or compares against all of its parts."]


def test_headlines_and_naive_shares():
    rows = [
        figure("leads", value=1234, unit="leads", previous=1000),
        figure("conversion_180d", value=0.123, lower=0.1, upper=0.15, unit="share", previous=0.13),
        figure("acceptance_rate", value=None, unit="share", reason="no feedback table"),
        figure("win_rate_closed_naive", value=0.5, unit="share"),
        figure("won_share_to_date", value=np.nan, unit="share", reason="nothing in the denominator"),
    ]
    kpis = figures(rows)
    assert words.headline_sentences(kpis) == [
        "Leads: 1,234 leads; a quarter earlier 1,000 leads.",
        "Conversion within 180 days: 12.3 % (10.0 % to 15.0 %); a quarter earlier 13.0 %.",
        "Acceptance by sales cannot be told: no feedback table.",
    ]
    assert words.naive_sentences(kpis) == [
        "Won / closed deals (naive) is 50 %: it leaves out everything that is still open.",
        "With open leads counted as open, 12 % (10 % to 15 %) are won within 180 days.",
    ]
    assert words.naive_sentences(kpis.head(0)) == ["No share can be told: nothing was closed or created."]

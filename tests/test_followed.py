"""Who was followed: counts by hand, the sentence, wider limits under late entry, and what is left empty where too few were."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from alignment_toolkit.config import Config
from alignment_toolkit.followed import Rule, estimates, smallest_by_quantile
from alignment_toolkit.quality import conversion, conversion_curves, ranking
from alignment_toolkit.quality.ranking import BELOW, two_shares_p
from alignment_toolkit.stats import (
    RiskTable,
    curve_limits,
    effective_wins,
    incidence,
    loglog_interval,
    survival,
    survival_quantile,
    table_from_counts,
    up_to,
)
from alignment_toolkit.stats.forecast import followed_deals
from alignment_toolkit.stats.risk import Array
from tests import worlds
from tests.quality.companies import leads_of, study_of, won_deals
from tests.stats.test_forecast import INF, deals
from tests.stats.units import random_units, table_of

# two from birth, one of them won at once; three come under observation at age 2, one of them is lost; the last entrant can be seen to age 3
UNITS = pd.DataFrame(
    [(0, 0, "won", 5), (0, 5, "open", 5), (2, 2, "lost", 5), (2, 5, "open", 5), (2, 3, "open", 3)], columns=["entry", "day", "kind", "last"]
)


def test_followed_by_hand() -> None:
    table = table_of(UNITS)
    assert table.followed().tolist() == [2, 2, 5, 5, 4, 4]
    assert [float(table.matured(age)) for age in range(6)] == [2, 2, 5, 5, 4, 4]
    assert [float(table.smallest_followed(age)) for age in (0, 2, 5)] == [2, 2, 2]
    assert table.late_entry_cap().tolist() == [np.inf, np.inf, 2, 2, 2, 2]


def test_a_unit_that_enters_late_counts_from_its_entry_on_whatever_becomes_of_it() -> None:
    table = table_of(pd.DataFrame({"entry": [0, 1, 3], "day": [4, 1, 3], "kind": ["open", "won", "lost"], "last": [4, 2, 4]}))
    assert table.followed().tolist() == [1, 2, 2, 2, 2]


def test_a_table_cut_below_the_horizon_does_not_know() -> None:
    assert np.isnan(table_of(UNITS).cut(3).smallest_followed(4))
    assert Rule(1).reason(table_of(UNITS).cut(3), 4) == "not enough data"


@pytest.mark.parametrize(("min_n", "horizon", "held"), [(2, 5, True), (3, 5, False), (3, 1, False), (1, 0, True)])
def test_the_rule_holds_only_where_enough_were_followed_at_every_age(min_n: int, horizon: int, held: bool) -> None:
    assert bool(Rule(min_n).holds(table_of(UNITS), horizon)) is held


@pytest.mark.parametrize(
    ("entry", "last", "min_n", "reach"), [([0, 0, 0], [5, 3, 2], 2, 3), ([0, 2, 2], [5, 5, 5], 2, -1), ([0, 0], [4, 4], 2, 4)]
)
def test_the_reach_ends_before_the_first_age_with_too_few(entry: list[int], last: list[int], min_n: int, reach: int) -> None:
    table = table_of(pd.DataFrame({"entry": entry, "day": last, "kind": "open", "last": last}))
    assert int(Rule(min_n).reach(table)) == reach


@pytest.mark.parametrize(
    ("rule", "n", "age", "said"),
    [
        (Rule(20), 17, 0, "only 17 leads were followed at age 0 days; 20 are needed"),
        (Rule(20, "visit", "hour"), 1, 1, "only 1 visit was followed at age 1 hour; 20 are needed"),
        (Rule(1, "customer"), 0, 1200, "no customer was followed at age 1,200 days; 1 is needed"),
        (
            Rule(20, "deal", all_may_have=lambda: True),
            2,
            3,
            "only 2 deals were followed at age 3 days; 20 are needed; all history (`--cohort all`) may have them",
        ),
    ],
)
def test_the_sentence(rule: Rule, n: int, age: int, said: str) -> None:
    assert rule.why(n, age) == f"not enough data: {said}"


def test_all_history_is_the_way_out_only_where_less_is_looked_at() -> None:
    parts = leads_of("a", n=3, won=1), leads_of("a", n=3, won=1, start=datetime(2024, 1, 1))
    few = [conversion(study_of(*parts, cohort=cohort), horizons=[30])["reason"].iloc[0] for cohort in ("4q", "all")]
    assert [reason.endswith("all history (`--cohort all`) may have them") for reason in few] == [True, False]


def test_all_history_is_no_way_out_where_it_has_no_more() -> None:
    young = leads_of("a", n=3, won=1)
    assert conversion(study_of(young, cohort="4q"), horizons=[30])["reason"].iloc[0].endswith("20 are needed")
    old = leads_of("a", n=3, won=1, start=datetime(2024, 1, 1))
    told = conversion(study_of(young, old, cohort="4q"), by="cohort_quarter", horizons=[30])["reason"]
    assert told.tolist() == ["not enough data: only 3 leads were followed at age 0 days; 20 are needed"]


NOBODY = RiskTable(**{name: 0 * array for name, array in table_of(UNITS).arrays()})
EARLY = [{"lead_id": "old", "stage": "mql", "entered_at": "2024-03-01"}]
NEVER = "not enough data: no visit to this stage is on record"


@pytest.mark.parametrize(
    ("event", "cohort", "said"),
    [
        ({"stage": "mql", "entered_at": "2025-03-01"}, "4q", NEVER),
        ({"stage": "mql", "entered_at": "2025-03-01"}, "all", NEVER),
        ({"stage": "won", "entered_at": "2025-03-01"}, "4q", None),  # an MQL of the year before: an empty stage may be that one
        ({"stage": "mql", "entered_at": "2025-02-01"}, "4q", None),  # stamped with the creation, perhaps back-filled
    ],
)
def test_a_stage_that_nobody_ever_entered_is_said_to_be_unknown(event: dict[str, str], cohort: str, said: str | None) -> None:
    leads = [{"lead_id": name, "created_at": day, "source": "a"} for name, day in (("old", "2024-02-01"), ("new", "2025-02-01"))]
    crm = {"leads": leads, "stage_events": [*EARLY, {"lead_id": "new"} | event]}
    made = worlds.study("2025Q4", as_of="2026-01-01", cohort=cohort, **crm)
    reason = made.followed_rule("visit").reason(NOBODY, 0)
    assert reason == said or (said is None and str(reason).endswith("all history (`--cohort all`) may have them"))


def test_a_deal_without_a_creation_date_is_in_no_history() -> None:
    part = leads_of("a", n=3, won=1)
    rule = study_of(part, cohort="4q", deals=won_deals(part)).followed_rule("deal")
    assert rule.reason(NOBODY, 0) == "not enough data: no deal with a creation date is on record"


def test_a_median_lies_where_enough_were_followed() -> None:
    # 4 of 6 leave on day 3, when two of the six can no longer be observed
    units = pd.DataFrame({"entry": 0, "day": [3, 3, 3, 3, 2, 9], "kind": ["won"] * 4 + ["open"] * 2, "last": [9, 9, 9, 9, 2, 9]})
    table = table_of(units)
    found = survival_quantile(survival(table), 0.5)
    assert float(found.value) == 3
    assert float(smallest_by_quantile(table, found.value)) == 5
    assert [float(up_to(found, Rule(min_n).reach(table)).value) for min_n in (5, 6)] == pytest.approx([3, np.nan], nan_ok=True)


def test_incidence_with_late_entry_equals_lifelines() -> None:
    from lifelines import KaplanMeierFitter

    units = random_units(np.random.default_rng(5), 200, late=True).assign(kind=lambda rows: rows["kind"].replace({"lost": "open"}))
    units = units.assign(last=units["day"])
    table = table_of(units)
    # lifelines has a unit at risk after its entry, here on its entry day: days of outcome are one later there
    fit = KaplanMeierFitter().fit(units["day"] + 1, units["kind"] == "won", entry=units["entry"])
    expected = 1 - fit.survival_function_at_times(table.days + 1).to_numpy()
    np.testing.assert_allclose(incidence(table).value, expected, rtol=1e-12)


def test_limits_are_the_wider_of_loglog_and_wilson_on_those_followed_from_birth() -> None:
    table = late(np.random.default_rng(3), sims=20, young=25, old=400, entry=10)
    curve = incidence(table)
    found, inner = curve_limits(curve, table), loglog_interval(*curve)
    for at in range(20):
        value = curve.value[at, -1]
        low, high = proportion_confint(25 * value, 25, method="wilson")
        assert found.lower[at, -1] == pytest.approx(min(low, inner.lower[at, -1]))
        assert found.upper[at, -1] == pytest.approx(max(high, inner.upper[at, -1]))
    before = curve.value[:, 5]
    moved = (before > 0) & (before < 1)
    assert moved.any()
    assert found.lower[moved, 5].tolist() == inner.lower[moved, 5].tolist(), "nobody had entered late by day 5"


def test_effective_counts_are_at_most_those_followed_from_birth() -> None:
    trials, wins = effective_wins(late(np.random.default_rng(4), sims=50, young=25, old=400, entry=10), HORIZON)
    assert trials.max() <= 25
    assert (wins <= trials).all()
    none = late(np.random.default_rng(4), sims=1, young=25, old=400, entry=10, win=0.0)
    assert effective_wins(none, HORIZON)[0].tolist() == [25], "also where nobody won"
    all_young = late(np.random.default_rng(4), sims=1, young=25, old=0, entry=10, win=0.0)
    assert effective_wins(all_young, HORIZON)[0].tolist() == [25]


HORIZON, WIN, LOSE = 30, 0.006, 0.01
TRUTH = WIN * sum((1 - WIN - LOSE) ** day for day in range(HORIZON + 1))


def late(rng: np.random.Generator, *, sims: int, young: int, old: int, entry: int, win: float = WIN) -> RiskTable:
    """Simulated groups of units followed from birth and of others that come under observation, still open, at one age; shape (sims, K+1)."""
    days = HORIZON + 1
    enter, won, lost, potential, censored = np.zeros((5, sims, days))
    enter[:, 0], enter[:, entry] = young, old
    still = np.zeros(sims, dtype=np.int64)
    for day in range(days):
        still += enter[:, day].astype(np.int64)
        won[:, day] = rng.binomial(still, win)
        lost[:, day] = rng.binomial(still - won[:, day].astype(np.int64), LOSE / (1 - win))
        still -= (won[:, day] + lost[:, day]).astype(np.int64)
    potential[:, -1], censored[:, -1] = young + old, still
    return table_from_counts({"enter": enter, "event": won, "competing": lost, "censor": censored, "potential": potential})


@pytest.mark.parametrize("young", [20, 60])
@pytest.mark.parametrize("entry", [5, 25])
def test_limits_hold_the_truth_with_late_entrants(young: int, entry: int) -> None:
    table = late(np.random.default_rng(young + entry), sims=2000, young=young, old=300, entry=entry)
    found = estimates(incidence(table), table, HORIZON, Rule(20))
    assert not any(found.reasons)
    assert np.mean((found.lower <= TRUTH) & (found.upper >= TRUTH)) >= 0.92


@pytest.mark.parametrize("young", [20, 60])
def test_groups_like_the_rest_are_rarely_called_below(young: int) -> None:
    table = late(np.random.default_rng(young), sims=2000, young=young, old=300, entry=25)
    rest = (np.full(2000, 1e5), np.full(2000, 1e5 * TRUTH))

    def called(trials: Array, wins: Array) -> float:
        return float(np.mean((two_shares_p(trials, wins, *rest) <= 0.05) & (wins / trials < TRUTH)))

    curve = incidence(table).at(HORIZON)
    naive = np.where(curve.value > 0, curve.value * (1 - curve.value) / np.where(curve.variance > 0, curve.variance, 1), 320)
    assert called(*effective_wins(table, HORIZON)) <= 0.04
    assert called(naive, naive * curve.value) > called(*effective_wins(table, HORIZON))


def test_old_leads_without_young_ones_are_not_called_below_the_rest() -> None:
    before, inside = datetime(2024, 12, 1), datetime(2025, 2, 1)
    old = [leads_of("old", n=60, won=0, day=200, start=before), leads_of("old", n=1, won=0, start=inside)]
    others = [leads_of(name, n=60, won=30, start=inside) for name in "abcde"]
    told = study_of(*old, *others, cohort="4q", config=Config(min_n=20))
    rows = ranking(told, horizon=60).set_index("segment")
    assert (rows.loc["old", "reason"], rows.loc["old", "smallest_followed"]) == ("too few to rank", 1)
    assert rows.loc["old", ["own_rate", "shrunk_rate", "different", "p_adjusted"]].isna().all()
    assert BELOW not in set(rows["different"])
    figure = conversion(told, by="source", horizons=[60]).set_index("segment").loc["old"]
    assert figure["reason"].startswith("not enough data: only 1 lead was followed at age 0 days; 20 are needed")
    assert "old" not in set(conversion_curves(told)["segment"])
    everything = study_of(*old, *others, cohort="all", config=Config(min_n=20))
    assert ranking(everything, horizon=60).set_index("segment").loc["old", "different"] == BELOW, "all history has followed them"


def test_followed_deals_by_hand() -> None:
    # day 400, so the year before begins on day 35
    made = deals(
        (0, 30, True, 1.0), (0, 50, True, 1.0), (395, INF, False, 0.0), (398, 399, True, 1.0), (30, INF, False, 0.0), (400, INF, False, 0.0)
    )
    told = followed_deals(made, 400)
    # the first had closed before the year; the second enters at age 35; two are young, one enters at age 5 and is 369 days old at most
    assert told[[0, 1, 2, 4, 5, 34, 35, 366]].tolist() == [2, 2, 1, 1, 1, 1, 2, 2]

"""What is not on record is null with a reason, or one sentence; it is never counted as 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit import attribution, drivers, handoff, loop, quality, velocity
from alignment_toolkit.config import Config
from alignment_toolkit.counts import counted
from alignment_toolkit.figures import NO_LOSSES
from alignment_toolkit.study import Study, open_study
from alignment_toolkit.velocity.sales_velocity import velocity_factors
from tests.worlds import study

DAYS = pd.date_range("2026-07-01", "2026-09-28", freq="3D")
LEADS = [{"lead_id": f"L{n}", "created_at": day, "source": "web", "region": "north", "assigned_at": day} for n, day in enumerate(DAYS)]
EVENTS = [{"lead_id": f"L{n}", "stage": "sal", "entered_at": day} for n, day in enumerate(DAYS)]
DEALS = [
    {"deal_id": f"D{n}", "lead_id": f"L{n}", "created_at": day, "closed_at": day + pd.Timedelta(days=1), "outcome": "won", "amount": 100.0}
    for n, day in enumerate(DAYS[:25])
]


def _study(**tables: list[dict[str, Any]]) -> Study:
    return study("2026Q3", cohort="4q", as_of="2026-10-01", leads=LEADS, stage_events=EVENTS, **tables)


def _zeros(frame: pd.DataFrame, *columns: str) -> list[str]:
    return [column for column in columns if (frame[column] == 0).any()]


LATER = [
    {"touch_id": f"T{day}", "lead_id": "L0", "occurred_at": f"2026-10-{day:02d}", "side": "sales", "channel": "call"}
    for day in range(5, 12)
]


@pytest.mark.parametrize("touches", [None, LATER], ids=["no table", "touches begin later"])
def test_without_touches_the_closed_loop_counts_no_zeros(touches: list[dict[str, Any]] | None) -> None:
    tables = {"deals": DEALS} | ({"touches": touches} if touches else {})
    made = study("2026Q3", cohort="4q", as_of="2026-10-20", leads=LEADS, stage_events=EVENTS, **tables)
    stand, speed, met = handoff.standings(made), handoff.speed_to_lead(made), handoff.sla(made, by="region")
    assert stand["leads"].tolist() == [30]
    assert stand[["in time", "late", "closed untouched", "not touched"]].isna().all(axis=None)
    assert met["value"].isna().all()
    assert met["reason"].notna().all()
    assert handoff.response_curve(made).empty
    assert attribution.origins(made).empty
    assert attribution.disagreement(attribution.credit_shares(made)).empty
    sheet = loop.campaign_sheet(made)
    assert _zeros(sheet, "sourced", "influenced", "attributed", "won_deals_touched", "speed_to_lead_hours") == []
    said = [
        *handoff.words.sla_sentences(stand, speed, hours=24),
        *handoff.words.slowest_sentences(handoff.speed_to_lead(made, by="region"), by="region", study=made),
        *attribution.words.origin_sentences(attribution.origins(made), currency="EUR", study=made),
        *attribution.words.disagreement_sentences(attribution.disagreement(attribution.credit_shares(made)), currency="EUR", study=made),
        *drivers.joint_sentences(made),
    ]
    reason = "the table touches begins on 2026-10-05, after 2026Q3" if touches else "no touches table"
    assert said == [
        f"Whether leads are touched in time cannot be told: {reason}.",
        f"Speed is not compared by region: {reason}.",
        f"Which bookings each team touched cannot be told: {reason}.",
        f"Who gets the credit for bookings cannot be told: {reason}.",
        f"Which wins both teams share cannot be told: {reason}.",
    ]
    assert attribution.words.rules(made) == []
    tables = "feedback or subscriptions" if touches else "feedback, touches or subscriptions"
    advice = loop.words.what_to_do(sheet=sheet, met=met, standings=stand, study=made)
    assert advice == [f"What to do cannot be said: no {tables} table."]
    unasked = loop.words.what_to_do(sheet=sheet, met=met, standings=stand)
    assert unasked == ["What to do cannot be said: none of these figures is known."]


def test_without_leads_handed_over_or_tables_of_answers_the_closed_loop_says_which() -> None:
    leads = [{name: value for name, value in row.items() if name != "assigned_at"} for row in LEADS]
    mails = [
        {"touch_id": row["lead_id"], "lead_id": row["lead_id"], "occurred_at": row["created_at"], "side": "marketing"} for row in leads
    ]
    events = [row | {"stage": "mql"} for row in EVENTS]
    bare, touched = (
        study("2026Q3", cohort="4q", as_of="2026-10-01", leads=leads, stage_events=events, **tables) for tables in ({}, {"touches": mails})
    )
    for made, told in (
        (bare, "Whether leads are touched in time cannot be told: no touches table."),
        (touched, "No lead was handed over in the quarter."),
    ):
        assert handoff.words.sla_sentences(handoff.standings(made), handoff.speed_to_lead(made), hours=24) == [told]
    regions = handoff.speed_to_lead(bare, by="region")
    assert handoff.words.slowest_sentences(regions, by="region", study=bare) == ["Speed is not compared by region: no touches table."]
    reasons = handoff.rejection_reasons(bare)
    assert handoff.words.rejection_sentences(reasons, study=bare) == ["What sales rejects cannot be told: no feedback table."]
    effect, answered = handoff.feedback_effect(bare), handoff.answered_campaigns(bare)
    assert handoff.words.feedback_sentences(effect, answered, study=bare) == [
        "Whether marketing answers rejections, and whether that helps, cannot be told: no feedback table."
    ]


def test_advice_from_a_part_of_the_figures_says_which_others_are_missing() -> None:
    sheet = pd.DataFrame({"segment": ["c1"], "acceptance_rate": [0.5], "early_churn_rate": [None], "weaknesses": [""]})
    met = pd.DataFrame({"segment": ["north"], "value": [0.9], "upper": [0.95]})
    stand = pd.DataFrame({"closed untouched": [0], "due": [20]})
    made = _study(deals=DEALS)
    assert loop.words.what_to_do(sheet=sheet, met=met, standings=stand) == ["Nothing in these figures asks for action this quarter."]
    assert loop.words.what_to_do(sheet=sheet, met=met, standings=stand, study=made) == [
        "Nothing in the known figures asks for action this quarter; others are not known: no feedback, touches or subscriptions table."
    ]


def test_a_window_without_leads_gives_an_empty_sheet() -> None:
    old = [{"lead_id": f"L{n}", "created_at": f"2025-01-{n:02d}", "source": "web"} for n in range(1, 29)]
    now = [{"deal_id": f"D{n}", "created_at": day, "closed_at": day, "outcome": "won", "amount": 5.0} for n, day in enumerate(DAYS)]
    made = study("2026Q3", cohort="1q", as_of="2026-10-01", leads=old, stage_events=[], deals=now)
    for by in ("campaign", "channel"):
        sheet = loop.campaign_sheet(made, by=by)
        assert set(sheet["strengths"]) <= {""}
        assert loop.words.sheet_sentences(sheet, what=by) == [
            f"Whether a {by} differs from the others cannot be said: too few leads and customers were followed."
        ]


def test_an_optional_table_without_a_row_is_like_a_missing_one(tmp_path: Path) -> None:
    pd.DataFrame(LEADS).to_csv(tmp_path / "leads.csv", index=False)
    pd.DataFrame(EVENTS).to_csv(tmp_path / "stage_events.csv", index=False)
    (tmp_path / "touches.csv").write_text("touch_id,lead_id,occurred_at,side,channel\n", encoding="utf-8")
    made = open_study(str(tmp_path), quarter="2026Q3")
    assert not made.crm.has("touches")
    assert made.crm.has("leads", "stage_events")
    assert handoff.sla(made)["reason"].tolist() == ["no touches table"]


def test_a_deal_lost_without_a_day_stays_followed_without_a_win() -> None:
    """25 deals are won after a day, 25 are lost without a day: half of all, not all, are won by day 1."""
    lost = [deal | {"deal_id": f"X{deal['deal_id']}", "closed_at": None, "outcome": "lost", "amount": None} for deal in DEALS]
    moves = counted("deal_moves", _study(deals=[*DEALS, *lost]))
    n = moves.groupby("move")["n"].sum()
    assert (n["enter"], n["event"]) == (50, 25)
    ends = moves[moves["move"] == "competing"]
    assert ends["n"].sum() == 25
    assert ends["day"].min() == (pd.Timestamp("2026-10-01") - DAYS[24]).days - 1  # lost at the as-of, not on its first day
    whole = velocity_factors(_study(deals=[*DEALS, *lost]), horizon=10).iloc[0]
    assert whole["n"] == 50
    assert whole["value_per_opportunity"] == pytest.approx(50.0)  # 25 × 100 over 50 deals


def test_check_counts_closed_deals_without_a_day() -> None:
    from alignment_toolkit.faults import counted_faults

    lost = {"deal_id": "X", "created_at": DAYS[0], "closed_at": None, "outcome": "lost"}
    found = counted_faults(_study(deals=[*DEALS, lost]).crm).set_index("fault")
    assert found.loc["lost deals without a closing day", ["n", "of"]].tolist() == [1, 1]
    assert "won deals without a closing day" not in found.index


def test_figures_that_need_losses_are_null_where_none_are_recorded() -> None:
    made = study(
        "2026Q3",
        cohort="4q",
        as_of="2026-10-01",
        config=Config(losses_recorded=False),
        leads=LEADS,
        stage_events=EVENTS,
        deals=DEALS,
    )
    shares = quality.naive_shares(made).set_index("kpi")
    assert (shares.loc["win_rate_closed_naive", "reason"], shares.loc["win_rate_created_naive", "value"]) == (NO_LOSSES, 1.0)
    times = velocity.time_in_stage(made)
    assert set(times["reason"]) == {NO_LOSSES}
    assert times.filter(regex="_days$").isna().all(axis=None)
    assert velocity.loss_reasons(made).empty
    waiting = velocity.bottleneck(made)
    assert waiting[["lost", "losses_per_100_lead_days"]].isna().all(axis=None)
    assert velocity_factors(made)["n"].iloc[0] == 25

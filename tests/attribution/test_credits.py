"""Credit from touches to cents: followed by hand, conserved to the last digit, the same in any order of rows."""

from __future__ import annotations

import random

import numpy as np
import pytest

from alignment_toolkit.attribution import MODELS, attribution_kpis, attribution_table, credit_shares, disagreement, origins, spread_table
from alignment_toolkit.attribution.kpis import KPIS
from alignment_toolkit.config import Config
from alignment_toolkit.counts import counted
from alignment_toolkit.errors import UsageError
from alignment_toolkit.touches import touches_before_wins
from tests.attribution.touched import DEALS, EVENTS, LEADS, TOUCHES, company

BOOKINGS = 1000 + 500.01 + 99.99


def shares(model: str, **choices: object) -> dict[str, float]:
    found = credit_shares(company(), **choices)  # type: ignore[arg-type]
    return {name: round(float(part) * BOOKINGS, 2) for name, part in zip(found.labels, found.share[MODELS.index(model)], strict=True)}


def test_the_touches_of_each_deal_are_those_of_its_account_before_the_win() -> None:
    rows = touches_before_wins(company()).to_pandas().sort_values(["deal_id", "position"])
    told = [(row.deal_id, row.channel, row.place, row.anchors, row.held, row.named) for row in rows.itertuples()]
    assert told == [
        ("1", "ads", "first", 1, 3, 3),
        ("1", "mail", "middle", 1, 3, 3),  # the last one by the handover of a on the 11th, though it is b's
        ("1", "call", "last", 1, 3, 3),  # the last one by the opportunity on the 16th
        ("2", "call", "only", 2, 1, 2),
        ("4", "mail", "only", 2, 1, 2),
    ]
    assert rows.groupby("deal_id")["parts"].sum().eq(1_000_000).all()


def test_at_lead_level_only_the_deal_s_own_lead_counts() -> None:
    rows = touches_before_wins(company(), unit="lead").to_pandas().sort_values(["deal_id", "position"])
    assert rows["channel"].tolist() == ["ads", "call", "call", "mail"]


@pytest.mark.parametrize(
    ("model", "ads", "mail", "call"),
    [
        ("first", 1000.0, 0.0, 500.01),
        ("last", 0.0, 0.0, 1500.01),
        ("linear", 333.33, 333.33, 833.34),
        ("u", 400.0, 200.0, 900.01),
        ("w", 333.33, 333.33, 833.34),
    ],
)
def test_rules_by_hand(model: str, ads: float, mail: float, call: float) -> None:
    assert shares(model) == {"ads": ads, "mail": mail, "call": call, "(no touch)": 99.99}


def test_time_decay_by_hand() -> None:
    # 14 and 5 days before the last touch, half-life 10 days
    weights = {"ads": 2**-1.4, "mail": 2**-0.5, "call": 1.0}
    told = shares("decay")
    for name, weight in weights.items():
        assert told[name] - (500.01 if name == "call" else 0) == pytest.approx(1000 * weight / sum(weights.values()), abs=0.01)


def test_the_steps_of_journeys_by_hand() -> None:
    steps = counted("journey_steps", company())
    told = {(row.origin, row.target): row.n for row in steps.groupby(["origin", "target"], as_index=False)["n"].sum().itertuples()}
    assert told == {
        ("(start)", "ads"): 2,  # A and old; d was won before it was touched
        ("ads", "mail"): 1,
        ("mail", "call"): 1,
        ("call", "(won)"): 2,
        ("(start)", "call"): 1,
        ("(start)", "mail"): 1,
        ("mail", "(won)"): 1,
        ("ads", "(missing)"): 1,  # old is still open: no last step
    }


def test_d_is_won_by_its_deal_before_its_touch_and_not_lost_again() -> None:
    ended = [deal for deal in DEALS if deal["deal_id"] != "5"]
    steps = counted("journey_steps", company(deals=ended))
    assert steps.loc[steps["target"] == "(lost)", ["origin", "n"]].to_numpy().tolist() == [["ads", 1]]


def test_markov_by_hand() -> None:
    # without d's early win: start -> ads 3, call 1, mail 1; ads -> mail 1, lost 1 (the open step is left out); mail -> call 1, won 1; call won
    ended = [deal for deal in DEALS if deal["deal_id"] != "5"]
    found = credit_shares(company(deals=ended))
    won_mail = 1.0
    won = 3 / 5 * (1 / 2 * won_mail) + 1 / 5 + 1 / 5
    visited = {"ads": 3 / 5, "mail": 3 / 5 / 2 + 1 / 5, "call": 1 / 5 + (3 / 5 / 2 + 1 / 5) / 2}
    effect = {"ads": visited["ads"] * 0.5 / won, "mail": visited["mail"] / won, "call": visited["call"] / won}
    markov = dict(zip(found.labels, found.share[MODELS.index("markov")] * BOOKINGS, strict=True))
    for name, value in effect.items():
        assert markov[name] == pytest.approx(1500.01 * value / sum(effect.values()), rel=1e-12)


@pytest.mark.parametrize("of", ["channel", "campaign_id"])
@pytest.mark.parametrize("unit", ["account", "lead"])
def test_credit_adds_up_to_bookings_with_open_journeys_in_the_data(of: str, unit: str) -> None:
    found = credit_shares(company(), of=of, unit=unit)
    assert found.cents == round(100 * BOOKINGS)
    assert found.share.sum(axis=1) == pytest.approx(np.ones(len(MODELS)), abs=1e-12)
    assert found.wins.sum(axis=1) == pytest.approx(np.full(len(MODELS), 4.0), rel=1e-9)
    table = attribution_table(found)
    cents = (table["bookings"] * 100).round().astype(int).groupby(table["model"]).sum()
    assert cents.eq(found.cents).all()


def random_company(seed: int):
    draw = random.Random(seed)
    leads = [{"lead_id": f"l{i}", "created_at": "2026-01-01", "account_id": f"a{i // 2}"} for i in range(40)]
    day = lambda: f"2026-0{draw.randint(1, 3)}-{draw.randint(1, 28):02d} {draw.randint(0, 23):02d}:00:00"  # noqa: E731
    touches = [
        {
            "touch_id": str(i),
            "lead_id": f"l{draw.randint(0, 39)}",
            "occurred_at": day(),
            "side": draw.choice(["marketing", "sales"]),
            "channel": draw.choice("pqrstu"),
            "campaign_id": draw.choice([None, "c1", "c2"]),
        }
        for i in range(150)
    ]
    ended = [(f"l{i}", draw.choice(["won", "lost", None]), day()) for i in range(40)]
    events = [{"lead_id": lead, "stage": stage, "entered_at": at} for lead, stage, at in ended if stage]
    deals = [
        {"deal_id": lead, "lead_id": lead, "outcome": "won", "closed_at": at, "amount": draw.choice([None, draw.randint(1, 10**7) / 100])}
        for lead, stage, at in ended
        if stage == "won"
    ]
    return {"leads": leads, "touches": touches, "stage_events": events, "deals": deals}


@pytest.mark.parametrize("seed", range(2))
def test_credit_is_conserved_and_blind_to_the_order_of_rows(seed: int) -> None:
    tables = random_company(seed)
    mixed = {name: random.Random(seed + 1).sample(rows, k=len(rows)) for name, rows in tables.items()}
    one, other = (credit_shares(company(**given)) for given in (tables, mixed))
    bookings = round(100 * sum(deal["amount"] or 0 for deal in tables["deals"]))
    assert one.cents == bookings
    assert one.share.sum(axis=1) * bookings == pytest.approx(np.full(len(MODELS), bookings), rel=1e-12)
    assert one.labels == other.labels
    assert (one.share == other.share).all()


def test_sourced_and_influenced_are_never_above_bookings_and_overlap_is_shown() -> None:
    told = origins(company()).set_index("part")
    assert told.loc["bookings", ["deals", "bookings", "unpriced"]].tolist() == [4, pytest.approx(BOOKINGS), 1]
    assert told.loc["sourced by marketing", ["deals", "bookings"]].tolist() == [2, 1000]
    assert told.loc["influenced by marketing", ["deals", "bookings"]].tolist() == [2, 1000]
    assert told.loc["touched by sales", ["deals", "bookings"]].tolist() == [2, pytest.approx(1500.01)]
    assert told.loc["sales alone", ["deals", "bookings"]].tolist() == [1, pytest.approx(500.01)]
    assert told.loc["no touch on record", ["deals", "bookings"]].tolist() == [1, pytest.approx(99.99)]
    parts = ["marketing first, then both", "sales first, then both", "marketing alone", "sales alone", "no touch on record"]
    assert told.loc[parts, "bookings"].sum() == pytest.approx(BOOKINGS)
    assert told["bookings"].max() == pytest.approx(BOOKINGS)


def test_deals_that_began_before_touches_were_recorded_are_counted() -> None:
    config = Config(min_n=1, observed_from={"touches": "2026-01-02"})
    told = origins(company(config=config)).set_index("part")
    assert told.loc["began before touches were recorded", "deals"] == 1


def test_roles_count_each_deal_once_per_channel() -> None:
    twice = [*TOUCHES, {"touch_id": "11", "lead_id": "b", "occurred_at": "2026-01-11", "side": "marketing", "channel": "mail"}]
    roles = counted("won_roles", company(touches=twice)).set_index(["segment", "role"])
    assert roles.loc[("mail", "influenced")].tolist() == [2, 100_000]
    assert roles.loc[("ads", "sourced")].tolist() == [1, 100_000]
    assert ("call", "influenced") not in roles.index


def test_the_models_disagree_by_what_changes_hands() -> None:
    told = disagreement(credit_shares(company())).set_index(["model", "other"])
    moved = told.loc[("first", "last")]
    assert moved["moved"] == pytest.approx(1000)
    assert moved["moved_share"] == pytest.approx(1000 / BOOKINGS)
    assert (moved["most"], moved["most_share"]) == ("ads", pytest.approx(1000 / BOOKINGS))
    assert len(told) == 21


def test_the_spread_goes_from_the_least_to_the_most() -> None:
    told = spread_table(credit_shares(company())).set_index("segment")
    assert told.loc["ads", ["least_share", "most_share"]].tolist() == pytest.approx([0, 1000 / BOOKINGS])
    assert told.loc["(no touch)", "spread_share"] == 0


def test_nothing_booked_is_null_with_the_reason() -> None:
    table = attribution_table(credit_shares(company(quarter="2025Q4")))
    assert table.empty
    told = attribution_table(credit_shares(company(deals=DEALS[3:4])))
    assert set(told["reason"]) == {"nothing was booked in the quarter"}
    assert told["bookings"].isna().all()


def test_the_figures_add_up_and_carry_the_configured_model() -> None:
    frame = attribution_kpis(company(config=Config(min_n=1, attribution_model="first")))
    assert set(frame["kpi"]) == set(KPIS)
    cut = frame[frame["slice"] != "all"]
    assert cut.groupby(["kpi", "slice"])["value"].sum().to_numpy() == pytest.approx(np.full(16, BOOKINGS))
    mine = cut[(cut["kpi"] == "attributed_bookings") & (cut["slice"] == "campaign")].set_index("segment")["value"]
    assert mine.to_dict() == {"(missing)": 500.01, "Spring": 1000.0, "Letter": 0.0, "(no touch)": 99.99}
    whole = frame[frame["slice"] == "all"].set_index("kpi")["value"]
    assert whole["sourced_bookings"] == whole["influenced_bookings"] == 1000
    assert not frame.duplicated(["kpi", "slice", "segment"]).any()


@pytest.mark.parametrize("table", ["touches", "deals"])
def test_a_missing_table_is_a_reason(table: str) -> None:
    frame = attribution_kpis(company(**{table: []}))
    assert set(frame["reason"]) == {f"no {table} table"}
    assert frame["kpi"].tolist() == list(KPIS)


def test_leaders_see_no_small_segment() -> None:
    study = company(config=Config(min_n=1, min_cell=3)).for_leaders()
    found = credit_shares(study)
    assert set(found.labels) == {"(other)", "ads", "call", "(no touch)"} - {"call"}
    assert found.share.sum(axis=1) == pytest.approx(np.ones(len(MODELS)))


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (
            {"of": "chanel"},
            "Unknown recipient of credit 'chanel' for credit_shares. Did you mean 'channel'? Choose channel or campaign_id.",
        ),
        ({"unit": "acount"}, "Unknown unit 'acount' for credit_shares. Did you mean 'account'? Choose account or lead."),
    ],
)
def test_an_unknown_choice_names_the_nearest(choice: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        credit_shares(company(), **choice)
    assert str(refused.value) == sentence


def test_an_earlier_as_of_sees_less() -> None:
    early = company(as_of="2026-02-05")
    assert credit_shares(early).cents == 100_000
    assert len(LEADS) == 6
    assert len(EVENTS) == 4

"""Stage visits: every definition as a decision table on leads written by hand."""

from __future__ import annotations

from datetime import date

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts import counted
from alignment_toolkit.journeys import with_ids
from alignment_toolkit.stages import first_entries, n_skipped, observed_visits, opportunity_stage, visits
from tests import worlds

BORN = "2026-01-01 06:00:00"
AS_OF = "2026-04-01"
NAMES = Config().stage_names


def lead(lead_id="a", created_at=BORN, **more):
    return {"lead_id": lead_id, "created_at": created_at, "source": "web"} | more


def event(stage, entered_at, lead_id="a", **more):
    return {"lead_id": lead_id, "stage": stage, "entered_at": entered_at} | more


def company(*events, leads=None, as_of=AS_OF, **tables):
    return worlds.study(
        "2026Q1", as_of=as_of, leads=leads or [lead()], stage_events=list(events) or [event("mql", BORN, "stranger")], **tables
    )


def stays(study):
    """stage, entered, left, next, back-filled of every visit in time order, by lead."""
    frame = with_ids(study.crm, visits(study.crm)).to_pandas().sort_values(["entered_at", "rank"])
    found = {}
    for row in frame.itertuples():
        found.setdefault(row.lead_id, []).append(
            (NAMES[row.rank], day(row.entered_at), day(row.left_at), named(row.next_rank), row.is_backfilled)
        )
    return found


def named(rank):
    return None if rank != rank else NAMES[int(rank)]


def by_stage(table):
    """The rows of a table of visits with their stage's name."""
    frame = table.to_pandas()
    return frame.assign(stage=frame["rank"].map(dict(enumerate(NAMES))))


def day(instant):
    return None if instant is None or instant != instant else instant.strftime("%m-%d")


CASES = [
    ([], [("lead", "01-01", None, None, False)]),
    ([event("mql", "2026-01-03")], [("lead", "01-01", "01-03", "mql", False), ("mql", "01-03", None, None, False)]),
    # an explicit first event is the entry, not creation
    ([event("lead", "2026-01-02")], [("lead", "01-02", None, None, False)]),
    # a later return to the first stage does not undo creation
    (
        [event("mql", "2026-01-03"), event("lead", "2026-01-05")],
        [("lead", "01-01", "01-03", "mql", False), ("mql", "01-03", "01-05", "lead", False), ("lead", "01-05", None, None, False)],
    ),
    # a stamp of the stage the lead is in changes nothing
    (
        [event("mql", "2026-01-03"), event("mql", "2026-01-04"), event("sal", "2026-01-06")],
        [("lead", "01-01", "01-03", "mql", False), ("mql", "01-03", "01-06", "sal", False), ("sal", "01-06", None, None, False)],
    ),
    # a skipped stage has no visit
    ([event("sql", "2026-01-03")], [("lead", "01-01", "01-03", "sql", False), ("sql", "01-03", None, None, False)]),
    # same instant as the next stage: back-filled, ordered by the funnel whatever the order of rows
    (
        [event("sql", "2026-01-03"), event("mql", "2026-01-03")],
        [("lead", "01-01", "01-03", "mql", False), ("mql", "01-03", "01-03", "sql", True), ("sql", "01-03", None, None, False)],
    ),
    # flagged as back-filled
    (
        [event("mql", "2026-01-03", is_backfilled=True), event("sal", "2026-01-06")],
        [("lead", "01-01", "01-03", "mql", False), ("mql", "01-03", "01-06", "sal", True), ("sal", "01-06", None, None, False)],
    ),
    # lost and re-opened: the lost time is no visit
    (
        [event("mql", "2026-01-03"), event("lost", "2026-01-05"), event("mql", "2026-01-09")],
        [("lead", "01-01", "01-03", "mql", False), ("mql", "01-03", "01-05", "lost", False), ("mql", "01-09", None, None, False)],
    ),
    # won from the first win on: nothing after it is a visit
    (
        [event("opportunity", "2026-01-03"), event("won", "2026-01-05"), event("lost", "2026-01-07"), event("sql", "2026-01-09")],
        [("lead", "01-01", "01-03", "opportunity", False), ("opportunity", "01-03", "01-05", "won", False)],
    ),
    # stamped before creation: counts at creation, so the stay in the first stage has no length
    ([event("mql", "2025-12-30")], [("lead", "01-01", "01-01", "mql", True), ("mql", "01-01", None, None, False)]),
    # entered at the instant of creation
    ([event("mql", BORN)], [("lead", "01-01", "01-01", "mql", True), ("mql", "01-01", None, None, False)]),
    # not visible yet
    ([event("mql", AS_OF)], [("lead", "01-01", None, None, False)]),
]


@pytest.fixture(scope="module")
def table():
    """Every case as a lead of one company."""
    names = [f"case {at}" for at in range(len(CASES))]
    events = [row | {"lead_id": name} for name, (rows, _) in zip(names, CASES, strict=True) for row in rows]
    return stays(company(*events, leads=[lead(name) for name in names]))


@pytest.mark.parametrize("at", range(len(CASES)))
def test_visits(table, at):
    assert table[f"case {at}"] == CASES[at][1]


def test_visits_of_one_lead_do_not_depend_on_others():
    study = company(event("mql", "2026-01-03"), event("mql", "2026-01-02", "b"), leads=[lead(), lead("b")])
    frame = with_ids(study.crm, visits(study.crm)).to_pandas()
    assert frame.groupby("lead_id").size().to_dict() == {"a": 2, "b": 2}


def test_ranks_survive_decades():
    """A stage is kept in the low digits of a number that outgrows a float after a year or so."""
    old = lead(created_at="1996-01-01 06:00:00.000001")
    rows = [("mql", "2025-11-03 07:08:09.123457"), ("sal", "2025-11-03 07:08:10.123458"), ("sql", "2025-11-03 07:08:11.123459")]
    study = company(*[event(stage, at, is_backfilled=stage == "sal") for stage, at in rows], leads=[old])
    assert [(stay[0], stay[-1]) for stay in stays(study)["a"]] == [("lead", False), ("mql", False), ("sal", True), ("sql", False)]


def test_merged_leads_make_one_line_of_visits():
    merges = [{"table": "leads", "lost_id": "b", "survivor_id": "a", "merged_at": "2026-02-01"}]
    study = company(event("mql", "2026-01-03"), event("sal", "2026-01-05", "b"), leads=[lead(), lead("b")], merges=merges)
    assert [stay[0] for stay in stays(study)["a"]] == ["lead", "mql", "sal"]


def test_revisits_are_counted_and_are_no_first_entries():
    study = company(event("mql", "2026-01-03"), event("lead", "2026-01-05"), event("mql", "2026-01-07"))
    assert counted("stage_paths", study).set_index("segment")["n_again"].to_dict() == {"lead": 1, "mql": 1}
    frame = by_stage(first_entries(study)).sort_values("created_at")
    assert list(zip(frame["stage"], frame["created_at"].dt.day, strict=True)) == [("lead", 1), ("mql", 3)]


@pytest.mark.parametrize(
    ("left", "as_of", "expected"),
    [
        ("2026-01-02 05:59:59", AS_OF, (0, "event")),  # a second below the day boundary
        ("2026-01-02 06:00:00", AS_OF, (1, "event")),  # at it
        ("2026-01-02 06:00:01", AS_OF, (1, "event")),  # above it
        ("2026-01-10 06:00:00", "2026-01-11 06:00:00", (9, "event")),  # on the last whole day
        ("2026-01-10 06:00:00", "2026-01-11 05:59:59", (8, "censor")),  # the day is not over: open until tomorrow
    ],
)
def test_day_index_of_leaving(left, as_of, expected):
    study = company(event("mql", left), as_of=as_of)
    frame = by_stage(observed_visits(study))
    row = frame[frame["stage"] == "lead"].iloc[0]
    assert (row["exit"], row["exit_move"]) == expected


def test_a_visit_younger_than_a_day_is_not_yet_at_risk():
    assert observed_visits(company(as_of="2026-01-02 05:59:59")).to_pandas().empty
    assert len(observed_visits(company(as_of="2026-01-02 06:00:00")).to_pandas()) == 1


def test_advancing_is_the_event_and_all_else_competes():
    ends = {"sal": "event", "opportunity": "event", "won": "event", "lost": "competing", "lead": "competing"}
    events = [event("mql", "2026-01-03", name) for name in ends] + [event(name, "2026-01-05", name) for name in ends]
    study = company(*events, leads=[lead(name) for name in ends])
    frame = by_stage(with_ids(study.crm, observed_visits(study)))
    assert frame[frame["stage"] == "mql"].set_index("lead_id")["exit_move"].to_dict() == ends


def test_backfilled_visits_are_left_out_and_counted():
    study = company(event("mql", "2026-01-03"), event("sal", "2026-01-03"))
    assert by_stage(observed_visits(study))["stage"].tolist().count("mql") == 0
    paths = counted("stage_paths", study).set_index("segment")
    assert paths[["n_advanced", "n_open", "n_backfilled"]].to_dict("index") == {
        "lead": {"n_advanced": 1, "n_open": 0, "n_backfilled": 0},
        "mql": {"n_advanced": 0, "n_open": 0, "n_backfilled": 1},
        "sal": {"n_advanced": 0, "n_open": 1, "n_backfilled": 0},
    }


def test_skipped_stages():
    jumps = {"mql": 0, "sal": 1, "opportunity": 3, "won": 4, "lost": 0}
    study = company(*[event(to, "2026-01-05", to) for to in jumps], leads=[lead(to) for to in jumps])
    seen = visits(study.crm).filter(lambda stay: stay["rank"] == 0)
    assert (
        with_ids(study.crm, seen.mutate(skipped=n_skipped(study.crm, seen))).to_pandas().set_index("lead_id")["skipped"].to_dict() == jumps
    )


@pytest.mark.parametrize(
    ("opened", "created", "left", "expected"),
    [
        # created before the window: enters at the first whole day of its age inside
        (date(2026, 1, 11), "2026-01-01 06:00", None, (10, 88)),
        (date(2026, 1, 11), "2026-01-01 00:00", None, (10, 89)),
        # gone before the window: never under observation
        (date(2026, 1, 11), "2026-01-01 06:00", "2026-01-10 00:00", None),
        # created inside
        (date(2026, 1, 11), "2026-01-20 06:00", None, (0, 69)),
    ],
)
def test_late_entry(opened, created, left, expected):
    config = Config(observed_from={"stage_events": opened})
    events = [event("mql", left)] if left else [event("mql", BORN, "stranger")]
    study = worlds.study("2026Q1", as_of=AS_OF, config=config, leads=[lead(created_at=created)], stage_events=events)
    frame = by_stage(observed_visits(study))
    frame = frame[frame["stage"] == "lead"]
    assert [(row.entry, row.exit) for row in frame.itertuples()] == ([expected] if expected else [])


def test_visits_entered_after_the_quarter_or_before_outcomes_were_recorded_are_left_out():
    leads = [lead("early", "2025-11-01"), lead("inside", "2026-01-15"), lead("late", "2026-04-02")]
    config = Config(outcome_observed_from=date(2026, 1, 1))
    events = [event("mql", "2026-02-01", "early")]
    study = worlds.study("2026Q1", cohort="4q", as_of="2026-05-01", config=config, leads=leads, stage_events=events)
    frame = by_stage(with_ids(study.crm, observed_visits(study)))
    assert sorted(zip(frame["lead_id"], frame["stage"], strict=True)) == [("early", "mql"), ("inside", "lead")]


@pytest.mark.parametrize(
    ("touched", "expected"),
    [
        ("2026-01-10 07:00", (9, "competing")),  # silent for 80 days and more: lost on the last sign of life
        ("2026-03-20 00:00", (88, "censor")),  # heard of lately
        (None, (0, "competing")),  # never heard of since it entered
    ],
)
def test_silent_leads_counted_as_lost(touched, expected):
    touches = [{"touch_id": "t", "lead_id": "a", "occurred_at": touched, "side": "sales", "channel": "call"}] if touched else []
    tables = {"touches": touches} if touches else {}
    config = Config(stale_days=30)
    study = worlds.study("2026Q1", as_of=AS_OF, config=config, leads=[lead()], stage_events=[event("mql", BORN, "stranger")], **tables)
    row = observed_visits(study, silent="lost").to_pandas().iloc[0]
    assert (row["exit"], row["exit_move"]) == expected
    assert by_stage(observed_visits(study))["exit_move"].tolist() == ["censor"]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ([event("won", "2026-01-10")], (7, "event")),
        ([event("lost", "2026-01-10")], (7, "competing")),
        ([event("lost", "2026-01-10"), event("sql", "2026-01-12")], (87, "censor")),
        ([event("lost", "2026-01-10"), event("sql", "2026-01-12"), event("won", "2026-01-20")], (17, "event")),
    ],
)
def test_first_entries_follow_the_lead_to_its_end(tail, expected):
    frame = by_stage(first_entries(company(event("mql", "2026-01-03"), *tail)))
    row = frame[frame["stage"] == "mql"].iloc[0]
    assert (row["exit"], row["exit_move"]) == expected


def test_first_entries_carry_the_money_of_the_lead():
    deals = [
        {"deal_id": "1", "lead_id": "a", "created_at": "2026-01-05", "closed_at": "2026-01-10", "outcome": "won", "amount": 100.5},
        {"deal_id": "2", "lead_id": "a", "created_at": "2026-01-05", "closed_at": "2026-01-10", "outcome": "lost", "amount": 7.0},
    ]
    study = company(event("opportunity", "2026-01-05"), event("won", "2026-01-10"), deals=deals)
    frame = first_entries(study).to_pandas()
    assert frame["cents"].tolist() == [10050, 10050]
    assert len(frame) == 2, "one row per stage reached, whatever the number of deals"


def test_opportunity_stage_is_named_so_or_the_last_open_one():
    assert opportunity_stage(company().crm) == "opportunity"
    stages = [{"name": "enquiry", "owner": "marketing"}, {"name": "quote", "owner": "sales"}]
    ends = [{"name": "won", "owner": "sales", "terminal": True}, {"name": "lost", "owner": "sales", "terminal": True}]
    config = Config.model_validate({"stages": stages + ends})
    assert opportunity_stage(worlds.crm(as_of=AS_OF, config=config, leads=[lead()], stage_events=[])) == "quote"

"""Funnels written by hand: a lead is its creation day and the days on which it entered stages, all at noon."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests import worlds

DAY_ZERO = datetime(2026, 1, 1, 12)


def at(day):
    return (DAY_ZERO + timedelta(days=day)).isoformat(sep=" ")


def funnel(leads, *, as_of=90, quarter="2026Q1", cohort="all", config=None, deals=None, touches=None, **attributes):
    """A study of leads {id: (created, {stage: day})} or {id: (created, [(stage, day)])}; days count from DAY_ZERO, as_of is exclusive.

    Args:
        leads: As above; a third item is a dict of the lead's attributes.
        as_of: Day.
        quarter: Label.
        cohort: As of `Study`.
        config: Settings; by default two units are enough.
        deals: Rows of deals with `created` and `closed` as days.
        touches: {lead id: [days]}.
        **attributes: Columns that all leads share.
    """
    people, events = [], []
    for name, (created, stages, *more) in leads.items():
        people.append({"lead_id": name, "created_at": at(created), "source": "web"} | attributes | (more[0] if more else {}))
        pairs = stages.items() if isinstance(stages, dict) else stages
        events += [{"lead_id": name, "stage": stage, "entered_at": at(day)} for stage, day in pairs]
    tables = {"leads": people, "stage_events": events}
    if deals is not None:
        tables["deals"] = [dated(row) for row in deals]
    if touches:
        rows = [(name, day) for name, days in touches.items() for day in days]
        tables["touches"] = [
            {"touch_id": str(n), "lead_id": name, "occurred_at": at(day), "side": "sales", "channel": "call"}
            for n, (name, day) in enumerate(rows)
        ]
    return worlds.study(quarter, cohort=cohort, as_of=at(as_of), config=config or settings(), **tables)


def dated(row):
    days = {f"{name}_at": None if row.get(name) is None else at(row[name]) for name in ("created", "closed")}
    return {key: value for key, value in row.items() if key not in {"created", "closed"}} | days


def settings(**changes):
    from alignment_toolkit.config import Config

    return Config(**({"min_n": 2} | changes))


def row_of(frame, label):
    """The row of a stage or segment."""
    return frame[frame.iloc[:, 0] == label].iloc[0]

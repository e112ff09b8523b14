"""Hundreds of small random companies in one store: each is one `source`, so one query answers for all of them.

Instants are drawn where definitions bend: whole days plus and minus a microsecond, quarter and daylight-saving boundaries, the as-of.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

STAGES = ("lead", "mql", "sal", "sql", "opportunity")
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
Row = dict[str, Any]


@dataclass
class Rows:
    """Canonical rows of every random company."""

    leads: list[Row] = field(default_factory=list)
    stage_events: list[Row] = field(default_factory=list)
    deals: list[Row] = field(default_factory=list)
    merges: list[Row] = field(default_factory=list)
    feedback: list[Row] = field(default_factory=list)

    def tables(self) -> dict[str, list[Row]]:
        """Table name -> rows, empty tables left out."""
        return {name: rows for name, rows in vars(self).items() if rows}

    def only(self, source: str) -> Rows:
        """The rows of one company."""
        prefix = f"{source}-"
        kept = {name: [row for row in rows if _lead_of(row).startswith(prefix)] for name, rows in vars(self).items()}
        return Rows(**kept)


def _lead_of(row: Row) -> str:
    return str(row.get("lead_id") or row.get("lost_id"))


def random_rows(seed: int, *, n: int, as_of: datetime, landmarks: list[datetime]) -> Rows:
    """`n` companies of 2 to 9 leads each.

    Args:
        seed: Of the generator.
        n: How many companies.
        as_of: Exclusive end of what is visible; some things happen after it.
        landmarks: Instants that definitions turn on, such as the first instant of a quarter.
    """
    rows, draw = Rows(), random.Random(seed)
    for world in range(n):
        for place in range(draw.randint(2, 9)):
            _add_lead(rows, draw, f"w{world:03d}-{place}", source=f"w{world:03d}", as_of=as_of, landmarks=landmarks)
        _add_merges(rows, draw, f"w{world:03d}", as_of=as_of)
    return rows


def _add_lead(rows: Rows, draw: random.Random, lead_id: str, *, source: str, as_of: datetime, landmarks: list[datetime]) -> None:
    created = _created(draw, as_of, landmarks)
    assigned = created + _offset(draw) if draw.random() < 0.4 else None
    rows.leads.append({"lead_id": lead_id, "created_at": created, "source": source, "assigned_at": assigned})
    seen: set[tuple[str, datetime]] = set()
    at = created + _offset(draw)
    for _ in range(draw.randint(0, 7)):
        stage = draw.choices([*STAGES, "won", "lost"], [1, 1, 1, 1, 2, 2, 4])[0]
        if (stage, at) not in seen:
            seen.add((stage, at))
            rows.stage_events.append({"lead_id": lead_id, "stage": stage, "entered_at": at})
        at += draw.choice([timedelta(0), TICK, DAY / 3, DAY, DAY - TICK, DAY + TICK, draw.randint(2, 40) * DAY])
        if draw.random() < 0.1:
            at = created - DAY * draw.random()
    if any(stage == "won" for stage, _ in seen):
        won_at = min(moment for stage, moment in seen if stage == "won")
        amount = draw.choice([None, float(draw.randint(1, 9)), draw.randint(1, 10**6) / 100])
        rows.deals.append(
            {
                "deal_id": f"d-{lead_id}",
                "lead_id": lead_id,
                "outcome": "won",
                "created_at": min(won_at, created),
                "closed_at": won_at,
                "amount": amount,
            }
        )
    for _ in range(draw.choice([0, 1, 1, 2])):
        verdict = draw.choice(["accepted", "rejected", "recycled"])
        moment = (assigned or created) + _offset(draw)
        if not any(row["lead_id"] == lead_id and row["given_at"] == moment for row in rows.feedback[-4:]):
            rows.feedback.append({"lead_id": lead_id, "given_at": moment, "verdict": verdict})


def _created(draw: random.Random, as_of: datetime, landmarks: list[datetime]) -> datetime:
    near = draw.choice([*landmarks, as_of])
    shift = draw.choice(
        [timedelta(0), TICK, -TICK, -DAY, -DAY - TICK, -DAY + TICK, -draw.randint(0, 300) * DAY, -draw.randint(0, 300) * DAY + TICK]
    )
    fuzz = timedelta(seconds=draw.randint(0, 86_400)) if draw.random() < 0.5 else timedelta(0)
    return near + shift + fuzz


def _offset(draw: random.Random) -> timedelta:
    whole = draw.choice([0, 0, 0, 1, 2, 5, 30, 90, draw.randint(0, 400)]) * DAY
    return whole + draw.choice([timedelta(0), TICK, -TICK, DAY / 2, -DAY / 2, timedelta(seconds=draw.randint(0, 86_399))])


def _add_merges(rows: Rows, draw: random.Random, source: str, *, as_of: datetime) -> None:
    mine = [row["lead_id"] for row in rows.leads if row["source"] == source]
    if draw.random() < 0.5:
        return
    for lost in draw.sample(mine, k=draw.randint(1, min(4, len(mine)))):
        heir = draw.choice([*(name for name in mine if name != lost), f"{source}-gone"])  # one that is not among the records
        merged_at = as_of + draw.choice([-DAY, -TICK, timedelta(0), DAY])
        rows.merges.append({"table": "leads", "lost_id": lost, "survivor_id": heir, "merged_at": merged_at})

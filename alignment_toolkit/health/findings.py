"""Everything that was found wanting in the records, each with its number, who can mend it and which figures it touches.

Unit: the row of the table named. Faults that can be seen in a row come from the check of the store; what takes a look at journeys, history,
money or the calendar is added here. No id of a record is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.arrivals import FAR, NO_DAY
from alignment_toolkit.counts.volumes import leads_left_out
from alignment_toolkit.faults import counted_faults
from alignment_toolkit.glossary import label
from alignment_toolkit.health.arrivals import arrivals, set_aside
from alignment_toolkit.health.gaps import kind_of
from alignment_toolkit.health.heaping import heaping
from alignment_toolkit.health.resolve import Bound
from alignment_toolkit.periods import local_day
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, percent

COLUMNS = ("area", "table", "finding", "n", "of", "share", "owner", "touches", "rule", "way_out")
SURE = 0.01
OLD_RATE_DAYS, LATE_DAYS = 92, 60
BEGINS_WITH_LEADS = ("stage_events", "deals", "touches", "feedback")
Found = tuple[str, str, float, float, str, str]


def findings(study: Study, bounds: Mapping[str, Bound]) -> pd.DataFrame:
    """Every finding, those of most records first within an area.

    Args:
        study: Quarter, as-of and cohort rule; the check looks at whole records, whatever the as-of.
        bounds: As `bounds_of` makes them, for the figures that a finding touches.

    Returns:
        area (links, times, contradictions, process, amounts, labels, records, history), table, finding, n, of, share (null over nothing),
        owner, touches (headline figures that it moves, or what else it touches), rule, way_out; only what occurs.
    """
    faults = counted_faults(study.crm, examples=False)
    rows: list[Found] = list(faults[["table", "fault", "n", "of", "rule", "way_out"]].itertuples(index=False, name=None))
    rows += [*process(study), *history(study), *deals_missing(study), *money(study), *left_out(study)]
    moved = figures_moved(bounds)
    frame = pd.DataFrame([_row(found, moved) for found in rows if found[2]], columns=list(COLUMNS))
    order = frame["area"].map({area: place for place, area in enumerate(AREAS)})
    return (
        frame.assign(order=order)
        .sort_values(["order", "n"], ascending=[True, False], kind="stable")
        .drop(columns="order")
        .reset_index(drop=True)
    )


AREAS = ("links", "contradictions", "times", "process", "history", "amounts", "labels", "records")


def _row(found: Found, moved: Mapping[str, list[str]]) -> dict[str, Any]:
    table, fault, n, of, rule, way_out = found
    kind = kind_of(table, fault)
    figures = list(dict.fromkeys(name for gap in kind.bounds for name in moved.get(gap, ())))
    told = ", ".join(label(name) for name in figures) or kind.touches or "no headline figure of this quarter"
    share = n / of if of else None
    return {
        "area": kind.area, "table": table, "finding": fault, "n": int(n), "of": int(of), "share": share,
        "owner": kind.owner, "touches": told, "rule": rule, "way_out": way_out,
    }  # fmt: skip


def figures_moved(bounds: Mapping[str, Bound]) -> dict[str, list[str]]:
    """Gap -> the headline figures that it moves."""
    moved: dict[str, list[str]] = {}
    for name, bound in bounds.items():
        for part in bound.parts:
            if part.lowest < bound.value or part.highest > bound.value:
                moved.setdefault(part.gap, []).append(name)
    return moved


def process(study: Study) -> Iterator[Found]:
    """Journeys that turn: moves back, re-opened leads, wins lost again."""
    paths = counted("stage_paths", study)
    turns = counted("lead_turns", study).groupby("what")["n"].sum()
    visits = paths[["n_advanced", "n_lost", "n_back", "n_open"]].sum().sum()
    rule, way_out = "A lead passes the stages in order", "Agree when a lead goes back, and record nothing else so"
    yield "stage_events", "moves back to an earlier stage", paths["n_back"].sum(), visits, rule, way_out
    rule, way_out = "A lost lead stays lost", "Nothing has to be done where it was true; record a new lead where it is a new try"
    yield "stage_events", "lost leads re-opened", turns.get("reopened", 0), turns.get("lost", 0), rule, way_out
    rule, way_out = "A win stays won", "Agree whether a cancelled order was ever a win, and record it so"
    yield "stage_events", "wins lost again", turns.get("won_reversed", 0), turns.get("won", 0), rule, way_out


def history(study: Study) -> Iterator[Found]:
    """History against what was last seen, days heaped on period ends, records that begin later than leads."""
    if study.crm.has("deals"):
        deals = counted("deal_gaps", study)
        rule, way_out = "A deal's history ends in the state that was last seen", "Export history and deals at the same time"
        yield (
            "deals",
            "history ends otherwise than last seen",
            deals.loc[deals["told"] != "same", "n"].sum(),
            deals["n"].sum(),
            rule,
            way_out,
        )
        if study.crm.has("deal_events"):
            links = counted("deal_links", study)
            rule, way_out = "Every deal has a history of its changes", "Export the changes of all deals, as far back as they are kept"
            bare = links.loc[~links["in_deal_events"], "n"].sum()
            yield "deals", "deals without a history", bare, links["n"].sum(), rule, way_out
    yield from _heaps(study)
    yield from _late(study)


def _heaps(study: Study) -> Iterator[Found]:
    for row in heaping(study).itertuples():
        if row.reason is None and row.p < SURE:
            days = "closing days" if row.kind == "closed" else "expected closes"
            rule = f"{percent(row.chance_share, 1)} of all days are the last of a {row.period}; so many by chance: p = {row.p:.2g}"
            yield "deals", f"{days} on period ends ({row.period})", row.n, row.of, rule, "Enter the day on which a deal really closed"


def _late(study: Study) -> Iterator[Found]:
    """Tables whose rows begin long after the leads do, configured or not, and leads whose outcomes were not recorded."""
    whole = arrivals(study).set_index("table")
    begun = whole["first_on"].get("leads")
    for name in BEGINS_WITH_LEADS:
        first = whole["first_on"].get(name)
        if not begun or not first or date.fromisoformat(first) - date.fromisoformat(begun) <= timedelta(days=LATE_DAYS):
            continue
        if name == "deals" and _created_when_closed(study):  # no deal can be older than the first win
            continue
        before = counted("rows_by_day", study, table="leads")
        n = before.loc[before["day"] < first, "n"].sum()
        known = study.config.observed_since(name)
        rule = f"Leads are recorded from {begun}, {name} from {first}; {counted_words(n, 'lead')} came before"
        way_out = f"observed_from is {known} and allows for it" if known else f"Set observed_from for {name}, or export the years before"
        begin = "begins" if name == "feedback" else "begin"
        yield name, f"{name} {begin} later than leads", n, before["n"].sum(), rule, way_out
    day = study.config.outcome_observed_from
    if day is not None:
        rule, way_out = f"Outcomes are recorded from {day} on", "Nothing can repair it; compare later cohorts only"
        yield (
            "leads",
            "leads created before outcomes were recorded",
            leads_left_out(study),
            counted("rows_by_day", study)["n"].sum(),
            rule,
            way_out,
        )


def _created_when_closed(study: Study) -> bool:
    """Whether every deal is created on the day on which it closes, as a list of orders has it."""
    closings, last_day = counted("closings_by_day", study), local_day(study.as_of, study.config.time_zone).isoformat()
    created = counted("rows_by_day", study, table="deals")
    seen = created[~created["day"].isin([NO_DAY, FAR]) & (created["day"] < last_day)]
    closed = closings[closings["kind"] == "closed"]
    return dict(zip(seen["day"], seen["n"], strict=True)) == dict(zip(closed["day"], closed["n"], strict=True))


def deals_missing(study: Study) -> Iterator[Found]:
    """Creation dates that no export has, and open deals where there is not one."""
    if not study.crm.has("deals"):
        return
    deals = counted("deal_gaps", study)
    n = deals["n"].sum()
    rule, way_out = "A deal says when it was created", "Export the creation date of deals (HubSpot: Create Date; Salesforce: Created Date)"
    yield "deals", "deals without a creation date", deals.loc[deals["unborn"], "n"].sum(), n, rule, way_out
    of = deals.groupby("outcome")["n"].sum()
    if n >= study.config.min_n and "open" not in of and "lost" in of and study.config.losses_recorded:
        rule = "Where deals are won and lost, some are open"
        yield "deals", "no deal is open: perhaps the export holds closed deals only", n, n, rule, "Export open deals too"


def money(study: Study) -> Iterator[Found]:
    """Amounts without a currency where there are several, and currencies whose last rate is old."""
    used = counted("currencies_used", study)
    for table, part in used.groupby("table"):
        named = part[part["currency"] != "(none)"]
        bare = part.loc[part["currency"] == "(none)", "n"].sum()
        if len(named) > 1:
            rule = f"Each amount names its currency where there are several; without one it is taken as {study.config.reporting_currency}"
            yield str(table), "amounts without a currency", bare, part["n"].sum(), rule, "Enter the currency, or make it a required field"
    late = counted("late_rates", study)[["table", "currency", "first_on", "n"]]
    for table, currency, first_on, n in late.itertuples(index=False, name=None):
        rule = f"Money has a rate on the day on which it is valued; {currency} has none before {first_on}, which is used"
        of = used.loc[used["table"] == table, "n"].sum()
        yield str(table), f"valued at a later rate ({currency})", n, of, rule, "Add the earlier rates"
    last_day = local_day(study.as_of, study.config.time_zone)
    for currency, last_on in counted("rates_valid", study)[["currency", "last_on"]].itertuples(index=False, name=None):
        n = used.loc[used["currency"] == currency, "n"].sum()
        days = (last_day - date.fromisoformat(str(last_on)[:10])).days
        if days > OLD_RATE_DAYS and currency != study.config.reporting_currency:
            rule = f"A rate is not older than {OLD_RATE_DAYS} days; {currency} was last valued {days:,} days before the as-of"
            yield (
                "exchange_rates",
                f"the last rate is older than a quarter ({currency})",
                n,
                used["n"].sum(),
                rule,
                "Add the newer rates",
            )


def left_out(study: Study) -> Iterator[Found]:
    """Rows that the ingest set aside although they might be records."""
    whole = arrivals(study).set_index("table")["read"]
    for table, n in set_aside(study).items():
        rule, way_out = "Every row that was read is used", "Read the reasons in the ingest's report, and repair the rows at the source"
        yield table, "rows set aside by the ingest", n, whole.get(table, n), rule, way_out

"""Match rates between systems: of the records of one table, how many are met in another.

Unit: the row of the first table; leads after merges. A rate below the whole is no fault by itself: a lead may well have no deal.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from alignment_toolkit.border.odd import sizes_of
from alignment_toolkit.border.orphans import orphans
from alignment_toolkit.counts import counted
from alignment_toolkit.study import Study

COLUMNS = ("records", "met_in", "matched", "of", "match_share", "expected")
ALL_OF_THEM, SOME = "every one", "some"


def match_rates(study: Study) -> pd.DataFrame:
    """How well the tables meet.

    Returns:
        records (what is looked for), met_in (where), matched, of, match_share (null over nothing), expected (`every one`: each that is
        not met is a fault; `some`: a share that is worth watching).
    """
    rows = [*_lead_rates(study), *_deal_rates(study), *_links(study)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.assign(match_share=frame["matched"] / frame["of"].where(frame["of"] > 0))


def _lead_rates(study: Study) -> Iterator[dict[str, object]]:
    links = counted("lead_links", study)

    def rate(records: str, met_in: str, among: pd.Series, met: str, expected: str) -> dict[str, object]:
        of = links[among]
        return {
            "records": records,
            "met_in": met_in,
            "matched": int(of.loc[of[met], "n"].sum()),
            "of": int(of["n"].sum()),
            "expected": expected,
        }

    everybody, won, handed = pd.Series(True, links.index), links["is_won"], links["is_handed"]
    yield rate("leads", "stage events", everybody, "is_told", SOME)
    if study.crm.has("touches"):
        yield rate("leads", "touches", everybody, "in_touches", SOME)
    if study.crm.has("feedback"):
        yield rate("leads handed over", "feedback", handed, "in_feedback", SOME)
    if study.crm.has("deals"):
        yield rate("leads", "deals", everybody, "in_deals", SOME)
        yield rate("won leads", "won deals", won, "in_won_deals", ALL_OF_THEM)
        yield rate("leads with a won deal", "won leads", links["in_won_deals"], "is_won", ALL_OF_THEM)
    if study.crm.has("subscriptions"):
        yield rate("won leads", "subscriptions", won, "in_subscriptions", SOME)


def _deal_rates(study: Study) -> Iterator[dict[str, object]]:
    links = counted("deal_links", study)
    if links.empty:
        return
    for records, met, met_in in (("deals", "has_lead_id", "a lead's id"), ("deals", "in_deal_events", "their history")):
        if met == "has_lead_id" or study.crm.has("deal_events"):
            of = int(links["n"].sum())
            yield {"records": records, "met_in": met_in, "matched": int(links.loc[links[met], "n"].sum()), "of": of, "expected": SOME}


def _links(study: Study) -> Iterator[dict[str, object]]:
    """Rows that name a record, and how many of these are there."""
    odds = [odd for odd in orphans(study.crm) if " is not in " in odd.fault]
    lost = sizes_of({place: odd.rows for place, odd in enumerate(odds)})
    whole = sizes_of({place: odd.of for place, odd in enumerate(odds)})
    for place, odd in enumerate(odds):
        column, _, home = odd.fault.partition(" is not in ")
        yield {
            "records": f"{odd.table} with a {column}",
            "met_in": home,
            "matched": whole[place] - lost[place],
            "of": whole[place],
            "expected": ALL_OF_THEM,
        }

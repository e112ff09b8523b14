"""Write connectors.md: which headers each shipped mapping looks for, from the mapping files themselves."""

from __future__ import annotations

from pathlib import Path

from alignment_toolkit.explain import headers_read
from alignment_toolkit.mapping import shipped, shipped_names

INTRO = """# Connectors

Written by `python docs/connectors.py` from the mapping files; a test compares the two.

Five mappings come with the toolkit. `alignment ingest --source DIR --out STORE` recognises which one fits and says why; `--mapping NAME`
says it yourself; `alignment map --explain --source DIR` shows what was matched, guessed and missing before anything is read. Headers are
compared without capitals, blanks and marks (`Create Date`, `createdate` and `create_date` are one), `*` stands for anything, and of several
headers the first that is there is read. A file is known by its name, else by its headers. What is not there is empty, and said.

| mapping | what | files or tables (needed: one of the bold ones) |
|---|---|---|
"""

TIMES = """
`fivetran_salesforce` and `fivetran_hubspot` read the same columns as the two they extend: Salesforce's under small names with underscores
(`created_date`, `stage_name`, `…_c`), HubSpot's with the prefix `property_`, which is taken off.

## Where the time of a stage comes from

Best first; the first that is there is taken, and the ingest says which and what is not there.

| vendor | time of | sources |
|---|---|---|
"""

STRIPE = """
### What counts as recurring revenue

Stripe's own definition (docs.stripe.com/billing/subscriptions/analytics/glossary), applied to the prices of today:

- Active and past-due subscriptions count. Trials, free plans, metered prices, one-off prices and taxes do not.
- A subscription ends at `ended_at`; `canceled_at` is the request and stands in only for a cancelled one without an end.
- An unpaid subscription has churned on the day it became unpaid. With history (`subscription_history`) that is the start of its last run
  of versions with that status; without, it is the start of the billing period at hand, which comes later if more periods have begun
  since.
- Paused: a subscription that was paused at the end of its trial never paid. Where collection is paused with `void` or
  `mark_uncollectible` nothing is charged, so it stops counting from then on, dated in the same way; with `keep_as_draft` it is charged
  later and counts.
- Where no day is known, and for a price that is missing, has no amount, has tiers that are not there or another currency than the rest,
  the subscription is set aside under that reason: its revenue is unknown, not zero. Incomplete subscriptions never started. A status that
  is not listed in `[words.status]` is refused.
- A price per day, week, month or year is brought to a month (a year has 12 months and 365 days). Tiered prices are worked out from the
  table of tiers, graduated or by volume; packages (`transform_quantity`) are rounded as they say. Amounts are in minor units: a hundred
  to one, but for Stripe's zero-decimal and three-decimal currencies (ISK, UGX, HUF and TWD are in hundredths).
- Discounts are not read. Stripe takes coupons that last forever off the recurring revenue, so with such coupons it is overstated here.
"""

OUTCOMES = """
## What decides whether a deal is won, lost or open

The first of these that says something about the deal as last seen:

| | Salesforce | HubSpot |
|---|---|---|
| 1 | its flags: `IsWon` true is won, `IsClosed` false is open, `IsClosed` true with `IsWon` false is lost | the same with Is Closed Won and Is Closed |
| 2 | its stage in `[words.opportunity_stage]` | its stage in `[words.deal_stage]`, with or without its pipeline: `Signed (Sales Pipeline)` or `Signed` |
| 3 | the stage list (`OpportunityStage`), else the flags of the other opportunities in the stage | the pipelines (`deal_pipeline_stage`), else the flags of the other deals in the stage |
| 4 | its probability: 100 is won, between 0 and 100 open, 0 lost only where `IsClosed` is true (an open stage may have 0) | its probability: 1 (or 100 %) is won, between open, 0 lost (HubSpot closes such stages) |
| 5 | the probability of the other opportunities in the stage, and of the stage in the history | the probability of the other deals in the stage |
| 6 | a stage that Salesforce comes with (`[words.usual_stage]`): open | a stage that HubSpot comes with: open |

`IsClosed` alone says closed, not lost. Rules 2 to 5 then decide whether it was won; rule 6 is not used. Conflicting evidence at one level is
ignored. A stage that nothing explains is refused (exit 3), all of them at once, with the lines to put into a mapping:

    extends = "hubspot"
    [words.deal_stage]
    "Signed" = "won"
    "Rejected by us" = "lost"

In a history each label is read by 2, 3, 5 and 6. The last label takes the outcome of the deal as last seen when nothing explains it, when the deal
is open now or when it was closed no later; a deal closed after its history ends is closed on its close date. An earlier label that nothing explains,
such as a stage deleted since, is an open stage. Of several changes in one second the last counts (of equal times the last by the history's own id), at
the end of the history the one that agrees with the deal as last seen; the others are set aside, counted.

Types of deals and statuses of leads follow the same rule: one that is not listed is refused with the lines that list it. A company with a type
"Partner" says whether it is new business, or keeps it apart from bookings under a word of its own:

    extends = "salesforce"
    [words.deal_type]
    "Partner" = "new"

A status that means `sal` is an acceptance and one that means `lost` a rejection, unless `[words.verdict]` says otherwise (`""`: no verdict).

A status that never changed is in no history. The stage at creation is the old value of the first change, else today's value, where a history is
there at all; Salesforce keeps 18 months of it at least, so of older leads it is counted as unknown. In a loader's history mode the current version
of a row counts, and the versions of leads, contacts, opportunities and deals are their history.

Ids of 15 and 18 characters are one id in Salesforce; they are stored with 18. A merge takes effect when the CRM made it, and from the start where
the CRM does not say when. Merges that go in a ring (1 into 2 and 2 into 1) contradict each other: the record with the smallest id stands for its
ring, `ingest` and `alignment check` count them, and the merge of the record that survived has to leave the source. Deals without a lead, or with one that is not among the leads, are counted by `ingest` and by `alignment check`.
"""  # noqa: E501 - the rows of a table are lines


def main() -> None:
    """Write the page."""
    (Path(__file__).parent / "connectors.md").write_text(page(), encoding="utf-8")


def page() -> str:
    """The text of the page."""
    parts = [INTRO + "".join(_overview(name) for name in shipped_names())]
    parts.append(TIMES + "".join(line for name in ("salesforce", "hubspot", "stripe") for line in _times(name)))
    parts.append(OUTCOMES)
    parts += [*(_inputs(name) for name in ("salesforce", "hubspot", "stripe")), STRIPE]
    return "".join(parts)


def _overview(name: str) -> str:
    mapping = shipped(name)
    assert mapping.vendor is not None
    listed = [f"**{entry}**" if entry in mapping.vendor.needs else entry for entry, rule in mapping.inputs.items() if not rule.same_as]
    return f"| `{name}` | {mapping.vendor.title} | {', '.join(listed)} |\n"


def _times(name: str) -> list[str]:
    parts = shipped(name).tables["stage_events"].parts
    lines = []
    for what in dict.fromkeys(part.what for part in parts):
        listed = " → ".join(part.says for part in parts if part.what == what and not part.also)
        beside = "".join(f"; besides: {part.says}" for part in parts if part.what == what and part.also)
        lines.append(f"| {name} | {what.removeprefix('time of ')} | {listed}{beside} |\n")
    return lines


def _inputs(name: str) -> str:
    head = f"\n## {name}\n\n| file | column | kind | headers, best first |\n|---|---|---|---|\n"
    rows = headers_read([name]).itertuples()
    return head + "".join(f"| {row.input} | {row.column} | {row.kind} | {' · '.join(str(row.headers).split(' | '))} |\n" for row in rows)


if __name__ == "__main__":
    main()

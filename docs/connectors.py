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


def main() -> None:
    """Write the page."""
    (Path(__file__).parent / "connectors.md").write_text(page(), encoding="utf-8")


def page() -> str:
    """The text of the page."""
    parts = [INTRO + "".join(_overview(name) for name in shipped_names())]
    parts.append(TIMES + "".join(line for name in ("salesforce", "hubspot", "stripe") for line in _times(name)))
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

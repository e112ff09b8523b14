"""Six companies as their systems export them, from one seeded funnel each, with the figures that counting gives.

Nothing here uses the toolkit: leads, wins and payments are drawn first, the figures are counted from them, and only then the files are written
in the form in which HubSpot, Salesforce, Stripe, a shop or an event log would hand them over.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

QUARTER = (date(2026, 7, 1), date(2026, 10, 1))
EXPORTED_ON = date(2026, 10, 1)
SOURCES = {"Organic Search": 0.30, "Paid Search": 0.12, "Webinar": 0.45, "Referral": 0.25}
BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass
class Journey:
    """One lead and what became of it."""

    number: int
    created: datetime
    source: str
    outcome: str = "open"
    decided: datetime | None = None
    amount: int = 0


@dataclass
class Company:
    """An export and what counting says about it.

    Attributes:
        source: Folder of the exported files.
        expected: KPI -> value of the report quarter.
        mapping: Arguments that name the mappings; empty where the files are recognised.
    """

    source: Path
    expected: dict[str, float | None] = field(default_factory=dict)
    mapping: list[str] = field(default_factory=list)


def drawn(seed: int, *, n: int = 640, first: date = date(2025, 1, 2), last: date = date(2026, 9, 30)) -> list[Journey]:
    """Leads in even numbers over the days, a share of them decided after some weeks."""
    luck = random.Random(seed)  # a simulation, no secret
    days = (last - first).days + 1
    told = []
    for number in range(n):
        day = first + timedelta(days=number * days // n)
        created = datetime.combine(day, time(luck.randrange(8, 18), luck.randrange(60)))
        journey = Journey(number, created, luck.choice(list(SOURCES)))
        decided = created + timedelta(days=luck.randrange(3, 80), hours=luck.randrange(0, 5))
        if decided.date() < EXPORTED_ON and luck.random() < 0.8:
            journey.outcome = "won" if luck.random() < SOURCES[journey.source] else "lost"
            journey.decided = decided
            journey.amount = luck.randrange(20, 200) * 100 if journey.outcome == "won" else 0
        told.append(journey)
    return told


def in_quarter(moment: datetime | None) -> bool:
    """Whether a moment lies in the report quarter."""
    return moment is not None and QUARTER[0] <= moment.date() < QUARTER[1]


def counted(journeys: Iterable[Journey]) -> dict[str, float | None]:
    """Leads and bookings of the quarter."""
    listed = list(journeys)
    won = sum(journey.amount for journey in listed if journey.outcome == "won" and in_quarter(journey.decided))
    return {"leads": sum(in_quarter(journey.created) for journey in listed), "bookings": won}


def written(path: Path, rows: Iterable[dict[str, object]], *, tail: Iterable[str] = ()) -> None:
    """A CSV file, with the lines that an export may add below its rows."""
    listed = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, listed[0])
        writer.writeheader()
        writer.writerows(listed)
        file.writelines(f"{line}\r\n" for line in tail)


def hubspot_defaults(place: Path) -> Company:
    """HubSpot with the columns of its default views only: no flags, no history, no creation date of a deal; stages were renamed."""
    journeys = drawn(1)
    stage = {"won": "Signed", "lost": "No deal", "open": "Proposal sent"}
    written(
        place / "hubspot-crm-exports-all-contacts-2026-10-01.csv",
        (
            {
                "Record ID": 10_000 + one.number,
                "First Name": "Ann",
                "Last Name": f"Number {one.number}",
                "Email": f"ann{one.number}@example.com",
                "Phone Number": "",
                "Contact owner": "Max Power",
                "Lead Status": "",
                "Lifecycle Stage": "Customer" if one.outcome == "won" else "Lead",
                "Create Date": f"{one.created:%Y-%m-%d %H:%M}",
                "Original Traffic Source": one.source,
            }
            for one in journeys
        ),
    )
    written(
        place / "hubspot-crm-exports-all-deals-2026-10-01.csv",
        (
            {
                "Record ID": 50_000 + one.number,
                "Deal Name": f"Deal {one.number}",
                "Deal Stage": f"{stage[one.outcome]} (Sales Pipeline)",
                "Close Date": f"{one.decided or one.created + timedelta(days=120):%Y-%m-%d %H:%M}",
                "Deal owner": "Eve Stone",
                "Amount": one.amount or 1_000,
                "Associated Contact IDs": 10_000 + one.number,
                "Associated Contact": f"Ann Number {one.number} (ann{one.number}@example.com)",
            }
            for one in journeys
            if one.outcome != "open" or one.number % 3 == 0
        ),
    )
    (place.parent / "hubspot.toml").write_text(
        'extends = "hubspot"\n\n[words.deal_stage]\n"Signed (Sales Pipeline)" = "won"\n"No deal (Sales Pipeline)" = "lost"\n'
        '"Proposal sent (Sales Pipeline)" = "open"\n',
        encoding="utf-8",
    )
    return Company(place, counted(journeys), ["--mapping", str(place.parent / "hubspot.toml")])


def salesforce_id(prefix: str, number: int, *, whole: bool) -> str:
    """An id of 15 characters, or the same with its three characters of checksum."""
    digits = ""
    for _ in range(15 - len(prefix)):
        digits = BASE_62[number % 62] + digits
        number //= 62
    short = prefix + digits
    if not whole:
        return short
    thirds = (short[0:5], short[5:10], short[10:15])
    return short + "".join(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(1 << at for at, sign in enumerate(third) if sign.isupper())] for third in thirds
    )


def salesforce_report(place: Path) -> Company:
    """Salesforce: two report exports with a footer and ids of 15 characters, beside histories of the Data Loader with 18."""
    journeys = drawn(2)
    footer = ["", "", '"Leads and opportunities"', '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."']
    footer += ['"Confidential Information - Do Not Distribute"', '"Generated By:  Ann Example  10/1/2026 9:00 AM"', '"Example Corp"']
    label = {"won": "Closed Won", "lost": "Closed Lost", "open": "Proposal/Price Quote"}
    report_time = "%m/%d/%Y %I:%M %p"
    written(
        place / "report1759300000001.csv",
        (
            {
                "Lead ID": salesforce_id("00Q5g00000", 7_000 + 53 * one.number, whole=False),
                "Lead Status": "Closed - Converted" if one.outcome != "open" else "Working - Contacted",
                "Create Date": one.created.strftime(report_time),
                "Lead Source": one.source,
                "Converted": int(one.outcome != "open"),
                "Converted Date": one.decided and (one.created + timedelta(days=2)).strftime("%m/%d/%Y"),
                "Opportunity ID": salesforce_id("0065g00000", 9_000 + 61 * one.number, whole=False) if one.outcome != "open" else "",
            }
            for one in journeys
        ),
        tail=footer,
    )
    decided = [one for one in journeys if one.outcome != "open"]
    written(
        place / "report1759300000002.csv",
        (
            {
                "Opportunity ID": salesforce_id("0065g00000", 9_000 + 61 * one.number, whole=False),
                "Opportunity Name": f"Deal {one.number}, phase 1",
                "Stage": label[one.outcome],
                "Closed": 1,
                "Amount": f"{one.amount or 1000:,}.00",
                "Close Date": one.decided and one.decided.strftime("%m/%d/%Y"),
                "Created Date": (one.created + timedelta(days=2)).strftime("%m/%d/%Y"),
                "Type": "New Business",
            }
            for one in decided
        ),
        tail=['""', f'"Grand Totals ({len(decided):,} records)"', '"Confidential Information - Do Not Distribute"'],
    )
    written(
        place / "LeadHistory.csv",
        (
            {
                "Id": salesforce_id("0175g00000", 3_000 + one.number, whole=True),
                "LeadId": salesforce_id("00Q5g00000", 7_000 + 53 * one.number, whole=True),
                "Field": "Status",
                "OldValue": "Open - Not Contacted",
                "NewValue": "Working - Contacted",
                "CreatedDate": f"{one.created + timedelta(hours=5):%Y-%m-%dT%H:%M:%S.000Z}",
            }
            for one in journeys
        ),
    )
    return Company(place, counted(journeys))


def stripe_history(place: Path) -> Company:
    """Stripe as a connector lands it since it keeps the history of subscriptions only."""
    luck = random.Random(3)
    customers, versions, items = [], [], []
    paying_before, lost = 0, 0
    for number in range(240):
        start = datetime(2025, 1, 5, 12) + timedelta(days=number * 600 // 240)
        ended = start + timedelta(days=luck.randrange(40, 700))
        gone = ended if ended < datetime(2026, 9, 30) else None
        customers.append(
            {"id": f"cus_{number}", "created": start, "email": f"c{number}@example.org", "livemode": "true", "is_deleted": "false"}
        )
        last = "9999-12-31 23:59:59"
        shared = {"customer_id": f"cus_{number}", "created": start, "start_date": start, "livemode": "true"}
        if gone:
            versions.append(
                {"id": f"sub_{number}", "_fivetran_active": "false", "_fivetran_start": start, "_fivetran_end": gone, **shared}
                | {"status": "active", "canceled_at": "", "ended_at": ""}
            )
        versions.append(
            {"id": f"sub_{number}", "_fivetran_active": "true", "_fivetran_start": gone or start, "_fivetran_end": last, **shared}
            | {"status": "canceled" if gone else "active", "canceled_at": gone or "", "ended_at": gone or ""}
        )
        items.append({"id": f"si_{number}", "subscription_id": f"sub_{number}", "plan_id": luck.choice(["basic", "team"]), "quantity": 1})
        if start.date() < QUARTER[0] and (gone is None or gone.date() >= QUARTER[0]):
            paying_before += 1
            lost += gone is not None and gone.date() < QUARTER[1]
    written(place / "customer.csv", customers)
    written(place / "subscription_history.csv", versions)
    written(place / "subscription_item.csv", items)
    price = {"active": "true", "currency": "eur", "livemode": "true", "recurring_interval": "month", "recurring_interval_count": 1}
    price |= {"recurring_usage_type": "licensed", "billing_scheme": "per_unit", "type": "recurring"}
    written(place / "price.csv", ({"id": name, **price, "unit_amount": cents} for name, cents in (("basic", 4_900), ("team", 19_900))))
    return Company(place, {"logo_churn": lost / paying_before}, ["--mapping", "stripe"])


PURCHASES = '''
[config]
reporting_currency = "EUR"
stages = [
  { name = "lead", owner = "marketing" },
  { name = "won", owner = "sales", terminal = true },
  { name = "lost", owner = "sales", terminal = true },
]

[tables.leads]
sql = """SELECT buyer AS lead_id, MIN(CAST(bought_on AS DATE)) AS created_at, 'shop' AS source FROM purchases GROUP BY buyer"""

[tables.stage_events]
sql = """SELECT buyer AS lead_id, 'won' AS stage, MIN(CAST(bought_on AS DATE)) AS entered_at FROM purchases GROUP BY buyer"""

[tables.deals]
sql = """
SELECT order_id AS deal_id, buyer AS lead_id, CAST(bought_on AS DATE) AS created_at, CAST(bought_on AS DATE) AS closed_at, 'won' AS outcome, total AS amount
FROM purchases
"""
'''


def purchases(place: Path) -> Company:
    """A shop's list of orders: a buyer becomes a lead, and is won, with the first one."""
    luck = random.Random(4)
    rows, first, total = [], {}, 0
    for number in range(1_500):
        day = date(2025, 1, 2) + timedelta(days=number * 636 // 1_500)
        buyer = f"B{luck.randrange(500)}" if number % 3 else f"N{number}"
        cents = luck.randrange(1_000, 30_000)
        rows.append({"order_id": f"O{number}", "buyer": buyer, "bought_on": day, "total": f"{cents / 100:.2f}"})
        first.setdefault(buyer, day)
        total += cents if QUARTER[0] <= day < QUARTER[1] else 0
    written(place / "purchases.csv", rows)
    (place.parent / "purchases.toml").write_text(PURCHASES, encoding="utf-8")
    expected = {"leads": sum(QUARTER[0] <= day < QUARTER[1] for day in first.values()), "bookings": total / 100}
    return Company(place, expected, ["--mapping", str(place.parent / "purchases.toml")])


DATE_ONLY = """
[config]
time_zone = "Europe/Berlin"

[tables.leads]
from = "offers.csv"
columns = { lead_id = "id", created_at = "created", source = "source" }

[tables.stage_events]
from = "offers.csv"
wide = { sql = "qualified", opportunity = "offered", won = "won", lost = "lost" }
columns = { lead_id = "id" }

[tables.deals]
from = "offers.csv"
columns = { deal_id = "id", lead_id = "id", created_at = "offered", closed_at = "closed", outcome = "status", amount = "amount" }
"""


def date_only(place: Path) -> Company:
    """A funnel that knows days only, in a zone with summer time: everything up to the offer may happen on one day."""
    journeys = drawn(5)
    rows = []
    for one in journeys:
        offered = one.created.date() + timedelta(days=one.number % 3)
        day = max(one.decided.date(), offered) if one.decided else ""
        fields = {
            "id": f"L{one.number}",
            "created": one.created.date(),
            "source": one.source,
            "qualified": one.created.date(),
            "offered": offered,
        }
        won, lost = (day if one.outcome == wanted else "" for wanted in ("won", "lost"))
        rows.append({**fields, "won": won, "lost": lost, "closed": day, "status": one.outcome, "amount": one.amount or ""})
    written(place / "offers.csv", rows)
    (place.parent / "offers.toml").write_text(DATE_ONLY, encoding="utf-8")
    return Company(place, counted(journeys), ["--mapping", str(place.parent / "offers.toml")])


OLD_LEADS = """
[tables.leads]
sql = \"\"\"SELECT person AS lead_id, MIN(happened_at) AS created_at, MIN(channel) AS source FROM events WHERE event = 'created' GROUP BY person\"\"\"

[tables.stage_events]
sql = \"\"\"SELECT person AS lead_id, event AS stage, happened_at AS entered_at FROM events WHERE event IN ('mql', 'opportunity', 'won', 'lost')\"\"\"

[tables.deals]
sql = \"\"\"
SELECT person || '-' || happened_at AS deal_id, person AS lead_id, happened_at AS created_at, happened_at AS closed_at, 'won' AS outcome, amount,
    CASE WHEN event = 'renewed' THEN 'renewal' ELSE 'new' END AS deal_type
FROM events WHERE event IN ('won', 'renewed')
\"\"\"
"""


def old_leads(place: Path) -> Company:
    """An event log whose leads all came and were decided before the year that a report looks at; since then there are renewals only."""
    rows = []
    for one in drawn(6, n=200, first=date(2024, 6, 3), last=date(2025, 3, 28)):
        person, decided = f"P{one.number}", one.decided or one.created + timedelta(days=30)
        outcome = one.outcome if one.outcome != "open" else "lost"
        rows.append({"person": person, "event": "created", "happened_at": one.created, "channel": one.source, "amount": ""})
        rows.append({"person": person, "event": "mql", "happened_at": one.created + timedelta(days=1), "channel": "", "amount": ""})
        rows.append({"person": person, "event": outcome, "happened_at": decided, "channel": "", "amount": one.amount or ""})
        if outcome == "won":
            renewals = (decided + timedelta(days=days) for days in range(90, 700, 90))
            rows += [
                {"person": person, "event": "renewed", "happened_at": at, "channel": "", "amount": one.amount}
                for at in renewals
                if at.date() < EXPORTED_ON
            ]
    written(place / "events.csv", rows)
    (place.parent / "events.toml").write_text(OLD_LEADS, encoding="utf-8")
    return Company(place, {"conversion_90d": None, "bookings": 0}, ["--mapping", str(place.parent / "events.toml")])


COMPANIES = {maker.__name__: maker for maker in (hubspot_defaults, salesforce_report, stripe_history, purchases, date_only, old_leads)}

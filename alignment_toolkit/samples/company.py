"""Who is the simulated company? Frozen parameters and planted truths, in one place.

Unit: one lead. Every number that a test or a reader may want to know is a field here; the other modules only draw
from these laws. The law of a lead's outcome:

- it wins in the end with probability ``source.win x persona.win x region.win x quality`` (at most 0.95);
- the time to a win is Gamma(shape 2.2) with scale ``source.pace x (amount / 10,000)^0.8``: big deals take longer;
- otherwise it is lost after a Gamma time whose shape grows with the stage it reached, or never closed;
- a known share of those that do not win is lost and re-opened and may be won then; creation to that second win is Gamma(3.2) whatever the
  stage reached, so that incidence has a closed form.

It does not answer what real companies look like: the truths are planted to test estimators, not to be typical.
"""

from __future__ import annotations

from dataclasses import dataclass

STAGES = ("lead", "mql", "sal", "sql", "opportunity", "won", "lost")
STAGE_OWNERS = ("marketing", "marketing", "sales", "sales", "sales", "shared", "shared")
OPPORTUNITY, WON, LOST = 4, 5, 6
EARLY_DAYS = 120
HORIZONS = (30, 90, 180, 365)
DAY = 86_400


@dataclass(frozen=True)
class Source:
    """A lead source: its share of leads, win probability, pace in days, how deep its lost leads get.

    ``churn`` is the daily churn hazard of its customers in their first `EARLY_DAYS`; ``cost`` is EUR per lead.
    """

    name: str
    channel: str
    weight: float
    win: float
    pace: float
    depth: tuple[float, float, float, float, float]
    churn: float = 0.0006
    cost: float = 40.0


@dataclass(frozen=True)
class Group:
    """A persona, region or segment: share of leads and a factor (of win probability, or list price for segments)."""

    name: str
    weight: float
    factor: float
    currency: str = "EUR"


@dataclass(frozen=True)
class Campaign:
    """A campaign of one source that runs from quarter ``first`` to ``last`` of the span, both included (0 to 11)."""

    name: str
    source: str
    first: int = 0
    last: int = 11
    persona: str | None = None


_USUAL = (0.30, 0.28, 0.14, 0.10, 0.18)

SOURCES = (
    Source("Content", "content", 16.0, 0.11, 25.0, _USUAL, cost=35.0),
    Source("Webinar", "webinar", 31.0, 0.17, 20.0, (0.12, 0.12, 0.08, 0.10, 0.58), cost=60.0),
    Source("Paid social", "paid_social", 20.0, 0.02, 30.0, (0.55, 0.30, 0.08, 0.04, 0.03), cost=30.0),
    Source("Paid search", "paid_search", 12.0, 0.10, 26.0, _USUAL, cost=70.0),
    Source("Marketplace", "marketplace", 7.0, 0.15, 20.0, _USUAL, churn=0.0050, cost=50.0),
    Source("Partner referral", "partner", 3.5, 0.40, 20.0, (0.10, 0.15, 0.10, 0.15, 0.50), churn=0.0003, cost=90.0),
    Source("Outbound", "outbound", 6.5, 0.09, 36.0, _USUAL, cost=0.0),
    Source("Event", "event", 4.0, 0.13, 28.0, _USUAL, cost=120.0),
    Source("Trade fair", "trade_fair", 0.0, 0.10, 28.0, _USUAL, cost=0.0),
)
PERSONAS = (
    Group("Finance", 0.32, 1.0),
    Group("Operations", 0.18, 1.0),
    Group("IT", 0.30, 1.3),
    Group("Founder", 0.20, 0.55),
)
REGIONS = (
    Group("DACH", 0.52, 1.04),
    Group("Nordics", 0.18, 1.0),
    Group("UK and Ireland", 0.16, 0.95, "GBP"),
    Group("North America", 0.14, 0.9086, "USD"),
)
SEGMENTS = (Group("Small", 0.45, 8_500.0), Group("Mid-market", 0.35, 10_000.0), Group("Enterprise", 0.20, 13_000.0))
QUALITY = (0.4, 1.6)
PRODUCTS = ("Core Suite", "Insight", "Connect")
CAMPAIGNS = (
    Campaign("Evergreen guides", "Content"),
    Campaign("Benchmark report", "Content"),
    Campaign("Buyer checklist", "Content", persona="Finance"),
    Campaign("Migration stories", "Content", 4),
    Campaign("Webinar basics", "Webinar", 0, 5),
    Campaign("Webinar finance hour", "Webinar", 0, 11, "Finance"),
    Campaign("Webinar operations hour", "Webinar", 0, 11, "Operations"),
    Campaign("Webinar deep dive", "Webinar", 3, 11, "IT"),
    Campaign("Webinar customer panel", "Webinar", 6),
    Campaign("Social broad", "Paid social"),
    Campaign("Social lookalike", "Paid social"),
    Campaign("Social retargeting", "Paid social", 2),
    Campaign("Social founders", "Paid social", 5, 11, "Founder"),
    Campaign("Search brand", "Paid search"),
    Campaign("Search generic", "Paid search"),
    Campaign("Search competitor", "Paid search", 3),
    Campaign("Search integrations", "Paid search", 6, 11, "IT"),
    Campaign("Marketplace listing", "Marketplace"),
    Campaign("Marketplace featured", "Marketplace", 4),
    Campaign("Partner programme", "Partner referral"),
    Campaign("Partner co-selling", "Partner referral", 5),
    Campaign("Roadshow 2024", "Event", 0, 4),
    Campaign("Roadshow 2025", "Event", 5, 8),
    Campaign("Roadshow 2026", "Event", 9, 11),
    Campaign("User day", "Event", 2),
)


@dataclass(frozen=True)
class Law:
    """Shared laws. Shapes and scales are of Gamma times in days; rates are probabilities in [0, 1]."""

    win_shape: float = 2.2
    size_exponent: float = 0.8
    size_sigma: float = 0.25
    reference_amount: float = 10_000.0
    loss_scale: float = 32.0
    loss_shapes: tuple[float, float, float, float, float] = (0.6, 0.8, 1.2, 1.5, 1.9)
    never_closed: tuple[float, float, float, float, float] = (0.16, 0.16, 0.10, 0.06, 0.03)
    reopen_share: float = 0.09
    second_total_shape: float = 3.2
    second_win_shape: float = 1.0
    second_win_factor: float = 2.0
    second_win_cap: float = 0.6
    win_cap: float = 0.95
    quality_step_down: float = 0.35
    shared_account_share: float = 0.08


@dataclass(frozen=True)
class Planted:
    """What is wrong, or changes, in the simulated company; quarters are positions in the span (11 = 2026Q3)."""

    poor_source: str = "Paid social"
    excellent_source: str = "Partner referral"
    tiny_source: str = "Trade fair"
    tiny_quarters: tuple[int, int] = (4, 8)
    bad_quarter: int = 11
    marketing_source: str = "Webinar"
    marketing_drop: float = 0.93
    sales_region: str = "DACH"
    sales_drop: float = 0.92
    slow_region: str = "Nordics"
    first_touch_hours: float = 5.0
    slow_touch_hours: float = 55.0
    untouched_share: float = 0.06
    drift_up: str = "Operations"
    drift_down: str = "Finance"
    drift_share: float = 0.20
    improved_campaign: str = "Buyer checklist"
    improved_on: str = "2025-10-06"
    improved_before_share: float = 0.85
    improved_after_share: float = 0.55
    churn_source: str = "Marketplace"
    burst_source: str = "Outbound"
    burst_quarter: int = 5
    burst_on: str = "2025-03-03"
    burst_share: float = 0.0045
    touches_from: str = "2024-04-01"
    missourced_source: str = "Content"
    missourced_as: str = "Outbound"
    missourced_share: float = 0.40
    claim_team: str = "marketing"
    claim_excess: float = 0.12
    missed_bookings: tuple[int, ...] = (6, 8, 11)
    qualified_score: int = 60


LAW = Law()
PLANTED = Planted()
ARRIVALS = (0.55, 0.62, 0.70, 0.78, 0.88, 1.0, 1.01, 0.99, 0.98, 1.0, 1.0, 1.0)


def position(groups: tuple[Source, ...] | tuple[Group, ...] | tuple[Campaign, ...], *, name: str) -> int:
    """Position of the named group in its tuple.

    Raises:
        ValueError: no group has this name.
    """
    return [group.name for group in groups].index(name)

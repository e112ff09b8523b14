"""Every public function refuses a wrong slice, horizon, start, period or count in a sentence that says what there is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alignment_toolkit as at
from alignment_toolkit.arguments import CUSTOMER_SLICES, LEAD_SLICES, OneOf, Whole, several
from alignment_toolkit.customers import ORIGINS
from alignment_toolkit.errors import UsageError
from alignment_toolkit.leads import SLICES
from tests import worlds

NAMES = ("sorce", "", "SOURCE ", None, 3, True, ["source", "sorce"])
NUMBERS = ("60", -5, 60.5, True, float("nan"), float("inf"), 10**9, Decimal("60"), None, np.datetime64("2026-01-01"))
FLAGS = ("@bad@", "", 1, 0, None, float("nan"), np.array([True]))
LISTS = ([], (), ["60"], [-5], [60.5], [True], [float("nan")], [30, 10**9], "60", {"60": 1})

# Parameter -> values that no function with it accepts.
BAD: dict[str, tuple[Any, ...]] = {
    "by": NAMES,
    "and_by": NAMES,
    "start": NAMES,
    "scope": NAMES,
    "of": NAMES,
    "unit": NAMES,
    "within": NAMES,
    "tables": ([], ["leeds"], "leeds", [None]),
    "horizon": NUMBERS,
    "horizons": LISTS,
    "longest": NUMBERS,
    "max_day": NUMBERS,
    "quarters": NUMBERS,
    "at_most": NUMBERS,
    "most": NUMBERS,
    "until": NUMBERS,
    "days": NUMBERS,
    "intervals": FLAGS,
    "to_date": FLAGS,
    "since": ("2026Q2", 3, pd.Timestamp("2026-01-01")),
}
# Parameters that are frames, results of other functions, settings of a study, or text that is shown as it is.
FREE = {
    *(
        "agreed",
        "arrivals",
        "ax",
        "bounds",
        "bridge",
        "caption",
        "change",
        "changes",
        "check",
        "columns",
        "config",
        "contributions",
        "currency",
    ),
    *(
        "curve",
        "drift",
        "early",
        "figures",
        "findings",
        "found",
        "frame",
        "gap_days",
        "hours",
        "kpis",
        "labels",
        "mix",
        "name",
    ),
    *(
        "now",
        "pairs",
        "past",
        "paths",
        "rates",
        "reasons",
        "records",
        "role",
        "sentences",
        "steps",
        "study",
        "table",
        "triangle",
    ),
    *("because", "weeks"),
    *("as_of", "cohort", "data", "month", "quarter"),  # of open_study: tests/test_study.py
}
SAID_BEFORE = {"check_sentences", "speed_of"}  # they word what another function was asked for


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function that users of the package can call, under its dotted name."""
    for name in at._HOME:
        yield name, getattr(at, name)
    for part in at._PARTS:
        module = getattr(at, part)
        for name in getattr(module, "__all__", dir(module)):
            found = getattr(module, name)
            if inspect.isfunction(found) and not name.startswith("_") and found.__module__.startswith("alignment_toolkit"):
                yield f"{part}.{name}", found


FUNCTIONS = dict(public())
ASKED = [
    (name, parameter) for name, function in FUNCTIONS.items() for parameter in inspect.signature(function).parameters if parameter in BAD
]


@pytest.fixture(scope="module")
def study() -> Any:
    lead = {"lead_id": "L1", "created_at": "2026-07-02", "source": "Web"}
    return worlds.study(
        "2026Q3", as_of="2026-10-01", leads=[lead], stage_events=[{"lead_id": "L1", "stage": "lead", "entered_at": "2026-07-02"}]
    )


def test_every_parameter_of_a_public_function_is_covered() -> None:
    known = {parameter for function in FUNCTIONS.values() for parameter in inspect.signature(function).parameters}
    unknown = known - set(BAD) - FREE - {"items", "known", "word"}
    assert not unknown, f"say in BAD what {sorted(unknown)} refuse, or in FREE that they take anything"
    assert len(ASKED) > 70


@pytest.mark.parametrize(("name", "parameter"), [case for case in ASKED if case[0].partition(".")[2] not in SAID_BEFORE])
def test_a_wrong_argument_is_refused_in_a_sentence(name: str, parameter: str, study: Any) -> None:
    function = FUNCTIONS[name]
    parameters = inspect.signature(function).parameters
    others = {
        each.name: study if each.name == "study" else "source" if each.name in ("by", "and_by") else pd.DataFrame()
        for each in parameters.values()
        if each.default is inspect.Parameter.empty and each.name != parameter
    }
    for value in BAD[parameter]:
        if value is None and parameters[parameter].default is None:
            continue  # the default
        with pytest.raises(UsageError) as refused:
            function(**others, **{parameter: value})
        sentence = str(refused.value)
        assert sentence.endswith((".", "?"))
        assert any(hint in sentence for hint in ("Choose ", "Give ")), f"{parameter}={value!r}: {sentence}"


def test_the_slices_named_are_those_that_the_records_have() -> None:
    assert LEAD_SLICES.names == ("all", *SLICES)
    assert set(CUSTOMER_SLICES.names) == {"all", *ORIGINS}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda study: at.quality.conversion(study, by="sorce"),
            "Unknown slice 'sorce' for conversion. Did you mean 'source'?"
            " Choose all, source, campaign_id, persona, segment, region or cohort_quarter.",
        ),
        (lambda study: at.velocity.cycle(study, start="nope"), "Unknown start 'nope' for cycle. Choose creation or opportunity."),
        (
            lambda study: at.quality.conversion(study, horizons=[30, 60.5]),
            "Invalid horizon 60.5 for conversion. Give a whole number of days from 0 to 3650.",
        ),
        (
            lambda study: at.velocity.cycle(study, horizon={"(all)": "60"}),
            "Invalid horizon '60' for cycle. Give a whole number of days from 1 to 3650.",
        ),
        (
            lambda study: at.quality.conversion(study, horizons=[]),
            "Nothing to show in conversion: the list is empty. Give at least one value, or leave the argument out.",
        ),
        (
            lambda study: at.loop.persona_mix(study, since="2026Q2"),
            "persona_mix takes a Quarter, not '2026Q2'. Give study.quarter.shift(-4) or Quarter.parse(\"2026Q1\").",
        ),
        (
            lambda study: at.quality.conversion_by_two(study, by="source", and_by="source"),
            "both slices are the same: 'source'. Choose two different ones.",
        ),
        (lambda study: at.quality.bookings(study, to_date="@bad@"), "Invalid to_date '@bad@' for bookings. Give True or False."),
        (lambda study: at.velocity.stalled(study, intervals=1), "Invalid intervals 1 for stalled. Give True or False."),
        (
            lambda study: at.quality.cost_and_return(study, by="persona"),
            "Unknown level 'persona' for cost_and_return. Choose campaign_id, channel or source.",
        ),
    ],
)
def test_the_sentence(call: Callable[[Any], object], sentence: str, study: Any) -> None:
    with pytest.raises(UsageError) as refused:
        call(study)
    assert str(refused.value) == sentence


def test_whole_numbers_of_every_kind_are_taken(study: Any) -> None:
    whole = Whole(0, 100)
    assert [whole(value, "f") for value in (60, 60.0, np.int64(60), np.float64(60))] == [60] * 4
    assert several(OneOf(("a", "b")))("a", "f") == ("a",)
    assert at.quality.bookings(study, to_date=np.True_).equals(at.quality.bookings(study, to_date=True))
    asked = at.quality.conversion(study, horizons=np.array([30, 60]))
    assert list(asked["kpi"]) == ["conversion_30d", "conversion_60d"]
    assert list(at.quality.conversion(study, horizons=60.0)["kpi"]) == ["conversion_60d"]
    assert list(at.quality.conversion(study, horizons=None)["kpi"]) == [f"conversion_{h}d" for h in (30, 90, 180, 365)]

"""Checks the arguments of public functions, so that a wrong one is refused in a sentence and never by an engine.

@checked(by=LEAD_SLICES, horizon=DAYS)
def ranking(study, *, by="source", horizon=180): ...
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import ParamSpec, TypeVar, cast

from alignment_toolkit.errors import UsageError, choose, shown
from alignment_toolkit.schema import LEAD_ATTRIBUTES

P = ParamSpec("P")
R = TypeVar("R")
Rule = Callable[[object, str], object]  # value, function's name -> the value as the function takes it

LONGEST_DAYS = 3650  # ten years; nothing in a funnel is watched for longer
LONGEST_QUARTERS = 40


def checked(**rules: Rule) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check keyword arguments before a function runs.

    Args:
        **rules: Parameter -> its rule. None passes where it is the parameter's default.

    Returns:
        A decorator; the function then raises UsageError for a value that breaks a rule.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        optional = {name for name, parameter in inspect.signature(function).parameters.items() if parameter.default is None}

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for name, rule in rules.items():
                if name in kwargs and not (kwargs[name] is None and name in optional):
                    kwargs[name] = rule(kwargs[name], function.__name__)
            return function(*args, **kwargs)

        return call

    return decorate


@dataclass(frozen=True)
class OneOf:
    """One of a few names.

    Attributes:
        names: The names that exist.
        noun: What they are called.
    """

    names: tuple[str, ...]
    noun: str = "slice"

    def __call__(self, value: object, function: str) -> str:
        """The value, refused when it is none of the names."""
        if isinstance(value, str) and value in self.names:
            return value
        raise UsageError(f"Unknown {self.noun} {shown(value)} for {function}", way_out=choose(value, self.names))


@dataclass(frozen=True)
class Whole:
    """A whole number in a range; 60.0 and NumPy's integers are whole, True and "60" are not.

    Attributes:
        least: Smallest.
        most: Largest.
        noun: What the number is called.
        unit: What it counts.
    """

    least: int
    most: int
    noun: str = "horizon"
    unit: str = "days"

    def __call__(self, value: object, function: str) -> int:
        """The value as an int, refused when it is not whole or lies outside the range."""
        if isinstance(value, Real) and not isinstance(value, bool):
            number: float = int(value) if isinstance(value, Integral) else float(value)
            if self.least <= number <= self.most and number == int(number):
                return int(number)
        rule = f"Give a whole number of {self.unit} from {self.least} to {self.most}"
        raise UsageError(f"Invalid {self.noun} {shown(value)} for {function}", rule=rule)


@dataclass(frozen=True)
class Flag:
    """True or False, also as NumPy has them; 1, 0 and words are neither.

    Attributes:
        name: The parameter.
    """

    name: str

    def __call__(self, value: object, function: str) -> bool:
        """The value as a bool, refused when it is none."""
        import numpy as np

        if isinstance(value, bool | np.bool_):
            return bool(value)
        raise UsageError(f"Invalid {self.name} {shown(value)} for {function}", way_out="Give True or False")


def several(rule: Rule) -> Rule:
    """At least one value of the same rule; a value given alone counts as one."""

    def check(value: object, function: str) -> tuple[object, ...]:
        values = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
        if not values:
            raise UsageError(
                f"Nothing to show in {function}: the list is empty", way_out="Give at least one value, or leave the argument out"
            )
        return tuple(rule(each, function) for each in values)

    return check


def by_segment(rule: Rule) -> Rule:
    """One value for all segments, or a mapping from segment to value, in which None stands for no value."""

    def check(value: object, function: str) -> object:
        if isinstance(value, Mapping):
            return {name: None if each is None else rule(each, function) for name, each in value.items()}
        return rule(value, function)

    return check


def instance_of(kind: type[R], example: str) -> Rule:
    """An object of a class.

    Args:
        kind: The class.
        example: How one is made, for the sentence.
    """

    def check(value: object, function: str) -> R:
        if not isinstance(value, kind):
            raise UsageError(f"{function} takes a {kind.__name__}, not {shown(value)}", way_out=f"Give {example}")
        return cast("R", value)

    return check


LEAD_SLICES = OneOf(("all", *LEAD_ATTRIBUTES, "cohort_quarter"))
CUSTOMER_SLICES = OneOf(("all", "source", "persona", "campaign_id", "cycle", "quality", "cohort_quarter"))
DAYS = Whole(0, LONGEST_DAYS)
DAYS_AHEAD = Whole(1, LONGEST_DAYS)  # where nothing can happen within 0 days
QUARTERS_BACK = Whole(1, LONGEST_QUARTERS, noun="number of quarters", unit="quarters")
ROWS = Whole(1, 10_000, noun="limit", unit="rows")

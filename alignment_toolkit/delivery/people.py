"""Who is told: the addresses that the environment names, in the words of Apprise; they hold passwords and are never shown."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from alignment_toolkit.errors import UsageError

PEOPLE, ON_FAILURE = "ALIGNMENT_NOTIFY", "ALIGNMENT_NOTIFY_FAILURE"
REPORTS_URL = "ALIGNMENT_REPORTS_URL"


@dataclass(frozen=True)
class People:
    """Where messages go.

    Attributes:
        report: Targets (Apprise plugins) of a published report.
        failure: Targets of a failed run: the same people unless others are named.
    """

    report: tuple[Any, ...]
    failure: tuple[Any, ...]


def people(environment: Mapping[str, str]) -> People:
    """The people named in `ALIGNMENT_NOTIFY`, and in `ALIGNMENT_NOTIFY_FAILURE` for failed runs.

    Args:
        environment: Environment variables; each of the two holds addresses of Apprise, separated by blanks or line ends.

    Raises:
        UsageError: When nobody is named, or an address cannot be understood; it is told by its place, never shown.
    """
    report = _targets(environment, PEOPLE)
    if not report:
        way_out = f"Set {PEOPLE} to one or more addresses, such as mailtos://user:password@mail.example.com?to=team@example.com"
        raise UsageError("No notification recipients", rule=f"The environment variable {PEOPLE} is empty", way_out=way_out)
    return People(report, _targets(environment, ON_FAILURE) or report)


def without_secrets(environment: MutableMapping[str, str]) -> dict[str, str]:
    """Take the addresses out of the environment, so that no kernel started later inherits them, and give them back."""
    return {name: environment.pop(name) for name in (PEOPLE, ON_FAILURE) if name in environment}


def _targets(environment: Mapping[str, str], name: str) -> tuple[Any, ...]:
    addresses = environment.get(name, "").split()
    return tuple(_target(address, f"address {place} of {name}") for place, address in enumerate(addresses, start=1))


def _target(address: str, place: str) -> Any:
    import apprise
    from apprise.plugins.email import NotifyEmail

    target = apprise.Apprise.instantiate(address, suppress_exceptions=True) if address.count("://") == 1 else None
    if target is None:
        way_out = "Write it as Apprise does: mailtos://user:password@host?to=someone@example.com, json://host/path, slack://…"
        raise UsageError(f"{place} cannot be understood", rule="It is not shown, since it may hold a password", way_out=way_out)
    if isinstance(target, NotifyEmail):
        target.inline = True  # charts stand in the text of a mail, not behind it
    return target

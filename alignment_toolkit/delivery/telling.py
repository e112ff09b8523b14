"""A run that people wait for: they are told of the report it publishes, or why it published nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from alignment_toolkit.delivery.message import of_failure, of_report
from alignment_toolkit.delivery.people import REPORTS_URL, people, without_secrets
from alignment_toolkit.delivery.send import deliver
from alignment_toolkit.errors import AlignmentError, PublishError

Tell = Callable[[Path], None]


@contextmanager
def telling(environment: MutableMapping[str, str], *, quarter: str, is_wanted: bool, say: Callable[[str], object]) -> Iterator[Tell]:
    """Within this a run is made; whoever is named in the environment is told how it ended.

    Args:
        environment: Environment variables; the addresses are taken out of them, so that no kernel inherits them.
        quarter: What the run is of, in words.
        is_wanted: Whether anybody is to be told at all.
        say: Told where messages went, or that one about a failure did not arrive.

    Yields:
        A function that tells of the published report in a folder.

    Raises:
        UsageError: When nobody is named, or an address cannot be understood; before anything is run.
        PublishError: When the message about a published report did not reach everybody.
    """
    addresses = without_secrets(environment)
    if not is_wanted:
        yield lambda folder: None  # noqa: ARG005
        return
    named = people(addresses)

    def tell(folder: Path) -> None:
        for name in deliver(of_report(folder, address=environment.get(REPORTS_URL, "")), named.report):
            say(f"told {name}")

    try:
        yield tell
    except PublishError as error:
        if error.what != "the message could not be delivered":
            _tell_failure(quarter, error, named.failure, say)
        raise
    except AlignmentError as error:
        _tell_failure(quarter, error, named.failure, say)
        raise


def _tell_failure(quarter: str, error: AlignmentError, targets: tuple[object, ...], say: Callable[[str], object]) -> None:
    """The run's own error decides how it ends, whether or not the message arrives."""
    try:
        for name in deliver(of_failure(quarter, str(error)), targets):
            say(f"told {name}")
    except PublishError as unsent:
        say(str(unsent))

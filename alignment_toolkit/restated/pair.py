"""Two states of one company behind one engine, studied for the same quarter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alignment_toolkit.border import duck
from alignment_toolkit.restated.records import Records
from alignment_toolkit.snapshots.layout import is_own_link
from alignment_toolkit.store import open_crm
from alignment_toolkit.study import Study, requested


@contextmanager
def seen_as(store: Path, snapshot: Path) -> Iterator[Path]:
    """A store as it would be with another snapshot shown: files that somebody put beside the tables by hand are read with every one."""
    own = {path.name for path in snapshot.iterdir()}
    beside = [path for path in store.iterdir() if not path.name.startswith(".") and not is_own_link(path) and path.name not in own]
    if not beside:
        yield snapshot
        return
    with tempfile.TemporaryDirectory(prefix="alignment-") as scratch:
        for path in (*snapshot.iterdir(), *beside):
            (Path(scratch) / path.name).symlink_to(path.resolve())
        yield Path(scratch)


def opened_pair(before: Path, after: Path, *, quarter: str, as_of: str = "", cohort: str = "4q", config: str = "") -> Records:
    """Both states opened for the same quarter, ready to be compared.

    Args:
        before: Folder of the earlier state.
        after: Folder of the later one.
        quarter: Label.
        as_of: First day (or instant) that is not visible; empty: the first day after the quarter.
        cohort: `4q`, `1q` or `all`.
        config: Configuration file for both; empty: each its own.

    Raises:
        UsageError: For a quarter, as-of or cohort that cannot be used.
        DataRefused: For data with a fatal fault.
    """
    engine = duck.connect()
    one, other = (_study(place, engine, quarter, as_of, cohort, config) for place in (before, after))
    return Records(one, other)


def _study(place: Path, engine: object, *asked: str) -> Study:
    quarter, as_of, cohort, config = asked
    checked = requested(str(place), quarter=quarter, as_of=as_of, cohort=cohort, config=config)
    crm = open_crm(place, as_of=checked.as_of, config=checked.config, backend=engine)
    return Study(crm, checked.quarter, checked.cohort)

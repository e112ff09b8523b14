"""One writer at a time: a lock in a folder that ends with the process and that no child inherits."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alignment_toolkit.errors import Busy, PublishError

LOCK = ".lock"
_PAUSE = 0.2


@contextmanager
def locked(out: Path, *, wait: float = 0, what: str = "reports folder") -> Iterator[None]:
    """Hold the lock of a folder, which is made when it is not there.

    Args:
        out: The folder.
        wait: Seconds to wait for another run; 0: leave at once.
        what: What the folder is, for messages.

    Raises:
        Busy: When another run holds the lock for longer.
        PublishError: When the folder cannot be written.
    """
    handle = _opened(out, what)
    try:
        _acquire(handle, out, tries=1 + int(wait / _PAUSE), what=what)
        yield
    finally:
        os.close(handle)


def _opened(out: Path, what: str) -> int:
    try:
        out.mkdir(parents=True, exist_ok=True)
        return os.open(out / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
        way_out = (
            "A file is in the way: name another folder with --out"
            if in_the_way
            else "Check the permissions, or name another folder with --out"
        )
        raise PublishError(f"the {what} {out} cannot be written", value=error.strerror, way_out=way_out) from error


def _acquire(handle: int, out: Path, *, tries: int, what: str) -> None:
    for left in reversed(range(tries)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise PublishError(f"the {what} {out} cannot be locked", value=error.strerror) from error
            if left:
                time.sleep(_PAUSE)
        else:
            return
    raise Busy(f"another run is writing to {out}", way_out="Try again later, or wait for it with --wait SECONDS")

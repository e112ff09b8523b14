"""One run at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alignment_toolkit import locking as lock
from alignment_toolkit.errors import Busy
from alignment_toolkit.locking import locked


def test_a_second_run_leaves_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: pytest.fail("it waited"))
    with locked(tmp_path), pytest.raises(Busy) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == f"another run is writing to {tmp_path}. Try again later, or wait for it with --wait SECONDS."
    assert caught.value.exit_code == 75


def test_a_second_run_may_wait_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = locked(tmp_path)
    first.__enter__()
    waits = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            first.__exit__(None, None, None)

    monkeypatch.setattr(lock.time, "sleep", sleep)
    with locked(tmp_path, wait=10):
        assert len(waits) == 3


def test_waiting_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(lock.time, "sleep", waits.append)
    with locked(tmp_path), pytest.raises(Busy), locked(tmp_path, wait=2):
        pass
    assert sum(waits) == pytest.approx(2)


def test_a_child_that_lives_on_does_not_hold_it(tmp_path: Path) -> None:
    with locked(tmp_path):
        code = "print('here', flush=True); input()"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        child = subprocess.Popen([sys.executable, "-c", code], close_fds=False, **pipes)
        assert child.stdout.readline() == b"here\n"
    try:
        with locked(tmp_path):
            assert child.poll() is None
    finally:
        child.communicate()


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), locked(tmp_path):
        raise ValueError("inside")
    with locked(tmp_path):
        assert (tmp_path / ".lock").is_file()

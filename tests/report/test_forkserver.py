"""Kernels forked from one that has imported everything: they are as fresh as others, and nobody outlives anybody."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from alignment_toolkit.report import forkserver
from alignment_toolkit.report.forkserver import KERNEL, Kernels, start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
PATIENCE = 60


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    # longer than the address of a socket can be
    folder = tmp_path_factory.mktemp("a-folder-with-a-name-that-is-so-long-that-no-socket-could-be-found-by-it-" * 2)
    started = start(folder)
    yield started
    started.stop()


class Kernel:
    """A kernel as Jupyter's clients start it."""

    def __init__(self, kernels: Kernels, *, cwd: Path, **env: str) -> None:
        folder = kernels.environment["JUPYTER_PATH"].split(os.pathsep)[0]
        self.manager = KernelManager(kernel_name=KERNEL, kernel_spec_manager=KernelSpecManager(kernel_dirs=[f"{folder}/kernels"]))
        self.manager.start_kernel(cwd=str(cwd), env=os.environ | env)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code: str) -> str:
        """What the code prints."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            said.append(message["content"].get("text", message["content"].get("ename", "")))

        self.client.execute_interactive(code, timeout=PATIENCE, output_hook=hear)
        return "".join(said)

    @property
    def pid(self) -> int:
        return int(self.run("import os; print(os.getpid())"))


@pytest.fixture
def kernel(kernels: Kernels, tmp_path: Path) -> Iterator[Kernel]:
    started = Kernel(kernels, cwd=tmp_path, MARK="here")
    yield started
    started.client.stop_channels()
    started.manager.shutdown_kernel(now=True)


def until(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold; looked at rather than waited for."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_kernel_has_the_folder_and_the_variables_of_its_caller(kernel: Kernel, tmp_path: Path) -> None:
    assert kernel.run("import os; print(os.getcwd(), os.environ['MARK'], sep='|')") == f"{tmp_path}|here\n"


def test_what_notebooks_use_is_there_before_it_is_imported(kernel: Kernel) -> None:
    asked = ["pandas", "ibis", "duckdb", "matplotlib", "seaborn", "alignment_toolkit.headlines", "alignment_toolkit.charts.quality"]
    assert kernel.run(f"import sys; print([name for name in {asked} if name not in sys.modules])") == "[]\n"
    assert kernel.run("import matplotlib; print(matplotlib.rcParams['backend'])") == "module://matplotlib_inline.backend_inline\n"


def test_the_engine_works_in_a_fork(kernel: Kernel) -> None:
    code = "import ibis, pandas as pd; print(ibis.memtable(pd.DataFrame({'a': range(200_000)})).a.sum().execute())"
    assert kernel.run(code) == "19999900000\n"


def test_kernels_share_nothing(kernels: Kernels, kernel: Kernel, tmp_path: Path) -> None:
    kernel.run("import pandas; pandas.left_here = 1; x = 1")
    other = Kernel(kernels, cwd=tmp_path)
    try:
        assert other.run("import pandas; print(hasattr(pandas, 'left_here'), 'x' in globals())") == "False False\n"
        assert other.pid != kernel.pid
    finally:
        other.client.stop_channels()
        other.manager.shutdown_kernel(now=True)


def test_an_interrupt_reaches_the_cell(kernel: Kernel, tmp_path: Path) -> None:
    begun = "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(600)"
    asked = kernel.client.execute(begun)
    assert until((tmp_path / "begun").exists)
    kernel.manager.interrupt_kernel()
    replies = iter(lambda: kernel.client.get_shell_msg(timeout=PATIENCE), None)  # first those to asking a slow kernel whether it is ready
    reply = next(reply for reply in replies if reply["parent_header"]["msg_id"] == asked)
    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_a_killed_caller_takes_its_kernel_with_it(kernel: Kernel) -> None:
    pid = kernel.pid
    kernel.manager.provisioner.process.kill()
    assert until(lambda: gone(pid))


def test_a_killed_kernel_takes_its_caller_with_it_and_the_server_goes_on(kernels: Kernels, kernel: Kernel, tmp_path: Path) -> None:
    caller = kernel.manager.provisioner.process
    os.kill(kernel.pid, signal.SIGKILL)
    assert caller.wait(PATIENCE) == -signal.SIGKILL
    other = Kernel(kernels, cwd=tmp_path)
    assert other.run("print(1)") == "1\n"
    other.client.stop_channels()
    other.manager.shutdown_kernel()
    assert until(lambda: not other.manager.is_alive())


def test_a_server_that_is_killed_takes_its_kernels_with_it(tmp_path: Path) -> None:
    kernels = start(tmp_path / "server")
    kernel = Kernel(kernels, cwd=tmp_path)
    pid = kernel.pid
    kernels.server.kill()
    assert until(lambda: gone(pid))
    assert kernel.manager.provisioner.process.wait(PATIENCE) == -signal.SIGKILL
    kernel.client.stop_channels()


def test_two_servers_hash_differently(kernels: Kernels, kernel: Kernel, tmp_path: Path) -> None:
    second = start(tmp_path / "server")
    other = Kernel(second, cwd=tmp_path)
    try:
        assert kernel.run("print(hash('a'))") != other.run("print(hash('a'))")
    finally:
        other.client.stop_channels()
        other.manager.shutdown_kernel(now=True)
        second.stop()


def test_elsewhere_kernels_are_started_as_jupyter_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forkserver.sys, "platform", "darwin")
    assert start(tmp_path / "server") == Kernels({})
    assert not (tmp_path / "server").exists()


def test_a_disk_that_holds_no_sockets_has_kernels_started_as_jupyter_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(forkserver.socket.socket, "bind", refuse)
    assert start(tmp_path / "server") == Kernels({})


def test_the_kernel_is_of_this_environment(kernels: Kernels) -> None:
    folder = Path(kernels.environment["JUPYTER_PATH"].split(os.pathsep)[0])
    assert json.loads((folder / "kernels" / KERNEL / "kernel.json").read_text())["argv"][0] == sys.executable

"""Kernels that need not import anything: a process that imports once what notebooks use, and forks a kernel for each that is asked for.

Eight kernels of a report would import the same libraries eight times. Each pass over the notebooks (the execution and the proof) has a
fork server of its own, a separate interpreter with its own hash seed, so that the proof shares nothing with what it proves.

Where processes cannot be forked safely (anywhere but Linux), kernels are started as Jupyter does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.report import forked_kernel
from alignment_toolkit.report.forked_kernel import SOCKET

KERNEL = "python3"  # what papermill and nbval are told to start
BACKEND = "module://matplotlib_inline.backend_inline"  # matplotlib asks for it when it is imported, before there is a kernel
_HEAVY = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib_inline.backend_inline",
    "matplotlib.backends.backend_svg",
    "matplotlib.backends.backend_agg",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "seaborn",
    "statsmodels.duration.hazard_regression",
    "statsmodels.genmod.generalized_linear_model",
    "ibis.backends.duckdb",
)
_NOT_FOR_NOTEBOOKS = ("alignment_toolkit.report", "alignment_toolkit.cli", "alignment_toolkit.__main__", "alignment_toolkit.samples")


@dataclass(frozen=True)
class Kernels:
    """The kernels of one pass.

    Attributes:
        environment: Variables by which Jupyter finds them; empty where kernels are started as Jupyter does.
        server: Their fork server, which ends when its stdin closes, with this process at the latest; None without one.
    """

    environment: dict[str, str]
    server: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """End the fork server and whatever still runs in it."""
        if self.server:
            self.server.communicate()


def start(folder: Path) -> Kernels:
    """Start a fork server.

    Args:
        folder: A folder for its socket and its kernel's specification; made here.
    """
    if sys.platform != "linux":
        return Kernels({})
    spec = folder / "kernels" / KERNEL
    argv = [sys.executable, "-I", "-S", forked_kernel.__file__, str(folder), "-f", "{connection_file}"]
    try:
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")
        with _bound(folder) as listener:
            command = [sys.executable, "-c", f"from {__name__} import main; main()", str(listener.fileno())]
            environment = os.environ | {"MPLBACKEND": BACKEND}
            server = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()], env=environment)
    except OSError:  # a full disk, or one that holds no sockets, such as some network shares
        return Kernels({})
    return Kernels({"JUPYTER_PATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("JUPYTER_PATH")])])}, server)


@contextlib.contextmanager
def _bound(folder: Path) -> Iterator[socket.socket]:
    """A socket that listens in the folder, by a path short enough for any folder."""
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(folder, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{here}/{SOCKET}")
        finally:
            os.close(here)
        (folder / SOCKET).chmod(0o600)
        listener.listen()
        yield listener


class ForkServer:
    """Forks a kernel for each caller that connects; every kernel ends when its caller does, and the caller as its kernel did."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._links: dict[int, socket.socket] = {}  # process id of a kernel -> its caller
        self._waiting = selectors.DefaultSelector()

    def serve(self) -> None:
        """Serve until stdin closes, which is the end of the report run; returns in each kernel, too, once that has ended."""
        with _child_ends() as ended:
            for source in (sys.stdin, self._listener, ended):
                self._waiting.register(source, selectors.EVENT_READ)
            while True:
                for key, _ in self._waiting.select():
                    if key.fileobj is sys.stdin:
                        return self._end()
                    if key.fileobj is self._listener:
                        if self._accept() == 0:
                            return None
                    elif key.fileobj is ended:
                        self._reap(ended)
                    else:
                        self._relay(key.fileobj)

    def _accept(self) -> int:
        """Fork a kernel for a caller: its process id, 0 in the kernel's own process at its end."""
        link, _ = self._listener.accept()
        asked, descriptors = _request(link)
        gc.freeze()  # what is shared by now stays shared: the collector would write to every page
        child = os.fork()
        if child == 0:
            for inherited in (link, self._listener, *self._links.values()):
                inherited.close()
            _be_kernel(asked, descriptors)
            return 0
        for descriptor in descriptors:
            os.close(descriptor)
        self._links[child] = link
        self._waiting.register(link, selectors.EVENT_READ)
        return child

    def _reap(self, ended: socket.socket) -> None:
        """Tell the callers of kernels that have ended."""
        ended.recv(4096)
        for child in list(self._links):
            gone, status = os.waitpid(child, os.WNOHANG)
            if gone:
                with self._links.pop(child) as link, contextlib.suppress(OSError):
                    self._forget(link)
                    link.sendall(str(os.waitstatus_to_exitcode(status)).encode())

    def _relay(self, link: Any) -> None:
        """Send a kernel the signals that its caller was sent; kill it when the caller is gone."""
        child = next(pid for pid, its in self._links.items() if its is link)
        try:
            numbers = link.recv(16)
        except OSError:
            numbers = b""
        if not numbers:
            self._forget(link)
        for number in numbers or [signal.SIGKILL]:
            _signal(child, number)

    def _forget(self, link: socket.socket) -> None:
        with contextlib.suppress(KeyError):
            self._waiting.unregister(link)

    def _end(self) -> None:
        for child in self._links:
            _signal(child, signal.SIGKILL)


def _request(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    first, descriptors, *_ = socket.recv_fds(link, 1, 3)
    with link.makefile("rb") as rest:
        return json.loads(first + rest.readline()), descriptors


def _be_kernel(asked: dict[str, Any], descriptors: list[int]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    server = os.getppid()
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for at, descriptor in enumerate(descriptors):
        os.dup2(descriptor, at)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    IPKernelApp.launch_instance(argv=[*asked["arguments"], f"--IPKernelApp.parent_handle={server}"])


@contextlib.contextmanager
def _child_ends() -> Iterator[socket.socket]:
    """A socket that becomes readable when a child has ended."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        yield ours


def _signal(child: int, number: int) -> None:
    """To the whole group of a kernel; before it has made itself one, to it alone."""
    try:
        os.killpg(child, number)
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(child, number)


def _import_everything() -> None:
    import alignment_toolkit

    for name in _HEAVY:
        importlib.import_module(name)
    for found in pkgutil.walk_packages(alignment_toolkit.__path__, "alignment_toolkit."):
        if not found.name.startswith(_NOT_FOR_NOTEBOOKS):
            importlib.import_module(found.name)


def main() -> None:
    """Import, then serve on the listening socket whose descriptor is the only argument."""
    _import_everything()
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        ForkServer(listener).serve()

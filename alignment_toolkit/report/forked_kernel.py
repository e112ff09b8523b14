"""What Jupyter starts in a report run instead of a kernel: it asks the fork server for one, then lives and ends as that one does.

Signals are passed on; when this process is killed, its socket closes and the fork server kills the kernel. Run as a script on the standard
library alone, so that it starts in no time.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

SOCKET = "socket"  # its name in the fork server's folder; a whole path may be longer than the address of a socket can be
RELAYED = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Ask for a kernel, wait for its end, and end with the same code or signal.

    Arguments of the script are the fork server's folder, then those of the kernel.
    """
    folder, *arguments = sys.argv[1:]
    asked = {"cwd": str(Path.cwd()), "env": dict(os.environ), "arguments": arguments}
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(SOCKET)
        for number in RELAYED:
            signal.signal(number, _relay(link))
        line = (json.dumps(asked) + "\n").encode()
        socket.send_fds(link, [line[:1]], [0, 1, 2])
        link.sendall(line[1:])
        told = b"".join(iter(lambda: link.recv(64), b""))
    _end(int(told or -signal.SIGKILL))


def _relay(link: socket.socket) -> Any:
    def relay(number: int, _: object) -> None:
        with contextlib.suppress(OSError):
            link.send(bytes([number]))

    return relay


def _end(code: int) -> None:
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()

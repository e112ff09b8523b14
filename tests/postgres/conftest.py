"""A PostgreSQL server of its own on loopback, in a temporary folder, run by an unprivileged user, with what vendors' loaders would land there."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest

from alignment_toolkit.samples import Sample, simulate
from alignment_toolkit.samples.exports import VENDORS, Export, View

LEADS = 500
OWNER, PASSWORD = "lander", "s3cret/of:the@warehouse"
TYPES = {"b": "boolean", "i": "bigint", "f": "double precision", "M": "timestamptz", "O": "text"}
UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Server:
    """A running server: where it is, and what it was asked."""

    port: int
    log: Path

    def address(self, *, password: str = PASSWORD) -> str:
        """The connection address, the password quoted as in any URL."""
        return f"postgres://{OWNER}:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def asked(self) -> list[str]:
        """Every statement so far, one entry each."""
        entries = self.log.read_text(encoding="utf-8").split("\n~~ ")
        return [entry.partition("statement: ")[2] or entry.partition("execute ")[2] for entry in entries if "LOG:  " in entry]


def binaries() -> Path:
    """The folder of the newest server installed.

    A machine without one skips, unless CI asked for these tests: there the absence is a failure.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    places = [*found, *([Path(on_path)] if on_path else [])]
    if not places:
        told = "PostgreSQL is not installed: no initdb under /usr/lib/postgresql or on the path"
        pytest.fail(told) if os.environ.get("ALIGNMENT_CI") else pytest.skip(told)
    return places[-1].parent


def as_user() -> tuple[list[str], pwd.struct_passwd | None]:
    """How to run a command unprivileged, since the server refuses root: the words before it, and the user; nothing where we are not root."""
    if os.geteuid():
        return [], None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in UNPRIVILEGED if name in known)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"], user


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that waits until it is ready, and is stopped whatever happens."""
    bin_, (before, user) = binaries(), as_user()
    home = Path(tempfile.mkdtemp(prefix="alignment-postgres-"))
    (home / "password").write_text(PASSWORD, encoding="utf-8")
    if user:
        for path in (home, home / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)
    port, data, log = free_port(), home / "data", home / "log"
    settings = (
        f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c log_statement=all "
        f"-c log_line_prefix='~~ ' -c timezone=America/New_York"
    )
    initdb = [bin_ / "initdb", "-D", data, "-U", OWNER, "--pwfile", home / "password", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]
    control = [bin_ / "pg_ctl", "-D", data, "-w"]
    run = lambda *command: subprocess.run([*before, *map(str, command)], cwd=home, check=True, capture_output=True, timeout=120)  # noqa: E731
    run(*initdb)
    run(*control, "-l", log, "-o", settings, "start")
    try:
        yield Server(port, log)
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def sample() -> Sample:
    return simulate(leads=LEADS)


def land(connection: object, frame: pd.DataFrame, *, name: str, schema: str, dates: frozenset[str] = frozenset()) -> None:
    """A table with the types that a loader gives it."""
    columns = [f'"{column}" {"date" if column in dates else TYPES[frame[column].dtype.kind]}' for column in frame.columns]
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    connection.execute(f'CREATE TABLE "{schema}"."{name}" ({", ".join(columns)})')
    with connection.cursor().copy(f'COPY "{schema}"."{name}" FROM STDIN') as copy:
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None):
            copy.write_row([f"{cell}+00" if isinstance(cell, pd.Timestamp) else cell for cell in row])


@pytest.fixture(scope="session")
def landed(server: Server, sample: Sample) -> Server:
    """The server with a schema for each of Salesforce and Stripe, and one with canonical tables."""
    import psycopg

    view = View(sample)
    with psycopg.connect(server.address().replace("postgres://", "postgresql://")) as connection:
        for vendor, schema in (("fivetran_salesforce", "salesforce"), ("stripe", "stripe")):
            export: Export = VENDORS[vendor](view)
            for name, frame in export.tables.items():
                land(connection, frame, name=name, schema=schema, dates=export.dates)
        for name, frame in sample.tables.items():
            days = frozenset(column for column in frame.columns if column.endswith("_on"))
            land(connection, frame, name=name, schema="public", dates=days)
    return server

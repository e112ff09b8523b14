"""Connection addresses: they may hold a password, so no message ever shows one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from alignment_toolkit.border.folder import Found, from_backend
from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.border.postgres import completed
from alignment_toolkit.errors import UsageError

_ENV = "env:"
_SETTINGS = {"postgres": "SET TIME ZONE 'UTC'", "snowflake": "ALTER SESSION SET TIMEZONE = 'UTC'", "duckdb": "SET TimeZone = 'UTC'"}


def is_address(where: str | Path) -> bool:
    """Whether this is `env:NAME` or an address such as `postgres://…`, not a path."""
    return isinstance(where, str) and (where.startswith(_ENV) or "://" in where)


def shown(where: str | Path) -> str:
    """The place for messages: an address without user, password and query."""
    if not is_address(where) or str(where).startswith(_ENV):
        return str(where)
    scheme, _, rest = str(where).partition("://")
    return f"{scheme}://{re.split('[?#]', rest.rpartition('@')[2])[0]}"


def find_tables_at(where: str, *, reading: Reading) -> Found:
    """The tables behind an address.

    Raises:
        UsageError: When the variable is not set or the connection fails; the address is not in the message.
    """
    return from_backend(connect(where), reading=reading)


def connect(where: str) -> Any:
    """An Ibis backend for an address whose session lives in UTC."""
    import ibis

    try:
        backend = ibis.connect(_resolved(where))
    except UsageError:
        raise
    except Exception as error:
        what = f"cannot connect to {shown(where)} ({type(error).__name__})"
        raise UsageError(what, way_out="Check the address, the network and that the driver of this engine is installed") from None
    return in_utc(backend)


def in_utc(backend: Any) -> Any:
    """The backend with its session's time zone set to UTC, so that aware instants become naive UTC."""
    if backend.name == "pyspark":
        backend._session.conf.set("spark.sql.session.timeZone", "UTC")
    elif backend.name in _SETTINGS:
        backend.raw_sql(_SETTINGS[backend.name])
    return completed(backend) if backend.name == "postgres" else backend


def _resolved(where: str) -> str:
    if not where.startswith(_ENV):
        return where
    name = where.removeprefix(_ENV)
    address = os.environ.get(name)
    if not address:
        raise UsageError("the environment variable of the store is not set", value=name, way_out=f"Set {name} to the address of the engine")
    return address

"""What Ibis leaves out for PostgreSQL: a truth value becomes a whole number only by way of `integer`."""

from __future__ import annotations

from typing import Any


def completed(backend: Any) -> Any:
    """The backend, its statements free of casts that PostgreSQL does not have.

    `CAST(boolean AS bigint)` and `AS smallint`, which Ibis 12 writes, are refused by the server; `integer` is allowed, and goes on to both.
    """
    import ibis.expr.datatypes as dt

    compiler = type(backend.compiler)

    class Completed(compiler):  # type: ignore[valid-type, misc]  # the class is only known once the driver is loaded
        def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: N802  # Ibis' name
            through = self.cast(arg, dt.int32) if op.arg.dtype.is_boolean() and to.is_integer() else arg
            return super().visit_Cast(op, arg=through, to=to)

    backend.compiler = Completed()
    return backend

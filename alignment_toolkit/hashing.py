"""The hash that every engine has built in, as a deferred expression: Ibis' own `hexdigest` is not there for PostgreSQL."""

from __future__ import annotations

import ibis


@ibis.udf.scalar.builtin(name="md5", signature=(("string",), "string"))
def md5(text: str) -> str:
    """The md5 of a text as 32 small hex digits; null stays null."""
    raise NotImplementedError

"""The seal of a store: these very files were checked by these very rules and found sound, so opening them need not check them again.

`ingest`, `sample` and `prepare` leave it in the store they have just written or checked; the notebooks of one pass of a report leave it for
each other. It holds for the SHA-256 of every table, the settings and the code of the checks: whatever changes, the checks run again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from alignment_toolkit.border.sources import Source
from alignment_toolkit.config import Config
from alignment_toolkit.digests import file_digest, joint_digest
from alignment_toolkit.sharing import leave_for_others, left_for_others
from alignment_toolkit.snapshots.whole import SEAL

_PACKAGE = Path(__file__).resolve().parent.parent


def sealed(sources: Mapping[str, Source], place: Path, key: str | None) -> dict[str, Source] | None:
    """The tables of a store with what their check had learnt, None where they have to be checked.

    Args:
        sources: Canonical table name -> table as found.
        place: The store's folder.
        key: Its `content_key`.
    """
    tidy = key and (_read(place / SEAL, key) or left_for_others(key))
    if not tidy or not sources.keys() <= tidy.keys():
        return None
    return {name: replace(source, tidy=frozenset(tidy[name])) for name, source in sources.items()}


def pass_on(sources: Mapping[str, Source], key: str | None) -> None:
    """Tell the other notebooks of this pass, if there are any, what the check of a store with this `content_key` has learnt."""
    if key:
        leave_for_others(key, _learnt(sources))


def seal(sources: Mapping[str, Source], place: Path, key: str | None) -> None:
    """Seal a store with this `content_key` that was checked without a fault.

    Raises:
        OSError: When the folder cannot be written.
    """
    if key:
        text = json.dumps({"key": key, "tidy": _learnt(sources)}, indent=1)
        (place / SEAL).write_text(text + "\n", encoding="utf-8")


def _learnt(sources: Mapping[str, Source]) -> dict[str, list[str]]:
    return {name: sorted(source.tidy) for name, source in sources.items()}


def content_key(sources: Mapping[str, Source], place: Path, config: Config) -> str | None:
    """What a verdict depends on, None for a store that is not all Parquet: other files have to be read to be understood anyway.

    Args:
        sources: Canonical table name -> table as found.
        place: The store's folder.
        config: The settings it is read with.
    """
    paths = [place / source.place for source in sources.values()]
    if any(path.suffix.lower() != ".parquet" or not path.is_file() for path in paths) or not paths:
        return None
    content = {path.name: file_digest(path) for path in paths}
    return sha256(repr((content, repr(config), _rules())).encode()).hexdigest()


@cache
def _rules() -> str:
    """Digest of the code that checks."""
    code = [*sorted((_PACKAGE / "border").glob("*.py")), _PACKAGE / "schema.py", _PACKAGE / "config.py"]
    return joint_digest(code)


def _read(path: Path, key: str) -> dict[str, list[str]] | None:
    """What a seal says, None when there is none, it is broken or it is of other files, settings or rules."""
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict) or said.get("key") != key or not isinstance(tidy := said.get("tidy"), dict):
        return None
    known = all(isinstance(columns, list) and {*map(type, columns)} <= {str} for columns in tidy.values())
    return tidy if known else None

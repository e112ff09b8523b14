"""Shared test settings: where the public data sets lie."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore = [] if find_spec("playwright") else ["browser"]  # they have an environment of their own (make test-browser)
ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "sample"


def shared_data(*parts: str) -> Path:
    """A path among the public data sets; where they are absent the test is skipped, saying why, and fails in CI."""
    base = Path(os.environ.get("ALIGNMENT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not base.is_dir():
        told = f"the public data sets are not at {base}; set ALIGNMENT_SHARED_DATA"
        pytest.fail(told) if os.environ.get("ALIGNMENT_CI") else pytest.skip(told)
    return base.joinpath(*parts)


def fuzzed(examples: int) -> int:
    """Examples of a fuzz test: these few in every run, as many times more as `make fuzz` asks for."""
    return examples * int(os.environ.get("ALIGNMENT_FUZZ", "1"))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are numbered rather than shown: an archive holds the time it was made, and parallel workers must agree on the names of tests."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow is not traced for coverage: quicker tests run the same lines, and tracing takes as long again."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")

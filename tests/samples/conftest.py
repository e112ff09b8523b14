"""One simulated company for all tests of the sample: the committed one, drawn again."""

from __future__ import annotations

import pytest

from alignment_toolkit.samples import Sample, simulate


@pytest.fixture(scope="session")
def drawn() -> Sample:
    """The committed sample, regenerated with its own seed and size."""
    return simulate()

"""Cases whose call changed with a function's name: the input and the right answer are as they were given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("case", sorted(path.parent.name for path in HERE.glob("*/run.sh")))
def test_a_case_is_right(case: str) -> None:
    command = ["bash", str(HERE / case / "run.sh"), str(Path(sys.executable).with_name("alignment"))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

"""The wheel works outside the checkout: it carries the notebooks, the template and the glossary."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that holds the wheel, with the locked libraries on its path but not this checkout."""
    place = tmp_path_factory.mktemp("wheel")
    built = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place / "dist"), str(ROOT)]
    subprocess.run(built, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    venv.create(place / "env", with_pip=False)
    python = place / "env" / "bin" / "python"
    answer = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    )
    home = Path(answer.stdout.strip())
    target = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(home), str(wheel)]
    subprocess.run(target, check=True, capture_output=True)
    (home / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")  # its .pth files are not followed
    return python


def ask(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in {"ALIGNMENT_ROOT", "PYTHONPATH"}}
    return subprocess.run([python, "-m", "alignment_toolkit", *arguments], cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def test_a_report_is_made_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [installed, "-c", "import alignment_toolkit; print(alignment_toolkit.__file__)"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(ROOT) not in where.stdout
    listed = ask(installed, "params", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "00_executive_summary" in listed.stdout
    made = ask(installed, "sample", "--out", "store", "--leads", "800", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = ask(installed, "report", "--data", "store", "--quarter", "2026Q2", "--out", "reports", "--notebook", "03_churn", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = Path(done.stdout.strip().splitlines()[-1])
    assert page.name == "churn.html"
    assert "Do the customers stay" in (tmp_path / page).read_text(encoding="utf-8")
    assert not (tmp_path / "reports" / "2026Q2").exists()

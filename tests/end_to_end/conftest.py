"""Reports published once and shared: of the sample, and of the public data sets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, shared_data


@dataclass(frozen=True)
class Run:
    """What a command left behind."""

    code: int
    out: str
    err: str


def alignment(*arguments: str, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> Run:
    """Run the command as a user does."""
    command = [sys.executable, "-m", "alignment_toolkit", *arguments]
    clean = {name: value for name, value in os.environ.items() if name not in {"ALIGNMENT_ROOT", "PYTHONPATH"}}
    done = subprocess.run(command, cwd=cwd, env=clean | (environment or {}), capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def sample_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published report of the sample's last full quarter."""
    out = tmp_path_factory.mktemp("sample") / "reports"
    done = alignment("report", "--data", "data/sample", "--out", str(out))
    assert done.code == 0, done.err
    return out


@dataclass(frozen=True)
class PublicReport:
    """A public data set, ingested and reported by the commands a user types."""

    store: Path
    pages: Path

    def kpi(self, name: str, *, slice_: str = "all", segment: str = "(all)") -> dict:
        """One row of kpis.json."""
        rows = json.loads((self.pages / "kpis.json").read_text(encoding="utf-8"))
        return next(row for row in rows if (row["kpi"], row["slice"], row["segment"]) == (name, slice_, segment))

    def page(self, name: str) -> str:
        """The HTML of a page."""
        return (self.pages / name).read_text(encoding="utf-8")


def published(place: Path, *, mapping: str, source: str, quarter: str, as_of: str) -> PublicReport:
    """Ingest with a mapping of examples/, then publish."""
    store = place / "store"
    taken = alignment("ingest", "--mapping", f"examples/{mapping}.toml", "--source", str(shared_data(source)), "--out", str(store))
    assert taken.code == 0, taken.err
    asked = ["--quarter", quarter, "--as-of", as_of, "--cohort", "all", "--out", str(place / "reports")]
    done = alignment("report", "--data", str(store), *asked)
    assert done.code == 0, done.err
    return PublicReport(store, place / "reports" / quarter)

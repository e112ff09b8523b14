"""The mappings run inside a PostgreSQL server, and figures are read from canonical tables there; only results leave it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.ingest import ingest
from alignment_toolkit.samples import Sample
from alignment_toolkit.samples.exports import View, write_export
from alignment_toolkit.samples.write import settings
from alignment_toolkit.store import open_crm
from tests.postgres.conftest import LEADS, OWNER, PASSWORD, Server

pytestmark = pytest.mark.postgres

SECRETS = (PASSWORD, PASSWORD.split("/", maxsplit=1)[0], "s3cret%2Fof", OWNER)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "alignment.toml"
    path.write_text(settings(), encoding="utf-8")
    return path


def alignment(*words: str, address: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, the address in an environment variable."""
    import os

    command = [sys.executable, "-m", "alignment_toolkit", *words]
    return subprocess.run(command, check=False, env=os.environ | {"WAREHOUSE": address}, capture_output=True, text=True, timeout=300)


def rows_of(store: Path, table: str) -> pd.DataFrame:
    frame = pq.read_table(store / f"{table}.parquet").to_pandas()
    frame = frame.astype(object).where(frame.notna(), None)
    return frame.sort_values(list(frame.columns), key=lambda column: column.astype(str), ignore_index=True)


def test_a_warehouse_gives_the_same_store_as_the_files(landed: Server, config: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    write_export(files / "crm", vendor="fivetran_salesforce", leads=LEADS)
    write_export(files / "billing", vendor="stripe", leads=LEADS)
    names, out = ["fivetran_salesforce", "stripe"], tmp_path / "from_files"
    ingest(names, source=[files / "crm", files / "billing"], out=out, config=config)
    before = len(landed.asked())
    told = alignment(
        "ingest", "--source", "env:WAREHOUSE", "--mapping", names[0], "--mapping", names[1], "--config", str(config),
        "--out", str(tmp_path / "store"), address=landed.address(),
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    made = sorted(path.stem for path in (tmp_path / "store").glob("*.parquet"))
    assert made == sorted(path.stem for path in out.glob("*.parquet"))
    for table in made:
        pd.testing.assert_frame_equal(rows_of(tmp_path / "store", table), rows_of(out, table), check_dtype=False, rtol=1e-9, obj=table)
    assert_inside(landed.asked()[before:])
    journal = (tmp_path / "store" / "ingest.json").read_text(encoding="utf-8")
    for secret in SECRETS:
        assert secret not in told.stdout + told.stderr + journal


def assert_inside(asked: list[str]) -> None:
    """Nothing is written to landed tables, and no landed table is fetched as it lies there: every table read stands inside a larger SELECT."""
    statements = [re.sub(r"\s+", " ", statement).strip() for statement in asked]
    assert any("opportunity_history" in statement and " JOIN " in statement for statement in statements)
    assert [one for one in statements if re.match(r"(INSERT|UPDATE|DELETE|COPY|DROP TABLE|ALTER TABLE)\b", one)] == []
    plain = re.compile(r'SELECT \* FROM "?(salesforce|stripe)"?\."?\w+"?( AS "?\w+"?)?;?$', re.IGNORECASE)
    assert [one for one in statements if plain.match(one)] == []


def test_figures_of_canonical_tables_in_the_server_are_those_of_the_store(
    landed: Server, sample: Sample, config: Path, tmp_path: Path
) -> None:
    from alignment_toolkit.samples import write_sample

    write_sample(tmp_path / "store", leads=LEADS)
    asked = ("--quarter", "2026Q3", "--config", str(config), "--format", "csv")
    here = alignment("kpis", "--data", str(tmp_path / "store"), *asked, address="")
    there = alignment("kpis", "--data", "env:WAREHOUSE", *asked, address=landed.address())
    assert there.returncode == 0, there.stderr
    frames = [pd.read_csv(pd.io.common.StringIO(told.stdout)) for told in (here, there)]
    pd.testing.assert_frame_equal(*frames, rtol=1e-6)
    for secret in SECRETS[:3]:
        assert secret not in there.stdout + there.stderr


def test_a_wrong_password_is_not_repeated(landed: Server) -> None:
    with pytest.raises(UsageError) as caught:
        open_crm(landed.address(password="wrong-but-private"), as_of=pd.Timestamp("2026-10-01").to_pydatetime())
    assert "wrong-but-private" not in str(caught.value)
    assert caught.value.__cause__ is None
    place = f"postgres://127.0.0.1:{landed.port}/postgres"
    way_out = "Check the address, the network and that the driver of this engine is installed."
    assert re.fullmatch(rf"cannot connect to {re.escape(place)} \(\w+\)\. {re.escape(way_out)}", str(caught.value))


def test_the_sample_in_the_server_is_the_sample(landed: Server, sample: Sample) -> None:
    """What is loaded is what the comparison believes it is: as many leads, in the export as in the canonical tables."""
    view = View(sample)
    crm = open_crm(landed.address(), as_of=pd.Timestamp("2026-09-30 22:00").to_pydatetime())
    assert crm.tables["leads"].count().execute() == len(view.leads)


def test_a_mapping_to_start_from_is_written_for_a_schema(landed: Server) -> None:
    told = alignment("map", "--init", "--source", "env:WAREHOUSE", address=landed.address())
    assert told.returncode == 0, told.stderr
    assert "leads" in tomllib.loads(told.stdout)["tables"]
    assert not any(secret in told.stdout + told.stderr for secret in SECRETS)

"""Write a sample as a store: one Parquet file per canonical table, ``truth.json`` and ``alignment.toml``.

Unit: one file. Instants are stored as UTC microseconds without a zone, dates as dates, money as whole cents.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.simulate import LEADS, SEED, Sample, simulate
from alignment_toolkit.schema import IS_DATE

_FLOATS = frozenset({"score", "amount", "cost", "mrr", "target", "value", "rate_to_reporting"})

_SETTINGS = """\
# The simulated company's settings. Everything here has a default; see the how-to for your own data.
time_zone = "{zone}"
fiscal_year_start_month = 1
reporting_currency = "EUR"
horizons_days = [{horizons}]
min_n = 20
min_cell = 5
stale_days = 90
acceptance_days = 5
sla_hours = 24
gap_days = 30
deal_type = "new"
gross_margin = 0.8
cost_to_work = 150.0

[observed_from]
touches = {touches}
"""

_STAGE = """
[[stages]]
name = "{name}"
owner = "{owner}"
"""


def _type(column: str) -> pa.DataType:
    """Type of a canonical column, by its name."""
    if column.endswith("_at"):
        return pa.timestamp("us")
    if column.endswith("_on"):
        return pa.date32()
    if column.startswith("is_") or column.endswith(IS_DATE):
        return pa.bool_()
    return pa.float64() if column in _FLOATS else pa.string()


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """A canonical frame with the types of its file."""
    schema = pa.schema([(column, _type(column)) for column in frame.columns])
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)


def settings() -> str:
    """The text of ``alignment.toml``: the first keys, then the stages in order with their owners."""
    text = _SETTINGS.format(
        zone=span.ZONE, horizons=", ".join(str(days) for days in company.HORIZONS), touches=company.PLANTED.touches_from
    )
    for name, owner in zip(company.STAGES, company.STAGE_OWNERS, strict=True):
        text += _STAGE.format(name=name, owner=owner)
        if company.STAGES.index(name) >= company.WON:
            text += "terminal = true\n"
    return text


def _write(sample: Sample, *, out: Path) -> list[Path]:
    paths = []
    for name, frame in sample.tables.items():
        paths.append(out / f"{name}.parquet")
        pq.write_table(arrow_table(frame), paths[-1], compression="zstd", compression_level=9)
    (out / "truth.json").write_text(json.dumps(sample.truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "alignment.toml").write_text(settings(), encoding="utf-8")
    return [*paths, out / "truth.json", out / "alignment.toml"]


def write_sample(out: Path, *, seed: int = SEED, leads: int = LEADS) -> list[Path]:
    """Simulate a company and write it as a store.

    Args:
        out: folder, made when absent; files of the same names are replaced.
        seed: seed of the sample.
        leads: number of leads.

    Returns:
        The paths written, tables first.

    Raises:
        ValueError: too few leads.
        OSError: the folder cannot be written.
    """
    sample = simulate(seed=seed, leads=leads)
    out.mkdir(parents=True, exist_ok=True)
    return _write(sample, out=out)

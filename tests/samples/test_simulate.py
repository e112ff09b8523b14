"""The sample as a whole: repeatable, equal to the committed files, within the contracts, small."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alignment_toolkit.samples import company, simulate, span, write_sample
from alignment_toolkit.samples.write import arrow_table, settings
from tests.conftest import SAMPLE

KEYS = {
    "leads": ["lead_id"],
    "stage_events": ["lead_id", "stage", "entered_at"],
    "deals": ["deal_id"],
    "touches": ["touch_id"],
    "products": ["product"],
    "campaigns": ["campaign_id"],
    "campaign_costs": ["campaign_id", "spent_on"],
    "subscriptions": ["subscription_id"],
    "targets": ["quarter", "kpi", "owner", "segment"],
    "claims": ["team", "quarter", "kpi"],
    "owners": ["owner_id"],
    "merges": ["table", "lost_id"],
    "exchange_rates": ["currency", "valid_on"],
}
KEYLESS = ["feedback", "deal_events", "actions", "churn_events"]


def comparable(table: pa.Table) -> dict[str, list[object]]:
    """Values with money in cents (rates in ten-thousandths) and instants in seconds."""
    values = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_floating(column.type):
            scale = 10_000 if name == "rate_to_reporting" else 100
            values[name] = [None if value is None else round(value * scale) for value in column.to_pylist()]
        elif pa.types.is_timestamp(column.type):
            values[name] = column.cast(pa.timestamp("s"), safe=False).to_pylist()
        else:
            values[name] = column.to_pylist()
    return values


def leaves(value: object, *, path: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        return {key: leaf for name, part in value.items() for key, leaf in leaves(part, path=f"{path}/{name}").items()}
    if isinstance(value, list | tuple):
        return leaves(dict(enumerate(value)), path=path)
    return {path: value}


def test_every_canonical_table_is_there(drawn):
    assert sorted(drawn.tables) == sorted([*KEYS, *KEYLESS])
    assert all(len(frame) for frame in drawn.tables.values())


@pytest.mark.parametrize("name", sorted([*KEYS, *KEYLESS]))
def test_committed_file_equals_regeneration(drawn, name):
    committed = pq.read_table(SAMPLE / f"{name}.parquet")
    again = arrow_table(drawn.tables[name])
    assert committed.schema == again.schema
    assert comparable(committed) == comparable(again)


def test_committed_truth_and_settings_equal_regeneration(drawn):
    committed = leaves(json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8")))
    again = leaves(json.loads(json.dumps(drawn.truth)))
    assert sorted(committed) == sorted(again)
    for path, value in committed.items():
        expected = pytest.approx(again[path], rel=1e-7) if isinstance(value, float) else again[path]
        assert value == expected, path
    assert (SAMPLE / "alignment.toml").read_text(encoding="utf-8") == settings()


def test_committed_sample_is_small():
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 2_000_000


@pytest.mark.parametrize(("name", "key"), KEYS.items())
def test_keys_are_unique_and_present(drawn, name, key):
    frame = drawn.tables[name]
    assert not frame.duplicated(key).any()
    assert frame[[column for column in key if column != "segment"]].notna().all(axis=None)


@pytest.mark.parametrize("name", KEYLESS)
def test_tables_without_a_key_have_no_exact_duplicates(drawn, name):
    assert not drawn.tables[name].duplicated().any()


def test_same_seed_same_tables_and_another_seed_others():
    first, again, other = (simulate(seed=seed, leads=1_000) for seed in (3, 3, 4))
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name], check_exact=True)
    assert first.truth == again.truth
    assert not first.tables["leads"]["created_at"].equals(other.tables["leads"]["created_at"])


def test_known_stages_and_currencies_with_rates(drawn):
    tables = drawn.tables
    assert set(tables["stage_events"]["stage"]) == set(company.STAGES)
    rates = tables["exchange_rates"]
    first_days = rates.groupby("currency")["valid_on"].min()
    for name in ("deals", "subscriptions", "campaign_costs"):
        assert set(tables[name]["currency"]) <= set(first_days.index)
    assert (first_days < tables["deals"]["created_at"].min()).all()


def test_nothing_is_at_or_after_the_end(drawn):
    end = np.datetime64(span.END, "s")
    for name, frame in drawn.tables.items():
        for column in frame.columns[frame.columns.str.endswith("_at")]:
            assert not (frame[column] >= end).any(), (name, column)
    assert datetime.fromtimestamp(span.END, tz=UTC).astimezone(ZoneInfo(span.ZONE)).isoformat() == "2026-10-01T00:00:00+02:00"


def test_leads_stand_on_both_sides_of_every_quarter_bound(drawn):
    created = set(drawn.tables["leads"]["created_at"].to_numpy().astype("datetime64[s]").astype(np.int64))
    assert set(span.BOUNDS[:-1]) <= created
    assert set(span.BOUNDS[1:] - 1) <= created


def test_quarters_begin_at_local_midnight_in_winter_and_summer():
    def local(seconds: np.int64) -> str:
        return datetime.fromtimestamp(int(seconds), tz=ZoneInfo(span.ZONE)).isoformat()

    assert local(span.BOUNDS[1]) == "2024-01-01T00:00:00+01:00"
    assert local(span.BOUNDS[2]) == "2024-04-01T00:00:00+02:00"
    assert list(span.quarter_of(span.BOUNDS[[1, 2]] - 1)) == [0, 1]


@pytest.mark.parametrize(("text", "day"), [("2026-03-29T00:59:59", "2026-03-29"), ("2026-03-29T21:59:59", "2026-03-29"),
                                           ("2026-03-29T22:00:00", "2026-03-30"), ("2026-10-25T22:59:59", "2026-10-25"),
                                           ("2026-10-25T23:00:00", "2026-10-26")])  # fmt: skip
def test_local_days_follow_daylight_saving(text, day):
    seconds = np.array([np.datetime64(text, "s").astype(np.int64)])
    assert span.local_days(seconds)[0] == span.day_number(day)


def test_replaying_deal_events_gives_the_deals(drawn):
    events = drawn.tables["deal_events"]
    last = events.groupby("deal_id", sort=True)[["outcome", "amount", "close_on"]].last()
    deals = drawn.tables["deals"].set_index("deal_id").sort_index()
    pd.testing.assert_frame_equal(last, deals[["outcome", "amount", "close_on"]], check_index_type=False)
    opened = events.groupby("deal_id")["changed_at"].min()
    assert (opened == deals["created_at"]).all()


def test_money_is_in_whole_cents(drawn):
    for name, column in (("deals", "amount"), ("subscriptions", "mrr"), ("campaign_costs", "cost")):
        cents = drawn.tables[name][column].dropna() * 100
        assert np.abs(cents - cents.round()).max() < 1e-6


def test_a_sample_too_small_is_refused():
    with pytest.raises(ValueError, match=r"^A sample of 499 leads is too small to plant anything; ask for 500 or more\.$"):
        simulate(leads=499)


def test_written_store_has_a_file_per_table_truth_and_settings(tmp_path):
    paths = write_sample(tmp_path / "new", seed=1, leads=500)
    assert {path.stem for path in paths if path.suffix == ".parquet"} == {*KEYS, *KEYLESS}
    assert {path.name for path in paths} == {path.name for path in (tmp_path / "new").iterdir()}
    leads = pq.read_schema(tmp_path / "new" / "leads.parquet")
    assert leads.field("created_at").type == pa.timestamp("us")
    assert pq.read_schema(tmp_path / "new" / "subscriptions.parquet").field("ended_on").type == pa.date32()
    assert tomllib.loads((tmp_path / "new" / "alignment.toml").read_text(encoding="utf-8"))["time_zone"] == span.ZONE
    assert json.loads((tmp_path / "new" / "truth.json").read_text(encoding="utf-8"))["leads"] == 500

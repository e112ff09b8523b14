"""Targets and claims as people write them: read, or refused with the accepted forms; never kept and ignored."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from alignment_toolkit.border.stated import kpi_of, quarter_of, team_of
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.periods import Quarter
from alignment_toolkit.store import open_crm
from alignment_toolkit.targets import not_compared

AS_OF = datetime(2026, 10, 1)
QUARTERS = (
    *(
        "2026Q3",
        "2026-Q3",
        "2026 Q3",
        "2026/Q3",
        "2026q3",
        "Q3 2026",
        "Q3-2026",
        "Q3/26",
        "q3 '26",
        "3Q26",
        "FY26 Q3",
        "FY2026Q3",
        "Q3 FY26",
    ),
    "\uff12\uff10\uff12\uff16\uff31\uff13",
)


@pytest.mark.parametrize("text", QUARTERS)
def test_quarters_as_people_write_them(text: str) -> None:
    assert quarter_of(text) == "2026Q3"


@pytest.mark.parametrize("text", ["2026", "Q3", "Q5 2026", "2026-07", "third quarter", "12026Q3", "2026Q33"])
def test_what_is_no_quarter(text: str) -> None:
    assert quarter_of(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Leads", "leads"),
        ("BOOKINGS", "bookings"),
        ("Conversion within 90 days", "conversion_90d"),
        ("conversion 90d", "conversion_90d"),
        ("Gross revenue retention", "gross_revenue_retention"),
        ("conversion_{h}d", None),
        ("nps", None),
    ],
)
def test_figures_by_name_or_label(text: str, name: str | None) -> None:
    assert kpi_of(text) == name


def test_teams() -> None:
    words = ("Marketing", "Sales team", "sales dept", "Both", "Customer Success", "ops")
    assert [team_of(word) for word in words] == ["marketing", "sales", "sales", "shared", "success", None]


def store(folder: Path, **tables: str) -> Path:
    texts = {
        "leads": "lead_id,created_at,source\nL1,2026-07-01,web\n",
        "stage_events": "lead_id,stage,entered_at\nL1,won,2026-08-01\n",
        **tables,
    }
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_store_gives_them_their_own_names(tmp_path: Path) -> None:
    crm = open_crm(
        store(
            tmp_path,
            targets="quarter,kpi,target,owner,segment\nQ3-2026,Leads,4,Marketing,All\n2026-q3,Conversion within 90 days,0.1,Sales team,\n",
            claims="team,quarter,kpi,value\nSales Team,FY26 Q3,Bookings,7\nops,2026Q3,leads,1\n",
        ),
        as_of=AS_OF,
    )
    targets = sorted(crm.tables["targets"].to_pyarrow().to_pylist(), key=lambda row: row["kpi"])
    assert [tuple(row.values()) for row in targets] == [
        ("2026Q3", "conversion_90d", 0.1, "sales", None),
        ("2026Q3", "leads", 4.0, "marketing", "(all)"),
    ]
    claims = sorted(crm.tables["claims"].to_pyarrow().to_pylist(), key=lambda row: row["team"])
    assert [(row["team"], row["quarter"], row["kpi"]) for row in claims] == [("ops", "2026Q3", "leads"), ("sales", "2026Q3", "bookings")]


def test_what_cannot_be_read_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        open_crm(
            store(
                tmp_path,
                targets="quarter,kpi,target,owner\nthird,booking,4,marketing\n2026Q3,conversion_90d,10,sales\n2026Q3,leads,4,mallards\n",
                claims="team,quarter,kpi,value\nsales,2026Q3,nps,7\n",
            ),
            as_of=AS_OF,
        )
    assert caught.value.exit_code == 3
    assert caught.value.faults == (
        "targets.csv: values of quarter are not quarters: 'third'. A quarter is written like 2026Q3, 2026-Q3, Q3 2026, 3Q26 or FY26 Q3."
        " Write the quarter in one of these forms, or translate it with a map in a mapping.",
        "targets.csv: values of kpi are not figures of the glossary: 'booking'."
        " A target or claim names its figure by name or label, such as conversion_90d or Conversion within 90 days."
        " Did you mean 'bookings'? alignment glossary lists every figure; rows of others can be set aside by a mapping.",
        "targets.csv: values of target are not shares: 'conversion_90d 10'. A share lies between 0 and 1: 10 % is 0.1."
        " Divide the values by 100, or declare percent = true for target in a mapping of a table that holds shares only.",
        "targets.csv: values of owner are not among the agreed ones: 'mallards' (1 row)."
        " Agreed are: marketing, sales, shared, success. Translate them with a map in a mapping.",
        "claims.csv: values of kpi are not figures of the glossary: 'nps'."
        " A target or claim names its figure by name or label, such as conversion_90d or Conversion within 90 days."
        " alignment glossary lists every figure; rows of others can be set aside by a mapping.",
    )


def test_one_quarter_in_two_forms_is_a_key_that_stands_twice(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"keys stand more than once: '2026Q3, leads, marketing'"):
        open_crm(store(tmp_path, targets="quarter,kpi,target,owner\n2026Q3,leads,4,marketing\nQ3 2026,Leads,5,Marketing\n"), as_of=AS_OF)


def test_what_no_count_and_no_rate_can_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        open_crm(
            store(
                tmp_path,
                targets="quarter,kpi,target,owner\n2026Q3,leads,-4,marketing\n2026Q3,bookings_change,-5,sales\n",
                exchange_rates="currency,valid_on,rate_to_reporting\nUSD,2026-07-01,0\nGBP,2026-07-01,-0.9\nCHF,2026-07-01,1.05\n",
            ),
            as_of=AS_OF,
        )
    told = "\n".join(caught.value.faults)
    assert "targets.csv: values of target are below 0: 'leads -4'. A count, a duration or a sum is never negative" in told
    assert "exchange_rates.csv: values of rate_to_reporting are 0 or less: '0' (row 2), '-0.9' (row 3)." in told
    assert "bookings_change" not in told
    assert "1.05" not in told


def test_targets_that_nothing_is_compared_with_are_named(tmp_path: Path) -> None:
    rows = ["leads,4,marketing,", "leads,5,sales,", "bookings,9,sales,SMB", "conversion_45d,0.1,sales,", "conversion_90d,0.1,sales,"]
    text = "quarter,kpi,target,owner,segment\n" + "".join(f"2026Q3,{row}\n" for row in rows)
    crm = open_crm(store(tmp_path, targets=text), as_of=AS_OF)
    assert not_compared(crm, Quarter.parse("2026Q3"), ["leads", "bookings", "conversion_90d"]) == [
        "Targets of 2026Q3 that are not compared, because no figure of the name is published: conversion_45d",
        "Targets of 2026Q3 that are not compared, because only targets for the whole company are compared: bookings of SMB",
        "Targets of 2026Q3 that are not compared, because more than one team promised it: leads",
    ]
    assert not_compared(crm, Quarter.parse("2026Q2"), []) == []

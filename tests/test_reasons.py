"""Which reasons for setting a row aside leave a gap: by hand for each kind, and for every reason that a shipped mapping gives."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from alignment_toolkit.border.reasons import NO_LOSS_DATE, NO_RECORD, leaves_gap, no_stage

LOST = (
    "a price has no amount",
    "a price has no interval",
    "a price is not there",
    "a rate of zero",
    "its recurring revenue is not known: prices in several currencies",
    "no recurring price is there for it",
    "no start date to put the cost on",
    "no status",
    "no time",
    "the deal is not there",
    "the opportunity is not there",
    "the person is no contact",
    "the status at creation, which the history no longer holds",
    "the tiers of a tiered price are not there",
)
"""Rows of shipped mappings that may be records of their table."""


@pytest.mark.parametrize(
    "reason",
    [
        *NO_RECORD,
        no_stage("lost"),
        "no change of stage",
        "a status that is no change of stage",
        "unpaid from the start, never paid",
        "deleted in HubSpot",
    ],
)
def test_what_is_no_record_leaves_nothing_open(reason: str) -> None:
    assert not leaves_gap(reason)


@pytest.mark.parametrize("reason", [*LOST, NO_LOSS_DATE, "no e-mail", "no creation date", "the row is blank and odd"])
def test_what_may_be_a_record_does(reason: str) -> None:
    assert leaves_gap(reason)


def test_every_reason_of_a_shipped_mapping_is_judged() -> None:
    vendors = files("alignment_toolkit.mapping").joinpath("vendors")
    texts = [path.read_text(encoding="utf-8") for path in vendors.iterdir() if path.name.endswith(".toml")]
    cases = [
        case
        for text in texts
        for case in re.findall(r"CASE\b(?:(?!\bCASE\b).)*?END(?= AS (?:set_aside|unpriced|not_paid)\b)", text, re.DOTALL)
    ]
    given = {reason for case in cases for reason in re.findall(r"THEN '([^']+)'", case)}
    assert "deleted in Salesforce" in given
    half = {"unpaid"}  # continued by " from the start, never paid"
    assert {reason for reason in given - half if leaves_gap(reason)} <= set(LOST)

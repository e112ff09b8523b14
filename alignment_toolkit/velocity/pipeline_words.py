"""What the pipeline's movements say, in sentences."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.study import Study
from alignment_toolkit.velocity.pipeline import coverage, pipeline_waterfall, slippage, unknown_history
from alignment_toolkit.wording import counted_words, verb


def pipeline_sentences(study: Study) -> list[str]:
    """The pipeline due in the quarter, what was put off, and whether there was enough of it; or why that cannot be told."""
    if reason := unknown_history(study):
        return [
            f"What moved in the pipeline cannot be told: {reason}. It holds each change of a deal's outcome, amount and expected close."
        ]
    steps, currency = pipeline_waterfall(study).set_index("step").to_dict("index"), study.config.reporting_currency
    start, end, won = steps["start"], steps["end"], -steps["won"]["deals"]
    return [
        f"{counted_words(start['deals'], 'deal')} worth {start['money']:,.0f} {currency} {verb(start['deals'], 'was', 'were')} due at the"
        f" start of {study.quarter.label}; {won:,} {verb(won, 'was', 'were')} won, {-steps['lost']['deals']:,} lost, and"
        f" {end['deals']:,} {verb(end['deals'], 'is', 'are')} still open and overdue.",
        _slipped(study),
        *_covered(study),
    ]


def _slipped(study: Study) -> str:
    row = slippage(study).iloc[0]
    if not row["due"]:
        return "No deal was due in the quarter."
    put_off = f"; {counted_words(row['pushed_deals'], 'deal', 'was|were')} put off"
    often = "" if pd.isna(row["pushes_per_deal"]) else f"{put_off} {row['pushes_per_deal']:.1f} times each"
    share = f"{100 * row['pushed_share']:.1f} % of {row['due']:,}"
    return f"The expected close of {counted_words(row['pushed_out'], 'deal')} ({share}) left the quarter{often}."


def _covered(study: Study) -> list[str]:
    told = coverage(study)
    last = told.iloc[-1] if len(told) else None
    if last is None or pd.isna(last["coverage"]):
        return ["How far the pipeline covered the target cannot be told: no single target of bookings is recorded for the quarter."]
    needed = told["needed"].iloc[:-1].dropna()
    usual = f"; the quarters before it needed {needed.min():.1f} to {needed.max():.1f}" if len(needed) else ""
    return [f"What was due at the start was {last['coverage']:.1f} times the target{usual}."]

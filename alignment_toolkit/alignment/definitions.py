"""Words: do both teams mean the same leads by the same word?

Question: of the leads that sales has judged, on how many do the two working definitions disagree, and what became of them?
Unit: the lead handed over whose agreed days have passed. Denominator: leads with a verdict that both rules say something about.
It does not answer what the word should mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.agreement import CELLS
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.definitions import NO, NO_VERDICT, UNKNOWN, YES
from alignment_toolkit.figures import MISSING
from alignment_toolkit.followed import estimates
from alignment_toolkit.handoff.rejections import rejection_reasons
from alignment_toolkit.shares import share_figure
from alignment_toolkit.stats import incidence, risk_table
from alignment_toolkit.stats.agreement import Kappa, cohens_kappa
from alignment_toolkit.stats.risk import ratio
from alignment_toolkit.study import Study
from alignment_toolkit.verdicts import NO_FEEDBACK, no_acceptance

WON_WITHIN = 180
NOTHING_KNOWN = "marketing's rule says nothing about any lead that sales judged"


class Agreement(NamedTuple):
    """The two definitions side by side.

    Attributes:
        table: Judged leads, shape (2, 2): rows marketing yes and no, columns sales yes and no.
        kappa: Agreement beyond chance; null below `min_n` judged leads on either side of marketing's rule.
        unknown: Judged leads that one of the rules says nothing about (without a score, for instance).
        unjudged: Leads whose agreed days have passed without any verdict to date.
        reason: Why the agreement cannot be told; None when it can.
    """

    table: np.ndarray
    kappa: Kappa
    unknown: int
    unjudged: int
    reason: str | None


def word_agreement(study: Study) -> Agreement:
    """The two-by-two table of the leads handed over in the quarter that sales has judged.

    Args:
        study: Quarter and as-of.
    """
    if missing := no_verdicts(study):
        return agreement(np.zeros((2, 2)), min_n=study.config.min_n, reason=missing)
    counts = counted("leads_called", study)
    due = counts[counts["is_due"].astype(bool)]
    judged = due[due["verdict"] != NO_VERDICT]
    known = judged[(judged["marketing"] != UNKNOWN) & (judged["sales"] != UNKNOWN)]
    table = known.pivot_table(index="marketing", columns="sales", values="n", aggfunc="sum", fill_value=0)
    whole = table.reindex(index=[YES, NO], columns=[YES, NO], fill_value=0).to_numpy(dtype=float)
    unknown = int(judged["n"].sum() - known["n"].sum())
    unjudged = int(due["n"].sum() - judged["n"].sum())
    reason = NOTHING_KNOWN if unknown and not whole.sum() else None
    return agreement(whole, min_n=study.config.min_n, unknown=unknown, unjudged=unjudged, reason=reason)


def no_verdicts(study: Study) -> str | None:
    """Why sales' word cannot be told from its verdicts, None where it can."""
    rules = study.config.definitions
    if "accepted" in (rules.marketing.verdict, rules.sales.verdict):
        return no_acceptance(study)
    return None if study.crm.has("feedback") else NO_FEEDBACK


def agreement(table: np.ndarray, *, min_n: int, unknown: int = 0, unjudged: int = 0, reason: str | None = None) -> Agreement:
    """Kappa of a table where sales judged enough leads on each side of marketing's rule, else null with the reason."""
    judged = table.sum(axis=1)
    if reason is None and judged.min() < min_n:
        sides = f"{judged[0]:,.0f} leads that marketing's rule takes and {judged[1]:,.0f} that it leaves"
        reason = f"sales judged {sides}; {min_n} of each are needed"
    none = Kappa(np.nan, np.nan, np.nan)
    return Agreement(table, cohens_kappa(table) if reason is None else none, unknown, unjudged, reason)


def words_gap(study: Study) -> dict[str, object]:
    """The figure `gap.words`: of the leads judged, the share that exactly one team calls by the word, with Wilson limits."""
    found = word_agreement(study)
    n, apart = found.table.sum(), found.table[0, 1] + found.table[1, 0]
    return share_figure("gap.words", apart, n, reason=found.reason)


def called_table(study: Study) -> pd.DataFrame:
    """Who calls the leads by the word, and how many of them were won within 180 days of sales' verdict.

    Returns:
        called_by (both, marketing only, sales only, neither), leads (of the report quarter), leads_share (null without any), window_leads
        (of the study's window, behind the next), won_share within 180 days of the verdict, lost competing, with 95 % limits; null where too
        few leads were followed. Empty where sales' verdicts are not on record.
    """
    columns = ["window_leads", "won_share", "lower_share", "upper_share"]
    if no_verdicts(study):
        return pd.DataFrame(columns=["called_by", "leads", "leads_share", *columns])
    counts = word_agreement(study).table.ravel()
    share = ratio(counts, np.full(counts.shape, counts.sum()))
    frame = pd.DataFrame({"called_by": list(CELLS), "leads": counts.astype(int), "leads_share": share})
    labels, risk = risk_table(moves_frame("called_moves", study), max_day=WON_WITHIN + 1, segments=list(CELLS))
    shares = estimates(incidence(risk), risk, WON_WITHIN, study.followed_rule())[:3]
    told = pd.DataFrame(dict(zip(columns, (risk.n.astype(int), *shares), strict=True))).assign(called_by=labels)
    return frame.merge(told, on="called_by", how="left")


def rejected_then_won(study: Study) -> tuple[int, int]:
    """Leads that sales rejected first and that were won after all, and all that it rejected first, handed over in the window."""
    if not study.crm.has("feedback"):
        return 0, 0
    told = moves_frame("called_moves", study)
    mine = told[told["verdict"] == "rejected"]
    return int(mine.loc[mine["move"] == "event", "n"].sum()), int(mine.loc[mine["move"] == "enter", "n"].sum())


def reasons_of_definition(study: Study) -> tuple[int, int]:
    """Rejections of the window for a configured reason of definition, and all that gave a reason."""
    told = rejection_reasons(study)
    given = told[told["reason"] != MISSING]
    names = {reason.strip().casefold() for reason in study.config.definition_reasons}
    return int(given.loc[given["reason"].str.strip().str.casefold().isin(names), "leads"].sum()), int(given["leads"].sum())

"""Churn: do the customers stay, what does their revenue do, and whose customers leave early?"""

from alignment_toolkit.churn.bridge import bridge_sentences, mrr_bridge, to_the_cent
from alignment_toolkit.churn.cohorts import cohort_triangle, triangle_table
from alignment_toolkit.churn.early import early_churn, early_churn_sentences
from alignment_toolkit.churn.hazards import hazard_ratios
from alignment_toolkit.churn.kpis import churn_kpis
from alignment_toolkit.churn.lifetimes import at_risk_table, retention_curves, retention_summary, retention_test
from alignment_toolkit.churn.recorded import why_unknown
from alignment_toolkit.churn.records import churned_by_source_of_truth, customer_standing, records_sentences, standing_sentences
from alignment_toolkit.churn.value import lifetime_value
from alignment_toolkit.churn.words import headline_sentences, unanswered, what_to_do

__all__ = [
    "at_risk_table",
    "bridge_sentences",
    "churn_kpis",
    "churned_by_source_of_truth",
    "cohort_triangle",
    "customer_standing",
    "early_churn",
    "early_churn_sentences",
    "hazard_ratios",
    "headline_sentences",
    "lifetime_value",
    "mrr_bridge",
    "records_sentences",
    "retention_curves",
    "retention_summary",
    "retention_test",
    "standing_sentences",
    "to_the_cent",
    "triangle_table",
    "unanswered",
    "what_to_do",
    "why_unknown",
]

"""A simulated company's CRM with known truth: every canonical table, planted causes and planted faults.

`simulate` returns the tables and the truth, `write_sample` writes them as a store. The parameters are in `company`.
"""

from alignment_toolkit.samples.simulate import LEADS, SEED, Sample, simulate
from alignment_toolkit.samples.write import write_sample

__all__ = ["LEADS", "SEED", "Sample", "simulate", "write_sample"]

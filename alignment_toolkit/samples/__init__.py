"""A simulated company's CRM with known truth: every canonical table, planted causes and planted faults.

`simulate` returns the tables and the truth, `without_faults` the tables had nobody made a mistake, `write_sample` writes a store. The
parameters are in `company`.
"""

from alignment_toolkit.samples.simulate import LEADS, SEED, Sample, simulate, without_faults
from alignment_toolkit.samples.write import write_sample

__all__ = ["LEADS", "SEED", "Sample", "simulate", "without_faults", "write_sample"]

"""Commands that look at a store without a report: the figures, counting them ahead, and the list of leads to call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from alignment_toolkit.options import AsOfOption, CohortOption, ConfigOption, DataOption, FormatOption, ListOption, QuarterOption
from alignment_toolkit.stopping import warn

if TYPE_CHECKING:
    from alignment_toolkit.study import Study


def _study_asked(data: str, quarter: str, *, as_of: str, config: str, cohort: str = "4q") -> Study:
    """The study asked for, of the last full quarter where none was; what was assumed while reading is told on stderr."""
    from alignment_toolkit.study import opened, quarter_asked

    asked = {"data": data, "quarter": quarter_asked(data, quarter, config=config), "as_of": as_of, "cohort": cohort, "config": config}
    return opened(asked, tell=warn)


def kpis(
    data: DataOption,
    quarter: QuarterOption = "",
    as_of: AsOfOption = "",
    cohort: CohortOption = "4q",
    config: ConfigOption = "",
    format: FormatOption = "table",  # noqa: A002  # the option's name
) -> None:
    """Print every headline figure of a quarter, without a notebook or a kernel.

    Example: alignment kpis --data data/sample --quarter 2026Q3 --format csv
    """
    from alignment_toolkit.headlines import is_worth_preparing
    from alignment_toolkit.headlines import kpis as compute
    from alignment_toolkit.printing import in_form
    from alignment_toolkit.targets import not_compared

    study = _study_asked(data, quarter, as_of=as_of, cohort=cohort, config=config)
    if is_worth_preparing(study):
        warn("counting a large store takes a while; alignment prepare, with the same options, keeps what is counted for the next time")
    found = compute(study)
    for sentence in not_compared(study.crm, study.quarter, found["kpi"]):
        warn(sentence)
    sys.stdout.write(in_form(found, format))


def prepare(
    data: DataOption, quarter: QuarterOption = "", as_of: AsOfOption = "", cohort: CohortOption = "4q", config: ConfigOption = ""
) -> None:
    """Count ahead what the headline figures of a quarter need, so that `kpis` and notebooks on a large store answer in seconds.

    The counts lie beside the tables, in .counts, until these, the settings or the toolkit change. A report counts from rows all the same.

    Example: alignment prepare --data data/trial --quarter 2026Q3
    """
    from alignment_toolkit.ahead import prepare as run

    print(run(_study_asked(data, quarter, as_of=as_of, cohort=cohort, config=config)))


def stalled_leads(
    data: DataOption, quarter: QuarterOption = "", as_of: AsOfOption = "", config: ConfigOption = "", out: ListOption = None
) -> None:
    """Open leads by the expected value that waiting has put at risk: a call list for the team (CSV), not for leaders' pages.

    Example: alignment stalled --data data/sample --quarter 2026Q3 --out stalled.csv
    """
    from alignment_toolkit.printing import as_csv, written
    from alignment_toolkit.velocity import call_list

    text = as_csv(call_list(_study_asked(data, quarter, as_of=as_of, config=config)))
    print(written(text, out=out) if out else text, end="" if out is None else "\n")

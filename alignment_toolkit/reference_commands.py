"""The commands that look something up: the words both teams use, the parameters that notebooks take."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from alignment_toolkit.options import ConfigOption, FormatOption
from alignment_toolkit.visible import legible


def glossary(
    name: Annotated[str, typer.Argument(metavar="[TERM]", help="One term; default: all of them.")] = "",
    config: ConfigOption = "",
    format: FormatOption = "table",  # noqa: A002
) -> None:
    """The words both teams use: definition, formula, unit, owner and roles; with --config also what the company has agreed otherwise.

    Example: alignment glossary conversion_90d
    """
    from alignment_toolkit.config import load_config
    from alignment_toolkit.glossary import glossary_table, pattern_of, term
    from alignment_toolkit.printing import in_form

    agreed = load_config(Path(config) if config else None).glossary
    if not name:
        entries = glossary_table(agreed=agreed)
        columns = list(entries.columns) if format != "table" else ["name", "label", "definition", "owner", "responsible"]
        sys.stdout.write(in_form(entries[columns], format))
        return
    found = vars(term(name))
    for key, value in (found | dict(agreed.get(pattern_of(found["name"]), {}))).items():
        print(f"{key:<12}{legible(str(value))}")


def params(notebook: Annotated[str, typer.Argument(metavar="[NOTEBOOK]", help="One notebook; default: all of them.")] = "") -> None:
    """The parameters that notebooks take, with type, default and help.

    Example: alignment params 01_lead_quality
    """
    from alignment_toolkit.report.notebooks import report_notebooks, select
    from alignment_toolkit.report.parameters import read_parameters

    for path in select(report_notebooks(), [notebook] if notebook else None):
        print(path.stem)
        for entry in read_parameters(path).values():
            print(f"  {entry.name}: {entry.type} = {entry.default!r}  # {entry.help}")

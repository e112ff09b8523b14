"""A program that makes every page of a report on the hostile company, in one process: no kernels and no proof, which cost minutes.

The cells are the notebooks' own; what they show goes through the same preflight, rendering and last look as in a run. Run by
`end_to_end/test_hostile.py`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from alignment_toolkit.report.checked import check_page
from alignment_toolkit.report.extract import summary_of, tables_of, write_tables
from alignment_toolkit.report.notebooks import Notebook, page_name, page_title, read_notebook, report_notebooks, select, text_of
from alignment_toolkit.report.preflight import preflight
from alignment_toolkit.report.render import render_page
from alignment_toolkit.sharing import SHARED
from tests.hostile import ATTACKS, write_hostile

VALUES = {"quarter": "2026Q3", "data": "store", "as_of": "2026-10-01T00:00:00+00:00", "cohort": "4q"}


def executed(path: Path) -> Notebook:
    """The notebook with what its cells show."""
    notebook = read_notebook(path)
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    for number, cell in enumerate(cell for cell in notebook["cells"] if cell["cell_type"] == "code"):
        with capture_output() as told:
            done = shell.run_cell(text_of(cell["source"]), store_history=False)
        done.raise_error()
        if "parameters" in cell["metadata"].get("tags", []):
            shell.user_ns.update(VALUES)
        cell["execution_count"] = number + 1
        cell["outputs"] = [{"output_type": "display_data", "data": shown.data, "metadata": {}} for shown in told.outputs]
        cell["outputs"] += [{"output_type": "stream", "name": "stderr", "text": told.stderr}] if told.stderr else []
    return notebook


def frame(pages: list[dict[str, str]]) -> dict[str, Any]:
    """What stands around every page, as hostile as the rest."""
    attack = " ".join(ATTACKS.values())
    facts = {
        "quarter": "2026Q3",
        "as_of": "2026-10-01",
        "cohort": attack,
        "data": {"where": attack, "digest": "ab" * 32, "rows": {"leads": 600, attack: None}},
        "code": {"version": "0", "digest": "cd" * 32},
        "packages": {"python": attack},
    }
    return {"facts": facts, "pages": pages, "earlier": None}


def main(base: Path, names: list[str]) -> None:
    """Make the store, the notebooks of these names (none: all), their pages and tables below a folder."""
    write_hostile(base / "store")
    os.environ |= {"ALIGNMENT_ROOT": str(base), SHARED: str(base / "counts")}
    out = base / "report"
    out.mkdir()
    chosen = select(report_notebooks(), names or None)
    notebooks = {path.stem: executed(path) for path in sorted(chosen, key=lambda path: path.name.startswith("00"))}
    pages = [{"page": page_name(stem), "title": page_title(notebook, default=stem)} for stem, notebook in notebooks.items()]
    for stem, notebook in notebooks.items():
        if faults := preflight(notebook):
            raise AssertionError(f"{stem}: {faults}")
        page = out / page_name(stem)
        page.write_text(render_page(notebook, stem=stem, frame=frame(pages)), encoding="utf-8")
        check_page(page)
    write_tables(tables_of(notebooks), into=out)
    (out / "summary.txt").write_text(summary_of(notebooks, heading="Alignment report 2026Q3"), encoding="utf-8")
    (out / "manifest.json").write_text(json.dumps({"notebooks": notebooks}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

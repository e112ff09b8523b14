"""Where the report notebooks are, what their pages are called, and how an executed one is read and kept clean.

Notebooks are read with `json` alone: importing a notebook library takes longer than refusing a wrong parameter may take.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import UsageError, nearest

Notebook = dict[str, Any]
SUMMARY = "executive_summary"
_NUMBER = re.compile(r"^\d+_")


def find_notebooks() -> Path:
    """The folder of the report notebooks: the ones in the installed package, else those beside it in the checkout.

    Raises:
        UsageError: When there is neither.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if any(folder.glob("*.ipynb")):
            return folder
    raise UsageError(
        "no report notebooks were found", rule="They lie in the installed package or in notebooks/ beside it", way_out="Install again"
    )


def report_notebooks(folder: Path | None = None) -> list[Path]:
    """The notebooks of a report in page order: those whose name starts with a number."""
    return sorted(path for path in (folder or find_notebooks()).glob("*.ipynb") if _NUMBER.match(path.name))


def select(paths: Iterable[Path], names: Iterable[str] | None) -> list[Path]:
    """The notebooks with the given names, all without names; a name may leave out its number and its ending.

    Raises:
        UsageError: When a name is unknown; it lists the nearest.
    """
    known = {path.stem: path for path in paths}
    if names is None:
        return list(known.values())
    short = {_NUMBER.sub("", stem): stem for stem in known}
    chosen = []
    for name in names:
        stem = name.removesuffix(".ipynb")
        stem = short.get(stem, stem)
        if stem not in known:
            raise UsageError("the notebook is unknown", value=name, way_out=nearest(name, known))
        chosen.append(known[stem])
    return sorted(set(chosen))


def page_name(stem: str) -> str:
    """The page of a notebook: its name without the number, `_` as `-`; the executive summary is `index.html`."""
    bare = _NUMBER.sub("", stem)
    return "index.html" if bare == SUMMARY else bare.replace("_", "-") + ".html"


def read_notebook(path: Path) -> Notebook:
    """A notebook as JSON.

    Raises:
        UsageError: When the file is no notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UsageError("the file is no notebook", value=path.name, rule=str(error)) from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise UsageError("the file is no notebook of format 4", value=path.name)
    return notebook


def write_notebook(notebook: Notebook, path: Path) -> None:
    """Write a notebook the way nbformat does."""
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def text_of(value: str | list[str]) -> str:
    """A multi-line field of a notebook as one text."""
    return value if isinstance(value, str) else "".join(value)


def code_cells(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """The code cells in order; nbval counts them from 0."""
    return (cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def page_title(notebook: Notebook, *, default: str) -> str:
    """The first heading of the notebook."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found = re.search(r"^#\s+(.+?)\s*#*$", text_of(cell["source"]), re.M)
            if found:
                return found[1].replace("`", "").replace("*", "")
    return default


def cleaned(notebook: Notebook) -> Notebook:
    """The notebook without papermill's paths, times and random ids, which would differ from run to run and tell where it ran."""
    notebook.get("metadata", {}).pop("papermill", None)
    for at, cell in enumerate(notebook["cells"]):
        for key in ("papermill", "execution"):
            cell.get("metadata", {}).pop(key, None)
        cell["id"] = f"cell-{at}"
    return notebook

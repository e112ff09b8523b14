"""The outputs kept in committed notebooks: executed on the sample, text and tables of the checked cells only, never a picture.

`python -m alignment_toolkit.report.committed [NOTEBOOK …]` refreshes them; `make test` compares them with nbval.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from alignment_toolkit.report.notebooks import find_notebooks, read_notebook, report_notebooks, select, write_notebook

CHECKED = "nbval-check-output"


def refresh(path: Path) -> None:
    """Execute a notebook with its own parameters and keep what is checked.

    Args:
        path: The notebook; rewritten in place.
    """
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.read(path, as_version=4)
    encrypted = Config({"KernelManager": {"transport_encryption": "auto"}})
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", config=encrypted, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    nbformat.write(notebook, path)
    write_notebook(kept(read_notebook(path)), path)


def kept(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with outputs and execution counts in checked cells only, pictures removed, volatile metadata gone."""
    for cell in notebook["cells"]:
        cell["metadata"] = {"tags": cell["metadata"]["tags"]} if cell["metadata"].get("tags") else {}
        if cell["cell_type"] != "code":
            continue
        checked = CHECKED in cell["metadata"].get("tags", [])
        cell["outputs"] = [output for output in cell["outputs"] if checked and "image/svg+xml" not in output.get("data", {})]
        cell["execution_count"] = cell["execution_count"] if checked else None
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def main(names: list[str]) -> None:
    """Refresh the named notebooks, all of them without a name."""
    os.environ.setdefault("ALIGNMENT_ROOT", str(find_notebooks().parent))
    for path in select(report_notebooks(), names or None):
        refresh(path)


if __name__ == "__main__":
    main(sys.argv[1:])

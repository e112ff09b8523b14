"""One notebook through papermill, in a staging folder, its failure told in our own exceptions.

papermill writes its output cell by cell and marks cells as completed even when the kernel died, so only the exception is trusted.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError, CellFailed, DataRefused, KernelDied, PublishError, RunTimeout, UsageError
from alignment_toolkit.report.notebooks import Notebook, cleaned, code_cells, read_notebook, write_notebook

_OWN = {"DataRefused": DataRefused, "UsageError": UsageError}


def execute(source: Path, *, output: Path, values: Mapping[str, Any], cell_timeout: int) -> Notebook:
    """Run a notebook with parameter values and leave the executed one, without papermill's paths and times.

    Args:
        source: The notebook.
        output: Where the executed one goes; its folder is the working directory of the kernel.
        values: Name -> JSON value.
        cell_timeout: Seconds a cell may take.

    Raises:
        AlignmentError: The class says what ended it: a failing cell, a refused store, a timeout, a dead kernel, a full disk.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    where = f"The notebook as far as it came: {output.name}"
    paths = [str(path).replace("{", "{{").replace("}", "}}") for path in (source, output)]
    run = partial(papermill.execute_notebook, *paths, **_options(values, output, cell_timeout))
    try:
        try:
            run()
        except RuntimeError as error:
            if isinstance(error, DeadKernelError) or "Kernel" not in str(error):
                raise
            run()  # a kernel that does not start has run no cell, and a second one usually starts
    except PapermillExecutionError as error:
        raise _cell_error(error, output, where) from error
    except CellTimeoutError as error:
        raise RunTimeout(f"a cell of {output.stem} took longer than {cell_timeout} seconds", way_out=where) from error
    except DeadKernelError as error:
        raise KernelDied(f"the kernel of {output.stem} died", rule="It was killed or ran out of memory", way_out=where) from error
    except OSError as error:
        raise PublishError(f"{output.stem} could not be written", value=error.strerror or error, way_out=where) from error
    except RuntimeError as error:
        raise KernelDied(f"the kernel of {output.stem} did not start", value=str(error)) from error
    notebook = cleaned(read_notebook(output))
    write_notebook(notebook, output)
    return notebook


def _options(values: Mapping[str, Any], output: Path, cell_timeout: int) -> dict[str, Any]:
    from traitlets.config import Config

    return {
        "parameters": dict(values),
        "cwd": str(output.parent),
        "progress_bar": False,
        "execution_timeout": cell_timeout,
        "iopub_timeout": cell_timeout,  # outputs may come after the reply: four seconds, its default, are few on a busy machine
        "kernel_name": "python3",
        # without it ipykernel warns at each start that its channels are not encrypted
        "config": Config({"KernelManager": {"transport_encryption": "auto"}}),
    }


def _cell_error(error: Any, output: Path, where: str) -> AlignmentError:
    is_full = error.ename == "OSError" and any(f"[Errno {code}]" in str(error.evalue) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
    kind = PublishError if is_full else _OWN.get(error.ename, CellFailed)
    number = _code_number(output, error.exec_count)
    said = " ".join(str(error.evalue).split())
    return kind(f"cell {number} of {output.stem} failed with {error.ename}", rule=said[:2000] or None, way_out=where)


def _code_number(output: Path, execution_count: int | None) -> int | str:
    counts = [cell.get("execution_count") for cell in code_cells(read_notebook(output))]
    return counts.index(execution_count) if execution_count in counts else "?"

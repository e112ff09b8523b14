"""The proof: nbval runs executed notebooks again in a child process and compares every output with the one that is there.

nbval's silence proves nothing: a notebook without outputs passes, a cell after a timeout passes as expected failure. Accepted is only exit
code 0 with as many passed tests as there are code cells and no failure, error or skip.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree  # the file is written by our own child process

from alignment_toolkit.errors import AlignmentError, KernelDied, NotReproduced, PublishError, RunTimeout
from alignment_toolkit.report.forkserver import KERNEL
from alignment_toolkit.report.notebooks import Notebook, code_cells, read_notebook
from alignment_toolkit.report.outputs import shown_in

KERNEL_START = 60
_UNSTARTED = "the kernel did not start"
_SANITIZE = "[address]\nregex: 0x[0-9a-fA-F]{6,16}\nreplace: 0xADDRESS\n\n[pid]\nregex: \\bpid[ =:]+[0-9]+\nreplace: pid PID\n"
_FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST")
_FULL = os.strerror(errno.ENOSPC)
_ANSI = re.compile(r"(?:\x1b|#x1B)\[[0-9;]*m")  # junit writes the escape character as text
_FORMATS = ("rfc3986_validator", "rfc3987_syntax", "isoduration")  # for checks of jsonschema that nobody asks nbformat for
_PYTEST = f"import sys; sys.modules.update(dict.fromkeys({_FORMATS})); import pytest; raise SystemExit(pytest.main())"


@dataclass(frozen=True)
class Difference:
    """A cell that did not give again what it had given.

    Attributes:
        notebook: Stem of the notebook.
        cell: Number of the code cell, from 0; None when the notebook as a whole could not be compared.
        what: What differs, in a phrase.
    """

    notebook: str
    cell: int | None
    what: str

    def __str__(self) -> str:
        place = self.notebook if self.cell is None else f"{self.notebook} cell {self.cell}"
        return f"{place}: {self.what}"


def reproduce(
    notebooks: Sequence[Path], *, cell_timeout: int, root: Path | None = None, environment: Mapping[str, str] | None = None
) -> list[Difference]:
    """Run the notebooks again in one nbval process; what differs, empty when everything came out the same.

    Jupyter picks free ports before the kernel binds them, so another program can take one in between. A kernel that does not start has run
    no cell, so its notebook is tried once more.

    Args:
        notebooks: Executed notebooks; each runs in its own folder.
        cell_timeout: Seconds a cell may take.
        root: Folder that a relative `data` is looked up from; None: as the environment says.
        environment: Further variables of the kernels; with a `JUPYTER_PATH` kernels are those that it leads to.
    """
    run = partial(_compared, cell_timeout=cell_timeout, environment=_environment(root, environment or {}))
    found = run(notebooks)
    without_kernel = {difference.notebook for difference in found if difference.what.startswith(_UNSTARTED)}
    if not without_kernel:
        return found
    again = run([path for path in notebooks if path.stem in without_kernel])
    return [*(difference for difference in found if difference.notebook not in without_kernel), *again]


def skip_formats() -> None:
    """Keep jsonschema from loading grammars of web addresses and durations at start: a second of work."""
    for name in _FORMATS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def refuse(differences: Sequence[Difference], *, way_out: str | None = None) -> None:
    """Raise what the differences mean; nothing when there are none.

    Raises:
        NotReproduced: Outputs differ; the sentence names every cell.
        RunTimeout: A cell took too long the second time.
        KernelDied: The kernel ended.
        PublishError: The disk was full.
    """
    if not differences:
        return
    kinds: dict[str, type[AlignmentError]] = {
        "took longer": RunTimeout,
        "kernel died": KernelDied,
        _UNSTARTED: KernelDied,
        _FULL: PublishError,
    }
    kind = next((error for phrase, error in kinds.items() if phrase in differences[0].what), NotReproduced)
    raise kind("a second execution gave other outputs", rule="; ".join(map(str, differences)), way_out=way_out)


def _compared(notebooks: Sequence[Path], *, cell_timeout: int, environment: Mapping[str, str]) -> list[Difference]:
    with tempfile.TemporaryDirectory(prefix="alignment-") as scratch:
        junit = Path(scratch) / "junit.xml"
        code, said = _nbval(notebooks, junit=junit, cell_timeout=cell_timeout, environment=environment)
        return _judged(notebooks, junit=junit, code=code, said=said)


def _nbval(notebooks: Sequence[Path], *, junit: Path, cell_timeout: int, environment: Mapping[str, str]) -> tuple[int, str]:
    scratch = junit.parent
    (scratch / "empty.ini").write_text("[pytest]\n", encoding="utf-8")
    (scratch / "sanitize.cfg").write_text(_SANITIZE, encoding="utf-8")
    kernel = f"--nbval-kernel-name={KERNEL}" if "JUPYTER_PATH" in environment else "--nbval-current-env"
    options = [
        "-p", "nbval.plugin", "-p", "no:cacheprovider", "--noconftest", "-c", str(scratch / "empty.ini"),
        f"--rootdir={notebooks[0].parent}", "--nbval", kernel, f"--nbval-cell-timeout={cell_timeout}",
        f"--nbval-kernel-startup-timeout={KERNEL_START}",
        f"--nbval-sanitize-with={scratch / 'sanitize.cfg'}", f"--junitxml={junit}", "-o", "junit_family=xunit1", "--color=no", "-q",
    ]  # fmt: skip
    command = [sys.executable, "-c", _PYTEST, *options, *map(str, notebooks)]
    cells = sum(1 for path in notebooks for _ in code_cells(read_notebook(path)))
    longest = cells * (cell_timeout + 10) + len(notebooks) * 2 * KERNEL_START
    try:
        done = subprocess.run(command, env=dict(environment), cwd=scratch, capture_output=True, text=True, timeout=longest, check=False)
    except subprocess.TimeoutExpired:
        return -1, f"took longer than {longest} seconds"
    return done.returncode, done.stdout + done.stderr


def _environment(root: Path | None, further: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    fixed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "IPYKERNEL_CELL_NAME": "<cell>"}
    return kept | fixed | ({"ALIGNMENT_ROOT": str(root)} if root else {}) | dict(further)


def _judged(notebooks: Sequence[Path], *, junit: Path, code: int, said: str) -> list[Difference]:
    if not junit.is_file():
        last = " ".join(_ANSI.sub("", said).split())[-300:]
        return [Difference(path.stem, None, f"nbval gave no result: {last}") for path in notebooks]
    cases = list(ElementTree.parse(junit).getroot().iter("testcase"))  # noqa: S314 - written by our own child
    found = [difference for path in notebooks for difference in _of_notebook(path, cases)]
    if code != 0 and not found:
        return [Difference(path.stem, None, f"nbval left with code {code}") for path in notebooks]
    return found


def _of_notebook(path: Path, cases: Sequence[ElementTree.Element]) -> list[Difference]:
    notebook = read_notebook(path)
    mine = [case for case in cases if Path(case.get("file") or "").name == path.name]
    found = [
        _difference(path.stem, case, notebook)
        for case in mine
        if len(case.findall("failure") + case.findall("error") + case.findall("skipped"))
    ]
    expected = sum(1 for _ in code_cells(notebook))
    if len(mine) != expected:
        found.append(Difference(path.stem, None, f"{len(mine)} of {expected} code cells were compared"))
    return found


def _difference(stem: str, case: ElementTree.Element, notebook: Notebook) -> Difference:
    number = int(re.sub(r"\D", "", case.get("name") or "") or 0)
    message = _ANSI.sub("", "".join(child.get("message", "") + (child.text or "") for child in case))
    return Difference(stem, number, _phrase(message) + _names(notebook, number))


def _phrase(message: str) -> str:
    """What nbval's message says; only its own lines are read, since a cell's source and outputs stand in it too."""
    said = re.search(r"^Cell \d+: (.*)$", message, re.M)
    head = said[1] if said else message
    if re.match(r"Timeout of|Previous cell timed out", head):
        return "took longer than allowed"
    if "Kernel dead" in head:
        return "the kernel died"
    if unstarted := re.match(r'failed on setup with "(.*?)"', head):
        return f"{_UNSTARTED} ({unstarted[1][:300]})"
    if head.startswith("Cell execution caused an exception"):
        last = re.findall(r"^\w*(?:Error|Exception|Interrupt|Exit|Refused)\b.*$", message, re.M)
        return f"failed with {last[-1][:300]}" if last else "failed"
    mimes = re.findall(r"^ ?(?:mismatch|dissimilar number of outputs for key) ['\"]([^'\"]+)['\"]", message, re.M)
    return f"the output differs in {', '.join(dict.fromkeys(mimes))}" if mimes else "the outputs differ"


def _names(notebook: Notebook, number: int) -> str:
    cells = list(code_cells(notebook))
    names = [shown.name for shown in shown_in(cells[number], number=number) if shown.name] if number < len(cells) else []
    return f" ({', '.join(dict.fromkeys(names))})" if names else ""

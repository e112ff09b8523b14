"""Whether a published report, or a copy of one anywhere, still comes out the same: `alignment validate DIR [--data DIR]`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alignment_toolkit.errors import NotReproduced, UsageError
from alignment_toolkit.report import forkserver
from alignment_toolkit.report.digest import data_digest, installed, version_differences
from alignment_toolkit.report.manifest import MANIFEST, Manifest, cell_digests, damage, read_manifest
from alignment_toolkit.report.notebooks import code_cells, read_notebook, write_notebook
from alignment_toolkit.report.parameters import with_data
from alignment_toolkit.report.preflight import cleared, preflight
from alignment_toolkit.report.reproduce import Difference, reproduce
from alignment_toolkit.report.run import CELL_TIMEOUT
from alignment_toolkit.sharing import SHARED


@dataclass(frozen=True)
class Validation:
    """A report that came out the same.

    Attributes:
        quarter: Label.
        cells: Notebook -> number of code cells compared.
    """

    quarter: str
    cells: dict[str, int]

    def __iter__(self) -> Iterator[str]:
        """One line per notebook, then the verdict."""
        yield from (f"{name}: {count} cells reproduced" for name, count in self.cells.items())
        yield f"{self.quarter} reproduced"


def validate_report(directory: str | Path, *, data: str | None = None, cell_timeout: int = CELL_TIMEOUT) -> Validation:
    """Execute the notebooks of a published report again, on a copy, and compare everything.

    Args:
        directory: The report's folder, wherever it lies.
        data: The store to run on; None: the one of the manifest, looked up from `$ALIGNMENT_ROOT`, else from the working directory
            and its parents.
        cell_timeout: Seconds a cell may take.

    Raises:
        UsageError: When there is no report, or its data are nowhere.
        NotReproduced: When anything differs; the sentence says first which package versions differ, then every cell and file.
    """
    folder = Path(directory)
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError("there is no published report", value=directory, rule=f"A report's folder holds its {MANIFEST}")
    notebooks = [folder / "notebooks" / f"{page['notebook']}.ipynb" for page in manifest["pages"]]
    store = _store(data or manifest["data"]["where"])
    differing = [*_not_comparable(notebooks), *_data_differences(manifest, store)]
    if not any("cannot be compared" in phrase for phrase in differing):
        differing += _compared(notebooks, manifest, store=store, cell_timeout=cell_timeout)
    differing += damage(manifest, folder)
    if differing:
        raise NotReproduced(f"the report {manifest['quarter']} is not reproduced", rule="; ".join([*_versions(manifest), *differing]))
    counts = {path.stem: sum(1 for _ in code_cells(read_notebook(path))) for path in notebooks}
    return Validation(manifest["quarter"], counts)


def _store(data: str) -> Path | None:
    from alignment_toolkit.store import locate

    return None if data.startswith("env:") else locate(data).absolute()


def _versions(manifest: Manifest) -> list[str]:
    different = version_differences(manifest["packages"], installed())
    return [f"package versions differ: {', '.join(different)}"] if different else []


def _not_comparable(notebooks: list[Path]) -> list[str]:
    found = []
    for path in notebooks:
        if not path.is_file():
            found.append(f"{path.stem} cannot be compared: it is missing")
            continue
        notebook = read_notebook(path)
        faults = cleared(notebook) or preflight(notebook)
        found += [f"{path.stem} cannot be compared: {fault}" for fault in faults]
    return found


def _data_differences(manifest: Manifest, store: Path | None) -> list[str]:
    was = manifest["data"]
    if store is None or was["digest"] is None:
        return []
    given = manifest["parameters"].get("config")
    now = data_digest(store, config=Path(given) if given and Path(given).is_file() else None)
    changed = sorted(name for name in {*now.files, *was["files"]} if now.files.get(name) != was["files"].get(name))
    return [f"the data are not those of the report: {', '.join(changed)}"] if changed else []


def _compared(notebooks: list[Path], manifest: Manifest, *, store: Path | None, cell_timeout: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="alignment-") as scratch:
        copies = [Path(shutil.copy(path, scratch)) for path in notebooks]
        for copy in copies:
            if store is not None:
                write_notebook(with_data(read_notebook(copy), values={"data": str(store)}), copy)
        differences = [str(difference) for difference in _proved(copies, Path(scratch), cell_timeout=cell_timeout)]
    recorded = {page["notebook"]: page["cells"] for page in manifest["pages"]}
    return [*differences, *(phrase for path in notebooks for phrase in _rewritten(path, recorded[path.stem]))]


def _proved(notebooks: list[Path], scratch: Path, *, cell_timeout: int) -> list[Difference]:
    """The notebooks executed as in the proof of a report run: one set of kernels, which share what they have counted."""
    kernels = forkserver.start(scratch / "proof")
    try:
        environment = kernels.environment | {SHARED: str(scratch / "counts")}
        return reproduce(notebooks, cell_timeout=cell_timeout, root=Path.cwd(), environment=environment)
    finally:
        kernels.stop()


def _rewritten(path: Path, recorded: list[str]) -> list[str]:
    now = cell_digests(read_notebook(path))
    if len(now) != len(recorded):
        return [f"{path.stem} has {len(now)} cells, it was published with {len(recorded)}"]
    return [
        f"{path.stem}: the text of cell {at + 1} of {len(now)} was changed"
        for at, (new, old) in enumerate(zip(now, recorded, strict=True))
        if new != old
    ]

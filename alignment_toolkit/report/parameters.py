"""The parameters of a notebook, read from its `parameters` cell with `json` and `ast` only, and checked before a kernel starts."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.report.notebooks import Notebook, read_notebook, text_of

PIPELINE = ("quarter", "data", "as_of", "cohort", "config")
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook.

    Attributes:
        name: An identifier.
        type: Its annotation as written, such as `str` or `int | None`.
        default: The default value.
        help: What it is for.
    """

    name: str
    type: str
    default: Any
    help: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The plain types its annotation allows; `None` among them when it is optional."""
        return tuple(part.strip().partition("[")[0] for part in self.type.split("|"))

    def allows(self, value: object) -> bool:
        """Whether a value has one of its types; a flag is no number."""
        if value is None:
            return "None" in self.kinds
        if isinstance(value, bool):
            return "bool" in self.kinds
        return any(isinstance(value, _TYPES.get(kind, (object,))) for kind in self.kinds if kind != "None")


def read_parameters(path: Path) -> dict[str, Parameter]:
    """The parameters of a notebook by name, in order; empty without a `parameters` cell.

    Raises:
        UsageError: When there are two such cells, or a line in one is not `name: type = default  # help`.
    """
    cells = [cell for cell in read_notebook(path)["cells"] if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(cells) > 1:
        raise UsageError("the notebook has two parameters cells", value=path.name, rule="A notebook has one cell with the tag 'parameters'")
    return {parameter.name: parameter for cell in cells for parameter in _parsed(text_of(cell["source"]), notebook=path.name)}


def _parsed(source: str, *, notebook: str) -> list[Parameter]:
    lines = source.splitlines()
    try:
        statements = ast.parse(source).body
        return [_parameter(statement, lines) for statement in statements]
    except (SyntaxError, ValueError) as error:
        rule = "Each line of the parameters cell is `name: type = default  # help` with a plain value"
        raise UsageError(f"the parameters of {notebook} cannot be read", value=str(error), rule=rule) from error


def _parameter(statement: ast.stmt, lines: list[str]) -> Parameter:
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name) or statement.value is None:
        raise ValueError(lines[statement.lineno - 1].strip())
    last = lines[(statement.end_lineno or statement.lineno) - 1].encode()[statement.end_col_offset or 0 :].decode()
    return Parameter(
        statement.target.id, ast.unparse(statement.annotation), ast.literal_eval(statement.value), last.strip().removeprefix("#").strip()
    )


def parse_value(text: str, *, parameter: Parameter) -> Any:
    """The value of `-p NAME=VALUE` in the parameter's own type; a text parameter takes it as it stands (`2024_01` stays text).

    Raises:
        UsageError: When the text is no value of that type.
    """
    if "str" in parameter.kinds:
        return text
    folded = {"true": True, "false": False, "none": None, "null": None}
    try:
        value = folded[text.casefold()] if text.casefold() in folded else json.loads(text)
    except json.JSONDecodeError:
        value = text
    return _checked(parameter, value)


def parse_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """The values of `-p NAME=VALUE` options as text; the last of a name counts.

    Raises:
        UsageError: When one is no assignment.
    """
    for assignment in assignments:
        if not assignment.partition("=")[0].isidentifier() or "=" not in assignment:
            raise UsageError("the parameter cannot be read", value=assignment, rule="A parameter is given as NAME=VALUE, such as -p top=10")
    return {name: value for name, _, value in (assignment.partition("=") for assignment in assignments)}


def check_parameters(notebooks: Sequence[Path], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values to inject into each notebook: of those given, the ones it declares.

    Args:
        notebooks: Paths of the notebooks of the run.
        given: Name -> value; texts are read in the parameter's type.

    Returns:
        Stem of the notebook -> name -> value.

    Raises:
        UsageError: For a name that no notebook declares (with the nearest), a value of the wrong type, or a notebook that
            does not take the data, the quarter and the as-of.
    """
    declared = {path.stem: read_parameters(path) for path in notebooks}
    names = {name for parameters in declared.values() for name in parameters}
    for stem, parameters in declared.items():
        lacking = [name for name in PIPELINE[:3] if name not in parameters]
        if lacking:
            raise UsageError(
                f"the notebook {stem} cannot be in a report", value=", ".join(lacking), rule="It must take data, quarter and as_of"
            )
    for name in given:
        if name not in names and name not in PIPELINE:
            raise UsageError("the parameter is unknown", value=name, way_out=nearest(name, sorted(names)))
    return {
        stem: {name: _typed(parameters[name], value) for name, value in given.items() if name in parameters}
        for stem, parameters in declared.items()
    }


def _typed(parameter: Parameter, value: Any) -> Any:
    return parse_value(value, parameter=parameter) if isinstance(value, str) else _checked(parameter, value)


def _checked(parameter: Parameter, value: Any) -> Any:
    if not parameter.allows(value):
        raise UsageError(
            f"the parameter {parameter.name} has the wrong type",
            value="null" if value is None else value,
            rule=f"It is {parameter.type}: {parameter.help or 'no help'}",
        )
    return value


def with_data(notebook: Notebook, *, values: Mapping[str, Any]) -> Notebook:
    """The notebook with other values in its injected cell: for a proof on data that lie elsewhere.

    Args:
        notebook: An executed notebook; changed in place.
        values: Name -> value for names that were injected; others are left out.
    """
    for cell in notebook["cells"]:
        if "injected-parameters" in cell.get("metadata", {}).get("tags", []):
            statements = ast.parse(text_of(cell["source"])).body
            cell["source"] = "\n".join(_replaced(statement, values) for statement in statements)
    return notebook


def _replaced(statement: ast.stmt, values: Mapping[str, Any]) -> str:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and statement.targets[0].id in values:
        return f"{statement.targets[0].id} = {values[statement.targets[0].id]!r}"
    return ast.unparse(statement)

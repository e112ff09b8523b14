"""Write connectors.md: which headers each shipped mapping looks for, from the mapping files themselves."""

from __future__ import annotations

from pathlib import Path

from alignment_toolkit.explain import headers_read
from alignment_toolkit.mapping import shipped, shipped_names

INTRO = """# Connectors

Written by `python docs/connectors.py` from the mapping files; a test compares the two.

Five mappings come with the toolkit. `alignment ingest --source DIR --out STORE` recognises which one fits and says why; `--mapping NAME`
says it yourself; `alignment map --explain --source DIR` shows what was matched, guessed and missing before anything is read. Headers are
compared without capitals, blanks and marks (`Create Date`, `createdate` and `create_date` are one), `*` stands for anything, and of several
headers the first that is there is read. A file is known by its name, else by its headers. What is not there is empty, and said.

| mapping | what | files or tables (needed: one of the bold ones) |
|---|---|---|
"""

TIMES = """
`fivetran_salesforce` and `fivetran_hubspot` read the same columns as the two they extend: Salesforce's under small names with underscores
(`created_date`, `stage_name`, `…_c`), HubSpot's with the prefix `property_`, which is taken off.

## Where the time of a stage comes from

Best first; the first that is there is taken, and the ingest says which and what is not there.

| vendor | time of | sources |
|---|---|---|
"""


def main() -> None:
    """Write the page."""
    (Path(__file__).parent / "connectors.md").write_text(page(), encoding="utf-8")


def page() -> str:
    """The text of the page."""
    parts = [INTRO + "".join(_overview(name) for name in shipped_names())]
    parts.append(TIMES + "".join(line for name in ("salesforce", "hubspot", "stripe") for line in _times(name)))
    parts += [_inputs(name) for name in ("salesforce", "hubspot", "stripe")]
    return "".join(parts)


def _overview(name: str) -> str:
    mapping = shipped(name)
    assert mapping.vendor is not None
    listed = [f"**{entry}**" if entry in mapping.vendor.needs else entry for entry, rule in mapping.inputs.items() if not rule.same_as]
    return f"| `{name}` | {mapping.vendor.title} | {', '.join(listed)} |\n"


def _times(name: str) -> list[str]:
    parts = shipped(name).tables["stage_events"].parts
    lines = []
    for what in dict.fromkeys(part.what for part in parts):
        listed = " → ".join(part.says for part in parts if part.what == what and not part.also)
        beside = "".join(f"; besides: {part.says}" for part in parts if part.what == what and part.also)
        lines.append(f"| {name} | {what.removeprefix('time of ')} | {listed}{beside} |\n")
    return lines


def _inputs(name: str) -> str:
    head = f"\n## {name}\n\n| file | column | kind | headers, best first |\n|---|---|---|---|\n"
    rows = headers_read([name]).itertuples()
    return head + "".join(f"| {row.input} | {row.column} | {row.kind} | {' · '.join(str(row.headers).split(' | '))} |\n" for row in rows)


if __name__ == "__main__":
    main()

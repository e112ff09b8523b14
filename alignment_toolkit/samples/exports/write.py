"""Write the simulated company as a vendor would export it, and the company's settings beside the files.

Unit: one file per object. `VENDORS` says what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alignment_toolkit.samples.exports.fivetran_hubspot import fivetran_hubspot
from alignment_toolkit.samples.exports.fivetran_salesforce import fivetran_salesforce
from alignment_toolkit.samples.exports.form import Export
from alignment_toolkit.samples.exports.hubspot import hubspot
from alignment_toolkit.samples.exports.hubspot_labels import hubspot_labels
from alignment_toolkit.samples.exports.salesforce import salesforce
from alignment_toolkit.samples.exports.salesforce_labels import salesforce_labels
from alignment_toolkit.samples.exports.stripe import stripe
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.simulate import LEADS, SEED, simulate
from alignment_toolkit.samples.write import settings

VENDORS: dict[str, Callable[[View], Export]] = {
    "hubspot": hubspot,
    "salesforce": salesforce,
    "fivetran_hubspot": fivetran_hubspot,
    "fivetran_salesforce": fivetran_salesforce,
    "stripe": stripe,
}
LABELLED: dict[str, Callable[[View], Export]] = {"hubspot": hubspot_labels, "salesforce": salesforce_labels}


def write_export(out: Path, *, vendor: str, labels: bool = False, seed: int = SEED, leads: int = LEADS) -> list[Path]:
    """Simulate a company and write it as a vendor would export it.

    Args:
        out: Folder, made when absent; files of the same names are replaced.
        vendor: A key of `VENDORS`.
        labels: The CSV files of the user interface instead of the API's; only for the keys of `LABELLED`.
        seed: Seed of the sample.
        leads: Number of leads.

    Returns:
        The paths written, tables first; `alignment.toml` holds the company's settings for ``ingest --config``.

    Raises:
        KeyError: The vendor is not known, or has no such form.
        ValueError: Too few leads.
        OSError: The folder cannot be written.
    """
    made = (LABELLED if labels else VENDORS)[vendor]
    export = made(View(simulate(seed=seed, leads=leads)))
    out.mkdir(parents=True, exist_ok=True)
    (out / "alignment.toml").write_text(settings(), encoding="utf-8")
    return [*export.write(out), out / "alignment.toml"]

"""Counting ahead: everything that the headline figures of a quarter ask of a store, kept beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from alignment_toolkit.errors import PublishError, UsageError
from alignment_toolkit.headlines import kpis
from alignment_toolkit.store import seal_store
from alignment_toolkit.study import Study


def prepare(study: Study) -> Path:
    """Keep the counts behind the headline figures of a study, and those of the quarter before; seal a store that has been checked.

    Args:
        study: A study of a folder of Parquet files.

    Returns:
        The folder that they are kept in; what was kept there for other quarters stays, what belongs to other tables, settings or code goes.

    Raises:
        UsageError: When the store is no folder of Parquet files.
        PublishError: When it cannot be written to.
    """
    found = study.crm.prepared
    if found is None:
        rule = "Counts are kept for tables whose content can be told by their digests: a folder of Parquet files"
        way_out = "Make such a store with alignment ingest"
        raise UsageError("the store cannot be prepared", value=study.crm.where, rule=rule, way_out=way_out)
    try:
        found.folder.mkdir(parents=True, exist_ok=True)  # asked before minutes of counting, not after
        seal_store(found.store, config=study.config)
        kpis(replace(study, crm=replace(study.crm, prepared=replace(found, keeps=True), counts={})))
    except OSError as error:
        way_out = "Let the store's folder be written to, or ask without preparing"
        raise PublishError("the counts cannot be kept", value=found.folder, rule=error.strerror, way_out=way_out) from error
    found.forget_others()
    return found.folder

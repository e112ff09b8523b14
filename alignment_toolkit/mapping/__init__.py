"""Mapping files: where each canonical table comes from, in TOML -> frozen `Mapping`; checked before a single row is read.

    [config]                      # becomes the store's alignment.toml
    time_zone = "Europe/Berlin"

    [source]                      # how the exports are written
    date_order = "dmy"

    [tables.leads]
    from = "contacts.csv"         # or sql = "SELECT ..." over the files of the source folder, named by their stems
    set_aside = [{ when_null = "created_at", reason = "no creation date" }]

    [tables.leads.columns]
    lead_id = "Record ID"
    created_at = ["Create Date", "createdate"]          # the first of these headers that is there
    source = { from = "Original Source", map = { "PAID_SEARCH" = "paid search" } }
    region = { value = "EMEA" }

    [tables.stage_events]
    from = "contacts.csv"
    wide = { mql = "Became MQL", won = "Closed" }   # one column per stage
    columns = { lead_id = "Record ID" }

A mapping for a vendor has two layers. `[inputs.<name>]` says which file or table is which and under which headers its columns may stand;
what is not there is empty. `[[tables.<name>.parts]]` are SELECTs over these inputs; of several parts for the same purpose the first whose
inputs are there is taken, and said. The shipped mappings are of this kind; `extends = "salesforce"` changes one.

Only canonical columns can be named, so names, e-mail addresses and phone numbers never arrive in a store.
"""

from alignment_toolkit.mapping.columns import ColumnRule, InputColumn, Scalar
from alignment_toolkit.mapping.load import load_mapping, mapping_from, shipped, shipped_names
from alignment_toolkit.mapping.tables import InputRule, LabelRule, PartRule, SetAside, TableRule, Vendor
from alignment_toolkit.mapping.whole import Mapping

__all__ = [
    "ColumnRule",
    "InputColumn",
    "InputRule",
    "LabelRule",
    "Mapping",
    "PartRule",
    "Scalar",
    "SetAside",
    "TableRule",
    "Vendor",
    "load_mapping",
    "mapping_from",
    "shipped",
    "shipped_names",
]

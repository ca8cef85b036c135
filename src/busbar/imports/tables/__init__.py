"""The tables that can be imported, declared as data.

`TABLES` in dependency order; `get_table(key)`; `tables_of(kind)`. `Table.fields` name columns:
key, Chinese heading, other headings, what a cell holds, required, description.
"""

from busbar.imports.models import ImportKind
from busbar.imports.tables import (
    archive,
    bills,
    days,
    losses,
    metering,
    network,
    readings,
    supply,
    tariffs,
)
from busbar.imports.tables.declaring import CellType, Field, Table

TABLES: tuple[Table, ...] = (
    *archive.TABLES,
    *supply.TABLES,
    *network.TABLES,
    *tariffs.TABLES,
    *days.TABLES,
    *losses.TABLES,
    *readings.TABLES,
    *metering.TABLES,
    *bills.TABLES,
)
_BY_KEY = {table.key: table for table in TABLES}


def get_table(key: str) -> Table:
    """The declared table with this key; KeyError when there is none."""
    return _BY_KEY[key]


def tables_of(kind: ImportKind | str) -> tuple[Table, ...]:
    """The tables of one kind of import, in the order in which they depend on each other."""
    return tuple(table for table in TABLES if table.kind == kind)


__all__ = ["TABLES", "CellType", "Field", "Table", "get_table", "tables_of"]

"""How large a Parquet file becomes in memory, found before it is read.

Encoding and compression let a few kilobytes stand for gigabytes. What every value takes is known
from the file's own description, except for texts that stand once in a dictionary: these are
counted through their places in it, without ever being written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_BYTES = 2 << 30
"""What a file may take in memory: ten thousand points' curves of eight months."""
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 8}
_TEXT = "BYTE_ARRAY"
_OFFSET = 4
_DELTA = "DELTA_BYTE_ARRAY"
_SHARED = {"RLE_DICTIONARY", "PLAIN_DICTIONARY", _DELTA}
"""Encodings that write a text once, or its beginning, for many rows."""
_BATCH, _DELTA_BATCH = 65_536, 256


def unpacked_bytes(path: Path, limit: int = MOST_BYTES) -> int:
    """Bytes in memory, or the first sum found that exceeds the limit.

    Raises what Arrow raises for a file that is no Parquet.
    """
    file = pq.ParquetFile(path)
    chunks = list(_chunks(file.metadata))
    total = sum(_declared(chunk, file.schema) for chunk in chunks)
    shared = [c for c in chunks if c.physical_type == _TEXT and _SHARED & set(c.encodings)]
    delta = {c.path_in_schema for c in shared if _DELTA in c.encodings}
    # Arrow writes out a batch of such texts at once, each as long as all the chunk at worst.
    sizes = [int(c.total_uncompressed_size) for c in shared if c.path_in_schema in delta]
    worst = max(sizes, default=0) * _DELTA_BATCH
    if worst > limit:
        return worst
    if total > limit or not shared:
        return total
    names = {chunk.path_in_schema for chunk in shared}
    return total + _text_bytes(path, names, delta, limit - total)


def _chunks(metadata: Any) -> Iterator[Any]:
    for group in range(metadata.num_row_groups):
        part = metadata.row_group(group)
        yield from (part.column(place) for place in range(part.num_columns))


def _declared(chunk: Any, schema: Any) -> int:
    """What the chunk's values take by their type, and no less than its pages take unpacked."""
    if chunk.physical_type == _TEXT:
        by_type = chunk.num_values * _OFFSET
    elif chunk.physical_type in _WIDTHS:
        by_type = chunk.num_values * _WIDTHS[chunk.physical_type]
    else:
        names = {schema.column(place).path: place for place in range(len(schema.names))}
        by_type = chunk.num_values * schema.column(names[chunk.path_in_schema]).length
    return max(int(by_type), int(chunk.total_uncompressed_size))


def _text_bytes(path: Path, names: set[str], delta: set[str], limit: int) -> int:
    """Length of all texts of the columns; stops beyond the limit.

    Counted by dictionary, but for `delta` columns: Arrow cannot read those as dictionaries, so
    they are written out, few rows at a time.
    """
    total = 0
    file = pq.ParquetFile(path, read_dictionary=sorted(names - delta))
    rows = _DELTA_BATCH if delta else _BATCH
    for batch in file.iter_batches(batch_size=rows, columns=sorted(names)):
        total += sum(_length(column) for column in batch.columns)
        if total > limit:
            break
    return total


def _length(column: Any) -> int:
    """Bytes of a column's texts, each counted as often as it stands in a row."""
    is_shared = pa.types.is_dictionary(column.type)
    lengths = pc.binary_length(column.dictionary if is_shared else column).cast(pa.int64())
    return int(pc.sum(lengths.take(column.indices) if is_shared else lengths).as_py() or 0)

"""Arrow lists of 96 values to numpy matrices and back, without a loop over rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from busbar.metering.lake.schema import (
    FILE_SCHEMA,
    INTERVALS,
    QUALITY,
    STORED_SCHEMA,
    CurveTableError,
)

type_of = {pa.int32(): np.int32, pa.int8(): np.int8}


def as_array(column: Any) -> Any:
    """Return a column as one Arrow array, joining the chunks of a table's column."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def holds(
    sorted_ids: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which of the wanted ids the sorted ids hold: few wanted ones cost little, however many."""
    if len(sorted_ids) == 0:
        return np.zeros(len(wanted), dtype=bool)
    places = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    held: npt.NDArray[np.bool_] = sorted_ids[places] == wanted
    return held


def as_matrix(column: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """Return (values of shape (rows, 96), rows present or None when all are).

    Without nulls the values are a view on Arrow's memory (read only). Rows that are null come
    as zeros. Raises `CurveTableError` when a list does not hold 96 values.
    """
    array = as_array(column)
    dense, present = as_dense(array)
    if present is None:
        return dense, None
    spread = np.zeros((len(array), INTERVALS), dtype=type_of[array.type.value_type])
    spread[present] = dense
    return spread, present


def as_dense(column: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """Return (values of the rows that are present, rows present or None when all are)."""
    array = as_array(column)
    if array.null_count == 0 and (whole := _values_of_whole(array)) is not None:
        return whole, None
    values = array.flatten()
    present = None if array.null_count == 0 else ~array.is_null().to_numpy(zero_copy_only=False)
    rows = len(array) if present is None else int(present.sum())
    _require_96(array, values, rows)
    dense = values.to_numpy(zero_copy_only=values.null_count == 0).reshape(rows, INTERVALS)
    return dense, present


def _values_of_whole(array: Any) -> npt.NDArray[Any] | None:
    """The values of lists that all hold 96, none null, without a copy; None where it is not so."""
    ends = array.offsets.to_numpy()
    if (ends[1:] - ends[:-1] != INTERVALS).any():
        return None
    values = array.values[int(ends[0]) : int(ends[-1])]
    if values.null_count:
        return None
    return np.asarray(values.to_numpy()).reshape(len(array), INTERVALS)


def _require_96(array: Any, values: Any, rows: int) -> None:
    """Every list that is there holds exactly 96 values, none of them null."""
    ends = array.offsets.to_numpy()
    lengths = ends[1:] - ends[:-1]
    fitting = (lengths == INTERVALS) | (lengths == 0)
    if len(values) != rows * INTERVALS or not fitting.all() or values.null_count:
        raise CurveTableError("每条日曲线必须恰好有 96 个值，且不得含空值")


def as_lists(
    values: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None = None
) -> pa.ListArray:
    """Turn a matrix of shape (rows, 96) into Arrow lists; rows not present become null."""
    rows = len(values)
    if present is None or bool(present.all()):
        ends = np.arange(0, rows * INTERVALS + 1, INTERVALS, dtype=np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), pa.array(values.reshape(-1)))
    ends = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(present, out=ends[1:])
    ends *= INTERVALS
    dense = pa.array(np.ascontiguousarray(values[present]).reshape(-1))
    return pa.ListArray.from_arrays(pa.array(ends), dense, mask=pa.array(~present))


def without_measured(table: pa.Table) -> pa.Table:
    """Make the quality of rows null that are measured in all 96 intervals, as files hold it."""
    codes, _ = as_matrix(table[QUALITY])
    noted = np.asarray(np.ascontiguousarray(codes).view(np.uint64).any(axis=1))
    return _with_quality(table, as_lists(codes, noted))


def with_measured(table: pa.Table) -> pa.Table:
    """Write out the 96 codes where a row's quality is null."""
    if QUALITY not in table.column_names or not table[QUALITY].null_count:
        return table
    return _with_quality(table, as_lists(as_matrix(table[QUALITY])[0]))


def as_read(table: pa.Table) -> pa.Table:
    """Rows of a file, old or new, in the types of `FILE_SCHEMA`."""
    return table.cast(pa.schema([FILE_SCHEMA.field(name) for name in table.column_names]))


def as_stored(table: pa.Table) -> pa.Table:
    """The same in those of `STORED_SCHEMA`: nothing to do but for files of before."""
    wanted = pa.schema([STORED_SCHEMA.field(name) for name in table.column_names])
    return table if table.schema.equals(wanted) else table.cast(wanted)


def _with_quality(table: pa.Table, quality: pa.ListArray) -> pa.Table:
    return table.set_column(table.column_names.index(QUALITY), QUALITY, quality)

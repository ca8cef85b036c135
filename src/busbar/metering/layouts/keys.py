"""What both shapes share: the usage point's number, repeated keys, the error list."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.kit.errors import Phrase
from busbar.metering.lake.schema import CHANNELS, INTERVALS, QUALITY, Quality
from busbar.metering.lake.vectors import as_lists
from busbar.metering.layouts.described import (
    PARSED_SCHEMA,
    ReadingLayout,
    RowError,
    UnableToUseLayout,
)

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
Matrix = npt.NDArray[Any]

MOST_BAD_ROWS: Final = 100_000
"""Refused rows that one file may have and still be taken: each is kept to be corrected."""


@dataclass
class Findings:
    """The rows of a file that are still good, and the errors of those that are not."""

    table: pa.Table
    first_row: int
    good: Mask
    errors: list[RowError] = field(default_factory=list)

    def reject(
        self,
        rows: Iterable[int],
        column: str,
        expectation: Phrase | Callable[[int], Phrase],
    ) -> None:
        """Take rows out and say why, naming the cell as the file has it.

        Raises UnableToUseLayout beyond MOST_BAD_ROWS: then not the rows are wrong but how the
        file is read.
        """
        for row in rows:
            if len(self.errors) == MOST_BAD_ROWS:
                first = min(self.errors, key=lambda error: error.row)
                told = too_many_bad_rows(first)
                raise UnableToUseLayout.saying(told)
            self.good[row] = False
            why = expectation if isinstance(expectation, Phrase) else expectation(row)
            self.errors.append(RowError(self.first_row + row, column, self.cell(row, column), why))

    def cell(self, row: int, column: str) -> str:
        """The cell's content as text; empty when it is blank."""
        if column not in self.table.column_names:
            return ""
        value = self.table[column][row].as_py()
        return "" if value is None else str(value)

    def sorted_errors(self) -> list[RowError]:
        """The errors in the order of the file."""
        return sorted(self.errors, key=lambda error: (error.row, error.column))


def too_many_bad_rows(first: RowError) -> Phrase:
    """The sentence with which a file is refused that has more bad rows than can be corrected."""
    return Phrase(
        "超过 %(most)s 行不合要求，整份文件没有导入；"
        "如第 %(row)s 行 %(column)s“%(value)s”：%(why)s。"
        "请检查列对应与时间格式，或分成几份再导入",
        most=f"{MOST_BAD_ROWS:,}",
        row=first.row,
        column=first.column,
        value=first.value,
        why=first.expectation,
    )


def point_codes(findings: Findings, layout: ReadingLayout) -> tuple[Places, list[str]]:
    """Return (for each row the place of its usage point, the sorted numbers); reject blanks."""
    rows = findings.table.num_rows
    if not layout.point_column:
        return np.zeros(rows, dtype=np.int64), [layout.point_number]
    column = findings.table[layout.point_column].combine_chunks()
    coded = point_texts(column).dictionary_encode()
    names = coded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place_of = np.zeros(len(names) + 1, dtype=np.int64)  # the last is that of blanks, rejected
    place_of[order] = np.arange(len(names))
    blank = {names.index("")} if "" in names else set()
    indices = coded.indices.fill_null(len(names)).to_numpy()
    bad = np.isin(indices, [len(names), *blank])
    findings.reject(np.flatnonzero(bad).tolist(), layout.point_column, Phrase("应填写用电点编号"))
    return place_of[indices], [names[place] for place in order]


def point_texts(column: Any) -> Any:
    """Usage points' numbers as people write them: trimmed, what became a float without '.0'."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(
            pc.equal(pc.floor(column), column).fill_null(False),  # noqa: FBT003 - Arrow's signature
            column.cast(pa.int64(), safe=False).cast(pa.string()),
            column.cast(pa.string()),
        )
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def reject_repeats(findings: Findings, keys: Places, column: str, what: Phrase) -> None:
    """Of the good rows with the same key keep the first, reject the others."""
    places = np.flatnonzero(findings.good)
    order = places[np.argsort(keys[places], kind="stable")]
    repeated = np.flatnonzero(np.diff(keys[order]) == 0) + 1
    if len(repeated) == 0:
        return
    begins = np.ones(len(order), dtype=bool)
    begins[repeated] = False
    first_of = order[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
    kept = dict(zip(order[repeated].tolist(), first_of[repeated].tolist(), strict=True))
    findings.reject(
        sorted(kept),
        column,
        lambda row: Phrase(
            "同一%(what)s只应出现一次，与第 %(row)s 行重复",
            what=what,
            row=findings.first_row + kept[row],
        ),
    )


def build_curves(
    points: Places,
    names: list[str],
    days: Places,
    values: dict[str, Matrix],
    present: dict[str, Mask],
) -> pa.Table:
    """Make the curve table from matrices whose rows are sorted by usage point and day."""
    columns: list[Any] = [
        pa.array(names, pa.string()).take(pa.array(points)),
        pa.array(days.astype(np.int32)).cast(pa.date32()),
    ]
    for name in CHANNELS:
        matrix = values.get(name)
        if matrix is None:
            columns.append(pa.nulls(len(points), PARSED_SCHEMA.field(name).type))
        else:
            columns.append(as_lists(matrix.astype(np.int32, copy=False), present[name]))
    columns.append(as_lists(values[QUALITY].astype(np.int8, copy=False), present[QUALITY]))
    return pa.table(columns, schema=PARSED_SCHEMA)


def empty_quality(rows: int) -> Matrix:
    """Quality codes of curves for which nothing is known yet."""
    return np.full((rows, INTERVALS), Quality.MISSING, dtype=np.int8)

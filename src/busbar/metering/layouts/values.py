"""Cells to whole Wh and varh: exact to the last digit, half up when finer than 1 Wh."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from busbar.kit.errors import Phrase
from busbar.metering.layouts.described import Channel
from busbar.metering.layouts.ratios import RowRatios

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

GOOD, BLANK, NOT_A_NUMBER, NEGATIVE, TOO_LARGE, NO_CODE = range(6)
_LARGEST: Final = 2**31 - 1
_LAST_CODE: Final = 5
_NEAR: Final = 1e-5
_PIECE: Final = 4096
_EXACT: Final = Context(prec=1000, rounding=ROUND_HALF_UP)
"""More digits than a cell and its multiplier have together: nothing is lost before the rounding."""
_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"

EXPECTATIONS: Final = {
    NOT_A_NUMBER: Phrase("应为数字（不含千分位分隔符和单位）"),
    NEGATIVE: Phrase("应为不小于 0 的数字"),
    TOO_LARGE: Phrase("换算后应不超过 2147483647（Wh 或 varh）"),
    NO_CODE: Phrase("应为 0 至 5 的质量码"),
}


@dataclass(frozen=True)
class Cells:
    """One column of cells: whole values (0 unless good), what is wrong, how many were rounded."""

    values: npt.NDArray[np.int32]
    faults: Codes
    rounded: int


def convert_cells(column: Any, channel: Channel, ratios: RowRatios | None = None) -> Cells:
    """Convert the cells of one channel, each multiplied with its row's ratio; codes are not.

    Floats do the bulk; the few within 1e-5 Wh of a half are decided again in Decimal from the
    cell itself, so the result is that of decimal arithmetic.
    """
    if channel.unit == "code":
        ratios = None
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    numbers, faults = _numbers(array)
    if channel.absolute:
        numbers = np.abs(numbers)
    factors = float(channel.factor) if ratios is None else ratios.scale(channel.factor)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite is too large, as it should be
        scaled = numbers * factors
        whole = np.floor(scaled + 0.5)
        distance = np.abs(scaled - whole)
    for place in np.flatnonzero((np.abs(distance - 0.5) < _NEAR) & (faults == GOOD)).tolist():
        factor = channel.factor if ratios is None else ratios.exact(place, channel.factor)
        whole[place] = float(_half_up(array[place].as_py(), channel, factor))
    faults[(numbers < 0) & (faults == GOOD)] = NEGATIVE
    faults[(whole > _LARGEST) & (faults == GOOD)] = TOO_LARGE
    if channel.unit == "code":
        faults[((whole > _LAST_CODE) | (distance > _NEAR)) & (faults == GOOD)] = NO_CODE
    good = faults == GOOD
    values = np.where(good, whole, 0).astype(np.int32)
    return Cells(values, faults, int((good & (distance > _NEAR)).sum()))


def _half_up(cell: object, channel: Channel, factor: Decimal) -> Decimal:
    number = Decimal(str(cell).strip())
    exact = _EXACT.multiply(number.copy_abs() if channel.absolute else number, factor)
    return _EXACT.quantize(exact, Decimal(1))


def _numbers(array: Any) -> tuple[npt.NDArray[np.float64], Codes]:
    """Return (numbers, 0 where there is none; faults)."""
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        pieces = [_texts(array.slice(i, _PIECE)) for i in range(0, len(array), _PIECE)]
        floats = pa.concat_arrays([pa.array([], pa.float64()), *(piece[0] for piece in pieces)])
        empty = np.concatenate([np.empty(0, dtype=bool), *(piece[1] for piece in pieces)])
    else:
        floats = _cast(array)
        empty = _nulls(array)
    absent = _nulls(floats)
    numbers = np.where(absent, 0.0, floats.fill_null(0.0).to_numpy())
    faults = np.where(absent | ~np.isfinite(numbers), NOT_A_NUMBER, GOOD).astype(np.int8)
    faults[empty] = BLANK
    return np.where(faults == GOOD, numbers, 0.0), faults


def _cast(array: Any) -> Any:
    """Numbers of any type as floats; what no number can be, such as a date, as nulls."""
    try:
        return array.cast(pa.float64(), safe=False)
    except pa.ArrowNotImplementedError:
        return pa.nulls(len(array), pa.float64())


def _texts(piece: Any) -> tuple[Any, Mask]:
    """Parse texts to floats and say which are blank; only a bad cell makes each be looked at.

    A piece that Arrow parses whole has no blanks but nulls.
    """
    try:
        return piece.cast(pa.float64()), _nulls(piece)
    except pa.ArrowInvalid:
        trimmed = pc.utf8_trim_whitespace(piece)
        looks = pc.match_substring_regex(trimmed, _NUMBER)
        plain = pc.if_else(looks, pc.utf8_ltrim(trimmed, "+"), pa.scalar(None, pa.string()))
        blank = pc.equal(trimmed, "").fill_null(True)  # noqa: FBT003 - Arrow's
        return plain.cast(pa.float64()), blank.to_numpy(zero_copy_only=False)


def _nulls(array: Any) -> Mask:
    nulls: Mask = array.is_null().to_numpy(zero_copy_only=False)
    return nulls


def first_fault(faults: Codes) -> Iterator[tuple[int, int]]:
    """Yield (row, column) of the first bad cell of each row that has one."""
    bad = faults > BLANK
    for row in np.flatnonzero(bad.any(axis=1)).tolist():
        yield row, int(bad[row].argmax())

"""Texts, dates and native timestamps to minutes of local time, without a loop over rows."""

import datetime as dt
import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Minutes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DAY_MINUTES: Final = 1440
NO_STAMP: Final = np.iinfo(np.int64).min
_FIRST_YEAR, _LAST_YEAR = 1980, 2200
"""No meter that writes intervals is older. Days are counted from 1970 and never negative."""
_FIRST_MINUTE: Final = (dt.date(_FIRST_YEAR, 1, 1) - dt.date(1970, 1, 1)).days * DAY_MINUTES
_LAST_MINUTE: Final = (dt.date(_LAST_YEAR + 1, 1, 1) - dt.date(1970, 1, 1)).days * DAY_MINUTES
_PER_MINUTE: Final = {"s": 60, "ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}
_TOKENS: Final = {"yyyy": "Y", "mm": "M", "dd": "D", "HH": "h", "MM": "m", "SS": "s"}
_TOKEN: Final = re.compile("yyyy|mm|dd|HH|MM|SS")


def parse_minutes(column: Any, formats: tuple[str, ...], *, timezone: str) -> Minutes:
    """Return local minutes since 1970-01-01 00:00, `NO_STAMP` where there is no valid stamp.

    24:00 is the following midnight. Seconds other than 0 are no valid stamp.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return _native(array, timezone)
    coded = array.cast(pa.string()).dictionary_encode()
    distinct = np.append(_texts(coded.dictionary, formats), NO_STAMP)
    places = pc.fill_null(coded.indices, len(distinct) - 1).to_numpy(zero_copy_only=False)
    minutes: Minutes = distinct[places]
    return minutes


def _native(array: Any, timezone: str) -> Minutes:
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = pc.local_timestamp(array.cast(pa.timestamp(array.type.unit, timezone)))
    empty = array.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_date32(array.type):
        minutes = array.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64) * DAY_MINUTES
        rest = np.zeros(len(array), dtype=np.int64)
    else:
        unit = "ms" if pa.types.is_date64(array.type) else array.type.unit
        counted = array.cast(pa.int64()).fill_null(0).to_numpy()
        minutes, rest = np.divmod(counted, _PER_MINUTE[unit])
    unreal = (minutes < _FIRST_MINUTE) | (minutes >= _LAST_MINUTE)
    return np.where(empty | unreal | (rest != 0), NO_STAMP, minutes)


def _texts(texts: Any, formats: tuple[str, ...]) -> Minutes:
    """Parse distinct texts, each by the first format that fits."""
    result = np.full(len(texts), NO_STAMP, dtype=np.int64)
    for form in formats:
        open_places = np.flatnonzero(result == NO_STAMP)
        if len(open_places) == 0:
            break
        result[open_places] = _by_format(texts.take(pa.array(open_places)), form)
    return result


def _by_format(texts: Any, form: str) -> Minutes:
    parts = pc.extract_regex(texts, _pattern(form))
    fits = parts.is_valid().to_numpy(zero_copy_only=False)
    result = np.full(len(texts), NO_STAMP, dtype=np.int64)
    if fits.any():
        found = parts.filter(pa.array(fits))
        numbers = {
            name: found.field(name).cast(pa.int64()).to_numpy()
            for name in (_TOKENS[token] for token in _TOKEN.findall(form))
        }
        result[fits] = _minutes_of(numbers, int(fits.sum()))
    return result


def _pattern(form: str) -> str:
    """`dd/mm/yyyy HH:MM` as a regular expression; days without a separator have two digits."""
    digits = r"\d{1,2}" if re.search(r"[^a-zA-Z]", form) else r"\d{2}"
    pieces, end = [r"^\s*"], 0
    for token in _TOKEN.finditer(form):
        pieces.append(re.escape(form[end : token.start()]).replace(r"\ ", r"\s+"))
        width = r"\d{4}" if token.group() == "yyyy" else digits
        pieces.append(f"(?P<{_TOKENS[token.group()]}>{width})")
        end = token.end()
    return "".join([*pieces, re.escape(form[end:]), r"\s*$"])


def _minutes_of(numbers: dict[str, Minutes], rows: int) -> Minutes:
    """Join the parts to minutes; a day or time that does not exist is `NO_STAMP`."""
    zero = np.zeros(rows, dtype=np.int64)
    year, month, day = numbers["Y"], numbers["M"], numbers["D"]
    hour, minute, second = (numbers.get(part, zero) for part in "hms")
    months = (np.clip(year, 1900, 2200) - 1970) * 12 + np.clip(month, 1, 12) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    real_day = (day >= 1) & (day <= after - first) & (month >= 1) & (month <= 12)  # noqa: PLR2004 - months
    time = hour * 60 + minute
    real_time = (time <= DAY_MINUTES) & (minute < 60) & (second == 0)  # noqa: PLR2004 - minutes
    real = real_day & real_time & (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    return np.where(real, (first + day - 1) * DAY_MINUTES + time, NO_STAMP)

"""Reading files as a utility's acquisition system exports them, streamed in chunks of points.

Month by month one wide Parquet file (96 columns named by the interval's end, three rows a point
and day); one month comes as CSV in GB18030 with the acquisition system's texts for nothing.
Outages and what the acquisition system estimated come beside it as a long file with quality
codes.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from busbar.demo.curves import MonthMaker
from busbar.demo.faults import Delivery, deliver
from busbar.demo.parameters import Parameters
from busbar.demo.shapes import INTERVALS
from busbar.demo.values import Region, Transformer, UsagePoint
from busbar.kit.periods import Month

CHUNK_POINTS = 200
FILE_POINTS = 2_000
CHANNEL_NAMES = ("正向有功", "感性无功", "容性无功")
POINT, DAY, CHANNEL = "计量点编号", "数据日期", "数据项"
QUALITY_HEADER = ("计量点编号", "数据时间", "有功电量", "感性无功", "容性无功", "质量码")


def end_stamps() -> list[str]:
    """00:15 … 24:00.

    >>> end_stamps()[0], end_stamps()[-1], len(end_stamps())
    ('00:15', '24:00', 96)
    """
    return [f"{n * 15 // 60:02d}:{n * 15 % 60:02d}" for n in range(1, INTERVALS + 1)]


SCHEMA = pa.schema(
    [
        (POINT, pa.string()),
        (DAY, pa.string()),
        (CHANNEL, pa.string()),
        *[(stamp, pa.float64()) for stamp in end_stamps()],
    ]
)

_Point = tuple[UsagePoint, tuple[Transformer, ...]]


@dataclass
class Tally:
    """What the files of a month hold, for the summary and the tests."""

    points: int = 0
    rows: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, one: Delivery) -> None:
        """Count one point's month."""
        self.points += 1
        self.rows += len(CHANNEL_NAMES) * len(one.active)
        self.faults += one.count


class _Sink(Protocol):
    def write(self, table: Any) -> None: ...

    def close(self) -> None: ...


class _ParquetSink:
    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd", compression_level=1)

    def write(self, table: Any) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


class _CsvSink:
    """GB18030, blanks as empty cells: what the acquisition system's export button makes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._header = True

    def write(self, table: Any) -> None:
        options = pacsv.WriteOptions(include_header=self._header, quoting_style="none")
        buffer = io.BytesIO()
        pacsv.write_csv(table, buffer, options)
        self._file.write(buffer.getvalue().decode().encode("gb18030"))
        self._header = False

    def close(self) -> None:
        self._file.close()


def month_file(parameters: Parameters, month: Month, part: int = 0) -> str:
    """The file's name; the third month of the region is the CSV one."""
    months = parameters.month_list
    is_csv = month == months[min(2, len(months) - 1)] and len(months) > 1
    serial = f"_{part + 1}" if part else ""
    return f"负荷曲线_{month}{serial}.{'csv' if is_csv else 'parquet'}"


def quality_file(month: Month) -> str:
    """The long file of a month's outages and estimates."""
    return f"数据质量_{month}.csv"


def write_month(
    parameters: Parameters, region: Region, month: Month, folder: Path
) -> tuple[list[Path], Tally]:
    """Write a month's files, one for each 2,000 points, so that whoever reads one can hold it.

    Memory here holds one chunk of points. Returns paths and counts.
    """
    paths: list[Path] = []
    tally = Tally()
    marked: list[list[Any]] = []
    for part, points in enumerate(_chunks(points_of(region), FILE_POINTS)):
        paths.append(folder / month_file(parameters, month, part))
        sink = _sink(paths[-1])
        try:
            for deliveries in _batches(parameters, month, points):
                for one in deliveries:
                    tally.add(one)
                    marked += _quality_rows(month, one)
                sink.write(table_of(month, deliveries))
        finally:
            sink.close()
    return [*paths, *_write_quality(folder / quality_file(month), marked)], tally


def _sink(path: Path) -> _Sink:
    return _CsvSink(path) if path.suffix == ".csv" else _ParquetSink(path)


def _batches(
    parameters: Parameters, month: Month, points: Sequence[_Point]
) -> Iterator[list[Delivery]]:
    maker = MonthMaker(parameters, month)
    for chunk in _chunks(points, CHUNK_POINTS):
        made = maker.make_all(chunk)
        deliveries = [deliver(parameters, month, one) for one in made]
        if deliveries:
            yield deliveries


def points_of(region: Region) -> list[_Point]:
    """Every usage point whose curves are generated, with the transformers of its account."""
    return [
        (point, account.transformers)
        for customer in region.customers
        for account in customer.accounts
        for point in account.points
        if point.load is not None
    ]


def _chunks(points: Sequence[_Point], size: int) -> Iterator[Sequence[_Point]]:
    for start in range(0, len(points), size):
        yield points[start : start + size]


def table_of(month: Month, deliveries: list[Delivery]) -> Any:
    """The file's rows, by point, day and channel."""
    days = [str(month.first + dt.timedelta(days=n)) for n in range(month.days)]
    rows = month.days * len(CHANNEL_NAMES)
    values = np.stack([[d.active, d.lag, d.lead] for d in deliveries])
    block = values.transpose(0, 2, 1, 3).reshape(-1, INTERVALS)
    numbers = np.repeat([d.month.point.number for d in deliveries], rows)
    columns = [
        pa.array(numbers),
        pa.array(np.tile(np.repeat(days, len(CHANNEL_NAMES)), len(deliveries))),
        pa.array(np.tile(CHANNEL_NAMES, month.days * len(deliveries))),
        *(pa.array(block[:, n], from_pandas=True) for n in range(INTERVALS)),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _quality_rows(month: Month, one: Delivery) -> Iterable[list[Any]]:
    """The long file's rows, end-stamped; the day's last interval bears the next day's 00:00."""
    for span in one.spans:
        start = dt.datetime.combine(month.first, dt.time()) + dt.timedelta(days=span.day)
        for place in range(span.first, span.last):
            stamp = start + dt.timedelta(minutes=15 * (place + 1))
            values = [f"{c[span.day, place]:.2f}" for c in (one.active, one.lag, one.lead)]
            if "nan" not in values:
                yield [one.month.point.number, f"{stamp:%Y-%m-%d %H:%M}", *values, span.code]


def _write_quality(path: Path, rows: list[list[Any]]) -> list[Path]:
    if not rows:
        return []
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(QUALITY_HEADER)
        writer.writerows(rows)
    return [path]

"""A private PostgreSQL 15 for the reference: made, loaded, asked and stopped again."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from bench.curves import MONTH
from busbar.billing.month_sums import PERIODS, PeriodMaps
from busbar.metering import lake
from busbar.metering.lake.vectors import as_matrix

BINARIES = Path("/usr/lib/postgresql/15/bin")

_TABLES = """
CREATE TABLE reading (usage_point_id int, scheme smallint, slot int, active_wh int,
    lag_varh int, lead_varh int, quality smallint);
CREATE TABLE kind (scheme smallint, slot int, code smallint, PRIMARY KEY (scheme, slot));
"""

_PERIOD_SUMS = ", ".join(
    f"coalesce(sum(active_wh) FILTER (WHERE code = {code}), 0)::bigint" for code in range(PERIODS)
)
# The highest interval and, of equals, the earliest: packed in one number so that one pass does.
_MONTH = f"""
SELECT usage_point_id, {_PERIOD_SUMS}, sum(lag_varh)::bigint, sum(lead_varh)::bigint,
    (max((active_wh::bigint << 16) | (65535 - slot)) >> 16) * 4,
    (65535 - (max((active_wh::bigint << 16) | (65535 - slot)) & 65535)) % 96,
    count(*) FILTER (WHERE quality = 1)
FROM reading JOIN kind USING (scheme, slot) GROUP BY usage_point_id ORDER BY usage_point_id
"""


_NARROW = """
DROP TABLE IF EXISTS narrow, kind, point;
CREATE TABLE narrow (usage_point_id int, channel smallint, slot int, value int, quality smallint,
    PRIMARY KEY (usage_point_id, channel, slot));
CREATE TABLE kind (scheme smallint, slot int, code smallint, PRIMARY KEY (scheme, slot));
CREATE TABLE point (usage_point_id int PRIMARY KEY, scheme smallint);
"""
_NARROW_SUMS = ", ".join(
    f"coalesce(sum(value) FILTER (WHERE channel = 0 AND code = {code}), 0)::bigint"
    for code in range(PERIODS)
)
_PEAK = "max((value::bigint << 16) | (65535 - slot)) FILTER (WHERE channel = 0)"
_NARROW_MONTH = f"""
SELECT usage_point_id, {_NARROW_SUMS}, sum(value) FILTER (WHERE channel = 1)::bigint,
    ({_PEAK} >> 16) * 4, (65535 - ({_PEAK} & 65535)) % 96,
    count(*) FILTER (WHERE channel = 0 AND quality = 1)
FROM narrow JOIN point USING (usage_point_id) JOIN kind USING (scheme, slot)
GROUP BY usage_point_id ORDER BY usage_point_id
"""


@dataclass(frozen=True)
class Measured:
    """What PostgreSQL took, and its answer to compare with."""

    version: str
    count: int
    bytes_a_row: float
    load_seconds: float
    seconds: float
    workers: int
    rows: list[tuple[int, ...]]


def is_here() -> bool:
    """Whether PostgreSQL is installed."""
    return (BINARIES / "initdb").exists()


@contextmanager
def serving(*, durable: bool = False) -> Iterator[psycopg.Connection]:
    """A connection to a fresh cluster; durable ones bring each commit to the disk."""
    with (
        _cluster(durable=durable) as address,
        psycopg.connect(address, autocommit=True) as connection,
    ):
        yield connection


@dataclass(frozen=True)
class Copied:
    """What a COPY took; bytes with the key's index."""

    version: str
    seconds: float
    bytes_a_row: float


def copy_narrow(
    connection: psycopg.Connection, curves: pa.Table, channels: Sequence[str]
) -> Copied:
    """Make the keyed table of one row a reading and channel anew, and time COPY into it."""
    connection.execute(_NARROW)
    rows = _narrow(curves, channels)
    text = _as_csv(rows)
    begun = time.perf_counter()
    _send(connection, "narrow", text)
    seconds = time.perf_counter() - begun
    size = connection.execute("SELECT pg_total_relation_size('narrow')").fetchone()
    version = connection.info.parameter_status("server_version") or ""
    return Copied(version, seconds, (size[0] if size else 0) / rows.num_rows)


@dataclass(frozen=True)
class Aggregated:
    """The month over the narrow table: by the clock on all cores, by the processor on one."""

    seconds: list[float]
    cpu_seconds: list[float]
    rows: list[tuple[int, ...]]


def aggregate_narrow(
    connection: psycopg.Connection,
    maps: PeriodMaps,
    points: int,
    rounds: int,
    in_turn: Callable[[], object],
) -> Aggregated:
    """Time the month over the narrow table, every round; the table is cached and analysed.

    `in_turn` is called after each round on one core: what is compared must meet the same machine.
    """
    _copy_kinds(connection, maps)
    schemes = [maps.usage_point_ids[:points], maps.scheme_of[:points]]
    _copy(connection, "point", pa.table(schemes, names=["p", "s"]))
    connection.execute("VACUUM ANALYZE narrow, kind, point")
    seconds, cpu_seconds = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        rows = connection.execute(_NARROW_MONTH).fetchall()
        seconds.append(time.perf_counter() - begun)
    connection.execute("SET max_parallel_workers_per_gather = 0")
    for _ in range(rounds):
        begun = _processor_seconds(connection)
        rows = connection.execute(_NARROW_MONTH).fetchall()
        cpu_seconds.append(_processor_seconds(connection) - begun)
        in_turn()
    return Aggregated(seconds, cpu_seconds, rows)


def _processor_seconds(connection: psycopg.Connection) -> float:
    """What the server's process of this connection has used so far (Linux)."""
    status = Path(f"/proc/{connection.info.backend_pid}/stat").read_text(encoding="utf-8")
    user, system = status.rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _narrow(curves: pa.Table, channels: Sequence[str]) -> pa.Table:
    """One row a reading and channel, in the order of the key."""
    points = curves["usage_point_id"].to_numpy()
    days = curves["day"].cast(pa.int32()).to_numpy() - (MONTH.first - date(1970, 1, 1)).days
    slots = (days[:, None] * 96 + np.arange(96)).ravel()
    quality = as_matrix(curves[lake.COLUMNS[-1]])[0].ravel()
    parts = [
        pa.table(
            {
                "usage_point_id": np.repeat(points, 96),
                "channel": np.full(len(slots), number, dtype=np.int16),
                "slot": slots,
                "value": as_matrix(curves[name])[0].ravel(),
                "quality": quality,
            }
        )
        for number, name in enumerate(channels)
    ]
    keys = [(name, "ascending") for name in ("usage_point_id", "channel", "slot")]
    return pa.concat_tables(parts).sort_by(keys)


def measure_postgres(folder: Path, points: int, maps: PeriodMaps) -> Measured | None:
    """Load the first usage points of the lake and time the month (quickest of five)."""
    if not is_here():
        return None
    with serving() as connection:
        connection.execute(_TABLES)
        begun = time.perf_counter()
        count = _load(connection, folder / "lake", points, maps)
        connection.execute("VACUUM ANALYZE reading, kind")
        loaded = time.perf_counter() - begun
        times, rows = [], []
        for _ in range(5):
            begun = time.perf_counter()
            rows = connection.execute(_MONTH).fetchall()
            times.append(time.perf_counter() - begun)
        size = connection.execute("SELECT pg_relation_size('reading')").fetchone()
        return Measured(
            version=connection.info.parameter_status("server_version") or "",
            count=count,
            bytes_a_row=(size[0] if size else 0) / count,
            load_seconds=loaded,
            seconds=min(times),
            workers=os.cpu_count() or 1,
            rows=rows,
        )


def _copy_kinds(connection: psycopg.Connection, maps: PeriodMaps) -> None:
    slots = np.arange(maps.kind_of.shape[1] * 96, dtype=np.int32)
    kinds = [
        pa.table({"s": np.full(len(slots), scheme, dtype=np.int16), "t": slots, "c": codes.ravel()})
        for scheme, codes in enumerate(maps.masks[maps.kind_of])
    ]
    _copy(connection, "kind", pa.concat_tables(kinds))


def _load(connection: psycopg.Connection, root: Path, points: int, maps: PeriodMaps) -> int:
    _copy_kinds(connection, maps)
    count = 0
    ids = range(points)
    for batch in lake.iter_month_batches(root, MONTH, usage_point_ids=ids):
        table = _readings(batch, maps)
        _copy(connection, "reading", table)
        count += table.num_rows
    return count


def _readings(batch: pa.RecordBatch, maps: PeriodMaps) -> pa.Table:
    """One row a reading, in the order of usage point and time."""
    ids = batch.column("usage_point_id").to_numpy()
    days = batch.column("day").cast(pa.int32()).to_numpy() - (maps.start - date(1970, 1, 1)).days
    schemes = maps.scheme_of[np.searchsorted(maps.usage_point_ids, ids)]
    columns = {
        "usage_point_id": np.repeat(ids, 96),
        "scheme": np.repeat(schemes, 96),
        "slot": (days[:, None] * 96 + np.arange(96)).ravel(),
    }
    for name in lake.COLUMNS:
        columns[name] = as_matrix(batch.column(name))[0].ravel()
    return pa.table(columns)


def _copy(connection: psycopg.Connection, table: str, rows: pa.Table) -> None:
    _send(connection, table, _as_csv(rows))


def _as_csv(rows: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())


def _send(connection: psycopg.Connection, table: str, text: memoryview) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        copy.write(text)


@contextmanager
def _cluster(*, durable: bool) -> Iterator[str]:
    """Start a cluster on a free port under /tmp, as user postgres where we are root."""
    folder = Path("/tmp") / f"busbar-bench-postgres-{os.getpid()}"  # noqa: S108 - a socket's path must be short
    folder.mkdir(mode=0o755)
    as_user: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    workers = os.cpu_count() or 1
    options = (
        f"-p {port} -k {folder} -h '' -c shared_buffers=512MB -c work_mem=64MB "
        f"-c max_wal_size=4GB -c fsync={'on' if durable else 'off'} "
        f"-c max_parallel_workers_per_gather={workers}"
    )
    _run([*as_user, str(BINARIES / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust"])
    try:
        control = [*as_user, str(BINARIES / "pg_ctl"), "-D", str(data), "-w"]
        _run([*control, "-o", options, "-l", str(folder / "log"), "start"])
        try:
            yield f"host={folder} port={port} user=bench dbname=postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

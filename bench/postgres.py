"""A private PostgreSQL 15 for the reference: made, loaded, asked and stopped again."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from bench.curves import MONTH
from busbar.billing.kernel import PERIODS, PeriodMaps
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


def measure_postgres(folder: Path, points: int, maps: PeriodMaps) -> Measured | None:
    """Load the first usage points of the lake and time the month (quickest of five)."""
    if not (BINARIES / "initdb").exists():
        return None
    with _cluster() as address, psycopg.connect(address, autocommit=True) as connection:
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


def _load(connection: psycopg.Connection, root: Path, points: int, maps: PeriodMaps) -> int:
    slots = np.arange(maps.kind_of.shape[1] * 96, dtype=np.int32)
    kinds = [
        pa.table({"s": np.full(len(slots), scheme, dtype=np.int16), "t": slots, "c": codes.ravel()})
        for scheme, codes in enumerate(maps.masks[maps.kind_of])
    ]
    _copy(connection, "kind", pa.concat_tables(kinds))
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
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False))
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        copy.write(memoryview(sink.getvalue()))


@contextmanager
def _cluster() -> Iterator[str]:
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
        f"-p {port} -k {folder} -h '' -c shared_buffers=512MB -c work_mem=64MB -c fsync=off "
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

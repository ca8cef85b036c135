"""A PostgreSQL cluster for tests and benchmarks: started on a free port, gone afterwards.

PostgreSQL refuses to run as root, so root lends the cluster to the system user `postgres`.
Nothing survives: the data lie in a temporary folder and are not flushed to disk.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

MINIMUM_VERSION = 15
_START_SECONDS = 60
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "Asia/Shanghai",
    # Tests roll back. A vacuum while one runs counts its tables as empty, and plans made for empty
    # tables take minutes with the rows of another; tests/plugins/database.py vacuums between tests.
    "autovacuum": "off",
    "statement_timeout": "120s",  # a query that never ends fails with its text, not the whole run
}


class NoPostgresError(Exception):
    """PostgreSQL is missing or does not start; the sentence says what to do."""


@contextmanager
def cluster() -> Iterator[str]:
    """Run a fresh cluster; yields the URL of its empty database `postgres`."""
    programs, owner = find_programs(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="busbar-pg-"))
    if owner:
        shutil.chown(folder, owner)
    try:
        password = _initialize(programs, folder, owner)
        port = free_port()
        server = _start(programs, folder, owner, port)
        try:
            _wait_until_ready(programs, server, port, folder)
            yield f"postgres://busbar:{password}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown: clients are cut off
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder with initdb and postgres of version 15 or later, the newest that is here."""
    found = sorted(
        (int(path.parent.parent.name), path.parent)
        for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")
        if path.parent.parent.name.isdigit()
    )
    if found and found[-1][0] >= MINIMUM_VERSION:
        return found[-1][1]
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    raise NoPostgresError(
        f"没有找到 PostgreSQL {MINIMUM_VERSION} 服务器程序,请以 root 安装软件包 postgresql。"
        f" / No PostgreSQL {MINIMUM_VERSION} server found: install the package postgresql."
    )


def _owner() -> str | None:
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise NoPostgresError(
            "以 root 运行时需要系统用户 postgres。"
            " / As root, the system user postgres is needed to run PostgreSQL."
        ) from None


def _as(owner: str | None) -> dict[str, Any]:
    # Shed root's groups as well; without an owner everything stays as it is.
    return {"user": owner, "group": owner, "extra_groups": []} if owner else {}


def _initialize(programs: Path, folder: Path, owner: str | None) -> str:
    password = secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if owner:
        shutil.chown(secret, owner)
    command = [programs / "initdb", "-D", folder / "data", "-U", "busbar", "-E", "UTF8"]
    command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync"]
    done = subprocess.run(
        command, **_as(owner), check=False, cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise NoPostgresError(f"initdb: {done.stderr.strip()}")
    secret.unlink()
    return password


def _start(programs: Path, folder: Path, owner: str | None, port: int) -> subprocess.Popen[bytes]:
    command = [programs / "postgres", "-D", folder / "data", "-p", str(port)]
    command += ["-h", "127.0.0.1", "-k", folder]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        # Its own session, so that Ctrl-C reaches pytest first and the cluster through it.
        return subprocess.Popen(
            command, **_as(owner), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )


def _wait_until_ready(
    programs: Path, server: subprocess.Popen[bytes], port: int, folder: Path
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    probe = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while server.poll() is None and time.monotonic() < deadline:
        if subprocess.run(probe, check=False).returncode == 0:
            return
        time.sleep(0.1)
    log = (folder / "log").read_text(errors="replace")
    raise NoPostgresError(f"PostgreSQL 未能启动 / did not start:\n{log[-2000:]}")


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

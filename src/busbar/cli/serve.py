"""`busbar serve`: the web server and the worker, together, until either ends."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from types import FrameType

_GRACE_SECONDS = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and with how many processes."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--no-worker", action="store_true", help="不启动后台任务进程")


def run(args: argparse.Namespace) -> int:
    """Serve until stopped."""
    return serve(
        host=args.host, port=args.port, workers=args.workers, with_worker=not args.no_worker
    )


def serve(*, host: str, port: int, workers: int = 1, with_worker: bool = True) -> int:
    """Start granian and, beside it, the job worker; when one ends, end the other.

    The ORM session is per thread, so few blocking threads bound the database connections.
    """
    commands = [
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi"),
            *("--host", host, "--port", str(port), "--workers", str(workers)),
            *("--blocking-threads", "4", "--no-ws", "busbar.config.wsgi:application"),
        ]
    ]
    if with_worker:
        commands.append([sys.executable, "-m", "busbar.cli.main", "work"])
    children = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our own words
    _stop_on_signal()
    try:
        return _wait_for_first(children)
    except KeyboardInterrupt:
        return 0
    finally:
        _end(children)


def _stop_on_signal() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _wait_for_first(children: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for child in children:
            code = child.poll()
            if code is not None:
                return code
        time.sleep(0.2)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()

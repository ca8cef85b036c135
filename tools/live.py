"""Busbar really running, and a Chromium to look at it: for browser tests and screenshots."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from playwright.sync_api import Browser, Playwright

_START_SECONDS = 60
_CHROMIUM_OPTIONS = [
    "--no-sandbox",  # the build machine is root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def busbar(environment: dict[str, str], *words: str) -> str:
    """Run `busbar WORDS…` to its end; returns what it printed, fails as it fails."""
    command = [sys.executable, "-m", "busbar.cli.main", *words]
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        raise RuntimeError(f"busbar {' '.join(words)}: {done.stdout}\n{done.stderr}")
    return done.stdout


@contextmanager
def serving(environment: dict[str, str], *options: str) -> Iterator[str]:
    """`busbar serve` on a free port; yields its address once it answers."""
    port = _free_port()
    command = [sys.executable, "-m", "busbar.cli.main", "serve", "--port", str(port), *options]
    server = subprocess.Popen([*command, "--workers", "1"], env=environment)
    try:
        _wait_until_served(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def launch_chromium(playwright: Playwright, path: str) -> Browser:
    """Debian's Chromium, headless, without its own traffic."""
    return playwright.chromium.launch(executable_path=path, args=_CHROMIUM_OPTIONS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_served(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if _sign_in_page_status(port) == HTTPStatus.OK:
            return
        time.sleep(0.2)
    raise RuntimeError(f"port {port} does not answer (exit code of the server: {server.poll()})")


def _sign_in_page_status(port: int) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()

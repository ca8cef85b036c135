"""A Spark standalone cluster for tests and benchmarks: a master and workers, gone afterwards.

Each is a process of its own with its own session, so that a worker and all it started can be
killed at once, as when a machine loses its power. They listen on 127.0.0.1 only.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tools.postgres import free_port
from tools.system import find_java

_HOST = "127.0.0.1"
_START_SECONDS = 120
_SHORT_LIVED = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"  # nothing here runs for minutes
_ENVIRONMENT = {
    "SPARK_LOCAL_IP": _HOST,
    "SPARK_DAEMON_MEMORY": "256m",
    "SPARK_DAEMON_JAVA_OPTS": _SHORT_LIVED,
}
_DEFAULTS = f"""
spark.driver.extraJavaOptions {_SHORT_LIVED}
spark.executor.extraJavaOptions {_SHORT_LIVED}
spark.driver.host {_HOST}
"""
_LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
"""


class NoSparkError(Exception):
    """Spark or Java is missing, or the cluster does not start; the sentence says what to do."""


@dataclass
class Cluster:
    """A running cluster; `folder` holds its logs."""

    address: str
    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _master: subprocess.Popen[bytes] | None = None
    _status_port: int = 0

    def add_workers(self, count: int, *, cores: int = 1, memory: str = "1g") -> None:
        """Start workers and wait until the master knows them."""
        wanted = self.count_alive() + count
        for _ in range(count):
            name = f"worker{len(self.workers)}"
            words = ["--cores", str(cores), "--memory", memory, "--work-dir", name]
            ports = ["--port", str(free_port()), "--webui-port", str(free_port())]
            started = self._start(name, "worker.Worker", *words, *ports, self.address)
            self.workers.append(started)
        self._wait_until(wanted)

    def kill_worker(self, number: int) -> None:
        """`kill -9` a worker with everything it started."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()

    def count_alive(self) -> int:
        """How many workers the master believes in; -1 while it does not answer."""
        asking = http.client.HTTPConnection(_HOST, self._status_port, timeout=5)
        try:
            asking.request("GET", "/json/")
            workers = json.loads(asking.getresponse().read())["workers"]
        except (OSError, http.client.HTTPException, ValueError):
            return -1
        finally:
            asking.close()
        return sum(worker["state"] == "ALIVE" for worker in workers)

    def _start(self, name: str, program: str, *words: str) -> subprocess.Popen[bytes]:
        home = Path(self.environment["SPARK_HOME"])
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{program}"]
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--host", _HOST, *words],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_master(self) -> None:
        """Start the master and wait until it answers."""
        port = self.address.rsplit(":", 1)[-1]
        self._status_port = free_port()
        ports = ["--port", port, "--webui-port", str(self._status_port)]
        self._master = self._start("master", "master.Master", *ports)
        self._wait_until(0)

    def _wait_until(self, alive: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.count_alive() < alive:
            if time.monotonic() > deadline:
                logs = [log.read_text(errors="replace") for log in self.folder.glob("*.log")]
                raise NoSparkError(
                    "Spark 集群未能启动 / did not start:\n" + "\n".join(logs)[-3000:]
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """Kill all of it."""
        for process in filter(None, [*self.workers, self._master]):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def cluster(environment: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Run a master without workers; `environment` is added to what the processes inherit."""
    home = find_spark()
    folder = Path(tempfile.mkdtemp(prefix="busbar-spark-"))
    own = {"SPARK_HOME": str(home), "SPARK_CONF_DIR": str(_configured(folder))}
    variables = os.environ | _ENVIRONMENT | own | dict(environment or {})
    running = Cluster(f"spark://{_HOST}:{free_port()}", folder, variables)
    try:
        running.start_master()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _configured(folder: Path) -> Path:
    """A folder of settings, for the cluster and, by SPARK_CONF_DIR, for who speaks to it."""
    settings = folder / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(_DEFAULTS)
    (settings / "log4j2.properties").write_text(_LOGGING)
    return settings


def find_spark() -> Path:
    """Spark's folder, where Java is here as well."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise NoSparkError("没有 pyspark：请运行 make spark / run make spark")
    if find_java() is None:
        raise NoSparkError(
            "没有 Java：请以 root 安装软件包 openjdk-17-jre-headless"
            " / No Java: install the package openjdk-17-jre-headless"
        )
    return Path(found.origin).parent

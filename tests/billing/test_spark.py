"""A real Spark cluster, a master and two workers as processes, gives the same bytes as we do.

Nothing here asks the database more than another test does, so it runs in the SQLite pass only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from tools.spark import Cluster, NoSparkError, cluster, find_spark

from busbar.billing.engines import HERE, UnableToMeasure
from busbar.billing.engines.spark import Spark
from busbar.billing.models import Bill
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.cli.main import main
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake import storage
from tests.billing import world
from tests.billing.held_pieces import FREE_PIECES_END, measure_after_the_gate
from tests.billing.test_engines import MONTH, bytes_of, maps_of
from tests.metering.lake_fixtures import AT, curve, curves

# Each needs the database, so that they run in this order: the first finds a master alone.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark"), pytest.mark.django_db]

_ROOT = Path(__file__).parents[2]
_POINTS = list(range(1, 13))


@pytest.fixture(scope="module")
def master(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A master without workers, and a driver in this process that speaks to it."""
    if request.config.getoption("database") != "sqlite":
        pytest.skip("the same on every database: runs with SQLite")
    try:
        find_spark()
    except NoSparkError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    path = os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])  # so that workers find our tests
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        with cluster({"PYTHONPATH": path}) as running:
            patch.setenv("SPARK_CONF_DIR", running.environment["SPARK_CONF_DIR"])
            yield running
        _end_java()


def _end_java() -> None:
    """PySpark keeps its Java until the process ends; other tests need the memory."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        SparkContext._gateway = SparkContext._jvm = None


@pytest.fixture(scope="module")
def two_workers(master: Cluster) -> Cluster:
    """The same with two workers of one core."""
    master.add_workers(2)
    return master


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake with corrections of the same days in several files of many small row groups."""
    monkeypatch.setattr(storage, "ROW_GROUP_ROWS", 4)
    for version, points in enumerate((_POINTS, _POINTS[::3], _POINTS[4:9], _POINTS[5:6])):
        rng = np.random.default_rng(version)
        rows = [
            curve(p, MONTH.first.replace(day=day), active=rng.integers(0, 2**31 - 1, 96).tolist())
            for p in points
            for day in (1, 2, 3)
        ]
        key = str(version)
        lake.append_curves(tmp_path / "lake", curves(*rows), commit_key=key, at=AT, source="s")
    return tmp_path / "lake"


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def measured_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> list[tuple[MonthAggregates, MonthAggregates]]:
    """What every use of the cluster will give, beside what this process gives for the same."""
    measure, both = Spark.measure, []

    def twice(
        engine: Spark, root: Path, month: Month, maps: PeriodMaps, *, as_of: int
    ) -> MonthAggregates:
        there = measure(engine, root, month, maps, as_of=as_of)
        both.append((there, HERE.measure(root, month, maps, as_of=as_of)))
        return there

    monkeypatch.setattr(Spark, "measure", twice)
    return both


class TestACluster:
    def test_without_workers_is_given_up_with_a_sentence(self, master: Cluster, root: Path) -> None:
        assert master.count_alive() == 0
        engine = Spark(master.address, patience_seconds=2)

        with pytest.raises(UnableToMeasure, match="在 2 秒内没有可用的工作节点"):
            engine.measure(root, MONTH, maps_of(_POINTS), as_of=lake.current_version(root))

    def test_bills_a_month_from_the_command_line_by_the_same_bytes(
        self,
        two_workers: Cluster,
        ground: None,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
        monkeypatch.setattr(storage, "ROW_GROUP_ROWS", 40)
        world.make_tariff()
        county = world.make_county()
        points = [world.make_account(county, number) for number in ("1001", "1002", "1003")]
        world.store(tmp_path / "lake", world.curves(points, load=world.FLAT_LOAD * 2))
        world.store(tmp_path / "lake", world.curves(points[:2]), key="corrected")
        both = measured_twice(monkeypatch)

        words = ["bill", "run", "--month", str(world.MONTH), "--engine", two_workers.address]
        assert main(words) == 0

        assert capsys.readouterr().out == "2026-01：3 户，已出账 3，未能出账 0\n"
        amounts = dict(Bill.objects.values_list("account__number", "amount"))
        assert amounts["1001"] == amounts["1002"] == Decimal("71618.80")
        assert [bytes_of(there) == bytes_of(here) for there, here in both] == [True]

    def test_gives_the_same_bytes_when_a_worker_is_killed_half_way(
        self, two_workers: Cluster, root: Path
    ) -> None:
        maps, as_of = maps_of([0, *_POINTS[1:], 99]), lake.current_version(root) - 1
        attempts = root.parent / "attempts"
        attempts.mkdir()
        engine = Spark(two_workers.address, pieces=8, measure_one=measure_after_the_gate)

        def held() -> dict[str, str]:
            """The pieces that wait at the gate, by worker."""
            tries = [file.name.split("-") for file in attempts.iterdir()]
            return {worker: piece for piece, worker, _ in tries if int(piece) >= FREE_PIECES_END}

        with ThreadPoolExecutor(max_workers=1) as thread:
            answer = thread.submit(engine.measure, root, MONTH, maps, as_of=as_of)
            wait_until(lambda: len(held()) == 2 or answer.done())
            lost = held()["worker0"]
            two_workers.kill_worker(0)
            (root.parent / "open").touch()
            there = answer.result(timeout=120)

        assert bytes_of(there) == bytes_of(HERE.measure(root, MONTH, maps, as_of=as_of))
        done_by = {file.name.split("-")[1] for file in attempts.glob(f"{lost}-*")}
        assert done_by == {"worker0", "worker1"}
        before = [f for f in attempts.iterdir() if int(f.name.split("-")[0]) < FREE_PIECES_END]
        assert before, "nothing was done before the kill: it was not half-way"

"""Where a month is added up: cut into pieces it stays the same, and what is not there is said."""

from __future__ import annotations

import socket
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import operations as billing_operations
from busbar.billing.engines import HERE, UnableToMeasure, choose_engine, spark
from busbar.billing.engines.pieces import from_batch, measure_piece, to_batch
from busbar.billing.models import Bill, BillRun
from busbar.billing.month_sums import MonthAggregates, PeriodMaps
from busbar.cli.main import main
from busbar.jobs.billing import bill_month
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.lake import storage
from tests.billing import world
from tests.metering.lake_fixtures import AT, curve, curves

MONTH = Month(2025, 2)
DAYS = [MONTH.first + timedelta(days=i) for i in range(28)]
WORD = "spark://127.0.0.1:1"


def maps_of(points: list[int]) -> PeriodMaps:
    """One scheme of three periods for all."""
    codes = {(1, day): [0] * 32 + [1] * 32 + [2] * 32 for day in DAYS}
    return PeriodMaps.build(MONTH, codes, dict.fromkeys(points, 1))


def in_pieces(
    root: Path, maps: PeriodMaps, *, pieces: int, as_of: int, month: Month = MONTH
) -> MonthAggregates:
    """What a cluster does, one piece after the other."""
    sums = MonthAggregates.empty(maps.usage_point_ids)
    cut = lake.split_month(root, month, maps.usage_point_ids, pieces=pieces, as_of=as_of)
    for piece in cut:
        sums.put(from_batch(to_batch(measure_piece(piece, maps))))
    return sums


def bytes_of(sums: MonthAggregates) -> dict[str, tuple[str, bytes]]:
    return {name: (str(a.dtype), a.tobytes()) for name, a in sums.arrays().items()}


Delivery = list[tuple[int, date, int]]
deliveries = st.lists(
    st.lists(
        st.tuples(st.integers(1, 12), st.sampled_from(DAYS[:4]), st.integers(0, 5)),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[:2],
    ),
    min_size=1,
    max_size=5,
)
sizes = st.integers(1, 5)
"""Rows of a row group."""


class TestAMonthInPieces:
    @hypothesis_settings(max_examples=40, deadline=None)
    @given(
        rows=deliveries, pieces=st.integers(1, 9), back=st.integers(0, 4), group=st.integers(1, 5)
    )
    def test_is_the_same_whatever_files_hold_the_versions_and_wherever_it_is_cut(
        self,
        rows: list[Delivery],
        pieces: int,
        back: int,
        group: int,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        root = tmp_path_factory.mktemp("lake")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(storage, "ROW_GROUP_ROWS", group)
            for number, delivery in enumerate(rows):
                table = curves(*(curve(point, day, active=wh) for point, day, wh in delivery))
                lake.append_curves(root, table, commit_key=str(number), at=AT, source="s")
        as_of = max(lake.current_version(root) - back, 0)
        maps = maps_of([2, 3, 5, 7, 8, 11, 20])

        parts = in_pieces(root, maps, pieces=pieces, as_of=as_of)

        assert bytes_of(parts) == bytes_of(HERE.measure(root, MONTH, maps, as_of=as_of))

    def test_gives_each_usage_point_to_one_piece_with_all_files_that_may_hold_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storage, "ROW_GROUP_ROWS", 2)
        for key, points in (("a", range(8)), ("b", range(3, 5))):
            table = curves(*(curve(point, active=len(key)) for point in points))
            table = table if key == "a" else curves(*(curve(p, active=9) for p in points))
            lake.append_curves(tmp_path, table, commit_key=key, at=AT, source="s")

        cut = lake.split_month(tmp_path, MONTH, list(range(8)), pieces=3)

        assert [piece.within for piece in cut] == [(0, 3), (3, 6), (6, 8)]
        assert [len(piece.files) for piece in cut] == [1, 2, 1]

    def test_reads_the_files_it_was_cut_from_after_compaction_has_replaced_them(
        self, tmp_path: Path
    ) -> None:
        for value in (1, 2):
            table = curves(curve(1, active=value), curve(2, active=value))
            lake.append_curves(tmp_path, table, commit_key=str(value), at=AT, source="s")
        cut = lake.split_month(tmp_path, MONTH, [1, 2], pieces=1)
        lake.compact_month(tmp_path, MONTH)

        sums = measure_piece(cut[0], maps_of([1, 2]))

        assert sums.total_wh.tolist() == [2 * 96, 2 * 96]

    def test_of_which_the_lake_has_nothing_has_no_pieces(self, tmp_path: Path) -> None:
        assert lake.split_month(tmp_path, MONTH, [1], pieces=4) == []


class TestChooseEngine:
    def test_takes_this_process_by_default(self) -> None:
        assert settings.BUSBAR_BILL_ENGINE == "local"
        assert choose_engine("local") is HERE

    def test_refuses_what_it_does_not_know(self) -> None:
        with pytest.raises(
            UnableToMeasure, match="没有计算引擎 yarn：可用 local 或 spark://HOST:PORT"
        ):
            choose_engine("yarn")

    @pytest.mark.parametrize("missing", ["pyspark", "pandas"])
    def test_says_which_package_is_missing(
        self, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, missing, None)

        with pytest.raises(UnableToMeasure, match=f"需要 Python 软件包 {missing}"):
            choose_engine(WORD).measure(tmp_path, MONTH, maps_of([1]), as_of=0)

    def test_says_that_java_is_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))

        with pytest.raises(UnableToMeasure, match="需要 Java 17 或更高版本：本机没有找到 java"):
            choose_engine(WORD).measure(tmp_path, MONTH, maps_of([1]), as_of=0)

    def test_says_that_no_master_answers(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.billing.engines.spark.find_java", lambda: "/usr/bin/java")
        with socket.socket() as probe:  # bound, not listening
            probe.bind(("127.0.0.1", 0))
            word = f"spark://127.0.0.1:{probe.getsockname()[1]}"

            with pytest.raises(UnableToMeasure, match=f"连接不上 Spark 主节点 {word}"):
                choose_engine(word).measure(tmp_path, MONTH, maps_of([1]), as_of=0)

    def test_says_that_an_address_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.billing.engines.spark.find_java", lambda: "/usr/bin/java")

        with pytest.raises(UnableToMeasure, match="spark://host:port 不是 Spark 主节点的地址"):
            choose_engine("spark://host:port").measure(tmp_path, MONTH, maps_of([1]), as_of=0)


class Shared:
    """What Spark hands to a worker."""

    def __init__(self, value: object) -> None:
        self.value = value


class TestAWorker:
    def test_of_another_version_of_busbar_adds_nothing_up(self) -> None:
        work = spark.worker(Shared(([], maps_of([1]))), measure_piece, "another")

        with pytest.raises(RuntimeError, match="工作节点上的 Busbar 与本机版本不同"):
            next(work([]))

    def test_is_quoted_where_it_failed(self) -> None:
        failure = OSError("An exception was thrown\n  File x\nRuntimeError: 版本不同\n\tat java")

        assert spark.reason(failure) == "RuntimeError: 版本不同"


class Elsewhere:
    """An engine that counts its calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def measure(self, root: Path, month: Month, maps: PeriodMaps, *, as_of: int) -> MonthAggregates:
        self.calls.append(as_of)
        return in_pieces(root, maps, pieces=2, as_of=as_of, month=month)


@pytest.fixture
def stored(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One account with a month of curves in a lake of its own."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.make_tariff()
    world.store(tmp_path / "lake", world.curves([world.make_account(world.make_county(), "1001")]))
    return tmp_path / "lake"


@pytest.mark.django_db
class TestABillRun:
    def test_bills_from_the_sums_of_the_engine_it_is_given(self, stored: Path) -> None:
        engine = Elsewhere()

        run = billing_operations.run_month(
            month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT, engine=engine
        )

        bill = Bill.objects.get()
        assert (run.billed, engine.calls) == (1, [bill.lake_version])
        assert bill.energy_kwh == 74_400

    def test_does_not_begin_where_the_engine_is_not_there(self, stored: Path) -> None:
        with pytest.raises(UnableToMeasure, match=r"连接不上|需要"):
            billing_operations.run_month(
                month=world.MONTH, by=SYSTEM_VIEWER, at=world.AT, engine=choose_engine(WORD)
            )

        assert not BillRun.objects.exists()

    def test_from_the_command_line_takes_the_engine_it_names(
        self, stored: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["bill", "run", "--month", str(world.MONTH), "--engine", "yarn"]) == 1

        assert "没有计算引擎 yarn" in capsys.readouterr().err
        assert not BillRun.objects.exists()

    def test_of_the_timetable_takes_the_engine_of_the_settings(
        self, stored: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "BUSBAR_BILL_ENGINE", "yarn")

        with pytest.raises(UnableToMeasure, match="没有计算引擎 yarn"):
            bill_month(str(world.MONTH), _accountant())

        assert not BillRun.objects.exists()


def _accountant() -> int:
    from busbar.access.models import User

    return User.objects.create_superuser("root", password="x").pk

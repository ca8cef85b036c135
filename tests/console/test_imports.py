"""数据导入 in the console: receive, map, queue, watch, correct."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django_q.models import OrmQ
from openpyxl import load_workbook

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.imports.models import ImportFile, ImportRun, ImportState, RowError
from busbar.imports.operations import run_import
from busbar.kit.errors import Phrase
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.network.models import Substation
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.console.work_region import OWN, Region, count_queries, make_units

pytestmark = pytest.mark.django_db

GOOD = "厂站编码,厂站名称,单位编码,电压等级,额定容量\nS1,一站,C,110,50000\n"
MIXED = GOOD + "S2,二站,C,110,很大\n"


@pytest.fixture
def region(db: None, tmp_path: Path, settings) -> Region:
    """Two counties; files lie in the test's own folder."""
    settings.BUSBAR_HOME, settings.FILES_ROOT = tmp_path, tmp_path / "files"
    settings.LAKE_ROOT = tmp_path / "lake"
    call_command("createcachetable", verbosity=0)
    return make_units()


@pytest.fixture
def client(region: Region) -> Client:
    """A metering engineer of the first county."""
    return region.client(Role.METERING_ENGINEER)


def upload(client: Client, text: str, kind: str = "network", name: str = "变电站.csv") -> ImportRun:
    """Drop one file; the run that waits for its mapping."""
    file = SimpleUploadedFile(name, text.encode("gb18030"))
    response = client.post("/imports/new/", {"kind": kind, "files": [file]})
    assert response.status_code == 302, response.content.decode()
    return ImportRun.objects.latest("id")


def run_now(run: ImportRun, region: Region) -> ImportRun:
    """What the worker would do."""
    from busbar.access import queries as access_queries

    engineer = access_queries.get_viewer(region.people["E001"].user)
    return run_import(run_id=run.pk, by=engineer, at=world.AT)


def mapping_of(file: ImportFile, **changed: str) -> dict[str, str]:
    """The form's fields as they were suggested, with some changed."""
    chosen = file.mapping | changed
    return {f"map-{file.pk}-{key}": column for key, column in chosen.items()} | {
        f"table-{file.pk}": file.table
    }


def measured_point(region: Region) -> UsagePoint:
    """A usage point of the first county with a meter behind CT 20 and PT 100."""
    world.make_tariff()
    point = world.make_account(region.county, OWN)
    metering_operations.install_meter(
        serial="M1",
        usage_point=point,
        installed_on=dt.date(2025, 12, 31),
        ct_ratio=Decimal(20),
        pt_ratio=Decimal(100),
        by=SYSTEM_VIEWER,
        at=world.AT,
    )
    return point


class TestNew:
    def test_recognises_the_table_and_waits_for_the_mapping(self, client: Client) -> None:
        run = upload(client, GOOD)

        file = run.files.get()
        assert (run.state, file.table) == (ImportState.MAPPING, "substations")
        assert file.mapping["capacity_kva"] == "额定容量"

    def test_takes_several_files_at_once(self, client: Client) -> None:
        feeders = "馈线编码,馈线名称,所属变电站,电压等级,容量\nF1,一线,S1,10,8000\n"
        files = [
            SimpleUploadedFile("站.csv", GOOD.encode()),
            SimpleUploadedFile("线.csv", feeders.encode()),
        ]

        client.post("/imports/new/", {"kind": "network", "files": files})

        assert [f.table for f in ImportRun.objects.get().files.order_by("id")] == [
            "substations",
            "feeders",
        ]

    def test_says_what_is_wrong_with_a_file_and_keeps_nothing(self, client: Client) -> None:
        file = SimpleUploadedFile("程序.csv", b"\x7fELF\x00\x01\x02")

        response = client.post("/imports/new/", {"kind": "network", "files": [file]})

        assert response.status_code == 422
        assert "程序.csv" in response.content.decode()
        assert not ImportRun.objects.exists()

    def test_without_files_or_kind_says_so(self, client: Client) -> None:
        nothing = client.post("/imports/new/", {"kind": "network"})
        unknown = client.post("/imports/new/", {"kind": "magic"})

        assert "没有选择文件" in nothing.content.decode()
        assert "请选择导入的内容" in unknown.content.decode()

    def test_template_has_a_sheet_for_each_table(self, client: Client) -> None:
        response = client.get("/imports/templates/network/")

        book = load_workbook(io.BytesIO(response.content))
        assert book.sheetnames == [
            "变电站",
            "主变压器",
            "导线型号",
            "馈线",
            "馈线联络",
            "公用变压器",
            "填写说明",
        ]
        assert client.get("/imports/templates/magic/").status_code == 404


class TestMapping:
    def test_shows_the_first_rows_and_marks_what_is_missing(self, client: Client) -> None:
        run = upload(client, GOOD.replace("额定容量", "某数"))

        response = client.get(f"/imports/{run.pk}/mapping/")

        mapping = response.context["mappings"][0]
        assert mapping.sample == [["S1", "一站", "C", "110", "50000"]]
        assert [c.field.key for c in mapping.fields if c.is_missing] == ["capacity_kva"]
        assert "未找到，请选择" in response.content.decode()

    def test_confirming_queues_the_run_and_is_remembered(self, client: Client) -> None:
        run = upload(client, GOOD.replace("额定容量", "某数"))
        file = run.files.get()

        client.post(f"/imports/{run.pk}/mapping/", mapping_of(file, capacity_kva="某数"))

        run.refresh_from_db()
        assert run.state == ImportState.QUEUED
        task = OrmQ.objects.get().task
        assert (task["func"], task["args"]) == ("busbar.jobs.imports.run_import", (run.pk,))
        again = upload(client, GOOD.replace("额定容量", "某数"))
        page = client.get(f"/imports/{again.pk}/mapping/")
        assert page.context["mappings"][0].remembered
        assert again.files.get().mapping["capacity_kva"] == "某数"

    def test_an_open_required_column_queues_nothing_and_keeps_the_choices(
        self, client: Client
    ) -> None:
        run = upload(client, GOOD)
        posted = mapping_of(run.files.get(), capacity_kva="", name="单位编码", unit="厂站名称")

        response = client.post(f"/imports/{run.pk}/mapping/", posted)

        assert response.status_code == 422
        assert "缺少必需的列：容量" in response.content.decode()
        fields = {c.field.key: c.column for c in response.context["mappings"][0].fields}
        assert fields["name"] == "单位编码"
        assert OrmQ.objects.count() == 0
        assert ImportRun.objects.get().state == ImportState.MAPPING

    def test_another_table_is_matched_afresh(self, client: Client) -> None:
        file = upload(client, GOOD).files.get()

        response = client.get(f"/imports/files/{file.pk}/fields/", {f"table-{file.pk}": "feeders"})

        assert response.context["mapping"].table.key == "feeders"
        assert "馈线编码" in response.content.decode()

    def test_a_run_may_be_dropped_before_it_is_confirmed(self, client: Client) -> None:
        run = upload(client, GOOD)

        client.post(f"/imports/{run.pk}/discard/")

        assert not ImportRun.objects.exists()


class TestCurvePreview:
    WIDE = "计量点编号,日期," + ",".join(f"P{n}" for n in range(1, 97)) + "\n"

    def test_draws_the_first_day_in_kw(self, client: Client) -> None:
        row = "U1,2026-01-01," + ",".join(["25"] * 96) + "\n"
        file = upload(client, self.WIDE + row, "readings", "曲线.csv").files.get()

        response = client.get(f"/imports/files/{file.pk}/curve/", {"unit": "kwh"})

        day = response.context["day"]
        assert (day.point, day.day, day.energy_kwh) == ("U1", "2026-01-01", 2400)
        assert set(day.load_kw) == {100.0}

    def test_follows_the_unit_that_is_chosen(self, client: Client) -> None:
        row = "U1,2026-01-01," + ",".join(["25"] * 96) + "\n"
        file = upload(client, self.WIDE + row, "readings", "曲线.csv").files.get()

        response = client.get(f"/imports/files/{file.pk}/curve/", {"unit": "kw"})

        assert set(response.context["day"].load_kw) == {25.0}

    def test_multiplies_the_secondary_side_with_the_ratios_of_the_day(
        self, client: Client, region: Region
    ) -> None:
        point = measured_point(region)
        row = f"{point.number},2026-01-01," + ",".join(["0.1"] * 96) + "\n"
        file = upload(client, self.WIDE + row, "readings", "曲线.csv").files.get()

        response = client.get(f"/imports/files/{file.pk}/curve/", {"side": "secondary"})

        assert set(response.context["day"].load_kw) == {800.0}
        assert "已乘 CT×PT 变比 2000" in response.content.decode()

    def test_says_what_is_still_to_be_stated(self, client: Client) -> None:
        text = "计量点编号,时间,有功电量\nU1,2026-01-01 00:15,25\n"
        file = upload(client, text, "readings", "曲线.csv").files.get()

        response = client.get(f"/imports/files/{file.pk}/curve/")

        assert "时标是区间起点还是终点" in response.content.decode()


class TestRun:
    def test_reports_progress_until_it_is_done(self, client: Client, region: Region) -> None:
        run = upload(client, GOOD)
        client.post(f"/imports/{run.pk}/mapping/", mapping_of(run.files.get()))
        htmx = {"HX-Request": "true"}

        waiting = client.get(f"/imports/{run.pk}/", headers=htmx)
        run_now(run, region)
        done = client.get(f"/imports/{run.pk}/", headers=htmx)

        assert 'hx-trigger="every 1s"' in waiting.content.decode()
        assert "没有后台任务进程在运行" in waiting.content.decode()
        assert done["HX-Refresh"] == "true"

    def test_shows_counts_and_each_refused_row(self, client: Client, region: Region) -> None:
        run = upload(client, MIXED)
        client.post(f"/imports/{run.pk}/mapping/", mapping_of(run.files.get()))
        run_now(run, region)

        response = client.get(f"/imports/{run.pk}/")

        counts = response.context["counts"]
        assert counts == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
        text = response.content.decode()
        assert "很大" in text
        assert "额定容量" in text
        assert Substation.objects.get().name == "一站"

    def test_refused_rows_come_out_and_go_in_again_corrected(
        self, client: Client, region: Region
    ) -> None:
        run = upload(client, MIXED)
        client.post(f"/imports/{run.pk}/mapping/", mapping_of(run.files.get()))
        run_now(run, region)

        out = client.get(f"/imports/files/{run.files.get().pk}/errors.csv")
        corrected = out.content.decode("utf-8-sig").replace("很大", "40000")
        again = upload(client, corrected, name="改正.csv")
        client.post(f"/imports/{again.pk}/mapping/", mapping_of(again.files.get()))
        run_now(again, region)

        assert "attachment" in out["Content-Disposition"]
        assert Substation.objects.get(code="S2").capacity_kva == 40_000
        assert Substation.objects.count() == 2

    def test_reads_in_english_where_the_reader_does(self, client: Client, region: Region) -> None:
        run = upload(client, MIXED)
        client.post(f"/imports/{run.pk}/mapping/", mapping_of(run.files.get()))
        run_now(run, region)
        client.post("/language/", {"language": "en"})

        page = client.get(f"/imports/{run.pk}/").content.decode()
        out = client.get(f"/imports/files/{run.files.get().pk}/errors.csv")

        assert "<td>a number</td>" in page
        assert ",a number" in out.content.decode("utf-8-sig")
        assert str(RowError.objects.get().expectation) == "应为数字"

    def test_errors_go_on_after_the_last_row(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.imports.ERRORS", 2)
        file = upload(client, GOOD).files.get()
        for row in (2, 3, 3):
            RowError.objects.create(
                file=file, row=row, column="c", value="v", expectation=Phrase("e")
            )
        address = f"/imports/files/{file.pk}/errors/"

        first = client.get(address).context
        last = first["errors"][-1]
        second = client.get(address, {"row": last.row, "id": last.pk}).context

        assert ([e.row for e in first["errors"]], first["more"]) == ([2, 3], True)
        assert ([e.row for e in second["errors"]], second["more"]) == ([3], False)


class TestSecondarySide:
    """Current and voltage transformers: chosen on the mapping screen, told on the run's page."""

    def test_is_chosen_once_remembered_and_shown_on_the_page(
        self, client: Client, region: Region
    ) -> None:
        point = measured_point(region)
        stated = {"source": "集抄", "side": "secondary"}
        for day in ("2026-01-01", "2026-01-02"):
            row = f"{point.number},{day}," + ",".join(["0.1"] * 96) + "\n"
            run = upload(client, TestCurvePreview.WIDE + row, "readings", "曲线.csv")
            posted = mapping_of(run.files.get())
            client.post(f"/imports/{run.pk}/mapping/", posted | stated)
            run = run_now(run, region)
            stated = {"source": "集抄"}  # the second time nobody says it

        page = client.get(f"/imports/{run.pk}/").content.decode()

        assert run.options == {"source": "集抄", "read_as": run.options["read_as"]}
        assert run.options["read_as"]["side"] == "secondary"
        assert "二次侧，已乘 CT×PT 变比" in page
        curves = metering_queries.get_curves(
            SYSTEM_VIEWER,
            usage_point_ids=[point.pk],
            start=dt.date(2026, 1, 1),
            end=dt.date(2026, 2, 1),
        )
        assert curves["active_wh"].to_pylist() == [[200_000] * 96] * 2


class TestList:
    def test_takes_as_many_queries_for_one_run_as_for_ten(self, client: Client) -> None:
        upload(client, GOOD)
        few = count_queries(client, "/imports/")
        for number in range(9):
            upload(client, GOOD.replace("S1", f"S{number}"))

        assert count_queries(client, "/imports/") == few

    def test_goes_on_after_the_last_row(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.imports.PAGE", 1)
        older, newer = upload(client, GOOD), upload(client, MIXED)

        first = client.get("/imports/").context
        second = client.get("/imports/", {"before": newer.pk}).context

        assert ([run for run, _ in first["runs"]], first["more"]) == ([newer], True)
        assert ([run for run, _ in second["runs"]], second["more"]) == ([older], False)

    def test_is_closed_to_whoever_may_not_import(self, region: Region) -> None:
        client = region.client(Role.ACCOUNT_MANAGER)

        assert client.get("/imports/").status_code == 403
        assert client.post("/imports/new/", {"kind": "network"}).status_code == 403

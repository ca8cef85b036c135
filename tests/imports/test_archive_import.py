"""An exported archive becomes a customer-centred one (R20, R39, R80)."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted
from busbar.customers.models import Contact, Customer, CustomerAccount
from busbar.imports import operations as imports_operations
from busbar.imports import queries as imports_queries
from busbar.imports.models import ColumnMapping, ImportRun, ImportState
from busbar.imports.operations import (
    Incoming,
    UnableToConfirmMapping,
    UnableToReceiveFiles,
    UnableToRunImport,
    receiving,
)
from busbar.journal.models import Entry
from busbar.metering.models import MeterInstallation
from busbar.supply.models import Agreement, PowerSource, TransformerState
from tests.imports.world import (
    ACCOUNTS,
    AT,
    CUSTOMERS,
    STEEL_CODE,
    archive_files,
    counts,
    csv_bytes,
    errors,
    make_viewer,
    network_files,
    run_files,
)

Units = dict[str, OrganizationUnit]


class TestWholeArchive:
    """All tables at once, in any order."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_comes_in_from_every_encoding_and_in_any_order(
        self, units: Units, encoding: str
    ) -> None:
        run_files("network", network_files())

        run = run_files("archive", archive_files(encoding))

        assert run.state == ImportState.FINISHED
        assert errors(run) == []
        assert counts(run) == {
            "meters": (2, 0, 0, 0),
            "usage_points": (1, 0, 0, 0),
            "agreements": (1, 0, 0, 0),
            "transformers": (3, 0, 0, 0),
            "sources": (2, 0, 0, 0),
            "sites": (2, 0, 0, 0),
            "accounts": (3, 0, 0, 0),
            "customers": (2, 0, 0, 0),
        }
        steel = Customer.objects.get(number="C1")
        assert (steel.pinyin, steel.importance, steel.kind) == ("dhgtyxgs", "first", "industry")
        opened = CustomerAccount.objects.order_by("number").values_list("opened_on", flat=True)
        assert list(opened) == [dt.date(2015, 3, 1), dt.date(2016, 4, 1), dt.date(2018, 1, 1)]
        agreement = Agreement.objects.get()
        assert (agreement.contract_demand_kw, agreement.power_factor_standard) == (1200, "0.90")
        roles = PowerSource.objects.order_by("feeder__code").values_list("feeder__code", "role")
        assert list(roles) == [("F1", "main"), ("F2", "backup")]
        assert MeterInstallation.objects.filter(removed_on=None).get().meter.serial == "M2"

    def test_rows_of_one_transformer_are_its_history(self, units: Units) -> None:
        run_files("network", network_files())
        run_files("archive", archive_files())

        spans = TransformerState.objects.order_by("transformer__number", "valid_from").values_list(
            "transformer__number", "state", "valid_from", "valid_until"
        )

        assert list(spans) == [
            ("T1", "running", dt.date(2015, 3, 1), dt.date(2025, 6, 1)),
            ("T1", "sealed", dt.date(2025, 6, 1), None),
            ("T2", "running", dt.date(2015, 3, 1), None),
        ]

    def test_the_same_files_twice_change_nothing(self, units: Units) -> None:
        run_files("network", network_files())
        run_files("archive", archive_files())
        entries = Entry.objects.count()
        before = list(TransformerState.objects.values())

        run = run_files("archive", archive_files())

        assert {c[:2] + c[3:] for c in counts(run).values()} == {(0, 0, 0)}
        assert list(TransformerState.objects.values()) == before
        told = Entry.objects.order_by("id")[entries:]
        assert [entry.event for entry in told] == ["imports.run.finished"]

    def test_a_workbook_brings_a_table_a_sheet_and_numbers_stay_numbers(self, units: Units) -> None:
        workbook = Workbook()
        sheet = workbook.active
        sheet.title = "户号"
        sheet.append(["客户用电户号清单"])
        sheet.append(["户号", "户名", "客户编号", "单位编码", "立户日期"])
        sheet.append([3101000001, "一厂", "C1", 310101, dt.datetime(2015, 3, 1)])  # noqa: DTZ001 - local stamps have none
        other = workbook.create_sheet("客户")
        other.append(["客户编号", "客户名称", "客户类别", "单位编码"])
        other.append(["C1", "钢铁", "工业", 310101])
        workbook.create_sheet("说明").append(["这张表", "不是数据"])
        content = io.BytesIO()
        workbook.save(content)

        run = run_files("archive", {"档案.xlsx": content.getvalue()})

        assert counts(run) == {"accounts": (1, 0, 0, 0), "customers": (1, 0, 0, 0)}
        account = CustomerAccount.objects.get()
        assert (account.number, account.opened_on) == ("3101000001", dt.date(2015, 3, 1))

    def test_the_template_can_be_read_again(self, units: Units) -> None:
        content = imports_queries.write_template("archive")

        run = imports_operations.receive_files(
            kind="archive",
            files=[Incoming("模板.xlsx", [content])],
            by=SYSTEM_VIEWER,
            at=AT,
        )

        tables = set(run.files.values_list("table", flat=True))
        assert {"units", "customers", "accounts", "transformers", "meters"} <= tables


class TestArchiveByAccount:
    """An archive that knows accounts only."""

    HEADER = ("用电户号", "用户名称", "信用代码", "供电单位")

    def test_makes_one_customer_a_credit_code_and_one_of_each_account_without(
        self, units: Units
    ) -> None:
        rows = [
            ["3101000001", "东海钢铁一厂", STEEL_CODE, "310101"],
            ["3101000002", "东海钢铁二厂", STEEL_CODE, "310101"],
            ["3101000003", "小五金店", "", "310101"],
        ]

        run = run_files("archive", {"户号.csv": csv_bytes(self.HEADER, rows)})

        assert counts(run) == {"accounts": (3, 0, 0, 0)}
        owners = CustomerAccount.objects.order_by("number").values_list(
            "customer__number", flat=True
        )
        assert list(owners) == ["H3101000001", "H3101000001", "H3101000003"]
        again = run_files("archive", {"户号.csv": csv_bytes(self.HEADER, rows)})
        assert counts(again) == {"accounts": (0, 0, 3, 0)}
        assert Customer.objects.count() == 2


class TestBadRows:
    """Refused by the row, with file, row, column, value and expectation; good rows kept."""

    def test_are_named_exactly(self, units: Units) -> None:
        header, rows = CUSTOMERS
        bad = [
            *rows,
            ["C3", "", "", "工业企业", "", "310101"],
            ["C4", "甲", "91110108551385082R", "工业企业", "", "310101"],
            ["C5", "乙", STEEL_CODE, "工业企业", "", "310101"],
            ["C6", "丙", "", "矿山", "", "310101"],
            ["C7", "丁", "", "学校", "", "999"],
            ["C1", "东海钢铁", "", "工业企业", "", "310101"],
        ]

        run = run_files("archive", {"客户.csv": csv_bytes(header, bad)})

        assert errors(run) == [
            (4, "客户名称", "", "此列必填"),
            (5, "统一社会信用代码", "91110108551385082R",
             "应为 18 位统一社会信用代码，校验码须正确"),
            (6, "统一社会信用代码", STEEL_CODE, "此信用代码已属于另一个客户"),
            (7, "客户类别", "矿山",
             "应为以下之一：工业企业、商业企业、政府机关、医疗机构、学校、其他"),
            (8, "单位编码", "999", "没有这个编码的单位"),
            (9, "客户编号", "C1", "同一客户编号只应出现一次，前面已有内容不同的一行"),
        ]  # fmt: skip
        assert counts(run) == {"customers": (2, 0, 0, 6)}
        assert set(Customer.objects.values_list("number", flat=True)) == {"C1", "C2"}

    def test_come_back_corrected_in_the_error_file_as_it_is(self, units: Units) -> None:
        header = ["客户编号", "客户名称", "客户类别", "单位编码"]
        rows = [["C1", "=HYPERLINK(1)", "工业企业", "999"], ["C2", "望海医院", "医院", "310102"]]
        run = run_files("archive", {"客户.csv": csv_bytes(header, rows)})
        refused = imports_queries.write_error_file(run.files.get()).decode("utf-8-sig")
        assert refused.splitlines() == [
            "客户编号,客户名称,客户类别,单位编码,原行号,错误列,期望",
            "C1,'=HYPERLINK(1),工业企业,999,2,单位编码,没有这个编码的单位",
        ]

        corrected = refused.replace("999", "310101").encode("utf-8-sig")
        again = run_files("archive", {"改正.csv": corrected})

        assert counts(again) == {"customers": (1, 0, 0, 0)}
        assert Customer.objects.get(number="C1").name == "=HYPERLINK(1)"

    def test_overlaps_and_second_mains_are_refused(self, units: Units) -> None:
        run_files("network", network_files())
        run_files("archive", archive_files())
        files = {
            "合同.csv": csv_bytes(
                ["合同编号", "户号", "签订日期", "生效日期", "电价编码", "电价类别", "基本电费方式",
                 "合同容量"],
                [["HT2", "3101000001", "2026-01-01", "2026-06-01", "X", "两部制", "容量", "1630"]],
            ),
            "电源.csv": csv_bytes(
                ["用电地址编码", "馈线编码", "电源性质", "电压等级", "供电容量"],
                [["S1", "F2", "主供", "10", "3000"], ["S1", "F9", "备用", "10", "1"]],
            ),
            "电能表.csv": csv_bytes(
                ["表号", "计量点编号", "装表日期", "CT变比", "PT变比"],
                [["M3", "P1", "2025-05-01", "1", "1"], ["M4", "P1", "2014-01-01", "0", "1"]],
            ),
        }  # fmt: skip

        run = run_files("archive", files)

        assert errors(run) == [
            (2, "生效日期", "2026-06-01", "与该户合同 HT1 的有效期重叠"),
            (2, "电源性质", "主供", "该用电地址已有主供电源（馈线 F1），应为备用电源"),
            (3, "馈线编码", "F9", "没有这个编码的馈线"),
            (2, "装表日期", "2025-05-01", "该计量点此时装有电能表 M2，应先拆表"),
            (3, "CT变比", "0", "应为大于 0 的数字"),
        ]
        assert Agreement.objects.count() == 1
        assert PowerSource.objects.filter(role="main").count() == 1


class TestChangedRows:
    """A row that differs is amended and the journal says what changed."""

    def test_are_told_on_the_customers_timeline(self, units: Units) -> None:
        run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS), "户号.csv": csv_bytes(*ACCOUNTS)})
        header, rows = CUSTOMERS
        changed = [[*rows[0][:4], "特级", "310102"], rows[1]]

        run = run_files("archive", {"客户.csv": csv_bytes(header, changed)})

        assert counts(run) == {"customers": (0, 1, 1, 0)}
        entry = Entry.objects.get(event="customers.customer.amended")
        assert entry.customer_id == Customer.objects.get(number="C1").pk
        assert entry.changes == {
            "importance": ["first", "special"],
            "unit": ["临江县供电公司", "望海县供电公司"],
        }

    def test_leave_alone_the_columns_that_the_file_has_not(self, units: Units) -> None:
        run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)})
        partial = csv_bytes(
            ["客户编号", "客户名称", "客户类别", "单位编码"],
            [["C1", "东海钢铁集团", "工业企业", "310101"]],
        )

        run_files("archive", {"客户.csv": partial})

        steel = Customer.objects.get(number="C1")
        assert (steel.name, steel.credit_code, steel.importance) == (
            "东海钢铁集团",
            STEEL_CODE,
            "first",
        )

    def test_a_new_primary_contact_takes_the_place_of_the_old(self, units: Units) -> None:
        header = ["客户编号", "姓名", "职务", "首要联系人"]
        run_files(
            "archive",
            {
                "客户.csv": csv_bytes(*CUSTOMERS),
                "联系人.csv": csv_bytes(header, [["C1", "张三", "电工", "是"]]),
            },
        )

        run_files("archive", {"联系人.csv": csv_bytes(header, [["C1", "李四", "厂长", "是"]])})

        found = Contact.objects.order_by("name").values_list("name", "is_primary")
        assert list(found) == [("张三", False), ("李四", True)]


class TestViewer:
    """Rows only in the units of the viewer's branch."""

    def test_may_not_import_without_the_permission(self, units: Units) -> None:
        viewer = make_viewer(units["310101"], Role.ACCOUNT_MANAGER)

        with pytest.raises(NotPermitted, match="导入数据"):
            run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)}, by=viewer)

        assert not ImportRun.objects.exists()

    def test_has_rows_outside_the_branch_refused(self, units: Units) -> None:
        viewer = make_viewer(units["310101"], Role.BILLING_CLERK)

        run = run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)}, by=viewer)

        assert counts(run) == {"customers": (1, 0, 0, 1)}
        assert errors(run) == [(3, "单位编码", "310102", "该单位不在您的管辖范围内")]

    def test_may_not_change_another_countys_customer_by_its_number(self, units: Units) -> None:
        run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)})
        viewer = make_viewer(units["310101"], Role.BILLING_CLERK)
        theft = csv_bytes(
            ["客户编号", "客户名称", "客户类别", "单位编码"], [["C2", "我的", "学校", "310101"]]
        )

        run = run_files("archive", {"客户.csv": theft}, by=viewer)

        assert errors(run) == [(2, "客户编号", "C2", "已由其他单位登记，不在您的管辖范围内")]
        assert Customer.objects.get(number="C2").name == "望海医院"

    def test_does_not_see_another_countys_runs(self, units: Units) -> None:
        mine = make_viewer(units["310101"], Role.BILLING_CLERK, number="E1")
        theirs = make_viewer(units["310102"], Role.BILLING_CLERK, number="E2")
        run = run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)}, by=mine)

        assert [r.pk for r in imports_queries.list_runs(mine)] == [run.pk]
        assert imports_queries.list_runs(theirs) == []
        with pytest.raises(UnableToRunImport, match="没有这次导入"):
            imports_operations.run_import(run_id=run.pk, by=theirs, at=AT)

    def test_of_a_county_may_not_import_prices(self, units: Units) -> None:
        viewer = make_viewer(units["310101"], Role.BILLING_CLERK)

        with pytest.raises(UnableToReceiveFiles, match="省公司"):
            run_files("tariffs", {"x.csv": b"a,b\n1,2\n"}, by=viewer)


class TestMapping:
    """Suggested, confirmed, remembered."""

    ODD = csv_bytes(
        ["编号X", "客户名称", "客户类别", "单位编码"], [["C1", "钢铁", "工业", "310101"]]
    )

    def test_that_leaves_a_required_column_open_is_refused_with_its_name(
        self, units: Units
    ) -> None:
        with pytest.raises(UnableToConfirmMapping, match=r"客户\.csv：按“客户”读取.*客户编号"):
            run_files("archive", {"客户.csv": self.ODD})

        assert ImportRun.objects.get().state == ImportState.MAPPING
        assert not ColumnMapping.objects.exists()

    def test_is_remembered_for_the_next_file_with_this_header(self, units: Units) -> None:
        viewer = make_viewer(units["310101"], Role.BILLING_CLERK)
        run = imports_operations.receive_files(
            kind="archive", files=[Incoming("客户.csv", [self.ODD])], by=viewer, at=AT
        )
        file = run.files.get()
        mapping = {**file.mapping, "customer": "编号X"}
        imports_operations.confirm_mapping(
            run_id=run.pk, by=viewer, at=AT, mappings_by_file={file.pk: mapping}
        )
        imports_operations.run_import(run_id=run.pk, by=viewer, at=AT)

        again = run_files("archive", {"又一份.csv": self.ODD}, by=viewer)

        assert again.files.get().mapping == mapping
        assert counts(again) == {"customers": (0, 0, 1, 0)}

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"%PDF-1.7 nothing", "只能读取"),
            (b"\x00\x01\x02", "只能读取"),
            (b"", "文件是空的"),
            (b"PK\x03\x04broken", "只能读取"),
        ],
    )
    def test_files_that_are_no_tables_are_refused(
        self, units: Units, content: bytes, expected: str
    ) -> None:
        with pytest.raises(UnableToReceiveFiles, match=expected):
            run_files("archive", {"客户.csv": content})

        assert not ImportRun.objects.exists()

    def test_files_over_the_limit_are_refused_and_not_kept(
        self, units: Units, settings: Any
    ) -> None:
        settings.BUSBAR_UPLOAD_MAX_BYTES = 10

        with pytest.raises(UnableToReceiveFiles, match="上限"):
            run_files("archive", {"客户.csv": self.ODD})

        kept = [p for p in (settings.FILES_ROOT / "imports").rglob("*") if p.is_file()]
        assert kept == []


class TestQueries:
    """The number of queries does not grow with the rows of a batch."""

    def test_are_constant(self, units: Units) -> None:
        def queries(rows: int, prefix: str) -> int:
            table = csv_bytes(
                ["户号", "户名", "客户编号", "单位编码"],
                [[f"31{prefix}{i:06d}", "户", "C1", "310101"] for i in range(rows)],
            )
            with CaptureQueriesContext(connection) as captured:
                run_files("archive", {"户号.csv": table})
            return len(captured)

        run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)})
        queries(5, "00")

        assert queries(60, "02") == queries(5, "01")


class TestLongTable:
    def test_is_refused_with_what_it_may_have(
        self, units: Units, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(receiving, "_MOST_ROWS", 1)

        with pytest.raises(
            UnableToReceiveFiles, match=r"^客户.csv：有 2 行，一次至多 1 行；请分成几份再导入$"
        ):
            run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)})

        assert not ImportRun.objects.exists()


class TestRepeatedHeading:
    """A name that stands twice: which column is meant is for the file to say."""

    def test_is_refused_with_both_columns_when_it_is_read(self, units: Units) -> None:
        header, rows = CUSTOMERS
        content = csv_bytes([*header, "客户名称"], [[*row, "别名"] for row in rows])

        with pytest.raises(
            UnableToReceiveFiles,
            match=r"^客户.csv：表头中“客户名称”出现了两次（第 2 列和第 7 列），分不清该读哪一列",
        ):
            run_files("archive", {"客户.csv": content})

        assert not ImportRun.objects.exists()

    def test_may_be_of_columns_that_nothing_is_read_from(self, units: Units) -> None:
        header, rows = CUSTOMERS
        content = csv_bytes([*header, "档案袋", "档案袋"], [[*row, "x", "y"] for row in rows])

        run = run_files("archive", {"客户.csv": content})

        assert counts(run) == {"customers": (2, 0, 0, 0)}

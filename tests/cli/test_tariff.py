"""`busbar tariff`: from a file to the version that the next run uses."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from tests.billing import world
from tests.console.work_region import OWN, Region, make_billed, make_units

from busbar.access import operations as access_operations
from busbar.access.models import Employee, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import quote
from busbar.cli.main import main
from busbar.pricing.models import DraftState, Tariff, TariffDraft

pytestmark = pytest.mark.django_db
DRAFT = """
code = "TWO-PART"
base_from = 2020-01-01
valid_from = 2099-01-01
scheme = "TOU-TWO-PART"
capacity_price = 30
demand_price = 40
source = "某发改价格〔2026〕1 号"
certainty = "A"

[prices]
peak = 1.2
flat = 0.6
valley = 0.3
"""
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, a bill each for December and January."""
    monkeypatch.delenv("BUSBAR_TOKEN", raising=False)
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A draft at 1.20 in the peak instead of 1.00."""
    path = tmp_path / "draft.toml"
    path.write_text(DRAFT, encoding="utf-8")
    return path


def drafted(file: Path) -> str:
    main(["tariff", "draft", str(file)])
    return str(TariffDraft.objects.get().pk)


def act_as(employee: Employee, patch: pytest.MonkeyPatch) -> None:
    """Put the person's API key where the command looks for it."""
    issued = access_operations.issue_api_token(
        user=employee.user, name="cli", valid_days=1, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC)
    )
    patch.setenv("BUSBAR_TOKEN", issued.plain)


class TestReading:
    def test_lists_by_voltage_and_shows_versions(self, region: Region, capsys: Captured) -> None:
        voltage = Tariff.objects.get(code="TWO-PART").voltage_class

        assert main(["tariff", "list", "--voltage", voltage]) == 0
        assert "TWO-PART" in capsys.readouterr().out
        assert main(["tariff", "list", "--voltage", "220kV"]) == 0
        assert capsys.readouterr().out == ""
        assert main(["tariff", "show", "TWO-PART"]) == 0
        assert "峰 1 平 0.6 " in capsys.readouterr().out
        assert main(["tariff", "show", "NONE"]) == 1


class TestDrafting:
    def test_keeps_a_draft_from_toml_and_tells_its_findings(
        self, region: Region, file: Path, capsys: Captured
    ) -> None:
        assert main(["tariff", "draft", str(file)]) == 0

        draft = TariffDraft.objects.get()
        assert draft.prices == {"peak": "1.2", "flat": "0.6", "valley": "0.3"}
        assert capsys.readouterr().out.startswith(f"拟订 {draft.pk}：TWO-PART 自 2099-01-01 起")
        assert main(["tariff", "check", str(draft.pk)]) == 0

    def test_reads_json_as_well(self, region: Region, tmp_path: Path) -> None:
        path = tmp_path / "draft.json"
        facts = {"code": "TWO-PART", "base_from": "2020-01-01", "valid_from": "2099-01-01"}
        more = {"prices": {"flat": 0.1, "peak": 1}, "source": "x", "certainty": "A"}
        path.write_text(json.dumps(facts | more), encoding="utf-8")

        assert main(["tariff", "draft", str(path)]) == 1  # kept, with an error: no scheme

        assert TariffDraft.objects.get().prices == {"flat": "0.1", "peak": "1"}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (DRAFT.replace("peak", "noon"), "$.prices.noon：现为 1.2，没有这一项"),
            (DRAFT.replace('"A"', '"sure"'), "$.certainty：现为 sure，应为"),
            (DRAFT.replace("2099-01-01", '"soon"'), "$.valid_from：现为 soon，应为日期"),
            (DRAFT + "=", "不是有效的 TOML"),
            (DRAFT.replace("TOU-TWO-PART", "NONE"), "没有分时方案 NONE"),
        ],
    )
    def test_names_the_place_that_is_wrong(
        self, region: Region, file: Path, capsys: Captured, text: str, told: str
    ) -> None:
        file.write_text(text, encoding="utf-8")

        assert main(["tariff", "draft", str(file)]) == 1
        assert told in capsys.readouterr().err
        assert not TariffDraft.objects.exists()

    def test_says_that_there_is_no_file(self, region: Region, capsys: Captured) -> None:
        assert main(["tariff", "draft", "none.toml"]) == 1
        assert "打不开文件 none.toml" in capsys.readouterr().err


class TestTestBill:
    def test_tries_issued_bills_line_by_line(
        self, region: Region, file: Path, capsys: Captured
    ) -> None:
        number = drafted(file)
        capsys.readouterr()

        code = main(["tariff", "test-bill", number, "--month", "2026-01", "--account", OWN])

        shown = capsys.readouterr().out
        assert code == 0
        assert "12400.00 → 14880.00  +2480.00" in shown
        assert "2026-01：试算 1 张" in shown

    def test_tries_a_typed_document(
        self, region: Region, file: Path, tmp_path: Path, capsys: Captured
    ) -> None:
        number, typed = drafted(file), tmp_path / "bill.json"
        energies = [{"measures": "peak", "quantity": 100}]
        bill = {
            "period": {"start": "2026-01-01", "end": "2026-02-01"},
            "segments": [{"energies": energies}],
        }
        typed.write_text(quote.dumps(bill), encoding="utf-8")
        capsys.readouterr()

        assert main(["tariff", "test-bill", number, "--document", str(typed)]) == 0
        assert "差 +20.00" in capsys.readouterr().out


class TestDeciding:
    def test_needs_somebody(self, region: Region, file: Path, capsys: Captured) -> None:
        number = drafted(file)

        assert main(["tariff", "adopt", number]) == 1
        assert "BUSBAR_TOKEN" in capsys.readouterr().err
        assert TariffDraft.objects.get().state == DraftState.DRAFTED

    def test_is_for_another_person_than_the_drafter(
        self, region: Region, file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clerk = region.hire(Role.BILLING_CLERK)
        access_operations.change_roles(
            employee=clerk,
            roles=[Role.BILLING_CLERK, Role.MANAGER],
            by=SYSTEM_VIEWER,
            at=world.AT,
        )
        act_as(clerk, monkeypatch)
        number = drafted(file)

        assert main(["tariff", "adopt", number]) == 1
        assert "请由另一人批准" in capsys.readouterr().err
        assert Tariff.objects.filter(code="TWO-PART").count() == 1

        act_as(region.hire(Role.MANAGER), monkeypatch)
        assert main(["tariff", "adopt", number, "--remark", "同意"]) == 0
        assert Tariff.objects.filter(code="TWO-PART").count() == 2
        assert main(["tariff", "withdraw", number, "--reason", "推迟"]) == 0
        assert Tariff.objects.filter(code="TWO-PART").count() == 1

    def test_says_that_a_key_is_not_known(
        self, region: Region, file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        number = drafted(file)
        monkeypatch.setenv("BUSBAR_TOKEN", "busbar_none")

        assert main(["tariff", "discard", number, "--reason", "x"]) == 1
        assert "已过期或已撤销" in capsys.readouterr().err
        assert main(["tariff", "check", "999999"]) == 1

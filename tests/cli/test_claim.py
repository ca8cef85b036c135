"""`busbar claim`: asked for from a document, shown with its rules, decided, taken back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.claims.world import THEFT, World, make_claims_world
from tests.payments.world import balance

from busbar.claims.models import Claim
from busbar.cli.main import main
from busbar.payments.models import Receivable

pytestmark = pytest.mark.django_db
FOUND = {**THEFT, "on": "2025-06-05"}
"""A theft found before any day on which the tests run."""
ASKED = ("--account", "3101000001", "--ground", "用电检查单 2025-017")


@pytest.fixture
def world() -> World:
    """An inspector E11, a leader E3, the account 3101000001."""
    return make_claims_world()


@pytest.fixture
def paper(tmp_path: Path) -> str:
    path = tmp_path / "theft.json"
    path.write_text(json.dumps(FOUND), encoding="utf-8")
    return str(path)


def request(paper: str, *, by: str = "E11") -> int:
    return main(["claim", "request", paper, *ASKED, "--as", by])


class TestClaim:
    def test_is_asked_for_shown_approved_and_taken_back(
        self, world: World, paper: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert request(paper) == 0
        number = Claim.objects.get().number
        assert capsys.readouterr().out == f"{number} 已提出，应收 2304.00 元，待审批\n"

        assert main(["claim", "approve", number, "--as", "E3", "--remark", "同意"]) == 0
        assert capsys.readouterr().out == f"{number} 已入账，应收 2304.00 元\n"
        assert balance(world.account) == (230_400, 0, 0)
        owed = Receivable.objects.get()

        assert main(["claim", "show", number]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert shown[:2] == [f"{number}  3101000001  红星钢铁", "窃电  已入账  应收 2304.00 元"]
        assert shown[2].endswith(f"提出  {world.inspector.name}  用电检查单 2025-017")
        assert shown[3].endswith(f"批准  {world.leader.name}  同意")
        assert shown[4:6] == ["补交电费（窃电）  576.00 元", "  2 × 90 × 8 × 0.4 = 576.00 元"]
        assert shown[6].startswith("  窃电")
        assert "供电营业规则" in shown[6]
        assert shown[7:9] == [
            "违约使用电费（窃电，3 倍）  1728.00 元", "  1440 × 0.4 × 3 = 1728.00 元",
        ]  # fmt: skip
        assert shown[10:] == [
            f"应收 {owed.reference}，未缴 2304.00 元，{owed.due_on} 到期",
            "依规则集 R2024，重算结果相同",
        ]

        assert main(["claim", "take-back", number, "--reason", "认定有误", "--as", "E3"]) == 0
        assert capsys.readouterr().out == f"{number} 已冲回，应收 2304.00 元\n"
        assert balance(world.account) == (0, 0, 0)

    def test_is_read_from_standard_input_and_refused_by_the_leader(
        self,
        world: World,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        typed = io.TextIOWrapper(io.BytesIO(json.dumps(FOUND).encode()))
        monkeypatch.setattr("sys.stdin", typed)

        assert request("-") == 0
        number = Claim.objects.get().number
        assert main(["claim", "refuse", number, "--reason", "证据不足", "--as", "E3"]) == 0

        assert capsys.readouterr().out.splitlines()[1] == f"{number} 未批准，应收 2304.00 元"
        assert main(["claim", "show", number]) == 0
        assert f"未批准  {world.leader.name}  证据不足" in capsys.readouterr().out
        assert not Receivable.objects.exists()

    def test_is_listed_by_state_and_kind(
        self, world: World, paper: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        request(paper)
        number = Claim.objects.get().number
        capsys.readouterr()

        assert main(["claim", "list", "--state", "requested", "--kind", "theft"]) == 0
        assert main(["claim", "list", "--state", "raised"]) == 0

        assert capsys.readouterr().out == (
            f"{number}  3101000001  窃电  待审批  应收 2304.00 元  红星钢铁\n"
        )

    def test_tells_where_its_document_no_longer_comes_out(
        self, world: World, paper: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        request(paper)
        claim = Claim.objects.get()
        Claim.objects.update(document={**claim.document, "days": "91"})

        assert main(["claim", "show", claim.number]) == 0

        assert capsys.readouterr().out.endswith("依规则集 R2024，重算结果不同\n")


class TestRefusals:
    def test_of_a_document_that_says_nothing(
        self, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def told(content: Any) -> str:
            path = tmp_path / "x.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            assert request(str(path)) == 1
            return capsys.readouterr().err

        assert "$.days：现为 -1，" in told({**FOUND, "days": "-1"})
        assert "kind 应为" in told({**FOUND, "kind": "bill"})
        assert "不是有效的 JSON" in told("{")
        assert told([]) == "busbar: $：现为 []，应为对象 { … }\n"
        assert request(str(tmp_path / "none.json")) == 1
        assert "打不开文件" in capsys.readouterr().err
        assert not Claim.objects.exists()

    def test_of_who_is_not_there_or_may_not(
        self, world: World, paper: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert request(paper, by="E99") == 1
        assert capsys.readouterr().err == "busbar: 没有工号 E99\n"
        assert request(paper, by="E1") == 1
        assert capsys.readouterr().err == "busbar: 没有“提出追补与赔偿”的权限\n"
        assert main(["claim", "show", "ZB1"]) == 1
        assert capsys.readouterr().out == "没有追补单 ZB1\n"
        request(paper)
        number = Claim.objects.get().number
        assert main(["claim", "approve", number, "--as", "E11"]) == 1

        assert "没有“审批追补与赔偿”的权限" in capsys.readouterr().err
        assert Claim.objects.get().state == "requested"

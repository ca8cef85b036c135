"""What the operator scripts and the timetable runs; both safe to repeat."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from busbar.cli.main import main
from busbar.jobs import key_accounts as jobs
from busbar.journal.models import Entry
from busbar.key_accounts import operations
from busbar.key_accounts.models import (
    BasicService,
    RecognitionCriterion,
    RecognitionPolicy,
    RecognitionRun,
    Segmentation,
    ServicePackage,
    StageAssessment,
    ValueAddedProduct,
)
from tests.key_accounts.world import AT, World


@pytest.fixture
def billed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One economic customer, billed; a lake without curves."""
    monkeypatch.setattr(settings, "LAKE_ROOT", tmp_path / "lake")
    world.year(world.customer("BIG"), 6_000_000, yuan=3_600_000)
    return world


class TestCommands:
    def test_evaluate_list_and_simulate(
        self, billed: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["key-accounts", "evaluate"]) == 0
        assert "2026-01：评定 1 户，列入 1 项，退出 0 项" in capsys.readouterr().out

        assert main(["key-accounts", "list", "--category", "economic"]) == 0
        assert "经济大客户：65/60 分，年用电量、年电费" in capsys.readouterr().out

        assert main(["key-accounts", "simulate", "economic-energy=8000000"]) == 0
        told = capsys.readouterr().out
        assert "经济大客户：1 → 0 户" in told
        assert "会退出  经济大客户  BIG" in told

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["list"], 1),
            (["simulate", "economic-energy=1"], 1),
            (["review", "2026"], 1),
            (["evaluate", "--month", "x"], 1),
            (["evaluate", "--month", "2030-01"], 1),
        ],
    )
    def test_say_what_is_missing(self, billed: World, words: list[str], code: int) -> None:
        assert main(["key-accounts", *words]) == code
        assert not RecognitionRun.objects.exists()


class TestTimetable:
    def test_a_newly_billed_month_is_taken_once(self, billed: World) -> None:
        first, second = jobs.run_day(), jobs.run_day()

        assert first == "到期的人工认定 0 项；2026-01：评定 1 户，列入 1 项，退出 0 项"
        assert second == "到期的人工认定 0 项"
        assert StageAssessment.objects.count() == 1
        assert Segmentation.objects.get().unmeasured == 0


@pytest.fixture
def shipped(world: World) -> World:
    """With every catalogue that ships."""
    operations.load_managers_seed(at=AT)
    operations.load_services_seed(at=AT)
    return world


DATED = ["--from", "2099-04-01", "--source", "营销〔2026〕7号"]


class TestCatalogue:
    def test_is_listed_added_to_revised_and_ended(
        self, shipped: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        facts = ["name=储能租赁", "description=移动储能", "benefit_basis=峰谷价差"]
        assert main(["catalogue", "add", "product", "storage", *facts, *DATED]) == 0
        later = ["--from", "2099-05-01", "--source", "营销〔2026〕9号"]
        assert main(["catalogue", "revise", "product", "storage", "name=储能托管", *later]) == 0
        bound = ["shapes=night、evening", "bands="]
        assert main(["catalogue", "revise", "package", "large-spender", *bound, *DATED]) == 0
        until = ["--from", "2099-07-01", "--reason", "不再办理"]
        assert main(["catalogue", "end", "product", "storage", *until]) == 0
        assert "storage 储能托管：2099-07-01 起停用" in capsys.readouterr().out

        assert main(["catalogue", "list", "product"]) == 0
        told = capsys.readouterr().out
        assert "storage  储能托管  2099-05-01  2099-07-01  营销〔2026〕9号" in told
        new = ValueAddedProduct.objects.get(name="储能托管")
        assert new.description == "移动储能"
        package = ServicePackage.objects.get(code="large-spender", valid_until=None)
        assert (package.name, package.shapes, package.bands) == (
            "大额客户专属包", ["night", "evening"], [],
        )  # fmt: skip

    @pytest.mark.parametrize(
        "words",
        [
            ["add", "reason", "weather", "text=天气", *DATED],
            ["add", "reason", "safety", "name=再来", *DATED],
            ["revise", "template", "dunning", "template=", *DATED],
            ["end", "template", "dunning", "--from", "2099-01-01", "--reason", "x"],
        ],
    )
    def test_refuses_and_changes_nothing(self, shipped: World, words: list[str]) -> None:
        before = Entry.objects.count()

        assert main(["catalogue", *words]) == 1
        assert Entry.objects.count() == before


class TestRecognitionRules:
    def test_are_listed_and_versioned(
        self, shipped: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        scores = ["--enter", "70", "--stay", "50", "--months", "6"]
        thresholds = ["--points", "30", "--enter", "8000000", "--leave", "6400000"]
        figures = ["every_days=30", "due_days=5"]
        here = ["recognition-rules"]
        assert main([*here, "criterion", "economic-energy", *thresholds, *DATED]) == 0
        assert main([*here, "policy", "economic", *scores, *DATED]) == 0
        assert main([*here, "figures", "service", "value_added", *figures, *DATED]) == 0
        assert "增值服务：2099-04-01 起生效" in capsys.readouterr().out

        assert RecognitionCriterion.objects.get(valid_from="2099-04-01").points == 30
        assert RecognitionPolicy.objects.get(valid_from="2099-04-01").min_stay_months == 6
        assert BasicService.objects.get(valid_from="2099-04-01").due_days == 5
        assert main([*here, "list"]) == 0
        told = capsys.readouterr().out
        assert "service  value_added  增值服务  every_days=90 due_days=20" in told
        assert "policy  economic  进入 60 分" in told

    def test_refuse_what_is_no_rule(self, shipped: World) -> None:
        before = Entry.objects.count()

        assert main(["recognition-rules", "figures", "band", "large", "from_yuan=-1", *DATED]) == 1
        with pytest.raises(SystemExit):
            main(["recognition-rules", "figures", "band", "large", "from_yuan=x", *DATED])
        assert Entry.objects.count() == before

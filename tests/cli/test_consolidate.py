"""`busbar consolidate`: run, review, undo and measure against a known truth."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.customers.consolidation_world import import_accounts
from tests.imports.world import AT, make_units

from busbar.cli.main import main
from busbar.customers import operations as customers_operations
from busbar.customers.models import (
    CompletenessRule,
    ConsolidationFigure,
    Customer,
    CustomerMerge,
    MatchCandidate,
)

pytestmark = pytest.mark.django_db


class TestConsolidate:
    def test_runs_measures_against_the_truth_and_takes_back(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        import_accounts(make_units()["310101"])
        truth = tmp_path / "truth.csv"
        bodies = ["A", "A", "A", "A", "B", "B", "C"]
        rows = [f"310100000{n},{body}" for n, body in enumerate(bodies, 1)]
        truth.write_text("户号,主体\n" + "\n".join(rows), encoding="utf-8")

        assert main(["consolidate", "run"]) == 0
        assert "比对 7 户" in capsys.readouterr().out
        assert main(["consolidate", "measure", str(truth)]) == 0
        assert "7 个户号：查准率 1.0000" in capsys.readouterr().out

        record = CustomerMerge.objects.order_by("-pk")[0]
        before = Customer.objects.count()
        assert main(["consolidate", "undo", str(record.pk)]) == 0
        assert Customer.objects.count() == before + 1

    def test_merges_splits_and_explains(self, capsys: pytest.CaptureFixture[str]) -> None:
        owners = import_accounts(make_units()["310101"])
        one, other = owners["3101000001"].number, owners["3101000002"].number

        assert main(["consolidate", "merge", one, other]) == 0
        split = ["consolidate", "split", one, "3101000002", "--name", "新", "--reason", "函"]
        assert main([*split, "--number", "C9"]) == 0
        assert Customer.objects.filter(number="C9").exists()
        main(["consolidate", "run"])
        pair = MatchCandidate.objects.order_by("pk")[0]
        capsys.readouterr()
        assert main(["consolidate", "review", str(pair.pk)]) == 0
        assert "合计" in capsys.readouterr().out

    def test_says_what_is_missing(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        short = tmp_path / "t.csv"
        short.write_text("户号,主体\n3101\n", encoding="utf-8")

        assert main(["consolidate", "merge", "X1", "X2"]) == 1
        assert main(["consolidate", "undo", "7"]) == 1
        assert main(["consolidate", "measure", str(short)]) == 1
        told = capsys.readouterr().err
        assert "没有客户 X1" in told
        assert "没有归并记录 7" in told
        assert "第 2 行：应有两列" in told


class TestMeasure:
    @pytest.fixture(autouse=True)
    def _archive(self) -> None:
        import_accounts(make_units()["310101"])

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "没有数据行：应有两列：户号、主体"),
            ("户号,主体\n".encode(), "没有数据行"),
            ("户号,主体\nA12,甲\n".encode(), "第 2 行“户号”列：应为 6–16 位数字，写的是“A12”"),
            ("户号,主体\n3101000001, \n".encode(), "第 2 行“主体”列：不应空着"),
            (
                "3101000001,甲\n\n3101000001,乙\n".encode(),
                "第 3 行“户号”列：3101000001 在第 1 行已归于“甲”",
            ),
            ("9999999999,甲\n".encode(), "没有一个户号在档案里"),
            (b"3101000001,\xff\xff\xff", "应为 UTF-8 或 GB18030 的 CSV"),
        ],
    )
    def test_refuses_a_bad_file_by_row_and_column(
        self, content: bytes, sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "t.csv"
        path.write_bytes(content)

        assert main(["consolidate", "measure", str(path)]) == 1

        assert sentence in capsys.readouterr().err

    def test_says_that_there_is_no_file(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert main(["consolidate", "measure", str(tmp_path / "none.csv")]) == 1
        assert "打不开文件" in capsys.readouterr().err

    def test_reads_what_a_chinese_table_program_saves_and_tells_what_it_left_out(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "t.csv"
        rows = "户号,主体\r\n3101000001,甲\r\n3101000002,甲\r\n9999999999,甲\r\n"
        path.write_bytes(rows.encode("gb18030"))

        assert main(["consolidate", "measure", str(path)]) == 0

        told = capsys.readouterr().out
        assert "另有 1 个户号不在档案里，未计入" in told
        assert "2 个户号：查准率 1.0000，查全率 0.0000，F1 0.0000" in told

    def test_counts_the_right_pairs_that_wait_for_a_person(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        ConsolidationFigure.objects.create(
            code="join_bits", name="门槛", value="90", valid_from=dt.date(2026, 1, 1),
            certainty="local",
        )  # fmt: skip
        main(["consolidate", "run"])
        path = tmp_path / "t.csv"
        path.write_text("3101000001,甲\n3101000002,甲\n3101000005,乙\n", encoding="utf-8")
        capsys.readouterr()

        assert main(["consolidate", "measure", str(path)]) == 0

        told = capsys.readouterr().out
        assert "有 1 对按已知归属是同一客户" in told
        assert "查全率 0.0000" in told


class TestSet:
    def test_lists_and_sets_the_next_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        customers_operations.load_customers_seed(at=AT)
        words = ["--from", "2999-01-01", "--source", "会议纪要"]

        assert main(["consolidate", "set", "join_bits", "9", *words]) == 0
        assert main(["consolidate", "set", "credit_code", "20", *words]) == 0
        assert main(["consolidate", "set", "credit_code", "1.5", *words]) == 1
        assert main(["consolidate", "set", "nothing", "1", *words]) == 1
        assert main(["consolidate", "rules"]) == 0

        told = capsys.readouterr()
        assert "权重应为整数，写的是 1.5" in told.err
        assert "没有生效的参数“nothing”" in told.err
        assert "join_bits             7" in told.out
        assert ConsolidationFigure.objects.filter(value=9).count() == 1
        assert CompletenessRule.objects.filter(weight=20).count() == 1

"""`busbar consolidate`: run, review, undo and measure against a known truth."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.customers.consolidation_world import import_accounts
from tests.imports.world import make_units

from busbar.cli.main import main
from busbar.customers.models import Customer, CustomerMerge, MatchCandidate

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

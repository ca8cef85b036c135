"""`busbar clock` as an operator meets it, on a fresh database and on a kept one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.clocks.conftest import AT, CLERK, Company, china

from busbar.cli.main import main
from busbar.clocks import operations as clocks_operations


def due(capsys: pytest.CaptureFixture[str], rule: str, start: str, *more: str) -> dict:
    """The JSON answer."""
    assert main(["clock", "due", "--rule", rule, "--from", start, "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.django_db
class TestDue:
    """On an empty table: by what ships."""

    def test_the_keys(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = due(capsys, "scheme-reply-single", "2025-09-15T10:00:00+08:00")
        assert (found["due"], found["provisional"]) == ("2025-10-17", False)
        assert found["due_at"] == "2025-10-17T23:59:59+08:00"
        assert (found["rule"], found["rule_set"], found["certainty"]) == (
            "scheme-reply-single",
            "SEED",
            "A",
        )
        assert found["source"] == "《电力大客户用电管理制度》第二节 4"
        assert sum(day["counted"] for day in found["days"]) == 20
        assert set(found["days"][0]) == {"date", "counted", "kind", "reason"}

    def test_a_zone_is_turned_into_chinas_day(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = due(capsys, "hand-over-to-marketing", "2025-11-03T17:00:00Z")
        assert found["days"][0]["date"] == "2025-11-04"

    def test_pauses_repeat_and_name_their_reason(self, capsys: pytest.CaptureFixture[str]) -> None:
        pauses = (
            "--pause=2025-11-04..2025-11-05:customer-documents",
            "--pause=2025-11-06T09:00..2025-11-07T18:30:客户:出差",
        )
        found = due(capsys, "hand-over-to-marketing", "2025-11-03", *pauses)
        assert found["due"] == "2025-11-12"
        reasons = [day["reason"] for day in found["days"] if day["kind"] == "paused"]
        assert reasons == [
            "周二，暂停，不计入：等待客户补正资料",
            "周四，暂停，不计入：客户:出差",
        ]

    def test_a_pause_that_a_clock_would_refuse_is_reckoned_and_said(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = (
            "--pause=2025-11-04..2025-11-05:customer-documents",
            "--pause=2025-11-06..2025-11-07",
        )
        found = due(capsys, "scheme-reply-single", "2025-11-03", *asked)
        assert found["due"] == "2025-12-03"
        assert len(found["doubts"]) == 1
        assert found["doubts"][0].startswith("“未写明原因”不是该时限可暂停的原因，此处照算")
        assert "等待客户补正资料（customer-documents）" in found["doubts"][0]
        lawful = due(capsys, "scheme-reply-single", "2025-11-03", asked[0])
        assert (lawful["due"], lawful["doubts"]) == ("2025-12-02", [])
        main(
            [
                "clock",
                "due",
                "--rule=scheme-validity-hv",
                "--from=2025-11-03",
                "--pause=2025-11-04..2025-11-05:出差",
            ]
        )
        assert "注意 “出差”不是该时限可暂停的原因" in capsys.readouterr().out

    def test_hours_give_a_moment(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = due(capsys, "restoration", "2025-11-03T10:00:00")
        assert found["due"] == "2025-11-04T10:00:00+08:00"

    @pytest.mark.parametrize(
        ("rule", "start", "expected"),
        [
            ("scheme-extension-notice", "2026-03-31", "2026-03-21"),
            ("scheme-validity-hv", "2025-03-31", "2026-03-31"),
            ("scheme-validity-lv", "2025-11-30", "2026-02-28"),
            ("scheme-reply-dual", "2025-09-15", "2025-10-31"),
        ],
    )
    def test_the_founding_documents_codes(
        self, capsys: pytest.CaptureFixture[str], rule: str, start: str, expected: str
    ) -> None:
        assert due(capsys, rule, start)["due"] == expected

    @pytest.mark.parametrize("name", ["R2024", "供电营业规则2024", "r2024"])
    def test_another_set_by_code_or_name(
        self, capsys: pytest.CaptureFixture[str], name: str
    ) -> None:
        found = due(capsys, "scheme-reply-single", "2025-11-03", "--rule-set", name)
        assert (found["due"], found["certainty"]) == ("2025-11-17", "unverified")

    def test_in_words(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(["clock", "due", "--rule", "hand-over-to-marketing", "--from", "2026-12-30"])
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "2026-12-30 · 周三，起算当日不计入"
        assert lines[-1] == "到期 2027-01-07 23:59:59（暂定：涉及尚未公布的年份）"

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["--rule", "x", "--from", "2025-11-03"], "scheme-reply-dual"),
            (["--rule", "energizing", "--from", "2025-11-03", "--rule-set", "X"], "R2024"),
            (["--rule", "energizing", "--from", "2025-13-03"], "应为日期或时刻"),
            (["--rule", "energizing", "--from", "yesterday"], "应为日期或时刻"),
            (
                ["--rule", "energizing", "--from", "2025-11-03", "--pause", "2025-11-05:x"],
                "起..止:原因",
            ),
            (
                [
                    "--rule",
                    "energizing",
                    "--from",
                    "2025-11-03",
                    "--pause",
                    "2025-11-05..2025-11-04",
                ],
                "止于开始之前",
            ),
        ],
    )
    def test_what_cannot_be_read_is_said_and_ends_with_2(
        self, capsys: pytest.CaptureFixture[str], words: list[str], told: str
    ) -> None:
        assert main(["clock", "due", *words]) == 2
        assert told in capsys.readouterr().err

    def test_the_table_answers_as_the_shipped_data(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = due(capsys, "scheme-reply-dual", "2025-09-15")
        clocks_operations.load_time_limits(at=AT)
        clocks_operations.load_announced_years(at=AT)
        assert due(capsys, "scheme-reply-dual", "2025-09-15") == before


@pytest.mark.django_db
class TestRulesAndExplain:
    """What there is, and why."""

    def test_rules_are_listed_with_source_and_certainty(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["clock", "rules", "--rule-set", "种子制度"]) == 0
        shipped = capsys.readouterr().out
        assert "scheme-reply-single" in shipped
        clocks_operations.load_time_limits(at=AT)
        main(["clock", "rules", "--rule-set", "种子制度"])
        assert capsys.readouterr().out == shipped

    def test_a_clock_is_explained(
        self, company: Company, capsys: pytest.CaptureFixture[str]
    ) -> None:
        clock = clocks_operations.start_clock(
            code="countersign",
            subject=company.subject(),
            actor=CLERK,
            at=china("2025-11-03T10:00"),
        )
        assert main(["clock", "explain", str(clock.pk)]) == 0
        assert "到期 2025-11-05 23:59:59" in capsys.readouterr().out
        assert main(["clock", "explain", "999"]) == 2


@pytest.mark.slow
def test_it_works_in_an_empty_home(tmp_path: Path) -> None:
    """Nobody ever ran migrate: the answer comes from what ships, quickly."""
    command = [sys.executable, "-m", "busbar.cli.main", "clock", "due"]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "--rule", "scheme-reply-single", "--from", "2025-09-15", "--json"],
        env={**os.environ, "BUSBAR_HOME": str(tmp_path), "PYTHONPATH": "src", "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["due"] == "2025-10-17"
    assert time.monotonic() - started < 20

"""`busbar journal` as an operator meets it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from busbar.cli.main import main
from busbar.journal import immutability
from busbar.journal import operations as journal_operations
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM, Happening

AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[Entry]:
    """Three entries."""
    happenings = [Happening("test.row.written", "row", n, f"第{n}行") for n in (1, 2, 3)]
    return journal_operations.record_many(happenings=happenings, actor=SYSTEM, at=AT)


def tamper(statement: str, *values: object) -> None:
    """As somebody with full rights on the database would."""
    immutability.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    immutability.install(connection)


class TestVerify:
    """Exit code and sentence."""

    def test_a_chain_that_holds(
        self, entries: list[Entry], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["journal", "verify"]) == 0
        assert capsys.readouterr().out == f"日志链完好：共 3 条，末条校验值 {entries[2].hash}\n"

    def test_a_tampered_row(self, entries: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
        tamper("UPDATE journal_entry SET actor_name = 'x' WHERE id = %s", entries[1].pk)
        assert main(["journal", "verify"]) == 1
        expected = f"日志链已断：第 {entries[1].pk} 条，内容与其校验值不符：条目被改动\n"
        assert capsys.readouterr().out == expected

    def test_a_cut_tail_against_a_kept_head(
        self, entries: list[Entry], capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(["journal", "head"])
        head = capsys.readouterr().out.strip()
        tamper("DELETE FROM journal_entry WHERE id = %s", entries[2].pk)
        assert main(["journal", "verify"]) == 0
        assert main(["journal", "verify", "--head", head]) == 1
        assert "日志链已断：链尾" in capsys.readouterr().out


class TestList:
    """The newest entries, in China's time."""

    @pytest.mark.usefixtures("entries")
    def test_newest_first(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["journal", "list", "--limit", "2"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[-1] for line in lines] == ["第3行", "第2行"]
        assert "2026-03-02 09:00:00 系统 test.row.written" in lines[0]

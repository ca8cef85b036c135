"""Commands of those who keep managers: an own mandate ends, certificates are told, rounds run."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.payments.world import at
from tests.service_desk.world import Desk, make_desk

from busbar.access import operations as access_operations
from busbar.access.models import Mandate
from busbar.cli.main import main
from busbar.key_accounts import operations as key_operations
from busbar.key_accounts.models import ManagerQualification
from busbar.service_desk.models import Survey

pytestmark = pytest.mark.django_db
OWN = ["--unit", "310101", "--from", "2026-04-01", "--reason", "从严"]


@pytest.fixture
def desk(db: None) -> Desk:
    """A county whose manager leads K1, mandates and standards as shipped."""
    desk = make_desk()
    access_operations.load_mandates(at=at("2026-01-01"))
    key_operations.load_managers_seed(at=at("2026-01-01"))
    return desk


class TestMandates:
    def test_an_own_version_ends_with_its_day(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        setting = ["mandates", "set", "bill", *OWN, "--amount", "50000", "--source", "县1号"]
        assert main(setting) == 0

        assert main(["mandates", "end", "bill", *OWN, "--until", "2026-06-01"]) == 0

        told = capsys.readouterr().out.splitlines()
        assert told[-1] == "310101 经理下达电费复核：2026-06-01 起恢复上级的授权"
        assert Mandate.objects.exclude(unit=None).get().valid_until == dt.date(2026, 6, 1)

    def test_one_that_is_not_there_is_told(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["mandates", "end", "bill", *OWN, "--until", "2026-06-01"]) == 1

        assert capsys.readouterr().out == "310101 没有 2026-04-01 起另定的授权“bill”\n"


class TestCertificates:
    def test_name_leads_without_one_and_fail(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["key-accounts", "certificates"]) == 1

        told = "缺资格  E1 员工E1  临江县供电公司  须初级大客户经理  1 户\n"
        assert capsys.readouterr().out == told

    def test_name_those_that_end_soon_and_pass(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        today = dt.datetime.now(dt.UTC).date()
        until = today + dt.timedelta(days=30)
        ManagerQualification.objects.create(
            employee_id=desk.manager.employee_id, kind="junior", certificate="CJ-1",
            issuer="x", issued_on=today - dt.timedelta(days=900), valid_until=until,
        )  # fmt: skip

        assert main(["key-accounts", "certificates"]) == 0

        assert capsys.readouterr().out == f"将到期  E1 员工E1  CJ-1  有效至 {until} 前\n"


class TestSurveys:
    def test_are_opened_shown_and_closed(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).date()
        opening = ["desk", "survey", "open", "Q1", "--name", "问卷", "--unit", "310101"]

        assert main([*opening, "--until", f"{until}", "--sample", "2", "--seed", "7"]) == 0
        assert main(["desk", "survey", "show", "Q1"]) == 0
        assert main(["desk", "survey", "close", "Q1"]) == 0

        first, shown, closed = capsys.readouterr().out.splitlines()
        assert first == shown
        assert shown == f"Q1  问卷  {until} 截止  受访 2  回收 0  拒答 0  加权满意度 -"
        assert closed == "Q1  问卷  已结束  受访 2  回收 0  拒答 0  加权满意度 -"
        assert Survey.objects.get().closed_at is not None

    def test_one_that_is_not_there_is_told(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["desk", "survey", "show", "Q9"]) == 1

        assert capsys.readouterr().out == "没有调查 Q9\n"

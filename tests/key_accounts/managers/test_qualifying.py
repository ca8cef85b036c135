"""Certificates and courses entered and revoked; teams by import keep the rule (R74)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.registers import Outcome
from busbar.access.visibility import NotPermitted
from busbar.customers.models import AccountTeamMember, Importance
from busbar.journal.models import Entry
from busbar.key_accounts.models import ManagerQualification, QualificationKind, TrainingRecord
from busbar.key_accounts.operations import assigning, qualifying, teaming
from busbar.key_accounts.operations.assigning import UnableToAssign
from busbar.key_accounts.operations.qualifying import UnableToRecordQualification
from busbar.key_accounts.queries import qualifications
from tests.key_accounts.managers.test_portfolios import certify, roles
from tests.key_accounts.managers.world import MONDAY, World, at

ON = dt.date(2026, 3, 2)


def record(world: World, **more: Any) -> ManagerQualification:
    """李经理's middle certificate of 15 January, entered by the county's head."""
    asked: dict[str, Any] = {
        "employee_number": "E005", "kind": "middle", "certificate": " ZJ-1 ",
        "issuer": " 省公司培训中心 ", "issued_on": dt.date(2026, 1, 15),
        "by": world.people["县领导"], "at": at(MONDAY),
    }  # fmt: skip
    return qualifying.record_qualification(**{**asked, **more})


def train(world: World, **more: Any) -> TrainingRecord:
    """李经理's course of 1 February."""
    asked: dict[str, Any] = {
        "employee_number": "E005", "course": " 用电安全 ", "hours": Decimal("16.5"),
        "completed_on": dt.date(2026, 2, 1), "score": Decimal("88.5"), "passed": True,
        "by": world.people["县领导"], "at": at(MONDAY),
    }  # fmt: skip
    return qualifying.record_training(**{**asked, **more})


def revoke(world: World, **more: Any) -> ManagerQualification:
    """The certificate no longer holds from 1 March on."""
    asked: dict[str, Any] = {
        "kind": "middle", "certificate": "ZJ-1", "revoked_on": dt.date(2026, 3, 1),
        "reason": "考试舞弊", "by": world.people["县领导"], "at": at(MONDAY),
    }  # fmt: skip
    return qualifying.revoke_qualification(**{**asked, **more})


def refused(text: str, act: Callable[[], object], kind: type[Exception] | None = None) -> None:
    """Refused with the text; certificates, courses and journal stay as they were."""
    before = (
        list(ManagerQualification.objects.values()), list(TrainingRecord.objects.values()),
        Entry.objects.count(),
    )  # fmt: skip
    with pytest.raises(kind or UnableToRecordQualification, match=text):
        act()
    after = (
        list(ManagerQualification.objects.values()), list(TrainingRecord.objects.values()),
        Entry.objects.count(),
    )  # fmt: skip
    assert after == before


class TestRecordQualification:
    def test_holds_for_the_months_of_its_kind_and_is_told(self, world: World) -> None:
        row = record(world)

        assert (row.certificate, row.issuer) == ("ZJ-1", "省公司培训中心")
        assert row.valid_until == dt.date(2029, 1, 15)
        entry = Entry.objects.get(event="key_accounts.qualification.recorded")
        assert entry.subject_label == "E005 李经理"
        assert entry.changes == {
            "kind": "middle", "certificate": "ZJ-1", "valid_until": "2029-01-15",
        }  # fmt: skip

    def test_ends_on_the_month_s_last_day_where_there_is_no_such_day(self, world: World) -> None:
        QualificationKind.objects.filter(code="middle").update(valid_months=25)

        assert record(world, issued_on=dt.date(2026, 1, 31)).valid_until == dt.date(2028, 2, 29)

    def test_takes_the_kind_as_it_was_on_the_day_of_issue(self, world: World) -> None:
        QualificationKind.objects.filter(code="middle").update(valid_until=dt.date(2026, 2, 1))

        assert record(world).kind == "middle"
        refused(
            "2026-02-01 没有资格种类“middle”",
            lambda: record(world, certificate="ZJ-2", issued_on=dt.date(2026, 2, 1)),
        )

    def test_refuses_what_cannot_be(self, world: World) -> None:
        refused("没有资格种类“master”", lambda: record(world, kind="master"))
        refused("发证日 2026-03-03 在将来", lambda: record(world, issued_on=dt.date(2026, 3, 3)))
        refused("请写明证书编号和发证单位", lambda: record(world, certificate=" "))
        refused("请写明证书编号和发证单位", lambda: record(world, issuer=""))
        refused("没有工号 E999", lambda: record(world, employee_number="E999"))

    def test_is_for_those_who_keep_certificates_of_their_branch(self, world: World) -> None:
        world.hire("乙县领导", "B", *_roles_of(world, "县领导"))

        refused("维护资格与培训", lambda: record(world, by=world.people["李经理"]), NotPermitted)
        refused("不在您的管辖范围之内", lambda: record(world, by=world.people["乙县领导"]))


class TestRecordTraining:
    def test_keeps_hours_and_score_and_is_told(self, world: World) -> None:
        row = train(world)

        assert (row.course, row.hours, row.score, row.passed) == (
            "用电安全", Decimal("16.5"), Decimal("88.5"), True,
        )  # fmt: skip
        entry = Entry.objects.get(event="key_accounts.training.recorded")
        assert entry.changes == {"course": "用电安全", "hours": "16.5", "passed": True}

    def test_takes_a_course_without_a_score_and_one_not_passed(self, world: World) -> None:
        train(world, course="甲", score=None)
        train(world, course="乙", passed=False)

        found = TrainingRecord.objects.order_by("course").values_list("course", "score", "passed")
        assert list(found) == [("乙", Decimal("88.5"), False), ("甲", None, True)]

    def test_the_same_course_on_another_day_is_another(self, world: World) -> None:
        train(world)
        train(world, completed_on=dt.date(2026, 2, 2))

        assert TrainingRecord.objects.count() == 2

    def test_refuses_what_cannot_be(self, world: World) -> None:
        train(world)

        refused("李经理 2026-02-01 的这门课程已登记过", lambda: train(world))
        refused("请写明课程，学时应大于零", lambda: train(world, course=" "))
        refused("请写明课程，学时应大于零", lambda: train(world, hours=Decimal(0)))
        refused("完成日 2026-03-03 在将来", lambda: train(world, completed_on=dt.date(2026, 3, 3)))
        refused("没有工号 E999", lambda: train(world, employee_number="E999"))
        refused("维护资格与培训", lambda: train(world, by=world.people["王经理"]), NotPermitted)

    def test_is_listed_the_latest_first_and_not_to_the_neighbor(self, world: World) -> None:
        train(world, course="先", completed_on=dt.date(2026, 1, 1))
        train(world, course="后")

        own = qualifications.list_training(world.people["王经理"])
        other = qualifications.list_training(world.people["邻县经理"])

        assert [row.course for row in own] == ["后", "先"]
        assert other == []


class TestRevokeQualification:
    def test_ends_it_with_the_day_and_the_reason(self, world: World) -> None:
        record(world)

        row = revoke(world)

        assert row.valid_until == dt.date(2026, 3, 1)
        entry = Entry.objects.get(event="key_accounts.qualification.revoked")
        assert entry.reason == "考试舞弊"
        assert entry.changes == {
            "certificate": "ZJ-1", "valid_until": ["2029-01-15", "2026-03-01"],
        }  # fmt: skip

    def test_its_holder_becomes_nobody_s_lead_and_is_listed_where_one_is(
        self, world: World
    ) -> None:
        world.customer("K2")
        record(world, employee_number="E004")
        revoke(world)

        with pytest.raises(UnableToAssign, match="王经理没有担任A角所需的有效资格"):
            assigning.assign_manager(
                customer_number="K2", employee_number="E004", role="lead",
                by=world.people["县领导"], at=at(MONDAY),
            )  # fmt: skip
        lacking = qualifications.list_lacking(world.people["县领导"], on=ON)
        assert [(row.employee.name, row.grade) for row in lacking] == [("王经理", "none")]

    def test_refuses_what_cannot_be(self, world: World) -> None:
        record(world)

        refused("没有证书 ZJ-9", lambda: revoke(world, certificate="ZJ-9"))
        refused("没有证书 ZJ-1", lambda: revoke(world, kind="senior"))
        refused("请写明吊销的原因", lambda: revoke(world, reason=" "))
        refused(
            "吊销日应在发证日 2026-01-15 之后、失效日 2029-01-15 之前",
            lambda: revoke(world, revoked_on=dt.date(2026, 1, 15)),
        )
        refused("吊销日应在发证日", lambda: revoke(world, revoked_on=dt.date(2029, 1, 15)))
        refused("维护资格与培训", lambda: revoke(world, by=world.people["王经理"]), NotPermitted)


class TestStoreTeam:
    def store(self, world: World, *rows: tuple[str, str, str]) -> Outcome:
        made = [dict(zip(("customer", "employee", "role"), row, strict=True)) for row in rows]
        by = replace(world.people["管理员"])  # as of another request
        return teaming.store_team(rows=made, by=by, at=at(MONDAY))

    def test_takes_a_lead_with_the_certificate_and_keeps_the_good_rows(self, world: World) -> None:
        special = world.customer("K2", importance=Importance.SPECIAL)
        plain = world.customer("K3")
        certify(world, "李经理", "junior")

        outcome = self.store(
            world, ("K2", "E005", "lead"), ("K3", "E005", "lead"), ("K2", "E004", "deputy")
        )

        assert (outcome.created, [r.index for r in outcome.rejections]) == (2, [0])
        (rejection,) = outcome.rejections
        assert (rejection.field, rejection.value) == ("employee", "E005")
        assert str(rejection.expectation) == (
            "李经理没有担任A角所需的有效资格：客户K2（特级重要，须高级大客户经理）"
        )
        assert roles(special) == {"王经理": "deputy"}
        assert roles(plain) == {"李经理": "lead"}

    def test_leaves_the_old_lead_in_place_where_the_new_is_refused(self, world: World) -> None:
        outcome = self.store(world, ("K1", "E005", "lead"))

        assert len(outcome.rejections) == 1
        assert roles(world_customer("K1")) == {"王经理": "lead"}

    def test_the_same_file_again_changes_nothing_though_a_certificate_ran_out(
        self, world: World
    ) -> None:
        outcome = self.store(world, ("K1", "E004", "lead"))

        assert (outcome.unchanged, outcome.rejections) == (1, [])

    def test_a_member_needs_neither_certificate_nor_post(self, world: World) -> None:
        outcome = self.store(world, ("K1", "E008", "member"))

        assert (outcome.created, outcome.rejections) == (1, [])

    def test_refuses_a_lead_or_deputy_who_is_no_manager(self, world: World) -> None:
        outcome = self.store(world, ("K1", "E008", "deputy"), ("K1", "E009", "lead"))

        told = [str(row.expectation) for row in outcome.rejections]
        assert told == ["计量员不是在岗的大客户经理", "核算员不是在岗的大客户经理"]
        assert roles(world_customer("K1")) == {"王经理": "lead"}

    def test_says_what_no_register_knows_at_its_own_place(self, world: World) -> None:
        outcome = self.store(
            world, ("K1", "E005", "lead"), ("K9", "E005", "lead"), ("K1", "E999", "member")
        )

        assert [(r.index, r.field) for r in outcome.rejections] == [
            (0, "employee"), (1, "customer"), (2, "employee"),
        ]  # fmt: skip

    def test_costs_the_same_queries_for_few_and_for_many(self, world: World) -> None:
        counts = []
        for serials in (range(10, 12), range(20, 40)):
            numbers = [world.customer(f"K{serial}").number for serial in serials]
            with CaptureQueriesContext(connection) as seen:
                self.store(world, *((number, "E005", "lead") for number in numbers))
            counts.append(len(seen))

        assert counts[0] == counts[1]
        assert AccountTeamMember.objects.count() == 1


class TestStoreCertificates:
    ROW = {
        "employee": "E005", "kind": "高级大客户经理", "certificate": "GJ-1",
        "issuer": "省公司培训中心", "issued_on": dt.date(2026, 1, 15),
    }  # fmt: skip

    def store(self, world: World, *rows: dict[str, object], by: str = "管理员") -> Outcome:
        return teaming.store_certificates(rows=rows, by=world.people[by], at=at(MONDAY))

    def test_takes_the_kind_in_words_or_by_its_code(self, world: World) -> None:
        outcome = self.store(world, self.ROW, {**self.ROW, "kind": "junior", "certificate": "CJ-1"})

        assert (outcome.created, outcome.rejections) == (2, [])
        found = ManagerQualification.objects.order_by("certificate")
        assert [(row.kind, row.valid_until) for row in found] == [
            ("junior", dt.date(2029, 1, 15)), ("senior", dt.date(2028, 1, 15)),
        ]  # fmt: skip

    def test_twice_changes_nothing(self, world: World) -> None:
        self.store(world, self.ROW)
        entries = Entry.objects.count()

        outcome = self.store(world, self.ROW)

        assert (outcome.created, outcome.unchanged, outcome.rejections) == (0, 1, [])
        assert Entry.objects.count() == entries

    def test_keeps_the_good_rows_and_says_what_is_wrong_with_the_others(self, world: World) -> None:
        outcome = self.store(
            world,
            {**self.ROW, "kind": "宗师"},
            self.ROW,
            {**self.ROW, "certificate": "GJ-2", "issued_on": dt.date(2026, 3, 3)},
            {**self.ROW, "employee": "E004"},
        )

        assert outcome.created == 1
        assert [(r.index, str(r.expectation)) for r in outcome.rejections] == [
            (3, "同一资格的证书编号只应出现一次，前面已有内容不同的一行"),
            (0, "2026-01-15 没有资格种类“宗师”"),
            (2, "发证日 2026-03-03 在将来"),
        ]

    def test_takes_the_permission(self, world: World) -> None:
        with pytest.raises(NotPermitted, match="维护资格与培训"):
            self.store(world, self.ROW, by="王经理")

        assert not ManagerQualification.objects.exists()


def world_customer(number: str) -> Any:
    """The customer's row."""
    from busbar.customers.models import Customer

    return Customer.objects.get(number=number)


def _roles_of(world: World, name: str) -> tuple[Any, ...]:
    return tuple(world.employee(name).roles)

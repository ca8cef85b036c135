"""The seven services fall due by frequency or event; offers lead to benefit (R78, R85)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import translation

from busbar.access.models import User
from busbar.console.refusals import said
from busbar.jobs import outbox
from busbar.journal.models import Entry
from busbar.key_accounts import operations, queries
from busbar.key_accounts.models import BasicService, Opportunity, ServiceDue, Solution
from busbar.key_accounts.operations import UnableToOffer, UnableToServe
from busbar.key_accounts.operations.ruling import UnableToSetRule
from busbar.kit.errors import Refusal
from busbar.kit.phrases import as_typed
from tests.console.work_region import sign_in
from tests.payments.world import at
from tests.service_desk.world import MONDAY, SYSTEM, Desk


def refused(kind: type[Refusal], text: str, act: object) -> None:
    """The act is refused with the text; rows and journal stay as they were."""
    tables = (ServiceDue, Opportunity, Solution)
    before, entries = [list(t.objects.values()) for t in tables], Entry.objects.count()
    with pytest.raises(kind, match=text), transaction.atomic():
        act()  # type: ignore[operator]
    assert [list(t.objects.values()) for t in tables] == before
    assert Entry.objects.count() == entries


class TestDueByFrequency:
    def test_for_customers_with_a_manager_once(self, desk: Desk) -> None:
        first = operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        again = operations.raise_due_services(by=SYSTEM, at=at("2026-03-10"))

        assert (first, again) == (4, 0)
        rows = ServiceDue.objects.select_related("service", "customer").order_by("id")
        assert {row.customer.number for row in rows} == {"K1"}
        assert {(row.service.code, str(row.due_on)) for row in rows} == {
            ("quality_inquiry", "2026-03-29"),
            ("new_business", "2026-03-29"),
            ("file_survey", "2026-04-08"),
            ("value_added", "2026-03-29"),
        }

    def test_again_when_the_frequency_has_passed_since_the_record(self, desk: Desk) -> None:
        operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        due = ServiceDue.objects.get(service__code="value_added")
        operations.record_service(
            due_id=due.pk, record="推荐需量管理", by=desk.manager, at=at("2026-03-12")
        )

        assert operations.raise_due_services(by=SYSTEM, at=at("2026-06-09")) == 0
        assert operations.raise_due_services(by=SYSTEM, at=at("2026-06-10")) == 1

    def test_by_the_frequency_that_the_office_set_from_its_day_on(self, desk: Desk) -> None:
        operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        due = ServiceDue.objects.get(service__code="value_added")
        operations.record_service(
            due_id=due.pk, record="推荐需量管理", by=desk.manager, at=at("2026-03-12")
        )

        new = operations.set_figures(
            kind="service", code="value_added",
            figures={"every_days": Decimal(30), "due_days": Decimal(5)},
            valid_from=dt.date(2026, 4, 12), source="营销〔2026〕3号", by=SYSTEM,
            at=at("2026-04-01"),
        )  # fmt: skip

        assert (str(new), new.certainty, new.source) == ("增值服务", "local", "营销〔2026〕3号")
        assert operations.raise_due_services(by=SYSTEM, at=at("2026-04-11")) == 0
        assert operations.raise_due_services(by=SYSTEM, at=at("2026-04-12")) == 1
        raised = ServiceDue.objects.order_by("-id")[0]
        assert (raised.service_id, raised.due_on) == (new.pk, dt.date(2026, 4, 16))
        assert str(raised.cause) == "每 30 天一次"

    @pytest.mark.parametrize("days", ["0", "-1", "1.5", "3651"])
    def test_is_not_set_to_what_is_no_number_of_days(self, desk: Desk, days: str) -> None:
        refused(
            UnableToSetRule,
            "整天数",
            lambda: operations.set_figures(
                kind="service", code="value_added",
                figures={"every_days": Decimal(days), "due_days": Decimal(5)},
                valid_from=dt.date(2026, 4, 12), source="营销〔2026〕3号", by=SYSTEM, at=at(MONDAY),
            ),
        )  # fmt: skip
        assert BasicService.objects.filter(code="value_added").count() == 1

    def test_all_seven_are_named_and_unverified(self, desk: Desk) -> None:
        rows = BasicService.objects.order_by("id")
        assert [row.name for row in rows] == [
            "催缴", "停电信息主动发布", "服务质量征询", "推荐新业务", "资料调查", "投诉回访",
            "增值服务",
        ]  # fmt: skip
        assert {row.certainty for row in rows} == {"unverified"}


class TestDueUponEvents:
    def test_a_settled_complaint_makes_the_call_back_due(self, desk: Desk) -> None:
        row = desk.settle(desk.complain(), satisfied=True)
        reaction = next(r for r in outbox.REACTIONS if r.name == "key_accounts.services")
        outbox.react_to_all(reaction)
        outbox.react_to_all(reaction)

        due = ServiceDue.objects.get()
        assert (due.service.code, str(due.cause)) == ("complaint_callback", row.number)
        assert due.due_on == dt.date(2026, 3, 21)


class TestRecording:
    def test_says_what_the_template_asks_for(self, desk: Desk) -> None:
        operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        due = ServiceDue.objects.get(service__code="file_survey")
        refused(
            UnableToServe,
            "请按模板填写记录：联系人、设备",
            lambda: operations.record_service(
                due_id=due.pk, record=" ", by=desk.manager, at=at(MONDAY)
            ),
        )
        talk = desk.hold()
        done = operations.record_service(
            due_id=due.pk, record="无变化", interaction_id=talk.pk, by=desk.manager, at=at(MONDAY)
        )
        assert (done.state, done.interaction) == ("done", talk)
        refused(
            UnableToServe,
            "已办",
            lambda: operations.waive_service(
                due_id=due.pk, reason="x", by=desk.manager, at=at(MONDAY)
            ),
        )

    def test_is_waived_only_with_a_reason(self, desk: Desk) -> None:
        operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        due = ServiceDue.objects.order_by("id")[0]
        refused(
            UnableToServe,
            "为什么",
            lambda: operations.waive_service(
                due_id=due.pk, reason="", by=desk.manager, at=at(MONDAY)
            ),
        )
        refused(
            UnableToServe,
            "没有这项业务",
            lambda: operations.waive_service(
                due_id=due.pk, reason="x", by=desk.neighbor, at=at(MONDAY)
            ),
        )


class TestOffers:
    def find(self, desk: Desk, **facts: object) -> Opportunity:
        usual: dict[str, object] = {
            "customer_number": "K1", "product_code": "demand_management",
            "reason": "合同需量高出实际三成", "expected_yuan": Decimal(120000),
            "by": desk.manager, "at": at(MONDAY),
        }  # fmt: skip
        return operations.find_opportunity(**{**usual, **facts})  # type: ignore[arg-type]

    def test_go_from_chance_over_delivery_to_benefit(self, desk: Desk) -> None:
        row = self.find(desk)
        common = {"opportunity_id": row.pk, "by": desk.manager}
        operations.decide_opportunity(**common, is_accepted=True, reason="", at=at("2026-03-10"))
        refused(
            UnableToOffer,
            "已接受，不能办理",
            lambda: operations.measure_benefit(
                **common, benefit_yuan=Decimal(1), basis="x", at=at("2026-03-11")
            ),
        )
        operations.deliver_opportunity(**common, delivery="方案报告", at=at("2026-04-01"))
        operations.measure_benefit(
            **common, benefit_yuan=Decimal(98000), basis="4 至 9 月基本电费", at=at("2026-10-01")
        )
        assert queries.summarize_opportunities(desk.manager) == [
            ("需量管理", 1, Decimal(120000), Decimal(98000))
        ]
        assert queries.summarize_opportunities(desk.neighbor) == []

    def test_a_lost_one_says_why_and_an_unknown_product_is_refused(self, desk: Desk) -> None:
        row = self.find(desk)
        refused(
            UnableToOffer,
            "未成的原因",
            lambda: operations.decide_opportunity(
                opportunity_id=row.pk, is_accepted=False, reason="", by=desk.manager,
                at=at(MONDAY),
            ),
        )  # fmt: skip
        refused(UnableToOffer, "没有生效的产品", lambda: self.find(desk, product_code="x"))
        refused(UnableToOffer, "不能为负", lambda: self.find(desk, expected_yuan=Decimal(-1)))

    def test_a_solution_goes_from_need_to_evaluation(self, desk: Desk) -> None:
        solution = operations.open_solution(
            customer_number="K1", name="节能一揽子", need="降低电费", by=desk.manager, at=at(MONDAY)
        )
        common = {"solution_id": solution.pk, "by": desk.manager}
        refused(
            UnableToOffer,
            "还没有产品",
            lambda: operations.quote_solution(**common, at=at(MONDAY)),
        )
        for code, price in (("power_factor", "30000"), ("energy_audit", "20000")):
            self.find(desk, product_code=code, price_yuan=Decimal(price), solution_id=solution.pk)
        quoted = operations.quote_solution(**common, at=at("2026-03-10"))
        assert quoted.quoted_yuan == Decimal(50000)
        operations.decide_solution(
            **common, is_accepted=True, decided_by="王厂长", reason="", at=at("2026-03-12")
        )
        items = list(Opportunity.objects.order_by("id"))
        assert {item.stage for item in items} == {"accepted"}
        operations.deliver_opportunity(
            opportunity_id=items[0].pk, delivery="已投运", by=desk.manager, at=at("2026-04-01")
        )
        refused(
            UnableToOffer,
            "还有 1 项没有交付",
            lambda: operations.evaluate_solution(
                **common, evaluation="好", score=5, at=at("2026-05-01")
            ),
        )
        operations.deliver_opportunity(
            opportunity_id=items[1].pk, delivery="报告", by=desk.manager, at=at("2026-04-10")
        )
        done = operations.evaluate_solution(
            **common, evaluation="满意", score=5, at=at("2026-05-01")
        )
        assert (done.state, done.delivered_at) == ("evaluated", at("2026-04-10"))


class TestCause:
    def test_is_read_in_english_by_who_reads_english(self, desk: Desk) -> None:
        operations.raise_due_services(by=SYSTEM, at=at(MONDAY))
        due = ServiceDue.objects.get(service__code="value_added")
        User.objects.update(language="en")
        client = sign_in(User.objects.get(pk=desk.manager.user_id))

        page = client.get(f"/basic-services/{due.pk}/").content.decode()
        rows = client.get("/basic-services/?of=mine").content.decode()

        told = f"Every {due.service.every_days} days"
        assert told in page
        assert told in rows
        assert "天一次" not in page + rows

    def test_of_an_event_is_what_the_event_was_about(self, desk: Desk) -> None:
        row = operations.raise_service_upon(
            event="service_desk.complaint.verified", customer_id=desk.customer.pk,
            cause=as_typed("每 3 天一次 100%"), key="x", by=SYSTEM, at=at(MONDAY),
        )  # fmt: skip

        assert row is not None
        with translation.override("en"):
            assert said(ServiceDue.objects.get(pk=row.pk).cause) == "每 3 天一次 100%"

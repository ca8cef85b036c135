"""Submitting, correcting, accepting: every way in and every refusal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from busbar.access.visibility import NotPermitted
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.forms import LoadLine
from busbar.connections.models import (
    ApplicationState,
    CompletenessNotice,
    ConnectionApplication,
    DocumentRequirement,
    GreenChannelRule,
)
from busbar.connections.operations import (
    FormItem,
    UnableToAcceptApplication,
    UnableToAddDocument,
    UnableToAmendApplication,
    UnableToAnswerCorrections,
    UnableToHandOverApplication,
    UnableToJudgeDocument,
    UnableToRefuseApplication,
    UnableToRequestCorrections,
    UnableToSubmitApplication,
    UnableToWithdrawApplication,
)
from busbar.connections.sent_files import SentFile
from busbar.console.refusals import said
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountStatus, Customer
from busbar.journal.models import Entry
from tests.connections.intake.conftest import AT, House, credit_code, make_form
from tests.console.english import chinese_in

LATER = AT + dt.timedelta(days=2)
EVENING = dt.datetime(2026, 3, 2, 17, 0, tzinfo=dt.UTC)


def events(application: ConnectionApplication) -> list[str]:
    found = Entry.objects.filter(
        subject_type="connections.application", subject_id=application.pk
    ).order_by("pk")
    return [entry.event.removeprefix("connections.") for entry in found]


def state_of(application: ConnectionApplication) -> str:
    return ConnectionApplication.objects.get(pk=application.pk).state


class TestSubmit:
    def test_it_numbers_by_unit_and_chinese_day(self, house: House) -> None:
        first = house.submit()
        second = house.submit(credit_code=credit_code(2))
        next_day = house.submit(credit_code=credit_code(3), at=EVENING)

        assert first.number == "310101S1-260302-0001"
        assert second.number == "310101S1-260302-0002"
        assert next_day.number == "310101S1-260303-0001"
        assert (first.state, first.stage, first.recorded_for_customer) == ("submitted", 1, True)
        assert first.loads.get().name == "电弧炉"
        assert events(first) == ["application.submitted"]

    def test_an_applicant_may_submit_online_by_himself(self, house: House) -> None:
        application = connections_operations.submit_application(
            form=make_form(), unit=house.home, channel="online", by=None, at=AT
        )

        assert not application.recorded_for_customer
        assert Entry.objects.get(
            subject_id=application.pk, event__endswith="submitted"
        ).actor_name == ("申请人 临江特钢有限公司")

    def test_says_all_that_is_wrong_in_the_language_of_the_screen(self, house: House) -> None:
        wrong = LoadLine(name=" ", count=1, rated_kw=Decimal(1))

        with pytest.raises(UnableToSubmitApplication) as refused:
            house.submit(importance="x", site_name="", loads=(wrong,))

        with translation.override("en"):
            told = said(refused.value)
        assert told.startswith("Importance grade “x” is not one of: ")
        assert told.endswith(
            "; Line 1 of the equipment list: the equipment's name has to be filled in"
        )
        assert chinese_in(told) == []
        assert str(refused.value) == (
            "重要性等级“x”不在可选范围：特级重要、一级重要、二级重要、临时性重要、非重要；"
            "用电地址名称应填写；用电设备清单第 1 行应填写设备名称"
        )
        assert ConnectionApplication.objects.count() == 0

    def test_nobody_submits_at_the_counter_by_himself(self, house: House) -> None:
        with pytest.raises(UnableToSubmitApplication, match="应由工作人员登记"):
            connections_operations.submit_application(
                form=make_form(), unit=house.home, channel="counter", by=None, at=AT
            )
        assert not ConnectionApplication.objects.exists()

    def test_a_regulator_and_another_county_may_not(self, house: House) -> None:
        for viewer in (house.regulator, house.stranger):
            with pytest.raises(NotPermitted):
                connections_operations.submit_application(
                    form=make_form(), unit=house.home, channel="phone", by=viewer, at=AT
                )
        assert not ConnectionApplication.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"applicant_name": " "}, "申请人名称应填写"),
            ({"credit_code": "91310101000000001X"}, "校验码须正确"),
            ({"contact_phone": "打电话"}, "联系电话“打电话”应为"),
            ({"requested_kva": 0}, "申请容量应大于 0 kVA，现填 0"),
            ({"supply_kind": "temporary"}, "临时用电应填写截止日期"),
            ({"supply_kind": "steam"}, "供电类别“steam”不在可选范围"),
            ({"temporary_until": dt.date(2026, 9, 1)}, "只有临时用电填写截止日期"),
            ({"wished_on": dt.date(2026, 3, 1)}, "不应早于申请日 2026-03-02"),
            ({"loads": ()}, "高压用电应填写用电设备清单"),
            ({"shifts": 5}, "生产班次应为 1 至 4，现填 5"),
            ({"account_number": "1"}, "新装申请不应填写户号"),
            ({"kind": "increase"}, "增容申请应填写要增容的户号"),
        ],
    )
    def test_a_wrong_form_is_refused(
        self, house: House, changes: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(UnableToSubmitApplication) as refusal:
            house.submit(**changes)
        assert told in str(refusal.value)
        assert not ConnectionApplication.objects.exists()

    def test_all_that_is_wrong_is_said_at_once(self, house: House) -> None:
        with pytest.raises(UnableToSubmitApplication) as refusal:
            house.submit(applicant_name="", requested_kva=0, shifts=0)
        assert str(refusal.value).count("；") == 2

    def test_the_same_site_is_not_applied_for_twice(self, house: House) -> None:
        first = house.submit()
        with pytest.raises(UnableToSubmitApplication, match=first.number):
            house.submit()
        assert ConnectionApplication.objects.count() == 1


class TestIncrease:
    @pytest.fixture
    def account(self, house: House) -> Any:
        customer = customers_operations.register_customer(
            number="C1", name="临江特钢有限公司", kind="industry", unit=house.home,
            credit_code=credit_code(1), by=house.station, at=AT,
        )  # fmt: skip
        return customers_operations.open_account(
            number="3100000001", name="特钢一厂", customer=customer, unit=house.home,
            by=house.station, at=AT,
        )  # fmt: skip

    def test_it_is_linked_to_the_customer_from_the_start(self, house: House, account: Any) -> None:
        application = house.submit(kind="increase", account_number=account.number)
        assert (application.account, application.customer) == (account, account.customer)

    def test_a_closed_account_is_refused(self, house: House, account: Any) -> None:
        account.status = AccountStatus.CLOSED
        account.save()
        with pytest.raises(UnableToSubmitApplication, match="现为“销户”"):
            house.submit(kind="increase", account_number=account.number)

    def test_an_applicant_names_only_his_own_account(self, house: House, account: Any) -> None:
        for code in (credit_code(2), ""):
            form = make_form(kind="increase", account_number=account.number, credit_code=code)
            with pytest.raises(UnableToSubmitApplication, match="不属于该申请人"):
                connections_operations.submit_application(
                    form=form, unit=house.home, channel="online", by=None, at=AT
                )

    def test_it_is_not_accepted_once_the_account_is_closed(
        self, house: House, account: Any
    ) -> None:
        application = house.submit(kind="increase", account_number=account.number)
        house.hand_in(application)
        account.status = AccountStatus.CLOSED
        account.save()
        with pytest.raises(UnableToAcceptApplication, match="已不在用"):
            connections_operations.accept_application(
                application_id=application.pk, by=house.station, at=AT
            )
        assert state_of(application) == "submitted"


class TestDocuments:
    def test_the_list_fits_the_application(self, house: House) -> None:
        plain = connections_queries.get_document_list(house.submit())
        important = connections_queries.get_document_list(
            house.submit(credit_code=credit_code(2), supply_kind="hv_dual", importance="first")
        )
        more = {x.requirement.code for x in important.lines} - {
            x.requirement.code for x in plain.lines
        }
        assert more == {"critical-load", "importance-approval", "dual-source-reason"}
        assert not plain.is_complete

    def test_a_file_is_told_by_its_content(self, house: House) -> None:
        application = house.submit()
        with pytest.raises(UnableToAddDocument, match="应为 PDF"):
            connections_operations.add_document(
                application_id=application.pk,
                requirement_code="identity",
                file=SentFile("执照.pdf", b"MZ\x00\x01 not a paper"),
                by=house.station,
                at=AT,
            )
        assert not application.documents.exists()

    def test_an_unknown_requirement_is_refused(self, house: House) -> None:
        with pytest.raises(UnableToAddDocument, match="没有资料要求“passport”"):
            house.add(house.submit(), "passport")

    def test_the_same_file_is_refused(self, house: House) -> None:
        application = house.submit()
        house.add(application, "identity")
        with pytest.raises(UnableToAddDocument, match="内容相同"):
            house.add(application, "identity")
        assert application.documents.count() == 1

    def test_a_rejection_says_why(self, house: House) -> None:
        document = house.add(house.submit(), "identity")
        with pytest.raises(UnableToJudgeDocument, match="应写明原因"):
            connections_operations.judge_document(
                document_id=document.pk, verdict="rejected", by=house.station, at=AT
            )

    def test_only_the_latest_file_is_judged(self, house: House) -> None:
        application = house.submit()
        old = house.add(application, "identity")
        house.add(application, "identity", text="newer", at=LATER)
        with pytest.raises(UnableToJudgeDocument, match="已有更新的文件"):
            connections_operations.judge_document(
                document_id=old.pk, verdict="accepted", by=house.station, at=LATER
            )

    def test_another_county_sees_none(self, house: House) -> None:
        document = house.add(house.submit(), "identity")
        with pytest.raises(UnableToJudgeDocument, match="不在您的管辖范围内"):
            connections_operations.judge_document(
                document_id=document.pk, verdict="accepted", by=house.stranger, at=AT
            )


def ask(
    house: House, application: ConnectionApplication, *items: FormItem, at: dt.datetime = AT
) -> CompletenessNotice:
    return connections_operations.request_corrections(
        application_id=application.pk, form_items=items, means="短信", by=house.station, at=at
    )


def answer(application: ConnectionApplication, at: dt.datetime = LATER) -> None:
    connections_operations.answer_corrections(application_id=application.pk, by=None, at=at)


class TestCorrections:
    def test_one_notice_names_everything_missing(self, house: House) -> None:
        application = house.submit()
        house.hand_in(application, but=("premises", "agent"))
        notice = ask(house, application, FormItem("purpose", "请写明用途"))

        assert [item.name for item in notice.items.order_by("pk")] == [
            "法定代表人身份证明或经办人授权委托书",
            "用电地址权属或使用证明",
            "用电用途",
        ]
        assert state_of(application) == "correcting"
        assert events(application)[-1] == "application.correction_requested"

    def test_nothing_is_asked_while_a_document_waits_for_its_verdict(self, house: House) -> None:
        application = house.submit()
        house.add(application, "identity")
        with pytest.raises(UnableToRequestCorrections, match="请先审核已提交的资料：用电主体"):
            ask(house, application)
        assert not CompletenessNotice.objects.exists()

    def test_nothing_missing_nothing_asked(self, house: House) -> None:
        application = house.submit()
        house.hand_in(application)
        with pytest.raises(UnableToRequestCorrections, match="无需补正"):
            ask(house, application)

    def test_a_field_is_known_and_its_reason_given(self, house: House) -> None:
        application = house.submit()
        for item in (FormItem("number", "改"), FormItem("purpose", " ")):
            with pytest.raises(UnableToRequestCorrections):
                ask(house, application, item)

    def test_it_is_answered_only_when_all_is_put_right(self, house: House) -> None:
        application = house.submit()
        house.hand_in(application, but=("premises",))
        ask(house, application, FormItem("purpose", "请写明用途"))

        with pytest.raises(UnableToAnswerCorrections, match="尚有 2 项未补正"):
            answer(application)
        house.add(application, "premises", at=LATER)
        with pytest.raises(UnableToAnswerCorrections, match="尚有 1 项未补正：用电用途"):
            answer(application)
        connections_operations.amend_application(
            application_id=application.pk, changes={"purpose": "炼钢"}, by=None, at=LATER
        )
        answer(application)

        assert state_of(application) == "submitted"
        assert events(application)[-1] == "application.corrected"
        assert CompletenessNotice.objects.get().answered_at == LATER

    def corrected(self, house: House) -> ConnectionApplication:
        application = house.submit()
        house.hand_in(application, but=("premises",))
        ask(house, application)
        house.add(application, "premises", at=LATER)
        answer(application)
        return application

    def judge(self, house: House, application: ConnectionApplication, code: str) -> None:
        document = application.documents.filter(requirement__code=code).latest("uploaded_at")
        connections_operations.judge_document(
            document_id=document.pk, verdict="rejected", reason="看不清", by=house.station, at=LATER
        )

    def test_a_second_notice_may_name_what_was_handed_in_since(self, house: House) -> None:
        application = self.corrected(house)
        self.judge(house, application, "premises")
        assert ask(house, application, at=LATER).serial == 2

    def test_a_second_notice_names_nothing_the_first_could_have_named(self, house: House) -> None:
        application = self.corrected(house)
        premises = application.documents.get(requirement__code="premises")
        connections_operations.judge_document(
            document_id=premises.pk, verdict="accepted", by=house.station, at=LATER
        )
        self.judge(house, application, "identity")
        with pytest.raises(UnableToRequestCorrections, match="2026-03-02 的第 1 次补正告知时即可"):
            ask(house, application, at=LATER)
        with pytest.raises(UnableToRequestCorrections, match="即可提出"):
            ask(house, application, FormItem("purpose", "请写明用途"), at=LATER)
        assert CompletenessNotice.objects.count() == 1
        assert state_of(application) == "submitted"

    def test_a_later_change_may_be_asked_about(self, house: House) -> None:
        application = self.corrected(house)
        self.judge(house, application, "premises")
        connections_operations.amend_application(
            application_id=application.pk,
            changes={"importance": "first", "critical_load_kw": 300},
            by=house.station,
            at=LATER,
        )
        notice = ask(house, application, FormItem("critical_load_kw", "与清单不符"), at=LATER)
        assert {item.name for item in notice.items.all()} == {
            "用电地址权属或使用证明",
            "保安负荷清单与允许停电时间",
            "保安负荷",
        }


class TestAmend:
    def test_the_applicant_amends_only_while_asked(self, house: House) -> None:
        application = house.submit()
        with pytest.raises(UnableToAmendApplication, match="修改申请应在“待补正”时进行"):
            connections_operations.amend_application(
                application_id=application.pk, changes={"purpose": "x"}, by=None, at=AT
            )

    @pytest.mark.parametrize(
        "changes", [{"number": "1"}, {"kind": "increase"}, {"shifts": 9}, {"shifts": 1}]
    )
    def test_what_cannot_change_is_refused(self, house: House, changes: dict[str, Any]) -> None:
        application = house.submit()
        with pytest.raises(UnableToAmendApplication):
            connections_operations.amend_application(
                application_id=application.pk, changes=changes, by=house.station, at=AT
            )
        assert events(application) == ["application.submitted"]


class TestAccept:
    def test_it_starts_the_clocks_and_enters_the_customer(self, house: House) -> None:
        application = house.accepted(at=LATER)

        assert (application.state, application.stage) == ("accepted", 2)
        assert application.accepted_at == LATER
        assert application.officer_id == house.station.employee_id
        customer = Customer.objects.get()
        assert application.customer == customer
        assert (customer.number, customer.credit_code) == ("YK2026000001", credit_code(1))
        assert customer.contacts.get().name == "王经理"
        assert events(application)[-1] == "application.accepted"

    def test_it_finds_a_customer_that_another_county_keeps(self, house: House) -> None:
        known = customers_operations.register_customer(
            number="C9", name="特钢", kind="industry", unit=house.units["310102"],
            credit_code=credit_code(1), by=house.stranger, at=AT,
        )  # fmt: skip
        assert house.accepted().customer == known
        assert Customer.objects.count() == 1

    def test_missing_documents_stand_in_the_way(self, house: House) -> None:
        application = house.submit()
        house.hand_in(application, but=("premises",))
        house.add(application, "premises")
        with pytest.raises(
            UnableToAcceptApplication, match="用电地址权属或使用证明（待审）"
        ) as told:
            connections_operations.accept_application(
                application_id=application.pk, by=house.station, at=AT
            )
        with translation.override("en"):
            assert "用电地址权属或使用证明 (to be checked); basis" in said(told.value)
        assert state_of(application) == "submitted"
        assert not Customer.objects.exists()

    def test_without_a_credit_code_there_is_no_customer(self, house: House) -> None:
        application = house.submit(credit_code="")
        house.hand_in(application)
        with pytest.raises(UnableToAcceptApplication, match="未填统一社会信用代码"):
            connections_operations.accept_application(
                application_id=application.pk, by=house.station, at=AT
            )

    def test_it_is_accepted_once(self, house: House) -> None:
        application = house.accepted()
        with pytest.raises(UnableToAcceptApplication, match="现为“已受理”"):
            connections_operations.accept_application(
                application_id=application.pk, by=house.station, at=LATER
            )


class TestEnds:
    def test_a_refusal_names_reason_and_clause(self, house: House) -> None:
        application = house.submit()
        with pytest.raises(UnableToRefuseApplication, match="依据的条款"):
            connections_operations.refuse_application(
                application_id=application.pk, reason="违建", clause="", by=house.station, at=AT
            )
        assert state_of(application) == "submitted"
        connections_operations.refuse_application(
            application_id=application.pk, reason="违建", clause="第18条", by=house.station, at=AT
        )
        application.refresh_from_db()
        assert (application.state, application.ended_clause) == ("refused", "第18条")

    def test_it_is_withdrawn_with_a_reason_and_only_before_energizing(self, house: House) -> None:
        application = house.accepted()
        with pytest.raises(UnableToWithdrawApplication, match="客户的理由"):
            connections_operations.withdraw_application(
                application_id=application.pk, reason=" ", by=house.station, at=LATER
            )
        ConnectionApplication.objects.update(state=ApplicationState.ENERGIZED)
        with pytest.raises(UnableToWithdrawApplication, match="现为“已送电”"):
            connections_operations.withdraw_application(
                application_id=application.pk, reason="停建", by=None, at=LATER
            )
        ConnectionApplication.objects.update(state=ApplicationState.ACCEPTED)
        connections_operations.withdraw_application(
            application_id=application.pk, reason="停建", by=None, at=LATER
        )
        assert state_of(application) == "withdrawn"


class TestHandOver:
    def hand_over(self, house: House, application: ConnectionApplication, to: str) -> None:
        connections_operations.hand_over_application(
            application_id=application.pk, to_unit=house.units[to], by=house.station, at=LATER
        )

    def test_marketing_sees_it_from_then_on(self, house: House) -> None:
        application = house.accepted()
        unseen = connections_queries.count_applications(house.marketing)
        self.hand_over(house, application, "310101MK")

        application.refresh_from_db()
        assert (unseen, connections_queries.count_applications(house.marketing)) == (0, 1)
        assert application.handed_over_at == LATER
        assert events(application)[-1] == "application.handed_over"

    def test_it_goes_to_marketing_once(self, house: House) -> None:
        application = house.accepted()
        with pytest.raises(UnableToHandOverApplication, match="不是接收申请的市场营销部门"):
            self.hand_over(house, application, "310101DC")
        self.hand_over(house, application, "310101MK")
        with pytest.raises(UnableToHandOverApplication, match="已于 2026-03-04 09:00 传递"):
            self.hand_over(house, application, "310101MK")

    def test_only_a_station_hands_over(self, house: House) -> None:
        application = house.accepted()
        ConnectionApplication.objects.update(unit=house.units["310101MK"])
        with pytest.raises(UnableToHandOverApplication, match="只有供电所受理的申请"):
            connections_operations.hand_over_application(
                application_id=application.pk, to_unit=house.units["310101MK"],
                by=house.marketing, at=LATER,
            )  # fmt: skip


class TestSeed:
    def test_it_is_loaded_once_and_leaves_what_an_office_changed(self, house: House) -> None:
        GreenChannelRule.objects.filter(code="livelihood").update(monthly_quota=9)
        loaded = connections_operations.load_intake_seed(at=LATER)

        assert all(outcome.created == outcome.updated == 0 for outcome in loaded.values())
        assert GreenChannelRule.objects.get(code="livelihood").monthly_quota == 9
        assert DocumentRequirement.objects.filter(phase="completion").count() == 7

"""Papers with number and receipt; the green channel and what it costs the others; the lists."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access.visibility import NotPermitted
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ConnectionApplication,
    GreenChannelGrant,
    GreenChannelRule,
    IssuedPaper,
    NumberSequence,
    SiteSurvey,
)
from busbar.connections.operations import (
    UnableToGrantGreenChannel,
    UnableToIssuePaper,
    UnableToRecordReceipt,
    UnableToRefuseGreenChannel,
    UnableToRevokeGreenChannel,
    UnableToRevokePaper,
)
from busbar.connections.queries import ApplicationFilter
from busbar.connections.queue_effect import Turn, reckon_effect
from busbar.kit.periods import Month
from tests.connections.intake.conftest import AT, PDF, House, credit_code

LATER = AT + dt.timedelta(days=2)


def issue(house: House, application: ConnectionApplication, pdf: Any = PDF) -> IssuedPaper:
    return connections_operations.issue_paper(
        kind="correction", pdf=pdf, facts={"due_on": dt.date(2026, 3, 9)},
        application=application, actor=house.station.actor, at=AT,
    )  # fmt: skip


class TestPapers:
    def test_it_prints_its_own_number(self, house: House) -> None:
        application = house.submit()
        paper = issue(house, application, lambda head: PDF + head.number.encode())

        assert paper.number == "用电补正310101S1〔2026〕1号"
        assert connections_queries.paper_path(paper).read_bytes() == PDF + paper.number.encode()
        assert connections_queries.list_application_papers(house.station, application) == [paper]
        assert connections_queries.list_application_papers(house.stranger, application) == []

    def test_what_is_no_pdf_takes_no_number(self, house: House) -> None:
        application = house.submit()
        with pytest.raises(UnableToIssuePaper, match="应为 PDF 文件"):
            issue(house, application, b"text")
        assert not NumberSequence.objects.filter(key__startswith="paper:").exists()
        assert not IssuedPaper.objects.exists()

    def test_it_belongs_to_a_matter(self, house: House) -> None:
        with pytest.raises(UnableToIssuePaper, match="应属于"):
            connections_operations.issue_paper(
                kind="correction", pdf=PDF, facts={}, actor=house.station.actor, at=AT
            )

    def receive(self, house: House, paper: IssuedPaper, **changes: Any) -> IssuedPaper:
        facts: dict[str, Any] = {
            "received_by": "王经理", "means": "signed", "by": house.station, "at": LATER,
        }  # fmt: skip
        return connections_operations.record_paper_receipt(
            paper_id=paper.pk, **{**facts, **changes}
        )

    def test_its_receipt_is_recorded_once(self, house: House) -> None:
        paper = issue(house, house.submit())
        for changes, told in (
            ({"received_by": " "}, "请写明签收人"),
            ({"received_at": AT - dt.timedelta(hours=1)}, "应在制发之后"),
            ({"received_at": LATER + dt.timedelta(hours=1)}, "不晚于登记时间"),
            ({"means": "post"}, "应写明凭证"),
            ({"by": house.stranger}, "不在您的管辖范围内"),
        ):
            with pytest.raises(UnableToRecordReceipt, match=told):
                self.receive(house, paper, **changes)
        with pytest.raises(NotPermitted):
            self.receive(house, paper, by=house.regulator)
        paper.refresh_from_db()
        assert paper.received_at is None

        self.receive(house, paper)
        with pytest.raises(UnableToRecordReceipt, match="已由王经理签收"):
            self.receive(house, paper)

    def test_a_revoked_one_is_void_and_stays(self, house: House) -> None:
        paper = issue(house, house.submit())
        with pytest.raises(UnableToRevokePaper, match="应写明原因"):
            connections_operations.revoke_paper(
                paper_id=paper.pk, reason="", by=house.station, at=LATER
            )
        connections_operations.revoke_paper(
            paper_id=paper.pk, reason="写错", by=house.station, at=LATER
        )
        with pytest.raises(UnableToRecordReceipt, match="已作废：写错"):
            self.receive(house, paper)
        assert connections_queries.paper_path(paper).exists()


def grant(
    house: House, application: ConnectionApplication, rule: str = "livelihood", **changes: Any
) -> GreenChannelGrant:
    facts: dict[str, Any] = {
        "reason": "医院", "evidence": "卫健委文件 1 号", "by": house.manager, "at": LATER,
    }  # fmt: skip
    return connections_operations.grant_green_channel(
        application_id=application.pk, rule_code=rule, **{**facts, **changes}
    )


class TestGreenChannel:
    def test_it_passes_the_ordinary_queue(self, house: House) -> None:
        house.accepted()
        hospital = house.accepted(
            credit_code=credit_code(2), customer_kind="medical", at=AT + dt.timedelta(hours=1)
        )
        granted = grant(house, hospital)

        assert (granted.passed_over, granted.month) == (1, dt.date(2026, 3, 1))
        page = connections_queries.get_green_channel_page(house.manager, house.home, Month(2026, 3))
        quotas = {use.rule.code: (use.used, use.left) for use in page.quotas}
        assert quotas["livelihood"] == (1, 3)
        assert page.decisions == [granted]
        assert (page.effect.granted, page.effect.ordinary) == (1, 1)

    @pytest.mark.parametrize(
        ("rule", "changes", "told"),
        [
            ("livelihood", {"evidence": ""}, "凭证为：主管部门"),
            ("important-customer", {}, "重要性等级应为特级重要、一级重要、二级重要，现为非重要"),
            ("government-key-project", {}, "只能由市公司、省公司批准"),
            ("friends", {}, "没有绿色通道规则“friends”"),
        ],
    )
    def test_the_rule_stands_against_it(
        self, house: House, rule: str, changes: dict[str, Any], told: str
    ) -> None:
        application = house.submit(customer_kind="medical")
        with pytest.raises(UnableToGrantGreenChannel) as refusal:
            grant(house, application, rule, **changes)
        assert told in str(refusal.value)
        assert not GreenChannelGrant.objects.exists()

    def test_only_who_may_grants(self, house: House) -> None:
        with pytest.raises(NotPermitted):
            grant(house, house.submit(customer_kind="medical"), by=house.station)

    def test_the_city_grants_what_the_county_may_not(self, house: House) -> None:
        granted = grant(house, house.submit(), "government-key-project", by=house.city_manager)
        assert granted.state == "granted"

    def test_the_quota_of_the_month_is_kept_and_revoking_frees_it(self, house: House) -> None:
        GreenChannelRule.objects.filter(code="livelihood").update(monthly_quota=1)
        first = house.submit(customer_kind="medical")
        second = house.submit(customer_kind="school", credit_code=credit_code(2))
        granted = grant(house, first)
        with pytest.raises(UnableToGrantGreenChannel, match="已在绿色通道中"):
            grant(house, first)
        with pytest.raises(UnableToGrantGreenChannel, match="额度 1 件已用 1 件"):
            grant(house, second)
        with pytest.raises(UnableToRevokeGreenChannel, match="应写明原因"):
            connections_operations.revoke_green_channel(
                grant_id=granted.pk, reason="", by=house.manager, at=LATER
            )
        connections_operations.revoke_green_channel(
            grant_id=granted.pk, reason="证明失效", by=house.manager, at=LATER
        )
        with pytest.raises(UnableToRevokeGreenChannel, match="现为“已撤销”"):
            connections_operations.revoke_green_channel(
                grant_id=granted.pk, reason="再撤", by=house.manager, at=LATER
            )
        assert grant(house, second).state == "granted"

    def test_a_refusal_says_why(self, house: House) -> None:
        application = house.submit()
        for reason in ("", "凭证不足"):
            facts: dict[str, Any] = {"rule_code": "emergency", "by": house.manager, "at": LATER}
            if not reason:
                with pytest.raises(UnableToRefuseGreenChannel):
                    connections_operations.refuse_green_channel(
                        application_id=application.pk, reason=reason, **facts
                    )
            else:
                connections_operations.refuse_green_channel(
                    application_id=application.pk, reason=reason, **facts
                )
        assert GreenChannelGrant.objects.get().state == "refused"


def day(number: int) -> dt.datetime:
    return dt.datetime(2026, 3, number, 1, tzinfo=dt.UTC)


class TestQueueEffect:
    def test_the_same_days_given_out_in_order_show_what_the_grant_cost(self) -> None:
        # Two ordinary accepted on 2 and 3, a granted one on 4 that was surveyed first.
        turns = [
            Turn(day(2), day(6), is_green=False),
            Turn(day(3), day(10), is_green=False),
            Turn(day(4), day(5), is_green=True),
            Turn(day(3), None, is_green=False),
        ]
        effect = reckon_effect(turns, lambda start, end: (end - start).days)

        assert (effect.mean_with, effect.median_with) == (Decimal("5.50"), Decimal("5.5"))
        assert (effect.mean_without, effect.median_without) == (Decimal("3.00"), Decimal("3.0"))
        assert (effect.passed_over, effect.granted) == (3, 1)
        assert (effect.ordinary, effect.ordinary_waiting) == (3, 1)

    def test_nobody_served_has_no_mean(self) -> None:
        effect = reckon_effect([Turn(day(2), None, is_green=False)], lambda start, end: 0)
        assert (effect.mean_with, effect.median_without, effect.passed_over) == (None, None, 0)

    def test_waits_are_working_days_of_the_calendar(self, house: House) -> None:
        application = house.accepted()
        SiteSurvey.objects.create(
            application=application, serial=1, state="concluded", planned_for=day(10),
            surveyed_at=day(10), verified_kva=100, conclusion="feasible",
        )  # fmt: skip
        effect = connections_queries.get_queue_effect(house.manager, house.home, Month(2026, 3))
        assert effect.mean_with == Decimal("6.00")


class TestLists:
    def test_pages_follow_each_other_and_filters_narrow(self, house: House) -> None:
        made = [house.submit(credit_code=credit_code(n)) for n in range(1, 6)]
        house.hand_in(made[0])
        connections_operations.accept_application(
            application_id=made[0].pk, by=house.station, at=AT
        )

        first = connections_queries.list_applications(house.station, limit=3)
        rest = connections_queries.list_applications(house.station, after=first.next_after, limit=3)
        numbers = [row.application.number for row in first.rows + rest.rows]
        assert numbers == [application.number for application in made]
        assert rest.next_after is None
        accepted = ApplicationFilter(state="accepted")
        assert connections_queries.count_applications(house.station, filters=accepted) == 1
        assert connections_queries.count_by_stage(house.station)[1] == 4
        assert connections_queries.count_by_state(house.station)["accepted"] == 1
        late = ApplicationFilter(late_at=AT + dt.timedelta(days=90))
        page = connections_queries.list_applications(house.station, filters=late)
        assert made[0] in [row.application for row in page.rows]
        assert connections_queries.list_applications(house.stranger).rows == []

    def test_queries_do_not_grow_with_the_rows(self, house: House) -> None:
        counts = []
        for serial in (1, 2, 3):
            house.accepted(credit_code=credit_code(serial))
            viewer = replace(house.manager)  # as of another request
            with CaptureQueriesContext(connection) as captured:
                connections_queries.list_applications(viewer)
                connections_queries.get_green_channel_page(viewer, house.home, Month(2026, 3))
            counts.append(len(captured))
        assert counts == [counts[0]] * 3
        assert counts[0] <= 10

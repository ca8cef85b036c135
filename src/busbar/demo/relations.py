"""What the region's managers said, promised and were told in the last half-year, by the operations.

Every customer is visited; every fifth complains once; promises are kept, kept late, withdrawn by
consent or still open; one survey was asked; the index is reckoned at each month's end, so that
it has a course. Moments lie before `at`, so that 今日 has something due.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers.models import AccountTeamMember, Contact, Customer, TeamRole
from busbar.demo.parameters import Parameters
from busbar.demo.year.moments import is_workday, moment
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.service_desk import operations
from busbar.service_desk.models import (
    Complaint,
    ImprovementTask,
    Interaction,
    Promise,
    Survey,
    SurveyInvitation,
)

MOST = 120
"""So many customers are told of; a larger region has the others without a story."""
_MONTHS = 6
_SCORES = (5, 5, 4, 4, 4, 3, 5, 4, 2, 4)
_TALKS = (
    ("季度走访", "核对用电计划和检修安排，客户生产平稳，下月新上一条产线。", "10kV 母线电压偏高"),
    ("迎峰度夏走访", "交流错峰安排，客户愿意参加需求响应。", "应急电源接口未标识"),
    ("电费账单解释", "逐行说明力调电费的来历，客户表示清楚。", "无功补偿两组退出"),
    ("新上产线用电咨询", "介绍增容流程和办理时限，提供电价比较。", ""),
)
_PROMISES = (
    ("更换老化的计量箱", 5), ("三日内提供近一年负荷曲线", 3), ("协调检修停电避开交货期", 10),
    ("派人核查母线电压", 3), ("书面答复容改需测算", 5),
)  # fmt: skip
_COMPLAINTS = (
    ("billing", "hotline", "认为上月力调电费算错"), ("outage", "hotline", "停电没有提前通知"),
    ("service", "counter", "三次电话无人接听"), ("quality", "visit", "电压波动导致设备停机"),
    ("connection", "regulator", "增容申请迟迟没有答复"),
)  # fmt: skip


@dataclass(frozen=True)
class _Story:
    """A customer, who looks after it, who answers the telephone, whom they talk to."""

    serial: int
    customer: Customer
    manager: Viewer
    deputy: Viewer
    contact: str
    draws: np.random.Generator


def tell_relations(*, parameters: Parameters, at: dt.datetime) -> str:
    """Tell them once; doing it again changes nothing."""
    if Interaction.objects.exists():
        return "已有往来记录"
    stories = list(_stories(parameters))
    for months_ago in range(_MONTHS, 0, -1):
        day = local_date(at) - dt.timedelta(days=30 * months_ago)
        for story in stories:
            _tell_month(story, months_ago, day, at)
        if months_ago == 2:  # noqa: PLR2004 - the round of two months ago
            _ask(stories, day)
        scored_at = moment(day + dt.timedelta(days=29), 5)
        operations.score_all(by=SYSTEM_VIEWER, at=scored_at)
        if months_ago > 1:
            _mend(scored_at)
    for story in stories:
        _tell_now(story, at)
    operations.score_all(by=SYSTEM_VIEWER, at=at)
    return (
        f"往来 {Interaction.objects.count()} 次，承诺 {Promise.objects.count()} 个，"
        f"投诉 {Complaint.objects.count()} 件"
    )


def _stories(parameters: Parameters) -> Sequence[_Story]:
    team = AccountTeamMember.objects.select_related("employee__user", "customer__unit")
    rows = team.exclude(role=TeamRole.MEMBER).order_by("customer__number", "role")
    people: dict[int, dict[str, AccountTeamMember]] = {}
    for row in rows:
        people.setdefault(row.customer_id, {})[row.role] = row
    contacts = dict(Contact.objects.filter(is_primary=True).values_list("customer_id", "name"))
    stories = []
    for serial, (pk, roles) in enumerate(list(people.items())[:MOST]):
        lead, deputy = roles.get(TeamRole.LEAD), roles.get(TeamRole.DEPUTY)
        if lead is None or deputy is None:
            continue
        stories.append(
            _Story(
                serial,
                lead.customer,
                access_queries.get_viewer(lead.employee.user),
                access_queries.get_viewer(deputy.employee.user),
                contacts.get(pk, "用电负责人"),
                parameters.stream("relations", serial),
            )
        )
    return stories


def _tell_month(story: _Story, months_ago: int, day: dt.date, at: dt.datetime) -> None:
    """A visit every third month, with a promise now and then; a complaint of every fifth."""
    if (story.serial + months_ago) % 3 == 0:
        held_at = _hour(story, day, 2)
        talk = _visit(story, held_at, months_ago)
        if story.draws.random() < 0.6:  # noqa: PLR2004 - a share of the visits
            _promise(story, talk, held_at, at)
    if story.serial % 5 == months_ago % 5 and story.draws.random() < 0.5:  # noqa: PLR2004
        _complain(story, _hour(story, day, 12))


def _visit(story: _Story, held_at: dt.datetime, months_ago: int) -> Interaction:
    subject, minutes, findings = _TALKS[(story.serial + months_ago) % len(_TALKS)]
    return operations.record_interaction(
        customer_number=story.customer.number,
        kind="call" if "咨询" in subject else "visit",
        subject=subject,
        happened_at=held_at,
        minutes=minutes,
        findings=findings,
        owner_id=story.manager.employee_id or 0,
        contact_name=story.contact,
        their_people=story.contact,
        is_for_customer="咨询" in subject,
        by=story.manager,
        at=held_at + dt.timedelta(hours=2),
    )


def _promise(story: _Story, talk: Interaction, held_at: dt.datetime, at: dt.datetime) -> None:
    text, days = _PROMISES[int(story.draws.integers(len(_PROMISES)))]
    row = operations.make_promise(
        interaction_id=talk.pk,
        text=text,
        due_days=days,
        owner_id=story.manager.employee_id or 0,
        made_to=story.contact,
        by=story.manager,
        at=held_at + dt.timedelta(hours=2, minutes=5),
    )
    fate = story.draws.random()
    due = row.clock.due_at if row.clock else at
    if fate < 0.7:  # noqa: PLR2004 - most are kept in time
        _keep(story, row, due - dt.timedelta(hours=20))
    elif fate < 0.88:  # noqa: PLR2004 - some late
        _keep(story, row, due + dt.timedelta(days=2))
    elif fate < 0.94:  # noqa: PLR2004 - a few fall away, the rest stay open and late
        operations.withdraw_promise(
            promise_id=row.pk,
            reason="客户改由自己的检修队处理",
            consent_by=story.contact,
            by=story.manager,
            at=held_at + dt.timedelta(hours=20),
        )


def _keep(story: _Story, row: Promise, kept_at: dt.datetime) -> None:
    operations.keep_promise(
        promise_id=row.pk,
        evidence="现场办结，客户签字确认",
        by=story.manager,
        at=max(kept_at, row.made_at + dt.timedelta(hours=3)),
    )


def _complain(story: _Story, at: dt.datetime, *, is_settled: bool = True) -> None:
    kind, channel, text = _COMPLAINTS[int(story.draws.integers(len(_COMPLAINTS)))]
    row = operations.accept_complaint(
        customer_number=story.customer.number,
        kind=kind,
        channel=channel,
        person=story.contact,
        text=text,
        owner_id=story.manager.employee_id or 0,
        by=story.manager,
        at=at,
    )
    if not is_settled:
        return
    late = story.draws.random() < 0.2  # noqa: PLR2004 - one in five
    operations.contact_complainant(
        number=row.number,
        note="电话联系，客户说明了经过",
        by=story.manager,
        at=at + dt.timedelta(hours=30 if late else 4),
    )
    operations.answer_complaint(
        number=row.number,
        answer="已核实并书面答复，差错已更正",
        is_justified=True,
        cause="班组沟通不到位",
        responsible_party="供电所",
        by=story.manager,
        at=at + dt.timedelta(days=9 if late else 3),
    )
    operations.verify_complaint(
        number=row.number,
        is_satisfied=story.draws.random() < 0.8,  # noqa: PLR2004 - four in five
        note="电话回访",
        by=story.deputy,
        at=at + dt.timedelta(days=10 if late else 4),
    )


def _ask(stories: Sequence[_Story], day: dt.date) -> None:
    """One round over the region: two of three answer, some cannot be reached."""
    top = OrganizationUnit.objects.filter(parent=None).order_by("path").first()
    if top is None or Survey.objects.exists():
        return
    opened = moment(day, 9)
    survey = operations.open_survey(
        code=f"S{day:%Y%m}",
        name=f"{day:%Y}年大客户满意度调查",
        unit_code=top.code,
        closes_on=day + dt.timedelta(days=20),
        sample_size=min(60, 2 * len(stories)),
        seed=day.year,
        by=SYSTEM_VIEWER,
        at=opened,
    )
    by_customer = {story.customer.pk: story for story in stories}
    rows = SurveyInvitation.objects.filter(survey=survey, customer__in=by_customer)
    for row in rows.order_by("pk"):
        _answer(by_customer[row.customer_id], row, opened + dt.timedelta(days=3, hours=1))
    operations.close_survey(code=survey.code, by=SYSTEM_VIEWER, at=opened + dt.timedelta(days=20))


def _mend(scored_at: dt.datetime) -> None:
    """The tasks that the month's round opened, closed the same day by their owners."""
    open_then = ImprovementTask.objects.filter(closed_at=None, opened_at__lte=scored_at)
    rows = open_then.select_related("owner__user")
    for row in rows.order_by("pk"):
        by = access_queries.get_viewer(row.owner.user) if row.owner else SYSTEM_VIEWER
        operations.close_improvement(
            improvement_id=row.pk,
            measure="当日上门说明情况，承诺事项重新排期，由经理逐周回访",
            by=by,
            at=scored_at + dt.timedelta(hours=6),
        )


def _answer(story: _Story, row: SurveyInvitation, at: dt.datetime) -> None:
    fate = story.draws.random()
    if fate > 0.85:  # noqa: PLR2004 - who refused
        operations.record_silence(
            invitation_id=row.pk, state="refused", remark="不便回答", by=SYSTEM_VIEWER, at=at
        )
        return
    if fate > 0.7:  # noqa: PLR2004 - who was not reached
        return
    scores = [_SCORES[int(story.draws.integers(len(_SCORES)))] for _ in range(4)]
    operations.record_answers(
        invitation_id=row.pk,
        person=story.contact,
        answers={**dict(enumerate(scores, 1)), 5: 2 * min(scores), 6: "停电尽量提前一周通知"},
        by=SYSTEM_VIEWER,
        at=at,
    )


def _tell_now(story: _Story, at: dt.datetime) -> None:
    """What is under way: a visit to come, one without minutes, an open promise, a complaint."""
    try:
        if story.serial % 4 == 0:
            operations.plan_interaction(
                customer_number=story.customer.number,
                subject="年度服务计划沟通",
                planned_at=at + dt.timedelta(days=1 + story.serial % 5),
                owner_id=story.manager.employee_id or 0,
                contact_name=story.contact,
                topics="检修安排、增容意向、需求响应",
                by=story.manager,
                at=at - dt.timedelta(days=2),
            )
        if story.serial % 6 == 1:
            held_at = at - dt.timedelta(days=1)
            _open_promise(story, _visit(story, held_at, 0), held_at)
        if story.serial % 9 == 2:  # noqa: PLR2004 - every ninth
            _complain(story, at - dt.timedelta(hours=20), is_settled=False)
    except Refusal:
        return  # the rules are stricter than the story: it ends here


def _open_promise(story: _Story, talk: Interaction, held_at: dt.datetime) -> None:
    text, days = _PROMISES[story.serial % len(_PROMISES)]
    operations.make_promise(
        interaction_id=talk.pk,
        text=text,
        due_days=days,
        owner_id=story.manager.employee_id or 0,
        made_to=story.contact,
        by=story.manager,
        at=held_at + dt.timedelta(hours=2),
    )


def _hour(story: _Story, day: dt.date, later: int) -> dt.datetime:
    """Ten o'clock of a working day some days on."""
    on = day + dt.timedelta(days=later + story.serial % 7)
    while not is_workday(on):
        on += dt.timedelta(days=1)
    return moment(on, 10)

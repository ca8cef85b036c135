"""How the region's managers work: courses, an agreement, orders kept, refused and climbed.

Told by the operations that people use, at moments of the weeks before; an order that a rule
refuses is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountTeamMember, Customer, CustomerGroup, TeamRole
from busbar.demo.dunning import person_of
from busbar.demo.year.moments import is_workday, moment
from busbar.demo.year.timeline import Tend
from busbar.key_accounts.models import DepartmentOrder, ManagerQualification
from busbar.key_accounts.operations import agreeing, qualifying, rating, sending
from busbar.key_accounts.operations.agreeing import Promise
from busbar.key_accounts.operations.sending import OrderDraft
from busbar.key_accounts.queries import portfolios as portfolios_queries
from busbar.key_accounts.queries import qualifications as qualifications_queries
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.workflow import operations as workflow_operations
from busbar.workflow.models import UserTask

_WEEKS_AGO = 21
_MOST_MANAGERS = 12


@dataclass(frozen=True)
class _Plot:
    """What a manager orders and what becomes of it."""

    draft: OrderDraft
    ending: str


_PLOTS = (
    _Plot(OrderDraft("metering_fault", "表计连续三天缺数", "请到现场检查采集终端和表计"), "kept"),
    _Plot(
        OrderDraft(
            "bill_review", "力调电费有疑问", "客户认为功率因数考核有误，请复核", Decimal(28_600)
        ),
        "refused",
    ),
    _Plot(
        OrderDraft(
            "outage_coordination", "检修停电避开生产", "客户周末有订单，请协调改期",
            hours=Decimal(8),
        ),
        "climbed",
    ),
    _Plot(OrderDraft("data_request", "新线路投产计划", "客户扩产需要线路负载资料"), "open"),
    _Plot(OrderDraft("site_survey", "变压器周边新建厂房", "请勘查安全距离并出具意见"), "reopened"),
)  # fmt: skip


def tell_managers(*, at: dt.datetime, tend: Tend) -> str:
    """The courses behind the certificates, an agreement, then each manager's orders in turn."""
    people = portfolios_queries.list_managers(SYSTEM_VIEWER)
    for place, held in enumerate(qualifications_queries.list_qualifications(SYSTEM_VIEWER)):
        _train(held, place, at)
    _agree(at)
    _name_heads(at)
    leads = AccountTeamMember.objects.filter(role=TeamRole.LEAD, employee__in=people)
    told = 0
    for place, person in enumerate(people[:_MOST_MANAGERS]):
        mine = leads.filter(employee=person).select_related("customer").order_by("customer_id")
        customers = [member.customer for member in mine[: len(_PLOTS)]]
        viewer = access_queries.get_viewer(person.user)
        for turn, customer in enumerate(customers[:3]):
            plot = _PLOTS[(place + turn) % len(_PLOTS)]
            told += _tell(plot, customer, viewer, _start(at, place + turn), tend)
    return f"经理 {len(people)} 人，指令 {told} 条"


def _train(held: ManagerQualification, place: int, at: dt.datetime) -> None:
    try:
        qualifying.record_training(
            employee_number=held.employee.number,
            course="大客户经理岗位培训",
            hours=Decimal(24),
            completed_on=held.issued_on - dt.timedelta(days=7),
            score=Decimal(78 + place % 20),
            passed=True,
            by=SYSTEM_VIEWER,
            at=at,
        )
    except Refusal:
        return  # entered by a run before


def _agree(at: dt.datetime) -> None:
    """The first metering center promises the first county's managers a day."""
    metering = OrganizationUnit.objects.filter(kind="metering").order_by("path").last()
    managers = OrganizationUnit.objects.filter(kind="key_accounts").order_by("path").last()
    if metering is None or managers is None:
        return
    promise = Promise(
        provider=metering.code,
        receiver=managers.code,
        order_kind="metering_fault",
        words="一个工作日内到现场处理",
        reply_limit="department-order-reply",
        work_limit="department-order-express",
        valid_from=local_date(at) - dt.timedelta(days=180),
        source="演示协议",
    )
    try:
        agreeing.sign_agreement(promise=promise, by=SYSTEM_VIEWER, at=at)
    except Refusal:
        return


def _name_heads(at: dt.datetime) -> None:
    """The province lets the first member of each group lead it: its managers see the others."""
    by = access_queries.get_viewer(Employee.objects.get(user__username="province").user)
    for group in CustomerGroup.objects.filter(head=None).order_by("code"):
        head = group.customers.order_by("number").first()
        if head is not None:
            customers_operations.name_group_head(
                group=group, customer=head, reason="集团授权书", by=by, at=at
            )


def _start(at: dt.datetime, place: int) -> dt.datetime:
    day = local_date(at) - dt.timedelta(days=_WEEKS_AGO - place % 9)
    while not is_workday(day):
        day += dt.timedelta(days=1)
    return moment(day, 9)


def _tell(plot: _Plot, customer: Customer, viewer: Viewer, at: dt.datetime, tend: Tend) -> int:
    try:
        order = sending.send_order(
            customer_number=customer.number, draft=plot.draft, by=viewer, at=at
        )
        for element, when, data in _course(plot.ending, at):
            if element == "wait":
                tend(when)
            else:
                _do(order, element, when, data)
        if plot.ending == "kept":
            _rate(order, at + dt.timedelta(days=2))
    except Refusal:
        return 0  # the rules are stricter than the story
    return 1


def _course(ending: str, at: dt.datetime) -> Iterator[tuple[str, dt.datetime, Mapping[str, Any]]]:
    hour = dt.timedelta(hours=1)
    done = {"outcome": "solved", "remark": "电话回访，客户认可", "word": "及时", "score": "5"}
    if ending == "open":
        yield "reply_to_order", at + hour, {"outcome": "accepted"}
        return
    if ending == "refused":
        refusal = {"outcome": "refused", "refusal": "no_grounds", "remark": "请先提供抄表记录"}
        yield "reply_to_order", at + 2 * hour, refusal
        yield "answer_refusal", at + 3 * hour, {"outcome": "accepted", "remark": "已告知客户补资料"}
        return
    if ending == "climbed":
        yield "wait", at + 9 * hour, {}
        yield "decide_order", at + 10 * hour, {"outcome": "answered", "remark": "已改期到周一"}
        yield "confirm_order", at + 26 * hour, {**done, "score": "2", "word": "承办部门没有理会"}
        return
    yield "reply_to_order", at + hour, {"outcome": "accepted"}
    yield "carry_out_order", at + 6 * hour, {"result": "已到现场处理，恢复正常"}
    if ending == "reopened":
        again = {"outcome": "reopened", "remark": "客户说只看了一台"}
        yield "confirm_order", at + 7 * hour, again
        yield "carry_out_order", at + 25 * hour, {"result": "其余两台一并处理"}
    yield "confirm_order", at + 27 * hour, done


def _do(order: DepartmentOrder, element: str, when: dt.datetime, data: Mapping[str, Any]) -> None:
    tasks = UserTask.objects.open().select_related("unit", "owner__user")
    task = tasks.filter(instance=order.process_id, element=element).first()
    if task is None:
        raise UnableToStepHere(f"{order.number} 不在“{element}”")
    owner = task.owner
    viewer = access_queries.get_viewer(owner.user) if owner is not None else person_of(task)
    workflow_operations.complete_task(task_id=task.pk, data=data, viewer=viewer, at=when)


class UnableToStepHere(Refusal):
    """The process took another way than the story."""


def _rate(order: DepartmentOrder, at: dt.datetime) -> None:
    """The department's word on the one who ordered."""
    holders = access_queries.list_holders(order.department_id, order.department_role)
    if holders:
        viewer = access_queries.get_viewer(holders[0].user)
        rating.rate_order(number=order.number, score=4, word="事由写得清楚", by=viewer, at=at)

"""Plans, basic services and offers of the region's first customers, by the same operations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from busbar.access import queries as access_queries
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.models import AccountTeamMember, Contact, Customer, TeamRole
from busbar.demo import needs
from busbar.demo.year.attachments import paper
from busbar.key_accounts import operations
from busbar.key_accounts.models import AccountPlan, DueState, ServiceDue
from busbar.kit.periods import local_date
from busbar.service_desk import operations as desk_operations

MOST = 40
_OFFERS = (
    ("demand_management", "合同需量高于实际最大需量", Decimal(180000)),
    ("power_factor", "近三月力调电费多付", Decimal(46000)),
    ("energy_audit", "谷段用电占比低", Decimal(95000)),
)


def tell_plans(*, at: dt.datetime) -> str:
    """Tell them once; doing it again changes nothing."""
    if AccountPlan.objects.exists():
        return "已有客户计划"
    leads = AccountTeamMember.objects.filter(role=TeamRole.LEAD).order_by("customer__number")
    rows = leads.select_related("customer", "employee__user")[:MOST]
    planned: set[str] = set()
    for serial, row in enumerate(rows):
        by = access_queries.get_viewer(row.employee.user)
        _tell_plan(serial, row.customer, by, at - dt.timedelta(days=120), at)
        if by.covers(row.customer.unit.path):
            needs.tell_needs(serial, row.customer, by=by, at=at - dt.timedelta(days=115))
            _tell_sector(planned, row.customer, by, at - dt.timedelta(days=110))
        if serial % 9 == 1:
            contact = _contact_of(row.customer)
            needs.tell_solution(
                serial, row.customer, contact, by=by, at=at - dt.timedelta(days=100)
            )
        elif serial % 3 == 0:
            _tell_offer(serial, row.customer, by, at - dt.timedelta(days=100))
    raised = operations.raise_due_services(by=SYSTEM_VIEWER, at=at - dt.timedelta(days=25))
    _record_some(at - dt.timedelta(days=10))
    return f"计划 {AccountPlan.objects.count()} 份，到期业务 {raised} 项"


def _tell_plan(
    serial: int, customer: Customer, by: Viewer, begun: dt.datetime, at: dt.datetime
) -> None:
    """Every plan is drafted; two of three are met about and signed, with measures under way."""
    plan = operations.open_plan(
        customer_number=customer.number, year=local_date(at).year, by=by, at=begun
    )
    name = _contact_of(customer)
    operations.write_plan(
        plan_id=plan.pk,
        sections={
            "profile": f"{customer.get_kind_display()}，生产平稳，电费占成本一成以上",
            "contacts": name,
            "equipment": "10 kV 受电，补偿装置两组",
            "goals": "均价下降 2%；全年无责任停电；承诺按期兑现",
            "obstacles": "检修窗口少",
        },
        budget_yuan=Decimal(20000 + 5000 * (serial % 4)),
        by=by,
        at=begun,
    )
    measures = [
        operations.add_measure(
            plan_id=plan.pk,
            text=text,
            owner_id=by.employee_id or 0,
            due_on=local_date(at) + dt.timedelta(days=days + serial % 5),
            by=by,
            at=begun,
        )
        for text, days in (("做一次能效诊断", -20), ("需量申报复核", 3), ("反事故演练", 25))
    ]
    if serial % 3 == 1:
        return
    _agree(plan, customer, by, name, begun + dt.timedelta(days=10))
    operations.report_measure(
        measure_id=measures[0].pk,
        progress_percent=100 if serial % 2 else 60,
        note="诊断报告已交客户" if serial % 2 else "现场测试完成",
        by=by,
        at=at - dt.timedelta(days=15),
    )


def _contact_of(customer: Customer) -> str:
    contact = Contact.objects.filter(customer=customer, is_primary=True).first()
    return contact.name if contact else "用电负责人"


def _tell_sector(planned: set[str], customer: Customer, by: Viewer, at: dt.datetime) -> None:
    """The plan of one sector a unit."""
    if customer.unit.code not in planned:
        planned.add(customer.unit.code)
        needs.tell_sector_plan(customer, by=by, at=at)


def _agree(
    plan: AccountPlan, customer: Customer, by: Viewer, contact: str, at: dt.datetime
) -> None:
    meeting = desk_operations.record_interaction(
        customer_number=customer.number,
        kind="meeting",
        subject="联合计划会",
        happened_at=at,
        minutes="逐项讨论目标与措施，双方同意",
        owner_id=by.employee_id or 0,
        their_people=contact,
        by=by,
        at=at + dt.timedelta(hours=3),
    )
    operations.hold_planning_meeting(
        plan_id=plan.pk, interaction_id=meeting.pk, by=by, at=at + dt.timedelta(hours=4)
    )
    signed = paper(f"{plan.year}年客户计划 {customer.number}")
    document = customers_operations.attach_document(
        customer=customer,
        title=f"{plan.year}年客户计划（双方签字）",
        kind="agreement",
        file_name=Path(signed.name).name,
        chunks=[signed.content],
        by=by,
        at=at + dt.timedelta(days=1),
    )
    operations.sign_plan(
        plan_id=plan.pk,
        our_signatory=by.name,
        their_signatory=contact,
        signed_on=local_date(at),
        document_id=document.pk,
        by=by,
        at=at + dt.timedelta(days=1),
    )


def _tell_offer(serial: int, customer: Customer, by: Viewer, at: dt.datetime) -> None:
    """A chance by itself, or a solution of two; some delivered and measured."""
    code, reason, yuan = _OFFERS[serial // 3 % len(_OFFERS)]
    row = operations.find_opportunity(
        customer_number=customer.number,
        product_code=code,
        reason=reason,
        expected_yuan=yuan,
        price_yuan=yuan / 4,
        by=by,
        at=at,
    )
    if serial % 2:
        return
    operations.decide_opportunity(
        opportunity_id=row.pk, is_accepted=True, reason="", by=by, at=at + dt.timedelta(days=9)
    )
    operations.deliver_opportunity(
        opportunity_id=row.pk, delivery="方案报告与实施", by=by, at=at + dt.timedelta(days=40)
    )
    operations.measure_benefit(
        opportunity_id=row.pk,
        benefit_yuan=yuan * 9 / 10,
        basis="实施前后同期账单",
        by=by,
        at=at + dt.timedelta(days=90),
    )


def _record_some(at: dt.datetime) -> None:
    rows = ServiceDue.objects.filter(state=DueState.OPEN).select_related("owner__user")
    for row in rows.order_by("pk")[::3]:
        by = access_queries.get_viewer(row.owner.user) if row.owner else SYSTEM_VIEWER
        operations.record_service(
            due_id=row.pk, record="已按模板逐项了解并记录，无异常", by=by, at=at
        )

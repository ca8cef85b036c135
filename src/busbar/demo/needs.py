"""What customers said they need, solutions of several products, and plans of whole sectors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from busbar.access.visibility import Viewer
from busbar.customers.models import Customer
from busbar.key_accounts import operations
from busbar.key_accounts.models import NeedKind
from busbar.kit.periods import local_date

_NEEDS = (
    (NeedKind.PRODUCT, "新生产线投产后要增加容量，希望分两期"),
    (NeedKind.PROCESS, "增容与合同变更希望一次受理，少跑现场"),
    (NeedKind.FACILITATION, "希望共用负荷数据，一起编排检修与生产"),
)
_PARTS = (
    ("energy_audit", "谷段用电占比低", Decimal(95000)),
    ("storage_photovoltaic", "厂房屋面可装光伏，峰谷差大", Decimal(320000)),
)
_SECTIONS = {
    "profile": "管内该类客户的用电、检修季与投产计划",
    "goals": "全年无责任停电；功率因数全部达标；承诺按期兑现",
    "obstacles": "检修窗口集中",
}


def tell_needs(serial: int, customer: Customer, *, by: Viewer, at: dt.datetime) -> None:
    """One need of each kind in turn; every other one is met."""
    kind, text = _NEEDS[serial % len(_NEEDS)]
    need = operations.record_need(customer=customer, kind=kind, text=text, by=by, at=at)
    if serial % 2:
        operations.meet_need(
            need_id=need.pk, how="已列入年度计划并办结", by=by, at=at + dt.timedelta(days=30)
        )


def tell_solution(
    serial: int, customer: Customer, contact: str, *, by: Viewer, at: dt.datetime
) -> None:
    """Two products for one need, quoted together; every other one is delivered and judged."""
    row = operations.open_solution(
        customer_number=customer.number,
        name="综合能效提升",
        need="降低均价，并减少检修停电的影响",
        by=by,
        at=at,
    )
    parts = [
        operations.find_opportunity(
            customer_number=customer.number, product_code=code, reason=reason,
            expected_yuan=yuan, price_yuan=yuan / 4, solution_id=row.pk, by=by, at=at,
        ).pk
        for code, reason, yuan in _PARTS
    ]  # fmt: skip
    operations.quote_solution(solution_id=row.pk, by=by, at=at + dt.timedelta(days=5))
    operations.decide_solution(
        solution_id=row.pk, is_accepted=True, decided_by=contact, reason="", by=by,
        at=at + dt.timedelta(days=12),
    )  # fmt: skip
    if serial % 2:
        _deliver(row.pk, parts, by=by, at=at + dt.timedelta(days=45))


def _deliver(solution_id: int, parts: Sequence[int], *, by: Viewer, at: dt.datetime) -> None:
    for part in parts:
        operations.deliver_opportunity(
            opportunity_id=part, delivery="诊断与可研报告，客户验收", by=by, at=at
        )
    operations.evaluate_solution(
        solution_id=solution_id,
        evaluation="测算清楚，实施配合好",
        score=4,
        by=by,
        at=at + dt.timedelta(days=20),
    )


def tell_sector_plan(customer: Customer, *, by: Viewer, at: dt.datetime) -> None:
    """The plan of a manager's own unit for all customers of this one's kind, signed by us."""
    plan = operations.open_sector_plan(
        sector=customer.kind,
        unit_code=customer.unit.code,
        year=local_date(at).year,
        by=by,
        at=at,
    )
    operations.write_plan(
        plan_id=plan.pk, sections=_SECTIONS, budget_yuan=Decimal(60000), by=by, at=at
    )
    operations.add_measure(
        plan_id=plan.pk,
        text="逐户核对无功补偿与需量申报",
        owner_id=by.employee_id or 0,
        due_on=local_date(at) + dt.timedelta(days=150),
        by=by,
        at=at,
    )
    operations.sign_plan(
        plan_id=plan.pk,
        our_signatory=by.name,
        their_signatory="",
        signed_on=local_date(at),
        by=by,
        at=at + dt.timedelta(hours=2),
    )

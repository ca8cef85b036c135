"""Metering and service orders: open, done, cancelled, with answers that others may read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from typing import Any

from busbar.connections import operations as connections_operations
from busbar.connections.models import MeteringOrder, ServiceOrder
from busbar.connections.operations import orders as order_operations
from busbar.demo.year import town
from busbar.demo.year.changing import Matter
from busbar.demo.year.timeline import Story
from busbar.metering.models import MeterInstallation
from busbar.supply.models import UsagePoint
from busbar.workflow.models import UserTask

# kind, days before the base date, ending, reason
METERING: tuple[tuple[str, int, str, str], ...] = (
    ("repair", 160, "done", "计量柜门封脱落"),
    ("replace", 70, "done", "表计到检定周期"),
    ("repair", 6, "open", "表计显示异常"),
    ("replace", 3, "open", "客户申请校验后换表"),
    ("repair", 45, "cancelled", "现场核实无故障"),
)
# kind, days before the base date, ending, topic, request, result
SERVICE: tuple[tuple[str, int, str, str, str, str], ...] = (
    ("consultation", 140, "published", "基本电费计收方式", "按容量还是按需量计收更省？",
     "负荷率高于约六成时按容量较省；每 3 个月可改一次方式，提前 15 个工作日申请。"),
    ("testing", 100, "done", "预防性试验", "请协助变压器预防性试验", "试验合格，报告已交客户。"),
    ("maintenance", 60, "done", "配电室维护", "季度巡检", "清扫并紧固母排，更换两只指示灯。"),
    ("design", 25, "done", "无功补偿方案", "功率因数长期低于 0.90", "建议加装 300 kvar 自动补偿。"),
    ("consultation", 50, "kept", "峰谷时段", "时段何时调整？", "以主管部门通知为准，已说明。"),
    ("consultation", 2, "open", "增容要多久？", "计划扩建二期，想了解流程", ""),
    ("testing", 18, "cancelled", "接地电阻测试", "雨季前测试", ""),
)  # fmt: skip
_ITEMS = [{"item": "绝缘电阻", "value": "2500 MΩ", "limit": "≥ 100 MΩ", "verdict": "合格"}]


def meter_work(m: Matter, kind: str, ending: str, reason: str) -> Story:
    """An order at the account's first point with a meter."""
    yield m.now
    points = UsagePoint.objects.filter(account=m.account).order_by("number")
    standing = MeterInstallation.objects.select_related("meter", "usage_point").filter(
        usage_point__in=points, removed_on=None
    )
    installed = standing.order_by("usage_point__number").first()
    if installed is None:
        return
    order = connections_operations.order_metering_and_start(
        kind=kind, usage_point=installed.usage_point, reason=reason, by=m.by, at=m.now
    )
    if ending == "open":
        return
    yield m.later(1, 4)
    if ending == "cancelled":
        order_operations.cancel_metering_order(order_id=order.pk, reason=reason, by=m.by, at=m.now)
        return
    data: dict[str, Any] = {"done_at": f"{m.now:%Y-%m-%dT%H:%M}"}
    data |= _replaced(m, installed) if kind == "replace" else {"findings": "重新加封，表计正常"}
    _complete(m, order, data)


def _replaced(m: Matter, installed: MeterInstallation) -> dict[str, Any]:
    """The same ratios behind a new meter."""
    return {
        "found_serial": installed.meter.serial,
        "end_registers": [{"reading_type": "正向有功总", "value": "18342.61"}],
        "left_serial": f"96{m.serial:010d}",
        "ct_ratio": str(installed.ct_ratio),
        "pt_ratio": str(installed.pt_ratio),
        "start_registers": [{"reading_type": "正向有功总", "value": "0.00"}],
        "seals": f"H{2 * m.serial:06d}、H{2 * m.serial + 1:06d}",
    }


def serve(m: Matter, kind: str, ending: str, words: tuple[str, str, str]) -> Story:
    """A wish of the customer's, answered or not."""
    topic, request, result = words
    yield m.now
    order = connections_operations.order_service_and_start(
        kind=kind,
        customer=m.account.customer,
        topic=topic,
        request=request,
        account=m.account,
        by=m.by,
        at=m.now,
    )
    if ending == "open":
        return
    yield m.later(1, 5)
    if ending == "cancelled":
        order_operations.cancel_service_order(
            order_id=order.pk, reason="客户自行安排", by=m.by, at=m.now
        )
        return
    yield from _answer(m, order, kind, ending, result)


def _answer(
    m: Matter, order: ServiceOrder, kind: str, ending: str, result: str
) -> Generator[dt.datetime, None, None]:
    data: dict[str, Any] = {"result": result}
    if kind in {"testing", "maintenance"}:
        data["items"] = _ITEMS
    if kind == "maintenance":
        data["next_due_on"] = f"{m.now + dt.timedelta(days=92):%Y-%m-%d}"
    _complete(m, order, data)
    if kind == "consultation":
        yield m.later(0, 1)
        _complete(m, order, {"outcome": "publish" if ending == "published" else "keep"})


def _complete(m: Matter, order: MeteringOrder | ServiceOrder, data: dict[str, Any]) -> None:
    order.refresh_from_db()
    task = UserTask.objects.open().select_related("unit").get(instance=order.process_id)
    town.complete(task, viewer=m.town.workers(task)[0], data=data, at=m.now)

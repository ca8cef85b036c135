"""Changes of supply in their states: asked for, approved, refused, withdrawn, carried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from busbar.access.visibility import Viewer
from busbar.connections import operations as connections_operations
from busbar.connections.models import ChangeKind, SupplyChange
from busbar.connections.operations import changes as change_operations
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Wish
from busbar.customers.models import Customer, CustomerAccount
from busbar.demo.year import moments, town
from busbar.demo.year.timeline import Story
from busbar.demo.year.town import Town
from busbar.supply.models import RunningState, UsagePoint
from busbar.workflow.models import UserTask

# Each line: kind, days before the base date, how it ends, facts besides.
SCENES: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("capacity_reduction", 200, "done", {}),
    ("renaming", 90, "done", {"new_name": "{name}（更名）"}),
    ("capacity_reduction", 20, "approved", {}),
    ("relocation", 8, "requested", {"new_address": "岚川省岚州市高新区创业路99号"}),
    ("meter_relocation", 150, "done", {"position": "新建配电房 1 号屏"}),
    ("temporary_removal", 110, "done", {}),
    ("transfer", 30, "refused", {}),
    ("voltage_change", 12, "approved", {"voltage_kv": "35"}),
    ("temporary_replacement", 75, "done", {"capacity_kva": "500", "model": "S20-500/10"}),
    ("closure", 15, "withdrawn", {}),
    ("split", 25, "approved", {"new_name": "{name}二厂"}),
    ("category_change", 9, "requested", {"tariff_category": "industry_single"}),
    ("merger", 14, "requested", {}),
    ("capacity_reduction", 260, "done", {}),
    ("closure", 16, "approved", {}),
    ("renaming", 4, "requested", {"new_name": "{name}集团"}),
)
_FOLLOWED_BY = {
    "capacity_reduction": ChangeKind.CAPACITY_RESTORATION,
    "temporary_removal": ChangeKind.REINSTALLATION,
    "temporary_replacement": ChangeKind.REPLACEMENT_END,
}
_STOPS = {"capacity_reduction", "temporary_replacement"}
_STAY_DAYS, _NOTICE = 50, 7


@dataclass
class Matter:
    """One change: where, by whom, and the moment it has reached."""

    town: Town
    serial: int
    account: CustomerAccount
    by: Viewer
    draws: np.random.Generator
    now: dt.datetime
    facts: dict[str, Any] = field(default_factory=dict)

    def later(self, fewest: int, most: int) -> dt.datetime:
        """Some working days on."""
        self.now = moments.after(self.now, int(self.draws.integers(fewest, most + 1)), self.draws)
        return self.now

    def on(self, day: dt.date) -> dt.datetime:
        """The working day from that day on."""
        self.now = max(self.now, moments.moment(moments.workday_from(day), 10, 30))
        return self.now


def change(m: Matter, kind: str, ending: str) -> Story:
    """A change from the request to where its line says that it ends."""
    yield m.now
    wish = _wish(m, ChangeKind(kind))
    asked = _ask(m, wish, _facts(m, kind, wish))
    if ending == "requested":
        return
    if ending == "withdrawn":
        yield m.later(1, 2)
        change_operations.withdraw_change(
            change_id=asked.pk, reason="客户决定继续使用", by=m.by, at=m.now
        )
        return
    yield from _decide(m, asked, refused=ending == "refused")
    if ending != "done":
        return
    yield from _carry_out(m, asked, wish)
    if kind in _FOLLOWED_BY:
        yield from _end_again(m, _FOLLOWED_BY[kind], wish)


def _wish(m: Matter, kind: ChangeKind) -> Wish:
    starts_on = _starts_on(m)
    units = change_queries.running_transformers(m.account, on=starts_on)
    running = [key for key, (_, state) in units.items() if state == RunningState.RUNNING]
    rule = change_queries.find_rule(kind, on=starts_on)
    lasts = kind in {ChangeKind(name) for name in _FOLLOWED_BY}
    return Wish(
        kind=kind,
        starts_on=starts_on,
        ends_on=starts_on + dt.timedelta(days=_STAY_DAYS) if lasts else None,
        transformer_ids=tuple(running[:1]) if kind in _STOPS else (),
        confirmed=frozenset(rule.conditions if rule else ()),
    )


def _starts_on(m: Matter) -> dt.date:
    """Seven working days ahead, which is more than any kind asks for."""
    return moments.after(m.now, _NOTICE, m.draws).date()


def _facts(m: Matter, kind: str, wish: Wish) -> dict[str, Any]:
    """What the kind must state, with the names of this account filled in."""
    found = {
        name: text.replace("{name}", m.account.name) if isinstance(text, str) else text
        for name, text in m.facts.items()
    }
    points = list(
        UsagePoint.objects.filter(account=m.account)
        .order_by("number")
        .values_list("number", flat=True)
    )
    if kind == "meter_relocation":
        found["usage_point"] = points[0]
    if kind == "split":
        found["usage_points"] = points[1:]
    if kind == "transfer":
        found["new_customer"] = _another_customer(m)
    if kind == "merger":
        found["into_account"] = _another_account(m)
    if kind == "temporary_replacement":
        found["number"] = f"{m.account.number}-ZH"
    if kind == "category_change":
        found |= {"tariff_code": "LC-1P-10", "agreement_number": f"HT{m.account.number}GL"}
    return found


def _another_customer(m: Matter) -> str:
    rows = Customer.objects.filter(unit=m.account.customer.unit).exclude(pk=m.account.customer_id)
    return str(rows.order_by("number").values_list("number", flat=True).first() or "")


def _another_account(m: Matter) -> str:
    rows = CustomerAccount.objects.filter(customer=m.account.customer, closed_on=None)
    others = rows.exclude(pk=m.account.pk).order_by("number")
    return str(others.values_list("number", flat=True).first() or "")


def _ask(m: Matter, wish: Wish, facts: dict[str, Any]) -> SupplyChange:
    return connections_operations.request_change_and_start(
        account=m.account, wish=wish, facts=facts, reason="客户书面申请", by=m.by, at=m.now
    )


def _task(asked: SupplyChange) -> UserTask:
    asked.refresh_from_db()
    rows = UserTask.objects.open().select_related("unit")
    task: UserTask = rows.get(instance_id=asked.process_id)
    return task


def _decide(m: Matter, asked: SupplyChange, *, refused: bool) -> Generator[dt.datetime, None, None]:
    yield m.later(1, 3)
    task = _task(asked)
    answer = (
        {"outcome": "refused", "remark": "新旧双方债务未结清（供电营业规则 过户）"}
        if refused
        else {"outcome": "approved"}
    )
    town.complete(task, viewer=m.town.workers(task)[0], data=answer, at=m.now)


def _carry_out(m: Matter, asked: SupplyChange, wish: Wish) -> Generator[dt.datetime, None, None]:
    yield m.on(wish.starts_on)
    task = _task(asked)
    seals = [
        {"transformer": number, "seal": f"FY{m.serial:05d}{place}"}
        for place, number in enumerate(
            asked.transformers.values_list("transformer__number", flat=True)
        )
    ]
    data: dict[str, Any] = {"done_on": f"{m.now:%Y-%m-%d}"}
    if seals and wish.kind in {ChangeKind(name) for name in _STOPS}:
        data["seals"] = seals
    town.complete(task, viewer=m.town.workers(task)[0], data=data, at=m.now)


def _end_again(m: Matter, kind: ChangeKind, before: Wish) -> Generator[dt.datetime, None, None]:
    """What was stopped for a time runs again before its end."""
    assert before.ends_on is not None  # noqa: S101 - kinds that last say until when
    yield m.on(before.ends_on - dt.timedelta(days=22))
    wish = _wish(m, kind)
    asked = _ask(m, wish, {})
    yield from _decide(m, asked, refused=False)
    yield from _carry_out(m, asked, wish)

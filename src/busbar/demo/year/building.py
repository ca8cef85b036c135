"""Stages 5 to 7 of a connection: money, works, inspections, agreement, meter, switching."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from decimal import Decimal
from typing import Any

from busbar.connections import operations as connections_operations
from busbar.connections.models import DocumentPhase
from busbar.demo.year import attachments, moments, money
from busbar.demo.year.connecting import Act, scheme_of, withdraw
from busbar.demo.year.course import Course
from busbar.demo.year.ground import Ground

_CT_STEPS = (10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 300, 400)
_ROOT3 = 1.732
LEAST_TWO_PART_KVA = 315
_TEST_VALUES = {"test.grounding_resistance": "2.1"}
_HIGH_TEST_VALUES = {**_TEST_VALUES, "test.insulation": "2500", "test.relay": "3"}


def hold_validity(c: Course) -> Act:
    """What a customer does with a reply: take it back, let it lapse, ask for more time, go on."""
    if c.plan.has("withdrawn_after_reply"):
        yield c.later(8, 20)
        withdraw(c, "投资方撤资，项目取消")
        return False
    if c.plan.events & {"extension_granted", "extension_refused", "extended_scheme"}:
        yield from _extend(c)
    return not c.plan.has("lapses")


def _extend(c: Course) -> Generator[dt.datetime, None, None]:
    """Asked for in time and granted, or asked for in the last days and refused by the rule."""
    scheme = scheme_of(c.application)
    assert scheme.valid_until is not None  # noqa: S101 - it has just been replied
    ahead = 4 if c.plan.has("extension_refused") else 25
    if c.plan.is_high:
        ahead = 300
    day = moments.workday_from(scheme.valid_until - dt.timedelta(days=ahead))
    c.now = max(c.now, moments.moment(day, 10, int(c.draws.integers(0, 60))))
    yield c.now
    extension = connections_operations.request_extension(
        scheme_id=scheme.pk,
        reason="土建进度滞后，设备到货推迟",
        by=c.town.of_city(c.city, "connection"),
        at=c.now,
    )
    if extension.state != "requested":
        return
    yield c.later(1, 2)
    connections_operations.grant_extension(
        extension_id=extension.pk, remark="同意延期", by=c.town.of_city(c.city), at=c.now
    )


def be_built(c: Course, ground: Ground) -> Act:
    """Fees, firms of the customer's choice, design, works, the look at what will be covered."""
    yield from money.pay(c)
    if c.plan.events & {"unpaid", "partial"} and scheme_of(c.application).fee_notices.exists():
        return False
    yield c.later(2, 8)
    _choose_firms(c, ground)
    if c.plan.is_high:
        yield from _design(c)
    yield c.later(3, 10)
    c.do(
        "start_works",
        started_on=f"{c.now:%Y-%m-%d}",
        supervisor_name=c.contact,
        supervisor_phone="000-80000000",
        planned_until=f"{c.now + dt.timedelta(days=60):%Y-%m-%d}",
    )
    if c.plan.is_high:
        yield from _interim(c)
    return True


def _choose_firms(c: Course, ground: Ground) -> None:
    """The customer's own choice by signed declaration: another for every customer."""
    data: dict[str, Any] = {"chosen_by": c.contact, "free_choice": True}
    if c.plan.is_high:
        data["design_code"] = ground.designers[c.plan.serial % len(ground.designers)]
    data["construction_code"] = ground.builders[c.plan.serial % len(ground.builders)]
    c.do("choose_contractors", files=[attachments.sheet("declaration", "自主选择声明")], **data)


def _design(c: Course) -> Generator[dt.datetime, None, None]:
    for outcome in ("returned", "passed") if c.plan.has("design_returned") else ("passed",):
        yield c.later(5, 12)
        c.do(
            "submit_design",
            files=[attachments.sheet("drawings", "施工图")],
            title="10kV 受电工程施工图",
            submitted_by="设计单位",
        )
        yield c.later(3, 8)
        data: dict[str, Any] = {}
        if outcome == "returned":
            fault = {"description": "继电保护配置与接入系统不符", "clause": "GB/T 50062"}
            data["remarks"] = [fault]
        c.do(
            "review_design",
            outcome=outcome,
            opinion="符合供电方案" if outcome == "passed" else "请按意见修改后复审",
            **data,
        )


def _interim(c: Course) -> Generator[dt.datetime, None, None]:
    yield c.later(12, 25)
    c.do("request_interim", part="接地网", requested_by=c.contact)
    yield c.later(2, 3)
    found = c.plan.has("interim_findings")
    yield from _inspect(c, "interim", found=found)
    if found:
        yield from _put_right(c, "interim")


def _inspect(c: Course, name: str, *, found: bool) -> Generator[dt.datetime, None, None]:
    held_at, entered = c.now - dt.timedelta(minutes=15), c.now
    data: dict[str, Any] = {}
    if name == "completion":
        values = _HIGH_TEST_VALUES if c.plan.is_high else _TEST_VALUES
        data["measured"] = [{"code": code, "value": value} for code, value in values.items()]
    if found:
        data["findings"] = [_finding(entered)]
    c.do(
        f"{name}_inspection",
        files=[attachments.picture("photos", "检查现场")],
        outcome="returned" if found else "passed",
        held_at=f"{held_at:%Y-%m-%dT%H:%M}",
        inspectors=c.town.inspectors(c.city),
        opinion="见整改通知" if found else "符合设计和规程要求",
        **data,
    )
    yield c.later(0)


def _finding(at: dt.datetime) -> dict[str, str]:
    return {
        "severity": "severe",
        "description": "接地扁钢搭接长度不足",
        "clause": "GB 50169 第4.3条",
        "rectify_by": f"{at + dt.timedelta(days=7):%Y-%m-%d}",
    }


def _put_right(c: Course, name: str) -> Generator[dt.datetime, None, None]:
    yield c.later(2, 5)
    c.do(
        f"rectify_{name}",
        files=[attachments.picture("evidence", "整改后")],
        measure="按规范补焊并做防腐",
        rectified_by=c.contact,
    )
    yield c.later(1, 2)
    c.do(f"recheck_{name}", outcome="passed", inspectors=c.town.inspectors(c.city))


def be_accepted_as_built(c: Course) -> Act:
    """Report with every paper, the last inspection, the agreement."""
    yield c.later(*((15, 40) if c.plan.is_high else (5, 15)))
    officer = c.town.of_city(c.city, "connection")
    c.hand_in(DocumentPhase.COMPLETION, officer)
    yield c.later(0)
    c.do(
        "report_completion",
        files=[attachments.sheet("report", "竣工报告")],
        finished_on=f"{c.now:%Y-%m-%d}",
        requested_by=c.contact,
        transformers=_transformers(c),
    )
    yield c.later(2, 4)
    found = c.plan.has("completion_findings")
    yield from _inspect(c, "completion", found=found)
    if found:
        yield from _put_right(c, "completion")
        yield c.later(1)
        yield from _inspect(c, "completion", found=False)
    yield c.later(1, 3)
    c.do("sign_agreement", files=[attachments.sheet("agreement", "供用电合同")], **_terms(c))
    return True


def _transformers(c: Course) -> list[dict[str, Any]]:
    """As the chosen alternative has them; none at low voltage."""
    if not c.plan.is_high:
        return []
    chosen = scheme_of(c.application).chosen
    groups = chosen.transformers if chosen else []
    sizes = [int(Decimal(str(g["capacity_kva"]))) for g in groups for _ in range(int(g["count"]))]
    return [
        {"label": f"{place}#", "capacity_kva": size, "model": f"S20-{size}/10"}
        for place, size in enumerate(sizes or [c.application.requested_kva], start=1)
    ]


def _terms(c: Course) -> dict[str, Any]:
    standing = c.application.account_id is not None
    is_large = c.plan.is_high and c.application.requested_kva >= LEAST_TWO_PART_KVA
    shared = {
        "signed_on": f"{c.now:%Y-%m-%d}",
        "customer_signatory": c.contact,
        "company_signatory": c.town.of_city(c.city, "connection").name,
    }
    if standing:
        return {**shared, **_standing_terms(c)}
    if is_large:
        return {
            **shared,
            "tariff_code": "LC-2P-10",
            "tariff_category": "industry_two_part",
            "basic_charge_mode": "capacity",
            "power_factor_standard": "0.90",
        }
    code = "LC-1P-10" if c.plan.is_high else "LC-1P-04"
    return {
        **shared,
        "tariff_code": code,
        "tariff_category": "industry_single",
        "basic_charge_mode": "none",
        "power_factor_standard": _standard_for(c.application.requested_kva),
    }


def _standard_for(kva: int) -> str:
    """Empty where no power factor is asked for: the form has no choice for that."""
    return "0.85" if kva >= 100 else ""  # noqa: PLR2004 - 〔83〕215号: from 100 kVA


def _standing_terms(c: Course) -> dict[str, Any]:
    """An increase keeps the tariff of the account's newest agreement, though it may have ended."""
    from busbar.supply.models import Agreement

    before = Agreement.objects.filter(account=c.application.account_id).latest("valid_from")
    return {
        "tariff_code": before.tariff_code,
        "tariff_category": before.tariff_category,
        "basic_charge_mode": before.basic_charge_mode,
        "contract_demand_kw": before.contract_demand_kw,
        "power_factor_standard": _standing_standard(c, before.power_factor_standard),
    }


def _standing_standard(c: Course, standard: str) -> str:
    """The agreement's own, or by capacity where it has none."""
    has_one = standard not in {"", "none"}
    total_kva = c.application.existing_kva + c.application.requested_kva
    return standard if has_one else _standard_for(total_kva)


def be_energized(c: Course) -> Act:
    """Meter, switching, registration, training, archive."""
    yield c.later(1)
    ct, pt = _ratios(c)
    c.do(
        "plan_metering",
        points=[
            {
                "name": "总表",
                "metering_side": "high" if c.plan.is_high else "low",
                "voltage_kv": "10" if c.plan.is_high else "0.4",
                "ct_ratio": str(ct),
                "pt_ratio": str(pt),
            }
        ],
    )
    yield c.later(1, 2)
    c.do(
        "fit_meter",
        serial=f"97{c.plan.serial:010d}",
        ct_ratio=str(ct),
        pt_ratio=str(pt),
        start_registers=[{"reading_type": "正向有功总", "value": "0.00"}],
        seals=f"F{2 * c.plan.serial:06d}、F{2 * c.plan.serial + 1:06d}",
        fitted_on=f"{c.now:%Y-%m-%d}",
    )
    yield c.later(1, 3)
    while "energize" not in c.open_elements():
        yield c.later(1)
    yield from _switch_on(c)
    yield c.later(1, 2)
    c.do("register", contact_name=c.contact, contact_phone="000-80000000")
    if c.plan.has("training_pending"):
        return False
    yield c.later(3, 10)
    c.do(
        "train",
        files=[attachments.picture("sign_in_sheet", "签到表")],
        topic="安全用电与应急处置",
        held_on=f"{c.now:%Y-%m-%d}",
        attendees=[{"name": c.contact, "signed_in": True, "score": 80 + c.plan.serial % 20}],
    )
    yield c.later(1)
    c.do("close")
    return False


def _switch_on(c: Course) -> Generator[dt.datetime, None, None]:
    switched = c.now - dt.timedelta(minutes=10)
    c.do(
        "energize",
        permit_number=f"DD-{c.now:%Y-%m%d}-{c.plan.serial + 1:03d}",
        switched_at=f"{switched:%Y-%m-%dT%H:%M}",
        operator="操作人 周宁",
        supervisor="监护人 陈立",
    )
    yield c.later(0)


def _ratios(c: Course) -> tuple[int, int]:
    """CT by the capacity's current, PT by the voltage."""
    chosen = scheme_of(c.application).chosen
    kva = chosen.capacity_kva if chosen else c.application.requested_kva
    volts = 10.0 if c.plan.is_high else 0.4
    amperes = kva / (_ROOT3 * volts)
    ct = next((step for step in _CT_STEPS if step * 5 >= amperes), _CT_STEPS[-1])
    return ct, 100 if c.plan.is_high else 1

"""Stages 1 to 4 of a connection: from the counter to the reply, with all that can befall it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from decimal import Decimal
from typing import Any

from busbar.clocks import operations as clocks_operations
from busbar.clocks.models import Clock
from busbar.connections import operations as connections_operations
from busbar.connections.models import (
    ConnectionApplication,
    DocumentPhase,
    IntakeChannel,
    SchemeAlternative,
    SupplyScheme,
)
from busbar.connections.operations.design_scheme import (
    DescribedAlternative,
    UnableToChooseAlternative,
)
from busbar.connections.scheme_facts import Assumptions
from busbar.demo.tariffs import REGION
from busbar.demo.year import attachments, moments
from busbar.demo.year.applying import Applicant
from busbar.demo.year.course import Course
from busbar.demo.year.plans import Plan
from busbar.demo.year.town import Town
from busbar.network.models import Feeder
from busbar.supply.models import PowerSource, SourceRole
from busbar.workflow.models import ProcessInstance

Act = Generator[dt.datetime, None, bool]
"""Acts of one part of the way; says whether the way goes on."""
_CHANNELS = (
    IntakeChannel.COUNTER,
    IntakeChannel.ONLINE,
    IntakeChannel.COUNTER,
    IntakeChannel.VISIT,
)
_PUBLIC_10KV = Decimal(10)


def take_in(town: Town, plan: Plan, applicant: Applicant) -> Course:
    """Hand the application in at the county's supply station; its process begins with it."""
    unit = applicant.unit or town.station(plan.place, plan.serial)
    application = connections_operations.submit_and_start(
        form=applicant.form,
        unit=unit,
        channel=_CHANNELS[plan.serial % len(_CHANNELS)],
        by=town.clerk(unit),
        at=plan.begins,
    )
    return Course(
        town=town,
        plan=plan,
        draws=town.stream("course", plan.serial),
        now=plan.begins,
        contact=applicant.contact,
        shape=applicant.shape,
        application=application,
        process=ProcessInstance.objects.get(pk=application.process_id or 0),
    )


def withdraw(c: Course, reason: str) -> None:
    """The customer takes it back at the counter."""
    connections_operations.withdraw_application(
        application_id=c.application.pk,
        reason=reason,
        by=c.town.clerk(c.application.unit),
        at=c.now,
    )


def be_accepted(c: Course) -> Act:
    """Documents looked at, corrected once where they were not complete, accepted or refused."""
    clerk = c.town.clerk(c.application.unit)
    yield c.later(0)
    lacking = 2 if c.plan.has("corrections") or c.plan.has("waits_for_documents") else 0
    c.hand_in(DocumentPhase.APPLICATION, clerk, leave=lacking)
    if c.plan.has("waits_for_documents"):
        return False
    if c.plan.has("refused"):
        yield c.later(1)
        c.do(
            "check_documents",
            outcome="refused",
            reason="用电地址在已批准的征收范围内，无合法使用依据",
            clause="供电营业规则(2024) 用电申请",
        )
        return False
    if lacking:
        yield c.later(1)
        c.do("check_documents", outcome="incomplete", means="当面")
        if c.plan.has("stays_correcting"):
            return False
        yield c.later(2, 8)
        c.hand_in(DocumentPhase.APPLICATION, clerk)
        yield c.later(0)
        c.do("correct_documents", correction_note="缺件已补齐")
    yield c.later(1)
    c.do("check_documents", outcome="accepted")
    return True


def be_surveyed(c: Course) -> Act:
    """Preliminary review, hand-over within five working days, joint survey."""
    if c.plan.has("review_failed"):
        yield c.later(1)
        c.do("preliminary_review", outcome="failed", findings="负荷清单与生产规模不符")
        yield c.later(1, 3)
        c.do("correct_review", explanation="已更正负荷清单，见附表")
    yield c.later(1, 2)
    c.do("preliminary_review", outcome="passed")
    if c.plan.has("withdrawn_early"):
        yield c.later(1)
        withdraw(c, "项目选址变更")
        return False
    yield from _decide_green_channel(c)
    yield c.later(1, 4)
    c.do("hand_over", hand_over_note="随附申请资料一套")
    yield from _survey(c, "feasible")
    return True


def _decide_green_channel(c: Course) -> Generator[dt.datetime, None, None]:
    if not (c.plan.has("green") or c.plan.has("green_refused")):
        return
    yield c.later(0)
    manager = c.town.of_city(c.city)
    if c.plan.has("green_refused"):
        connections_operations.refuse_green_channel(
            application_id=c.application.pk,
            rule_code="government-key-project",
            reason="不在本年度重点项目名录内",
            by=manager,
            at=c.now,
        )
        return
    connections_operations.grant_green_channel(
        application_id=c.application.pk,
        rule_code="livelihood",
        reason="医院扩建项目，影响门急诊开放",
        evidence=f"卫健委函〔{c.now.year}〕{c.plan.serial + 10} 号",
        by=manager,
        at=c.now,
    )


def _survey(c: Course, outcome: str) -> Generator[dt.datetime, None, None]:
    for result in ("infeasible", outcome) if c.plan.has("resurvey") else (outcome,):
        yield c.later(1)
        visit = moments.after(c.now, 2, c.draws)
        c.do("plan_survey", planned_for=f"{visit:%Y-%m-%dT%H:%M}")
        c.now = visit
        yield c.later(0)
        c.do(
            "survey",
            files=[attachments.picture("photos", "现场")],
            outcome=result,
            verified_kva=c.application.requested_kva,
            connection_point=f"{_feeders(c)[0]} 12号杆",
            feeders=[
                {"feeder": code, "distance_m": 150 + 260 * place + int(c.draws.integers(0, 200))}
                for place, code in enumerate(_feeders(c))
            ],
            attendance=[
                {"unit": f"{c.town_code}{kind}", "name": c.town.of_city(c.city, post).name}
                for kind, post in (("PL", "planning"), ("DC", "dispatch"), ("SF", "safety"))
            ],
            note="" if result == "feasible" else "路由待与园区确认，另行复勘",
        )


def _feeders(c: Course) -> list[str]:
    """Three lines of 10 kV of the county out of the half with the lightest load, two stations."""
    lines = Feeder.objects.filter(
        voltage_kv=_PUBLIC_10KV, substation__unit__code=c.county_code
    ).order_by("code")
    light = sorted(lines, key=lambda line: (line.peak_load_kw or 0) / line.capacity_kva)
    kept = light[: max(4, len(light) // 2)]
    own = (
        PowerSource.objects.filter(
            site__usage_points__account=c.application.account_id, role=SourceRole.MAIN
        )
        .select_related("feeder")
        .first()
        if c.application.account_id
        else None
    )
    first = own.feeder if own else kept[c.plan.serial % len(kept)]
    others = [line for line in kept if line.substation_id != first.substation_id]
    rest = [line for line in kept if line != first]
    return list(dict.fromkeys(line.code for line in (first, *others[:1], *rest)))[:3]


def be_replied(c: Course) -> Act:
    """The scheme studied or described, countersigned, approved and told to the customer."""
    if c.plan.has("paused"):
        yield from _pause(c)
    yield from _design(c)
    if c.plan.has("dispatch_refuses"):
        yield c.later(1)
        c.do("sign_dispatch", outcome="refused", remark="该线重载，请改接备用出线")
        for part in ("marketing", "planning", "safety"):
            c.do(f"sign_{part}", outcome="agreed", second=part == "marketing")
        yield from _design(c)
    yield from _countersign(c)
    if c.plan.has("returned_by_manager"):
        yield c.later(1)
        c.do("approve_scheme", outcome="returned", remark="补充备用电源的投资比较")
        yield from _design(c)
        yield from _countersign(c)
    yield c.later(1)
    c.do("approve_scheme", outcome="approved")
    yield c.later(1, 2)
    c.do("reply_customer", charges=_charges(c))
    return True


def _pause(c: Course) -> Generator[dt.datetime, None, None]:
    """The customer asks for time: the statutory clock stands still with the letter as evidence."""
    yield c.later(1)
    clock = Clock.objects.about("connections.application", c.application.pk).open()
    held = clock.filter(code__startswith="scheme-reply").get()
    officer = c.town.of_city(c.city, "connection")
    clocks_operations.pause_clock(
        clock_id=held.pk,
        reason="customer-request",
        evidence=f"客户函〔{c.now.year}〕{c.plan.serial + 1} 号",
        actor=officer.actor,
        at=c.now,
    )
    yield c.later(4, 9)
    clocks_operations.resume_clock(clock_id=held.pk, actor=officer.actor, at=c.now)


def _design(c: Course) -> Generator[dt.datetime, None, None]:
    yield c.later(2, 4)
    officer = c.town.of_city(c.city, "connection")
    if c.plan.is_high:
        scheme = connections_operations.study_alternatives(
            application_id=c.application.pk,
            assumptions=Assumptions(region=REGION),
            by=officer,
            at=c.now,
        )
    else:
        scheme = connections_operations.describe_alternatives(
            application_id=c.application.pk,
            alternatives=_described(c),
            by=officer,
            at=c.now,
        )
    _choose(c, scheme)
    yield c.later(0)
    c.do("design_scheme", scheme_note="比选说明见方案页")


def _choose(c: Course, scheme: SupplyScheme) -> None:
    """The cheapest that can be built, one without a failed check first; else by exception."""
    able = [
        a for a in scheme.alternatives.order_by("investment_yuan", "ordinal") if not a.obstacles
    ]
    if not able:
        raise UnableToChooseAlternative(f"{scheme.number} 没有可以建设的方案")
    if c.application.account_id:
        # More through the line that feeds the site already, where that can be.
        own = _feeders(c)[0]
        able = [a for a in able if all(_line(s) == own for s in a.sources)] or able
    best = min(able, key=lambda one: len(_failed(one)))
    for code in _failed(best):
        connections_operations.grant_exception(
            alternative_id=best.pk,
            check_code=code,
            reason="负荷错峰投运，下一年度线路改造后满足要求",
            by=c.town.of_city(c.city),
            at=c.now,
        )
    connections_operations.choose_alternative(
        alternative_id=best.pk,
        reason="投资少、工期短，满足负荷与可靠性要求",
        by=c.town.of_city(c.city, "connection"),
        at=c.now,
    )


def _line(source: dict[str, Any]) -> str:
    return str(source.get("feeder_code") or source.get("feeder") or source.get("line") or "")


def _failed(alternative: SchemeAlternative) -> list[str]:
    """Codes of the checks that must hold and do not."""
    return [
        check["code"]
        for check in alternative.checks
        if check["verdict"] == "fail" and check["is_mandatory"]
    ]


def _described(c: Course) -> list[DescribedAlternative]:
    kva, lines = c.application.requested_kva, _feeders(c)
    return [
        DescribedAlternative(
            name=f"{line}公变低压{way}",
            voltage_kv=Decimal("0.4"),
            capacity_kva=kva,
            sources=[{"way": "tee", "line": line, "voltage_kv": "0.4", "capacity_kva": kva}],
            investment_yuan=Decimal(9_000 + 90 * kva + 6_500 * place),
            construction_days=7 + 4 * place,
        )
        for place, (line, way) in enumerate(zip(lines, ("架空", "电缆", "新增公变"), strict=True))
    ]


def _countersign(c: Course) -> Generator[dt.datetime, None, None]:
    """Four departments beside each other; safety lets its limit pass where that befalls."""
    yield c.later(1)
    parts = ["marketing", "planning", "dispatch", "safety"]
    waiting = c.open_elements()
    for part in parts[: -1 if c.plan.has("silent_safety") else None]:
        # Whoever let his limit pass has consented by silence.
        if f"sign_{part}" in waiting:
            c.do(f"sign_{part}", outcome="agreed", second=part == "marketing")
    while "approve_scheme" not in c.open_elements():
        yield c.later(1)


def _charges(c: Course) -> list[dict[str, Any]]:
    found = []
    if c.plan.supply_kind == "hv_dual":
        kva = str(c.application.requested_kva)
        found.append({"item": "high_reliability_10kv", "quantity": kva})
    if c.plan.events & {"paid", "partial", "over", "unpaid", "unmatched"}:
        price = f"{8_000 + 37 * c.application.requested_kva}.00"
        basis = f"委托工程预算 {c.now.year}-{c.plan.serial + 1:03d} 号"
        works = {"item": "commissioned_works", "quantity": "1", "price_yuan": price, "basis": basis}
        found.append(works)
    return found


def scheme_of(application: ConnectionApplication) -> SupplyScheme:
    """The latest round."""
    latest: SupplyScheme = application.schemes.select_related("chosen").order_by("-round")[0]
    return latest

"""A year of a managers' region: talks, promises, complaints, scores, services, plans, chances,
orders of departments, the month's evaluation. Written straight into the tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Any

from bench.managers_region import DEPARTMENTS, Region, months_before, stored

_TALKS = 3
"""Talks a customer and year; every other customer was promised something in each."""
_SERVICES = 4
_SHAPE = [round(0.6 + 0.8 * n / 95, 4) for n in range(96)]


def make_year(region: Region, orders: int, random: Random) -> None:
    """All of it, in the order in which one rests on the other."""
    talks = _make_talks(region, random)
    _make_promises(region, talks, random)
    _make_complaints(region, random)
    _make_scores(region, random)
    _make_survey(region, random)
    _make_services(region, random)
    _make_plans(region, random)
    _make_chances(region, random)
    _evaluate(region)
    _make_segments(region, random)
    _make_orders(region, orders, random)
    _send_orders(region)


def _moment(region: Region, random: Random, days: int = 365) -> dt.datetime:
    return region.at - dt.timedelta(minutes=random.randrange(1, days * 24 * 60))


def _each(region: Region) -> Any:
    return zip(region.customers, region.leads, strict=True)


def _make_talks(region: Region, random: Random) -> list[Any]:
    from busbar.service_desk.models import Interaction

    def talk(customer: Any, lead: Any, n: int) -> Any:
        at, is_planned = _moment(region, random), n == 0 and customer.pk % 40 == 0
        return Interaction(
            customer=customer,
            unit_id=lead.unit_id,
            owner=lead,
            kind=random.choice(["visit", "meeting", "call"]),
            state="planned" if is_planned else "done",
            subject="走访",
            planned_at=region.at + dt.timedelta(days=2) if is_planned else None,
            happened_at=None if is_planned else at,
            minutes="" if is_planned else "谈了用电与检修安排",
            entered_at=at,
            entered_by_name=lead.name,
        )

    return stored(talk(c, lead, n) for c, lead in _each(region) for n in range(_TALKS))


def _clock(limit: Any, unit_id: int, started: dt.datetime, due: dt.datetime, key: int) -> Any:
    from busbar.clocks.models import Clock

    return Clock(
        limit=limit, code=limit.code, unit_id=unit_id, subject_type="service_desk.promise",
        subject_id=key, state="running", started_at=started, latest_at=started, due_at=due,
    )  # fmt: skip


def _make_promises(region: Region, talks: list[Any], random: Random) -> None:
    from busbar.clocks.models import TimeLimit
    from busbar.service_desk.models import Promise

    limit = TimeLimit.objects.filter(code="promise").order_by("-valid_from")[0]
    said = [talk for talk in talks if talk.customer_id % 2 and talk.state == "done"]
    due = [t.happened_at + dt.timedelta(days=random.randrange(5, 60)) for t in said]
    clocks = stored(
        _clock(limit, talk.unit_id, talk.happened_at, until, talk.pk)
        for talk, until in zip(said, due, strict=True)
    )

    def promise(talk: Any, clock: Any) -> Any:
        is_kept = clock.due_at < region.at and random.random() < 0.95
        kept_at = clock.due_at + dt.timedelta(days=random.choice([-3, -2, -1, 1]))
        return Promise(
            customer_id=talk.customer_id,
            unit_id=talk.unit_id,
            owner_id=talk.owner_id,
            interaction=talk,
            text="一个月内答复扩容方案",
            made_to="王工",
            made_at=talk.happened_at,
            made_by_name="m",
            due_days=20,
            clock=clock,
            state="kept" if is_kept else "open",
            kept_at=kept_at if is_kept else None,
            evidence="已书面答复" if is_kept else "",
        )

    stored(promise(talk, clock) for talk, clock in zip(said, clocks, strict=True))


def _make_complaints(region: Region, random: Random) -> None:
    from busbar.service_desk.models import Complaint
    from busbar.service_desk.models.complaints import ComplaintChannel, ComplaintKind

    def complaint(customer: Any, lead: Any, n: int) -> Any:
        at, is_open = _moment(region, random), n == 0 or random.random() < 0.04
        done = {} if is_open else {
            "answered_at": at, "answer": "已答复", "is_justified": customer.pk % 2 == 0,
            "verified_at": at, "is_satisfied": True,
        }  # fmt: skip
        return Complaint(
            number=f"TS{customer.pk}", customer=customer, unit=customer.unit, owner=lead,
            kind=random.choice(ComplaintKind.values), channel=ComplaintChannel.values[0],
            person="王工", text="停电频繁", received_at=at, entered_by_name="m",
            state="accepted" if is_open else "verified", **done,
        )  # fmt: skip

    complaining = list(_each(region))[::5]
    stored(complaint(c, lead, n) for n, (c, lead) in enumerate(complaining))


def _make_scores(region: Region, random: Random) -> None:
    from busbar.service_desk.models import ImprovementTask, SatisfactionScore

    def score(customer: Any, *, is_current: bool) -> Any:
        value = Decimal(random.randrange(4000, 9900)) / 100
        return SatisfactionScore(
            customer=customer, at=_moment(region, random), checked_at=region.at, score=value,
            low=value - 5, high=value + 5, prior=80, evidence_weight=4, evidence_sum=320,
            parts=[{"kind": "complaint", "count": 1, "weight": 1, "mean": 20, "pull": -3}],
            is_current=is_current,
        )  # fmt: skip

    stored(score(c, is_current=n == 0) for c in region.customers for n in range(3))
    stored(
        ImprovementTask(
            customer=c, unit=c.unit, owner=lead, opened_at=_moment(region, random, 20),
            score_before=82, score_now=70, reasons=[["投诉", 1, -8.0]],
        )
        for c, lead in _each(region)
        if c.pk % 100 == 0
    )  # fmt: skip


def _make_survey(region: Region, random: Random) -> None:
    from busbar.service_desk.models import Questionnaire, Survey, SurveyInvitation

    survey = Survey.objects.create(
        code=f"S{region.root}", name="年度调查", questionnaire=Questionnaire.objects.latest("id"),
        unit=region.counties[0].parent.parent, opened_at=region.at, seed=1,
        closes_on=region.at.date() + dt.timedelta(days=30), population=len(region.customers),
    )  # fmt: skip
    states = [random.choice(["waiting", "answered", "refused"]) for _ in region.customers]
    stored(
        SurveyInvitation(
            survey=survey, customer=c, state=state,
            answered_at=None if state == "waiting" else _moment(region, random, 20),
        )
        for c, state in zip(region.customers, states, strict=True)
    )  # fmt: skip


def _make_services(region: Region, random: Random) -> None:
    from busbar.key_accounts.models import BasicService, ServiceDue
    from busbar.kit.errors import Phrase

    services = list(BasicService.objects.order_by("id"))
    today = region.at.date()

    def due(customer: Any, lead: Any, n: int) -> Any:
        day = today + dt.timedelta(days=random.randrange(-300, 60))
        is_open = day >= today - dt.timedelta(days=5)
        return ServiceDue(
            service=services[(customer.pk + n) % len(services)], customer=customer,
            unit_id=lead.unit_id, owner=lead, key=f"bench:{customer.pk}:{n}",
            cause=Phrase("每 %(days)s 天一次", days=90),
            raised_at=region.at, due_on=day, state="open" if is_open else "done",
            done_at=None if is_open else region.at - dt.timedelta(days=(today - day).days),
            done_on=None if is_open else day,
            record="" if is_open else "已办",
        )  # fmt: skip

    stored(due(c, lead, n) for c, lead in _each(region) for n in range(_SERVICES))


def _make_plans(region: Region, random: Random) -> None:
    from busbar.key_accounts.models import AccountPlan, PlanMeasure

    plans = stored(
        AccountPlan(
            scope="customer", customer=c, unit_id=lead.unit_id, owner=lead, year=region.at.year,
            state="agreed", opened_at=region.at, budget_yuan=50_000,
        )
        for c, lead in _each(region)
    )  # fmt: skip
    today = region.at.date()
    stored(
        PlanMeasure(
            plan=plan, text="开展能效诊断", owner_id=plan.owner_id, changed_at=region.at,
            due_on=today + dt.timedelta(days=random.randrange(1, 300)),
            progress_percent=random.randrange(0, 100),
        )
        for plan in plans
        for _ in range(3)
    )  # fmt: skip


def _make_chances(region: Region, random: Random) -> None:
    from busbar.key_accounts.models import Opportunity, ValueAddedProduct

    products = list(ValueAddedProduct.objects.order_by("id"))
    stored(
        Opportunity(
            customer=c, unit_id=lead.unit_id, owner=lead, product=random.choice(products),
            stage=random.choice(["found", "accepted", "delivered"]), reason="力调电费偏高",
            expected_yuan=random.randrange(10_000, 900_000), found_at=_moment(region, random),
        )
        for c, lead in _each(region)
    )  # fmt: skip


def _evaluate(region: Region) -> None:
    """By the operations that evaluate a billed month."""
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.key_accounts.operations import assess_month, evaluate_month
    from busbar.kit.periods import Month

    month = Month.parse(months_before(region.at, 1)[0])
    evaluate_month(month=month, by=SYSTEM_VIEWER, at=region.at)
    assess_month(month=month, by=SYSTEM_VIEWER, at=region.at)


def _make_segments(region: Region, random: Random) -> None:
    from busbar.key_accounts import models

    made, is_new = models.Segmentation.objects.get_or_create(
        month=months_before(region.at, 1)[0], defaults={"seed": 1, "made_at": region.at}
    )
    kinds = models.ShapeKind.values
    shapes = list(made.shapes.all()) if not is_new else stored(
        models.LoadShape(
            segmentation=made, code=f"S{n}", kind=kinds[n % len(kinds)], profile=_SHAPE, customers=1
        )
        for n in range(8)
    )  # fmt: skip
    stored(
        models.CustomerSegment(
            segmentation=made, customer=c, shape=random.choice(shapes),
            section=random.choice("CDGH"), band=random.choice(["large", "medium"]),
            annual_revenue_yuan=random.randrange(100_000, 90_000_000),
        )
        for c in region.customers
    )  # fmt: skip


def _make_orders(region: Region, count: int, random: Random) -> None:
    """Closed ones over the year, of which three in a hundred are still under way."""
    from busbar.access.models import Mandate
    from busbar.key_accounts.models import DepartmentOrder

    mandates = [m for m in Mandate.objects.order_by("id") if m.department_kind in DEPARTMENTS]
    county_of = {unit.path[:9]: unit.pk for unit in region.counties}
    pairs = list(_each(region))

    def order(n: int) -> Any:
        (customer, lead), mandate = random.choice(pairs), random.choice(mandates)
        at, is_open = _moment(region, random), random.random() < 0.03
        replied = at + dt.timedelta(hours=random.randrange(1, 60))
        county = county_of[lead.unit.path[:9]]
        department = region.departments[county, mandate.department_kind]
        return DepartmentOrder(
            number=f"ZL{region.root}{n:07}", customer=customer, kind=mandate.order_kind,
            kind_name=mandate.order_kind, title="请到现场处理", details="客户来电",
            mandate=mandate, ordered_by=lead, unit_id=lead.unit_id, department=department,
            holder=department, department_role=mandate.department_role, ordered_at=at,
            replied_at=replied, reply_late=random.random() < 0.1,
            state="working" if is_open else random.choice(["solved"] * 4 + ["passed_on"]),
            closed_at=None if is_open else min(replied + dt.timedelta(days=2), region.at),
        )  # fmt: skip

    stored(order(n) for n in range(count))


def _send_orders(region: Region) -> None:
    """Some by the operation, with process and tasks, for the first manager's customers."""
    from busbar.access.queries import get_viewer
    from busbar.key_accounts.operations.sending import OrderDraft, send_order
    from busbar.kit.errors import Refusal

    manager = region.managers[0]
    viewer = get_viewer(manager.user)
    mine = [customer for customer, lead in _each(region) if lead.pk == manager.pk]
    draft = OrderDraft("metering_fault", "表计连续三天缺数", "请到现场检查采集终端")
    for customer in mine[:20]:
        try:
            send_order(customer_number=customer.number, draft=draft, by=viewer, at=region.at)
        except Refusal as refusal:
            print(refusal)
            return

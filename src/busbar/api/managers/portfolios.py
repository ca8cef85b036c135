"""Portfolios, handovers, measures, qualifications, agreements and standards for programs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from busbar.access.models import OrganizationUnit
from busbar.api.paging import Day, Group, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Sent, Sentence, Short, now, seen_unit
from busbar.customers.models import TeamRole
from busbar.key_accounts.models import Handover, ManagerQualification
from busbar.key_accounts.operations import assigning
from busbar.key_accounts.queries import agreements as agreements_queries
from busbar.key_accounts.queries import measures as measures_queries
from busbar.key_accounts.queries import portfolios as portfolios_queries
from busbar.key_accounts.queries import qualifications as qualifications_queries
from busbar.key_accounts.queries import standards as standards_queries
from busbar.key_accounts.queries.agreements import SheetLine
from busbar.key_accounts.queries.measures import Measure
from busbar.key_accounts.queries.portfolios import CustomerLine, Portfolio
from busbar.key_accounts.scoring import Share
from busbar.kit.periods import CHINA, local_date

portfolios, handovers, measures = Router(), Router(), Router()
qualifications, agreements, standards = Router(), Router(), Router()


class PortfolioOut(Schema):
    """A manager's customers as A角 and B角, and the weighted load."""

    employee: str
    name: str
    unit: str
    customers: int
    deputies: int
    important: int
    accounts: int
    orders: int
    load: Decimal
    warning: str

    @staticmethod
    def resolve_employee(row: Portfolio) -> str:
        """The staff number."""
        return row.employee.number

    @staticmethod
    def resolve_name(row: Portfolio) -> str:
        """In words."""
        return row.employee.name

    @staticmethod
    def resolve_unit(row: Portfolio) -> str:
        """Where the manager works."""
        return row.employee.unit.code


class PortfolioLineOut(Schema):
    """One customer of a portfolio, or without a manager."""

    number: str
    name: str
    importance: str
    role: str
    accounts: int
    orders: int

    @staticmethod
    def resolve_number(row: CustomerLine) -> str:
        """The customer."""
        return row.customer.number

    @staticmethod
    def resolve_name(row: CustomerLine) -> str:
        """In words."""
        return row.customer.name

    @staticmethod
    def resolve_importance(row: CustomerLine) -> str:
        """The grade."""
        return row.customer.importance


class PortfolioPageOut(Schema):
    """Some lines; `next` goes into `after`, empty at the end."""

    items: list[PortfolioLineOut]
    next: str


class BalanceMoveOut(Schema):
    """A customer that would level two managers."""

    customer: str
    from_employee: str
    to_employee: str
    weight: Decimal


class HandoverOut(Schema):
    """Customers that passed from one manager to another."""

    number: str
    from_employee: str
    to_employee: str
    reason: str
    until: dt.date | None
    state: str
    moved: int
    at: dt.datetime

    @staticmethod
    def resolve_from_employee(row: Handover) -> str:
        """Who gave."""
        return row.from_employee.number

    @staticmethod
    def resolve_to_employee(row: Handover) -> str:
        """Who took."""
        return row.to_employee.number


class HandoverIn(Sent):
    """All customers (left out) or some; `until` is the last day of a stand-in."""

    from_employee: Short
    to_employee: Short
    customers: Annotated[list[Short], Field(max_length=500)] | None = None
    reason: Annotated[Sentence, Field(min_length=1, max_length=300)]
    until: Day | None = None


class HandoverReturnIn(Sent):
    """Why it is given back."""

    reason: Annotated[Sentence, Field(min_length=1, max_length=300)]


class AssignmentIn(Sent):
    """Who is to be the customer's A角 or B角."""

    customer: Short
    employee: Short
    role: Literal["lead", "deputy"] = "lead"


class ShareOut(Schema):
    """So many of so many with Wilson's interval of 95 %."""

    part: int
    whole: int
    low: float
    high: float
    value: float | None

    @staticmethod
    def resolve_value(row: Share) -> float | None:
        """The share itself."""
        return row.value


class OrderMeasureOut(Schema):
    """What somebody made of the orders closed in the period."""

    name: str
    unit_name: str
    closed: int
    solved: ShareOut
    passed_on: ShareOut
    first_time: ShareOut
    on_time: ShareOut
    climbed: ShareOut
    waiting_hours: float | None
    is_ranked: bool


class ManagerQualificationOut(Schema):
    """A certificate of a manager."""

    employee: str
    kind: str
    certificate: str
    issued_on: dt.date
    valid_until: dt.date

    @staticmethod
    def resolve_employee(row: ManagerQualification) -> str:
        """The staff number."""
        return row.employee.number


class AgreementSheetOut(Schema):
    """One pair of departments and kind of order in a period."""

    receiver: str
    provider: str
    kind: str
    agreement: str
    on_time: ShareOut
    solved: ShareOut
    of_provider: float | None
    of_receiver: float | None

    @staticmethod
    def resolve_receiver(row: SheetLine) -> str:
        """Who ordered."""
        return row.receiver.code

    @staticmethod
    def resolve_provider(row: SheetLine) -> str:
        """Who answered."""
        return row.provider.code

    @staticmethod
    def resolve_agreement(row: SheetLine) -> str:
        """The number of the latest agreement of the pair; empty without one."""
        return row.agreement.number if row.agreement else ""


class ServiceStandardOut(Schema):
    """One figure of the standard as it holds for the caller's unit."""

    code: str
    name: str
    sense: str
    amount: Decimal
    measure: str
    valid_from: dt.date
    source: str
    certainty: str


@portfolios.get("", response=answers(list[PortfolioOut], 404), operation_id="list_portfolios")
def list_portfolios(request: HttpRequest, group: Group = "", unit: Short = "") -> list[Portfolio]:
    """各大客户经理的户数与负荷；给出单位时只列其下的经理，给出集团时只计该集团的客户。"""
    viewer = viewer_of(request, group)
    within = seen_unit(viewer, unit) if unit else None
    return portfolios_queries.list_portfolios(viewer, on=local_date(now()), within=within)


@portfolios.get("/unowned", response=answers(PortfolioPageOut), operation_id="list_unowned")
def list_unowned(request: HttpRequest, after: str = "") -> dict[str, Any]:
    """无主客户：没有A角的客户。"""
    page = portfolios_queries.list_unowned(viewer_of(request), after=after)
    return {"items": page.lines, "next": page.after}


@portfolios.get(
    "/balance/{unit}",
    response=answers(list[BalanceMoveOut], 404),
    operation_id="suggest_balance",
)
def suggest_balance(request: HttpRequest, unit: str) -> list[dict[str, Any]]:
    """负荷均衡建议：什么都不改。"""
    viewer = viewer_of(request)
    found = portfolios_queries.suggest_balance(
        viewer, seen_unit(viewer, unit), on=local_date(now())
    )
    return [
        {
            "customer": customer.number,
            "from_employee": giver.number,
            "to_employee": taker.number,
            "weight": move.weight,
        }
        for move, customer, giver, taker in found.moves
    ]


@portfolios.get(
    "/of/{employee}", response=answers(PortfolioPageOut, 404), operation_id="get_portfolio"
)
def get_portfolio(request: HttpRequest, employee: str, after: str = "") -> dict[str, Any]:
    """一名经理的客户。"""
    viewer = viewer_of(request)
    people = portfolios_queries.list_managers(viewer)
    person = next((p for p in people if p.number == employee), None)
    if person is None:
        raise OrganizationUnit.DoesNotExist
    page = portfolios_queries.list_portfolio(viewer, person.pk, after=after)
    return {"items": page.lines, "next": page.after}


@portfolios.post(
    "/assignments", response=answers(PortfolioPageOut, 400, 403, 409), operation_id="assign_manager"
)
def assign_manager(request: HttpRequest, body: AssignmentIn) -> dict[str, Any]:
    """分配A角或B角；A角须有客户等级所需的资格。"""
    viewer = viewer_of(request)
    member = assigning.assign_manager(
        customer_number=body.customer,
        employee_number=body.employee,
        role=TeamRole(body.role),
        by=viewer,
        at=now(),
    )
    page = portfolios_queries.list_portfolio(viewer, member.employee_id, text=body.customer)
    return {"items": page.lines, "next": page.after}


@handovers.get("", response=answers(list[HandoverOut]), operation_id="list_handovers")
def list_handovers(request: HttpRequest, group: Group = "") -> list[Handover]:
    """最近的客户移交；给出集团时只列涉及其客户的。"""
    return portfolios_queries.list_handovers(viewer_of(request, group))


@handovers.post("", response=answers(HandoverOut, 400, 403, 409), operation_id="hand_over")
def hand_over(request: HttpRequest, body: HandoverIn) -> Handover:
    """移交全部或部分客户，未结的任务和指令一起移交。"""
    return assigning.hand_over(
        from_number=body.from_employee,
        to_number=body.to_employee,
        customers=body.customers,
        reason=body.reason,
        until=body.until,
        by=viewer_of(request),
        at=now(),
    )


@handovers.post(
    "/{number}/return", response=answers(HandoverOut, 400, 403, 409), operation_id="return_handover"
)
def return_handover(request: HttpRequest, number: str, body: HandoverReturnIn) -> Handover:
    """以另一次移交交还。"""
    return assigning.return_handover(
        number=number, reason=body.reason, by=viewer_of(request), at=now()
    )


@measures.get("", response=answers(list[OrderMeasureOut]), operation_id="measure_orders")
def measure_orders(
    request: HttpRequest,
    *,
    since: Day,
    until: Day,
    by: Literal["manager", "department"],
    group: Group = "",
) -> list[Measure]:
    """[since, until) 办结的指令，按经理或承办部门：解决率、传声筒指数、首次解决率、按期率。"""
    return measures_queries.measure(
        viewer_of(request, group), by=by, since=_midnight(since), until=_midnight(until)
    )


@qualifications.get(
    "", response=answers(list[ManagerQualificationOut]), operation_id="list_qualifications"
)
def list_qualifications(request: HttpRequest) -> list[ManagerQualification]:
    """经理资格证书，先到期的在前；至多 200 张。"""
    return list(qualifications_queries.list_qualifications(viewer_of(request))[:200])


@agreements.get(
    "/sheet", response=answers(list[AgreementSheetOut]), operation_id="get_agreement_sheet"
)
def get_sheet(request: HttpRequest, since: Day, until: Day) -> list[SheetLine]:
    """部门之间的履约：[since, until) 办结的指令。"""
    return agreements_queries.get_sheet(
        viewer_of(request), since=_midnight(since), until=_midnight(until)
    )


@standards.get(
    "", response=answers(list[ServiceStandardOut]), operation_id="list_service_standards"
)
def list_standards(request: HttpRequest) -> list[Any]:
    """对本单位现行有效的服务标准。"""
    viewer = viewer_of(request)
    found = standards_queries.get_standards(on=local_date(now()), unit_path=viewer.unit_path)
    return [found[code] for code in sorted(found)]


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=CHINA)

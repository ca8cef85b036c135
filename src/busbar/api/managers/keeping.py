"""What offices keep of managers, for programs: certificates, courses, standards, agreements.

The acts stand on the routers of what is read (portfolios.py): one address, several methods.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.managers.portfolios import (
    ManagerQualificationOut,
    ServiceStandardOut,
    agreements,
    qualifications,
    standards,
)
from busbar.api.paging import Day, Limit, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Figure, Sent, Sentence, Short, Tenths, now, seen_unit
from busbar.key_accounts.models import (
    ManagerQualification,
    ServiceAgreement,
    ServiceStandard,
    TrainingRecord,
)
from busbar.key_accounts.operations import agreeing, qualifying
from busbar.key_accounts.operations.agreeing import Promise
from busbar.key_accounts.operations.standards import set_local_standard
from busbar.key_accounts.queries import agreements as agreements_queries
from busbar.key_accounts.queries import qualifications as qualifications_queries

training = Router()
Number = Annotated[Short, Field(min_length=1, max_length=60)]
Why = Annotated[Sentence, Field(min_length=1, max_length=300)]


class ManagerQualificationIn(Sent):
    """A certificate; until when it holds follows from its kind."""

    employee: Short
    kind: Annotated[Short, Field(max_length=30)]
    certificate: Number
    issuer: Annotated[Short, Field(min_length=1)]
    issued_on: Day


class RevocationIn(Sent):
    """Which certificate no longer holds from which day on, and why."""

    kind: Annotated[Short, Field(max_length=30)]
    certificate: Number
    revoked_on: Day
    reason: Why


class TrainingRecordOut(Schema):
    """培训记录."""

    employee: str
    course: str
    hours: Decimal
    completed_on: dt.date
    score: Decimal | None
    passed: bool

    @staticmethod
    def resolve_employee(row: TrainingRecord) -> str:
        """The staff number."""
        return row.employee.number


class TrainingRecordIn(Sent):
    """A course that somebody took: hours and score as text."""

    employee: Short
    course: Annotated[Short, Field(min_length=1)]
    hours: Tenths
    completed_on: Day
    score: Tenths | None = None
    passed: bool = True


class ServiceStandardIn(Sent):
    """A company's own figure from a day on, and its ground."""

    unit: Short
    amount: Figure
    valid_from: Day
    source: Why


class ServiceAgreementOut(Schema):
    """内部服务协议."""

    number: str
    provider: str
    receiver: str
    order_kind: str
    promise: str
    reply_limit: str
    work_limit: str
    valid_from: dt.date
    valid_until: dt.date | None
    source: str

    @staticmethod
    def resolve_provider(row: ServiceAgreement) -> str:
        """Who answers."""
        return row.provider.code

    @staticmethod
    def resolve_receiver(row: ServiceAgreement) -> str:
        """Who orders."""
        return row.receiver.code


class ServiceAgreementIn(Sent):
    """Who promises whom what, by which limits, from a day on."""

    provider: Short
    receiver: Short
    order_kind: Annotated[Short, Field(min_length=1, max_length=30)]
    words: Annotated[Sentence, Field(min_length=1)]
    reply_limit: Annotated[Short, Field(max_length=60)]
    work_limit: Annotated[Short, Field(max_length=60)]
    valid_from: Day
    source: Why


class AgreementEndIn(Sent):
    """The first day without it, and why."""

    until: Day
    reason: Why


@qualifications.post(
    "",
    response=answers(ManagerQualificationOut, 400, 403, 409),
    operation_id="record_manager_qualification",
)
def record_qualification(
    request: HttpRequest, asked: Annotated[ManagerQualificationIn, Body()]
) -> ManagerQualification:
    """登记一张资格证书，失效日由资格种类推出。需“维护资格与培训”权限。"""
    said = asked.dict()
    return qualifying.record_qualification(
        employee_number=said.pop("employee"), **said, by=viewer_of(request), at=now()
    )


@qualifications.post(
    "/revoke",
    response=answers(ManagerQualificationOut, 400, 403, 409),
    operation_id="revoke_manager_qualification",
)
def revoke_qualification(
    request: HttpRequest, asked: Annotated[RevocationIn, Body()]
) -> ManagerQualification:
    """吊销一张证书，写明原因。"""
    return qualifying.revoke_qualification(**asked.dict(), by=viewer_of(request), at=now())


@training.get("", response=answers(list[TrainingRecordOut]), operation_id="list_manager_training")
def list_training(request: HttpRequest, limit: Limit = 50) -> list[TrainingRecord]:
    """最近的培训记录。"""
    return qualifications_queries.list_training(viewer_of(request), limit=limit)


@training.post(
    "",
    response=answers(TrainingRecordOut, 400, 403, 409),
    operation_id="record_manager_training",
)
def record_training(
    request: HttpRequest, asked: Annotated[TrainingRecordIn, Body()]
) -> TrainingRecord:
    """登记一门课程。需“维护资格与培训”权限。"""
    said = asked.dict()
    return qualifying.record_training(
        employee_number=said.pop("employee"), **said, by=viewer_of(request), at=now()
    )


@standards.post(
    "/{code}/versions",
    response=answers(ServiceStandardOut, 400, 403, 404, 409),
    operation_id="set_service_standard",
)
def set_standard(
    request: HttpRequest, code: Short, asked: Annotated[ServiceStandardIn, Body()]
) -> ServiceStandard:
    """另定本公司的数值：最上级公司核定，以下各级只能从严。"""
    viewer = viewer_of(request)
    return set_local_standard(
        unit=seen_unit(viewer, asked.unit), code=code, amount=asked.amount,
        valid_from=asked.valid_from, source=asked.source, by=viewer, at=now(),
    )  # fmt: skip


@agreements.get(
    "", response=answers(list[ServiceAgreementOut]), operation_id="list_service_agreements"
)
def list_agreements(request: HttpRequest, limit: Limit = 100) -> list[ServiceAgreement]:
    """本单位作为任何一方的内部服务协议。"""
    return list(agreements_queries.list_agreements(viewer_of(request))[:limit])


@agreements.post(
    "",
    response=answers(ServiceAgreementOut, 400, 403, 409),
    operation_id="sign_service_agreement",
)
def sign_agreement(
    request: HttpRequest, asked: Annotated[ServiceAgreementIn, Body()]
) -> ServiceAgreement:
    """登记两个部门之间的协议，不得宽于授权的时限。"""
    promise = Promise(**asked.dict())
    return agreeing.sign_agreement(promise=promise, by=viewer_of(request), at=now())


@agreements.post(
    "/{number}/end",
    response=answers(ServiceAgreementOut, 400, 403, 404, 409),
    operation_id="end_service_agreement",
)
def end_agreement(
    request: HttpRequest, number: Short, asked: Annotated[AgreementEndIn, Body()]
) -> ServiceAgreement:
    """终止协议，写明原因。"""
    viewer = viewer_of(request)
    agreements_queries.list_agreements(viewer).get(number=number)
    return agreeing.end_agreement(
        number=number, until=asked.until, reason=asked.reason, by=viewer, at=now()
    )

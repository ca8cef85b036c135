"""What people decide about key accounts, for programs: needs, overrides, grades, yearly reviews."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.api.paging import Day, MonthText, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import JSON_NUMBER, Id, Sent, Sentence, Short, between, now
from busbar.customers import queries as customers_queries
from busbar.customers.models import Customer
from busbar.key_accounts import operations
from busbar.key_accounts.models import (
    Category,
    CustomerNeed,
    ImportanceAssessment,
    NeedKind,
    OverrideState,
    RecognitionOverride,
    ReviewItem,
    ReviewState,
    YearlyReview,
)
from busbar.key_accounts.queries import recognition as recognition_queries
from busbar.key_accounts.queries import review as review_queries
from busbar.key_accounts.queries import segments as segments_queries

needs, overrides, assessments, reviews = Router(), Router(), Router(), Router()
Year = Annotated[int, between(2000, 2100), JSON_NUMBER]
PathYear = Annotated[int, between(2000, 2100)]
Why = Annotated[Sentence, Field(min_length=1, max_length=300)]
_MOST_CRITERIA = 50


class OfCustomerOut(Schema):
    """Whose it is."""

    id: int
    customer_number: str

    @staticmethod
    def resolve_customer_number(
        row: CustomerNeed | RecognitionOverride | ImportanceAssessment,
    ) -> str:
        """客户编号."""
        return row.customer.number


class CustomerNeedOut(OfCustomerOut):
    """客户需求."""

    kind: NeedKind
    text: str
    recorded_at: dt.datetime
    met_at: dt.datetime | None
    met_how: str


class CustomerNeedIn(Sent):
    """What a customer said it needs."""

    customer_number: Short
    kind: NeedKind
    text: Why


class NeedMetIn(Sent):
    """How it was met."""

    how: Why


class OverrideOut(OfCustomerOut):
    """人工认定."""

    category: Category
    holds: bool
    reason: str
    state: OverrideState
    valid_from: dt.date
    expires_on: dt.date
    proposed_by: str
    decided_by: str


class OverrideIn(Sent):
    """That a customer is, or is not, in a category until a day, and why."""

    customer_number: Short
    category: Category
    holds: bool
    reason: Why
    expires_on: Day


class DecisionIn(Sent):
    """Approved or refused; never by whoever asked."""

    approved: bool


class AssessmentOut(OfCustomerOut):
    """重要性评定."""

    answers: dict[str, str]
    grade: str
    state: OverrideState
    remark: str
    proposed_by: str
    decided_by: str


class ConsequenceIn(Sent):
    """A consequence that applies, by its criterion's code, and what says so."""

    criterion: Short
    basis: Sentence


class AssessmentIn(Sent):
    """Which consequences apply: the criterion's code, and what each rests on."""

    customer_number: Short
    answers: Annotated[list[ConsequenceIn], Field(max_length=_MOST_CRITERIA)]
    remark: Annotated[Sentence, Field(max_length=300)] = ""


class YearlyReviewOut(Schema):
    """年度复评."""

    year: int
    month: str
    state: ReviewState
    opened_at: dt.datetime
    submitted_at: dt.datetime | None
    adopted_at: dt.datetime | None

    @staticmethod
    def resolve_month(row: YearlyReview) -> str:
        """The evaluation it rests on."""
        return row.run.month


class YearlyReviewIn(Sent):
    """The year, and the evaluated month (the newest unless named)."""

    year: Year
    month: MonthText | None = None


class ReviewDecisionOut(Schema):
    """What the list will say of a customer in a category."""

    id: int
    decided: bool
    reason: str
    expires_on: dt.date | None


class ReviewDecisionIn(Sent):
    """On the list or not; against the rules only with reason and expiry."""

    decided: bool
    reason: Annotated[Sentence, Field(max_length=300)] = ""
    expires_on: Day | None = None


class ReviewReturnIn(Sent):
    """Why it is given back."""

    reason: Why


@needs.get("", response=answers(list[CustomerNeedOut], 404), operation_id="list_customer_needs")
def list_needs(request: HttpRequest, customer: Text = "") -> list[CustomerNeed]:
    """客户需求，未满足的在前；至多 200 项。"""
    viewer = viewer_of(request)
    pk = customers_queries.get_customer(viewer, customer).pk if customer else None
    return segments_queries.list_needs(viewer, customer_id=pk)


@needs.post(
    "", response=answers(CustomerNeedOut, 400, 403, 404, 409), operation_id="record_customer_need"
)
def record_need(request: HttpRequest, asked: Annotated[CustomerNeedIn, Body()]) -> CustomerNeed:
    """登记客户的一项需求。需“评定大客户”权限。"""
    return operations.record_need(
        customer=_customer(request, asked.customer_number), kind=asked.kind, text=asked.text,
        by=viewer_of(request), at=now(),
    )  # fmt: skip


@needs.post(
    "/{need_id}/meet",
    response=answers(CustomerNeedOut, 400, 403, 404, 409),
    operation_id="meet_customer_need",
)
def meet_need(
    request: HttpRequest, need_id: Id, asked: Annotated[NeedMetIn, Body()]
) -> CustomerNeed:
    """登记怎样满足的。"""
    return operations.meet_need(need_id=need_id, how=asked.how, by=viewer_of(request), at=now())


@overrides.get(
    "", response=answers(list[OverrideOut], 404), operation_id="list_recognition_overrides"
)
def list_overrides(request: HttpRequest, customer: Text = "") -> list[RecognitionOverride]:
    """待批准与生效的人工认定；给出客户时列出其全部。"""
    viewer = viewer_of(request)
    pk = customers_queries.get_customer(viewer, customer).pk if customer else None
    return recognition_queries.list_overrides(viewer, customer_id=pk)


@overrides.post(
    "",
    response=answers(OverrideOut, 400, 403, 404, 409),
    operation_id="propose_recognition_override",
)
def propose_override(
    request: HttpRequest, asked: Annotated[OverrideIn, Body()]
) -> RecognitionOverride:
    """提出一项人工认定，写明理由和到期日。需“评定大客户”权限。"""
    said = asked.dict()
    customer = _customer(request, said.pop("customer_number"))
    return operations.propose_override(customer=customer, **said, by=viewer_of(request), at=now())


@overrides.post(
    "/{override_id}/decide",
    response=answers(OverrideOut, 400, 403, 404, 409),
    operation_id="decide_recognition_override",
)
def decide_override(
    request: HttpRequest, override_id: Id, asked: Annotated[DecisionIn, Body()]
) -> RecognitionOverride:
    """批准或不批准；提出人不能批准自己提出的。"""
    return operations.decide_override(
        override_id=override_id, approved=asked.approved, by=viewer_of(request), at=now()
    )


@overrides.post(
    "/{override_id}/end",
    response=answers(OverrideOut, 403, 404, 409),
    operation_id="end_recognition_override",
)
def end_override(request: HttpRequest, override_id: Id) -> RecognitionOverride:
    """提前结束，恢复按规则认定。"""
    return operations.end_override(override_id=override_id, by=viewer_of(request), at=now())


@assessments.get(
    "", response=answers(list[AssessmentOut], 404), operation_id="list_importance_assessments"
)
def list_assessments(request: HttpRequest, customer: Text = "") -> list[ImportanceAssessment]:
    """待复核的重要性评定；给出客户时列出其全部。"""
    viewer = viewer_of(request)
    pk = customers_queries.get_customer(viewer, customer).pk if customer else None
    return review_queries.list_assessments(viewer, customer_id=pk)


@assessments.post(
    "",
    response=answers(AssessmentOut, 400, 403, 404, 409),
    operation_id="propose_importance_grade",
)
def propose_grade(
    request: HttpRequest, asked: Annotated[AssessmentIn, Body()]
) -> ImportanceAssessment:
    """提出重要性评定：适用哪些判据、各凭什么。"""
    return operations.propose_grade(
        customer=_customer(request, asked.customer_number),
        answers={one.criterion: one.basis for one in asked.answers},
        remark=asked.remark,
        by=viewer_of(request),
        at=now(),
    )


@assessments.post(
    "/{assessment_id}/decide",
    response=answers(AssessmentOut, 400, 403, 404, 409),
    operation_id="decide_importance_grade",
)
def decide_grade(
    request: HttpRequest, assessment_id: Id, asked: Annotated[DecisionIn, Body()]
) -> ImportanceAssessment:
    """复核；通过即成为档案中的重要性等级。"""
    return operations.decide_grade(
        assessment_id=assessment_id, approved=asked.approved, by=viewer_of(request), at=now()
    )


@reviews.get("", response=answers(list[YearlyReviewOut]), operation_id="list_yearly_reviews")
def list_reviews(request: HttpRequest) -> list[YearlyReview]:
    """各年的复评，新的在前。"""
    return review_queries.list_reviews()


@reviews.post(
    "", response=answers(YearlyReviewOut, 400, 403, 409), operation_id="open_yearly_review"
)
def open_review(request: HttpRequest, asked: Annotated[YearlyReviewIn, Body()]) -> YearlyReview:
    """发起一年的复评。"""
    return operations.open_review(
        year=asked.year, month=asked.month or "", by=viewer_of(request), at=now()
    )


@reviews.post(
    "/items/{item_id}/decide",
    response=answers(ReviewDecisionOut, 400, 403, 404, 409),
    operation_id="decide_review_item",
)
def decide_item(
    request: HttpRequest, item_id: Id, asked: Annotated[ReviewDecisionIn, Body()]
) -> ReviewItem:
    """决定一项：与规则结果不同须写明理由和到期日。"""
    return operations.decide_item(item_id=item_id, **asked.dict(), by=viewer_of(request), at=now())


@reviews.post(
    "/{year}/submit",
    response=answers(YearlyReviewOut, 403, 404, 409),
    operation_id="submit_yearly_review",
)
def submit_review(request: HttpRequest, year: PathYear) -> YearlyReview:
    """提交名单待批准。"""
    return operations.submit_review(year=year, by=viewer_of(request), at=now())


@reviews.post(
    "/{year}/return",
    response=answers(YearlyReviewOut, 400, 403, 404, 409),
    operation_id="return_yearly_review",
)
def return_review(
    request: HttpRequest, year: PathYear, asked: Annotated[ReviewReturnIn, Body()]
) -> YearlyReview:
    """退回重新决定，写明原因。"""
    return operations.return_review(year=year, reason=asked.reason, by=viewer_of(request), at=now())


@reviews.post(
    "/{year}/adopt",
    response=answers(YearlyReviewOut, 403, 404, 409),
    operation_id="adopt_yearly_review",
)
def adopt_review(request: HttpRequest, year: PathYear) -> YearlyReview:
    """批准名单；提交人不能批准自己提交的。"""
    return operations.adopt_review(year=year, by=viewer_of(request), at=now())


def _customer(request: HttpRequest, number: str) -> Customer:
    """Customer.DoesNotExist where it is not seen."""
    return customers_queries.get_customer(viewer_of(request), number)

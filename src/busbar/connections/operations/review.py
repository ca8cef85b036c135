"""初审: the officer's look at the papers before anybody goes out (R51)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import ApplicationState, PreliminaryReview, ReviewResult
from busbar.connections.recording import record_step
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Refusal


class UnableToReviewApplication(Refusal):
    """The review cannot be recorded so."""


@transaction.atomic
def review_application(
    *,
    application_id: int,
    result: ReviewResult | str,
    findings: str = "",
    by: Viewer,
    at: dt.datetime,
) -> PreliminaryReview:
    """Write down what the preliminary review came to; a failed one says why and is repeated.

    Raises UnableToReviewApplication. Event `connections.application.reviewed`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToReviewApplication,
        states=[ApplicationState.ACCEPTED],
        what="初审",
    )
    last = application.reviews.order_by("-serial").first()
    if last is not None and last.result == ReviewResult.PASSED:
        raise UnableToReviewApplication(
            "申请 %(number)s 已通过初审，无需再审", number=application.number
        )
    result = ReviewResult(result)
    if result == ReviewResult.FAILED and not findings.strip():
        raise UnableToReviewApplication("初审不通过应写明问题")
    review = PreliminaryReview.objects.create(
        application=application,
        serial=(last.serial if last else 0) + 1,
        result=result,
        findings=findings.strip(),
        reviewed_at=at,
        reviewed_by=by.name,
    )
    record_step(
        event="connections.application.reviewed",
        application=application,
        actor=by.actor,
        at=at,
        changes={"result": result},
        reason=review.findings,
        facts={"review_result": str(result)},
    )
    return review

"""Applications as lists, one by one, by stage; and as the applicant follows his own (U33)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from busbar.access.keyset import beyond
from busbar.access.models import OrganizationUnit
from busbar.access.visibility import Viewer
from busbar.clocks.models import Clock, ClockState
from busbar.connections.models import (
    ApplicationState,
    CompletenessNotice,
    ConnectionApplication,
    GreenChannelGrant,
    GreenChannelState,
    SiteSurvey,
    SurveyState,
)
from busbar.connections.subjects import APPLICATION, STAGES

OPEN_STATES = (
    ApplicationState.SUBMITTED,
    ApplicationState.CORRECTING,
    ApplicationState.ACCEPTED,
    ApplicationState.SCHEME,
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
    ApplicationState.ENERGIZED,
)
"""On the way: neither archived nor ended early."""


@dataclass(frozen=True)
class ApplicationFilter:
    """What the list is narrowed to; empty values do not narrow. `unit_id` means its branch."""

    text: str = ""
    state: str = ""
    kind: str = ""
    supply_kind: str = ""
    stage: int | None = None
    unit_id: int | None = None
    officer_id: int | None = None
    is_open: bool = False
    late_at: dt.datetime | None = None
    """Only those with a running clock that was due before this moment."""


@dataclass(frozen=True)
class ApplicationRow:
    """A line of the list: the application, its next due moment, whether it passes the queue."""

    application: ConnectionApplication
    due_at: dt.datetime | None
    is_green: bool


@dataclass(frozen=True)
class ApplicationPage:
    """Some lines and the key after which the next page begins (None: there is none)."""

    rows: list[ApplicationRow]
    next_after: tuple[dt.datetime, int] | None


@dataclass(frozen=True)
class Expectation:
    """One thing that the applicant has to do."""

    name: str
    reason: str


@dataclass(frozen=True)
class ProgressStage:
    """One of the seven stages: `done`, `current` or `ahead`."""

    number: int
    name: str
    state: str


@dataclass(frozen=True)
class Progress:
    """What an applicant sees by number and query code: no name of any employee."""

    number: str
    applicant_name: str
    site_name: str
    state: str
    state_label: str
    stages: tuple[ProgressStage, ...]
    dates: tuple[tuple[str, dt.datetime], ...]
    expected: tuple[Expectation, ...]
    ended_reason: str
    ended_clause: str
    papers: tuple[tuple[str, str, dt.datetime], ...]


def list_applications(
    viewer: Viewer,
    *,
    filters: ApplicationFilter | None = None,
    after: tuple[dt.datetime, int] | None = None,
    limit: int = 50,
) -> ApplicationPage:
    """A page of the applications the viewer sees, newest first. Three queries.

    `after` is `next_after` of the page before.
    """
    found = _filtered(viewer, filters or ApplicationFilter())
    if after is not None:
        found = found.filter(beyond(("-submitted_at", "id"), after))
    found = found.select_related("unit", "officer", "customer").order_by("-submitted_at", "pk")
    applications = list(found[: limit + 1])
    more, applications = len(applications) > limit, applications[:limit]
    rows = _rows(applications)
    last = applications[-1] if more else None
    return ApplicationPage(rows, (last.submitted_at, last.pk) if last else None)


def iter_applications(
    viewer: Viewer, *, filters: ApplicationFilter | None = None
) -> Iterator[ApplicationRow]:
    """All lines of the list, in pages of 500, for exports."""
    after: tuple[dt.datetime, int] | None = None
    while True:
        page = list_applications(viewer, filters=filters, after=after, limit=500)
        yield from page.rows
        if page.next_after is None:
            return
        after = page.next_after


def count_applications(viewer: Viewer, *, filters: ApplicationFilter | None = None) -> int:
    """How many applications the filter leaves."""
    return _filtered(viewer, filters or ApplicationFilter()).count()


def count_by_stage(viewer: Viewer, *, filters: ApplicationFilter | None = None) -> dict[int, int]:
    """Applications on the way in each of the seven stages. One query."""
    found = _filtered(viewer, filters or ApplicationFilter()).filter(state__in=OPEN_STATES)
    counted = dict(found.values_list("stage").annotate(n=Count("pk")))
    return {stage: counted.get(stage, 0) for stage in STAGES}


def count_by_state(viewer: Viewer, *, filters: ApplicationFilter | None = None) -> dict[str, int]:
    """Applications in each state. One query."""
    found = _filtered(viewer, filters or ApplicationFilter())
    counted = dict(found.values_list("state").annotate(n=Count("pk")))
    return {state: counted.get(state, 0) for state in ApplicationState.values}


def get_application(viewer: Viewer, number: str) -> ConnectionApplication:
    """One application by its number; DoesNotExist when there is none the viewer sees."""
    found: ConnectionApplication = (
        ConnectionApplication.objects.visible_to(viewer)
        .select_related("unit", "officer", "customer", "account")
        .get(number=number)
    )
    return found


def find_by_query_code(number: str, query_code: str) -> ConnectionApplication | None:
    """The application that its own applicant asks for; None when number and code do not fit.

    The face that calls this limits how often a stranger may guess.
    """
    applications = ConnectionApplication.objects.select_related("account")
    found: ConnectionApplication | None = applications.filter(number=number).first()
    given = query_code.strip().upper().encode()
    if found is None or not secrets.compare_digest(found.query_code.encode(), given):
        return None
    return found


def get_progress(number: str, query_code: str) -> Progress | None:
    """How far the applicant's own matter has come and what is expected of him. Five queries."""
    application = find_by_query_code(number, query_code)
    return build_progress(application) if application else None


def build_progress(application: ConnectionApplication) -> Progress:
    """The progress of an application whose reader was checked. Four queries."""
    notice = application.notices.filter(answered_at=None).prefetch_related("items").first()
    surveys = list(application.surveys.exclude(state=SurveyState.CANCELLED).order_by("serial"))
    papers = application.papers.filter(revoked_at=None).order_by("issued_at")
    return Progress(
        number=application.number,
        applicant_name=application.applicant_name,
        site_name=application.site_name,
        state=application.state,
        state_label=str(ApplicationState(application.state).label),
        stages=tuple(
            ProgressStage(number, str(name), _stage_state(application, number))
            for number, name in STAGES.items()
        ),
        dates=tuple(_dates(application, surveys)),
        expected=tuple(_expected(application, notice)),
        ended_reason=application.ended_reason,
        ended_clause=application.ended_clause,
        papers=tuple((p.number, str(p.get_kind_display()), p.issued_at) for p in papers),
    )


def _filtered(
    viewer: Viewer, filters: ApplicationFilter
) -> QuerySet[ConnectionApplication, ConnectionApplication]:
    found: QuerySet[ConnectionApplication, ConnectionApplication] = (
        ConnectionApplication.objects.visible_to(viewer)
    )
    for name in ("state", "kind", "supply_kind", "stage", "officer_id"):
        if value := getattr(filters, name):
            found = found.filter(**{name: value})
    if text := filters.text.strip():
        found = found.filter(
            Q(number__icontains=text) | Q(applicant_name__icontains=text) | Q(credit_code=text)
        )
    if filters.unit_id is not None:
        path = OrganizationUnit.objects.values_list("path", flat=True).get(pk=filters.unit_id)
        found = found.filter(unit__in=OrganizationUnit.objects.in_branch(path).values("pk"))
    if filters.is_open:
        found = found.filter(state__in=OPEN_STATES)
    if filters.late_at is not None:
        found = found.filter(pk__in=_late_ids(filters.late_at))
    return found


def _late_ids(at: dt.datetime) -> QuerySet[Clock, int]:
    late = Clock.objects.filter(subject_type=APPLICATION, state=ClockState.RUNNING, due_at__lt=at)
    ids: QuerySet[Clock, int] = late.values_list("subject_id", flat=True)
    return ids


def _rows(applications: list[ConnectionApplication]) -> list[ApplicationRow]:
    ids = [application.pk for application in applications]
    running = Clock.objects.filter(
        subject_type=APPLICATION, subject_id__in=ids, state=ClockState.RUNNING
    )
    # Latest first, so that the soonest is what stands.
    due = dict(running.order_by("-due_at").values_list("subject_id", "due_at"))
    granted = GreenChannelGrant.objects.filter(application__in=ids, state=GreenChannelState.GRANTED)
    green = set(granted.values_list("application_id", flat=True))
    return [ApplicationRow(a, due.get(a.pk), a.pk in green) for a in applications]


def _stage_state(application: ConnectionApplication, number: int) -> str:
    if number < application.stage or application.state == ApplicationState.CLOSED:
        return "done"
    return "current" if number == application.stage else "ahead"


def _dates(
    application: ConnectionApplication, surveys: list[SiteSurvey]
) -> Iterator[tuple[str, dt.datetime]]:
    yield "提交申请", application.submitted_at
    if application.accepted_at:
        yield "受理", application.accepted_at
    for survey in surveys:
        if survey.state == SurveyState.PLANNED:
            yield "预约现场勘察", survey.planned_for
        elif survey.surveyed_at:
            yield "现场勘察", survey.surveyed_at
    if application.energized_at:
        yield "送电", application.energized_at
    if application.closed_at:
        yield "归档", application.closed_at


def _expected(
    application: ConnectionApplication, notice: CompletenessNotice | None
) -> Iterator[Expectation]:
    if application.state == ApplicationState.CORRECTING and notice is not None:
        for item in sorted(notice.items.all(), key=lambda item: item.pk):
            yield Expectation(item.name, item.reason)
    elif application.state == ApplicationState.REPLIED:
        yield Expectation("供电方案", "请在方案有效期内缴费、选择设计和施工单位并开工")
    elif application.state == ApplicationState.WORKS:
        yield Expectation("受电工程", "请按审查通过的设计施工，隐蔽前报中间检查，完工后报竣工检验")
    elif application.state == ApplicationState.PASSED:
        yield Expectation("供用电合同", "请签订供用电合同，配合装表送电")

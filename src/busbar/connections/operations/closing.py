"""After energising: registration, training within its limit, and closing the application (R38)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    CustomerRegistration,
    TrainingAttendee,
    TrainingSession,
)
from busbar.connections.queries.commissioning import has_passed_training, list_closing_obstacles
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.subjects import advance
from busbar.connections.works_ground import hold_visible
from busbar.customers import operations as customers_operations
from busbar.customers.models import Contact
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import local_date

_ENERGIZED = (ApplicationState.ENERGIZED,)
FULL_SCORE = 100


class UnableToRegisterSupply(Refusal):
    """The registration cannot be entered so."""


class UnableToHoldTraining(Refusal):
    """The training cannot be entered so."""


class UnableToCloseApplication(Refusal):
    """Something is still to be done; all of it is named."""


@dataclass(frozen=True)
class Trainee:
    """One person: signed in or not, and the score of the test (0–100)."""

    name: str
    signed_in: bool
    position: str = ""
    score: int | None = None


@transaction.atomic
def register_supply(
    *,
    application_id: int,
    contact_name: str,
    contact_phone: str,
    note: str = "",
    by: Viewer,
    at: dt.datetime,
) -> CustomerRegistration:
    """Enter the customer's person in charge of electricity; he joins the customer's contacts."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = _hold(application_id, by, UnableToRegisterSupply, what="接入注册")
    if CustomerRegistration.objects.filter(application=application).exists():
        raise UnableToRegisterSupply("该申请已办理接入注册")
    if not contact_name.strip() or not contact_phone.strip():
        raise UnableToRegisterSupply("用电负责人的姓名和电话都应填写")
    made = CustomerRegistration.objects.create(
        application=application,
        registered_at=at,
        registered_by=by.name,
        contact_name=contact_name.strip(),
        contact_phone=contact_phone.strip(),
        note=note.strip(),
    )
    _keep_contact(application, made, by=by, at=at)
    record_step(
        event="connections.customer.registered",
        application=application,
        actor=by.actor,
        at=at,
        changes={"contact": made.contact_name},
    )
    return made


def _keep_contact(
    application: ConnectionApplication, made: CustomerRegistration, *, by: Viewer, at: dt.datetime
) -> None:
    role = "用电负责人"
    customer = application.customer
    known = Contact.objects.filter(customer=customer, name=made.contact_name, role=role)
    if customer is not None and not known.exists():
        customers_operations.add_contact(
            customer=customer,
            name=made.contact_name,
            role=role,
            phone=made.contact_phone,
            by=by.entitled(),
            at=at,
        )


@transaction.atomic
def record_training(
    *,
    application_id: int,
    topic: str,
    held_on: dt.date,
    attendees: Sequence[Trainee],
    sign_in_sheet: Sequence[SentFile],
    pass_score: int = 60,
    place: str = "",
    by: Viewer,
    at: dt.datetime,
) -> TrainingSession:
    """Enter a training that was held, with its sign-in sheet and the scores.

    The first in which somebody passes completes the duty to be trained and stops its limit.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = _hold(application_id, by, UnableToHoldTraining, what="用电培训")
    _check_training(application, topic, held_on, attendees, local_date(at))
    if not 0 <= pass_score <= FULL_SCORE:
        raise UnableToHoldTraining("合格分应在 0 到 %(full_score)s 之间", full_score=FULL_SCORE)
    if not sign_in_sheet:
        raise UnableToHoldTraining("应附签到表")
    was_trained = has_passed_training(application)
    session = TrainingSession.objects.create(
        application=application,
        topic=topic.strip(),
        place=place.strip(),
        trainer_id=by.employee_id,
        held_on=held_on,
        pass_score=pass_score,
        sign_in_sheet=keep_files(sign_in_sheet, refusal=UnableToHoldTraining),
        recorded_at=at,
        recorded_by=by.name,
    )
    _write_attendees(session, attendees)
    _tell(application, session, attendees, by=by, at=at)
    if not was_trained and has_passed_training(application):
        record_step(
            event="connections.training.completed", application=application, actor=by.actor, at=at
        )
    return session


def _write_attendees(session: TrainingSession, attendees: Sequence[Trainee]) -> None:
    TrainingAttendee.objects.bulk_create(
        TrainingAttendee(
            training=session,
            name=person.name.strip(),
            position=person.position,
            signed_in=person.signed_in,
            score=person.score,
        )
        for person in attendees
    )


def _tell(
    application: ConnectionApplication,
    session: TrainingSession,
    attendees: Sequence[Trainee],
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    passed = [p for p in attendees if p.score is not None and p.score >= session.pass_score]
    record_step(
        event="connections.training.held",
        application=application,
        actor=by.actor,
        at=at,
        changes={"topic": session.topic, "attended": len(attendees), "passed": len(passed)},
        facts={"training_passed": bool(passed)},
    )


def _check_training(
    application: ConnectionApplication,
    topic: str,
    held_on: dt.date,
    attendees: Sequence[Trainee],
    today: dt.date,
) -> None:
    energized = application.energized_at
    if not topic.strip():
        raise UnableToHoldTraining("应填写培训内容")
    if held_on > today or (energized is not None and held_on < local_date(energized)):
        raise UnableToHoldTraining("培训日期 %(held_on)s 应在送电日与今天之间", held_on=held_on)
    names = [person.name.strip() for person in attendees]
    if not names or "" in names or len(set(names)) < len(names):
        raise UnableToHoldTraining("应逐人登记参加培训人员，姓名不得空缺或重复")
    for person in attendees:
        if person.score is None:
            continue
        if not person.signed_in:
            raise UnableToHoldTraining("%(person)s 未签到，不能登记考核成绩", person=person.name)
        if not 0 <= person.score <= FULL_SCORE:
            raise UnableToHoldTraining(
                "%(person)s 的成绩 %(score)s 应在 0 到 100 之间",
                person=person.name,
                score=person.score,
            )


@transaction.atomic
def close_application(*, application_id: int, by: Viewer, at: dt.datetime) -> ConnectionApplication:
    """Close what is done: energised, registered, trained. Refused with all that is left."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = _hold(application_id, by, UnableToCloseApplication, what="归档")
    if left := list_closing_obstacles(application):
        raise UnableToCloseApplication("不能归档：%(left)s", left=Reasons(left))
    advance(application, ApplicationState.CLOSED, 7, closed_at=at)
    record_step(
        event="connections.application.closed", application=application, actor=by.actor, at=at
    )
    return application


def _hold(
    application_id: int, by: Viewer, refusal: type[Refusal], what: str
) -> ConnectionApplication:
    return hold_visible(application_id, by=by, refusal=refusal, states=_ENERGIZED, what=what)

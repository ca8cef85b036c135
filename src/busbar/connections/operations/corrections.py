"""一次告知: all that is missing is said once; the applicant corrects, then it goes on (R36)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import forms
from busbar.connections import queries as connections_queries
from busbar.connections.models import (
    ApplicationDocument,
    ApplicationState,
    CompletenessNotice,
    ConnectionApplication,
    DocumentPhase,
    DocumentRequirement,
    DocumentVerdict,
    MissingItem,
)
from busbar.connections.operations.submit import acting, with_existing_capacity, write_loads
from busbar.connections.queries import DocumentList
from busbar.connections.recording import record_step
from busbar.connections.subjects import advance
from busbar.connections.works_ground import hold, hold_visible
from busbar.kit.errors import Listing, Phrase, Refusal
from busbar.kit.periods import local_date

CLAUSE = "一次告知（申请接入 第10条；补正应一次性提出）"


class UnableToRequestCorrections(Refusal):
    """The notice cannot be given so."""


class UnableToAmendApplication(Refusal):
    """The application cannot change so."""


class UnableToAnswerCorrections(Refusal):
    """Not everything the notice names has been put right."""


@dataclass(frozen=True)
class FormItem:
    """A field of the form that has to be corrected, and why."""

    field: str
    reason: str


@transaction.atomic
def request_corrections(
    *,
    application_id: int,
    form_items: Sequence[FormItem] = (),
    means: str,
    by: Viewer,
    at: dt.datetime,
) -> CompletenessNotice:
    """Tell the applicant everything that is missing, in one notice; the clocks pause.

    Missing and rejected documents are put into the notice by themselves; `form_items` adds
    fields of the form. A second notice may only name what the first one named, what has changed
    since, or what rests on a file handed in since; anything else is refused (一次告知).
    Raises UnableToRequestCorrections. Event `connections.application.correction_requested`.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToRequestCorrections,
        states=[ApplicationState.SUBMITTED],
        what="提出补正",
    )
    documents = connections_queries.get_document_list(application, DocumentPhase.APPLICATION)
    items = _items(documents, form_items)
    _check_items(documents, items)
    before = _notices(application)
    _refuse_afterthoughts(application, before, items)
    notice = CompletenessNotice.objects.create(
        application=application,
        phase=DocumentPhase.APPLICATION,
        serial=len(before) + 1,
        checklist=sorted(line.requirement.code for line in documents.lines),
        snapshot=snapshot_of(application),
        told_at=at,
        told_by=by.name,
        means=means.strip(),
    )
    for item in items:
        item.notice = notice
    MissingItem.objects.bulk_create(items)
    advance(application, ApplicationState.CORRECTING)
    record_step(
        event="connections.application.correction_requested",
        application=application,
        actor=by.actor,
        at=at,
        changes={"notice": notice.serial, "items": [item.name for item in items]},
        facts={"notice": notice.serial},
    )
    return notice


@transaction.atomic
def amend_application(
    *, application_id: int, changes: dict[str, Any], by: Viewer | None, at: dt.datetime
) -> ConnectionApplication:
    """Change fields of the form until it is accepted; `loads` replaces the equipment list.

    `by` is None for the applicant himself, whom the face knows by number and query code; he may
    only while a correction is asked for. Raises UnableToAmendApplication.
    Event `connections.application.amended`.
    """
    application = _hold_for_applicant(application_id, by, UnableToAmendApplication, what="修改申请")
    if unknown := set(changes) - forms.AMENDABLE:
        raise UnableToAmendApplication(
            "这些项目不能修改：%(unknown)s", unknown=Listing(sorted(unknown))
        )
    form = with_existing_capacity(forms.form_of(application, dict(changes)), application.account)
    # A wish that has meanwhile passed stands as it was made.
    if problems := forms.list_problems(form, on=local_date(application.submitted_at)):
        raise UnableToAmendApplication("%(problems)s", problems=forms.reasons_of(problems))
    before = snapshot_of(application)
    for name in forms.COLUMNS:
        setattr(application, name, getattr(form, name))
    application.save(update_fields=list(forms.COLUMNS))
    if "loads" in changes:
        write_loads(application, form.loads)
    after = snapshot_of(application)
    told = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not told:
        raise UnableToAmendApplication("没有任何改动")
    record_step(
        event="connections.application.amended",
        application=application,
        actor=acting(by, application),
        at=at,
        changes=told,
    )
    return application


@transaction.atomic
def answer_corrections(
    *, application_id: int, by: Viewer | None, at: dt.datetime
) -> ConnectionApplication:
    """The applicant has put everything right: the application goes back to the officer.

    Refused while anything the notice names is untouched, with all of it listed.
    Event `connections.application.corrected`.
    """
    application = _hold_for_applicant(
        application_id,
        by,
        UnableToAnswerCorrections,
        what="提交补正",
        states=[ApplicationState.CORRECTING],
    )
    notice = application.notices.filter(answered_at=None).get()
    if untouched := _untouched(application, notice):
        raise UnableToAnswerCorrections(
            "补正告知中尚有 %(count)s 项未补正：%(untouched)s",
            count=len(untouched),
            untouched=Listing(untouched),
        )
    notice.answered_at = at
    notice.save(update_fields=["answered_at"])
    advance(application, ApplicationState.SUBMITTED)
    record_step(
        event="connections.application.corrected",
        application=application,
        actor=acting(by, application),
        at=at,
        changes={"notice": notice.serial},
        facts={"notice": notice.serial},
    )
    return application


def snapshot_of(application: ConnectionApplication) -> dict[str, Any]:
    """The declared facts as JSON keeps them, the equipment list with them."""
    facts = {name: getattr(application, name) for name in forms.COLUMNS}
    loads = application.loads.order_by("name").values_list(
        "name", "count", "rated_kw", "demand_factor", "power_factor", "is_critical"
    )
    rows = [list(map(_plain, row)) for row in loads]
    plain = {name: _plain(value) for name, value in facts.items()}
    native: dict[str, Any] = json.loads(json.dumps(plain | {"loads": rows}, cls=DjangoJSONEncoder))
    return native


def _plain(value: Any) -> Any:
    # 1, 1.0 and 1.000 are one figure, whether it came from a form or from the database.
    is_figure = hasattr(value, "normalize") and not isinstance(value, str)
    return format(value.normalize(), "f") if is_figure else value


def _hold_for_applicant(
    application_id: int,
    by: Viewer | None,
    refusal: type[Refusal],
    what: str,
    states: Sequence[ApplicationState] | None = None,
) -> ConnectionApplication:
    if by is None:
        correcting = [ApplicationState.CORRECTING]
        return hold(application_id, refusal=refusal, states=correcting, what=what)
    by.require(Permission.ACCEPT_APPLICATIONS)
    allowed = states or [ApplicationState.SUBMITTED, ApplicationState.CORRECTING]
    return hold_visible(application_id, by=by, refusal=refusal, states=allowed, what=what)


def _items(documents: DocumentList, form_items: Sequence[FormItem]) -> list[MissingItem]:
    items = [
        MissingItem(
            requirement=line.requirement,
            name=line.requirement.name,
            reason=line.document.verdict_reason if line.document else "未提交",
        )
        for line in documents.missing
    ]
    for asked in form_items:
        if asked.field not in forms.AMENDABLE:
            raise UnableToRequestCorrections("申请表没有可补正的项目“%(field)s”", field=asked.field)
        if not asked.reason.strip():
            raise UnableToRequestCorrections(
                "%(labels)s：请写明补正原因", labels=Phrase(forms.LABELS[asked.field])
            )
        items.append(
            MissingItem(
                field=asked.field, name=forms.LABELS[asked.field], reason=asked.reason.strip()
            )
        )
    return items


def _check_items(documents: DocumentList, items: Sequence[MissingItem]) -> None:
    if pending := [line.requirement.name for line in documents.pending]:
        raise UnableToRequestCorrections(
            "请先审核已提交的资料：%(pending)s；补正应一次性提出", pending=Listing(pending)
        )
    if not items:
        raise UnableToRequestCorrections("资料齐全，申请表也没有要补正的项目，无需补正")
    named = [item.field for item in items if item.field]
    if len(named) != len(set(named)):
        raise UnableToRequestCorrections("同一项目只应提出一次")


def _notices(application: ConnectionApplication) -> list[CompletenessNotice]:
    notices = application.notices.filter(phase=DocumentPhase.APPLICATION)
    return list(notices.prefetch_related("items__requirement").order_by("serial"))


def _refuse_afterthoughts(
    application: ConnectionApplication,
    before: Sequence[CompletenessNotice],
    items: Sequence[MissingItem],
) -> None:
    """Against the first notice: whatever could have been said then must have been said then."""
    if not before:
        return
    first = before[0]
    now = snapshot_of(application)
    told = {_key(item) for notice in before for item in notice.items.all()}
    files_since = set(
        application.documents.filter(uploaded_at__gt=first.told_at).values_list(
            "requirement__code", flat=True
        )
    )
    for item in items:
        if _key(item) in told or _is_new(item, first, now, files_since):
            continue
        raise UnableToRequestCorrections(
            "“%(item)s”在 %(told_at)s 的第 1 次补正告知时即可提出，不得再次要求补正；依据："
            "%(clause)s",
            item=item.name,
            told_at=local_date(first.told_at),
            clause=CLAUSE,
        )


def _is_new(
    item: MissingItem, first: CompletenessNotice, now: dict[str, Any], files_since: set[str]
) -> bool:
    if item.requirement is None:
        return bool(first.snapshot.get(item.field) != now[item.field])
    code = item.requirement.code
    return code not in first.checklist or code in files_since


def _key(item: MissingItem) -> str:
    return item.field or _code(item.requirement)


def _code(requirement: DocumentRequirement | None) -> str:
    return f"document:{requirement.code}" if requirement else ""


def _untouched(application: ConnectionApplication, notice: CompletenessNotice) -> list[str]:
    now = snapshot_of(application)
    handed_in = set(
        ApplicationDocument.objects.filter(application=application, uploaded_at__gte=notice.told_at)
        .exclude(verdict=DocumentVerdict.REJECTED)
        .values_list("requirement__code", flat=True)
    )
    return [
        item.name
        for item in notice.items.select_related("requirement").order_by("pk")
        if not _is_put_right(item, notice, now, handed_in)
    ]


def _is_put_right(
    item: MissingItem, notice: CompletenessNotice, now: dict[str, Any], handed_in: set[str]
) -> bool:
    if item.requirement is None:
        return bool(now[item.field] != notice.snapshot.get(item.field))
    return item.requirement.code in handed_in

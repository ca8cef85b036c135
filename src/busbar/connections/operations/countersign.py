"""会签: four departments say yes or no to a round, silence is consent after its limit (R52)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.models import Employee, OrganizationUnit, UnitKind
from busbar.access.paths import ancestors
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    COUNTERSIGNING_DEPARTMENTS,
    ApplicationState,
    SchemeOpinion,
    SchemeState,
    SupplyScheme,
)
from busbar.connections.operations.scheme_ground import (
    changes_of,
    hold_scheme,
    lock_scheme,
    require_state,
    write,
)
from busbar.connections.recording import record_step
from busbar.connections.subjects import involve_units
from busbar.kit.errors import Listing, Refusal

_OPEN_TO_OPINIONS = (SchemeState.COUNTERSIGNING, SchemeState.RETURNED)


class UnableToSubmitScheme(Refusal):
    """The round is not ready for the departments."""


class UnableToCountersign(Refusal):
    """This person cannot sign this round for that department now."""


@transaction.atomic
def submit_scheme(*, scheme_id: int, by: Viewer, at: dt.datetime) -> SupplyScheme:
    """Send a round with its choice to the four departments at once; they see it from now on.

    Raises UnableToSubmitScheme without a choice or where a department is missing in the company.
    """
    by.require(Permission.DESIGN_SCHEMES)
    scheme = lock_scheme(
        scheme_id,
        by=by,
        refusal=UnableToSubmitScheme,
        states=(SchemeState.DRAFT,),
        what="送会签",
    )
    application = scheme.application
    require_state(
        application, (ApplicationState.SCHEME,), refusal=UnableToSubmitScheme, what="送会签"
    )
    if scheme.chosen is None:
        raise UnableToSubmitScheme("供电方案 %(number)s 还没有选定方案", number=scheme.number)
    departments = find_departments(application.unit)
    missing = [kind.label for kind in COUNTERSIGNING_DEPARTMENTS if kind not in departments]
    if missing:
        raise UnableToSubmitScheme(
            "%(unit)s的上级单位没有设%(missing)s，不能会签",
            unit=application.unit.name,
            missing=Listing(missing),
        )
    write(scheme, state=SchemeState.COUNTERSIGNING, submitted_at=at)
    involve_units(application, {unit.pk: "供电方案会签" for unit in departments.values()}, at=at)
    record_step(
        event="connections.scheme.submitted",
        application=application,
        actor=by.actor,
        at=at,
        changes=changes_of(scheme, chosen=scheme.chosen.name),
    )
    return scheme


def find_departments(unit: OrganizationUnit) -> dict[str, OrganizationUnit]:
    """Of each kind the department nearest to the unit: beside it or under a company above it."""
    homes = [*ancestors(unit.path), unit.path]
    found = OrganizationUnit.objects.filter(
        kind__in=COUNTERSIGNING_DEPARTMENTS, is_active=True, parent__path__in=homes
    )
    departments = {row.kind: row for row in found.order_by("parent__path", "-path")}
    if unit.kind in COUNTERSIGNING_DEPARTMENTS:
        departments[unit.kind] = unit
    return departments


@transaction.atomic
def give_opinion(
    *,
    scheme_id: int,
    department: UnitKind | str,
    agrees: bool,
    remark: str,
    by: Viewer,
    at: dt.datetime,
) -> SchemeOpinion:
    """Sign for a department: the four run beside each other; each signs once a round.

    The first refusal (with its remark) returns the round to its author; those still to sign may
    add what they have to say until the next round begins. With the fourth consent the round is
    agreed. Raises UnableToCountersign.
    """
    scheme = lock_scheme(
        scheme_id, by=by, refusal=UnableToCountersign, states=_OPEN_TO_OPINIONS, what="会签"
    )
    _check_signer(scheme, department, by)
    if not agrees and not remark.strip():
        raise UnableToCountersign("不同意须写明意见")
    return _sign(scheme, department, agrees=agrees, remark=remark.strip(), by=by, at=at)


@transaction.atomic
def take_silence_as_consent(
    *, scheme_id: int, department: UnitKind | str, by: Viewer, at: dt.datetime
) -> SchemeOpinion:
    """Record that a department let its limit pass; only the system's own jobs may."""
    if not by.sees_all:
        raise UnableToCountersign("默示同意由系统在会签时限届满后记录，不能由人代签")
    seen = SupplyScheme.objects.filter(pk=scheme_id).values_list("application_id", flat=True)
    application_id = seen.first()
    if application_id is None:
        raise UnableToCountersign("没有这份供电方案")
    scheme = hold_scheme(
        scheme_id,
        application_id,
        refusal=UnableToCountersign,
        states=_OPEN_TO_OPINIONS,
        what="会签",
    )
    remark = "会签时限届满未提出意见，视为同意"
    return _sign(scheme, department, agrees=True, remark=remark, by=by, at=at, is_silent=True)


def _check_signer(scheme: SupplyScheme, department: UnitKind | str, by: Viewer) -> None:
    if department not in COUNTERSIGNING_DEPARTMENTS:
        raise UnableToCountersign("“%(department)s”不是会签部门", department=department)
    if by.sees_all:
        return
    signer = Employee.objects.select_related("unit").filter(pk=by.employee_id or 0).first()
    label = UnitKind(department).label
    if signer is None or signer.unit.kind != department:
        raise UnableToCountersign("只有%(label)s的人员可以代表%(label)s会签", label=label)
    expected = find_departments(scheme.application.unit).get(str(department))
    if expected is None or signer.unit_id != expected.pk:
        raise UnableToCountersign(
            "这份方案由%(expected)s会签，不由%(unit)s会签",
            expected=expected or label,
            unit=signer.unit,
        )
    if scheme.author_id == signer.pk:
        raise UnableToCountersign("方案的编制人不能会签自己的方案")


def _sign(
    scheme: SupplyScheme,
    department: UnitKind | str,
    *,
    agrees: bool,
    remark: str,
    by: Viewer,
    at: dt.datetime,
    is_silent: bool = False,
) -> SchemeOpinion:
    label = UnitKind(department).label
    if scheme.opinions.filter(department=department).exists():
        raise UnableToCountersign(
            "%(label)s对 %(number)s 已经会签", label=label, number=scheme.number
        )
    if scheme.application.schemes.filter(round__gt=scheme.round).exists():
        raise UnableToCountersign("%(number)s 已有下一轮方案，请会签新的一轮", number=scheme.number)
    opinion = SchemeOpinion.objects.create(
        scheme=scheme,
        department=department,
        agrees=agrees,
        remark=remark[:1000],
        is_silent=is_silent,
        signer_id=by.employee_id,
        signer_name=by.name,
        given_at=at,
    )
    event = _move_on(scheme, agrees=agrees, reason=f"{label}:{remark}")
    record_step(
        event=event,
        application=scheme.application,
        actor=by.actor,
        at=at,
        reason=remark,
        changes=changes_of(
            scheme, department=str(label), agrees=agrees, silent=is_silent, remark=remark
        ),
    )
    return opinion


def _move_on(scheme: SupplyScheme, *, agrees: bool, reason: str) -> str:
    """The round after one more opinion; the name of what happened."""
    if scheme.state == SchemeState.RETURNED:
        return "connections.scheme.countersigned"
    if not agrees:
        write(scheme, state=SchemeState.RETURNED, returned_reason=reason[:1000])
        return "connections.scheme.returned"
    agreed = set(scheme.opinions.filter(agrees=True).values_list("department", flat=True))
    if agreed >= {str(kind) for kind in COUNTERSIGNING_DEPARTMENTS}:
        write(scheme, state=SchemeState.AGREED)
        return "connections.scheme.agreed"
    return "connections.scheme.countersigned"

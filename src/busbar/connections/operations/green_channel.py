"""绿色通道: granted by rule, by who may, with evidence, within the quota (N12, R83, R30)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from busbar.access.models import LEVELS, OrganizationUnit, UnitKind
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections import queries as connections_queries
from busbar.connections.forms import LABELS
from busbar.connections.models import (
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    GreenChannelGrant,
    GreenChannelRule,
    GreenChannelState,
    SupplyKind,
)
from busbar.connections.recording import record_step
from busbar.connections.subjects import application_facts
from busbar.connections.works_ground import hold_visible
from busbar.customers.models import CustomerKind, Importance
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Listing, Phrase, Refusal
from busbar.kit.periods import local_date

_QUEUING = (
    ApplicationState.SUBMITTED,
    ApplicationState.CORRECTING,
    ApplicationState.ACCEPTED,
    ApplicationState.SCHEME,
)


_CHOICES = {
    "kind": ApplicationKind,
    "supply_kind": SupplyKind,
    "customer_kind": CustomerKind,
    "importance": Importance,
}


class UnableToGrantGreenChannel(Refusal):
    """The application may not pass the queue so."""


class UnableToRefuseGreenChannel(Refusal):
    """The request cannot be declined so."""


class UnableToRevokeGreenChannel(Refusal):
    """The grant cannot be taken back so."""


@transaction.atomic
def grant_green_channel(
    *,
    application_id: int,
    rule_code: str,
    reason: str,
    evidence: str,
    by: Viewer,
    at: dt.datetime,
) -> GreenChannelGrant:
    """Let an application pass the queue: the condition, the office, the evidence, the quota.

    Raises UnableToGrantGreenChannel with the rule that stands against it.
    Event `connections.green_channel.granted`.
    """
    refusal = UnableToGrantGreenChannel
    by.require(Permission.GRANT_GREEN_CHANNEL)
    application = _hold(application_id, by, refusal, what="批准绿色通道")
    rule = _hold_rule(rule_code, local_date(at), refusal)
    _require_office(rule, by)
    if not reason.strip() or not evidence.strip():
        raise refusal(
            "批准绿色通道应写明理由和凭证；“%(rule)s”的凭证为：%(evidence)s",
            rule=rule.name,
            evidence=rule.evidence,
        )
    _require_conditions(rule, application)
    if application.green_channel_grants.filter(state=GreenChannelState.GRANTED).exists():
        raise refusal("申请 %(number)s 已在绿色通道中", number=application.number)
    month = local_date(at).replace(day=1)
    used = rule.grants.filter(
        unit=application.unit, month=month, state=GreenChannelState.GRANTED
    ).count()
    if used >= rule.monthly_quota:
        raise refusal(
            "%(unit)s %(month)s 的“%(rule)s”额度 %(monthly_quota)s 件已用 %(used)s 件，不能再批；"
            "依据：%(source)s",
            unit=application.unit.name,
            month=format(month, "%Y-%m"),
            rule=rule.name,
            monthly_quota=rule.monthly_quota,
            used=used,
            source=rule.source,
        )
    grant = GreenChannelGrant.objects.create(
        application=application,
        rule=rule,
        unit=application.unit,
        month=month,
        state=GreenChannelState.GRANTED,
        reason=reason.strip()[:500],
        evidence=evidence.strip()[:500],
        passed_over=connections_queries.count_ordinary_ahead(application),
        decided_at=at,
        decided_by=by.name,
    )
    record_step(
        event="connections.green_channel.granted",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "rule": rule.name,
            "quota_used": f"{used + 1}/{rule.monthly_quota}",
            "passed_over": grant.passed_over,
            "evidence": grant.evidence,
        },
        reason=grant.reason,
        facts={"green_channel": rule.code},
    )
    return grant


@transaction.atomic
def refuse_green_channel(
    *, application_id: int, rule_code: str, reason: str, by: Viewer, at: dt.datetime
) -> GreenChannelGrant:
    """Decline a request to pass the queue, with the reason; the application goes its way.

    Event `connections.green_channel.refused`.
    """
    by.require(Permission.GRANT_GREEN_CHANNEL)
    application = _hold(application_id, by, UnableToRefuseGreenChannel, what="答复绿色通道申请")
    rule = _hold_rule(rule_code, local_date(at), UnableToRefuseGreenChannel)
    if not reason.strip():
        raise UnableToRefuseGreenChannel("不批准绿色通道应写明理由")
    decision = GreenChannelGrant.objects.create(
        application=application,
        rule=rule,
        unit=application.unit,
        month=local_date(at).replace(day=1),
        state=GreenChannelState.REFUSED,
        reason=reason.strip()[:500],
        decided_at=at,
        decided_by=by.name,
    )
    record_step(
        event="connections.green_channel.refused",
        application=application,
        actor=by.actor,
        at=at,
        changes={"rule": rule.name},
        reason=decision.reason,
    )
    return decision


@transaction.atomic
def revoke_green_channel(
    *, grant_id: int, reason: str, by: Viewer, at: dt.datetime
) -> GreenChannelGrant:
    """Take a grant back, with the reason; its place in the quota is free again.

    Event `connections.green_channel.revoked`.
    """
    by.require(Permission.GRANT_GREEN_CHANNEL)
    if not GreenChannelGrant.objects.visible_to(by).filter(pk=grant_id).exists():
        raise UnableToRevokeGreenChannel("该决定不存在，或不在您的管辖范围内")
    journal_operations.take_turn()
    held = GreenChannelGrant.objects.select_for_update(of=("self",))
    grant: GreenChannelGrant = held.select_related("rule", "application__unit").get(pk=grant_id)
    if grant.state != GreenChannelState.GRANTED:
        state = GreenChannelState(grant.state).label
        raise UnableToRevokeGreenChannel("该决定现为“%(state)s”，只有已批准的可以撤销", state=state)
    if not reason.strip():
        raise UnableToRevokeGreenChannel("撤销绿色通道应写明原因")
    grant.state = GreenChannelState.REVOKED
    grant.revoked_at, grant.revoked_by = at, by.name
    grant.revoked_reason = reason.strip()[:500]
    grant.save(update_fields=["state", "revoked_at", "revoked_by", "revoked_reason"])
    record_step(
        event="connections.green_channel.revoked",
        application=grant.application,
        actor=by.actor,
        at=at,
        changes={"rule": grant.rule.name},
        reason=grant.revoked_reason,
    )
    return grant


def _hold(
    application_id: int, by: Viewer, refusal: type[Refusal], what: str
) -> ConnectionApplication:
    return hold_visible(application_id, by=by, refusal=refusal, states=_QUEUING, what=what)


def _hold_rule(code: str, on: dt.date, refusal: type[Refusal]) -> GreenChannelRule:
    journal_operations.take_turn()
    # Held, so that two grants of one rule are counted one after the other.
    in_force = connections_queries.list_green_channel_rules(on=on).select_for_update()
    rule = in_force.filter(code=code).first()
    if rule is None:
        raise refusal("%(on)s 没有绿色通道规则“%(code)s”", on=on, code=code)
    return rule


def _require_office(rule: GreenChannelRule, by: Viewer) -> None:
    if by.sees_all:
        return
    level = _level_of(by.unit_path)
    if level not in rule.granted_by:
        offices = Listing(UnitKind(kind).label for kind in rule.granted_by)
        raise UnableToGrantGreenChannel(
            "“%(rule)s”只能由%(offices)s批准；依据：%(source)s",
            rule=rule.name,
            offices=offices,
            source=rule.source,
        )


def _level_of(unit_path: str) -> str:
    """The company a unit belongs to: itself or the nearest above it that is a company."""
    paths = [unit_path[:end] for end in range(len(unit_path), 0, -1)]
    above = OrganizationUnit.objects.filter(path__in=paths, kind__in=LEVELS).order_by("-path")
    kinds: Iterable[str] = above.values_list("kind", flat=True)[:1]
    return next(iter(kinds), "")


def _require_conditions(rule: GreenChannelRule, application: ConnectionApplication) -> None:
    facts = application_facts(application)
    for name, allowed in rule.conditions.items():
        if facts.get(name) not in allowed:
            expected = Listing(_word(name, value) for value in allowed)
            raise UnableToGrantGreenChannel(
                "申请 %(number)s 不符合“%(rule)s”的条件：%(name)s应为%(expected)s，现为%(found)s"
                "；依据：%(source)s",
                number=application.number,
                rule=rule.name,
                name=Phrase(LABELS.get(name, name)),
                expected=expected,
                found=_word(name, facts.get(name)),
                source=rule.source,
            )


def _word(name: str, value: object) -> str:
    """A fact's value as the form words it."""
    words = dict(_CHOICES[name].choices) if name in _CHOICES else {}
    return str(words.get(str(value), value))

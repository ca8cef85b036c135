"""Departments promise each other: within which clocks the orders of a kind are answered (R63)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from busbar.access import queries as access_queries
from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import Certainty
from busbar.clocks.rulebook import LimitFacts, loosens
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import ServiceAgreement
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import local_date

STAGE = "department_order"
"""The stage of the time limits that an agreement may name."""


class UnableToAgree(Refusal):
    """The two departments cannot agree so."""


@dataclass(frozen=True)
class Promise:
    """Who promises whom what, by which limits, from a day on."""

    provider: str
    receiver: str
    order_kind: str
    words: str
    reply_limit: str
    work_limit: str
    valid_from: dt.date
    source: str


@transaction.atomic
def sign_agreement(*, promise: Promise, by: Viewer, at: dt.datetime) -> ServiceAgreement:
    """Enter an agreement of two departments of one's branch; never looser than the mandates."""
    by.require(Permission.KEEP_MANDATES)
    journal_operations.take_turn()
    provider, receiver = _unit(promise.provider, by), _unit(promise.receiver, by)
    if provider.pk == receiver.pk:
        raise UnableToAgree("内部服务协议须有两个部门")
    if not promise.words.strip() or not promise.source.strip():
        raise UnableToAgree("请写明承诺的内容和依据（文号）")
    _check_limits(promise, provider, receiver)
    standing = ServiceAgreement.objects.filter(
        provider=provider, receiver=receiver, order_kind=promise.order_kind
    )
    if standing.filter(valid_from__gte=promise.valid_from).exists():
        raise UnableToAgree("当日或其后已有协议，新协议应在其后生效")
    standing.filter(valid_until=None).update(valid_until=promise.valid_from)
    agreement = ServiceAgreement.objects.create(
        number=_next_number(provider.code, local_date(at)),
        provider=provider,
        receiver=receiver,
        order_kind=promise.order_kind,
        promise=promise.words.strip()[:500],
        reply_limit=promise.reply_limit,
        work_limit=promise.work_limit,
        agreed_by=by.name,
        agreed_at=at,
        valid_from=promise.valid_from,
        source=promise.source.strip()[:300],
        certainty=Certainty.LOCAL,
    )
    changes = {
        "number": agreement.number,
        "kind": promise.order_kind,
        "reply_limit": promise.reply_limit,
        "work_limit": promise.work_limit,
        "valid_from": promise.valid_from,
    }
    _record("key_accounts.agreement.signed", agreement, changes, "", by, at)
    return agreement


@transaction.atomic
def end_agreement(
    *, number: str, until: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> ServiceAgreement:
    """End an agreement with the day before `until`."""
    by.require(Permission.KEEP_MANDATES)
    journal_operations.take_turn()
    rows = ServiceAgreement.objects.select_for_update(of=("self",)).visible_to(by)
    agreement: ServiceAgreement | None = (
        rows.select_related("provider", "receiver").filter(number=number).first()
    )
    if agreement is None:
        raise UnableToAgree("没有内部服务协议 %(number)s，或不在您的可见范围内", number=number)
    by.require_unit(agreement.provider.path)
    if not reason.strip():
        raise UnableToAgree("请写明终止的原因")
    if until <= agreement.valid_from or agreement.valid_until is not None:
        raise UnableToAgree(
            "终止日应在 %(valid_from)s 之后，且协议尚未终止", valid_from=agreement.valid_from
        )
    agreement.valid_until = until
    agreement.save(update_fields=["valid_until"])
    changes = {"number": number, "valid_until": until}
    _record("key_accounts.agreement.ended", agreement, changes, reason.strip(), by, at)
    return agreement


def _unit(code: str, by: Viewer) -> OrganizationUnit:
    unit = OrganizationUnit.objects.filter(code=code, is_active=True).first()
    if unit is None or not by.covers(unit.path):
        raise UnableToAgree("没有单位 %(code)s，或不在您的管辖范围之内", code=code)
    return unit


def _check_limits(promise: Promise, provider: OrganizationUnit, receiver: OrganizationUnit) -> None:
    on = promise.valid_from
    kinds = {kind.code: kind.name for kind in access_queries.list_order_kinds(on=on)}
    if promise.order_kind not in kinds:
        raise UnableToAgree(
            "没有指令种类“%(order_kind)s”；已有：%(kinds)s",
            order_kind=promise.order_kind,
            kinds=Listing(kinds),
        )
    known = {code: row for code, row in _known(on, provider).items() if row.stage == STAGE}
    for code in (promise.reply_limit, promise.work_limit):
        if code not in known:
            raise UnableToAgree(
                "没有这样的时限“%(code)s”；可用：%(known)s",
                code=code,
                known=Listing(sorted(known)),
            )
    mandates = access_queries.list_mandates(on=on, unit_path=receiver.path)
    for mandate in mandates:
        if mandate.order_kind != promise.order_kind:
            continue
        for agreed, given in (
            (promise.reply_limit, mandate.reply_limit),
            (promise.work_limit, mandate.work_limit),
        ):
            if given in known and loosens(known[agreed], known[given]):
                raise UnableToAgree(
                    "承诺不能宽于授权“%(mandate)s”：%(known)s%(words)s",
                    mandate=mandate.name,
                    known=known[given].name,
                    words=known[given].words,
                )


def _known(on: dt.date, provider: OrganizationUnit) -> dict[str, LimitFacts]:
    rows = clocks_queries.limits_in_force(on=on, unit_path=provider.path)
    return {code: clocks_queries.facts_of(row) for code, row in rows.items()}


def _next_number(code: str, on: dt.date) -> str:
    """`NX`, unit, day, a serial of the unit's day."""
    prefix = f"NX-{code}-{on:%y%m%d}-"
    return f"{prefix}{ServiceAgreement.objects.filter(number__startswith=prefix).count() + 1:03d}"


def _record(
    event: str,
    agreement: ServiceAgreement,
    changes: Mapping[str, object],
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    happening = Happening(
        event=event,
        subject_type="key_accounts.agreement",
        subject_id=agreement.pk,
        subject_label=f"{agreement.provider.name} → {agreement.receiver.name}",
        unit_path=agreement.provider.path,
        changes=dict(changes),
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)

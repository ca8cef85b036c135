"""The register of firms, and the list a customer is shown: complete and in no one's favor (R58)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from busbar.access.visibility import Viewer
from busbar.connections.eligibility_of_contractors import (
    Certificate,
    neutral_order,
    reasons_against,
)
from busbar.connections.models import (
    ConnectionApplication,
    Contractor,
    ContractorChoice,
    ContractorRole,
    Qualification,
    QualificationKind,
    QualificationScope,
)
from busbar.connections.works_ground import supply_voltage_kv
from busbar.kit.errors import Refusal
from busbar.kit.periods import Period

KIND_OF_ROLE = {
    ContractorRole.DESIGN: QualificationKind.DESIGN,
    ContractorRole.CONSTRUCTION: QualificationKind.INSTALLATION,
    ContractorRole.TESTING: QualificationKind.TESTING,
}
ORDER_RULE = (
    "名录中当日具备相应资质的单位全部列出；顺序由申请编号、单位类别和日期生成的散列值决定，"
    "与单位的规模、业绩和登记先后无关，任何人可按同一规则复算。"
)
"""What stands above the list, on screen and in the record of the choice."""


@dataclass(frozen=True)
class OfferedContractor:
    """A firm on the list with the certificates that qualify it."""

    contractor: Contractor
    certificates: list[str]


@dataclass(frozen=True)
class ContractorOffer:
    """The list as shown: for which role, voltage and day, in which order and why."""

    role: ContractorRole
    voltage_kv: Decimal
    on: dt.date
    seed: str
    rule: str
    entries: list[OfferedContractor]

    def as_shown(self) -> list[dict[str, Any]]:
        """The list as the choice keeps it."""
        return [
            {
                "code": entry.contractor.code,
                "name": entry.contractor.name,
                "certificates": entry.certificates,
            }
            for entry in self.entries
        ]


def list_contractors(*, on: dt.date, text: str = "") -> QuerySet[Contractor, Contractor]:
    """Firms standing on the register on a day, by name, certificates prefetched."""
    firms = _standing(on)
    if text:
        firms = firms.filter(Q(name__icontains=text) | Q(code=text) | Q(credit_code=text))
    return firms.order_by("name", "id")


def get_contractor(contractor_id: int) -> Contractor:
    """One firm with its certificates; `Contractor.DoesNotExist` when unknown."""
    return Contractor.objects.prefetch_related(_certificates()).get(pk=contractor_id)


def list_expiring_qualifications(*, period: Period) -> QuerySet[Qualification, Qualification]:
    """Certificates that end on a day of the period, soonest first, with their firms."""
    ending = Qualification.objects.filter(
        valid_until__gte=period.start, valid_until__lt=period.end, revoked_on=None
    )
    return ending.select_related("contractor").order_by("valid_until", "id")


def explain_ineligibility(
    contractor: Contractor, *, role: ContractorRole | str, voltage_kv: Decimal, on: dt.date
) -> list[Refusal]:
    """Everything that keeps the firm from the work on that day; empty when it may do it."""
    role = ContractorRole(role)
    reasons = []
    if contractor.struck_off_on is not None and contractor.struck_off_on <= on:
        reasons.append(
            Refusal("已于 %(struck_off_on)s 从名录除名", struck_off_on=contractor.struck_off_on)
        )
    kind = KIND_OF_ROLE[role]
    return reasons + reasons_against(
        _plain(contractor, _scopes(on)),
        kind=kind,
        label=str(kind.label),
        voltage_kv=voltage_kv,
        on=on,
    )


def offer_contractors(
    application: ConnectionApplication, *, role: ContractorRole | str, on: dt.date
) -> ContractorOffer:
    """The whole list for an application and day, in the neutral order. Three queries.

    The caller has checked that the viewer, or the applicant by his query code, may see it.
    """
    role = ContractorRole(role)
    voltage = supply_voltage_kv(application)
    seed = f"{application.number}|{role}|{on:%Y-%m-%d}"
    scopes, kind = _scopes(on), KIND_OF_ROLE[role]
    keyed = []
    for firm in _standing(on):
        certificates = _plain(firm, scopes)
        good = [
            c.number
            for c in certificates
            if not reasons_against([c], kind=kind, label="", voltage_kv=voltage, on=on)
        ]
        if good:
            keyed.append((firm.code, OfferedContractor(firm, good)))
    return ContractorOffer(role, voltage, on, seed, ORDER_RULE, neutral_order(keyed, seed=seed))


def list_choices(
    viewer: Viewer, application: ConnectionApplication
) -> QuerySet[ContractorChoice, ContractorChoice]:
    """The choices of an application, the ones in force first, each as it was recorded."""
    seen: QuerySet[ContractorChoice, ContractorChoice] = ContractorChoice.objects.visible_to(viewer)
    rows = seen.filter(application=application).select_related("contractor")
    return rows.order_by("role", "-chosen_at", "-id")


def _standing(on: dt.date) -> QuerySet[Contractor, Contractor]:
    still = Q(struck_off_on=None) | Q(struck_off_on__gt=on)
    return Contractor.objects.filter(still).prefetch_related(_certificates())


def _certificates() -> Prefetch[Any]:
    rows = Qualification.objects.order_by("kind", "-valid_until", "id")
    return Prefetch("qualifications", queryset=rows)


def _scopes(on: dt.date) -> dict[tuple[str, str], Decimal | None]:
    rows = QualificationScope.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on
    )
    return {(s.kind, s.grade): s.max_voltage_kv for s in rows.order_by("valid_from")}


def _plain(firm: Contractor, scopes: dict[tuple[str, str], Decimal | None]) -> list[Certificate]:
    return [
        Certificate(
            number=q.certificate_number,
            kind=q.kind,
            grade=q.grade,
            valid_from=q.valid_from,
            valid_until=q.valid_until,
            revoked_on=q.revoked_on,
            is_scope_known=(q.kind, q.grade) in scopes,
            max_voltage_kv=scopes.get((q.kind, q.grade)),
        )
        for q in firm.qualifications.all()
    ]

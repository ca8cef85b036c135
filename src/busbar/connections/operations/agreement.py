"""The supply agreement: drawn up from the scheme, signed by both sides (R37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    AgreementDraft,
    ApplicationKind,
    ApplicationState,
    ConnectionApplication,
    DraftState,
    SupplyKind,
)
from busbar.connections.numbering import paper_number
from busbar.connections.recording import record_step, tell_ready
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.works_ground import chosen_alternative, hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.pricing.models import Tariff, TariffCategory
from busbar.supply.models import Agreement, BasicChargeMode

_DRAFTING = (
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
)
_LEAST_SHARE_OF_DEMAND = 40
"""Percent of the capacity below which no demand is agreed (发改办价格〔2016〕1583号)."""


class UnableToAgree(Refusal):
    """The agreement cannot be drafted or signed so."""


@dataclass(frozen=True)
class AgreementTerms:
    """What the parties agree; the capacity comes from the scheme unless they say otherwise."""

    tariff_code: str
    tariff_category: TariffCategory | str
    basic_charge_mode: BasicChargeMode | str
    contract_capacity_kva: int | None = None
    contract_demand_kw: int | None = None
    power_factor_standard: str = ""
    valid_until: dt.date | None = None


@transaction.atomic
def draft_agreement(
    *, application_id: int, terms: AgreementTerms, by: Viewer, at: dt.datetime
) -> AgreementDraft:
    """Draw up the agreement from the scheme's facts; an unsigned draft before it is void."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id, by=by, refusal=UnableToAgree, states=_DRAFTING, what="起草供用电合同"
    )
    if application.agreement_drafts.filter(state=DraftState.SIGNED).exists():
        raise UnableToAgree("供用电合同已签订")
    capacity = terms.contract_capacity_kva or _capacity_kva(application)
    _check_terms(application, terms, capacity, local_date(at))
    application.agreement_drafts.filter(state=DraftState.DRAFT).update(state=DraftState.VOID)
    ends = terms.valid_until
    if application.supply_kind == SupplyKind.TEMPORARY:
        ends = application.temporary_until
    draft = AgreementDraft.objects.create(
        application=application,
        number=paper_number("供用电合同", application.unit.code, at),
        tariff_code=terms.tariff_code,
        tariff_category=TariffCategory(terms.tariff_category),
        basic_charge_mode=BasicChargeMode(terms.basic_charge_mode),
        contract_capacity_kva=capacity,
        contract_demand_kw=terms.contract_demand_kw,
        power_factor_standard=terms.power_factor_standard,
        valid_until=ends,
        drafted_at=at,
        drafted_by=by.name,
    )
    record_step(
        event="connections.agreement.drafted",
        application=application,
        actor=by.actor,
        at=at,
        changes={"number": draft.number, "capacity_kva": capacity, "tariff": draft.tariff_code},
    )
    return draft


def _capacity_kva(application: ConnectionApplication) -> int:
    """New: as the scheme has it. Increase: what is agreed now, and what is added."""
    chosen = chosen_alternative(application)
    added = chosen.capacity_kva if chosen else application.requested_kva
    if application.kind == ApplicationKind.NEW:
        return added
    rows = Agreement.objects.filter(account=application.account, valid_until=None)
    standing = rows.order_by("-valid_from").first()
    return added + (standing.contract_capacity_kva if standing else application.existing_kva)


def _check_terms(
    application: ConnectionApplication, terms: AgreementTerms, capacity_kva: int, today: dt.date
) -> None:
    in_force = Tariff.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=today),
        code=terms.tariff_code,
        valid_from__lte=today,
    ).first()
    mode = BasicChargeMode(terms.basic_charge_mode)
    if in_force is None:
        raise UnableToAgree("没有在用的电价 %(tariff_code)s", tariff_code=terms.tariff_code)
    if in_force.category != TariffCategory(terms.tariff_category):
        label = TariffCategory(in_force.category).label
        raise UnableToAgree(
            "电价 %(tariff_code)s 属于“%(label)s”，与所填类别不符",
            tariff_code=terms.tariff_code,
            label=label,
        )
    is_two_part = in_force.category == TariffCategory.INDUSTRY_TWO_PART
    if is_two_part == (mode == BasicChargeMode.NONE):
        raise UnableToAgree("两部制电价应约定基本电费计收方式，单一制不应约定")
    if mode == BasicChargeMode.CONTRACT_DEMAND:
        least = -(-capacity_kva * _LEAST_SHARE_OF_DEMAND // 100)
        if not terms.contract_demand_kw or terms.contract_demand_kw < least:
            raise UnableToAgree(
                "合同最大需量不得低于容量 %(capacity_kva)s 千伏安的 %(least_share_of_demand)s%%，"
                "即 %(least)s 千瓦（发改办价格〔2016〕1583号）",
                capacity_kva=capacity_kva,
                least_share_of_demand=_LEAST_SHARE_OF_DEMAND,
                least=least,
            )
    ends = terms.valid_until
    if ends is not None and ends <= today:
        raise UnableToAgree("合同失效日期 %(ends)s 应在今天之后", ends=ends)


@transaction.atomic
def sign_supply_agreement(
    *,
    application_id: int,
    signed_on: dt.date,
    customer_signatory: str,
    company_signatory: str,
    files: Sequence[SentFile],
    by: Viewer,
    at: dt.datetime,
) -> AgreementDraft:
    """Enter the signatures of both sides with the signed paper; in force from energising."""
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id, by=by, refusal=UnableToAgree, states=_DRAFTING, what="签订供用电合同"
    )
    drafts = application.agreement_drafts.select_for_update()
    draft: AgreementDraft | None = drafts.exclude(state=DraftState.VOID).first()
    if draft is None:
        raise UnableToAgree("还没有起草供用电合同")
    if draft.state == DraftState.SIGNED:
        raise UnableToAgree(
            "供用电合同 %(number)s 已于 %(signed_on)s 签订",
            number=draft.number,
            signed_on=draft.signed_on,
        )
    if not customer_signatory.strip() or not company_signatory.strip():
        raise UnableToAgree("供用电双方的签字人都应填写")
    if not local_date(draft.drafted_at) <= signed_on <= local_date(at):
        raise UnableToAgree("签订日期 %(signed_on)s 应在起草日与今天之间", signed_on=signed_on)
    if not files:
        raise UnableToAgree("应附双方签署的合同文本")
    draft.state, draft.signed_on = DraftState.SIGNED, signed_on
    draft.customer_signatory = customer_signatory.strip()
    draft.company_signatory = company_signatory.strip()
    draft.files = keep_files(files, refusal=UnableToAgree)
    draft.save(
        update_fields=["state", "signed_on", "customer_signatory", "company_signatory", "files"]
    )
    record_step(
        event="connections.agreement.signed",
        application=application,
        actor=by.actor,
        at=at,
        changes={"number": draft.number, "signed_on": signed_on},
    )
    if application.state == ApplicationState.PASSED:
        tell_ready(application, actor=by.actor, at=at)
    return draft

"""The customer chooses who designs, builds and tests: free, among the qualified, on record."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    Contractor,
    ContractorChoice,
    ContractorRole,
)
from busbar.connections.queries.contractors import (
    ContractorOffer,
    explain_ineligibility,
    offer_contractors,
)
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.works_ground import hold, hold_visible, standing_scheme
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import local_date

_STATES = (ApplicationState.REPLIED, ApplicationState.WORKS)


class UnableToChooseContractor(Refusal):
    """The choice cannot be recorded so."""


@transaction.atomic
def choose_contractor(
    *,
    application_id: int,
    role: ContractorRole | str,
    contractor_id: int,
    chosen_by: str,
    free_choice_confirmed: bool,
    query_code: str = "",
    declaration: Sequence[SentFile] = (),
    by: Viewer,
    at: dt.datetime,
) -> ContractorChoice:
    """Record the customer's choice with the list as it was shown (R58).

    The customer proves itself by the application's query code. Staff never choose: an employee
    records a choice only with the customer's signed declaration. A later choice takes the place
    of the earlier one, which stays on record.

    Raises UnableToChooseContractor, naming what the firm lacks on the day.
    """
    role = ContractorRole(role)
    application, by_customer = _hold_for(application_id, query_code, by)
    kept = [] if by_customer else _check_declaration(declaration)
    _check_statement(chosen_by, confirmed=free_choice_confirmed)
    if standing_scheme(application) is None:
        raise UnableToChooseContractor("供电方案尚未答复客户，不能选择单位")
    offer = offer_contractors(application, role=role, on=local_date(at))
    firm = _find_offered(contractor_id, offer)
    earlier = application.contractor_choices.filter(role=role, superseded_at=None)
    earlier.update(superseded_at=at)
    choice = ContractorChoice.objects.create(
        application=application,
        role=role,
        contractor=firm,
        voltage_kv=offer.voltage_kv,
        chosen_by=chosen_by.strip(),
        chosen_at=at,
        by_customer=by_customer,
        free_choice_confirmed=True,
        shown=offer.as_shown(),
        shown_seed=offer.seed,
        shown_on=offer.on,
        declaration=kept,
        recorded_by=by.name,
    )
    record_step(
        event="connections.contractor.chosen",
        application=application,
        actor=by.actor,
        at=at,
        changes={
            "role": role,
            "contractor": firm.name,
            "chosen_by": choice.chosen_by,
            "by_customer": by_customer,
            "shown": len(offer.entries),
        },
    )
    return choice


def _hold_for(
    application_id: int, query_code: str, by: Viewer
) -> tuple[ConnectionApplication, bool]:
    """The application and whether the customer itself acts."""
    what = "选择设计、施工单位"
    is_staff = by.employee_id is not None
    if query_code and not is_staff:
        stored = ConnectionApplication.objects.filter(pk=application_id)
        code = stored.values_list("query_code", flat=True).first()
        if code is None or not secrets.compare_digest(code.encode(), query_code.encode()):
            raise UnableToChooseContractor("申请不存在或查询码不符")
        held = hold(application_id, refusal=UnableToChooseContractor, states=_STATES, what=what)
        return held, True
    by.require(Permission.ACCEPT_APPLICATIONS)
    held = hold_visible(
        application_id, by=by, refusal=UnableToChooseContractor, states=_STATES, what=what
    )
    return held, False


def _check_declaration(declaration: Sequence[SentFile]) -> list[dict[str, object]]:
    if not declaration:
        raise UnableToChooseContractor(
            "设计、施工单位由客户自行选择；工作人员代为登记时应附客户签字的自主选择声明"
        )
    return keep_files(declaration, refusal=UnableToChooseContractor)


def _check_statement(chosen_by: str, *, confirmed: bool) -> None:
    if not chosen_by.strip():
        raise UnableToChooseContractor("应写明客户方作出选择的人")
    if not confirmed:
        raise UnableToChooseContractor("应由客户确认系自主选择、供电企业未指定任何单位")


def _find_offered(contractor_id: int, offer: ContractorOffer) -> Contractor:
    for entry in offer.entries:
        if entry.contractor.pk == contractor_id:
            return entry.contractor
    firm = Contractor.objects.prefetch_related("qualifications").filter(pk=contractor_id).first()
    if firm is None:
        raise UnableToChooseContractor("名录中没有这个单位")
    reasons = explain_ineligibility(firm, role=offer.role, voltage_kv=offer.voltage_kv, on=offer.on)
    raise UnableToChooseContractor(
        "%(firm)s 不能作为%(label)s：%(reasons)s",
        firm=firm.name,
        label=offer.role.label,
        reasons=Reasons(reasons),
    )

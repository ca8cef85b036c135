"""Asking for money: the fee notice and the account it is paid into (R37, R57)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from busbar.access.models import OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.charging import NOTICE_PREFIX, reckon_charge
from busbar.connections.models import (
    ApplicationState,
    ChargeBasis,
    ChargeItem,
    ConnectionApplication,
    FeeLine,
    FeeMatch,
    FeeNotice,
    NoticeState,
    PayeeAccount,
    SupplyScheme,
)
from busbar.connections.numbering import next_serial
from busbar.connections.operations.issuing.payment import issue_payment_paper
from busbar.connections.queries import fees as fee_queries
from busbar.connections.recording import record_step
from busbar.connections.subjects import lock_application
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.errors import Listing, Refusal
from busbar.kit.money import plain
from busbar.kit.periods import local_date
from busbar.payments.numbers import payment_number

CHARGEABLE_STATES = (
    ApplicationState.SCHEME,
    ApplicationState.REPLIED,
    ApplicationState.WORKS,
    ApplicationState.COMPLETED,
    ApplicationState.PASSED,
)
"""Between acceptance and energising: before it nothing is known, after it nothing more is owed."""


class UnableToDraftNotice(Refusal):
    """The charges may not be asked for as stated."""


class UnableToIssueNotice(Refusal):
    """The notice cannot go out."""


class UnableToCancelNotice(Refusal):
    """The notice stands."""


class UnableToKeepPayeeAccount(Refusal):
    """The bank account cannot be kept as stated."""


@dataclass(frozen=True)
class Charge:
    """One charge asked for: item code, quantity; the price only where it is settled by case.

    `basis` says what a price settled by case rests on (the approved estimate, the order).
    """

    item: str
    quantity: Decimal
    price_yuan: Decimal | None = None
    basis: str = ""


@transaction.atomic
def open_payee_account(
    *,
    number: str,
    name: str,
    bank: str,
    unit_id: int,
    valid_from: dt.date,
    by: Viewer,
    at: dt.datetime,
) -> PayeeAccount:
    """Enter a bank account into which the unit's customers pay; for administrators."""
    by.require(Permission.ADMINISTER)
    unit = OrganizationUnit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise UnableToKeepPayeeAccount("没有这个单位")
    by.require_unit(unit.path)
    digits = number.replace(" ", "")
    if not digits or not name.strip() or not bank.strip():
        raise UnableToKeepPayeeAccount("收款账号、户名和开户银行都须填写")
    if PayeeAccount.objects.filter(number=digits).exists():
        raise UnableToKeepPayeeAccount("收款账号 %(digits)s 已在册", digits=digits)
    account = PayeeAccount.objects.create(
        number=digits, name=name.strip(), bank=bank.strip(), unit=unit, valid_from=valid_from
    )
    _record_payee("connections.payee_account.opened", account, by.actor, at)
    return account


@transaction.atomic
def close_payee_account(
    *, account_id: int, valid_until: dt.date, by: Viewer, at: dt.datetime
) -> PayeeAccount:
    """No new notice names the account from `valid_until` on; its rows stay."""
    by.require(Permission.ADMINISTER)
    journal_operations.take_turn()
    account = PayeeAccount.objects.select_for_update(of=("self",)).select_related("unit")
    found = account.filter(pk=account_id).first()
    if found is None:
        raise UnableToKeepPayeeAccount("没有这个收款账号")
    by.require_unit(found.unit.path)
    if valid_until <= found.valid_from:
        raise UnableToKeepPayeeAccount(
            "停用日应晚于启用日 %(valid_from)s", valid_from=found.valid_from
        )
    found.valid_until = valid_until
    found.save(update_fields=["valid_until"])
    _record_payee("connections.payee_account.closed", found, by.actor, at)
    return found


def _record_payee(event: str, account: PayeeAccount, actor: Actor, at: dt.datetime) -> None:
    happening = Happening(
        event=event,
        subject_type="connections.payee_account",
        subject_id=account.pk,
        subject_label=account.number,
        unit_path=account.unit.path,
        changes={"number": account.number, "bank": account.bank, "until": account.valid_until},
    )
    journal_operations.record(happening=happening, actor=actor, at=at)


@transaction.atomic
def draft_fee_notice(
    *,
    application_id: int,
    charges: Sequence[Charge],
    by: Viewer,
    at: dt.datetime,
    scheme_id: int | None = None,
) -> FeeNotice:
    """Reckon the charges by the catalogue of the day; no charges make a notice over 0.00 yuan.

    Refused: an item not in force, not for this kind of supply or voltage, a price of one's own
    where the catalogue has one, the same item twice, no payee account. Raises
    UnableToDraftNotice; nothing is kept.
    """
    by.require(Permission.DESIGN_SCHEMES)
    application = _locked(application_id, by)
    scheme = _scheme(application, scheme_id)
    on = local_date(at)
    _check_repeats(charges)
    lines = [_line(charge, application, scheme, on) for charge in charges]
    payee = fee_queries.find_payee_account(application.unit, on=on)
    if payee is None:
        raise UnableToDraftNotice(
            "%(unit)s及其上级单位没有在用的收款账号", unit=application.unit.name
        )
    notice = FeeNotice.objects.create(
        number=payment_number(NOTICE_PREFIX, on.year, next_serial(f"fee_notice:{on:%y}")),
        application=application,
        scheme=scheme,
        payee=payee,
        state=NoticeState.DRAFT,
        total_yuan=sum((line.amount_yuan for line in lines), Decimal("0.00")),
        drafted_at=at,
    )
    for line in lines:
        line.notice = notice
    FeeLine.objects.bulk_create(lines)
    _record("connections.fee_notice.drafted", notice, by.actor, at)
    return notice


def _locked(application_id: int, by: Viewer) -> ConnectionApplication:
    seen = ConnectionApplication.objects.visible_to(by).filter(pk=application_id)
    if not seen.exists():
        raise UnableToDraftNotice("没有这份申请，或不在您的范围之内")
    application = lock_application(application_id)
    if application.state not in CHARGEABLE_STATES:
        state = application.get_state_display()
        raise UnableToDraftNotice(
            "申请 %(number)s %(state)s，此时不能列收费用", number=application.number, state=state
        )
    return application


def _scheme(application: ConnectionApplication, scheme_id: int | None) -> SupplyScheme | None:
    if scheme_id is None:
        return None
    scheme: SupplyScheme | None = (
        application.schemes.filter(pk=scheme_id).select_related("chosen").first()
    )
    if scheme is None:
        raise UnableToDraftNotice("供电方案不属于这份申请")
    return scheme


def _check_repeats(charges: Sequence[Charge]) -> None:
    codes = [charge.item for charge in charges]
    repeated = sorted({code for code in codes if codes.count(code) > 1})
    if repeated:
        raise UnableToDraftNotice("收费项目重复：%(repeated)s", repeated=Listing(repeated))


def _line(
    charge: Charge, application: ConnectionApplication, scheme: SupplyScheme | None, on: dt.date
) -> FeeLine:
    item = ChargeItem.objects.filter(code=charge.item, valid_from__lte=on).order_by("-valid_from")
    found = item.first()
    if found is None:
        raise UnableToDraftNotice("收费目录中没有“%(item)s”", item=charge.item)
    voltage = scheme.chosen.voltage_kv if scheme and scheme.chosen else None
    why_not = fee_queries.why_not_chargeable(
        found, application, voltage or application.wished_voltage_kv, on
    )
    if why_not:
        raise UnableToDraftNotice.saying(why_not)
    if not charge.quantity.is_finite() or charge.quantity <= 0:
        raise UnableToDraftNotice("“%(found)s”的数量应大于零", found=found.name)
    price, basis = _price(found, charge)
    reckoned = reckon_charge(charge.quantity, found.unit, price)
    return FeeLine(
        item=found,
        name=found.name,
        quantity=charge.quantity,
        unit=found.unit,
        price_yuan=price,
        amount_yuan=reckoned.amount_yuan,
        formula=reckoned.formula,
        basis=basis,
        certainty=found.certainty,
    )


def _price(item: ChargeItem, charge: Charge) -> tuple[Decimal, str]:
    """The price and what it rests on; a catalogue price is not negotiable."""
    if item.basis != ChargeBasis.AS_AGREED:
        price = item.price_yuan or Decimal(0)
        if charge.price_yuan is not None and charge.price_yuan != price:
            raise UnableToDraftNotice(
                "“%(item)s”的标准是 %(price)s 元/%(unit)s（%(document)s），不能另定",
                item=item.name,
                price=plain(price),
                unit=item.unit,
                document=item.document,
            )
        return price, f"{item.document};{item.source}"[:300]
    if charge.price_yuan is None or not charge.price_yuan.is_finite() or charge.price_yuan <= 0:
        raise UnableToDraftNotice("“%(item)s”按核定金额收取，请填写金额", item=item.name)
    if not charge.basis.strip():
        raise UnableToDraftNotice("“%(item)s”按核定金额收取，请写明核定依据", item=item.name)
    return charge.price_yuan, charge.basis.strip()[:300]


@transaction.atomic
def issue_fee_notice(*, notice_id: int, by: Viewer, at: dt.datetime) -> FeeNotice:
    """Send a notice of its own, beside the reply (supplementary charges), with its paper."""
    by.require(Permission.DESIGN_SCHEMES)
    notice = _locked_notice(notice_id, by, UnableToIssueNotice)
    put_out(notice, actor=by.actor, at=at)
    if notice.state == NoticeState.ISSUED:
        issue_payment_paper(notice_id=notice.pk, by=by, at=at)
    return notice


def put_out(notice: FeeNotice, *, actor: Actor, at: dt.datetime) -> None:
    """The notice becomes payable; one over 0.00 yuan is settled at once. For operations."""
    if notice.state != NoticeState.DRAFT:
        state = notice.get_state_display()
        raise UnableToIssueNotice(
            "缴费通知 %(number)s %(state)s，不能再发出", number=notice.number, state=state
        )
    if notice.application.state not in CHARGEABLE_STATES:
        state = notice.application.get_state_display()
        raise UnableToIssueNotice(
            "申请 %(number)s %(state)s，不能发出缴费通知",
            number=notice.application.number,
            state=state,
        )
    notice.state, notice.issued_at = NoticeState.ISSUED, at
    notice.save(update_fields=["state", "issued_at"])
    _record("connections.fee_notice.issued", notice, actor, at)
    if notice.total_yuan == 0:
        settle(notice, actor=actor, at=at)


def settle(notice: FeeNotice, *, actor: Actor, at: dt.datetime) -> None:
    """The notice is paid to the fen; its application's process is told. For operations."""
    notice.state, notice.paid_at = NoticeState.PAID, at
    notice.save(update_fields=["state", "paid_at"])
    _record("connections.fee.paid", notice, actor, at)


@transaction.atomic
def cancel_fee_notice(*, notice_id: int, reason: str, by: Viewer, at: dt.datetime) -> FeeNotice:
    """Withdraw a notice on which no money lies; a paid one is refunded instead."""
    by.require(Permission.DESIGN_SCHEMES)
    notice = _locked_notice(notice_id, by, UnableToCancelNotice)
    if not reason.strip():
        raise UnableToCancelNotice("请写明作废的原因")
    withdraw(notice, reason=reason.strip(), actor=by.actor, at=at)
    return notice


def withdraw(notice: FeeNotice, *, reason: str, actor: Actor, at: dt.datetime) -> None:
    """The notice asks for nothing any more. For operations."""
    if notice.state == NoticeState.CANCELLED:
        raise UnableToCancelNotice("缴费通知 %(number)s 已作废", number=notice.number)
    if FeeMatch.objects.filter(notice=notice, undone_at=None).exists():
        raise UnableToCancelNotice(
            "缴费通知 %(number)s 已有到账，应先撤销核销或办理退费", number=notice.number
        )
    notice.state, notice.cancelled_at = NoticeState.CANCELLED, at
    notice.cancel_reason = reason[:300]
    notice.save(update_fields=["state", "cancelled_at", "cancel_reason"])
    _record("connections.fee_notice.cancelled", notice, actor, at, reason=reason)


def _locked_notice(notice_id: int, by: Viewer, refusal: type[Refusal]) -> FeeNotice:
    if not FeeNotice.objects.visible_to(by).filter(pk=notice_id).exists():
        raise refusal("没有这份缴费通知，或不在您的范围之内")
    return lock_notice(notice_id)


def lock_notice(notice_id: int) -> FeeNotice:
    """The notice as it stands, its row held until the transaction ends."""
    journal_operations.take_turn()
    rows = FeeNotice.objects.select_for_update(of=("self",))
    held: FeeNotice = rows.select_related("application__unit", "payee").get(pk=notice_id)
    return held


def _record(
    event: str, notice: FeeNotice, actor: Actor, at: dt.datetime, *, reason: str = ""
) -> None:
    record_step(
        event=event,
        application=notice.application,
        actor=actor,
        at=at,
        reason=reason,
        changes={"notice": notice.number, "total_yuan": notice.total_yuan, "state": notice.state},
    )

"""What can be done with payments: files, matches, credit, refunds, points, terms, months."""

from __future__ import annotations

from functools import partial

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, DayField, Doing, paragraph
from busbar.console.money_forms import (
    BankAccountForm,
    BankFileForm,
    DecideForm,
    ReasonForm,
    UnitForm,
    import_files,
    yuan_field,
)
from busbar.kit.periods import Month
from busbar.payments import operations as payments_operations
from busbar.payments import queries as payments_queries
from busbar.payments.models import MoneySource, PointKind, TakingsState

_FREE = 50


class CollectionFileForm(BankFileForm):
    """The bank's file and whose account it is of."""

    collection = forms.ChoiceField(label=_("电费账户"))
    field_order = ("collection", "file")

    def fit(self, doing: Doing) -> None:
        """The bank accounts of the viewer's branch."""
        rows = payments_queries.list_collection_accounts(doing.viewer)
        self.fields["collection"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (row.number, f"{row.number} {row.name}") for row in rows
        ]


class MatchForm(ActForm):
    """Which bill the money pays, and why that is believed."""

    reference = forms.CharField(label=_("账单号"), max_length=16)
    amount_yuan = yuan_field(_("核销金额 元"), required=False, hint=_("不填则尽数核销"))
    reason = forms.CharField(label=_("核对依据"), max_length=300)

    def fit(self, doing: Doing) -> None:
        """The likeliest bill, where there is one."""
        if isinstance(doing.subject, dict):
            self.initial.setdefault("reference", doing.subject.get(doing.of, ""))


class CreditForm(ActForm):
    """Into which account's balance the money goes."""

    account_number = forms.CharField(label=_("户号"), max_length=20)
    amount_yuan = yuan_field(_("金额 元"), required=False, hint=_("不填则全部转入"))
    as_deposit = forms.BooleanField(label=_("作为保证金"), required=False)
    reason = forms.CharField(label=_("依据"), max_length=300)


class RefundForm(ActForm):
    """How much goes back, of what, and why."""

    amount_yuan = yuan_field(_("退费金额 元"))
    source = forms.ChoiceField(label=_("从哪里退"), choices=MoneySource.choices)
    account_number = forms.CharField(
        label=_("户号（从预存或保证金退时填写）"), max_length=20, required=False
    )
    ground = forms.CharField(label=_("退费理由"), max_length=300, widget=paragraph(2))


class ProveForm(ActForm):
    """The bank's outgoing row."""

    payout = forms.ChoiceField(label=_("银行支出"))

    def fit(self, doing: Doing) -> None:
        """Money that went and explains nothing yet."""
        rows = payments_queries.list_payouts(doing.viewer, unexplained_only=True)[:_FREE]
        self.fields["payout"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (str(r.pk), f"{r.booked_on} {r.reference} {r.payee_name} {r.amount_yuan}") for r in rows
        ]


class PointForm(UnitForm):
    """A counter or an agency."""

    code = forms.CharField(label=_("网点编号"), max_length=20)
    name = forms.CharField(label=_("网点名称"), max_length=100)
    kind = forms.ChoiceField(label=_("类别"), choices=PointKind.choices)
    opened_on = DayField(label=_("开业日期"))
    address = forms.CharField(label=_("地址"), max_length=300, required=False)
    operator = forms.CharField(label=_("经办单位"), max_length=100, required=False)
    phone = forms.CharField(label=_("电话"), max_length=30, required=False)
    agreement = forms.CharField(
        label=_("代收协议编号（代收点必填）"), max_length=60, required=False
    )


class TermForm(UnitForm):
    """By when a unit's bills are to be paid."""

    days_after_issue = forms.IntegerField(label=_("出账后天数"), min_value=0, max_value=365)
    valid_from = DayField(label=_("生效日期"))
    source = forms.CharField(label=_("依据"), max_length=300)


class TakeForm(ActForm):
    """Money at the counter."""

    account_number = forms.CharField(label=_("户号"), max_length=20)
    amount_yuan = yuan_field(_("金额 元"))
    payer_name = forms.CharField(label=_("缴款人"), max_length=200)
    reference = forms.CharField(
        label=_("收据号"), max_length=30, required=False, help_text=_("不填则自动编号")
    )


class HandInForm(ActForm):
    """A day's takings as counted."""

    day = DayField(label=_("截至日期"))
    counted_yuan = yuan_field(_("实点金额 元"))
    difference_reason = forms.CharField(label=_("不符原因"), max_length=300, required=False)


class ClosePointForm(ReasonForm):
    """From when on a point takes nothing."""

    closed_on = DayField(label=_("停业日期"))


class TakingsForm(ActForm):
    """Which takings a bank row brought."""

    takings = forms.ChoiceField(label=_("解款单"))
    reason = forms.CharField(label=_("核对依据"), max_length=300)

    def fit(self, doing: Doing) -> None:
        """Takings that the bank has not shown yet."""
        rows = payments_queries.list_takings(doing.viewer).filter(state=TakingsState.HANDED_IN)
        self.fields["takings"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (str(r.pk), f"{r.number} {r.point.name} {r.missing_yuan}") for r in rows[:_FREE]
        ]


def _import(doing: Doing) -> str:
    payments_operations.raise_receivables(by=doing.viewer, at=doing.at)
    return import_files(
        doing,
        partial(
            payments_operations.import_payments,
            collection_number=doing.data["collection"],
            by=doing.viewer,
            at=doing.at,
        ),
    )


def _match(doing: Doing) -> None:
    payments_operations.match_payment(
        payment_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _credit(doing: Doing) -> None:
    payments_operations.credit_payment(
        payment_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _takings(doing: Doing) -> None:
    payments_operations.reconcile_takings(
        takings_id=int(doing.data["takings"]),
        payment_id=doing.row_id,
        reason=doing.data["reason"],
        by=doing.viewer,
        at=doing.at,
    )


def _undo(doing: Doing) -> None:
    payments_operations.undo_match(
        match_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _refund(doing: Doing) -> None:
    data = {**doing.data, "source": MoneySource(doing.data["source"])}
    payments_operations.request_refund(
        payment_id=doing.row_id, **data, by=doing.viewer, at=doing.at
    )


def _approve(doing: Doing) -> None:
    payments_operations.approve_refund(
        refund_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _refuse(doing: Doing) -> None:
    payments_operations.refuse_refund(
        refund_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _prove(doing: Doing) -> None:
    payments_operations.prove_refund(
        refund_id=doing.row_id,
        payout_id=int(doing.data["payout"]),
        by=doing.viewer,
        at=doing.at,
    )


def _pay_cash(doing: Doing) -> None:
    payments_operations.pay_refund_in_cash(refund_id=doing.row_id, by=doing.viewer, at=doing.at)


def _open_point(doing: Doing) -> None:
    data = dict(doing.data)
    unit, kind = int(data.pop("unit")), PointKind(data.pop("kind"))
    payments_operations.open_point(**data, kind=kind, unit_id=unit, by=doing.viewer, at=doing.at)


def _close_point(doing: Doing) -> None:
    payments_operations.close_point(
        point_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _open_collection(doing: Doing) -> None:
    data = dict(doing.data)
    unit = int(data.pop("unit"))
    payments_operations.open_collection_account(**data, unit_id=unit, by=doing.viewer, at=doing.at)


def _set_term(doing: Doing) -> None:
    data = dict(doing.data)
    unit = int(data.pop("unit"))
    payments_operations.set_payment_term(**data, unit_id=unit, by=doing.viewer, at=doing.at)


def _take(doing: Doing) -> str:
    payments_operations.raise_receivables(by=doing.viewer, at=doing.at)
    payment = payments_operations.take_payment(
        point_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )
    return _g("已收款，编号 %(number)s") % {"number": payment.reference}


def _hand_in(doing: Doing) -> str:
    takings = payments_operations.hand_in_takings(
        point_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )
    return _g("解款单 %(number)s，请写进银行附言") % {"number": takings.number}


def _close_month(doing: Doing) -> None:
    payments_operations.close_month(month=Month.parse(doing.subject), by=doing.viewer, at=doing.at)


def _reopen_month(doing: Doing) -> None:
    payments_operations.reopen_month(
        month=Month.parse(doing.subject), **doing.data, by=doing.viewer, at=doing.at
    )


_CASH, _BOOKS = (Permission.TAKE_PAYMENTS,), (Permission.KEEP_LEDGER,)
_DECIDE = (Permission.APPROVE_REFUNDS,)

_MATCH = Act(_("核销"), _match, _CASH, MatchForm, said=_("已核销"), icon="link")
_CREDIT = Act(_("转预存"), _credit, _CASH, CreditForm, said=_("已转入余额"), icon="pig-money")
_ASK = Act(
    _("申请退费"), _refund, _CASH, RefundForm, said=_("退费已申请，待审批"), icon="receipt-refund"
)
MONEY_ACTS: dict[str, Act] = {
    "import": Act(
        _("导入流水"), _import, _CASH, CollectionFileForm, icon="file-import", is_first=True,
        slow=_("正在读入…"),
        note=_("合格的行收下，退回的行列出原因；同一流水号只记一次，中断后再导入即接着办"),
    ),
    "match": _MATCH,
    "credit": _CREDIT,
    "takings": Act(
        _("核对解款"), _takings, _CASH, TakingsForm, said=_("解款已核对"), icon="cash-banknote"
    ),
    "refund": _ASK,
    "undo": Act(
        _("撤销核销"), _undo, _CASH, ReasonForm, said=_("核销已撤销"), icon="arrow-back-up"
    ),
}  # fmt: skip
REFUND_ACTS: dict[str, Act] = {
    "approve": Act(_("批准"), _approve, _DECIDE, DecideForm, said=_("退费已批准"), icon="check"),
    "refuse": Act(_("不予退费"), _refuse, _DECIDE, DecideForm, said=_("已答复不予退费"), icon="x"),
    "prove": Act(_("登记退款流水"), _prove, _CASH, ProveForm, said=_("退款已核对"), icon="link"),
    "cash": Act(_("柜台退款"), _pay_cash, _CASH, said=_("已退现金"), icon="cash"),
}
POINT_ACTS: dict[str, Act] = {
    "open": Act(_("新增网点"), _open_point, _BOOKS, PointForm, icon="plus", is_first=True),
    "account": Act(
        _("新增电费账户"), _open_collection, _BOOKS, BankAccountForm, icon="building-bank"
    ),
    "term": Act(_("设缴费期限"), _set_term, _BOOKS, TermForm, icon="calendar-due"),
    "take": Act(_("收款"), _take, _CASH, TakeForm, icon="cash"),
    "hand_in": Act(_("解款"), _hand_in, _CASH, HandInForm, icon="package-export"),
    "close": Act(_("停业"), _close_point, _BOOKS, ClosePointForm, icon="ban"),
}
LEDGER_ACTS: dict[str, Act] = {
    "close": Act(
        _("结账"), _close_month, _BOOKS, said=_("已结账"), icon="lock", is_first=True,
        note=_("之前未结的月份一并结账；结账后补记的业务记入下一个未结月份"),
    ),
    "reopen": Act(
        _("反结账"), _reopen_month, (Permission.REOPEN_MONTHS,), ReasonForm,
        said=_("已反结账"), icon="lock-open",
    ),
}  # fmt: skip

"""What can be done with charges: notices, bank files, matches, refunds, payee accounts."""

from __future__ import annotations

from functools import partial

from django import forms
from django.utils.translation import gettext_lazy as _

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import ReceiptDirection
from busbar.connections.operations import Charge
from busbar.console.acts import Act, ActForm, DayField, Doing, paragraph
from busbar.console.money_forms import (
    BankAccountForm,
    BankFileForm,
    DecideForm,
    ReasonForm,
    import_files,
    yuan_field,
)
from busbar.kit.periods import local_date


class ChargeRow(forms.Form):
    """A charge of a notice."""

    item = forms.CharField(label=_("收费项目编码"), max_length=60)
    quantity = forms.DecimalField(label=_("数量"), min_value=0, max_digits=14, decimal_places=4)
    price_yuan = forms.DecimalField(
        label=_("单价 元（按核定金额的填写）"), min_value=0, decimal_places=4, required=False
    )
    basis = forms.CharField(label=_("依据"), max_length=300, required=False)


class PayeeFileForm(BankFileForm):
    """The bank's file and whose account it is of."""

    payee = forms.ChoiceField(label=_("收款账号"))
    field_order = ("payee", "file")

    def fit(self, doing: Doing) -> None:
        """The accounts in use in the viewer's branch."""
        paths = {unit.path for unit in access_queries.list_branch(doing.viewer)}
        accounts = connections_queries.list_payee_accounts(on=local_date(doing.at))
        self.fields["payee"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (row.number, f"{row.number} {row.name}")
            for row in accounts
            if doing.viewer.sees_all or row.unit.path in paths
        ]


class MatchForm(ActForm):
    """Which notice the money pays, and why that is believed."""

    notice = forms.CharField(label=_("缴费通知号"), max_length=20)
    amount_yuan = yuan_field(_("核销金额 元"), required=False, hint=_("不填则尽数核销"))
    reason = forms.CharField(label=_("核对依据"), max_length=300)

    def fit(self, doing: Doing) -> None:
        """The notice that owes exactly what waits, where there is one."""
        self.initial.setdefault("notice", doing.subject.get(doing.of, ""))


class RefundForm(ActForm):
    """How much goes back, and why."""

    amount_yuan = yuan_field(_("退费金额 元"))
    notice = forms.CharField(
        label=_("从哪份缴费通知退（未核销的款不填）"), max_length=20, required=False
    )
    ground = forms.CharField(label=_("退费理由"), max_length=500, widget=paragraph(2))


class ProveForm(ActForm):
    """The bank's outgoing row."""

    payout = forms.ChoiceField(label=_("退款流水"))

    def fit(self, doing: Doing) -> None:
        """Money that went and explains nothing yet."""
        rows = connections_queries.list_receipts(doing.viewer, direction=ReceiptDirection.OUT)
        free = rows.filter(paid_refund=None)[:50]
        self.fields["payout"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (str(r.pk), f"{r.booked_on} {r.reference} {r.payer_name} {r.amount_yuan}") for r in free
        ]


class PayeeForm(BankAccountForm):
    """A bank account into which connection fees are paid."""

    unit = forms.ChoiceField(label=_("使用单位"))


class CloseForm(ActForm):
    """From when on it is no longer used."""

    valid_until = DayField(label=_("停用日期"))


def _notice_id(doing: Doing, number: str) -> int:
    """The key of a visible notice; 0, which no notice has, where there is none."""
    found = connections_queries.list_fee_notices(doing.viewer).filter(number=number.strip()).first()
    return found.pk if found else 0


def _draft(doing: Doing) -> None:
    connections_operations.draft_fee_notice(
        application_id=doing.subject.pk,
        charges=[Charge(**row) for row in doing.rows],
        by=doing.viewer,
        at=doing.at,
    )


def _issue(doing: Doing) -> None:
    connections_operations.issue_fee_notice(
        notice_id=doing.subject.pk, by=doing.viewer, at=doing.at
    )


def _cancel(doing: Doing) -> None:
    connections_operations.cancel_fee_notice(
        notice_id=doing.subject.pk, **doing.data, by=doing.viewer, at=doing.at
    )


def _import(doing: Doing) -> str:
    return import_files(
        doing,
        partial(
            connections_operations.import_bank_file,
            payee_number=doing.data["payee"],
            by=doing.viewer,
            at=doing.at,
        ),
    )


def _match(doing: Doing) -> None:
    connections_operations.match_receipt(
        receipt_id=doing.row_id,
        notice_id=_notice_id(doing, doing.data["notice"]),
        reason=doing.data["reason"],
        amount_yuan=doing.data["amount_yuan"],
        by=doing.viewer,
        at=doing.at,
    )


def _undo(doing: Doing) -> None:
    connections_operations.undo_match(
        match_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _request_refund(doing: Doing) -> None:
    number = doing.data["notice"]
    connections_operations.request_refund(
        receipt_id=doing.row_id,
        amount_yuan=doing.data["amount_yuan"],
        ground=doing.data["ground"],
        notice_id=_notice_id(doing, number) if number else None,
        by=doing.viewer,
        at=doing.at,
    )


def _approve(doing: Doing) -> None:
    connections_operations.approve_refund(
        refund_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )
    connections_operations.issue_refund_paper(refund_id=doing.row_id, by=doing.viewer, at=doing.at)


def _refuse(doing: Doing) -> None:
    connections_operations.refuse_refund(
        refund_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


def _prove(doing: Doing) -> None:
    connections_operations.prove_refund(
        refund_id=doing.row_id,
        payout_id=int(doing.data["payout"]),
        by=doing.viewer,
        at=doing.at,
    )


def _open_payee(doing: Doing) -> None:
    data = dict(doing.data)
    unit = int(data.pop("unit"))
    connections_operations.open_payee_account(**data, unit_id=unit, by=doing.viewer, at=doing.at)


def _close_payee(doing: Doing) -> None:
    connections_operations.close_payee_account(
        account_id=doing.row_id, **doing.data, by=doing.viewer, at=doing.at
    )


_DESIGN, _CASH = (Permission.DESIGN_SCHEMES,), (Permission.RECEIVE_FEES,)
_DECIDE, _ADMIN = (Permission.APPROVE_REFUNDS,), (Permission.ADMINISTER,)

APPLICATION_ACTS: dict[str, Act] = {
    "draft": Act(
        _("拟缴费通知"), _draft, _DESIGN, rows=ChargeRow, rows_label=_("收费项目"),
        said=_("缴费通知已拟好，待发出"), icon="file-plus", is_first=True,
    ),
}  # fmt: skip
NOTICE_ACTS: dict[str, Act] = {
    "issue": Act(_("发出"), _issue, _DESIGN, said=_("缴费通知已发出"), icon="send", is_first=True),
    "cancel": Act(_("作废"), _cancel, _DESIGN, ReasonForm, said=_("缴费通知已作废"), icon="ban"),
    "undo": Act(
        _("撤销核销"), _undo, _CASH, ReasonForm, said=_("核销已撤销"), icon="arrow-back-up"
    ),
}
BANK_ACTS: dict[str, Act] = {
    "import": Act(
        _("导入流水"), _import, _CASH, PayeeFileForm, icon="file-import", is_first=True,
        slow=_("正在读入…"),
        note=_("合格的行收下，退回的行列出原因；改正后再导入，已收下的流水号不会重复"),
    ),
    "match": Act(_("核销"), _match, _CASH, MatchForm, said=_("已核销"), icon="link"),
    "refund": Act(_("申请退费"), _request_refund, _CASH, RefundForm, said=_("退费已申请，待审批"),
                  icon="receipt-refund"),
}  # fmt: skip
REFUND_ACTS: dict[str, Act] = {
    "approve": Act(_("批准"), _approve, _DECIDE, DecideForm, said=_("退费已批准"), icon="check"),
    "refuse": Act(_("不予退费"), _refuse, _DECIDE, DecideForm, said=_("已答复不予退费"), icon="x"),
    "prove": Act(_("登记退款流水"), _prove, _CASH, ProveForm, said=_("退款已核对"), icon="link"),
}
PAYEE_ACTS: dict[str, Act] = {
    "open": Act(_("新增收款账户"), _open_payee, _ADMIN, PayeeForm, icon="plus", is_first=True),
    "close": Act(_("停用"), _close_payee, _ADMIN, CloseForm, said=_("账户已停用"), icon="ban"),
}

"""What the screens of connection fees and of electricity money share: bank files, decisions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from busbar.access import queries as access_queries
from busbar.connections.sent_files import SentFile
from busbar.console.acts import ActForm, DayField, Doing, FilesField, paragraph
from busbar.payments.bank_file import read_bank_file

_SUFFIXES = {".xlsx", ".xls", ".csv"}


class KeptFile(Protocol):
    """A bank file as a room kept it."""

    name: str
    kept: int
    refused: Any


def import_files(doing: Doing, keep: Callable[..., KeptFile]) -> str:
    """Read each file that was sent; `keep(name=, rows=, refused=)` takes it. What to tell."""
    return " ".join(_import_one(file, keep) for file in doing.data["file"])


def _import_one(file: SentFile, keep: Callable[..., KeptFile]) -> str:
    suffix = Path(file.name).suffix.lower()
    with tempfile.NamedTemporaryFile(suffix=suffix if suffix in _SUFFIXES else ".csv") as held:
        held.write(file.content)
        held.flush()
        rows, refused = read_bank_file(Path(held.name))
    kept = keep(name=Path(file.name).name, rows=rows, refused=refused)
    return _g("%(name)s：收下 %(kept)s 行，退回 %(refused)s 行") % {
        "name": kept.name, "kept": kept.kept, "refused": len(kept.refused),
    }  # fmt: skip


def yuan_field(
    label: Promise, *, required: bool = True, hint: Promise | str = ""
) -> forms.DecimalField:
    """An amount in yuan above nought, to the fen."""
    return forms.DecimalField(
        label=label,  # type: ignore[arg-type] # a lazy text
        min_value=Decimal("0.01"),
        max_digits=15,
        decimal_places=2,
        required=required,
        help_text=hint,  # type: ignore[arg-type] # a lazy text
    )


class BankFileForm(ActForm):
    """The bank's files; whose account they are of, each screen asks by its own field."""

    file = FilesField(
        label=_("流水文件"),
        help_text=_("CSV（UTF-8 或 GB18030）或 Excel，列：流水号、交易日期、对方户名、对方账号、"
                    "金额、附言；支出为负"),
    )  # fmt: skip


class ReasonForm(ActForm):
    """Why."""

    reason = forms.CharField(label=_("原因"), max_length=300, widget=paragraph(2))


class DecideForm(ActForm):
    """A decision on a refund."""

    remark = forms.CharField(label=_("审批意见"), max_length=300, widget=paragraph(2))


class UnitForm(ActForm):
    """A form about one unit of the viewer's branch."""

    unit = forms.ChoiceField(label=_("单位"))

    def fit(self, doing: Doing) -> None:
        """The units of the branch."""
        self.fields["unit"].choices = [  # type: ignore[attr-defined] # a ChoiceField
            (str(unit.pk), unit.name) for unit in access_queries.list_branch(doing.viewer)
        ]


class BankAccountForm(UnitForm):
    """A bank account of the company."""

    number = forms.CharField(label=_("账号"), max_length=40)
    name = forms.CharField(label=_("户名"), max_length=200)
    bank = forms.CharField(label=_("开户银行"), max_length=200)
    valid_from = DayField(label=_("启用日期"))
    field_order = ("number", "name", "bank", "unit", "valid_from")

"""服务目录: products, packages, templates of services, reasons of refusal; set by the office."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from busbar.access.permissions import Permission
from busbar.console.acts import Act, ActForm, Acts, DayField, Doing, paragraph
from busbar.console.requests import StaffRequest
from busbar.key_accounts import operations
from busbar.key_accounts.models import ShapeKind
from busbar.key_accounts.queries import catalogue as catalogue_queries
from busbar.key_accounts.queries import rules as rules_queries
from busbar.key_accounts.queries import segments as segments_queries
from busbar.key_accounts.queries.catalogue import Kept
from busbar.kit.periods import local_date


@dataclass(frozen=True)
class Shelf:
    """What the page shows and its forms choose from."""

    items: dict[str, list[Kept]]
    sections: list[tuple[str, str]]
    bands: list[tuple[str, str]]

    def find(self, kind: str, newest_id: int | None) -> Kept | None:
        """The item whose newest version has the key."""
        rows = self.items[kind]
        return next((one for one in rows if one.newest.pk == newest_id), None)


def _boxes() -> forms.CheckboxSelectMultiple:
    return forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})


class ItemForm(ActForm):
    """A version of an item: from when, and on what it rests."""

    kind = ""
    valid_from = DayField(label=_("自"))
    source = forms.CharField(label=_("依据"), max_length=300)

    def fit(self, doing: Doing) -> None:
        """What the newest version says, to be changed."""
        found = doing.subject.find(self.kind, doing.of)
        if found is None:
            return
        self.fields.pop("code", None)
        for name in set(self.fields) - {"valid_from", "source"}:
            value = getattr(found.newest, name)
            self.initial[name] = "\n".join(value) if name == "services" else value


class CodedForm(ItemForm):
    """A new item may be named by programs, too."""

    code = forms.CharField(
        label=_("编码"), max_length=30, help_text=_("小写字母、数字、- 或 _；登记后不变")
    )
    name = forms.CharField(label=_("名称"), max_length=60)
    field_order = ["code", "name"]


class ProductForm(CodedForm):
    """A value-added product."""

    kind = "product"
    description = forms.CharField(label=_("说明"), max_length=500, widget=paragraph(3))
    benefit_basis = forms.CharField(label=_("收益口径"), max_length=300, widget=paragraph(2))
    field_order = ["code", "name", "description", "benefit_basis"]


class PackageForm(CodedForm):
    """A package and the segments it is bound to."""

    kind = "package"
    services = forms.CharField(
        label=_("内容"), max_length=1500, widget=paragraph(4), help_text=_("一行一项")
    )
    sections = forms.MultipleChoiceField(
        label=_("行业门类"), required=False, help_text=_("一个也不选即不限")
    )
    shapes = forms.MultipleChoiceField(
        label=_("典型日"),
        choices=ShapeKind.choices,
        required=False,
        widget=_boxes(),
    )
    bands = forms.MultipleChoiceField(label=_("消费档"), required=False, widget=_boxes())
    field_order = ["code", "name", "services", "sections", "shapes", "bands"]

    def fit(self, doing: Doing) -> None:
        """Choices that are in force today."""
        super().fit(doing)
        self.fields["sections"].choices = doing.subject.sections  # type: ignore[attr-defined] # a choice field
        self.fields["bands"].choices = doing.subject.bands  # type: ignore[attr-defined] # a choice field

    def clean_services(self) -> list[str]:
        """A line, a service."""
        lines = str(self.cleaned_data["services"]).splitlines()
        return [line.strip() for line in lines if line.strip()]


class TemplateForm(ItemForm):
    """What the record of a basic service is to say."""

    kind = "template"
    template = forms.CharField(label=_("记录模板"), max_length=2000, widget=paragraph(4))
    field_order = ["template"]


class ReasonForm(CodedForm):
    """A reason of refusal."""

    kind = "reason"


class EndForm(ActForm):
    """From when it is no longer offered, and why."""

    ends_on = DayField(label=_("停用日"))
    reason = forms.CharField(label=_("原因"), max_length=300)


def _given(kind: str, doing: Doing) -> dict[str, Any]:
    """What the operations take of what was written."""
    data = dict(doing.data)
    common = {name: data.pop(name) for name in ("valid_from", "source")}
    code = data.pop("code", "")
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    return {**common, "code": code, "facts": operations.FACTS[kind](**said)}


def _add(kind: str) -> Any:
    def act(doing: Doing) -> None:
        operations.add_catalogue_item(**_given(kind, doing), by=doing.viewer, at=doing.at)

    return act


def _revise(kind: str) -> Any:
    def act(doing: Doing) -> None:
        given = {**_given(kind, doing), "code": _code(kind, doing)}
        operations.revise_catalogue_item(**given, by=doing.viewer, at=doing.at)

    return act


def _end(kind: str) -> Any:
    def act(doing: Doing) -> None:
        operations.end_catalogue_item(
            kind=kind, code=_code(kind, doing), **doing.data, by=doing.viewer, at=doing.at
        )

    return act


def _code(kind: str, doing: Doing) -> str:
    found = doing.subject.find(kind, doing.row_id)
    if found is None:
        raise Http404
    return str(found.row.code)


_MAY = (Permission.ADOPT_KEY_ACCOUNTS,)
_REVISED, _ENDED = _("新版本已登记，自生效日起采用"), _("已登记停用日，此前办理的不受影响")
FORMS: dict[str, type[ItemForm]] = {
    form.kind: form for form in (ProductForm, PackageForm, TemplateForm, ReasonForm)
}
ACTS = {
    **{
        f"{kind}-add": Act(_("新增"), _add(kind), _MAY, form, icon="plus")
        for kind, form in FORMS.items()
        if kind != "template"
    },
    **{
        f"{kind}-revise": Act(_("新版本"), _revise(kind), _MAY, form, said=_REVISED)
        for kind, form in FORMS.items()
    },
    **{
        f"{kind}-end": Act(_("停用"), _end(kind), _MAY, EndForm, said=_ENDED, icon="ban")
        for kind in FORMS
        if kind != "template"
    },
}
TITLES = {
    "product": _("增值产品"),
    "package": _("服务包"),
    "template": _("基本业务的记录模板"),
    "reason": _("拒绝理由"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def catalogue_page(request: StaffRequest) -> HttpResponse:
    """What the office offers and words, every version; whoever may sets the next."""
    today = local_date(timezone.now())
    shelf = _shelf(today)
    acts = Acts(ACTS, request, shelf)
    if request.method == "POST" and acts.post():
        return redirect("key_account_catalogue")
    context = {
        "acts": acts,
        "today": today,
        "groups": [
            {
                "kind": kind,
                "title": TITLES[kind],
                "add": f"{kind}-add",
                "revise": f"{kind}-revise",
                "end": f"{kind}-end",
                "rows": [_line(one, shelf) for one in rows],
            }
            for kind, rows in shelf.items.items()
        ],
    }
    status = 422 if acts.refused else 200
    return render(request, "console/key_accounts/catalogue.html", context, status=status)


def _shelf(today: dt.date) -> Shelf:
    industries = rules_queries.map_industries(today)
    return Shelf(
        items=catalogue_queries.list_catalogue(today),
        sections=[
            (code, f"{code} {row.name}")
            for code, row in sorted(industries.items())
            if code == row.section
        ],
        bands=[(row.code, row.name) for row in segments_queries.list_bands(today)],
    )


def _line(one: Kept, shelf: Shelf) -> dict[str, Any]:
    versions = sorted(one.others, key=lambda row: row.valid_from, reverse=True)
    return {
        "kept": one,
        "says": _says(one.row, shelf),
        "others": [(row, _says(row, shelf)) for row in versions],
    }


def _says(row: Any, shelf: Shelf) -> list[tuple[Any, str]]:
    """(what, text) of a version as people read it."""
    if hasattr(row, "benefit_basis"):
        return [("", row.description), (_("收益口径"), row.benefit_basis)]
    if hasattr(row, "template"):
        return [("", row.template)]
    if not hasattr(row, "services"):
        return []
    bound = [
        (_("行业门类"), [dict(shelf.sections).get(code, code) for code in row.sections]),
        (_("典型日"), [str(ShapeKind(kind).label) for kind in row.shapes]),
        (_("消费档"), [dict(shelf.bands).get(code, code) for code in row.bands]),
    ]
    found: list[tuple[Any, str]] = [("", "、".join(row.services))]
    return found + [(label, "、".join(names)) for label, names in bound if names]


urlpatterns = [path("key-accounts/catalogue/", catalogue_page, name="key_account_catalogue")]

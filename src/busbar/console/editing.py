"""Changing one customer: basics, contacts, documents. A refused form answers with itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from busbar.access import queries as access_queries
from busbar.access.permissions import Permission
from busbar.console.refusals import said
from busbar.console.requests import StaffRequest
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import Contact, Customer, CustomerGroup, CustomerKind, Importance
from busbar.kit.errors import Refusal

DOCUMENT_KINDS = (
    ("agreement", _("供用电合同")),
    ("license", _("营业执照")),
    ("drawing", _("图纸")),
    ("report", _("报告")),
    ("other", _("其他")),
)


class BasicsForm(forms.Form):
    """What of a customer may be amended."""

    name = forms.CharField(label=_("客户名称"), max_length=200)
    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=18, required=False)
    kind = forms.ChoiceField(label=_("类别"), choices=CustomerKind.choices)
    importance = forms.ChoiceField(label=_("重要性"), choices=Importance.choices)
    industry_code = forms.CharField(label=_("行业代码"), max_length=10, required=False)
    group = forms.CharField(label=_("集团代码"), max_length=30, required=False)
    unit = forms.ChoiceField(label=_("管理单位"))
    address = forms.CharField(label=_("地址"), max_length=300, required=False)


class ContactForm(forms.Form):
    """A person at the customer's."""

    name = forms.CharField(label=_("姓名"), max_length=50)
    role = forms.CharField(label=_("职务"), max_length=50)
    phone = forms.CharField(label=_("电话"), max_length=30, required=False)
    email = forms.EmailField(label=_("邮箱"), required=False)
    is_primary = forms.BooleanField(label=_("首要联系人"), required=False)


class DocumentForm(forms.Form):
    """A file with what it is."""

    title = forms.CharField(label=_("名称"), max_length=200)
    kind = forms.ChoiceField(label=_("类别"), choices=DOCUMENT_KINDS)
    file = forms.FileField(label=_("文件"))


@require_http_methods(["GET", "HEAD", "POST"])
def amend_customer(request: StaffRequest, number: str) -> HttpResponse:
    """The basics, changed as one operation."""
    request.viewer.require(Permission.EDIT_CUSTOMERS)
    customer = customers_queries.get_customer(request.viewer, number)
    form = BasicsForm(request.POST or None, initial=_basics(customer))
    units = access_queries.list_branch(request.viewer)
    form.fields["unit"].choices = [(u.code, u.name) for u in units]  # type: ignore[attr-defined] # a ChoiceField

    def amend() -> None:
        before = _basics(customer)
        changes = {k: v for k, v in form.cleaned_data.items() if v != before[k]}
        if changes:
            customers_operations.amend_customer(
                customer=customer, changes=changes, by=request.viewer, at=timezone.now()
            )

    if request.method == "POST" and _done(form, amend):
        return redirect("customer", number)
    context = {"form": form, "customer": customer, "groups": CustomerGroup.objects.order_by("name")}
    return _form_page(request, "console/customer/edit.html", context, form)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_contact(request: StaffRequest, number: str, contact_id: int | None = None) -> HttpResponse:
    """A new contact, or another phone for a known one."""
    request.viewer.require(Permission.EDIT_CUSTOMERS)
    customer = customers_queries.get_customer(request.viewer, number)
    contact: Contact | None = None
    if contact_id is not None:
        contact = Contact.objects.visible_to(request.viewer).get(pk=contact_id, customer=customer)
    form = ContactForm(request.POST or None, initial=_contact(contact))
    if contact is not None:
        for fixed in ("name", "role"):
            form.fields[fixed].disabled = True

    def keep() -> None:
        at = timezone.now()
        if contact is None:
            customers_operations.add_contact(
                customer=customer, **form.cleaned_data, by=request.viewer, at=at
            )
        else:
            row = {"customer": customer.number, **form.cleaned_data}
            outcome = customers_operations.store_contacts(rows=[row], by=request.viewer, at=at)
            outcome.require(customers_operations.UnableToAddContact)

    if request.method == "POST" and _done(form, keep):
        return _to_tab(request, number, "contacts")
    context = {"form": form, "customer": customer, "contact": contact}
    return _form_page(request, "console/customer/contact_form.html", context, form)


@require_POST
def attach_document(request: StaffRequest, number: str) -> HttpResponse:
    """A file, checked by its content before it is kept."""
    customer = customers_queries.get_customer(request.viewer, number)
    request.viewer.require(Permission.EDIT_CUSTOMERS)
    form = DocumentForm(request.POST, request.FILES)

    def attach() -> None:
        file = form.cleaned_data["file"]
        customers_operations.attach_document(
            customer=customer,
            title=form.cleaned_data["title"],
            kind=form.cleaned_data["kind"],
            file_name=file.name,
            chunks=file.chunks(),
            by=request.viewer,
            at=timezone.now(),
        )

    if _done(form, attach):
        return _to_tab(request, number, "documents")
    context = {"form": form, "customer": customer}
    return _form_page(request, "console/customer/document_form.html", context, form)


@require_safe
def new_document(request: StaffRequest, number: str) -> HttpResponse:
    """The empty form."""
    request.viewer.require(Permission.EDIT_CUSTOMERS)
    customer = customers_queries.get_customer(request.viewer, number)
    context = {"form": DocumentForm(), "customer": customer}
    return render(request, "console/customer/document_form.html", context)


@require_safe
def download_document(request: StaffRequest, document_id: int) -> FileResponse:
    """The bytes as a file to keep; never shown in the console's own origin."""
    document = customers_queries.get_document(request.viewer, document_id)
    path = customers_queries.get_document_path(document)
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=document.file_name,
        content_type=document.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _done(form: forms.Form, act: Callable[[], None]) -> bool:
    """Do it when the form holds; a refusal becomes the form's own error."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refusal as refusal:
        form.add_error(None, said(refusal))
        return False
    return True


def _form_page(
    request: StaffRequest, template: str, context: dict[str, Any], form: forms.Form
) -> HttpResponse:
    return render(request, template, context, status=422 if form.is_bound else 200)


def _to_tab(request: StaffRequest, number: str, tab: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("customer_tab", args=[number, tab]))


def _basics(customer: Customer) -> dict[str, str]:
    return {
        "name": customer.name,
        "credit_code": customer.credit_code,
        "kind": customer.kind,
        "importance": customer.importance,
        "industry_code": customer.industry_code,
        "group": customer.group.code if customer.group else "",
        "unit": customer.unit.code,
        "address": customer.address,
    }


def _contact(contact: Contact | None) -> dict[str, Any]:
    if contact is None:
        return {}
    names = ("name", "role", "phone", "email", "is_primary")
    return {name: getattr(contact, name) for name in names}


urlpatterns = [
    path("customers/<str:number>/edit/", amend_customer, name="customer_edit"),
    path("customers/<str:number>/contacts/new/", edit_contact, name="contact_new"),
    path("customers/<str:number>/contacts/<int:contact_id>/", edit_contact, name="contact_edit"),
    path("customers/<str:number>/documents/new/", new_document, name="document_new"),
    path("customers/<str:number>/documents/", attach_document, name="document_attach"),
    path("documents/<int:document_id>/", download_document, name="document"),
]

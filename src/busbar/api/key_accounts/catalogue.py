"""The office's catalogues for programs: products, packages, templates, reasons; by versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Router, Schema
from pydantic import Field

from busbar.access.permissions import Permission
from busbar.api.paging import Day, Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Paragraph, Sent, Sentence, Short, in_reach, now
from busbar.key_accounts import operations
from busbar.key_accounts.models import ShapeKind
from busbar.key_accounts.queries import catalogue as catalogue_queries

router = Router()
Source = Annotated[Sentence, Field(min_length=1, max_length=300)]


class EndingKind(StrEnum):
    """Which catalogues' items end."""

    PRODUCT = "product"
    PACKAGE = "package"
    REASON = "reason"


class CatalogueVersionOut(Schema):
    """One version of an item."""

    code: str
    name: str
    valid_from: dt.date
    valid_until: dt.date | None
    source: str
    certainty: str


class ProductVersionOut(CatalogueVersionOut):
    """增值产品的一个版本."""

    description: str
    benefit_basis: str


class PackageVersionOut(CatalogueVersionOut):
    """服务包的一个版本；空的适用范围即不限."""

    services: list[str]
    sections: list[str]
    shapes: list[ShapeKind]
    bands: list[str]


class TemplateVersionOut(CatalogueVersionOut):
    """基本业务的一个版本."""

    template: str


class _VersionIn(Sent):
    valid_from: Day
    source: Source


class ProductVersionIn(_VersionIn):
    """What the product says from the day on."""

    name: Short
    description: Sentence
    benefit_basis: Sentence


class PackageVersionIn(_VersionIn):
    """What the package holds and is bound to from the day on."""

    name: Short
    services: list[Short]
    sections: list[Short] = []
    shapes: list[ShapeKind] = []
    bands: list[Short] = []


class TemplateVersionIn(_VersionIn):
    """What the record of a basic service is to say from the day on."""

    template: Paragraph


class ReasonVersionIn(_VersionIn):
    """How the reason reads from the day on."""

    name: Short


class CatalogueEndIn(Sent):
    """From when it is no longer offered, and why."""

    ends_on: Day
    reason: Source


@router.get(
    "/products", response=answers(list[ProductVersionOut]), operation_id="list_product_versions"
)
def list_products(request: HttpRequest) -> list[Any]:
    """增值产品的全部版本，含待生效与已停用的。"""
    return catalogue_queries.list_versions("product")


@router.get(
    "/packages", response=answers(list[PackageVersionOut]), operation_id="list_package_versions"
)
def list_packages(request: HttpRequest) -> list[Any]:
    """服务包的全部版本，含待生效与已停用的。"""
    return catalogue_queries.list_versions("package")


@router.get(
    "/templates", response=answers(list[TemplateVersionOut]), operation_id="list_template_versions"
)
def list_templates(request: HttpRequest) -> list[Any]:
    """七项基本业务记录模板的全部版本。"""
    return catalogue_queries.list_versions("template")


@router.get(
    "/reasons", response=answers(list[CatalogueVersionOut]), operation_id="list_reason_versions"
)
def list_reasons(request: HttpRequest) -> list[Any]:
    """拒绝理由的全部版本，含待生效与已停用的。"""
    return catalogue_queries.list_versions("reason")


@router.post(
    "/products/{code}",
    response=answers(ProductVersionOut, 400, 403, 409),
    operation_id="add_product",
)
def add_product(
    request: HttpRequest, code: Text, given: Annotated[ProductVersionIn, Body()]
) -> Any:
    """新增一个增值产品。需“批准大客户名单与规则”权限。"""
    return _keep(request, operations.add_catalogue_item, code, given, operations.ProductFacts)


@router.post(
    "/products/{code}/versions",
    response=answers(ProductVersionOut, 400, 403, 404, 409),
    operation_id="revise_product",
)
def revise_product(
    request: HttpRequest, code: Text, given: Annotated[ProductVersionIn, Body()]
) -> Any:
    """登记增值产品的新版本；已停用的自生效日起重新提供。"""
    return _revise(request, "product", code, given, operations.ProductFacts)


@router.post(
    "/packages/{code}",
    response=answers(PackageVersionOut, 400, 403, 409),
    operation_id="add_package",
)
def add_package(
    request: HttpRequest, code: Text, given: Annotated[PackageVersionIn, Body()]
) -> Any:
    """新增一个服务包。需“批准大客户名单与规则”权限。"""
    return _keep(request, operations.add_catalogue_item, code, given, operations.PackageFacts)


@router.post(
    "/packages/{code}/versions",
    response=answers(PackageVersionOut, 400, 403, 404, 409),
    operation_id="revise_package",
)
def revise_package(
    request: HttpRequest, code: Text, given: Annotated[PackageVersionIn, Body()]
) -> Any:
    """登记服务包的新版本；已停用的自生效日起重新提供。"""
    return _revise(request, "package", code, given, operations.PackageFacts)


@router.post(
    "/reasons/{code}",
    response=answers(CatalogueVersionOut, 400, 403, 409),
    operation_id="add_refusal_reason",
)
def add_reason(request: HttpRequest, code: Text, given: Annotated[ReasonVersionIn, Body()]) -> Any:
    """新增一个拒绝理由。需“批准大客户名单与规则”权限。"""
    return _keep(request, operations.add_catalogue_item, code, given, operations.ReasonFacts)


@router.post(
    "/reasons/{code}/versions",
    response=answers(CatalogueVersionOut, 400, 403, 404, 409),
    operation_id="revise_refusal_reason",
)
def revise_reason(
    request: HttpRequest, code: Text, given: Annotated[ReasonVersionIn, Body()]
) -> Any:
    """登记拒绝理由的新版本。"""
    return _revise(request, "reason", code, given, operations.ReasonFacts)


@router.post(
    "/templates/{code}/versions",
    response=answers(TemplateVersionOut, 400, 403, 404, 409),
    operation_id="revise_template",
)
def revise_template(
    request: HttpRequest, code: Text, given: Annotated[TemplateVersionIn, Body()]
) -> Any:
    """登记一项基本业务的记录模板的新版本。"""
    return _revise(request, "template", code, given, operations.TemplateFacts)


@router.post(
    "/{kind}/{code}/end",
    response=answers(CatalogueVersionOut, 400, 403, 404, 409),
    operation_id="end_catalogue_item",
)
def end_item(
    request: HttpRequest, kind: EndingKind, code: Text, given: Annotated[CatalogueEndIn, Body()]
) -> Any:
    """自某日起停用产品（product）、服务包（package）或拒绝理由（reason）。"""
    viewer = viewer_of(request)
    viewer.require(Permission.ADOPT_KEY_ACCOUNTS)
    in_reach(given.ends_on, "ends_on")
    _known(kind.value, code)
    return operations.end_catalogue_item(
        kind=kind.value, code=code, **given.dict(), by=viewer, at=now()
    )


def _revise(request: HttpRequest, kind: str, code: str, given: _VersionIn, facts: Any) -> Any:
    viewer_of(request).require(Permission.ADOPT_KEY_ACCOUNTS)
    _known(kind, code)
    return _keep(request, operations.revise_catalogue_item, code, given, facts)


def _keep(
    request: HttpRequest, operation: Callable[..., Any], code: str, given: _VersionIn, facts: Any
) -> Any:
    in_reach(given.valid_from, "valid_from")
    said = given.dict()
    common = {name: said.pop(name) for name in ("valid_from", "source")}
    told = {name: tuple(v) if isinstance(v, list) else v for name, v in said.items()}
    return operation(code=code, facts=facts(**told), **common, by=viewer_of(request), at=now())


def _known(kind: str, code: str) -> None:
    """DoesNotExist where the catalogue never had the code."""
    if all(row.code != code for row in catalogue_queries.list_versions(kind)):
        raise catalogue_queries.MODELS[kind].DoesNotExist

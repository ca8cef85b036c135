"""The office's catalogues: products, packages, templates, reasons; by dated versions (R72, R85)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass
from typing import Any

from django.db import models, transaction
from django.forms.models import model_to_dict

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import (
    IndustryClass,
    RefusalReason,
    ShapeKind,
    SpendBand,
)
from busbar.key_accounts.queries.catalogue import MODELS, CatalogueItem
from busbar.key_accounts.queries.rules import in_force
from busbar.kit.errors import Listing, Refusal
from busbar.kit.periods import local_date
from busbar.pricing.models import Certainty

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_MOST_SERVICES, _MOST_LETTERS, _PAGE = 20, 60, 2000
_FIELDS = {"sections": "industry_sections", "services": "package_services"}
"""What the journal calls fields whose names mean something else in other entries."""


@dataclass(frozen=True)
class ProductFacts:
    """What a value-added product says."""

    name: str
    description: str
    benefit_basis: str


@dataclass(frozen=True)
class PackageFacts:
    """What a package holds, and which segments it is bound to; an empty list takes all."""

    name: str
    services: tuple[str, ...]
    sections: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateFacts:
    """What the record of a basic service is to say."""

    template: str


@dataclass(frozen=True)
class ReasonFacts:
    """How a reason of refusal reads."""

    name: str


Facts = ProductFacts | PackageFacts | TemplateFacts | ReasonFacts
FACTS: dict[str, type[Facts]] = {
    "product": ProductFacts,
    "package": PackageFacts,
    "template": TemplateFacts,
    "reason": ReasonFacts,
}
"""What an item says, by the name of its catalogue."""
_KINDS = {facts: kind for kind, facts in FACTS.items()}


class UnableToKeepCatalogue(Refusal):
    """The catalogue cannot be changed so."""


@transaction.atomic
def add_catalogue_item(
    *, code: str, facts: Facts, valid_from: dt.date, source: str, by: Viewer, at: dt.datetime
) -> CatalogueItem:
    """A product, package or reason that no catalogue had before, from a day on."""
    model = _begin(facts, valid_from, source, by)
    if isinstance(facts, TemplateFacts):
        raise UnableToKeepCatalogue("基本业务只有七项，不能增加")
    if not _CODE.fullmatch(code) or len(code) > _most(model, "code"):
        raise UnableToKeepCatalogue(
            "编码“%(code)s”应由小写字母、数字、- 或 _ 组成，以字母或数字开头", code=code
        )
    if _newest(model, code) is not None:
        raise UnableToKeepCatalogue("目录中已有编码“%(code)s”，请登记它的新版本", code=code)
    new = _create(model, {"code": code, **_plain(facts)}, valid_from, None, source)
    _record("key_accounts.catalogue.added", new, _plain(facts), {}, reason=source, by=by, at=at)
    return new


@transaction.atomic
def revise_catalogue_item(
    *, code: str, facts: Facts, valid_from: dt.date, source: str, by: Viewer, at: dt.datetime
) -> CatalogueItem:
    """The next version; the one before ends that day, and a day set for the end stays.

    One that has ended by then is offered again.
    """
    model = _begin(facts, valid_from, source, by)
    old = _newest(model, code)
    if old is None:
        raise UnableToKeepCatalogue("目录中没有编码“%(code)s”", code=code)
    if old.valid_from >= valid_from:
        raise UnableToKeepCatalogue(
            "最近的版本自 %(valid_from)s 生效，新版本应晚于这一天", valid_from=old.valid_from
        )
    kept, facts_now = model_to_dict(old, exclude=["id"]), _plain(facts)
    until = old.valid_until if old.valid_until and old.valid_until > valid_from else None
    if old.valid_until is None or until is not None:
        old.valid_until = valid_from
        old.save(update_fields=["valid_until"])
    new = _create(model, {**kept, **facts_now}, valid_from, until, source)
    _record("key_accounts.catalogue.revised", new, facts_now, kept, reason=source, by=by, at=at)
    return new


@transaction.atomic
def end_catalogue_item(
    *, kind: str, code: str, ends_on: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> CatalogueItem:
    """Offer it no longer from a day on; what was made of it stays."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    if kind not in MODELS or kind == "template":
        raise UnableToKeepCatalogue("“%(kind)s”不能停用", kind=kind)
    model = MODELS[kind]
    row: CatalogueItem | None = _newest(model, code)
    if row is None:
        raise UnableToKeepCatalogue("目录中没有编码“%(code)s”", code=code)
    _check_end(row, ends_on, reason, local_date(at))
    before, row.valid_until = row.valid_until, ends_on
    row.save(update_fields=["valid_until"])
    _record(
        "key_accounts.catalogue.ended",
        row,
        {"valid_until": ends_on.isoformat()},
        {"valid_until": before.isoformat() if before else None},
        reason=reason,
        by=by,
        at=at,
    )
    return row


def _begin(facts: Facts, valid_from: dt.date, source: str, by: Viewer) -> type[CatalogueItem]:
    """Who may, what is whole; the model whose row it becomes."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    if not source.strip():
        raise UnableToKeepCatalogue("请写明依据（文件名、文号或会议纪要）")
    _check_length(source, 300)
    model = MODELS[_KINDS[type(facts)]]
    for name, value in asdict(facts).items():
        if isinstance(value, str):
            _check_text(model, name, value)
    if isinstance(facts, PackageFacts):
        _check_package(facts, valid_from)
    return model


def _check_text(model: type[CatalogueItem], name: str, value: str) -> None:
    if not value.strip():
        raise UnableToKeepCatalogue("请填写每一项")
    _check_length(value, _most(model, name))


def _most(model: type[CatalogueItem], name: str) -> int:
    """How many characters the column takes; a text without a bound takes a page."""
    field = model._meta.get_field(name)  # noqa: SLF001 - Django's way to fields
    return getattr(field, "max_length", None) or _PAGE


def _check_length(value: str, most: int) -> None:
    if len(value.strip()) > most:
        raise UnableToKeepCatalogue(
            "“%(start)s…”有 %(count)s 字，最多 %(most)s 字",
            start=value.strip()[:10],
            count=len(value.strip()),
            most=most,
        )


def _check_package(facts: PackageFacts, on: dt.date) -> None:
    """Services are there; sections, shapes and bands are known on the day."""
    services = [text.strip() for text in facts.services]
    if not services or not all(services):
        raise UnableToKeepCatalogue("服务包至少有一项内容，每项都要写明")
    if len(services) > _MOST_SERVICES or len(set(services)) < len(services):
        raise UnableToKeepCatalogue("服务包的内容最多 %(most)s 项，各写一次", most=_MOST_SERVICES)
    for text in services:
        _check_length(text, _MOST_LETTERS)
    sections = in_force(IndustryClass.objects.values_list("section", flat=True), on)
    bands = in_force(SpendBand.objects.values_list("code", flat=True), on)
    unknown = [
        *sorted(set(facts.sections) - set(sections)),
        *sorted(set(facts.shapes) - set(ShapeKind.values)),
        *sorted(set(facts.bands) - set(bands)),
    ]
    if unknown:
        raise UnableToKeepCatalogue(
            "没有这样的行业门类、典型日或消费档：%(unknown)s", unknown=Listing(unknown)
        )


def _check_end(row: CatalogueItem, ends_on: dt.date, reason: str, today: dt.date) -> None:
    if not reason.strip():
        raise UnableToKeepCatalogue("请写明停用的原因")
    _check_length(reason, 300)
    if ends_on < today:
        raise UnableToKeepCatalogue("停用日不能早于今天")
    if row.valid_from >= ends_on:
        raise UnableToKeepCatalogue(
            "最近的版本自 %(valid_from)s 生效，停用日应晚于这一天", valid_from=row.valid_from
        )
    if row.valid_until is not None and row.valid_until <= ends_on:
        raise UnableToKeepCatalogue(
            "“%(name)s”已定于 %(valid_until)s 停用", name=row.name, valid_until=row.valid_until
        )
    if isinstance(row, RefusalReason):
        others = in_force(RefusalReason.objects.exclude(code=row.code), ends_on)
        if not others.filter(valid_until=None).exists():
            raise UnableToKeepCatalogue("至少保留一个拒绝理由，否则部门无法说明为什么拒绝")


def _newest(model: type[CatalogueItem], code: str) -> Any:
    rows: models.QuerySet[Any, Any] = model._default_manager.filter(code=code)  # noqa: SLF001 - Django's way to rows
    return rows.order_by("-valid_from").first()


def _create(
    model: type[CatalogueItem],
    values: dict[str, Any],
    valid_from: dt.date,
    until: dt.date | None,
    source: str,
) -> CatalogueItem:
    dated = {"valid_from": valid_from, "valid_until": until, "source": source.strip()}
    row: CatalogueItem = model._default_manager.create(  # noqa: SLF001 - Django's way to rows
        **{**values, **dated, "certainty": Certainty.LOCAL}
    )
    return row


def _plain(facts: Facts) -> dict[str, Any]:
    """As the row and the journal keep it: texts without blanks around, lists."""
    return {
        name: value.strip() if isinstance(value, str) else [text.strip() for text in value]
        for name, value in asdict(facts).items()
    }


def _record(
    event: str,
    row: CatalogueItem,
    now: dict[str, Any],
    before: dict[str, Any],
    *,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    happening = Happening(
        event=event,
        subject_type="key_accounts.catalogue",
        subject_id=row.pk,
        subject_label=row.name,
        changes={
            _FIELDS.get(name, name): [_told(before.get(name)), _told(value)]
            for name, value in now.items()
            if before.get(name) != value
        },
        reason=reason.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _told(value: object) -> object:
    return "、".join(value) if isinstance(value, list) else value

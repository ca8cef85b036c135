"""Drafting a tariff's next version; a draft changes no price (R25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Listing, Refusal
from busbar.kit.money import plain
from busbar.pricing.drafts import list_standing_surcharges
from busbar.pricing.models import (
    Certainty,
    DraftState,
    Tariff,
    TariffDraft,
    TimeOfUsePeriod,
    TimeOfUseScheme,
)

_PLACES = {"price": 6, "basic": 4, "surcharge": 8}
_LARGEST = Decimal(1000)
_LONGEST_SOURCE = 300
_OPEN = (DraftState.DRAFTED, DraftState.ADOPTED)


class UnableToDraftTariff(Refusal):
    """The draft cannot be kept as stated."""


@dataclass(frozen=True)
class TariffValues:
    """What a draft says: prices in yuan/kWh by period, basic prices in yuan/kVA and yuan/kW.

    `surcharges` yuan/kWh by code, only of those that change on the same day.
    """

    valid_from: dt.date
    prices: Mapping[str, Decimal]
    source: str
    certainty: str
    scheme: str = ""
    capacity_price: Decimal | None = None
    demand_price: Decimal | None = None
    surcharges: Mapping[str, Decimal] = field(default_factory=dict)


@transaction.atomic
def draft_tariff(
    *, code: str, base_from: dt.date, values: TariffValues, by: Viewer, at: dt.datetime
) -> TariffDraft:
    """Draft the version that is to follow; source and certainty are required.

    What in it is doubtful is told by `check_draft` and does not hinder drafting. Raises
    UnableToDraftTariff, also while another draft of the same first day is open.
    """
    by.require(Permission.DRAFT_TARIFFS)
    journal_operations.take_turn()
    base = Tariff.objects.filter(code=code, valid_from=base_from).first()
    if base is None:
        raise UnableToDraftTariff(
            "没有电价 %(code)s 自 %(base_from)s 起的版本", code=code, base_from=base_from
        )
    if TariffDraft.objects.filter(
        code=code, valid_from=values.valid_from, state__in=_OPEN
    ).exists():
        raise UnableToDraftTariff(
            "电价 %(code)s 已有 %(valid_from)s 起的拟订，请先处理该拟订",
            code=code,
            valid_from=values.valid_from,
        )
    draft = TariffDraft.objects.create(
        code=code,
        base_from=base_from,
        drafted_by_id=by.employee_id,
        drafted_by_name=by.name,
        drafted_at=at,
        **_fields(values, base),
    )
    record_draft("pricing.draft.drafted", draft, by, at)
    return draft


@transaction.atomic
def discard_draft(*, draft_id: int, reason: str, by: Viewer, at: dt.datetime) -> TariffDraft:
    """Give up a draft that nobody adopted."""
    by.require(Permission.DRAFT_TARIFFS)
    journal_operations.take_turn()
    draft = lock_draft(draft_id)
    if draft is None or draft.state != DraftState.DRAFTED:
        raise UnableToDraftTariff("只有待批准的拟订可以作废")
    if not reason.strip():
        raise UnableToDraftTariff("请写明作废的原因")
    close_draft(draft, DraftState.DISCARDED, reason, by, at)
    record_draft("pricing.draft.discarded", draft, by, at)
    return draft


def lock_draft(draft_id: int) -> TariffDraft | None:
    """The draft, held until the transaction ends."""
    return TariffDraft.objects.select_for_update().filter(pk=draft_id).first()


def close_draft(
    draft: TariffDraft, state: DraftState, reason: str, by: Viewer, at: dt.datetime
) -> None:
    """Note who decided what about it, and why."""
    draft.state, draft.reason = state, reason.strip()[:300]
    draft.decided_by_name, draft.decided_at = by.name, at
    draft.save(update_fields=["state", "reason", "decided_by_name", "decided_at"])


def record_draft(event: str, draft: TariffDraft, by: Viewer, at: dt.datetime) -> None:
    """Tell the journal, with the figures."""
    happening = Happening(
        event=event,
        subject_type="pricing.draft",
        subject_id=draft.pk,
        subject_label=str(draft),
        unit_path=by.unit_path,
        changes={
            "valid_from": str(draft.valid_from),
            "prices": dict(draft.prices),
            "capacity_price": _text(draft.capacity_price),
            "demand_price": _text(draft.demand_price),
            "surcharges": dict(draft.surcharges),
            "source": draft.source,
            "certainty": draft.certainty,
        },
        reason=draft.reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _text(price: Decimal | None) -> str | None:
    return None if price is None else plain(price)


def _fields(values: TariffValues, base: Tariff) -> dict[str, object]:
    source = values.source.strip()
    if not source or len(source) > _LONGEST_SOURCE:
        raise UnableToDraftTariff("请写明电价的出处（文号或公告），不超过 300 字")
    if values.certainty not in Certainty.values:
        raise UnableToDraftTariff("请选择对出处的把握")
    if unknown := set(values.prices) - set(TimeOfUsePeriod.values):
        raise UnableToDraftTariff("没有时段 %(value)s", value=Listing(sorted(unknown)))
    return {
        "valid_from": values.valid_from,
        "scheme": _scheme(values.scheme),
        "prices": {period: _price(price, "price") for period, price in values.prices.items()},
        "capacity_price": _basic(values.capacity_price),
        "demand_price": _basic(values.demand_price),
        "surcharges": _surcharges(values, base),
        "source": source,
        "certainty": values.certainty,
    }


def _scheme(code: str) -> TimeOfUseScheme | None:
    if not code:
        return None
    scheme = TimeOfUseScheme.objects.filter(code=code).first()
    if scheme is None:
        raise UnableToDraftTariff("没有分时方案 %(code)s", code=code)
    return scheme


def _surcharges(values: TariffValues, base: Tariff) -> dict[str, str]:
    """Those that differ from what stands on the day."""
    standing = {r.code: r.price for r in list_standing_surcharges(base.region, values.valid_from)}
    if unknown := set(values.surcharges) - set(standing):
        raise UnableToDraftTariff(
            "%(region)s 没有附加项目 %(value)s",
            region=base.region,
            value=Listing(sorted(unknown)),
        )
    return {
        code: _price(price, "surcharge")
        for code, price in values.surcharges.items()
        if price != standing[code]
    }


def _basic(price: Decimal | None) -> Decimal | None:
    return None if price is None else Decimal(_price(price, "basic"))


def _price(price: Decimal, kind: str) -> str:
    """As text, when its column can hold it exactly."""
    places = _PLACES[kind]
    fits = price.is_finite() and abs(price) < _LARGEST
    if not fits or price != price.quantize(Decimal(1).scaleb(-places)):
        raise UnableToDraftTariff(
            "价格 %(price)s 应小于 1000，至多 %(places)s 位小数", price=price, places=places
        )
    return plain(price)

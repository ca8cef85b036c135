"""Putting a draft into force, by another person than who drafted it, and taking it back in time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import local_date
from busbar.pricing.drafts import (
    check_draft,
    get_base,
    list_standing_surcharges,
    prices_of,
    surcharges_of,
)
from busbar.pricing.models import DraftState, Surcharge, Tariff, TariffDraft, TimeOfUsePeriod
from busbar.pricing.operations.drafting import close_draft, lock_draft, record_draft
from busbar.pricing.operations.tariffs import store_surcharges, store_tariffs


class UnableToAdoptTariff(Refusal):
    """The draft may not come into force, or not by this person."""


class UnableToWithdrawTariff(Refusal):
    """The version can no longer be taken back."""


@transaction.atomic
def adopt_draft(*, draft_id: int, by: Viewer, at: dt.datetime, remark: str = "") -> TariffDraft:
    """Make the draft a version of its tariff: four eyes, and only without errors (R25).

    The version before ends on its first day; surcharges that change with it begin on the same
    day. Raises UnableToAdoptTariff.
    """
    by.require(Permission.ADOPT_TARIFFS)
    journal_operations.take_turn()
    draft = lock_draft(draft_id)
    if draft is None or draft.state != DraftState.DRAFTED:
        raise UnableToAdoptTariff("只有待批准的拟订可以采用")
    if draft.drafted_by_id == by.employee_id:
        raise UnableToAdoptTariff("拟订人不能批准自己拟订的电价，请由另一人批准")
    errors = [f.sentence for f in check_draft(draft, today=local_date(at)) if f.is_error]
    if errors:
        raise UnableToAdoptTariff("%(errors)s", errors=Reasons(errors))
    store_tariffs(rows=[_row(draft)], by=by, at=at).require(UnableToAdoptTariff)
    if draft.surcharges:
        store_surcharges(rows=_surcharge_rows(draft), by=by, at=at).require(UnableToAdoptTariff)
    close_draft(draft, DraftState.ADOPTED, remark, by, at)
    record_draft("pricing.draft.adopted", draft, by, at)
    return draft


@transaction.atomic
def withdraw_draft(*, draft_id: int, reason: str, by: Viewer, at: dt.datetime) -> TariffDraft:
    """Take an adopted version back before its first day; the version before goes on.

    From its first day on bills may stand on it, and a further version is the way. Raises
    UnableToWithdrawTariff.
    """
    by.require(Permission.ADOPT_TARIFFS)
    journal_operations.take_turn()
    draft = lock_draft(draft_id)
    if draft is None or draft.state != DraftState.ADOPTED:
        raise UnableToWithdrawTariff("只有已采用的版本可以撤回")
    if local_date(at) >= draft.valid_from:
        raise UnableToWithdrawTariff(
            "该版本自 %(valid_from)s 已生效，不能撤回，请另拟新版本", valid_from=draft.valid_from
        )
    if not reason.strip():
        raise UnableToWithdrawTariff("请写明撤回的原因")
    region = Tariff.objects.get(code=draft.code, valid_from=draft.valid_from).region
    _take_back(Tariff.objects.filter(code=draft.code), draft.valid_from)
    for code in draft.surcharges:
        _take_back(Surcharge.objects.filter(region=region, code=code), draft.valid_from)
    close_draft(draft, DraftState.WITHDRAWN, reason, by, at)
    record_draft("pricing.draft.withdrawn", draft, by, at)
    return draft


def _take_back(versions: QuerySet[Any, Any], begins: dt.date) -> None:
    """Delete the version of that day; the one that it ended takes over its days."""
    version = versions.get(valid_from=begins)
    ended = versions.filter(valid_until=begins)
    until = version.valid_until
    version.delete()
    ended.update(valid_until=until)


def _row(draft: TariffDraft) -> dict[str, Any]:
    base = get_base(draft)
    if base is None:
        raise UnableToAdoptTariff("所依据的版本已撤回，请另拟")
    prices = prices_of(draft)
    return {
        "code": draft.code,
        "name": base.name,
        "region": base.region,
        "category": base.category,
        "voltage_class": base.voltage_class,
        "scheme": draft.scheme.code if draft.scheme else "",
        "capacity_price": draft.capacity_price,
        "demand_price": draft.demand_price,
        **{period: prices.get(period) for period in TimeOfUsePeriod.values},
        "valid_from": draft.valid_from,
        "valid_until": None,
        "source": draft.source,
        "certainty": draft.certainty,
    }


def _surcharge_rows(draft: TariffDraft) -> list[dict[str, Any]]:
    base, prices = get_base(draft), surcharges_of(draft)
    region = base.region if base else ""
    return [
        {
            "code": row.code,
            "name": row.name,
            "region": row.region,
            "price": prices[row.code],
            "in_power_factor_base": row.in_power_factor_base,
            "valid_from": draft.valid_from,
            "valid_until": None,
            "source": draft.source,
            "certainty": draft.certainty,
        }
        for row in list_standing_surcharges(region, draft.valid_from)
        if row.code in prices
    ]

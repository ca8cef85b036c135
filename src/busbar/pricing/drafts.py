"""Reading drafts of tariffs, and what a tariff's versions say side by side."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import QuerySet

from busbar.kit.errors import Phrase
from busbar.pricing import queries
from busbar.pricing.draft_checks import DraftFinding, Proposal, check
from busbar.pricing.models import DraftState, Surcharge, Tariff, TariffDraft


def list_versions(code: str) -> list[Tariff]:
    """All versions of a tariff with scheme and prices, oldest first."""
    return list(queries.list_tariffs().filter(code=code).order_by("valid_from"))


def list_drafts(*, code: str = "", state: str = "") -> QuerySet[TariffDraft, TariffDraft]:
    """Drafts, newest first; of one tariff or state."""
    found = TariffDraft.objects.select_related("scheme")
    if code:
        found = found.filter(code=code)
    if state:
        found = found.filter(state=state)
    return found.order_by("-drafted_at", "-pk")


def get_draft(draft_id: int) -> TariffDraft:
    """One draft; TariffDraft.DoesNotExist where there is none."""
    return TariffDraft.objects.select_related("scheme").get(pk=draft_id)


def get_base(draft: TariffDraft) -> Tariff | None:
    """The version that the draft was made from, None when it was withdrawn meanwhile."""
    return queries.list_tariffs().filter(code=draft.code, valid_from=draft.base_from).first()


def list_standing_surcharges(region: str, on: dt.date) -> list[Surcharge]:
    """The surcharges of the region in force on the day."""
    return list(queries.list_surcharges(region=region, on=on))


def prices_of(draft: TariffDraft) -> dict[str, Decimal]:
    """Yuan/kWh by period."""
    return {period: Decimal(price) for period, price in draft.prices.items()}


def surcharges_of(draft: TariffDraft) -> dict[str, Decimal]:
    """Yuan/kWh by the code of the surcharge."""
    return {code: Decimal(price) for code, price in draft.surcharges.items()}


def check_draft(draft: TariffDraft, *, today: dt.date) -> list[DraftFinding]:
    """What stands against the draft and what should be known of it, errors first."""
    base = get_base(draft)
    if base is None:
        return [DraftFinding(is_error=True, sentence=Phrase("所依据的版本已撤回，请另拟"))]
    standing = list_standing_surcharges(base.region, draft.valid_from)
    versions = list_versions(draft.code)
    if draft.state == DraftState.ADOPTED:
        versions = [v for v in versions if v.valid_from != draft.valid_from]
    names = {row.code: row.name for row in standing}
    scheme = draft.scheme
    proposal = Proposal(
        base=base,
        versions=versions,
        valid_from=draft.valid_from,
        prices=prices_of(draft),
        capacity_price=draft.capacity_price,
        demand_price=draft.demand_price,
        surcharges={names.get(code, code): price for code, price in surcharges_of(draft).items()},
        standing_surcharges={row.name: row.price for row in standing},
        intervals=list(scheme.intervals.all()) if scheme else None,
        scheme_term=(scheme.valid_from, scheme.valid_until) if scheme else None,
    )
    return check(proposal, today=today)

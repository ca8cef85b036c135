"""What ships of this room's dated data: basic services, products; safe to repeat."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

from django.db import transaction

from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.key_accounts.models import BasicService, ValueAddedProduct

SEED = Path(__file__).resolve().parent.parent / "seed" / "basic_services.toml"


@transaction.atomic
def load_services_seed(*, at: dt.datetime) -> int:
    """Enter what has no version yet; what stands is the office's own and is left alone."""
    seed = tomllib.loads(SEED.read_text(encoding="utf-8"))
    every = seed["all"]
    services = set(BasicService.objects.values_list("code", flat=True))
    products = set(ValueAddedProduct.objects.values_list("code", flat=True))
    fresh = [BasicService(**every, **e) for e in seed["service"] if e["code"] not in services]
    offers = [ValueAddedProduct(**every, **e) for e in seed["product"] if e["code"] not in products]
    BasicService.objects.bulk_create(fresh)
    ValueAddedProduct.objects.bulk_create(offers)
    if fresh or offers:
        happening = Happening(
            event="key_accounts.services.loaded",
            subject_type="key_accounts.services",
            subject_id=0,
            changes={"rows": len(fresh) + len(offers)},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(fresh) + len(offers)

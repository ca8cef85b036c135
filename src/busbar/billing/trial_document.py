"""Test bill of a typed document, the `bill` kind of `busbar bill quote`, at a draft (R25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from busbar.billing import rating
from busbar.billing.quote import reading
from busbar.billing.quote.documents import BillDocument
from busbar.billing.quote.refusal import Fault, QuoteRefused, faults_of
from busbar.billing.trial import Comparison, compare
from busbar.billing.trial_prices import with_draft
from busbar.kit.money import plain
from busbar.kit.periods import Month
from busbar.pricing import drafts
from busbar.pricing.models import Surcharge, Tariff, TariffDraft

_STATED = ("input", "basic_charge.price")
"""How a quotation names prices that the document states without a code."""

_EXAMPLE_KWH, _EXAMPLE_KVA = 10_000, 1000
"""What stands in the document to begin with; whoever tries writes their own."""


def try_document(draft: TariffDraft, document: Mapping[str, Any]) -> Comparison:
    """The document as it stands beside the same facts at the draft's prices.

    Where it states no tariff it is taken at the version that the draft was made from, with the
    region's surcharges of its first day. Segments that name another tariff stay as they are.
    Raises QuoteRefused with every place that has to change.
    """
    if not isinstance(document, Mapping):
        raise QuoteRefused([Fault("$", document, "应为对象 { … }")])
    if document.get("kind", "bill") != "bill":
        raise QuoteRefused([Fault("$.kind", document["kind"], "试算只接受 bill 电费账单")])
    try:
        facts = reading.bill_input(_read({"kind": "bill", **document}, draft))
        tried = with_draft(facts, draft, stated=_STATED)
        return compare(rating.rate(facts), rating.rate(tried))
    except ValidationError as error:
        raise QuoteRefused(faults_of(error, document)) from error
    except rating.UnableToRate as error:
        raise QuoteRefused([Fault("$", None, str(error))]) from error


def example_of(draft: TariffDraft) -> dict[str, Any]:
    """A document to begin with: a month of the draft, an energy for each of its periods."""
    month = Month.of(draft.valid_from)
    prices = drafts.prices_of(draft)
    measures = ["total"] if set(prices) == {"flat"} else list(prices)
    energies = [{"measures": each, "quantity": _EXAMPLE_KWH} for each in measures]
    document: dict[str, Any] = {
        "kind": "bill",
        "period": {"start": str(month.first), "end": str(month.next.first)},
        "segments": [{"energies": energies}],
    }
    base = drafts.get_base(draft)
    if base is not None and base.capacity_price is not None:
        document["basic_charge"] = {
            "mode": "capacity",
            "prices": [{"price": plain(base.capacity_price)}],
            "transformers": [{"id": "T1", "capacity_kva": _EXAMPLE_KVA}],
        }
    return document


def _read(document: Mapping[str, Any], draft: TariffDraft) -> BillDocument:
    typed = BillDocument.model_validate(document)
    base = drafts.get_base(draft)
    if base is None or typed.tariff is not None:
        return typed
    added = drafts.list_standing_surcharges(base.region, typed.period.start)
    return BillDocument.model_validate({**document, "tariff": _written(base, added)})


def _written(base: Tariff, surcharges: list[Surcharge]) -> dict[str, Any]:
    """The standing version as a document has it."""
    prices = {p.period: plain(p.price) for p in base.prices.all()}
    if set(prices) == {"flat"}:
        prices = {"total": prices["flat"]}
    return {
        "code": base.code,
        "name": base.name,
        "prices": prices,
        "source": base.source,
        "charges": [
            {
                "code": row.code,
                "name": row.name,
                "price": plain(row.price),
                "group": "other",
                "in_power_factor_base": row.in_power_factor_base,
                "source": row.source,
            }
            for row in surcharges
        ],
    }

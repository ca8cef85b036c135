"""From a quotation's document to a claim's amount and whose income it is. No database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from busbar.billing import quote
from busbar.claims.models import ClaimKind
from busbar.kit.errors import Refusal
from busbar.kit.money import to_fen
from busbar.payments.models import LedgerCode
from busbar.payments.operations import Parts

Json = dict[str, Any]

_PENALTY = "breach"
"""The code of lines that are no price of energy: the multiple, the sum for each kW or time."""
_COMPANY_PAYS = {"supplier_outage", "poor_quality"}


class UnableToCompute(Refusal):
    """The document says nothing that could be claimed."""


@dataclass(frozen=True)
class Computed:
    """The document and its answer as JSON keeps them, and what they come to.

    `fen` is what the customer owes; below nought what the company owes it.
    """

    document: Json
    answer: Json
    fen: int


def compute(document: Mapping[str, Any]) -> Computed:
    """What the document comes to, line by line to the fen.

    Raises billing's `QuoteRefused` with every place to change, and UnableToCompute for kinds
    that claim nothing, without a day or a price, or where nothing is owed.
    """
    kind = document.get("kind")
    if kind not in ClaimKind.values:
        known = "、".join(ClaimKind.values)
        raise UnableToCompute("追补单的 kind 应为 %(known)s 之一", known=known)
    if not document.get("on"):
        raise UnableToCompute("追补单须写明发生或查明日期 on")
    answer = quote.quote(document)
    if answer["total_yuan"] is None:
        raise UnableToCompute("没有电价 tariff，只能算出电量，不能立追补单")
    fen = sum(split(document, answer).values())
    if not fen:
        raise UnableToCompute("算得金额为零，无须立追补单")
    return Computed(as_kept(document), as_kept(answer), fen)


def split(document: Mapping[str, Any], answer: Mapping[str, Any]) -> Parts:
    """Whose income each line of the answer is, in fen; what comes to nought is left out."""
    found: dict[LedgerCode, int] = {}
    for line in answer["lines"]:
        code, sign = _earner(document, line)
        fen = sign * int(to_fen(Decimal(line["amount_yuan"])) * 100)
        found[code] = found.get(code, 0) + fen
    return {code: fen for code, fen in found.items() if fen}


def _earner(document: Mapping[str, Any], line: Mapping[str, Any]) -> tuple[LedgerCode, int]:
    """Whose income a line is, and whether the customer pays (1) or is paid (-1)."""
    if document["kind"] == ClaimKind.COMPENSATION:
        if document["case"]["cause"] in _COMPANY_PAYS:
            return LedgerCode.COMPENSATION, -1
        return LedgerCode.CLAIM_INCOME, 1
    return (LedgerCode.CLAIM_INCOME if line["code"] == _PENALTY else LedgerCode.REVENUE), 1


def as_kept(value: Mapping[str, Any]) -> Json:
    """As JSON keeps it: decimals as text, so that it computes to the same again."""
    found: Json = json.loads(quote.dumps(dict(value)))
    return found

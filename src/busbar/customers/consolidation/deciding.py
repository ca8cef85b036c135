"""What becomes of weighed pairs: joined by themselves, asked of a person, or left apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from busbar.customers.consolidation.engine import ScoredPair


class Verdict(StrEnum):
    """What becomes of a pair."""

    JOIN = "join"
    ASK = "ask"


@dataclass(frozen=True)
class Thresholds:
    """Match weights in bits: at and above `join_bits` by itself, from `ask_bits` a person's.

    `margin_bits`: an entry without credit code is not joined by itself where a body with another
    code comes this near to the heaviest.
    """

    join_bits: float
    ask_bits: float
    margin_bits: float


@dataclass(frozen=True)
class Decided:
    """A pair of customers, by their heaviest pair of entries, and what becomes of it."""

    left: str
    right: str
    pair: ScoredPair
    verdict: Verdict
    reason: str = ""


def decide(
    pairs: Iterable[ScoredPair],
    *,
    customer_of: Mapping[str, str],
    codes: Mapping[str, str],
    thresholds: Thresholds,
    apart: Collection[tuple[str, str]] = (),
) -> list[Decided]:
    """Verdicts by pairs of customers, heaviest first.

    `codes` are valid credit codes by customer; two different ones are never joined by themselves,
    neither directly nor over others in between. `apart` are pairs that a person took apart.
    """
    best = _by_customers(pairs, customer_of, apart)
    torn = _torn(best, codes, thresholds)
    bodies = _Bodies(codes)
    decided: list[Decided] = []
    for (left, right), pair in best:
        if pair.bits < thresholds.ask_bits:
            continue
        reason = _objection(left, right, pair, thresholds, torn, bodies)
        if not reason:
            bodies.join(left, right)
        verdict = Verdict.ASK if reason else Verdict.JOIN
        decided.append(Decided(left, right, pair, verdict, reason))
    return decided


Best = Sequence[tuple[tuple[str, str], ScoredPair]]


def _by_customers(
    pairs: Iterable[ScoredPair],
    customer_of: Mapping[str, str],
    apart: Collection[tuple[str, str]],
) -> Best:
    best: dict[tuple[str, str], ScoredPair] = {}
    for pair in pairs:
        left, right = sorted((customer_of[pair.left], customer_of[pair.right]))
        if left == right or (left, right) in apart:
            continue
        if (left, right) not in best or pair.bits > best[left, right].bits:
            best[left, right] = pair
    return sorted(best.items(), key=lambda item: (-item[1].bits, item[0]))


def _torn(best: Best, codes: Mapping[str, str], thresholds: Thresholds) -> set[str]:
    """Customers without a code whose two heaviest partners state different ones."""
    heaviest: dict[str, dict[str, float]] = {}
    for (left, right), pair in best:
        for one, other in ((left, right), (right, left)):
            if not codes.get(one) and (code := codes.get(other)):
                seen = heaviest.setdefault(one, {})
                seen[code] = max(seen.get(code, pair.bits), pair.bits)
    torn = set()
    for customer, by_code in heaviest.items():
        first, *others = sorted(by_code.values(), reverse=True)
        if others and first - others[0] < thresholds.margin_bits:
            torn.add(customer)
    return torn


def _objection(
    left: str,
    right: str,
    pair: ScoredPair,
    thresholds: Thresholds,
    torn: set[str],
    bodies: _Bodies,
) -> str:
    if bodies.conflict(left, right):
        return "codes"
    if pair.bits < thresholds.join_bits:
        return "weight"
    if left in torn or right in torn:
        return "torn"
    return ""


class _Bodies:
    """Customers joined so far, each body with the one credit code it may state."""

    def __init__(self, codes: Mapping[str, str]) -> None:
        self._parent: dict[str, str] = {}
        self._code = {customer: code for customer, code in codes.items() if code}

    def conflict(self, left: str, right: str) -> bool:
        """Whether joining would bring two codes together."""
        one, other = self._code.get(self._top(left)), self._code.get(self._top(right))
        return bool(one and other and one != other)

    def join(self, left: str, right: str) -> None:
        """Make the two one."""
        top, below = sorted((self._top(left), self._top(right)))
        if top == below:
            return
        self._parent[below] = top
        if code := self._code.get(below):
            self._code[top] = code

    def _top(self, customer: str) -> str:
        while (above := self._parent.get(customer, customer)) != customer:
            self._parent[customer] = self._parent.get(above, above)
            customer = above
        return customer

"""How complete a customer's file is, and what is missing: one expression for list and page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)

from busbar.customers.models import (
    AccountTeamMember,
    CompletenessRule,
    Contact,
    Customer,
    CustomerAccount,
    CustomerKind,
    Document,
    TeamRole,
)
from busbar.customers.queries.figures import list_rules

_FULL = 100


@dataclass(frozen=True)
class Completeness:
    """Points of 100 by the rules of the day, and the items that are missing, weightiest first."""

    score: int
    missing: list[CompletenessRule]


def list_checked_rules(on: dt.date) -> list[CompletenessRule]:
    """The day's rules that name a check we know."""
    return [rule for rule in list_rules(on) if rule.code in _CHECKS and rule.weight]


def with_score(found: Any, rules: Iterable[CompletenessRule]) -> Any:
    """The customers with `completeness` (0–100) and `has_<code>` for each rule."""
    chosen = list(rules)
    if not chosen:
        return found.annotate(completeness=Value(_FULL, output_field=IntegerField()))
    found = found.annotate(**{f"has_{rule.code}": _holds(rule.code) for rule in chosen})
    earned: Any = Value(0)
    for rule in chosen:
        met = Q(**{f"has_{rule.code}": True})
        earned = earned + Case(When(met, then=Value(rule.weight)), default=Value(0))
    whole = sum(rule.weight for rule in chosen)
    score = ExpressionWrapper(earned * _FULL / whole, output_field=IntegerField())
    return found.annotate(completeness=score)


def completeness_of(customer: Any, rules: Iterable[CompletenessRule]) -> Completeness:
    """Of a customer that `with_score` annotated by the same rules."""
    missing = [rule for rule in rules if not getattr(customer, f"has_{rule.code}")]
    return Completeness(int(customer.completeness), missing)


def get_completeness(customer_id: int, *, on: dt.date) -> Completeness:
    """One customer's; the caller has checked visibility. Two queries."""
    rules = list_checked_rules(on)
    customer = with_score(Customer.objects.filter(pk=customer_id), rules).get()
    return completeness_of(customer, rules)


def _holds(code: str) -> Any:
    check = _CHECKS[code]
    return Case(
        When(check, then=Value(True)),  # noqa: FBT003 - Django's signature
        default=Value(False),  # noqa: FBT003
        output_field=BooleanField(),
    )


def _some(model: Any, *conditions: Q, **more: Any) -> Exists:
    return Exists(model.objects.filter(*conditions, customer=OuterRef("pk"), **more))


_CHECKS: dict[str, Any] = {
    "credit_code": ~Q(credit_code=""),
    "address": ~Q(address=""),
    "industry_code": ~Q(industry_code=""),
    "kind": ~Q(kind=CustomerKind.OTHER),
    "primary_contact": Q(_some(Contact, is_primary=True)),
    "contact_phone": Q(_some(Contact, ~Q(phone=""))),
    "contact_email": Q(_some(Contact, ~Q(email=""))),
    "lead": Q(_some(AccountTeamMember, role=TeamRole.LEAD)),
    "deputy": Q(_some(AccountTeamMember, role=TeamRole.DEPUTY)),
    "document": Q(_some(Document)),
    "account_address": ~Q(_some(CustomerAccount, address="")),
}
"""What each code of a rule asks of a customer."""

"""The rules that readings are validated by: shipped, edited, ordered."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.errors import Refusal
from busbar.metering.models import VeeRule
from busbar.metering.vee import Rule
from busbar.pricing.models import Certainty

SEED = Path(__file__).resolve().parents[1] / "seed" / "vee_rules.toml"
_SHIPPED = ("action", "figures", "unit", "source", "certainty", "note")
_FREE = 20_000
"""Above every order in use: where rules stand while they are moved."""


class UnableToAmendRule(Refusal):
    """The rule cannot be changed so."""


@transaction.atomic
def load_vee_rules(*, at: dt.datetime) -> int:
    """Bring the table to the shipped rules; what the company edited stays. How many changed.

    The order is the company's once a rule stands; an edited rule gets only the figures it lacks.
    """
    seed = tomllib.loads(SEED.read_text(encoding="utf-8"))
    known = {rule.code: rule for rule in VeeRule.objects.all()}
    new = [VeeRule(**entry) for entry in seed["rule"] if entry["code"] not in known]
    VeeRule.objects.bulk_create(new)
    changed = [rule for entry in seed["rule"] if (rule := _renewed(known, entry)) is not None]
    VeeRule.objects.bulk_update(changed, _SHIPPED)
    if new or changed:
        codes = sorted(rule.code for rule in [*new, *changed])
        happening = Happening("metering.vee_rules.loaded", "metering.vee_rule", 0,
                              changes={"rules": codes})  # fmt: skip
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return len(new) + len(changed)


def _renewed(known: Mapping[str, VeeRule], entry: Mapping[str, Any]) -> VeeRule | None:
    """A standing rule with what is shipped now; None where nothing differs."""
    rule = known.get(entry["code"])
    if rule is None:
        return None
    shipped = {name: entry.get(name, getattr(VeeRule(), name)) for name in _SHIPPED}
    if rule.certainty == Certainty.LOCAL:
        shipped = {"figures": shipped["figures"] | rule.figures}
    if all(getattr(rule, name) == value for name, value in shipped.items()):
        return None
    for name, value in shipped.items():
        setattr(rule, name, value)
    return rule


@transaction.atomic
def amend_vee_rule(
    *,
    code: str,
    figures: Mapping[str, str],
    action: str,
    is_active: bool,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> VeeRule:
    """Change thresholds, consequence or use of a rule. It is the company's own figure then."""
    by.require(Permission.KEEP_VEE_RULES)
    if not reason.strip():
        raise UnableToAmendRule("请写明修改原因")
    journal_operations.take_turn()
    rule = VeeRule.objects.select_for_update().get(code=code)
    before = _facts(rule)
    rule.figures, rule.is_active = _checked(rule, figures), is_active
    rule.action = _action(rule, action)
    if _facts(rule) == before:
        raise UnableToAmendRule("没有任何改动")
    rule.certainty = Certainty.LOCAL
    rule.source = f"{by.name} {at:%Y-%m-%d}：{reason.strip()}"[:200]
    rule.save()
    after = _facts(rule)
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    _record("amended", rule, changes, reason, by, at)
    return rule


@transaction.atomic
def reorder_vee_rules(*, codes: Sequence[str], reason: str, by: Viewer, at: dt.datetime) -> None:
    """Ask the rules in another order; every one is to be named once."""
    by.require(Permission.KEEP_VEE_RULES)
    if not reason.strip():
        raise UnableToAmendRule("请写明修改原因")
    journal_operations.take_turn()
    rules = {rule.code: rule for rule in VeeRule.objects.select_for_update()}
    if sorted(codes) != sorted(rules):
        raise UnableToAmendRule("每条规则应恰好出现一次")
    before = [rule.code for rule in sorted(rules.values(), key=lambda rule: rule.order)]
    if before == list(codes):
        raise UnableToAmendRule("没有任何改动")
    for base in (_FREE, 0):  # the order is unique at every moment
        for place, code in enumerate(codes, start=1):
            VeeRule.objects.filter(code=code).update(order=base + 10 * place)
    changes = {"order": [before, list(codes)]}
    _record("reordered", rules[codes[0]], changes, reason, by, at)


def rules_in_force() -> list[Rule]:
    """The active rules in their order, as the arithmetic takes them."""
    return [
        Rule(row.code, row.action, {name: Decimal(text) for name, text in row.figures.items()})
        for row in VeeRule.objects.filter(is_active=True).order_by("order")
    ]


def _facts(rule: VeeRule) -> dict[str, Any]:
    return {"figures": rule.figures, "action": rule.action, "is_active": rule.is_active}


def _action(rule: VeeRule, action: str) -> str:
    """Facts stay facts and sums stay sums: only what touches intervals may be chosen."""
    if action == rule.action:
        return action
    choices = {"estimate", "suspect", "report"}
    if rule.action not in choices or action not in choices or rule.code in _OVER_DAYS:
        raise UnableToAmendRule(
            "“%(code)s”的处理方式不能改为 %(action)s", code=rule.get_code_display(), action=action
        )
    return action


_OVER_DAYS = {"power_factor", "clock", "ratio", "register"}


def _checked(rule: VeeRule, figures: Mapping[str, str]) -> dict[str, str]:
    if sorted(figures) != sorted(rule.figures):
        raise UnableToAmendRule("应恰好填写该规则的各项数值")
    checked = {}
    for name, text in figures.items():
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            raise UnableToAmendRule(
                "%(name)s 应为数字，填的是 %(text)s", name=name, text=text
            ) from None
        if not value.is_finite() or value < 0 or value > 1_000_000:  # noqa: PLR2004 - a bound of sense
            raise UnableToAmendRule(
                "%(name)s 应在 0 与 1000000 之间，填的是 %(text)s", name=name, text=text
            )
        checked[name] = text.strip()
    return checked


def _record(
    verb: str, rule: VeeRule, changes: dict[str, Any], reason: str, by: Viewer, at: dt.datetime
) -> None:
    happening = Happening(
        event=f"metering.vee_rule.{verb}",
        subject_type="metering.vee_rule",
        subject_id=rule.pk,
        subject_label=rule.get_code_display(),
        unit_path=by.unit_path,
        changes=changes,
        reason=reason.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)

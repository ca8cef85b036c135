"""Bringing the shipped rules of changes into the table."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.connections.models.changes import ChangeRule
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.pricing.models import RuleSet

SEED = Path(__file__).resolve().parents[2] / "seed" / "change_rules.toml"


@transaction.atomic
def load_change_rules(*, at: dt.datetime) -> int:
    """Write the rules of seed/change_rules.toml that differ from the table; how many there were.

    The rule sets themselves are the pricing seed's, which is loaded before. Safe to repeat.
    """
    seed = tomllib.loads(SEED.read_text(encoding="utf-8"), parse_float=Decimal)
    sets = {rule_set.code: rule_set for rule_set in RuleSet.objects.all()}
    known = {(rule.rule_set_id, rule.kind): rule for rule in ChangeRule.objects.all()}
    written = 0
    for entry in seed["rule"]:
        rule_set = sets[entry["rule_set"]]
        stored = known.get((rule_set.pk, entry["kind"]))
        rule = stored or ChangeRule(rule_set=rule_set)
        differs = _fill(rule, entry, Decimal(seed["high_voltage_kv"]))
        if differs or stored is None:
            rule.save()
            written += 1
    if written:
        happening = Happening("connections.change_rules.loaded", "connections.change_rule", 0)
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return written


def _fill(rule: ChangeRule, entry: dict[str, Any], high_voltage_kv: Decimal) -> bool:
    """Set what the entry states, the fields' defaults elsewhere; whether anything differs."""
    wanted = {
        field.name: entry.get(field.name, field.get_default())
        for field in ChangeRule._meta.local_fields  # noqa: SLF001 - Django's public model API
        if field.name not in {"id", "rule_set"}
    }
    wanted["high_voltage_kv"] = high_voltage_kv
    if wanted["repeat_share"] is not None:
        wanted["repeat_share"] = Decimal(wanted["repeat_share"])
    differs = any(getattr(rule, name) != value for name, value in wanted.items())
    for name, value in wanted.items():
        setattr(rule, name, value)
    return differs

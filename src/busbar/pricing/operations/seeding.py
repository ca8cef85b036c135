"""The figures that ship with the product, loaded through the same operations as a tariff file."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.access.registers import Outcome, Row
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.pricing.models import RuleSubject
from busbar.pricing.operations.days import store_critical_day_rules
from busbar.pricing.operations.losses import store_loss_corrections
from busbar.pricing.operations.rules import (
    store_power_factor_steps,
    store_rule_parameters,
    store_rule_sets,
)
from busbar.pricing.operations.tariffs import store_surcharges, store_tariffs
from busbar.pricing.operations.time_of_use import store_tou_intervals, store_tou_schemes
from busbar.pricing.used import find_used_changes

SEED = Path(__file__).resolve().parent.parent / "seed"


@transaction.atomic
def load_seed(*, at: dt.datetime) -> dict[str, Outcome]:
    """Bring the shipped rule sets, tables, schemes, tariffs and surcharges into the register.

    Safe to repeat: what stands is not written again. Rows that an office entered under other
    codes are left alone. The outcomes are by table; a refused row is an error in the seed and
    raises ValueError.
    """
    rules, factors = _read("rule_sets.toml"), _read("power_factor.toml")
    schemes, prices = _read("time_of_use.toml"), _read("tariffs.toml")
    surcharges, critical = _read("surcharges.toml"), _read("day_types.toml")
    batches: tuple[tuple[str, Callable[..., Outcome], Iterator[Row]], ...] = (
        ("rule_sets", store_rule_sets, _rule_sets(rules, factors)),
        ("rule_parameters", store_rule_parameters, _parameters(rules, factors)),
        ("power_factor_steps", store_power_factor_steps, _steps(factors)),
        ("tou_schemes", store_tou_schemes, _schemes(schemes)),
        ("tou_intervals", store_tou_intervals, _intervals(schemes)),
        ("critical_day_rules", store_critical_day_rules, _critical_days(critical)),
        ("loss_corrections", store_loss_corrections, iter(_read("losses.toml")["correction"])),
        ("tariffs", store_tariffs, _tariffs(prices["tariff"])),
        ("surcharges", store_surcharges, _surcharges(surcharges)),
    )
    return {name: _store(store, list(rows), at) for name, store, rows in batches}


def _read(name: str) -> dict[str, Any]:
    text = (SEED / name).read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def _store(store: Callable[..., Outcome], rows: list[Row], at: dt.datetime) -> Outcome:
    outcome = store(rows=rows, by=SYSTEM_VIEWER, at=at)
    if outcome.rejections:
        raise ValueError(f"the seed breaks the register's rules: {outcome.rejections[0]}")
    return outcome


def _rule_sets(rules: dict[str, Any], factors: dict[str, Any]) -> Iterator[Row]:
    for entry in rules["rule_set"]:
        yield {**entry, "subject": RuleSubject.BILLING, "valid_until": entry.get("valid_until")}
    table = factors["table"]
    yield {
        "code": table["code"],
        "name": table["name"],
        "subject": RuleSubject.POWER_FACTOR,
        "document": table["document"],
        "valid_from": table["valid_from"],
        "valid_until": table.get("valid_until"),
        "source": "",
        "certainty": table["date_certainty"],
    }


def _parameters(rules: dict[str, Any], factors: dict[str, Any]) -> Iterator[Row]:
    for figure in rules["figure"]:
        for version in figure["version"]:
            for code in version["rule_sets"]:
                yield {
                    "rule_set": code,
                    "key": figure["code"],
                    "name": figure["name"],
                    "unit": figure["unit"],
                    "value": _value(version["value"]),
                    "article": version["article"],
                    "source": version["source"],
                    "certainty": version["certainty"],
                    "note": version.get("note", ""),
                }
    yield from _factor_parameters(factors)


def _factor_parameters(factors: dict[str, Any]) -> Iterator[Row]:
    table, below = factors["table"], factors["below"]
    names = {
        "power_factor": ("表的最低功率因数", ""),
        "step": ("以下每级的步长", ""),
        "percent_per_step": ("以下每级增收", "%"),
    }
    shared = {"rule_set": table["code"], "article": table["document"], "note": ""}
    for key, (name, unit) in names.items():
        yield {
            **shared,
            "key": f"below.{key}",
            "name": name,
            "unit": unit,
            "value": _value(below[key]),
            "source": below["source"],
            "certainty": below["certainty"],
        }
    yield {
        **shared,
        "key": "standards",
        "name": "适用对象",
        "unit": "",
        "value": _value(factors["standard"]),
        "source": factors["standard"][0]["source"],
        "certainty": factors["standard"][0]["certainty"],
    }


def _value(raw: Any) -> Any:
    """Numbers as text, lists and tables as they are, so that JSON keeps every digit."""
    if isinstance(raw, list):
        return [_value(item) for item in raw]
    if isinstance(raw, dict):
        return {key: _value(item) for key, item in raw.items()}
    return raw if isinstance(raw, bool) else str(raw)


def _steps(factors: dict[str, Any]) -> Iterator[Row]:
    table = factors["table"]
    for group in factors["rows"]:
        for power_factor, tangent, *percents in group["rows"]:
            for standard, percent in zip(table["standards"], percents, strict=True):
                yield {
                    "rule_set": table["code"],
                    "standard": standard,
                    "power_factor": Decimal(power_factor),
                    "tangent_upper": Decimal(tangent),
                    "adjustment_percent": Decimal(percent),
                    "source": group["source"],
                    "certainty": group["certainty"],
                }


def _schemes(document: dict[str, Any]) -> Iterator[Row]:
    for scheme in document["scheme"]:
        yield {key: value for key, value in scheme.items() if key != "intervals"}


def _intervals(document: dict[str, Any]) -> Iterator[Row]:
    for scheme in document["scheme"]:
        for interval in scheme["intervals"]:
            yield {
                "scheme": scheme["code"],
                "months": interval.get("months", []),
                "day_type": interval.get("day_type", "all"),
                "start_minute": _minute(interval["start"]),
                "end_minute": _minute(interval["end"]),
                "period": interval["period"],
                "priority": interval.get("priority", 0),
            }


def _critical_days(document: dict[str, Any]) -> Iterator[Row]:
    for rule in document["rule"]:
        ranges = "、".join(f"{span['first']}~{span['last']}" for span in rule["dates"])
        yield {**rule, "dates": ranges}


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _tariffs(rows: list[Row]) -> Iterator[Row]:
    """Without the versions whose prices bills have used since: those stand as they were."""
    used = find_used_changes(enumerate(rows))
    return (row for index, row in enumerate(rows) if index not in used)


def _surcharges(document: dict[str, Any]) -> Iterator[Row]:
    for entry in document["surcharge"]:
        for region in entry["regions"]:
            yield {**{k: v for k, v in entry.items() if k != "regions"}, "region": region}

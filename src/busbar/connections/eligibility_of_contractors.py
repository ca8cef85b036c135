"""Who may build what: certificates against a voltage and a day; and an order that favors nobody.

Plain values: no database, no clock.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar


@dataclass(frozen=True)
class Certificate:
    """One certificate: `[valid_from, valid_until)`, with the voltage it reaches (None: any)."""

    number: str
    kind: str
    grade: str
    valid_from: dt.date
    valid_until: dt.date
    revoked_on: dt.date | None
    is_scope_known: bool
    max_voltage_kv: Decimal | None


def reasons_against(
    certificates: Iterable[Certificate], *, kind: str, label: str, voltage_kv: Decimal, on: dt.date
) -> list[str]:
    """Why a firm may not do this on the day; empty when one certificate suffices.

    >>> reasons_against([], kind="design", label="设计", voltage_kv=Decimal(10),
    ...                 on=dt.date(2026, 1, 1))
    ['没有设计资质']
    """
    ours = [c for c in certificates if c.kind == kind]
    if not ours:
        return [f"没有{label}资质"]
    found = [(c, _reason(c, voltage_kv, on)) for c in ours]
    if any(reason == "" for _, reason in found):
        return []
    return [f"{label}资质证书 {c.number}（{c.grade}）{reason}" for c, reason in found]


def _reason(certificate: Certificate, voltage_kv: Decimal, on: dt.date) -> str:
    if certificate.revoked_on is not None and certificate.revoked_on <= on:
        return f"已于 {certificate.revoked_on} 吊销"
    if on < certificate.valid_from:
        return f"自 {certificate.valid_from} 起生效，{on} 尚未生效"
    if on >= certificate.valid_until:
        return f"有效期到 {certificate.valid_until - dt.timedelta(days=1)}，{on} 已过期"
    if not certificate.is_scope_known:
        return "的等级没有登记可承接的电压范围"
    reach = certificate.max_voltage_kv
    if reach is not None and reach < voltage_kv:
        return (
            f"只能承接 {reach.normalize():f} 千伏及以下，本工程为 {voltage_kv.normalize():f} 千伏"
        )
    return ""


_T = TypeVar("_T")


def neutral_order(items: Iterable[tuple[str, _T]], *, seed: str) -> list[_T]:
    """The items in an order that depends on the seed and their keys alone.

    Each key is hashed with the seed and the digests are sorted: no firm can be moved up without
    changing the day or the application, and anybody can compute the order again.

    >>> neutral_order([("a", 1), ("b", 2), ("c", 3)], seed="x") == neutral_order(
    ...     [("c", 3), ("a", 1), ("b", 2)], seed="x")
    True
    """
    ranked = sorted(items, key=lambda item: _digest(seed, item[0]))
    return [item for _, item in ranked]


def _digest(seed: str, key: str) -> str:
    return hashlib.sha256(f"{seed}|{key}".encode()).hexdigest()

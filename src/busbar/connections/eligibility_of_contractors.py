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

from busbar.kit.errors import Refusal


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
) -> list[Refusal]:
    """Why a firm may not do this on the day; empty when one certificate suffices.

    >>> [str(one) for one in reasons_against([], kind="design", label="设计",
    ...     voltage_kv=Decimal(10), on=dt.date(2026, 1, 1))]
    ['没有设计资质']
    """
    ours = [c for c in certificates if c.kind == kind]
    if not ours:
        return [Refusal("没有%(label)s资质", label=label)]
    found = [(c, _reason(c, voltage_kv, on)) for c in ours]
    if any(reason is None for _, reason in found):
        return []
    return [
        Refusal(
            "%(label)s资质证书 %(number)s（%(grade)s）%(reason)s",
            label=label,
            number=c.number,
            grade=c.grade,
            reason=reason,
        )
        for c, reason in found
    ]


def _reason(certificate: Certificate, voltage_kv: Decimal, on: dt.date) -> Refusal | None:
    if certificate.revoked_on is not None and certificate.revoked_on <= on:
        return Refusal("已于 %(revoked_on)s 吊销", revoked_on=certificate.revoked_on)
    if on < certificate.valid_from:
        return Refusal(
            "自 %(valid_from)s 起生效，%(on)s 尚未生效", valid_from=certificate.valid_from, on=on
        )
    if on >= certificate.valid_until:
        return Refusal(
            "有效期到 %(last)s，%(on)s 已过期",
            last=certificate.valid_until - dt.timedelta(days=1),
            on=on,
        )
    if not certificate.is_scope_known:
        return Refusal("的等级没有登记可承接的电压范围")
    reach = certificate.max_voltage_kv
    if reach is not None and reach < voltage_kv:
        return Refusal(
            "只能承接 %(reach)s 千伏及以下，本工程为 %(voltage_kv)s 千伏",
            reach=f"{reach.normalize():f}",
            voltage_kv=f"{voltage_kv.normalize():f}",
        )
    return None


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

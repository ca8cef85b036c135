"""What validation found, kept by usage point, day, channel and rule; what people decide of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.metering.estimating import Outcome
from busbar.metering.judging import Judged
from busbar.metering.lake import Quality
from busbar.metering.models import VeeAction, VeeFinding, VeeState
from busbar.metering.vee import Hit
from busbar.metering.vee.days import mask_of

_CENT = Decimal("0.01")
_WH_PER_KWH = 1000
_KEPT = ("action", "intervals", "methods", "judged_version", "written_version", "energy_wh",
         "stake_yuan", "state", "found_at", "decided_at", "decided_by", "reason")  # fmt: skip
_UNDECIDED = frozenset({VeeState.OPEN, VeeState.SETTLED})
"""States in which no person has said anything."""
_Key = tuple[int, dt.date, str, str]


class UnableToAcceptFinding(Refusal):
    """The finding cannot be accepted."""


def keep_findings(
    judged: Judged,
    outcome: Outcome,
    prices: Mapping[int, Decimal],
    *,
    written: int | None,
    at: dt.datetime,
) -> int:
    """Bring the findings of the judged days in line with the hits; how many are open and new.

    A finding of before that holds no more, and whose intervals are measured, is settled. One
    that a person has decided stays decided while it says the same. A nought that a recorded
    outage explains is a fact: it is kept, and asks nobody.
    """
    standing = _standing(judged)
    fresh: list[VeeFinding] = []
    touched: list[VeeFinding] = []
    for hit in outcome.hits:
        row = _finding(judged, outcome, hit, prices, written, at)
        before = standing.pop(_key(row), None)
        if before is None:
            fresh.append(row)
        elif _renew(before, row):
            touched.append(before)
    touched += [row for row in standing.values() if _settle(row, judged, outcome, at)]
    VeeFinding.objects.bulk_create(fresh, batch_size=500)
    VeeFinding.objects.bulk_update(touched, _KEPT, batch_size=200)
    return sum(row.state == VeeState.OPEN for row in fresh)


def _standing(judged: Judged) -> dict[_Key, VeeFinding]:
    keys = {(key.point, key.day) for key in judged.keys}
    rows = VeeFinding.objects.filter(
        usage_point__in={key.point for key in judged.keys},
        day__gte=min(key.day for key in judged.keys),
        day__lte=max(key.day for key in judged.keys),
    )
    return {_key(row): row for row in rows if (row.usage_point_id, row.day) in keys}


def _key(row: VeeFinding) -> _Key:
    return row.usage_point_id, row.day, row.lake_channel, row.rule


def _finding(
    judged: Judged,
    outcome: Outcome,
    hit: Hit,
    prices: Mapping[int, Decimal],
    written: int | None,
    at: dt.datetime,
) -> VeeFinding:
    key = judged.keys[hit.row]
    energy = outcome.energy_of(hit, judged)
    is_fact = hit.action == VeeAction.OUTAGE
    return VeeFinding(
        usage_point_id=key.point,
        day=key.day,
        lake_channel=hit.channel,
        rule=hit.rule,
        action=hit.action,
        intervals=[list(pair) for pair in hit.ranges],
        methods=outcome.methods(hit),
        judged_version=int(judged.versions[hit.row]),
        written_version=written if hit.row in outcome.changed_rows else None,
        energy_wh=energy,
        stake_yuan=stake(energy, prices.get(judged.account_ids[key.point])),
        state=VeeState.SETTLED if is_fact else VeeState.OPEN,
        found_at=at,
        decided_at=at if is_fact else None,
    )


def stake(energy_wh: int, price: Decimal | None) -> Decimal:
    """Energy in question times a price; nought where no price is known.

    >>> stake(1500, Decimal("0.65"))
    Decimal('0.98')
    """
    yuan = Decimal(energy_wh) / _WH_PER_KWH * (price or Decimal(0))
    return yuan.quantize(_CENT, rounding=ROUND_HALF_UP)


def _renew(before: VeeFinding, row: VeeFinding) -> bool:
    """Take over what is found now; whether anything differs."""
    same = all(getattr(before, n) == getattr(row, n) for n in ("intervals", "action", "methods"))
    if same and (before.state == row.state or before.state not in _UNDECIDED):
        return False
    for name in _KEPT:
        setattr(before, name, getattr(row, name))
    return True


def _settle(row: VeeFinding, judged: Judged, outcome: Outcome, at: dt.datetime) -> bool:
    """Close an open finding that holds no more, unless what it led to still stands.

    A gap that turned out to be an outage is none any more.
    """
    if row.state != VeeState.OPEN:
        return False
    places = [i for i, key in enumerate(judged.keys) if (key.point, key.day) == _key(row)[:2]]
    mask = mask_of(tuple((start, end) for start, end in row.intervals))
    codes = outcome.quality[places[0]][mask]
    settled = (Quality.MEASURED, *([Quality.OUTAGE] if row.action == "estimate" else []))
    if row.action in {"estimate", "outage"} and not np.isin(codes, settled).all():
        return False
    row.state, row.decided_at = VeeState.SETTLED, at
    return True


@transaction.atomic
def accept_findings(
    *, finding_ids: Iterable[int], reason: str, by: Viewer, at: dt.datetime
) -> list[VeeFinding]:
    """Say of open findings that the curve may stay as it is; one entry each."""
    by.require(Permission.EDIT_READINGS)
    if not reason.strip():
        raise UnableToAcceptFinding("请写明认可的理由")
    journal_operations.take_turn()
    wanted = sorted(set(finding_ids))
    seen = VeeFinding.objects.visible_to(by).filter(pk__in=wanted)
    if not wanted or seen.count() != len(wanted):
        raise UnableToAcceptFinding("没有这些校验发现，或不在您的管辖范围内")
    rows = list(
        VeeFinding.objects.select_for_update(of=("self",))
        .filter(pk__in=wanted)
        .select_related("usage_point__account__unit")
        .order_by("pk")
    )
    decided = next((row for row in rows if row.state != VeeState.OPEN), None)
    if decided is not None:
        raise UnableToAcceptFinding(
            "%(usage_point)s %(day)s 的“%(rule)s”已是“%(state)s”",
            usage_point=decided.usage_point,
            day=decided.day,
            rule=decided.get_rule_display(),
            state=decided.get_state_display(),
        )
    for row in rows:
        decide(row, VeeState.ACCEPTED, reason, by, at)
    journal_operations.record_many(
        happenings=[_happening(row) for row in rows], actor=by.actor, at=at
    )
    return rows


def decide(row: VeeFinding, state: VeeState, reason: str, by: Viewer, at: dt.datetime) -> None:
    """Write a person's decision on a finding; the caller records it."""
    row.state, row.reason = state, reason.strip()[:300]
    row.decided_at, row.decided_by = at, by.name
    row.save(update_fields=["state", "reason", "decided_at", "decided_by"])


def _happening(row: VeeFinding) -> Happening:
    account = row.usage_point.account
    changes: dict[str, Any] = {
        "day": row.day,
        "rule": row.rule,
        "intervals": row.intervals,
        "energy_wh": row.energy_wh,
        "stake_yuan": row.stake_yuan,
    }
    return Happening(
        event="metering.vee_finding.accepted",
        subject_type="metering.vee_finding",
        subject_id=row.pk,
        subject_label=f"{row.usage_point} {row.day} {row.get_rule_display()}",
        customer_id=account.customer_id,
        unit_path=account.unit.path,
        changes=changes,
        reason=row.reason,
    )


@transaction.atomic
def restate_stakes(*, prices: Mapping[int, Decimal]) -> int:
    """Bring the stakes of open findings to newer prices by account; how many changed."""
    rows = VeeFinding.objects.filter(state=VeeState.OPEN).select_related("usage_point")
    changed = []
    for row in rows.iterator(chunk_size=2000):
        now = stake(row.energy_wh, prices.get(row.usage_point.account_id))
        if now != row.stake_yuan:
            row.stake_yuan = now
            changed.append(row)
    VeeFinding.objects.bulk_update(changed, ["stake_yuan"], batch_size=500)
    return len(changed)

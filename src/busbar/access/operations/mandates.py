"""Mandates: what ships, and the versions that units enter of them (R75, R7)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.access import queries
from busbar.access.mandating import FIXED, MandateLimits, loosened
from busbar.access.models import LEVELS, Mandate, MandateRung, OrderKind, OrganizationUnit
from busbar.access.paths import ancestors
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.errors import Refusal

SEED = Path(__file__).resolve().parent.parent / "seed" / "mandates.toml"


class UnableToSetMandate(Refusal):
    """The unit may not have this version of the mandate."""


@transaction.atomic
def load_mandates(*, at: dt.datetime) -> int:
    """Enter kinds and mandates of which no version stands; what stands is left alone."""
    shipped = tomllib.loads(SEED.read_text(encoding="utf-8"), parse_float=Decimal)
    known = set(OrderKind.objects.values_list("code", flat=True))
    kinds = [OrderKind(**row) for row in shipped["kind"] if row["code"] not in known]
    OrderKind.objects.bulk_create(kinds)
    stands = set(Mandate.objects.filter(unit=None).values_list("code", flat=True))
    fresh = [row for row in shipped["mandate"] if row["code"] not in stands]
    for row in fresh:
        _enter(row)
    loaded = len(kinds) + len(fresh)
    if loaded:
        changes = {"mandates": [row["code"] for row in fresh], "kinds": [k.code for k in kinds]}
        told = Happening("access.mandates.loaded", "access.mandates", 0, "授权", changes=changes)
        journal_operations.record(happening=told, actor=SYSTEM, at=at)
    return loaded


def _enter(row: Mapping[str, Any]) -> None:
    mandate = Mandate.objects.create(**{k: v for k, v in row.items() if k != "rung"})
    _add_rungs(mandate, row["rung"])


def _add_rungs(mandate: Mandate, rungs: list[Mapping[str, Any]]) -> None:
    MandateRung.objects.bulk_create(
        [MandateRung(mandate=mandate, order=n, **rung) for n, rung in enumerate(rungs, 1)]
    )


@transaction.atomic
def set_local_mandate(
    *,
    unit: OrganizationUnit,
    code: str,
    limits: MandateLimits,
    valid_from: dt.date,
    reason: str,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> Mandate:
    """A company's own version of a mandate from a day on: who and what stay, limits change.

    The top company sets its figures; below it they may only be stricter, and a looser one is
    refused with what holds above.
    """
    by.require(Permission.KEEP_MANDATES)
    by.require_unit(unit.path)
    journal_operations.take_turn()
    if unit.kind not in LEVELS:
        raise UnableToSetMandate("只有省、市、县公司可以另定授权；%(unit)s是部门", unit=unit)
    if not reason.strip() or not source.strip():
        raise UnableToSetMandate("另定授权须写明理由和依据（文号）")
    above = _above(unit, code, valid_from)
    _check_tightens(above, limits, unit)
    _end_earlier(unit, code, valid_from)
    mine = _copy(above, unit, limits, valid_from, source.strip(), reason.strip())
    changes = {
        "code": code,
        "most_amount_yuan": [above.most_amount_yuan, limits.most_amount_yuan],
        "most_hours": [above.most_hours, limits.most_hours],
        "grades": [above.grades, list(limits.grades)],
        "valid_from": valid_from,
        "source": source.strip(),
    }
    _record("access.mandate.set", mine, unit, changes, reason=reason.strip(), by=by, at=at)
    return mine


@transaction.atomic
def end_local_mandate(
    *, mandate_id: int, until: dt.date, reason: str, by: Viewer, at: dt.datetime
) -> Mandate:
    """End a unit's own version with the day before `until`; what holds above holds again."""
    by.require(Permission.KEEP_MANDATES)
    journal_operations.take_turn()
    rows = Mandate.objects.select_for_update(of=("self",)).select_related("unit")
    mandate = rows.filter(pk=mandate_id).exclude(unit=None).first()
    if mandate is None or mandate.unit is None:
        raise UnableToSetMandate("没有这项单位另定的授权")
    by.require_unit(mandate.unit.path)
    if not reason.strip():
        raise UnableToSetMandate("终止另定的授权须写明理由")
    if until <= mandate.valid_from or (mandate.valid_until and until >= mandate.valid_until):
        raise UnableToSetMandate(
            "终止日应在 %(valid_from)s 之后、原终止日之前", valid_from=mandate.valid_from
        )
    mandate.valid_until = until
    mandate.save(update_fields=["valid_until"])
    changes = {"code": mandate.code, "valid_until": until}
    _record(
        "access.mandate.ended", mandate, mandate.unit, changes, reason=reason.strip(), by=by, at=at
    )
    return mandate


def _above(unit: OrganizationUnit, code: str, on: dt.date) -> Mandate:
    """What holds for the unit if it had no version of its own."""
    higher = ancestors(unit.path)[-1:]
    rows = queries.list_mandates(on=on, unit_path=higher[0] if higher else "")
    found = next((row for row in rows if row.code == code), None)
    if found is None:
        known = "、".join(row.code for row in rows)
        raise UnableToSetMandate(
            "%(on)s 没有生效的授权“%(code)s”；已有：%(known)s", on=on, code=code, known=known
        )
    return found


def _check_tightens(above: Mandate, limits: MandateLimits, unit: OrganizationUnit) -> None:
    figures = (limits.most_amount_yuan, limits.most_hours)
    if any(amount is not None and amount <= 0 for amount in figures):
        raise UnableToSetMandate("限额应大于零")
    said = loosened(limits, queries.limits_of(above)) if ancestors(unit.path) else []
    if said:
        holder = above.unit.name if above.unit else "种子授权"
        raise UnableToSetMandate(
            "下级只能从严：%(said)s（%(holder)s《%(above)s》，%(source)s）",
            said=said,
            holder=holder,
            above=above.name,
            source=above.source,
        )


def _end_earlier(unit: OrganizationUnit, code: str, valid_from: dt.date) -> None:
    mine = Mandate.objects.filter(unit=unit, code=code)
    later = mine.filter(valid_from__gte=valid_from).order_by("valid_from").first()
    if later is not None:
        raise UnableToSetMandate(
            "%(valid_from)s 起已另定过，新版本应在其后生效", valid_from=later.valid_from
        )
    mine.filter(valid_until=None).update(valid_until=valid_from)
    mine.filter(valid_until__gt=valid_from).update(valid_until=valid_from)


def _copy(
    above: Mandate,
    unit: OrganizationUnit,
    limits: MandateLimits,
    valid_from: dt.date,
    source: str,
    reason: str,
) -> Mandate:
    mine = Mandate.objects.create(
        code=above.code,
        name=above.name,
        unit=unit,
        most_amount_yuan=limits.most_amount_yuan,
        most_hours=limits.most_hours,
        grades=list(limits.grades),
        own_customers_only=limits.own_customers_only,
        valid_from=valid_from,
        source=source[:300],
        certainty="local",
        note=reason[:500],
        **{name: getattr(above, name) for name in FIXED},
    )
    rungs = above.rungs.order_by("order").values("level", "role", "time_limit")
    _add_rungs(mine, list(rungs))
    return mine


def _record(
    event: str,
    mandate: Mandate,
    unit: OrganizationUnit,
    changes: Mapping[str, object],
    *,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> None:
    happening = Happening(
        event=event,
        subject_type="access.mandate",
        subject_id=mandate.pk,
        subject_label=f"{unit} {mandate.name}",
        unit_path=unit.path,
        changes=dict(changes),
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)

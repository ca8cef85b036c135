"""A company's own figure of the service standard; below the top one only stricter (R7, R73)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.paths import ancestors
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.models import Certainty
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import ServiceStandard
from busbar.key_accounts.queries import standards as standards_queries
from busbar.kit.errors import Listing, Refusal
from busbar.kit.money import plain


class UnableToSetStandard(Refusal):
    """The company may not have this figure."""


@transaction.atomic
def set_local_standard(
    *,
    unit: OrganizationUnit,
    code: str,
    amount: Decimal,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> ServiceStandard:
    """Set the figure of a company from a day on; refused with what holds above it."""
    by.require(Permission.KEEP_MANDATES)
    by.require_unit(unit.path)
    journal_operations.take_turn()
    if unit.kind not in LEVELS:
        raise UnableToSetStandard("只有省、市、县公司可以另定服务标准；%(unit)s是部门", unit=unit)
    if amount <= 0 or not source.strip():
        raise UnableToSetStandard("数值应大于零，并写明依据（文号）")
    higher = ancestors(unit.path)[-1:]
    standing = standards_queries.get_standards(on=valid_from, unit_path=higher[0] if higher else "")
    if code not in standing:
        raise UnableToSetStandard(
            "没有服务标准“%(code)s”；已有：%(standing)s",
            code=code,
            standing=Listing(sorted(standing)),
        )
    above = standing[code]
    mine = ServiceStandard(
        unit=unit, code=code, name=above.name, sense=above.sense, amount=amount,
        measure=above.measure, valid_from=valid_from, source=source.strip()[:300],
        certainty=Certainty.LOCAL,
    )  # fmt: skip
    if not standards_queries.is_stricter(mine, above):
        figure = f"{above.get_sense_display()} {plain(above.amount)} {above.measure}"
        raise UnableToSetStandard(
            "下级只能从严：%(above)s上级%(figure)s，不能定为 %(amount)s（%(source)s）",
            above=above.name,
            figure=figure,
            amount=plain(amount),
            source=above.source,
        )
    rows = ServiceStandard.objects.filter(unit=unit, code=code)
    if rows.filter(valid_from__gte=valid_from).exists():
        raise UnableToSetStandard("当日或其后已另定过，新数值应在其后生效")
    rows.filter(valid_until=None).update(valid_until=valid_from)
    mine.save(force_insert=True)
    happening = Happening(
        event="key_accounts.standard.set",
        subject_type="key_accounts.standard",
        subject_id=mine.pk,
        subject_label=f"{unit} {above.name}",
        unit_path=unit.path,
        changes={"code": code, "amount": [above.amount, amount], "valid_from": valid_from},
        reason=source.strip()[:300],
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return mine

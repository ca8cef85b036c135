"""One customer goes into another, and out again (R80).

The survivor keeps its number. The other's row ends; its number stays and leads to the survivor.
Everything that hung on it moves and is recorded, so that undoing restores exactly.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.customers.models import (
    CandidateState,
    Customer,
    CustomerKind,
    CustomerMerge,
    FormerNumber,
    Importance,
    MatchCandidate,
    MergeKind,
)
from busbar.customers.operations import relocation
from busbar.customers.operations.model_walk import label_of
from busbar.customers.operations.relocation import Relocation
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Listing, Refusal

_SELF = label_of(Customer)
_FILLED = ("credit_code", "industry_code", "address", "group_id")


class UnableToMergeCustomers(Refusal):
    """The two cannot become one."""


class UnableToUndoMerge(Refusal):
    """What was done cannot be undone now."""


@transaction.atomic
def merge_customers(
    *,
    survivor: Customer,
    absorbed: Customer,
    reason: str = "",
    candidate: MatchCandidate | None = None,
    is_automatic: bool = False,
    by: Viewer,
    at: dt.datetime,
) -> CustomerMerge:
    """Let `absorbed` go into `survivor`, with everything that hangs on it.

    What the survivor's file leaves open is filled from the other's; the graver importance stays.
    Two valid credit codes are two bodies unless a person gives the reason.
    """
    by.require(Permission.CONSOLIDATE)
    survivor, absorbed = _locked(survivor, absorbed, by=by)
    _check_codes(survivor, absorbed, reason=reason, is_automatic=is_automatic)
    _settle_candidates(survivor, absorbed, by=by, at=at)
    moved = relocation.relocate(absorbed, survivor)
    snapshot = relocation.keep(absorbed)
    absorbed_id = absorbed.pk
    absorbed.delete()
    _fill(survivor, absorbed, moved)
    merge = CustomerMerge.objects.create(
        kind=MergeKind.MERGE,
        customer=survivor,
        other_id=absorbed_id,
        other_number=absorbed.number,
        other_name=absorbed.name,
        candidate=candidate,
        is_automatic=is_automatic,
        reason=reason.strip()[:300],
        made_at=at,
        made_by=by.name,
        snapshot=snapshot,
        **_as_fields(moved),
    )
    FormerNumber.objects.create(
        number=absorbed.number,
        name=absorbed.name,
        credit_code=absorbed.credit_code,
        customer=survivor,
        merge=merge,
    )
    _tell(merge, "merged", reason=reason, by=by, at=at)
    return merge


@transaction.atomic
def undo_merge(*, merge: CustomerMerge, reason: str = "", by: Viewer, at: dt.datetime) -> Customer:
    """Take the absorbed customer out again, with what it brought; returns it.

    The latest record of a customer first. What came after the merge stays with the survivor.
    """
    by.require(Permission.CONSOLIDATE)
    journal_operations.take_turn()
    merge = _undoable(merge, by=by)
    if merge.kind == MergeKind.SPLIT:
        return _undo_split(merge, reason=reason, by=by, at=at)
    done = _relocation_of(merge)
    _empty(merge)
    FormerNumber.objects.filter(merge=merge).delete()
    relocation.restore(merge.snapshot)
    relocation.put_back(done, source_id=merge.other_id, target_id=merge.customer_id)
    again: Customer = Customer.objects.select_related("unit", "group").get(pk=merge.other_id)
    _keep_apart(merge.customer_id, again.pk, reason=reason, by=by, at=at)
    _mark_undone(merge, by=by, at=at)
    _tell(merge, "unmerged", reason=reason, by=by, at=at)
    return again


def _undo_split(merge: CustomerMerge, *, reason: str, by: Viewer, at: dt.datetime) -> Customer:
    parted = Customer.objects.filter(pk=merge.other_id).first()
    if parted is None:
        raise UnableToUndoMerge("%(name)s 已并入别的客户，请先撤销那次归并", name=merge.other_name)
    origin: Customer = merge.customer
    moved = relocation.relocate(parted, origin)
    if moved.aside or moved.changes:
        raise UnableToUndoMerge("拆出后新客户又登记了与原客户重复的资料，请改用归并")
    parted.delete()
    _mark_undone(merge, by=by, at=at)
    _tell(merge, "rejoined", reason=reason, by=by, at=at)
    return origin


def lock_customers(*ids: int) -> list[Customer]:
    """The rows, locked in the order of their ids, after taking one's turn to write."""
    journal_operations.take_turn()
    rows = Customer.objects.select_for_update(of=("self",)).select_related("unit", "group")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def require_whole(customer: Customer, by: Viewer, refusal: type[Refusal]) -> None:
    """Refuse whoever sees the customer only through some of its accounts, or not at all."""
    if not Customer.objects.whole_to(by).filter(pk=customer.pk).exists():
        raise refusal("%(customer)s 不全在您的管辖范围内", customer=customer.name)


def _locked(survivor: Customer, absorbed: Customer, *, by: Viewer) -> tuple[Customer, Customer]:
    if survivor.pk == absorbed.pk:
        raise UnableToMergeCustomers("请选择两个不同的客户")
    found = {row.pk: row for row in lock_customers(survivor.pk, absorbed.pk)}
    for one in (survivor, absorbed):
        if one.pk not in found:
            raise UnableToMergeCustomers("%(name)s 已并入别的客户", name=one.name)
        require_whole(one, by, UnableToMergeCustomers)
    return found[survivor.pk], found[absorbed.pk]


def _check_codes(
    survivor: Customer, absorbed: Customer, *, reason: str, is_automatic: bool
) -> None:
    codes = {code for code in (survivor.credit_code, absorbed.credit_code) if code}
    if len(codes) > 1 and (is_automatic or not reason.strip()):
        raise UnableToMergeCustomers(
            "两个客户的信用代码不同（%(codes)s），归并须写明依据", codes=Listing(sorted(codes))
        )


def _settle_candidates(left: Customer, right: Customer, *, by: Viewer, at: dt.datetime) -> None:
    waiting = (CandidateState.PENDING, CandidateState.OPEN, CandidateState.APART)
    _between(left.pk, right.pk).filter(state__in=waiting).update(
        state=CandidateState.JOINED, decided_at=at, decided_by=by.name
    )


def _keep_apart(left: int, right: int, *, reason: str, by: Viewer, at: dt.datetime) -> None:
    """Whoever undoes says that the two are two: no later run joins them by itself."""
    _between(left, right).exclude(state=CandidateState.STALE).update(
        state=CandidateState.APART, decided_at=at, decided_by=by.name, reason=reason[:300]
    )


def _between(left: int, right: int) -> Any:
    return MatchCandidate.objects.filter(Q(left=left, right=right) | Q(left=right, right=left))


def _fill(survivor: Customer, absorbed: Customer, moved: Relocation) -> None:
    """Give the survivor what its file leaves open."""
    after: dict[str, Any] = {}
    for name in _FILLED:
        if not getattr(survivor, name) and getattr(absorbed, name):
            after[name] = getattr(absorbed, name)
    if survivor.kind == CustomerKind.OTHER and absorbed.kind != CustomerKind.OTHER:
        after["kind"] = absorbed.kind
    grades = Importance.values
    if grades.index(absorbed.importance) < grades.index(survivor.importance):
        after["importance"] = absorbed.importance
    if not after:
        return
    before = {name: getattr(survivor, name) for name in after}
    for name, value in after.items():
        setattr(survivor, name, value)
    survivor.save(update_fields=list(after))
    moved.changes.append({"model": _SELF, "pk": survivor.pk, "before": before, "after": after})


def _empty(merge: CustomerMerge) -> None:
    """Take back what the survivor was given, before the other's row states it again."""
    for change in merge.changes:
        if change["model"] == _SELF:
            for name, value in change["after"].items():
                same = Customer.objects.filter(pk=change["pk"], **{name: value})
                same.update(**{name: change["before"][name]})


def _undoable(merge: CustomerMerge, *, by: Viewer) -> CustomerMerge:
    found = CustomerMerge.objects.visible_to(by).select_related("customer", "customer__unit")
    merge = found.select_for_update(of=("self",)).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise UnableToUndoMerge("这次归并已撤销")
    require_whole(merge.customer, by, UnableToUndoMerge)
    involved = Q(customer=merge.customer_id) | Q(other_id__in=[merge.customer_id, merge.other_id])
    later = CustomerMerge.objects.filter(involved, undone_at=None, pk__gt=merge.pk)
    if (last := later.order_by("-pk").first()) is not None:
        raise UnableToUndoMerge(
            "请先撤销其后的%(kind)s：%(last)s", kind=last.get_kind_display(), last=last
        )
    return merge


def _mark_undone(merge: CustomerMerge, *, by: Viewer, at: dt.datetime) -> None:
    merge.undone_at, merge.undone_by = at, by.name
    merge.save(update_fields=["undone_at", "undone_by"])


def _relocation_of(merge: CustomerMerge) -> Relocation:
    changes = [c for c in merge.changes if c["model"] != _SELF]
    return Relocation(merge.moves, changes, merge.aside)


def _as_fields(moved: Relocation) -> dict[str, Any]:
    return {"moves": moved.moves, "changes": moved.changes, "aside": moved.aside}


def _tell(merge: CustomerMerge, verb: str, *, reason: str, by: Viewer, at: dt.datetime) -> None:
    customer = merge.customer
    happening = Happening(
        event=f"customers.customer.{verb}",
        subject_type="customers.customer",
        subject_id=customer.pk,
        subject_label=str(customer),
        customer_id=customer.pk,
        unit_path=customer.unit.path,
        changes={
            "merge": merge.pk,
            "other": f"{merge.other_number} {merge.other_name}",
            "rows": {move["model"]: len(move["ids"]) for move in merge.moves},
        },
        reason=reason,
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)

"""Customers' transformers with the history of their states (R34, 供电营业规则(1996) 第85条)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.registers import (
    Batch,
    Change,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    pick,
    record_changes,
    reject_unseen,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.kit.errors import Phrase, Refusal
from busbar.supply.models import RunningState, Transformer, TransformerState
from busbar.supply.operations.sites import reject_foreign_sites, seen_accounts, seen_sites

PLATE = ("no_load_kw", "load_kw", "no_load_current_percent", "impedance_percent")
"""P0, Pk, I0% and Uk% as on the plate."""
_FACTS = ("account", "site", "model", "capacity_kva", "installed_on", "interlock_group", *PLATE)
_TOLD = Told(
    "supply.transformer",
    customer_of=lambda t: t.account.customer,
    unit_path_of=lambda t: t.account.unit.path,
)
_TOLD_STATE = Told(
    "supply.transformer",
    "state_changed",
    customer_of=lambda s: s.transformer.account.customer,
    unit_path_of=lambda s: s.transformer.account.unit.path,
)


class UnableToChangeTransformerState(Refusal):
    """The transformer cannot change its state so."""


@transaction.atomic
def store_transformers(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Transformers by number; several rows of one number are stretches of its history.

    A row without a state of a new transformer means: running since it was installed. A stretch
    without an end lasts until the next one begins.
    """
    batch, outcome = Batch(rows), Outcome()
    _check_facts(batch)
    accounts, sites = seen_accounts(batch, by), seen_sites(batch, by)
    reject_foreign_sites(batch, accounts, sites)
    related = Transformer.objects.select_related("account__customer", "account__unit", "site")
    existing = fetch_by(related, "number", batch.values("number"))
    reject_unseen(batch, existing, Transformer.objects, by, "number")
    stored = _stored_states(existing)
    plans = _plan(batch, existing, stored)
    counts = Outcome()
    drafts = [
        Draft(_values(rows[index], accounts, sites), existing.get(number), index)
        for number, (index, _) in plans.items()
    ]
    changes = save_drafts(Transformer, drafts, counts)
    record_changes(changes, _TOLD, by=by, at=at)
    written = {d.index for d in drafts if d.existing is None} | {
        d.index for d in drafts if any(c.instance is d.existing for c in changes)
    }
    known = {c.instance.number: c.instance for c in changes} | existing
    known |= {c.instance.number: c.instance for c in changes}
    states = _save_states(plans, known, stored, by=by, at=at)
    _count(batch, outcome, existing, written, states)
    outcome.rejections = batch.rejections
    return outcome


def _check_facts(batch: Batch) -> None:
    """All rows of one transformer tell the same of it; its stretches begin on different days."""
    first: dict[Any, Any] = {}
    begun: dict[tuple[Any, Any], int] = {}
    for index, row in list(batch.live()):
        facts = first.setdefault(row["number"], row)
        start = row.get("valid_from") or row["installed_on"]
        ends = row.get("valid_until")
        differing = [name for name in _FACTS if facts.get(name) != row.get(name)]
        if differing:
            batch.reject(index, differing[0], Phrase("同一变压器各行的台账内容应一致"))
        elif row["capacity_kva"] <= 0:
            batch.reject(index, "capacity_kva", Phrase("容量应大于 0 千伏安"))
        elif start < row["installed_on"]:
            batch.reject(
                index,
                "valid_from",
                Phrase("状态起日不得早于投运日期 %(day)s", day=row["installed_on"]),
            )
        elif ends is not None and ends <= start:
            batch.reject(index, "valid_until", Phrase("状态止日应晚于状态起日 %(day)s", day=start))
        elif begun.setdefault((row["number"], start), index) != index:
            batch.reject(index, "valid_from", Phrase("同一变压器在同一日只能有一个状态"))


def _stored_states(existing: dict[Any, Any]) -> dict[Any, dict[dt.date, Any]]:
    """States of the known transformers by number and first day."""
    found: dict[Any, dict[dt.date, Any]] = {}
    numbers = {t.pk: number for number, t in existing.items()}
    ids = sorted(numbers)
    for start in range(0, len(ids), 5000):
        for state in TransformerState.objects.filter(transformer__in=ids[start : start + 5000]):
            found.setdefault(numbers[state.transformer_id], {})[state.valid_from] = state
    return found


_Stretch = dict[str, Any]


def _plan(
    batch: Batch, existing: dict[Any, Any], stored: dict[Any, dict[dt.date, Any]]
) -> dict[Any, tuple[int, dict[dt.date, _Stretch]]]:
    """For each transformer: the place of its first row, and its stretches by first day."""
    plans: dict[Any, tuple[int, dict[dt.date, _Stretch]]] = {}
    for index, row in batch.live():
        _, stretches = plans.setdefault(row["number"], (index, {}))
        if row.get("state"):
            start = row.get("valid_from") or row["installed_on"]
            stretches[start] = {
                "state": row["state"],
                "valid_until": row.get("valid_until"),
                "reason": row.get("reason") or "",
                "index": index,
            }
    for number, (index, stretches) in list(plans.items()):
        if not stretches and number not in existing:
            installed = batch.rows[index]["installed_on"]
            stretches[installed] = {
                "state": RunningState.RUNNING,
                "valid_until": None,
                "reason": "",
                "index": index,
            }
        if not _join(batch, stretches, stored.get(number, {})):
            del plans[number]
    return plans


def _join(batch: Batch, stretches: dict[dt.date, _Stretch], stored: dict[dt.date, Any]) -> bool:
    """End each stretch where the next begins; False (rejected) where two overlap."""
    starts = sorted({*stretches, *stored})
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        stretch = stretches.get(start)
        if stretch is None:
            if following in stretches:
                _shorten(stretches, stored[start], following)
            continue
        ends = stretch["valid_until"]
        if ends is None:
            stretch["valid_until"] = following
        elif following is not None and ends > following:
            index = stretch["index"]
            batch.reject(
                index, "valid_until", Phrase("与 %(day)s 起的下一段状态重叠", day=following)
            )
            return False
    return True


def _shorten(stretches: dict[dt.date, _Stretch], state: Any, following: dt.date | None) -> None:
    """A stored stretch that would overlap ends where the new one begins."""
    if following is not None and (state.valid_until is None or state.valid_until > following):
        stretches[state.valid_from] = {
            "state": state.state,
            "valid_until": following,
            "reason": state.reason,
            "index": stretches[following]["index"],
        }


def _values(row: Row, accounts: dict[Any, Any], sites: dict[Any, Any]) -> dict[str, Any]:
    values = pick(
        row,
        number="number",
        model="model",
        capacity_kva="capacity_kva",
        installed_on="installed_on",
        interlock_group="interlock_group",
        **{name: name for name in PLATE},
    )
    for optional in ("model", "interlock_group"):
        if optional in values:
            values[optional] = values[optional] or ""
    return {**values, "account": accounts[row["account"]], "site": sites[row["site"]]}


def _save_states(
    plans: dict[Any, tuple[int, dict[dt.date, _Stretch]]],
    known: dict[Any, Any],
    stored: dict[Any, dict[dt.date, Any]],
    *,
    by: Viewer,
    at: dt.datetime,
) -> set[int]:
    """Write the stretches; the places of the rows that wrote something."""
    drafts = [
        Draft(
            {
                "transformer": known[number],
                "valid_from": start,
                "state": stretch["state"],
                "valid_until": stretch["valid_until"],
                "reason": stretch["reason"],
            },
            stored.get(number, {}).get(start),
            stretch["index"],
        )
        for number, (_, stretches) in plans.items()
        for start, stretch in stretches.items()
    ]
    # What ends is written before what begins: one current state at any time.
    old = [draft for draft in drafts if draft.existing is not None]
    new = [draft for draft in drafts if draft.existing is None]
    counts = Outcome()
    for draft in old:
        draft.existing.transformer = draft.values["transformer"]
    changes = save_drafts(TransformerState, old, counts)
    changes += save_drafts(TransformerState, new, counts)
    told = [c for c in changes if not c.is_new or _is_change(c, known, plans)]
    record_changes(told, _TOLD_STATE, by=by, at=at)
    changed = {id(change.instance) for change in changes}
    return {d.index for d in drafts if d.existing is None or id(d.existing) in changed}


def _is_change(change: Change, known: dict[Any, Any], plans: dict[Any, Any]) -> bool:
    """The first state of a transformer is part of its registration, not a change."""
    return bool(change.instance.valid_from > change.instance.transformer.installed_on)


def _count(
    batch: Batch, outcome: Outcome, existing: dict[Any, Any], written: set[int], states: set[int]
) -> None:
    for index, row in batch.live():
        if row["number"] not in existing and index in written | states:
            outcome.created += 1
        elif index in written or index in states:
            outcome.updated += 1
        else:
            outcome.unchanged += 1


@transaction.atomic
def change_transformer_state(
    *,
    transformer: Transformer,
    state: RunningState | str,
    since: dt.date,
    reason: str,
    by: Viewer,
    at: dt.datetime,
) -> TransformerState:
    """Enter a new state from a day on; the current state ends there (暂停、恢复、拆除)."""
    by.require(Permission.EDIT_CUSTOMERS)
    seen = Transformer.objects.visible_to(by).select_related("account__customer", "account__unit")
    known = seen.filter(pk=transformer.pk).first()
    if known is None:
        raise UnableToChangeTransformerState("该变压器不在您的管辖范围内")
    current = known.states.order_by("-valid_from").first()
    _check_change(known, current, RunningState(state), since, reason)
    if current is not None and current.valid_until is None:
        current.valid_until = since
        current.save(update_fields=["valid_until"])
    entered = TransformerState.objects.create(
        transformer=known, state=state, valid_from=since, reason=reason.strip()
    )
    before = current.state if current is not None else None
    change = Change(entered, is_new=True, before_after={"state": [before, str(state)]})
    record_changes([change], _TOLD_STATE, by=by, at=at, reason=reason.strip())
    return entered


def _check_change(
    transformer: Transformer,
    current: TransformerState | None,
    state: RunningState,
    since: dt.date,
    reason: str,
) -> None:
    if not reason.strip():
        raise UnableToChangeTransformerState("请写明变更原因")
    if since < transformer.installed_on:
        raise UnableToChangeTransformerState(
            "不得早于投运日期 %(installed_on)s", installed_on=transformer.installed_on
        )
    if current is None:
        return
    if current.state == RunningState.REMOVED:
        raise UnableToChangeTransformerState("变压器 %(number)s 已拆除", number=transformer.number)
    if since <= current.valid_from:
        raise UnableToChangeTransformerState(
            "应晚于当前状态的起日 %(valid_from)s", valid_from=current.valid_from
        )
    if current.state == state and current.valid_until is None:
        raise UnableToChangeTransformerState("变压器已是“%(label)s”状态", label=state.label)

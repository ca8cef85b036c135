"""The shipped document lists and green-channel rules, brought into their tables."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.access.registers import Draft, Outcome, Told, record_changes, save_drafts
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.connections.models import DocumentRequirement, GreenChannelRule
from busbar.pricing.models import Certainty

SEED = Path(__file__).resolve().parents[1] / "seed"

_LISTS = ("kinds", "supply_kinds", "customer_kinds", "importances")


@transaction.atomic
def load_intake_seed(*, at: dt.datetime) -> dict[str, Outcome]:
    """Write what differs from the tables; safe to repeat.

    A row graded `local` is the office's to change once it stands, and is left alone.
    """
    return {
        "document_requirements": _store(
            DocumentRequirement, _requirements(), "connections.document_requirement", at
        ),
        "green_channel": _store(GreenChannelRule, _rules(), "connections.green_channel_rule", at),
    }


def _requirements() -> list[dict[str, Any]]:
    seed = _read("document_requirements.toml")
    rows = []
    for position, entry in enumerate(seed["requirement"], start=1):
        row: dict[str, Any] = {
            **{name: [] for name in _LISTS}, "note": "", "article": "", "is_required": True,
            "valid_until": None,
        }  # fmt: skip
        rows.append({**row, **seed["defaults"], **entry, "position": position})
    return rows


def _rules() -> list[dict[str, Any]]:
    seed = _read("green_channel.toml")
    return [
        {"article": "", "valid_until": None, **seed["defaults"], **entry} for entry in seed["rule"]
    ]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((SEED / name).read_text(encoding="utf-8"))


def _store(
    model: type[DocumentRequirement | GreenChannelRule],
    rows: list[dict[str, Any]],
    noun: str,
    at: dt.datetime,
) -> Outcome:
    stands = {(kept.code, kept.valid_from): kept for kept in model.objects.all()}
    drafts = []
    for row in rows:
        kept = stands.get((row["code"], row["valid_from"]))
        if kept is None or kept.certainty != Certainty.LOCAL:
            drafts.append(Draft(row, kept))
    outcome = Outcome()
    changes = save_drafts(model, drafts, outcome)
    record_changes(changes, Told(noun), by=SYSTEM_VIEWER, at=at)
    return outcome

"""What every such paper begins with: who may, the application, the letterhead, the facts kept."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    ContractorRole,
    IssuedPaper,
    PaperKind,
)
from busbar.connections.operations.papers import PaperHead, issue_paper
from busbar.connections.papers.facts import Letterhead
from busbar.connections.works_ground import current_choice, hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.money import plain

Facts = dict[str, Any]


class UnableToCompilePaper(Refusal):
    """What the paper has to state is not recorded yet."""


def require_any(by: Viewer, *permissions: Permission) -> None:
    """Raise NotPermitted unless one of the permissions is held."""
    if not any(by.may(permission) for permission in permissions):
        raise NotPermitted("没有“%(permission)s”的权限", permission=permissions[0].label)


def hold_for(
    application_id: int, by: Viewer, what: str, states: Iterable[str] = tuple(ApplicationState)
) -> ConnectionApplication:
    """The application, its row held; UnableToCompilePaper where it is unseen or out of order."""
    return hold_visible(
        application_id, by=by, refusal=UnableToCompilePaper, states=states, what=what
    )


def issue_about(
    application: ConnectionApplication,
    kind: PaperKind,
    facts: Facts,
    make: Callable[[Letterhead, Facts], bytes],
    *,
    by: Viewer,
    at: dt.datetime,
) -> IssuedPaper:
    """Issue a paper on the application: `make` prints the facts under the letterhead."""
    return issue_paper(
        kind=kind,
        pdf=lambda head: make(letterhead(head, by.name), facts),
        facts=plain_facts(facts),
        application=application,
        actor=by.actor,
        at=at,
    )


def letterhead(head: PaperHead, officer: str) -> Letterhead:
    """Who writes, under which number, when."""
    return Letterhead(company=head.unit_name, number=head.number, issued_on=head.date,
                      officer=officer)  # fmt: skip


def plain_facts(facts: Facts) -> Facts:
    """The facts as they are kept with the paper: parts become plain objects."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value


def applicant_facts(application: ConnectionApplication) -> Facts:
    """What nearly every paper says of the applicant."""
    return {
        "application_number": application.number,
        "customer_name": application.applicant_name,
        "site_address": application.address,
    }


def volts(voltage_kv: Decimal | None) -> str:
    """A voltage as papers write it; empty where none is known."""
    return f"{plain(voltage_kv)}kV" if voltage_kv is not None else ""


def firm_facts(application: ConnectionApplication) -> Mapping[str, str]:
    """The chosen designer and builder with the certificates that qualified them."""
    known: dict[str, str] = {}
    for role, name in (
        (ContractorRole.DESIGN, "designer"),
        (ContractorRole.CONSTRUCTION, "contractor"),
    ):
        choice = current_choice(application, role)
        if choice is None:
            continue
        shown = next((r for r in choice.shown if r["code"] == choice.contractor.code), None)
        known[name] = choice.contractor.name
        known[f"{name}_license"] = "、".join(shown["certificates"]) if shown else ""
    return known

"""What a definition says of its elements in our own words, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from busbar.workflow.forms import Form

NAMESPACE = "urn:busbar:bpmn"
"""The XML namespace of our own attributes; files write it with the prefix `busbar`."""
MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
PARTIES = ("department", "customer", "outside")
RETURNED = "returned"
"""The outcome that `return_task` leaves, for gateways to ask for."""


@dataclass(frozen=True)
class Step:
    """A user task: who does it, with which form, by when, and what happens with the answer."""

    element: str
    title: str
    form: str
    role: str
    unit: str
    handler: str = ""
    limit: str = ""
    silent: str = ""
    stage: int = 0
    party: str = "department"
    returns: bool = False
    owner: str = ""
    help: str = ""


@dataclass(frozen=True)
class Wait:
    """A message or signal that the process can catch, and what may send it by itself.

    `until` names a fact holding a date or moment; `after_limit` means the due time of the task
    that the boundary event hangs on.
    """

    element: str
    title: str
    message: str
    until: str = ""
    after_limit: bool = False
    attached_to: str = ""


@dataclass(frozen=True)
class Definition:
    """One package, compiled. `spec` is SpiffWorkflow's; nothing of it changes after."""

    key: str
    name: str
    spec: Any
    steps: Mapping[str, Step]
    services: Mapping[str, str]
    waits: Mapping[str, Wait]
    forms: Mapping[str, Form]
    facts: frozenset[str]
    messages: frozenset[str]
    flows: Mapping[str, tuple[str, ...]]
    xml: str

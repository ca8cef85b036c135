"""What other rooms have in a manager's hands: lent here, so that a handover takes it along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from busbar.access.models import Employee
from busbar.access.visibility import Viewer


@dataclass(frozen=True)
class Passing:
    """Customers that pass from one manager to another."""

    from_employee: Employee
    to_employee: Employee
    customer_ids: tuple[int, ...]
    reason: str
    by: Viewer
    at: dt.datetime


Mover = Callable[[Passing], int]
"""Moves what the room holds for these customers; how many things it moved."""
_movers: dict[str, Mover] = {}


def register_mover(name: str, mover: Mover) -> None:
    """Called in a room's `ready()`; `name` reads `room.nouns`. The latest one counts."""
    _movers[name] = mover


def list_movers() -> Iterator[Mover]:
    """Every registered mover, by name."""
    return (mover for _, mover in sorted(_movers.items()))

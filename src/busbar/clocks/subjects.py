"""What a clock is about and who holds it, in plain values like the journal's."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    """What a clock or process is about; `type` reads `room.noun`, `unit_id` is who owns it."""

    type: str
    id: int
    label: str = ""
    customer_id: int | None = None
    unit_id: int = field(kw_only=True)


@dataclass(frozen=True)
class Party:
    """Who can have a matter in hand: `kind` is department, post, customer or outside."""

    kind: str
    unit_id: int | None = None
    post: str = ""
    employee_id: int | None = None
    name: str = ""

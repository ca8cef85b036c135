"""Limits are data: whatever event a limit waits for must be one that some operation writes."""

from __future__ import annotations

from pathlib import Path

import busbar
from busbar.clocks import shipped

SOURCE = Path(busbar.__file__).parent

ROOMS_TO_COME = ("outages.", "arrears.", "service_desk.")
"""Rooms that do not stand yet; their limits ship with the documents that set them."""

WITHOUT_A_WRITER = {
    "connections.survey.postponed": "a site that cannot be entered: paused by hand on the clock",
    "connections.survey.resumed": "the other half of it",
}


def events_of_limits() -> set[str]:
    """Every event that a shipped limit names."""
    found: set[str] = set()
    for row in shipped.limit_rows():
        for name in ("starts_on", "stops_on", "resumes_on", "extends_on", "cancels_on"):
            found |= set(row.get(name, ()))
        found |= set(row.get("pauses_on", {}))
    return found


def written(event: str) -> bool:
    """Whether the source writes the event: in full, or as a noun with one of its verbs."""
    noun, verb = event.rsplit(".", 1)
    return any(
        f'"{event}"' in text
        or (f'f"{noun}.{{' in text and any(f'"{verb}"' in other for other in _beside(path)))
        for path, text in _sources()
    )


def _sources() -> list[tuple[Path, str]]:
    # Operations, and the few modules beside them that record; faces and jobs only read events.
    room = SOURCE / "connections"
    files = [*(room / "operations").rglob("*.py"), *room.glob("*.py")]
    return [(path, path.read_text(encoding="utf-8")) for path in files]


def _beside(path: Path) -> list[str]:
    return [other.read_text(encoding="utf-8") for other in path.parent.glob("*.py")]


def test_every_limit_hears_of_its_event() -> None:
    wanted = {event for event in events_of_limits() if not event.startswith(ROOMS_TO_COME)}
    mute = {event for event in wanted if not written(event)}
    assert mute == set(WITHOUT_A_WRITER)


def test_an_invented_event_would_be_found_out() -> None:
    assert not written("connections.application.vanished")
    assert not written("connections.change.vanished")
    assert written("connections.change.carried_out")

"""All stories on one line of time."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from django.db import transaction

from busbar.demo.year.moments import is_workday, moment
from busbar.kit.errors import Refusal

Story = Generator[dt.datetime, None, None]
"""Yields the moment of its next act and is resumed to do it."""
Tend = Callable[[dt.datetime], None]
"""What the product does by itself; the caller lends it, for jobs stand above this room."""

_TENDED_AT = 18


@dataclass
class Timeline:
    """The stories by the moment of their next act; what lies after `until` never happens."""

    until: dt.datetime
    refused: list[str] = field(default_factory=list)
    """Sentences of acts that an operation refused; the story ends there and its matter stays."""
    _acts: list[tuple[dt.datetime, int, Story]] = field(default_factory=list)
    _count: int = 0

    def add(self, story: Story) -> None:
        """Put a story on the line by its first act; one told by another comes in like this."""
        self._put(story)

    def run(self, *, since: dt.date, tend: Tend) -> int:
        """Every act in order of time, the day's jobs in the evening; how many acts there were."""
        acts, day = 0, since
        while day <= self.until.date():
            acts += self._run_to(min(moment(day, _TENDED_AT), self.until))
            if is_workday(day):
                tend(moment(day, _TENDED_AT))
            day += dt.timedelta(days=1)
        return acts + self._run_to(self.until)

    def run_alone(self, *, tend: Tend) -> int:
        """Every act with the jobs before it, and once more at the end."""
        acts = 0
        while self._acts:
            at = self._acts[0][0]
            tend(at - dt.timedelta(minutes=1))
            acts += self._run_to(at)
        tend(self.until)
        return acts

    def _run_to(self, end: dt.datetime) -> int:
        acts = 0
        while self._acts and self._acts[0][0] <= end:
            _, _, story = heapq.heappop(self._acts)
            acts += 1
            self._put(story)
        return acts

    def _put(self, story: Story) -> None:
        """Let the story do its act and keep its next one."""
        at = self._act(story)
        if at is not None and at <= self.until:
            self._count += 1
            heapq.heappush(self._acts, (at, self._count, story))

    def _act(self, story: Story) -> dt.datetime | None:
        """One act, whole or not at all; the moment of the next."""
        try:
            with transaction.atomic():
                return next(story, None)
        except Refusal as refusal:
            self.refused.append(str(refusal))
            return None

"""Why a definition is refused: every problem with its file, its element and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from busbar.kit.errors import Phrase, Reasons, Refusal


@dataclass(frozen=True)
class Problem:
    """One thing amiss; `element` is the BPMN id, or "" where the file itself is meant."""

    file: str
    element: str
    expected: Phrase

    @property
    def told(self) -> Phrase:
        """The whole of it, for whoever does not see it beside its place."""
        if not self.element:
            return Phrase("%(file)s：%(expected)s", file=self.file, expected=self.expected)
        return Phrase(
            "%(file)s 元素“%(element)s”：%(expected)s",
            file=self.file,
            element=self.element,
            expected=self.expected,
        )


class UnableToAcceptDefinition(Refusal):
    """The package is refused; `problems` has all of them, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("%(reasons)s", reasons=Reasons(one.told for one in problems[:20]))
        self.problems = tuple(problems)

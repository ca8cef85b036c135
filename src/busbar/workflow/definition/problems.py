"""Why a definition is refused: every problem with its file, its element and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from busbar.kit.errors import Refusal


@dataclass(frozen=True)
class Problem:
    """One thing amiss; `element` is the BPMN id, or "" where the file itself is meant."""

    file: str
    element: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file} 元素“{self.element}”" if self.element else self.file
        return f"{where}：{self.expected}"


class UnableToAcceptDefinition(Refusal):
    """The package is refused; `problems` has all of them, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("；".join(str(problem) for problem in problems[:20]))
        self.problems = tuple(problems)

"""How far the demonstration has come: a small file in BUSBAR_HOME, written after every step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from busbar.demo.parameters import Parameters
from busbar.kit.errors import Refusal

FILE_NAME = "demonstration.json"


class UnableToUseHome(Refusal):
    """The folder or the database holds something else."""


@dataclass
class Progress:
    """The steps that are done; `finished` when the last one is."""

    path: Path
    digest: str
    described: dict[str, Any]
    done: list[str]
    finished: bool = False

    def note(self, step: str) -> None:
        """Write down that a step is done; a kill leaves the old file or the new one."""
        self.done.append(step)
        self.save()

    def finish(self) -> None:
        """Write down that everything is there."""
        self.finished = True
        self.save()

    def save(self) -> None:
        """Replace the file at once."""
        content = {
            "digest": self.digest,
            "parameters": self.described,
            "done": self.done,
            "finished": self.finished,
        }
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(self.path)


def load_progress(home: Path, parameters: Parameters) -> Progress | None:
    """What an earlier start left; None in a new home; UnableToUseHome for another region's."""
    path = home / FILE_NAME
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if found["digest"] != parameters.digest:
        raise UnableToUseHome(
            f"{home} 里是另一组参数的演示区域（{_words(found['parameters'])}）；"
            "请用同样的参数，或删除该目录，或以 BUSBAR_HOME 指定另一个目录"
        )
    return Progress(path, found["digest"], found["parameters"], found["done"], found["finished"])


def start_progress(home: Path, parameters: Parameters) -> Progress:
    """The first note in a new home."""
    described = {
        "customers": parameters.customers,
        "months": parameters.months,
        "seed": parameters.seed,
        "last_month": str(parameters.last_month),
    }
    progress = Progress(home / FILE_NAME, parameters.digest, described, [])
    progress.save()
    return progress


def _words(described: dict[str, Any]) -> str:
    return "、".join(f"{key}={value}" for key, value in described.items())

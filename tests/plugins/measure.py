"""Branch coverage with a floor: `pytest --measure`.

SlipCover writes its probes into the code as that is imported: half a minute a process, and tests
run as ever. What hooks every call instead doubles each test's time on this Python. Processes that
tests start are not measured. Loaded with `-p`, before anything of the product is imported.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import slipcover

_SOURCE = Path(__file__).resolve().parents[2] / "src" / "busbar"
# What Spark sends to its workers is pickled, and a probe cannot be.
_OMITTED = ["*/migrations/*", "*/billing/engines/spark.py"]
_NEVER = sys.maxsize  # to take a probe out again costs more than it does
_SEEN = pytest.StashKey[dict[str, Any]]()

_probes: list[slipcover.Slipcover] = []
_of_workers: list[dict[str, Any]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """The choice to measure, and the floor."""
    parser.addoption("--measure", action="store_true", help="measure branch coverage")
    parser.addini("coverage_floor", "least percentage of lines and branches run", default="0")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Watch every import of the product from here on."""
    if not early_config.known_args_namespace.measure:
        return
    source = [str(_SOURCE)]
    probes = slipcover.Slipcover(branch=True, source=source, omit=_OMITTED, d_miss_threshold=_NEVER)
    matcher = slipcover.FileMatcher(sources=source, omit=_OMITTED)
    slipcover.ImportManager(probes, matcher).__enter__()
    _probes.append(probes)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep what a worker has seen."""
    if "coverage" in getattr(node, "workeroutput", {}):
        _of_workers.append(json.loads(node.workeroutput["coverage"]))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over what it saw; below the floor the run has failed."""
    if not _probes:
        return
    seen = _probes[0].get_coverage()
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["coverage"] = json.dumps(seen)
        return
    for other in _of_workers:
        slipcover.merge_coverage(seen, other)
    session.config.stash[_SEEN] = seen
    is_short = seen["summary"]["percent_covered"] < _floor(session.config)
    if is_short and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """A line a room: how many of its lines and branches were run."""
    seen = config.stash.get(_SEEN, None)
    if seen is None:
        return
    run, missed = Counter[str](), Counter[str]()
    for path, file in seen["files"].items():
        room = Path(path).resolve().relative_to(_SOURCE).parts[0]
        run[room] += len(file["executed_lines"]) + len(file["executed_branches"])
        missed[room] += len(file["missing_lines"]) + len(file["missing_branches"])
    terminalreporter.section("lines and branches run")
    for room in sorted(run):
        all_ = run[room] + missed[room]
        terminalreporter.line(f"{room:16} {run[room] / max(all_, 1):6.1%} of {all_}")
    total = seen["summary"]["percent_covered"]
    terminalreporter.line(f"{'all':16} {total:5.1f}%, floor {_floor(config):.0f}%")


def _floor(config: pytest.Config) -> float:
    return float(config.getini("coverage_floor"))

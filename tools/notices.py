"""Write THIRD_PARTY_NOTICES.md: what the product is made with, and under which licenses.

    python tools/notices.py            write it
    python tools/notices.py --check    exit code 1 when it is out of date

Python distributions are those of requirements/base.lock that are installed here, npm packages
those in node_modules: run `make setup` first.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "THIRD_PARTY_NOTICES.md"

_HEAD = """# Third-party notices

Busbar is made with the packages below, each under its own license. The full texts come with
the packages. This file is written by `make notices`; do not edit it.
"""
# These name their license in a file only; read there.
_READ_BY_HAND = {"@tabler/icons-webfont": "MIT"}
# Rows: name, version, license.
Row = tuple[str, str, str]


def render(python: list[Row], npm: list[Row]) -> str:
    """The whole file."""
    return "\n".join([_HEAD, *_table("Python", python), *_table("Console (npm)", npm)])


def python_rows(lock: Path) -> list[Row]:
    """The locked distributions, by name. Those for other systems only are named without license."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.M)
    return sorted((name, version, _license_of(name)) for name, version in pins)


def npm_rows(lock: Path) -> list[Row]:
    """The locked npm packages, by name."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    named = {path.removeprefix("node_modules/"): facts for path, facts in packages.items() if path}
    return sorted(
        (name, facts["version"], facts.get("license") or _READ_BY_HAND.get(name, "see package"))
        for name, facts in named.items()
    )


def _license_of(name: str) -> str:
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "see package (not needed on every system)"
    expression = facts.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [c for c in facts.get_all("Classifier") or [] if c.startswith("License ::")]
    named = [c.split(" :: ")[-1] for c in classifiers if c != "License :: OSI Approved"]
    first_line = (facts.get("License") or "see package").strip().splitlines()[0]
    return ", ".join(named) or first_line[:80]


def _table(title: str, rows: list[Row]) -> list[str]:
    lines = [f"## {title}", "", "| package | version | license |", "|---|---|---|"]
    return [*lines, *(f"| {name} | {version} | {text} |" for name, version, text in rows), ""]


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    text = render(
        python_rows(ROOT / "requirements" / "base.lock"), npm_rows(ROOT / "package-lock.json")
    )
    if not parser.parse_args().check:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET.name} is out of date: run `make notices`")
    return 1


if __name__ == "__main__":
    sys.exit(main())

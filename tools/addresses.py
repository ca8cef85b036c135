"""Refuse addresses of package registries in the repository's files.

Where packages come from is the business of each machine's own pip and npm settings.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Written in pieces so that this file does not name what it looks for.
_HOSTS = (
    *("pypi" + r"\.org", "files" + r"\.pythonhosted", "registry" + r"\.npmjs", "npm" + "mirror"),
    *("registry" + r"\.yarnpkg", "deb" + r"\.debian\.org", "tuna" + r"\.tsinghua"),
)
_ADDRESS = re.compile("|".join(_HOSTS))
_LOCKED_ADDRESS = re.compile(r'"resolved":|^--(?:index-url|extra-index-url|find-links)', re.M)


def find_addresses(name: str, text: str) -> list[str]:
    """The lines of a file that name a registry, as `name:line: text`."""
    is_lock = name.endswith((".lock", "package-lock.json"))
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for number, line in enumerate(text.splitlines(), start=1)
        if _ADDRESS.search(line) or (is_lock and _LOCKED_ADDRESS.search(line))
    ]


def main() -> int:
    """Look through every file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: list[str] = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            found += find_addresses(name, path.read_text(encoding="utf-8", errors="ignore"))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

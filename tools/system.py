"""Bring the programs that tests need and PyPI does not have: Chromium, PostgreSQL and Java.

On Debian as root they are installed; elsewhere a sentence says what to install. A developer's
tests skip what needs a missing program; with CI=true a missing program is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.postgres import NoPostgresError, find_programs


def find_chromium() -> str | None:
    """The browser: BUSBAR_CHROMIUM, Debian's, or one on the path."""
    names = (os.environ.get("BUSBAR_CHROMIUM"), "/usr/bin/chromium", "chromium")
    return next((path for path in map(shutil.which, filter(None, names)) if path), None)


def find_java() -> str | None:
    """The Java that Spark would start: that of JAVA_HOME, or one on the path."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home, "bin", "java")) if home else "java")


def find_missing() -> list[str]:
    """The Debian packages whose programs are not here."""
    missing = [] if find_chromium() else ["chromium"]
    try:
        find_programs()
    except NoPostgresError:
        missing.append("postgresql")
    if not find_java():
        missing.append("openjdk-17-jre-headless")
    return missing


def install(packages: list[str]) -> None:
    """Install with apt-get, quietly and without questions."""
    # The tests start their own cluster: Debian's default one is neither made nor started.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if "postgresql" in packages and not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    options = ["-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]
    subprocess.run(
        ["apt-get", "install", *options, *packages], check=True, env=quiet, stdout=sys.stderr
    )


def main() -> int:
    """Install what is missing where that is possible; say so where not."""
    missing = find_missing()
    if missing and os.getuid() == 0 and shutil.which("apt-get"):
        print(f"installing {' '.join(missing)} …")
        try:
            install(missing)
        except subprocess.CalledProcessError as failure:
            print(f"apt-get: exit code {failure.returncode}", file=sys.stderr)
        missing = find_missing()
    if not missing:
        return 0
    names = " ".join(missing)
    print(
        f"缺少 {names}：相关测试将跳过。请以 root 运行 apt-get install {names}。\n"
        f"Missing {names}: the tests that need them are skipped."
        f" Install them as root: apt-get install {names}.",
        file=sys.stderr,
    )
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())

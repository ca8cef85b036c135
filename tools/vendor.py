"""Copy what the pages and the papers load from node_modules to where the product finds it.

Only the finished files are taken, in the one format that browsers of today read: no source
maps (manifest storage would look for them), no woff or ttf beside woff2. `manifest.json`
beside the files says what was copied and from which version. The whole fonts for PDF go to
`kit/fonts`, apart from the static files, so that no browser is ever served 10 MB of them.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "busbar" / "console" / "static" / "vendor"
FONTS = ROOT / "src" / "busbar" / "kit" / "fonts"

_SOURCE_MAP = re.compile(r"/\*# sourceMappingURL=[^*]*\*/|^//# sourceMappingURL=.*$", re.MULTILINE)
_OLD_FONT = re.compile(
    r""",\s*url\(["'][^"']+\.(?:woff|ttf)\??[^"']*["']\)\s*format\(["'](?:woff|truetype)["']\)"""
)
_FONT_VERSION = re.compile(r"(\.woff2)\?[^\"')]*")


@dataclass(frozen=True)
class Piece:
    """Files of one npm package (`files` is a pattern) and the folder they go to."""

    package: str
    files: str
    to: str


PIECES = (
    Piece("@tabler/core", "dist/css/tabler.min.css", "tabler"),
    Piece("@tabler/core", "dist/js/tabler.min.js", "tabler"),
    Piece("@tabler/icons-webfont", "dist/tabler-icons.min.css", "icons"),
    Piece("@tabler/icons-webfont", "dist/fonts/tabler-icons.woff2", "icons/fonts"),
    Piece("echarts", "dist/echarts.min.js", "echarts"),
    Piece("bpmn-js", "dist/bpmn-navigated-viewer.production.min.js", "bpmn-js"),
    Piece("bpmn-js", "dist/assets/diagram-js.css", "bpmn-js"),
    Piece("bpmn-js", "dist/assets/bpmn-js.css", "bpmn-js"),
    Piece("bpmn-js", "LICENSE", "bpmn-js"),  # asks that its logo stays on the diagram
    Piece("@fontsource-variable/noto-sans-sc", "wght.css", "noto-sans-sc"),
    Piece("@fontsource-variable/noto-sans-sc", "files/*-wght-normal.woff2", "noto-sans-sc/files"),
)
FONT_PIECES = (
    Piece("@expo-google-fonts/noto-sans-sc", "400Regular/NotoSansSC_400Regular.ttf", ""),
    Piece("@expo-google-fonts/noto-sans-sc", "700Bold/NotoSansSC_700Bold.ttf", ""),
    Piece("@expo-google-fonts/noto-sans-sc", "LICENSE_FONT", ""),
)
"""The TrueType files that papers are set in (`busbar.kit.paper`)."""


def copy_all(
    modules: Path, vendor: Path, pieces: tuple[Piece, ...] = PIECES
) -> dict[str, list[str]]:
    """Replace `vendor` by a fresh copy; returns the files by `package@version`."""
    shutil.rmtree(vendor, ignore_errors=True)
    copied: dict[str, list[str]] = {}
    for piece in pieces:
        name = f"{piece.package}@{_version(modules / piece.package)}"
        copied.setdefault(name, []).extend(_copy(piece, modules, vendor))
    text = json.dumps(copied, indent=2, ensure_ascii=False)
    (vendor / "manifest.json").write_text(f"{text}\n", encoding="utf-8")
    return copied


def clean(text: str) -> str:
    """Drop source maps and the fonts that are not copied from a style sheet or script.

    >>> clean('a{src:url("./f.woff2?v1") format("woff2"),url("./f.ttf?v1") format("truetype")}')
    'a{src:url("./f.woff2") format("woff2")}'
    >>> clean("a{}\\n/*# sourceMappingURL=a.css.map */")
    'a{}\\n'
    """
    return _FONT_VERSION.sub(r"\1", _OLD_FONT.sub("", _SOURCE_MAP.sub("", text)))


def _version(package: Path) -> str:
    return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])


def _copy(piece: Piece, modules: Path, vendor: Path) -> Iterator[str]:
    sources = sorted((modules / piece.package).glob(piece.files))
    if not sources:
        raise FileNotFoundError(f"{piece.package} has no {piece.files}: run `npm ci`")
    for source in sources:
        target = vendor / piece.to / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix in {".css", ".js"}:
            target.write_text(clean(source.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(source, target)
        yield target.relative_to(vendor).as_posix()


if __name__ == "__main__":
    # The fonts first: the Makefile takes the manifest of the static files as the sign of both.
    for folder, chosen in ((FONTS, FONT_PIECES), (VENDOR, PIECES)):
        files = copy_all(MODULES, folder, chosen)
        print(f"{sum(map(len, files.values()))} files of {len(files)} packages copied to {folder}")
    sys.exit(0)

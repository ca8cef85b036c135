"""What the pages load is copied complete and without what manifest storage would miss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools.vendor import FONT_PIECES, PIECES, copy_all


def _make_modules(modules: Path) -> None:
    for piece in (*PIECES, *FONT_PIECES):
        package = modules / piece.package
        path = package / piece.files.replace("*", "x")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a{}\n/*# sourceMappingURL=x.map */", encoding="utf-8")
        (package / "package.json").write_text('{"version": "1.2.3"}', encoding="utf-8")


class TestCopyAll:
    def test_copies_every_piece_without_source_maps_and_names_versions(
        self, tmp_path: Path
    ) -> None:
        modules, vendor = tmp_path / "node_modules", tmp_path / "vendor"
        _make_modules(modules)
        (vendor / "old").mkdir(parents=True)

        copied = copy_all(modules, vendor)

        assert copied["echarts@1.2.3"] == ["echarts/echarts.min.js"]
        assert json.loads((vendor / "manifest.json").read_text()) == copied
        assert (vendor / "tabler/tabler.min.css").read_text() == "a{}\n"
        assert not (vendor / "old").exists()

    def test_copies_the_whole_fonts_to_a_folder_of_their_own(self, tmp_path: Path) -> None:
        modules, fonts = tmp_path / "node_modules", tmp_path / "fonts"
        _make_modules(modules)

        copy_all(modules, fonts, FONT_PIECES)

        assert sorted(path.name for path in fonts.glob("*.ttf")) == [
            "NotoSansSC_400Regular.ttf",
            "NotoSansSC_700Bold.ttf",
        ]

    def test_refuses_a_package_without_the_file(self, tmp_path: Path) -> None:
        modules = tmp_path / "node_modules"
        _make_modules(modules)
        (modules / "echarts/dist/echarts.min.js").unlink()

        with pytest.raises(FileNotFoundError, match=r"echarts has no dist/echarts\.min\.js"):
            copy_all(modules, tmp_path / "vendor")

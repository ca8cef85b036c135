"""The search box."""

from __future__ import annotations

from tests.console.region import Region

HTMX = {"HX-Request": "true"}


class TestSuggestions:
    def test_find_by_pinyin_initials(self, region: Region) -> None:
        region.customer("1", name="临江特种钢铁")

        hits = region.client().get("/search/?q=ljtz", headers=HTMX).content.decode()

        assert "临江特种钢铁" in hits
        assert "<html" not in hits

    def test_find_by_account_number(self, region: Region) -> None:
        region.customer("778", name="临江特种钢铁")

        hits = region.client().get("/search/?q=33778", headers=HTMX).content.decode()

        assert 'href="/customers/778/"' in hits

    def test_say_so_when_nothing_fits(self, region: Region) -> None:
        hits = region.client().get("/search/?q=zzz", headers=HTMX).content.decode()

        assert "没有与“zzz”相符" in hits

    def test_never_show_another_county(self, region: Region) -> None:
        region.customer("9", unit=region.south, name="南方水泥")

        hits = region.client().get("/search/?q=南方", headers=HTMX).content.decode()

        assert "南方水泥" not in hits

    def test_escape_what_was_typed(self, region: Region) -> None:
        hits = region.client().get("/search/?q=<script>", headers=HTMX).content.decode()

        assert "<script>" not in hits


class TestEnter:
    def test_goes_straight_to_the_only_customer(self, region: Region) -> None:
        region.customer("5", name="临江特种钢铁")

        answer = region.client().get("/search/?q=临江")

        assert answer["Location"] == "/customers/5/"

    def test_lists_several(self, region: Region) -> None:
        region.customer("5", name="临江特种钢铁")
        region.customer("6", name="临江水泥")

        page = region.client().get("/search/?q=临江").content.decode()

        assert "临江特种钢铁" in page
        assert "临江水泥" in page

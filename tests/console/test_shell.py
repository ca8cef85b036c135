"""The shell: what may be seen of it, its headers, its refusals."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from busbar.access.models import Role
from tests.console.region import Region


class TestNavigation:
    def test_shows_a_manager_no_administration(self, region: Region) -> None:
        page = region.client().get("/").content.decode()

        assert 'href="/customers/"' in page
        assert "员工" not in page

    def test_shows_an_administrator_all_of_it(self, region: Region) -> None:
        admin = region.hire("admin", region.province, Role.ADMINISTRATOR)

        page = region.client(admin).get("/").content.decode()

        assert all(word in page for word in ("数据导入", "日志", "组织机构", "员工", "工作日历"))

    def test_marks_where_one_is(self, region: Region) -> None:
        page = region.client().get("/customers/").content.decode()

        assert '<a href="/customers/" class="nav-place is-current" aria-current="page"' in page


class TestHeaders:
    def test_forbid_inline_scripts_and_styles(self, region: Region) -> None:
        policy = region.client().get("/")["Content-Security-Policy"]

        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "unsafe" not in policy

    @pytest.mark.parametrize("path", ["/", "/customers/", "/search/?q=x", "/accounts/2fa/"])
    def test_are_kept_by_the_pages_themselves(self, region: Region, path: str) -> None:
        page = region.client().get(path).content.decode()

        assert ' style="' not in page
        assert " onclick=" not in page
        assert "<script>" not in page


class TestRefusals:
    def test_answer_what_may_not_be_seen_like_what_is_not_there(self, region: Region) -> None:
        region.customer("1", unit=region.south)

        hidden = region.client().get("/customers/1/")
        missing = region.client().get("/customers/2/")

        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert "没有找到" in hidden.content.decode()

    def test_name_the_permission_that_is_missing(self, region: Region) -> None:
        dispatcher = region.hire("d", region.north, Role.DISPATCHER)
        region.customer("1")

        answer = region.client(dispatcher).get("/customers/1/edit/")

        assert answer.status_code == 403
        assert "维护客户档案" in answer.content.decode()

    def test_reach_an_htmx_request_as_a_notice(self, region: Region) -> None:
        dispatcher = region.hire("d", region.north, Role.DISPATCHER)
        region.customer("1")

        answer = region.client(dispatcher).get(
            "/customers/1/contacts/new/", headers={"HX-Request": "true"}
        )

        notice = json.loads(answer["HX-Trigger"])["busbar:notice"]
        assert answer.status_code == 403
        assert "维护客户档案" in notice["text"]

    def test_of_a_form_without_token_says_that_nothing_changed(self, region: Region) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(region.manager.user)

        answer = client.post("/customers/export/", {"format": "csv"})

        assert answer.status_code == 403
        assert "什么都没有改变" in answer.content.decode()

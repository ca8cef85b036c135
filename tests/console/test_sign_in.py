"""Signing in, being made to change the password, choosing a language."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal import auth
from django.test import Client
from django.urls import URLPattern, reverse

from busbar.access import operations as access_operations
from busbar.access.models import Role, User
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.console import urls
from busbar.console.middleware import OPEN_VIEWS
from busbar.journal.models import Entry
from tests.console.region import AT, PASSWORD, Region

LOGIN = "/accounts/login/"


class TestEveryScreen:
    def test_is_behind_sign_in(self, db: None) -> None:
        patterns = [p for p in urls.urlpatterns if isinstance(p, URLPattern)]
        closed = [p for p in patterns if p.name not in OPEN_VIEWS]

        answers = {}
        for pattern in closed:
            names = pattern.pattern.regex.groupindex
            values = {n: _sample(pattern, n) for n in names}
            answers[pattern.name] = Client().get(reverse(pattern.name, kwargs=values))

        assert len(answers) > 10
        assert {n: a.status_code for n, a in answers.items()} == dict.fromkeys(answers, 302)
        assert all(a["Location"].startswith(LOGIN) for a in answers.values())

    def test_moves_the_whole_page_when_htmx_asks_after_the_session_ended(self, db: None) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/"}

        answer = Client().get("/customers/", headers=headers)

        assert answer.status_code == 204
        assert answer["HX-Redirect"].startswith(LOGIN)


class TestSignIn:
    def test_leads_to_today_and_greets_by_name(self, region: Region) -> None:
        answer = Client().post(LOGIN, {"login": "manager", "password": PASSWORD}, follow=True)

        assert answer.redirect_chain == [("/", 302)]
        assert "manager先生" in answer.content.decode()

    def test_refuses_a_wrong_password_with_a_sentence(self, region: Region) -> None:
        answer = Client().post(LOGIN, {"login": "manager", "password": "wrong"})

        assert answer.status_code == 200
        assert "note-error" in answer.content.decode()
        assert "_auth_user_id" not in answer.client.session

    def test_is_throttled_after_five_failures(self, region: Region) -> None:
        client = Client()
        for _ in range(5):
            client.post(LOGIN, {"login": "manager", "password": "wrong"})

        client.post(LOGIN, {"login": "manager", "password": PASSWORD})

        assert "_auth_user_id" not in client.session

    def test_offers_no_sign_up(self, db: None) -> None:
        answer = Client().get("/accounts/signup/")

        assert "不开放注册" in answer.content.decode()

    def test_shows_no_demonstration_accounts_in_production(self, region: Region) -> None:
        assert "演示账号" not in Client().get(LOGIN).content.decode()


class TestGivenPassword:
    def test_must_be_changed_before_anything_else(self, region: Region) -> None:
        client, _password = _newcomer(region)

        answer = client.get("/customers/")

        assert answer.status_code == 302
        assert answer["Location"] == "/accounts/password/change/"

    def test_opens_the_console_once_changed_and_leaves_an_entry(self, region: Region) -> None:
        client, password = _newcomer(region)
        new = {"oldpassword": password, "password1": PASSWORD, "password2": PASSWORD}

        client.post("/accounts/password/change/", new)

        assert client.get("/customers/").status_code == 200
        assert Entry.objects.filter(event="access.user.password_changed").count() == 1

    def test_may_not_stay(self, region: Region) -> None:
        client, password = _newcomer(region)
        same = {"oldpassword": password, "password1": password, "password2": password}

        answer = client.post("/accounts/password/change/", same)

        assert "新密码不能与原密码相同" in answer.content.decode()
        assert client.get("/customers/").status_code == 302

    def test_does_not_open_the_api_before_it_is_changed(self, region: Region) -> None:
        client = region.client()
        User.objects.filter(username="manager").update(must_change_password=True)
        closed = client.get("/api/v1/customers")
        User.objects.filter(username="manager").update(must_change_password=False)

        assert closed.status_code == 401
        assert client.get("/api/v1/customers").status_code == 200


class TestPagesThatWouldSendMail:
    @pytest.mark.parametrize(
        "page", ["email/", "confirm-email/x/", "password/reset/done/", "password/set/"]
    )
    def test_do_not_exist(self, region: Region, page: str) -> None:
        assert region.client().get(f"/accounts/{page}").status_code == 404
        assert region.client().post(f"/accounts/{page}", {"email": "a@b.cn"}).status_code == 404

    def test_a_forgotten_password_is_the_administrators_business(self, region: Region) -> None:
        answer = Client().get("/accounts/password/reset/")

        assert "请联系系统管理员重置" in answer.content.decode()
        assert Client().post("/accounts/password/reset/", {"email": "a@b.cn"}).status_code == 405


class TestLanguage:
    def test_is_chinese_whatever_the_browser_prefers(self, region: Region) -> None:
        answer = Client().get(LOGIN, headers={"Accept-Language": "en-US"})

        assert '<html lang="zh-hans">' in answer.content.decode()

    def test_stays_with_the_person_once_chosen(self, region: Region) -> None:
        region.client().post("/language/", {"language": "en", "next": "/"})

        answer = region.client().get("/")

        assert '<html lang="en">' in answer.content.decode()

    def test_never_leads_to_another_site(self, region: Region) -> None:
        answer = region.client().post(
            "/language/", {"language": "en", "next": "https://x.example/"}
        )

        assert answer["Location"] == "/"


class TestSecondFactor:
    ACTIVATE = "/accounts/2fa/totp/activate/"

    def test_page_says_that_it_is_not_active(self, region: Region) -> None:
        page = region.client().get("/accounts/2fa/").content.decode()

        assert "验证器应用" in page
        assert "未启用" in page

    def test_is_activated_only_after_the_password_was_given_again(self, region: Region) -> None:
        client = Client()
        client.post(LOGIN, {"login": "manager", "password": PASSWORD})

        asked = client.get(self.ACTIVATE)
        form = client.post(asked["Location"], {"password": PASSWORD}, follow=True)

        assert asked["Location"].startswith("/accounts/reauthenticate/")
        assert "data:image/svg+xml" in form.content.decode()

    def test_is_asked_for_at_the_next_sign_in_once_active(self, region: Region) -> None:
        client = Client()
        client.post(LOGIN, {"login": "manager", "password": PASSWORD})
        asked = client.get(self.ACTIVATE)
        form = client.post(asked["Location"], {"password": PASSWORD}, follow=True)
        secret = form.context["form"].secret
        code = auth.format_hotp_value(
            auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time()))
        )
        client.post(self.ACTIVATE, {"code": code})

        answer = Client().post(LOGIN, {"login": "manager", "password": PASSWORD})

        assert answer["Location"] == "/accounts/2fa/authenticate/"


def _newcomer(region: Region) -> tuple[Client, str]:
    hired = access_operations.hire_employee(
        username="new",
        number="new",
        name="新人",
        unit=region.north,
        roles=[Role.ACCOUNT_MANAGER],
        by=SYSTEM_VIEWER,
        at=AT,
    )
    client = Client()
    client.post(LOGIN, {"login": "new", "password": hired.password})
    assert hired.password
    return client, hired.password


def _sample(pattern: URLPattern, name: str) -> object:
    converter = pattern.pattern.converters.get(name)
    return {"IntConverter": 1, "SlugConverter": "x"}.get(type(converter).__name__, "2026-10")

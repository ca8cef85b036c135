"""The desk of consolidation: a run, an answer, a merge taken back, a split; who sees what."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from busbar.access import queries as access_queries
from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import Viewer
from busbar.console.consolidation_words import WORDS, say
from busbar.customers import operations as customers_operations
from busbar.customers.consolidation.model import COMPARISONS
from busbar.customers.models import (
    ConsolidationFigure,
    ConsolidationRun,
    CustomerMerge,
    MatchCandidate,
)
from busbar.jobs import consolidation as consolidation_job
from tests.customers.consolidation_world import customers_by_account, import_accounts
from tests.imports.world import AT, make_units, make_viewer

pytestmark = pytest.mark.django_db
PASSWORD = "Busbar-tests-2026"


@pytest.fixture
def units() -> dict[str, OrganizationUnit]:
    return make_units()


@pytest.fixture
def clerk(units: dict[str, OrganizationUnit]) -> Viewer:
    return make_viewer(units["310101"], Role.ACCOUNT_MANAGER)


@pytest.fixture
def desk(clerk: Viewer) -> Client:
    return signed_in(clerk)


def signed_in(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(Employee.objects.get(pk=viewer.employee_id).user)
    return client


def weigh(units: dict[str, OrganizationUnit], clerk: Viewer, join_bits: str = "90") -> None:
    import_accounts(units["310101"])
    ConsolidationFigure.objects.create(
        code="join_bits", name="门槛", value=join_bits, valid_from=dt.date(2026, 1, 1),
        certainty="local",
    )  # fmt: skip
    run = customers_operations.start_run(by=clerk, at=AT)
    customers_operations.run_consolidation(run_id=run.pk, by=clerk, at=AT)


class TestQueue:
    def test_shows_both_sides_the_differing_parts_and_the_weights(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        weigh(units, clerk)

        page = desk.get("/consolidation/").content.decode()

        assert "是同一客户吗" in page
        assert "<mark>" in page
        assert "weights-data" in page
        assert 'data-verdict="y"' in page

    def test_an_answer_leads_to_the_next_pair(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        weigh(units, clerk)
        first = MatchCandidate.objects.order_by("-bits", "pk")[0]

        answer = desk.post(f"/consolidation/pairs/{first.pk}/answer/", {"verdict": "yes"})

        assert answer.status_code == 302
        first.refresh_from_db()
        assert first.state == "joined"
        shown = desk.get(f"/consolidation/pairs/{first.pk}/")
        assert "已归并" in shown.content.decode()

    def test_leads_to_its_run_only_who_may_look_at_it(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        weigh(units, clerk)
        run = ConsolidationRun.objects.get()
        link = f'href="/consolidation/runs/{run.pk}/">'
        pair = f"/consolidation/pairs/{MatchCandidate.objects.order_by('pk')[0].pk}/"
        assert link in desk.get(pair).content.decode()

        ConsolidationRun.objects.update(unit=units["310101"].parent)

        assert desk.get(f"/consolidation/runs/{run.pk}/").status_code == 404
        assert link not in desk.get(pair).content.decode()

    def test_takes_a_constant_number_of_queries(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        weigh(units, clerk)
        desk.get("/consolidation/")

        with CaptureQueriesContext(
            connection,
        ) as many:
            desk.get("/consolidation/")
        MatchCandidate.objects.filter(pk__gt=MatchCandidate.objects.order_by("pk")[0].pk).update(
            state="stale"
        )
        with CaptureQueriesContext(connection) as few:
            desk.get("/consolidation/")

        assert len(many) == len(few) <= 20

    def test_a_neighbour_finds_nothing(
        self, units: dict[str, OrganizationUnit], clerk: Viewer
    ) -> None:
        weigh(units, clerk)
        pair = MatchCandidate.objects.order_by("pk")[0]
        record = CustomerMerge.objects.first()
        neighbour = signed_in(make_viewer(units["310102"], Role.ACCOUNT_MANAGER, number="E7"))

        assert "没有待复核" in neighbour.get("/consolidation/").content.decode()
        assert neighbour.get(f"/consolidation/pairs/{pair.pk}/").status_code == 404
        posted = neighbour.post(f"/consolidation/pairs/{pair.pk}/answer/", {"verdict": "yes"})
        assert posted.status_code == 404
        assert record is None
        assert neighbour.get(f"/api/v1/match-pairs/{pair.pk}").status_code == 404


class TestRunPage:
    def test_starts_a_run_once_and_shows_by_what_it_weighed(
        self, units: dict[str, OrganizationUnit], desk: Client, monkeypatch: Any
    ) -> None:
        import_accounts(units["310101"])
        customers_operations.load_customers_seed(at=AT)
        queued: list[Any] = []
        monkeypatch.setattr(
            "busbar.console.consolidation.async_task", lambda *words, **_: queued.append(words)
        )

        desk.post("/consolidation/start/")
        desk.post("/consolidation/start/")

        run = ConsolidationRun.objects.get()
        assert [words[1] for words in queued] == [run.pk]
        assert "排队" in desk.get(f"/consolidation/runs/{run.pk}/").content.decode()
        assert "自动归并 " in consolidation_job.run_consolidation(run.pk)
        page = desk.get(f"/consolidation/runs/{run.pk}/").content.decode()
        assert "自动归并的最低匹配权重" in page
        assert "字号与行业相同" in page
        assert "Company-Names-Corpus" in page


class TestWords:
    def test_name_every_comparison_and_level_of_the_model_in_english(self) -> None:
        said = {one.label for one in COMPARISONS}
        said |= {level.label for one in COMPARISONS for level in one.levels}

        assert said | {"先验", "任取两条记录", "未写明"} == set(WORDS)
        with translation.override("en"):
            assert [word for word in WORDS if say(word) == word] == []
        with translation.override("zh-hans"):
            assert say("字号与行业相同") == "字号与行业相同"

    def test_stand_in_english_on_the_page_of_a_run(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        weigh(units, clerk)
        run = ConsolidationRun.objects.get()
        desk.post("/language/", {"language": "en"})

        page = desk.get(f"/consolidation/runs/{run.pk}/").content.decode()

        assert "Same brand and trade" in page
        assert "字号与行业相同" not in page


class TestCustomerPage:
    def test_merges_by_number_shows_it_and_takes_it_back(
        self, units: dict[str, OrganizationUnit], desk: Client
    ) -> None:
        owners = import_accounts(units["310101"])
        survivor, absorbed = owners["3101000001"], owners["3101000002"]

        refused = desk.post(f"/customers/{survivor.number}/merge/", {"other": "X1"})
        done = desk.post(f"/customers/{survivor.number}/merge/", {"other": absorbed.number})

        assert refused.status_code == 422
        assert done.status_code == 302
        page = desk.get(f"/customers/{absorbed.number}/tab/origin/").content.decode()
        assert "曾用客户编号" in page
        assert "旧系统 3101000002" in page
        record = CustomerMerge.objects.get()
        desk.post(f"/consolidation/merges/{record.pk}/undo/")
        assert customers_by_account()["3101000002"] == absorbed

    def test_splits_accounts_off(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        owners = import_accounts(units["310101"])
        survivor = owners["3101000001"]
        customers_operations.merge_customers(
            survivor=survivor, absorbed=owners["3101000002"], by=clerk, at=AT
        )
        form = {"accounts": ["3101000002"], "name": "东海钢铁销售", "number": "C9", "reason": "函"}

        assert "拆出的户号" in desk.get(f"/customers/{survivor.number}/split/").content.decode()
        assert desk.post(f"/customers/{survivor.number}/split/", form).status_code == 302
        assert customers_by_account()["3101000002"].number == "C9"


class TestApi:
    def test_lists_pairs_answers_one_and_undoes_the_merge(
        self, units: dict[str, OrganizationUnit], clerk: Viewer, desk: Client
    ) -> None:
        weigh(units, clerk)
        pairs = desk.get("/api/v1/match-pairs").json()
        total = sum(weight["bits"] for weight in pairs[0]["weights"])
        assert total == pytest.approx(pairs[0]["bits"], abs=0.02)

        answered = post(desk, f"match-pairs/{pairs[0]['id']}/verdict", {"is_same": True})
        again = post(desk, f"match-pairs/{pairs[0]['id']}/verdict", {"is_same": True})
        number = answered.json()["left_number"]
        (record,) = desk.get("/api/v1/merges", {"customer": number}).json()
        undone = post(desk, f"merges/{record['id']}/undo", {"reason": "误"})

        assert (answered.status_code, undone.status_code) == (200, 200)
        assert again.status_code in {400, 409}
        assert undone.json()["undone_at"]
        assert desk.get("/api/v1/consolidation-runs").json()[0]["state"] == "finished"

    def test_asks_for_the_permission(self, units: dict[str, OrganizationUnit]) -> None:
        looker = make_viewer(units["310101"], Role.REGULATOR, number="E5")
        client = signed_in(looker)

        for path in ("match-pairs", "consolidation-runs", "match-pairs/1", "consolidation-runs/1"):
            assert client.get(f"/api/v1/{path}").status_code == 403
        assert post(client, "consolidation-runs", {}).status_code == 403
        assert ConsolidationRun.objects.count() == 0
        assert access_queries.get_viewer(Employee.objects.get(number="E5").user) == looker


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")

"""流程定义: only for whoever publishes; refused drafts leave nothing; diff, publish, migration."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from busbar.access.models import User
from busbar.journal.models import Entry
from busbar.kit.periods import local_date
from busbar.workflow import operations
from busbar.workflow.models import ProcessInstance, ProcessVersion
from busbar.workflow.queries import catalog
from tests.console.definitions.conftest import client_of
from tests.console.english import chinese_in, words_of
from tests.console.work_region import count_queries
from tests.workflow.conftest import AT, PROCESSES, Company, complete, start

pytestmark = pytest.mark.django_db

BPMN = (PROCESSES / "supply" / "process.bpmn").read_text(encoding="utf-8")
RENAMED = BPMN.replace('name="编制供电方案"', 'name="编制并校核供电方案"')
LONGER = RENAMED.replace(
    '<bpmn:parallelGateway id="fork" />',
    '<bpmn:userTask id="proof" name="校核" busbar:form="reply" busbar:role="manager" '
    'busbar:unit="county" busbar:stage="3" /><bpmn:parallelGateway id="fork" />',
).replace(
    'sourceRef="survey" targetRef="choose_limit"></bpmn:sequenceFlow>',
    'sourceRef="survey" targetRef="proof"></bpmn:sequenceFlow>'
    '<bpmn:sequenceFlow id="f2b" sourceRef="proof" targetRef="choose_limit">'
    "</bpmn:sequenceFlow>",
)


def version(number: int = 1) -> ProcessVersion:
    """A version of the test process."""
    return ProcessVersion.objects.get(definition__key="supply", number=number)


def send(client: Client, text: str, name: str = "改好的.bpmn", **more: object):
    """Upload one file; the others are kept from the latest version."""
    file = SimpleUploadedFile(name, text.encode())
    given = {"note": "改名", "keep": "on", "files": [file]} | more
    return client.post("/definitions/supply/upload/", given)


def publish(client: Client, number: int) -> None:
    """From today on."""
    day = local_date(dt.datetime.now(dt.UTC)).isoformat()
    pk = version(number).pk
    done = client.post(f"/definitions/versions/{pk}/publish/", {"effective_from": day})
    assert done.status_code == 302


class TestWhoMay:
    @pytest.mark.parametrize("name", ["县长", "甲", "监管"])
    def test_only_who_publishes_reads_or_changes(self, loaded: Company, name: str) -> None:
        client, pk, before = client_of(loaded, name), version().pk, Entry.objects.count()

        for page in (
            "/definitions/",
            "/definitions/supply/",
            "/definitions/supply/upload/",
            f"/definitions/versions/{pk}/",
            f"/definitions/versions/{pk}/diff/",
            f"/definitions/versions/{pk}/diagram/",
            f"/definitions/versions/{pk}/migration/",
            f"/definitions/versions/{pk}/files/process.bpmn/",
        ):
            assert client.get(page).status_code == 403, page
        for act in ("publish", "retire", "migration"):
            assert client.post(f"/definitions/versions/{pk}/{act}/").status_code == 403, act
        assert send(client, RENAMED).status_code == 403
        assert Entry.objects.count() == before
        assert ProcessVersion.objects.count() == 2


class TestReading:
    def test_the_list_says_what_holds_and_what_runs(
        self, loaded: Company, publisher: Client
    ) -> None:
        start(loaded, "supply")
        rows = {r.definition.key: r for r in publisher.get("/definitions/").context["rows"]}

        assert rows["supply"].in_force == version()
        assert (rows["supply"].running, rows["supply"].on_others) == (1, 0)
        assert rows["errand"].running == 0

    def test_a_version_shows_steps_forms_and_decisions(self, publisher: Client) -> None:
        response = publisher.get(f"/definitions/versions/{version().pk}/")
        text = response.content.decode()

        for words in ("现场勘查", "业扩专责", "到现场核对负荷与电源", "fees_received"):
            assert words in text
        line = next(x for x in response.context["steps"] if x.step.element == "dispatch")
        assert line.figure == "不超过 2 个工作日"
        (table,) = response.context["tables"]
        assert table.file == "reply_limit.dmn"
        assert all(len(inputs) == len(table.inputs) for inputs, _out in table.rules)

    def test_the_drawing_is_what_the_file_says(self, publisher: Client) -> None:
        drawn = publisher.get(f"/definitions/versions/{version().pk}/diagram/").json()
        assert drawn["xml"] == BPMN
        assert drawn["marks"] == {"start": "entry"}

    def test_a_file_is_given_as_it_was_uploaded(self, publisher: Client) -> None:
        page = f"/definitions/versions/{version().pk}/files/"

        assert publisher.get(f"{page}process.bpmn/").content.decode() == BPMN
        assert publisher.get(f"{page}secret.txt/").status_code == 404

    def test_unknown_ones_do_not_exist(self, publisher: Client) -> None:
        for page in ("nothing/", "nothing/upload/", "versions/999999/", "versions/999999/diff/"):
            assert publisher.get(f"/definitions/{page}").status_code == 404, page

    def test_the_list_takes_as_many_queries_for_one_version_as_for_three(
        self, publisher: Client
    ) -> None:
        one = count_queries(publisher, "/definitions/")
        send(publisher, RENAMED)
        send(publisher, LONGER)
        assert count_queries(publisher, "/definitions/") == one


class TestUpload:
    def test_becomes_a_draft(self, publisher: Client) -> None:
        response = send(publisher, RENAMED)

        draft = version(2)
        assert response.headers["Location"] == f"/definitions/versions/{draft.pk}/"
        assert (draft.state, draft.note) == ("draft", "改名")
        assert set(draft.files) == {"process.bpmn", "forms.toml", "reply_limit.dmn"}

    def test_every_problem_is_listed_and_nothing_saved(self, publisher: Client) -> None:
        broken = RENAMED.replace('busbar:form="scheme"', 'busbar:form="nowhere"').replace(
            'busbar:limit="countersign"', 'busbar:limit="no such"'
        )
        before = Entry.objects.count()
        response = send(publisher, broken)

        assert response.status_code == 422
        problems = {(p.file, p.element) for p in response.context["problems"]}
        assert ("process.bpmn", "scheme") in problems
        assert "什么都没有保存" in response.content.decode()
        assert (ProcessVersion.objects.count(), Entry.objects.count()) == (2, before)

    def test_problems_are_listed_in_the_reader_s_language(self, publisher: Client) -> None:
        broken = RENAMED.replace('busbar:form="scheme"', 'busbar:form="nowhere"').replace(
            'busbar:role="manager"', 'busbar:role="boss"', 1
        )
        User.objects.update(language="en")

        said = words_of(send(publisher, broken).content.decode(), 'id="problems"', "</table>")

        assert "scheme busbar:form is “nowhere”; forms.toml has no such form" in said
        assert "busbar:role is “boss”, should be one of" in said
        assert chinese_in(said) == []

    @pytest.mark.parametrize(
        ("text", "name"),
        [("<x", "a.bpmn"), ("MZ", "virus.exe"), ("= [", "forms.toml"), ("<a/>", "a-b.dmn")],
    )
    def test_what_is_no_package_is_refused(self, publisher: Client, text: str, name: str) -> None:
        response = send(publisher, text, name)

        assert response.status_code == 422
        assert response.context["problems"]
        assert ProcessVersion.objects.count() == 2

    def test_bytes_that_are_no_text_are_refused(self, publisher: Client) -> None:
        file = SimpleUploadedFile("process.bpmn", b"\xff\xfe\x00\x81")
        given = {"note": "x", "keep": "on", "files": [file]}
        response = publisher.post("/definitions/supply/upload/", given)

        assert "UTF-8" in response.content.decode()
        assert ProcessVersion.objects.count() == 2

    def test_the_same_files_again_are_refused(self, publisher: Client) -> None:
        assert "与第 1 版完全相同" in send(publisher, BPMN).content.decode()
        assert ProcessVersion.objects.count() == 2

    def test_without_a_file_it_asks_for_one(self, publisher: Client) -> None:
        response = publisher.post("/definitions/supply/upload/", {"note": "x"})
        assert response.status_code == 422
        assert "请选择文件" in response.content.decode()


class TestDiff:
    def test_says_what_was_added_and_changed(self, publisher: Client) -> None:
        send(publisher, LONGER)
        response = publisher.get(f"/definitions/versions/{version(2).pk}/diff/")

        effects = {row.element: row.effect for row in response.context["elements"]}
        assert effects["proof"] == "added"
        assert effects["scheme"] == "changed"
        scheme = next(r for r in response.context["elements"] if r.element == "scheme")
        assert [(s.before, s.after) for s in scheme.sides] == [
            ("编制供电方案", "编制并校核供电方案")
        ]
        assert response.context["fields"] == []

    def test_marks_both_drawings(self, publisher: Client) -> None:
        send(publisher, LONGER)
        old, new = version(1).pk, version(2).pk
        page = "/definitions/versions/{}/diagram/?against={}"

        after = publisher.get(page.format(new, old)).json()["marks"]
        before = publisher.get(page.format(old, new)).json()["marks"]
        assert (after["proof"], after["scheme"]) == ("added", "changed")
        assert "proof" not in before
        assert before["scheme"] == "changed"

    def test_with_nothing_to_compare_does_not_exist(self, publisher: Client) -> None:
        assert publisher.get(f"/definitions/versions/{version().pk}/diff/").status_code == 404


class TestPublishing:
    def test_counts_from_its_day(self, publisher: Client) -> None:
        send(publisher, RENAMED)
        publish(publisher, 2)

        today = local_date(dt.datetime.now(dt.UTC))
        (row,) = catalog.list_catalog(on=today, key="supply")
        assert row.in_force == version(2)

    def test_a_day_gone_by_is_refused_and_it_stays_a_draft(self, publisher: Client) -> None:
        send(publisher, RENAMED)
        before = Entry.objects.count()
        page = f"/definitions/versions/{version(2).pk}/publish/"
        response = publisher.post(page, {"effective_from": "2020-01-01"})

        assert response.status_code == 422
        assert "已过" in response.content.decode()
        assert (version(2).state, Entry.objects.count()) == ("draft", before)

    def test_the_last_one_in_force_is_not_retired(self, publisher: Client) -> None:
        page = f"/definitions/versions/{version().pk}/retire/"
        response = publisher.post(page, {"reason": "旧了"})

        assert response.status_code == 422
        assert "停用后将没有生效的版本" in response.content.decode()
        assert version().state == "published"

    def test_an_older_one_is_retired_with_its_reason(self, publisher: Client) -> None:
        send(publisher, RENAMED)
        publish(publisher, 2)
        page = f"/definitions/versions/{version(1).pk}/retire/"

        assert publisher.post(page, {"reason": "旧了"}).status_code == 302
        assert version(1).state == "retired"
        assert Entry.objects.filter(event="workflow.version.retired").get().reason == "旧了"


class TestMigration:
    @pytest.fixture
    def running(self, loaded: Company, publisher: Client) -> tuple[int, int]:
        """One process before the step that is new, one beyond it; the new version in force."""
        ahead, beyond = start(loaded, "supply", 1), start(loaded, "supply", 2)
        surveyed = {"supply_kind": "single", "capacity_kva": "400"}
        complete(beyond, "survey", loaded.people["甲"], surveyed, at=AT + dt.timedelta(hours=1))
        send(publisher, LONGER)
        publish(publisher, 2)
        return ahead.pk, beyond.pk

    def test_preview_says_who_cannot_and_why_and_moves_nothing(
        self, running: tuple[int, int], publisher: Client
    ) -> None:
        context = publisher.get(f"/definitions/versions/{version(2).pk}/migration/").context

        assert [o.instance_id for o in context["movable"]] == [running[0]]
        assert [o.instance_id for o in context["blocked"]] == [running[1]]
        assert "会漏办新的步骤" in str(context["blocked"][0].obstacles[0])
        assert set(ProcessInstance.objects.values_list("version__number", flat=True)) == {1}

    def test_preview_says_why_not_in_the_reader_s_language(
        self, running: tuple[int, int], publisher: Client
    ) -> None:
        User.objects.update(language="en")

        page = publisher.get(f"/definitions/versions/{version(2).pk}/migration/").content.decode()

        assert "is done, and what follows it has changed in the new version" in page

    def test_moves_those_that_can_and_says_who_stayed(
        self, running: tuple[int, int], publisher: Client
    ) -> None:
        page = f"/definitions/versions/{version(2).pk}/migration/"
        response = publisher.post(page, {"instance": [str(pk) for pk in running]})

        done = response.context["done"]
        assert done.moved == (running[0],)
        assert [o.instance_id for o in done.stayed] == [running[1]]
        numbers = dict(ProcessInstance.objects.values_list("pk", "version__number"))
        assert numbers == {running[0]: 2, running[1]: 1}

    def test_into_a_draft_is_refused(self, running: tuple[int, int], publisher: Client) -> None:
        send(publisher, LONGER.replace("校核", "复核"))
        response = publisher.post(f"/definitions/versions/{version(3).pk}/migration/")

        assert response.status_code == 409
        assert "只能迁移到已发布的版本" in response.content.decode()

    def test_those_not_chosen_stay(self, running: tuple[int, int], publisher: Client) -> None:
        page = f"/definitions/versions/{version(2).pk}/migration/"
        assert publisher.post(page).context["done"].moved == ()
        assert operations.preview_migration(version_id=version(2).pk, viewer=_system())[0].can_move


def _system():
    from busbar.access.visibility import SYSTEM_VIEWER

    return SYSTEM_VIEWER

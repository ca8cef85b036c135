"""Versions: loaded, uploaded, published, retired; running processes taken over where they can."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.visibility import NotPermitted
from busbar.clocks.models import Holding
from busbar.journal.models import Entry
from busbar.workflow import operations, queries
from busbar.workflow.models import ProcessInstance, ProcessVersion, UserTask
from busbar.workflow.operations import (
    UnableToAcceptDefinition,
    UnableToMigrate,
    UnableToPublishVersion,
    UnableToUploadVersion,
)
from tests.workflow.conftest import AT, Company, complete, open_task, start
from tests.workflow.test_definitions import changed, package

TODAY = dt.date(2026, 3, 2)
DAY = dt.timedelta(days=1)


def upload(company: Company, files: dict[str, str], key: str = "errand") -> ProcessVersion:
    """A draft of the administrator's."""
    return operations.upload_version(
        key=key, files=files, viewer=company.people["管理员"], at=AT, note="改"
    )


def publish(company: Company, files: dict[str, str], on: dt.date = TODAY) -> ProcessVersion:
    """A version in force from a day."""
    return operations.publish_version(
        version_id=upload(company, files).pk,
        effective_from=on,
        viewer=company.people["管理员"],
        at=AT,
    )


def longer() -> dict[str, str]:
    """The errand with another step between the seventh and the eighth."""
    files = changed(
        "process.bpmn",
        'sourceRef="seventh" targetRef="eighth"',
        'sourceRef="seventh" targetRef="extra"',
        "errand",
    )
    extra = (
        '<bpmn:userTask id="extra" name="补充" busbar:form="say" busbar:role="service_agent" '
        'busbar:unit="county" /><bpmn:sequenceFlow id="fx" sourceRef="extra" targetRef="eighth" />'
        '<bpmn:endEvent id="end" />'
    )
    files["process.bpmn"] = files["process.bpmn"].replace('<bpmn:endEvent id="end" />', extra)
    return files


class TestShipped:
    """load_shipped_processes."""

    def test_loading_again_changes_nothing(self, loaded: Company) -> None:
        assert operations.load_shipped_processes(at=AT) == []
        assert ProcessVersion.objects.filter(state="published", number=1).count() == 2


class TestPublishing:
    """upload_version, publish_version, retire_version."""

    def test_only_who_may_publish_uploads(self, loaded: Company) -> None:
        with pytest.raises(NotPermitted):
            operations.upload_version(
                key="errand", files=longer(), viewer=loaded.people["甲"], at=AT
            )

    def test_a_draft_is_not_taken_until_its_day(self, loaded: Company) -> None:
        publish(loaded, longer(), TODAY + DAY)
        in_force = queries.get_version_in_force("errand", on=TODAY)
        later = queries.get_version_in_force("errand", on=TODAY + DAY)
        assert in_force is not None
        assert later is not None
        assert (in_force.number, later.number) == (1, 2)

    def test_a_past_day_is_refused(self, loaded: Company) -> None:
        with pytest.raises(UnableToPublishVersion, match="已过"):
            publish(loaded, longer(), TODAY - DAY)
        assert not ProcessVersion.objects.filter(number=2, state="published").exists()

    def test_the_same_files_are_no_new_version(self, loaded: Company) -> None:
        with pytest.raises(UnableToUploadVersion, match="第 1 版完全相同"):
            upload(loaded, package("errand"))

    def test_files_that_are_none_of_ours_are_refused(self, loaded: Company) -> None:
        with pytest.raises(UnableToAcceptDefinition, match="只应有"):
            upload(loaded, {**package("errand"), "../evil.dmn": "x"})
        assert ProcessVersion.objects.count() == 2

    def test_more_files_than_a_package_has_are_refused(self, loaded: Company) -> None:
        many = {f"d{number}.dmn": "x" for number in range(39)}
        with pytest.raises(UnableToUploadVersion, match="文件过多，至多 40 个"):
            upload(loaded, {**package("errand"), **many})
        assert ProcessVersion.objects.count() == 2

    def test_the_last_version_in_force_stays(self, loaded: Company) -> None:
        only = ProcessVersion.objects.get(definition__key="errand")
        with pytest.raises(UnableToPublishVersion, match="没有生效的版本"):
            operations.retire_version(
                version_id=only.pk, reason="x", viewer=loaded.people["管理员"], at=AT
            )

    def test_a_retired_version_is_no_longer_taken(self, loaded: Company) -> None:
        second = publish(loaded, longer())
        operations.retire_version(
            version_id=second.pk, reason="有误", viewer=loaded.people["管理员"], at=AT
        )
        in_force = queries.get_version_in_force("errand", on=TODAY)
        assert in_force is not None
        assert in_force.number == 1

    def test_the_difference_is_told(self, loaded: Company) -> None:
        first = ProcessVersion.objects.get(definition__key="errand")
        files = longer()
        files["forms.toml"] = files["forms.toml"].replace("一句话", "一段话")
        diff = queries.compare_versions(first.pk, publish(loaded, files).pk)
        assert [change.name for change in diff.added] == ["extra"]
        assert [(c.name, c.before, c.after) for c in diff.changed] == [
            ("seventh", {"to": ["eighth"]}, {"to": ["extra"]})
        ]
        assert [(c.name, c.after) for c in diff.fields_changed] == [
            ("say.word", {"label": "一段话"})
        ]
        assert diff.removed == ()


class TestMigration:
    """preview_migration, migrate_instances."""

    def test_a_running_process_stays_on_its_version(self, loaded: Company) -> None:
        instance = start(loaded)
        publish(loaded, longer())
        instance.refresh_from_db()
        assert instance.version.number == 1
        assert start(loaded, number=2).version.number == 2

    def test_what_has_not_come_so_far_can_move(self, loaded: Company) -> None:
        early, late = start(loaded, number=1), start(loaded, number=2)
        names = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
        for name in names:
            complete(late, name, loaded.people["客服"])
        complete(early, "first", loaded.people["客服"])
        kept = open_task(early, "second")
        target = publish(loaded, longer())
        boss = loaded.people["管理员"]
        outlook = operations.preview_migration(version_id=target.pk, viewer=boss)
        assert [(o.instance_id, o.can_move) for o in outlook] == [
            (early.pk, True),
            (late.pk, False),
        ]
        assert tuple(map(str, outlook[1].obstacles)) == (
            "已办过的“seventh”之后的走向在新版本中变了，会漏办新的步骤",
        )
        done = operations.migrate_instances(
            version_id=target.pk, instance_ids=[early.pk, late.pk], viewer=boss, at=AT
        )
        assert (done.moved, [o.instance_id for o in done.stayed]) == ((early.pk,), [late.pk])
        assert open_task(early, "second").pk == kept.pk
        entry = Entry.objects.get(event="workflow.process.migrated")
        assert (entry.subject_id, entry.changes["version"]) == (early.pk, [1, 2])
        for name in [*names[1:], "extra", "eighth"]:
            complete(early, name, loaded.people["客服"])
        early.refresh_from_db()
        assert early.state == "completed"
        complete(late, "eighth", loaded.people["客服"])
        assert ProcessInstance.objects.get(pk=late.pk).state == "completed"

    def test_an_open_step_takes_the_new_role(self, loaded: Company) -> None:
        instance = start(loaded)
        files = changed(
            "process.bpmn",
            'busbar:role="service_agent"',
            'busbar:role="connection_officer"',
            "errand",
        )
        target = publish(loaded, files)
        operations.migrate_instances(
            version_id=target.pk, instance_ids=[instance.pk], viewer=loaded.people["管理员"], at=AT
        )
        assert open_task(instance, "first").role == "connection_officer"
        complete(instance, "first", loaded.people["甲"])

    def test_from_then_on_the_matter_is_with_the_new_post(self, loaded: Company) -> None:
        instance = start(loaded)
        files = changed(
            "process.bpmn",
            'busbar:role="service_agent"',
            'busbar:role="connection_officer"',
            "errand",
        )
        target, later = publish(loaded, files), AT + dt.timedelta(hours=3)
        operations.migrate_instances(
            version_id=target.pk,
            instance_ids=[instance.pk],
            viewer=loaded.people["管理员"],
            at=later,
        )
        held = Holding.objects.filter(subject_id=instance.subject_id).order_by("pk")
        assert list(held.values_list("post", "opened_at", "closed_at")) == [
            ("客服专员", AT, later),
            ("业扩专责", later, None),
        ]

    def test_a_step_that_is_gone_keeps_its_process(self, loaded: Company) -> None:
        instance = start(loaded)
        files = package("errand")
        files["process.bpmn"] = files["process.bpmn"].replace('"first"', '"begin"')
        target = publish(loaded, files)
        outlook = operations.preview_migration(version_id=target.pk, viewer=loaded.people["管理员"])
        assert (outlook[0].can_move, tuple(map(str, outlook[0].obstacles))) == (
            False,
            (
                "已办过的“start”之后的走向在新版本中变了，会漏办新的步骤",
                "正在办理的“first”在新版本中没有了",
            ),
        )
        assert UserTask.objects.open().get(instance=instance).element == "first"

    def test_a_draft_takes_nothing_over(self, loaded: Company) -> None:
        draft = upload(loaded, longer())
        with pytest.raises(UnableToMigrate, match="已发布"):
            operations.preview_migration(version_id=draft.pk, viewer=loaded.people["管理员"])

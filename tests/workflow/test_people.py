"""Who sees a task, who may act on it, and what standing in leaves behind."""

from __future__ import annotations

import datetime as dt

import pytest

from busbar.access.visibility import NotPermitted
from busbar.workflow import operations, people, queries
from busbar.workflow.models import SupervisionFinding, TaskTransfer, UserTask
from busbar.workflow.operations import (
    UnableToClaimTask,
    UnableToComment,
    UnableToConsult,
    UnableToHandOverTask,
    UnableToReleaseTask,
)
from tests.workflow.conftest import AT, Company, complete, open_task, start
from tests.workflow.test_journey import HOUR, SURVEYED, state_of, to_countersign


class TestActing:
    """Unit and role decide; standing in shows."""

    @pytest.mark.parametrize("name", ["客服", "营销", "邻县", "调度", "监管"])
    def test_others_may_not(self, loaded: Company, name: str) -> None:
        instance = start(loaded, "supply")
        before = state_of(instance)
        with pytest.raises(NotPermitted):
            complete(instance, "survey", loaded.people[name], SURVEYED)
        assert state_of(instance) == before

    @pytest.mark.parametrize("name", ["县长", "管理员"])
    def test_a_manager_stands_in_and_it_shows(self, loaded: Company, name: str) -> None:
        task = complete(start(loaded, "supply"), "survey", loaded.people[name], SURVEYED)
        finding = SupervisionFinding.objects.get()
        assert (finding.kind, finding.person, finding.task_id) == ("proxy", name, task.pk)

    def test_ones_own_task_leaves_nothing(self, loaded: Company) -> None:
        complete(start(loaded, "supply"), "survey", loaded.people["甲"], SURVEYED)
        assert not SupervisionFinding.objects.exists()

    def test_an_owned_task_is_the_owners(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        operations.claim_task(
            task_id=open_task(instance, "survey").pk, viewer=loaded.people["甲"], at=AT
        )
        with pytest.raises(NotPermitted, match="由甲办理"):
            complete(instance, "survey", loaded.people["乙"], SURVEYED)

    def test_the_nearest_unit_answers(self, loaded: Company) -> None:
        units = people.resolve_units(loaded.units["A"], ["county", "marketing", "dispatch"])
        assert {kind: unit.code for kind, unit in units.items()} == {
            "county": "A", "marketing": "AM", "dispatch": "CD",
        }  # fmt: skip

    def test_a_kind_that_nobody_has_is_refused(self, loaded: Company) -> None:
        with pytest.raises(people.NoUnitForTask, match="A县公司没有对应的"):
            people.resolve_units(loaded.units["A"], ["safety"])


class TestHands:
    """Claim, release, hand over."""

    def test_claiming_and_releasing(self, loaded: Company) -> None:
        task = open_task(start(loaded, "supply"), "survey")
        claimed = operations.claim_task(task_id=task.pk, viewer=loaded.people["甲"], at=AT)
        assert (claimed.state, claimed.owner_id) == ("claimed", loaded.people["甲"].employee_id)
        with pytest.raises(UnableToClaimTask, match="已由甲领取"):
            operations.claim_task(task_id=task.pk, viewer=loaded.people["乙"], at=AT)
        operations.release_task(task_id=task.pk, viewer=loaded.people["甲"], at=AT + HOUR)
        with pytest.raises(UnableToReleaseTask, match="没有人领取"):
            operations.release_task(task_id=task.pk, viewer=loaded.people["甲"], at=AT)
        assert list(TaskTransfer.objects.order_by("pk").values_list("kind", flat=True)) == [
            "claimed",
            "released",
        ]

    def test_handing_over_takes_a_reason_and_a_colleague(self, loaded: Company) -> None:
        task = open_task(start(loaded, "supply"), "survey")
        colleague = loaded.people["乙"].employee_id

        def hand(to: int | None, reason: str) -> UserTask:
            return operations.hand_over_task(
                task_id=task.pk,
                to_employee_id=to or 0,
                reason=reason,
                viewer=loaded.people["甲"],
                at=AT,
            )

        with pytest.raises(UnableToHandOverTask, match="原因"):
            hand(colleague, " ")
        with pytest.raises(UnableToHandOverTask, match="不能接办"):
            hand(loaded.people["客服"].employee_id, "出差")
        assert hand(colleague, "出差").owner_id == colleague
        assert TaskTransfer.objects.get().reason == "出差"

    def test_consulting_leaves_the_task_where_it_is(self, loaded: Company) -> None:
        task = open_task(start(loaded, "supply"), "survey")
        asked = operations.consult_on_task(
            task_id=task.pk, employee_id=loaded.people["调度"].employee_id or 0,
            question="能带 400 kVA 吗？", viewer=loaded.people["甲"], at=AT,
        )  # fmt: skip
        assert [c.pk for c in queries.list_consultations(loaded.people["调度"])] == [asked.pk]
        with pytest.raises(NotPermitted):
            operations.answer_consultation(
                consultation_id=asked.pk, answer="能", viewer=loaded.people["营销"], at=AT
            )
        operations.answer_consultation(
            consultation_id=asked.pk, answer="能", viewer=loaded.people["调度"], at=AT
        )
        with pytest.raises(UnableToConsult, match="已经答复"):
            operations.answer_consultation(
                consultation_id=asked.pk, answer="不", viewer=loaded.people["调度"], at=AT
            )
        assert open_task(task.instance, "survey").pk == task.pk

    def test_only_who_sees_a_process_comments_on_it(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        with pytest.raises(UnableToComment):
            operations.comment_on_process(
                instance_id=instance.pk, text="x", viewer=loaded.people["邻县"], at=AT
            )
        operations.comment_on_process(
            instance_id=instance.pk, text="请尽快", viewer=loaded.people["甲"], at=AT
        )
        assert instance.comments.get().text == "请尽快"


class TestLists:
    """Work lists and pages."""

    def test_mine_is_what_i_may_take_or_own(self, loaded: Company) -> None:
        instance = start(loaded, "supply")
        task = open_task(instance, "survey")
        names = [n for n, v in loaded.people.items() if queries.list_my_tasks(v).tasks]
        assert names == ["甲", "乙"]
        operations.claim_task(task_id=task.pk, viewer=loaded.people["甲"], at=AT)
        names = [n for n, v in loaded.people.items() if queries.list_my_tasks(v).tasks]
        assert names == ["甲"]

    def test_a_branch_sees_its_own(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        task = open_task(instance, "marketing")
        seen = {n for n, v in loaded.people.items() if queries.get_task(v, task.pk)}
        assert seen == {"甲", "乙", "客服", "营销", "县长", "管理员", "监管"}
        seen = {n for n, v in loaded.people.items() if queries.get_process(v, instance.pk)}
        assert seen == {"甲", "乙", "客服", "营销", "调度", "县长", "管理员", "监管"}
        in_department = {
            n for n, v in loaded.people.items() if queries.list_department_tasks(v).tasks
        }
        assert in_department == {"甲", "乙", "客服", "营销", "调度", "县长", "管理员", "监管"}

    def test_pages_follow_each_other_by_due_time(self, loaded: Company) -> None:
        for number in range(7):
            start(loaded, "supply", number + 1)
        found, after = [], None
        while True:
            page = queries.list_my_tasks(loaded.people["甲"], after=after, limit=3)
            found += [task.pk for task in page.tasks]
            after = page.after
            if after is None:
                break
        assert found == sorted(UserTask.objects.values_list("pk", flat=True))

    def test_a_list_costs_the_same_for_many(
        self, loaded: Company, django_assert_num_queries
    ) -> None:  # type: ignore[no-untyped-def]
        for number in range(5):
            start(loaded, "supply", number + 1)
        with django_assert_num_queries(2):
            page = queries.list_my_tasks(loaded.people["甲"])
            assert [task.instance.definition.name for task in page.tasks]

    def test_counts_of_the_day(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        task = open_task(instance, "dispatch")
        end = task.due_at + dt.timedelta(days=1)
        counts = queries.count_tasks(loaded.people["调度"], at=task.due_at - HOUR, day_ends_at=end)
        assert (counts.mine, counts.to_claim, counts.late, counts.due_today) == (0, 1, 0, 1)
        counts = queries.count_tasks(loaded.people["调度"], at=task.due_at + HOUR, day_ends_at=end)
        assert (counts.late, counts.due_today) == (1, 0)

    def test_the_page_has_everything(self, loaded: Company) -> None:
        instance = to_countersign(loaded)
        late = open_task(instance, "dispatch").due_at + HOUR
        page = queries.get_process_page(loaded.people["县长"], instance.pk, at=late)
        assert page is not None
        assert page.diagram.current == {"marketing", "dispatch"}
        assert page.diagram.late == {"dispatch"}
        assert {"start", "survey", "choose_limit", "scheme", "fork"} <= page.diagram.done
        assert [task.element for task in page.tasks][:2] == ["survey", "scheme"]
        assert [clock.code for clock in page.clocks] == ["countersign"]
        assert page.entries[-1].event == "workflow.process.started"
        assert queries.get_process_page(loaded.people["邻县"], instance.pk, at=late) is None


class TestSupervision:
    """Findings and rates."""

    def test_rates_count_kept_and_broken(self, loaded: Company) -> None:
        from busbar.kit.periods import Period

        period = Period(dt.date(2026, 3, 1), dt.date(2026, 5, 1))
        for number, late in ((1, False), (2, True)):
            instance = start(loaded, "supply", number)
            complete(instance, "survey", loaded.people["甲"], SURVEYED)
            complete(instance, "scheme", loaded.people["甲"], {"summary": "x"})
            due = open_task(instance, "dispatch").due_at
            at = due + HOUR if late else due
            complete(instance, "dispatch", loaded.people["调度"], {"outcome": "agreed"}, at=at)
        for group in ("step", "person", "department", "process", "period"):
            rate = queries.compliance_rates(loaded.people["县长"], group_by=group, period=period)
            assert [(r.due, r.on_time, r.rate) for r in rate] == [(2, 1, 0.5)]
        assert queries.compliance_rates(loaded.people["邻县"], group_by="step", period=period) == []
        found = queries.list_supervision(loaded.people["县长"]).findings
        assert [finding.kind for finding in found] == ["late"]
        assert queries.count_findings(loaded.people["县长"]) == {"late": 1}
        assert queries.list_supervision(loaded.people["邻县"]).findings == []

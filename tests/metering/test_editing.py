"""A person sets values with a reason; rules are amended and reordered; findings accepted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.journal.models import Entry
from busbar.metering import lake
from busbar.metering import operations as metering_operations
from busbar.metering import queries as metering_queries
from busbar.metering.models import VeeFinding, VeeRule
from busbar.metering.operations import (
    UnableToAcceptFinding,
    UnableToAmendRule,
    UnableToEditCurve,
    editing,
)
from busbar.pricing.models import Certainty
from busbar.supply.models import UsagePoint
from tests.billing import world
from tests.metering.vee_world import (
    AT,
    EDITED,
    ESTIMATED,
    SHAPE,
    day,
    deliver,
    hang_meter,
    stored,
    validate,
    with_gap,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(tmp_path: Path, settings) -> UsagePoint:
    """A metered point from the fifth to the twelfth, the shipped rules, an empty lake."""
    settings.LAKE_ROOT = tmp_path / "lake"
    metering_operations.load_vee_rules(at=AT)
    made = world.make_account(world.make_county(), "3101000001")
    hang_meter(made, installed_on=day(5), removed_on=day(13))
    return made


@pytest.fixture
def engineer(point: UsagePoint) -> Viewer:
    """Somebody of the county who may edit readings."""
    allowed = frozenset({Permission.EDIT_READINGS, Permission.KEEP_VEE_RULES})
    return Viewer(None, None, "计量员", point.account.unit.path, allowed)


def edit(point: UsagePoint, by: Viewer, active: dict[int, int], **facts: Any) -> lake.LakeCommit:
    """Edit the seventh of January as it stands."""
    told = {
        "day": day(7),
        "values": {"active_wh": active},
        "seen_version": stored(point, 7).get("version", 0),
        "reason": "现场补抄",
    } | facts
    return metering_operations.edit_curve(usage_point=point, by=by, at=AT, **told)


def version() -> int:
    return lake.current_version(metering_queries.lake_root())


class TestEdit:
    def test_is_a_newer_version_with_reason_and_the_original_stays(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        deliver(point, {7: SHAPE})

        done = edit(point, engineer, {10: 12_345, 11: 0})

        now, then = stored(point, 7), stored(point, 7, as_of=1)
        assert now["active_wh"][9:13] == [int(SHAPE[9]), 12_345, 0, int(SHAPE[12])]
        assert now["quality"][9:13] == [0, EDITED, EDITED, 0]
        assert then["active_wh"] == SHAPE.tolist()
        entry = Entry.objects.get(event="metering.curves.edited")
        assert (entry.reason, entry.actor_name) == ("现场补抄", "计量员")
        before, after = int(SHAPE.sum()), int(SHAPE.sum() - SHAPE[10] - SHAPE[11]) + 12_345
        assert entry.changes["active_wh"] == [before, after]
        assert entry.changes["usage_point_ids"] == [point.pk]
        assert entry.changes["lake_version"] == done.version == 2
        curve = metering_queries.get_day_curve(engineer, point, day(7))
        assert curve.delivered["active_wh"][10] == int(SHAPE[10])
        assert [row.version for row in curve.versions] == [2, 1]

    def test_of_a_day_without_a_curve_leaves_the_others_missing(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        edit(point, engineer, {0: 500})

        assert stored(point, 7)["quality"] == [EDITED] + [3] * 95

    def test_decides_the_findings_whose_intervals_it_sets(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        validate()

        edit(point, engineer, {10: 1, 11: 2})
        assert VeeFinding.objects.get().state == "open"
        edit(point, engineer, {10: 3, 11: 4, 12: 5})

        row = VeeFinding.objects.get()
        assert (row.state, row.decided_by, row.reason) == ("edited", "计量员", "现场补抄")
        assert stored(point, 7)["quality"][10:14] == [EDITED, EDITED, EDITED, 0]

    def test_is_left_alone_by_the_next_validation(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        deliver(point, dict.fromkeys(range(5, 13), SHAPE))
        edit(point, engineer, {10: 299_999})
        at_edit = version()

        validate()

        assert version() == at_edit

    def test_after_a_stop_is_made_up_for_by_doing_it_again(
        self, point: UsagePoint, engineer: Viewer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deliver(point, {7: SHAPE})

        def stop(*_args: object, **_named: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(editing, "_note", stop)
            with pytest.raises(KeyboardInterrupt):
                edit(point, engineer, {10: 1})
        assert Entry.objects.filter(event="metering.curves.edited").count() == 0

        edit(point, engineer, {10: 1}, seen_version=1)

        assert Entry.objects.filter(event="metering.curves.edited").count() == 1
        assert version() == 2


class TestRefusedEdit:
    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"reason": " "}, "修正原因"),
            ({"values": {"active_wh": {}}}, "没有要修正的数值"),
            ({"values": {"active_wh": {96: 1}}}, "0 至 95"),
            ({"values": {"active_wh": {3: -1}}}, "0 与 2147483647"),
            ({"values": {"active_wh": {3: 2**31}}}, "0 与 2147483647"),
            ({"values": {"quality": {3: 1}}}, "没有数据项"),
            ({"values": {"active_wh": {0: int(SHAPE[0])}}}, "没有改动"),
            ({"day": day(31).replace(year=2027)}, "还没有到来"),
        ],
    )
    def test_says_why_and_changes_nothing(
        self, point: UsagePoint, engineer: Viewer, facts: dict[str, Any], said: str
    ) -> None:
        deliver(point, {7: SHAPE})

        with pytest.raises(UnableToEditCurve, match=said):
            edit(point, engineer, {3: 1}, **facts)

        assert version() == 1
        assert not Entry.objects.filter(event="metering.curves.edited").exists()

    def test_when_a_newer_version_came_meanwhile(self, point: UsagePoint, engineer: Viewer) -> None:
        deliver(point, {7: SHAPE})
        deliver(point, {7: SHAPE + 1}, key="second")

        with pytest.raises(UnableToEditCurve, match="已有更新的版本"):
            edit(point, engineer, {3: 1}, seen_version=1)

        assert stored(point, 7)["active_wh"] == (SHAPE + 1).tolist()

    def test_without_permission_or_outside_one_s_branch(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        deliver(point, {7: SHAPE})

        with pytest.raises(NotPermitted):
            edit(point, replace(engineer, permissions=frozenset()), {3: 1})
        with pytest.raises(UnableToEditCurve, match="管辖范围"):
            edit(point, replace(engineer, unit_path="999"), {3: 1})

        assert version() == 1


class TestAcceptance:
    def test_asks_for_a_reason_and_an_open_finding_in_the_branch(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        values, quality = with_gap(10, 13)
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values}, quality={7: quality})
        validate()
        number = VeeFinding.objects.get().pk

        def accept(*numbers: int, by: Viewer = engineer, reason: str = "属实") -> None:
            metering_operations.accept_findings(finding_ids=numbers, reason=reason, by=by, at=AT)

        for refused in (
            lambda: accept(number, reason=""),
            accept,
            lambda: accept(number, number + 1),
            lambda: accept(number, by=replace(engineer, unit_path="999")),
        ):
            with pytest.raises(UnableToAcceptFinding):
                refused()
        assert VeeFinding.objects.get().state == "open"
        accept(number)
        with pytest.raises(UnableToAcceptFinding, match="已认可"):
            accept(number)

        assert Entry.objects.filter(event="metering.vee_finding.accepted").count() == 1
        assert stored(point, 7)["quality"][10] == ESTIMATED


FIGURES = {
    "linear_points": "4",
    "similar_days": "3",
    "within_days": "35",
    "longest_points": "672",
    "wait_days": "3",
}


class TestRules:
    def amend(self, by: Viewer, code: str = "capacity", **facts: Any) -> VeeRule:
        rule = VeeRule.objects.get(code=code)
        told = {
            "figures": rule.figures,
            "action": rule.action,
            "is_active": rule.is_active,
            "reason": "按本地规定",
        } | facts
        return metering_operations.amend_vee_rule(code=code, by=by, at=AT, **told)

    def test_amended_become_the_company_s_own_and_count_at_once(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        values = SHAPE.copy()
        values[40] = 260_000  # 1.04 times the capacity
        deliver(point, dict.fromkeys(range(5, 13), SHAPE) | {7: values})

        rule = self.amend(engineer, figures={"factor": "1.0"})
        self.amend(engineer, code="spike", is_active=False)
        validate()

        assert rule.certainty == Certainty.LOCAL
        assert "按本地规定" in rule.source
        assert VeeFinding.objects.get().rule == "capacity"
        entry = Entry.objects.filter(event="metering.vee_rule.amended").order_by("id").first()
        assert entry is not None
        assert entry.changes == {"figures": [{"factor": "1.2"}, {"factor": "1.0"}]}

    @pytest.mark.parametrize(
        ("code", "facts"),
        [
            ("capacity", {}),
            ("capacity", {"reason": ""}),
            ("capacity", {"figures": {"factor": "much"}}),
            ("capacity", {"figures": {"factor": "-1"}}),
            ("capacity", {"figures": {"factor": "NaN"}}),
            ("capacity", {"figures": {}}),
            ("capacity", {"action": "outage"}),
            ("register", {"action": "estimate"}),
            ("outage", {"action": "suspect"}),
        ],
    )
    def test_are_not_amended_into_what_cannot_be(
        self, point: UsagePoint, engineer: Viewer, code: str, facts: dict[str, Any]
    ) -> None:
        before = list(VeeRule.objects.order_by("code").values())

        with pytest.raises(UnableToAmendRule):
            self.amend(engineer, code, **facts)

        assert list(VeeRule.objects.order_by("code").values()) == before

    def test_are_asked_in_the_order_they_are_put_in(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        codes = [rule.code for rule in metering_queries.list_vee_rules()]
        turned = [codes[1], codes[0], *codes[2:]]

        metering_operations.reorder_vee_rules(codes=turned, reason="试", by=engineer, at=AT)

        assert [rule.code for rule in metering_queries.list_vee_rules()] == turned
        with pytest.raises(UnableToAmendRule, match="恰好出现一次"):
            metering_operations.reorder_vee_rules(codes=turned[1:], reason="试", by=engineer, at=AT)
        with pytest.raises(UnableToAmendRule, match="没有任何改动"):
            metering_operations.reorder_vee_rules(codes=turned, reason="试", by=engineer, at=AT)

    def test_loaded_again_keep_what_was_amended(self, point: UsagePoint, engineer: Viewer) -> None:
        self.amend(engineer, figures={"factor": "1.5"})

        assert metering_operations.load_vee_rules(at=AT) == 0
        assert VeeRule.objects.get(code="capacity").figures == {"factor": "1.5"}

    def test_loaded_anew_follow_what_is_shipped_and_keep_their_order(
        self, point: UsagePoint, engineer: Viewer
    ) -> None:
        self.amend(engineer, code="missing", figures=FIGURES | {"linear_points": "8"})
        old = {"linear_points": "8", "similar_days": "3", "within_days": "35"}
        VeeRule.objects.filter(code="missing").update(figures=old)
        VeeRule.objects.filter(code="spike").update(action="estimate", order=7)
        VeeRule.objects.filter(code="ceiling").delete()

        assert metering_operations.load_vee_rules(at=AT) == 3
        assert metering_operations.load_vee_rules(at=AT) == 0

        spike = VeeRule.objects.get(code="spike")
        assert (spike.action, spike.order) == ("suspect", 7)
        assert VeeRule.objects.get(code="ceiling").action == "estimate"
        missing = VeeRule.objects.get(code="missing")
        assert missing.figures == FIGURES | {"linear_points": "8"}
        assert missing.certainty == Certainty.LOCAL

    def test_are_kept_by_those_who_may(self, point: UsagePoint) -> None:
        with pytest.raises(NotPermitted):
            self.amend(replace(SYSTEM_VIEWER, sees_all=False, permissions=frozenset()))

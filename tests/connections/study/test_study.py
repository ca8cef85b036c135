"""The study as a whole: alternatives, N-1, checks by grade, comparison, documents."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from busbar.cli.main import main
from busbar.connections import study
from busbar.connections.study import reading
from busbar.connections.study.parameters import default_parameters
from busbar.connections.study.values import Grade
from tests.connections.study.world import (
    by_key,
    check,
    compute,
    compute_anew,
    equipment,
    line,
    load,
    network,
    prices,
    station,
)

EXAMPLE: dict[str, Any] = reading.EXAMPLE


def outcome(one: study.Alternative, element: str) -> study.Contingency:
    return next(c for c in one.contingencies if c.element.startswith(element))


class TestAlternatives:
    def test_are_three_at_least_for_every_grade(self) -> None:
        grades: tuple[Grade, ...] = ("none", "temporary", "second", "first", "special")
        for grade in grades:
            found = compute(load(grade=grade))
            assert len(found.alternatives) >= 3, grade
            assert [one.number for one in found.alternatives] == list(
                range(1, len(found.alternatives) + 1)
            )

    def test_take_the_nearest_feeder_with_capacity(self) -> None:
        lines = (line("F1", "SS1", kva=2_000), line("F2", "SS1", "Ⅱ段"), line("F3", "SS2"))

        found = compute(load(), network(lines=lines))

        # F1 is nearer, but 2000 × 80 % less its 2105 kVA is nothing.
        assert by_key(found, "single-tee-10").plan.sources[0].line == "F2"

    def test_keep_the_infeasible_with_its_reason(self) -> None:
        full = tuple(line(code, "SS1", kva=2_000) for code in ("F1", "F2", "F3"))

        found = compute(
            load(), network(lines=full, stations=(station("SS1", bays=0), station("SS2", bays=0)))
        )

        assert len(found.alternatives) >= 3
        assert found.recommended is None
        assert found.alternatives[0].plan.obstacles == (
            "F1线可开放容量 -505.26 kVA，小于所需 757.89 kVA",
        )
        reasons = {r for one in found.alternatives for r in one.reasons_against}
        assert "SS1变没有剩余出线间隔" in reasons

    def test_choose_another_station_for_the_second_source(self) -> None:
        found = compute(load(grade="first"))

        sources = by_key(found, "dual-stations-10").plan.sources
        assert [source.line for source in sources] == ["F1", "F3"]
        assert len({source.station for source in sources}) == 2

    def test_choose_another_bus_of_the_same_station(self) -> None:
        sources = by_key(compute(load(grade="second")), "dual-buses-10").plan.sources

        assert [(s.station, s.bus) for s in sources] == [("SS1", "Ⅰ段"), ("SS1", "Ⅱ段")]

    def test_offer_another_voltage_where_the_network_has_it(self) -> None:
        both = replace(
            station("SS1"),
            transformers=(
                *station("SS1").transformers,
                replace(station("SS1").transformers[0], code="SS1-3", low_voltage_kv=Decimal(35)),
            ),
        )

        found = compute(load(equipment(8_000)), network(stations=(both, station("SS2"))))

        assert {one.plan.voltage_kv for one in found.alternatives} == {Decimal(10), Decimal(35)}
        assert Decimal(35) in {band.voltage_kv for band in found.voltages}

    def test_go_by_connected_capacity_where_no_peak_is_known(self) -> None:
        unknown = replace(line("F1", "SS1", peak=None), connected_kva=Decimal(7_500))

        found = compute(
            load(), network(lines=(unknown, line("F2", "SS1", "Ⅱ段"), line("F3", "SS2")))
        )

        assert by_key(found, "single-tee-10").plan.sources[0].line == "F2"


class TestOutages:
    def test_a_single_source_is_saved_by_its_tie(self) -> None:
        found = by_key(compute(load()), "single-tee-10")

        head = outcome(found, "馈线 F1")
        assert (head.verdict, head.restored_by, head.lost_kw) == ("kept", "联络 L1", Decimal(0))
        assert head.line_percent is not None
        assert head.line_percent > 0

    def test_without_a_tie_all_is_lost(self) -> None:
        found = by_key(compute(load(), network(ties=False)), "single-tee-10")

        head = outcome(found, "馈线 F1")
        assert (head.verdict, head.lost_kw) == ("lost", Decimal("720.00"))

    def test_a_tie_too_small_does_not_help(self) -> None:
        part = network()
        small = replace(part, ties=(replace(part.ties[0], capacity_kva=Decimal(2_500)),))

        head = outcome(by_key(compute(load(), small), "single-tee-10"), "馈线 F1")

        # 2000 ÷ 0.95 of the feeder's own and 757.89 exceed 2500
        assert head.verdict == "lost"

    def test_the_backup_takes_over_a_line_and_a_station(self) -> None:
        found = by_key(compute(load(grade="first")), "dual-stations-10")

        for element in ("馈线 F1", "主供支线", "全站 SS1"):
            assert outcome(found, element).restored_by == "备用电源 F3"
            assert outcome(found, element).lost_kw == 0

    def test_the_coupled_section_takes_over_a_main_transformer(self) -> None:
        found = by_key(compute(load()), "single-tee-10")

        assert outcome(found, "主变 SS1").restored_by == "母联转供"
        assert outcome(found, "主变 SS1").verdict == "kept"

    def test_a_coupled_section_may_be_overloaded(self) -> None:
        tight = network(stations=(station("SS1", kva=20_000, peak=30_000), station("SS2")))

        found = outcome(by_key(compute(load(), tight), "single-tee-10"), "主变 SS1")

        # 30 MW and the customer on the one 20 MVA transformer that is left: more than 120 %
        assert found.verdict == "overloaded"
        assert found.transformer_percent is not None
        assert found.transformer_percent > 120

    def test_one_receiving_transformer_less_keeps_the_essential_load(self) -> None:
        declared = load(equipment(700), equipment(300, 2), grade="second")

        found = by_key(compute(declared), "dual-stations-10")

        lost = outcome(found, "受电变压器")
        assert (lost.verdict, lost.served_kw) == ("shed", Decimal("216.00"))
        assert lost.lost_kw == Decimal("504.00")

    def test_a_flow_without_solution_is_a_finding(self) -> None:
        far = replace(line("F1", "SS1", kva=100_000, peak=60_000), length_km=Decimal(30))
        lines = (far, line("F2", "SS1", "Ⅱ段"), line("F3", "SS2"))

        found = by_key(compute(load(), network(lines=lines)), "single-tee-10")

        assert found.flow is not None
        assert not found.flow.converged
        assert check(found, "voltage-deviation").verdict == "fail"
        assert check(found, "voltage-deviation").found == "潮流不收敛"


class TestChecks:
    @pytest.mark.parametrize(
        ("grade", "key", "verdict"),
        [
            ("none", "single-tee-10", "pass"),
            ("second", "single-tee-10", "fail"),
            ("second", "dual-buses-10", "pass"),
            ("first", "dual-buses-10", "fail"),
            ("first", "dual-stations-10", "pass"),
            ("special", "dual-stations-10", "fail"),
            ("special", "triple-10", "pass"),
        ],
    )
    def test_sources_by_grade(self, grade: Grade, key: str, verdict: str) -> None:
        found = check(by_key(compute(load(grade=grade)), key), "sources-by-grade")

        assert found.verdict == verdict
        assert "电监安全〔2008〕43 号" in found.asked or grade == "none"

    @pytest.mark.parametrize(
        ("emergency", "verdict"), [("119.9", "fail"), ("120", "pass"), ("500", "pass")]
    )
    def test_emergency_supply_is_a_fifth_more(self, emergency: str, verdict: str) -> None:
        declared = replace(load(grade="first"), emergency_kw=Decimal(emergency))

        found = check(compute(declared).alternatives[0], "emergency-supply")

        assert (found.verdict, found.asked) == (verdict, "不小于 100×1.2 = 120 kW")

    def test_emergency_supply_is_not_asked_of_others(self) -> None:
        found = check(compute(load()).alternatives[0], "emergency-supply")

        assert found.verdict == "not_applicable"

    def test_an_important_customer_has_to_declare_the_safety_load(self) -> None:
        declared = replace(load(grade="second"), safety_load_kw=Decimal(0))

        assert check(compute(declared).alternatives[0], "emergency-supply").verdict == "fail"

    def test_n_1_is_asked_of_important_customers(self) -> None:
        ordinary = by_key(compute(load(), network(ties=False)), "single-tee-10")
        important = by_key(compute(load(grade="first")), "dual-buses-10")

        assert check(ordinary, "n-1").verdict == "not_applicable"
        assert check(important, "n-1").verdict == "fail"
        assert check(important, "n-1").found == "全站 SS1退出：全部失电"

    def test_a_heavy_feeder_fails_its_loading(self) -> None:
        heavy = line("F1", "SS1", kva=20_000, peak=6_500)

        lines = (heavy, line("F2", "SS1", "Ⅱ段"), line("F3", "SS2"))
        found = check(
            by_key(compute(load(), network(lines=lines)), "single-tee-10"), "line-loading"
        )

        assert found.verdict == "fail"
        assert found.found.startswith("F1 首段")

    def test_each_says_clause_source_and_certainty(self) -> None:
        for found in compute(load(grade="first")).alternatives[0].checks:
            assert found.rule.article
            assert found.rule.certainty in {"A", "B", "C", "unverified", "local"}

    def test_capacity_beyond_the_voltage_fails(self) -> None:
        found = compute(load(equipment(14_000)))

        assert check(found.alternatives[0], "capacity-voltage").verdict == "fail"


class TestComparison:
    def test_recommends_the_highest_score_and_says_why(self) -> None:
        found = compute(load())

        best = found.recommended
        assert best is not None
        scores = [one.score for one in found.alternatives if one.score is not None]
        assert best.score == max(scores)
        assert found.comparison.reasons[0].startswith(
            f"方案{best.number}（{best.plan.name}）加权得分"
        )

    def test_ranks_no_one_that_breaks_a_mandatory_rule(self) -> None:
        found = compute(load(grade="first"))

        for one in found.alternatives:
            assert (one.score is None) == (not one.is_acceptable)
        assert found.recommended is not None
        assert found.recommended.is_acceptable

    def test_the_score_is_the_weighted_sum_of_the_marks(self) -> None:
        found = compute(load())

        for place, one in enumerate(found.alternatives):
            if one.score is None:
                continue
            rows = found.comparison.rows
            points = sum(r.criterion.weight * (r.cells[place].mark or 0) for r in rows)
            assert abs(points * 100 / sum(r.criterion.weight for r in rows) - one.score) <= Decimal(
                "0.05"
            )

    def test_weights_are_input(self) -> None:
        only = {c.code: Decimal(0) for c in default_parameters().criteria} | {
            "outage_hours": Decimal(1)
        }
        parameters = reading.weighted(default_parameters(), only)

        found = study.study(network(), load(), prices(), study.example_unit_costs(), parameters)

        acceptable = [one for one in found.alternatives if one.is_acceptable]
        least = min(one.reliability.outage_hours for one in acceptable if one.reliability)
        assert found.recommended is not None
        assert found.recommended.reliability is not None
        assert found.recommended.reliability.outage_hours == least

    def test_is_the_same_for_the_same_facts(self) -> None:
        assert compute(load(grade="second")) == compute_anew(load(grade="second"))

    def test_more_load_never_lowers_loading_or_cost(self) -> None:
        found = [by_key(compute(load(equipment(kw))), "single-tee-10") for kw in (400, 800, 1600)]

        percents = [one.flow.worst_line_percent for one in found if one.flow]
        costs = [one.yearly_costs[0].total_yuan for one in found]
        works = [one.investment.total_yuan for one in found if one.investment]
        for figures in (percents, costs, works):
            assert figures == sorted(figures)
            assert len(figures) == 3


class TestDocuments:
    def test_the_example_is_answered(self) -> None:
        answered = study.study_json(study.answer(EXAMPLE))

        json.dumps(answered)
        assert answered["recommended"] == 1
        assert len(answered["alternatives"]) >= 3
        first = answered["alternatives"][0]
        assert first["investment"]["items"][0]["formula"].endswith("元")
        assert first["yearly_costs"][0]["sample"]["lines"][0]["formula"]

    def test_a_wrong_member_is_named_by_its_path(self) -> None:
        document = json.loads(json.dumps(EXAMPLE))
        document["load"]["equipment"][0]["demand_factor"] = "1.4"

        with pytest.raises(study.UnableToStudy, match=r"\$\.load\.equipment\[0\]\.demand_factor"):
            study.answer(document)

    def test_an_unknown_station_is_named(self) -> None:
        document = json.loads(json.dumps(EXAMPLE))
        document["load"]["stations"][0]["station"] = "SS9"

        with pytest.raises(study.UnableToStudy, match="没有变电站 SS9"):
            study.answer(document)

    def test_an_unknown_conductor_is_named(self) -> None:
        document = json.loads(json.dumps(EXAMPLE))
        document["network"]["lines"][0]["conductor"] = "NONE-1"

        with pytest.raises(study.UnableToStudy, match="导线型号 NONE-1"):
            study.answer(document)

    def test_an_unknown_weight_is_named(self) -> None:
        with pytest.raises(study.UnableToStudy, match="没有比选指标 beauty"):
            study.answer({**EXAMPLE, "weights": {"beauty": 1}})

    def test_something_else_is_refused(self) -> None:
        with pytest.raises(study.UnableToStudy, match="应为对象"):
            study.answer([])


class TestCommand:
    def test_prints_the_table(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "load.json"
        path.write_text(json.dumps(EXAMPLE), encoding="utf-8")

        code = main(["scheme", "study", str(path)])

        printed = capsys.readouterr().out
        assert code == 0
        assert "投资(万元)" in printed
        assert "推荐" in printed

    def test_prints_json(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "load.json"
        path.write_text(json.dumps(EXAMPLE), encoding="utf-8")

        assert main(["scheme", "study", str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["customer"] == "示例轧钢有限公司"

    def test_prints_the_schema_with_an_example(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scheme", "study", "--schema"]) == 0
        schema = json.loads(capsys.readouterr().out)
        assert schema["examples"] == [EXAMPLE]
        assert "network" in schema["required"]

    def test_says_what_is_wrong(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "load.json"
        path.write_text("{}", encoding="utf-8")

        assert main(["scheme", "study", str(path)]) == 1
        assert "$.network：缺少这一项" in capsys.readouterr().err
        assert main(["scheme", "study", str(tmp_path / "none.json")]) == 1
        assert main(["scheme", "study"]) == 2


class TestSpeed:
    def test_three_alternatives_take_less_than_two_seconds(self) -> None:
        compute(load())  # pandapower is imported once

        started = time.process_time()
        found = compute_anew(load(grade="second"))

        assert len(found.alternatives) >= 3
        assert time.process_time() - started < 2

"""Packages are accepted whole or refused with every place that is wrong."""

from __future__ import annotations

import pytest

from busbar.workflow import library
from busbar.workflow.definition.problems import UnableToAcceptDefinition
from busbar.workflow.definition.reading import compile_package
from tests.workflow.conftest import PROCESSES
from tests.workflow.test_expressions import ATTACKS

pytestmark = pytest.mark.usefixtures("processes")


def package(key: str = "supply") -> dict[str, str]:
    """The files of a test process."""
    return {path.name: path.read_text(encoding="utf-8") for path in (PROCESSES / key).iterdir()}


def changed(name: str, old: str, new: str, key: str = "supply") -> dict[str, str]:
    """The package with one place changed; the place must be there."""
    files = package(key)
    assert old in files[name]
    return {**files, name: files[name].replace(old, new, 1)}


def problems(files: dict[str, str]) -> list[tuple[str, str, str]]:
    """Every problem as (file, element, expectation)."""
    with pytest.raises(UnableToAcceptDefinition) as refusal:
        compile_package("supply", files)
    return [(p.file, p.element, str(p.expected)) for p in refusal.value.problems]


_CAPACITY = """kind = "decimal"
label = "容量"
unit = "kVA"
required = true
minimum = 1
maximum = 100000"""


class TestAccepted:
    """What compiling gives."""

    def test_steps_take_role_and_unit_from_their_lane(self) -> None:
        survey = compile_package("supply", package()).steps["survey"]
        assert (survey.role, survey.unit, survey.stage) == ("connection_officer", "county", 2)
        assert survey.help == "到现场核对负荷与电源。"

    def test_facts_are_fields_decisions_and_declared_ones(self) -> None:
        facts = compile_package("supply", package()).facts
        assert {"capacity_kva", "survey_capacity_kva", "limit_code", "number"} <= facts

    def test_messages_and_waits_are_known(self) -> None:
        definition = compile_package("supply", package())
        assert definition.waits["lapsed"].until == "valid_until"
        assert definition.messages == {"fees_received", "validity_lapsed", "application_withdrawn"}

    def test_a_version_is_compiled_once(self, loaded: object) -> None:
        from busbar.workflow.models import ProcessVersion

        pk = ProcessVersion.objects.get(definition__key="supply").pk
        assert library.get_definition(pk) is library.get_definition(pk)


class TestRefused:
    """Each refusal names file, element and what was expected."""

    @pytest.mark.parametrize(
        ("old", "new", "element", "said"),
        [
            (' busbar:form="survey"', "", "survey", "应有 busbar:form"),
            ('busbar:form="reply"', 'busbar:form="nope"', "reply", "没有这个表单"),
            ('busbar:role="manager"', 'busbar:role="boss"', "marketing", "busbar:role 是“boss”"),
            ('busbar:unit="dispatch"', 'busbar:unit="moon"', "dispatch", "busbar:unit 是“moon”"),
            (' busbar:limit="countersign"', "", "dispatch", "应同时有 busbar:limit"),
            ('busbar:silent="agreed"', 'busbar:silent="maybe"', "dispatch", "可选值"),
            ("test.note_survey", "test.unknown", "survey", "没有登记这个处理程序"),
            ("test.number_scheme", "test.unknown", "register", "没有登记这个服务"),
            ('busbar:stage="2"', 'busbar:stage="9"', "survey", "1 至 7"),
            (
                'busbar:decision="reply_limit"',
                'busbar:decision="x"',
                "choose_limit",
                "没有这个决策",
            ),
            (' default="to_register"', "", "agreed", "default"),
            ("marketing_outcome == 'returned'", "typo == 'returned'", "back", "“typo”不存在"),
            ("marketing_outcome == 'returned' or ", "", "marketing", "退回的流向"),
            ('messageRef="fees"', 'messageRef="other"', "paid", "有名称的消息"),
            ('busbar:until="valid_until"', 'busbar:until="nofact"', "lapsed", "“nofact”不存在"),
            ('<bpmn:endEvent id="gone" name="失效" />', "", "lapsed", "不存在的“gone”"),
            ('bpmn:userTask id="reply"', 'bpmn:scriptTask id="reply"', "reply", "脚本"),
        ],
    )
    def test_it_says_where_and_what(self, old: str, new: str, element: str, said: str) -> None:
        files = changed("process.bpmn", old, new)
        found = problems(files)
        assert [p for p in found if p[0] == "process.bpmn" and p[1] == element and said in p[2]]

    def test_an_element_that_leads_nowhere_is_named(self) -> None:
        found = problems(
            changed(
                "process.bpmn",
                'sourceRef="paid" targetRef="done"',
                'sourceRef="paid" targetRef="paid"',
            )
        )
        assert ("process.bpmn", "paid", "从这里走不到结束事件") in found
        assert ("process.bpmn", "done", "从开始事件到不了这里") in found

    def test_timers_are_sent_to_the_clocks(self) -> None:
        timer = (
            '<bpmn:timerEventDefinition id="t"><bpmn:timeDuration>PT1H</bpmn:timeDuration>'
            "</bpmn:timerEventDefinition>"
        )
        files = changed(
            "process.bpmn", '<bpmn:signalEventDefinition id="sd1" signalRef="stop" />', timer
        )
        assert any("定时" in said for _, _, said in problems(files))

    def test_several_problems_come_at_once(self) -> None:
        files = changed("process.bpmn", ' busbar:form="survey"', "")
        files["process.bpmn"] = files["process.bpmn"].replace(' default="to_register"', "")
        assert {element for _, element, _ in problems(files)} >= {"survey", "agreed"}

    @pytest.mark.parametrize("attack", [a for a in ATTACKS if a and "\x00" not in a])
    def test_code_in_a_decision_cell_is_refused(self, attack: str) -> None:
        text = attack.replace("&", "&amp;").replace("<", "&lt;")
        files = changed("reply_limit.dmn", "'single-limit'", text)
        assert [p for p in problems(files) if p[:2] == ("reply_limit.dmn", "r2o")]

    @pytest.mark.parametrize("attack", ["== __import__('os')", "? + 1", "> getattr(a, 'b')", "a.b"])
    def test_code_in_a_decision_test_is_refused(self, attack: str) -> None:
        files = changed("reply_limit.dmn", "&gt;= 315", attack.replace(">", "&gt;"))
        assert [p for p in problems(files) if p[:2] == ("reply_limit.dmn", "r2b")]

    def test_code_in_a_condition_is_refused(self) -> None:
        files = changed("process.bpmn", "marketing_outcome == 'returned'", "__import__('os')")
        assert [p for p in problems(files) if p[1] == "back" and "只能写" in p[2]]

    def test_entities_are_refused(self) -> None:
        files = package()
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><bpmn:definitions'
        files["process.bpmn"] = files["process.bpmn"].replace("<bpmn:definitions", bomb, 1)
        assert problems(files) == [("process.bpmn", "", "不应有 DOCTYPE")]

    def test_what_is_no_xml_is_refused(self) -> None:
        files = {**package(), "process.bpmn": "not xml"}
        assert problems(files)[0][:2] == ("process.bpmn", "")

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (
                'kind = "decimal"\nlabel = "容量"',
                'kind = "number"\nlabel = "容量"',
                "kind 是“number”",
            ),
            ('label = "容量"\n', "", "缺少 label"),
            ('name = "capacity_kva"', 'name = "1x"', "每个字段应有 name"),
            ("required_when = \"supply_kind == 'dual'\"", 'required_when = "a.b"', "只能写"),
            ("maximum = 100000", "biggest = 100000", "不认识 biggest"),
            ("maximum = 100000", 'choice_from = "a.b"', "choice_from 只用于 choice、choices"),
            (
                _CAPACITY,
                'kind = "choice"\nlabel = "容量"\nchoice_from = "a.b"',
                "choice_from 是“a.b”，没有登记这个列表",
            ),
            (
                _CAPACITY,
                'kind = "choice"\nlabel = "容量"\nchoices = ["a"]\nchoice_from = "a.b"',
                "只写一个",
            ),
        ],
    )
    def test_a_bad_form_is_refused(self, old: str, new: str, said: str) -> None:
        found = problems(changed("forms.toml", old, new))
        assert found[0][0] == "forms.toml"
        assert said in found[0][2]

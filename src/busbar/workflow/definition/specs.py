"""Task specs and parser of SpiffWorkflow with our services, decisions and attributes.

What Spiff would run as Python is not built at all: services are registered functions, decision
tables go through `expressions`, scripts have no parser.
"""

from __future__ import annotations

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.bpmn.parser.event_parsers import ReceiveTaskParser
from SpiffWorkflow.bpmn.parser.task_parsers import GatewayParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.serializer.config import DEFAULT_CONFIG
from SpiffWorkflow.bpmn.serializer.default.task_spec import BpmnTaskSpecConverter
from SpiffWorkflow.bpmn.serializer.helpers.registry import DefaultRegistry
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.defaults import ReceiveTask, UserTask
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.dmn.parser.BpmnDmnParser import BpmnDmnParser
from SpiffWorkflow.dmn.serializer.task_spec import BaseBusinessRuleTaskConverter

from busbar.workflow.definition.elements import NAMESPACE
from busbar.workflow.expressions import UnableToEvaluate


class ServiceStep(BpmnSpecMixin):  # type: ignore[misc]  # SpiffWorkflow ships no types
    """A service task: the engine calls the registered function of the element."""

    def _run_hook(self, my_task: Any) -> bool:
        my_task.workflow.script_engine.serve(self.bpmn_id)
        return True


class DecisionStep(BpmnSpecMixin):  # type: ignore[misc]  # SpiffWorkflow ships no types
    """A business rule task: the first row that applies says what becomes fact."""

    def __init__(self, wf_spec: Any, name: str, dmnEngine: Any, **kwargs: Any) -> None:  # noqa: N803 - Spiff's converter hands it by this name
        super().__init__(wf_spec, name, **kwargs)
        self.dmnEngine = dmnEngine

    def _run_hook(self, my_task: Any) -> bool:
        if not self.dmnEngine.decide(my_task):
            raise UnableToEvaluate(
                "决策表“%(bpmn_name)s”没有一行适用", bpmn_name=self.bpmn_name or self.bpmn_id
            )
        my_task.workflow.script_engine.learn(self.dmnEngine.result(my_task))
        return True


def own_attributes(node: etree._Element) -> dict[str, str]:
    """The `busbar:` attributes of an element by their local names."""
    prefix = f"{{{NAMESPACE}}}"
    found = {
        str(k).removeprefix(prefix): str(v) for k, v in node.attrib.items() if k.startswith(prefix)
    }
    return dict(sorted(found.items()))


class _Attributed(TaskParser):  # type: ignore[misc]  # SpiffWorkflow ships no types
    """Keeps our attributes as the spec's extensions, so that a changed one shows in a diff."""

    def parse_extensions(self, node: Any = None) -> dict[str, str]:
        """Our attributes of the element."""
        return own_attributes(self.node if node is None else node)


class _ReceiveParser(_Attributed, ReceiveTaskParser):  # type: ignore[misc]  # as above
    """A receive task with our attributes."""


class _DecisionParser(_Attributed):
    """A business rule task; `busbar:decision` names the decision."""

    def create_task(self) -> DecisionStep:
        """The spec with its decision table."""
        engine = self.process_parser.parser.get_engine(self.get_decision_ref(self.node), self.node)
        return DecisionStep(self.spec, self.bpmn_id, dmnEngine=engine, **self.bpmn_attributes)

    @staticmethod
    def get_decision_ref(node: Any) -> str:
        """The id of the decision that the task calls."""
        reference = own_attributes(node).get("decision")
        if not reference:
            raise ValidationException("decision", node=node)
        return reference


class PackageParser(BpmnDmnParser):  # type: ignore[misc]  # SpiffWorkflow ships no types
    """Parses our packages; script tasks and the like have no parser here and so are refused."""

    OVERRIDE_PARSER_CLASSES = {
        full_tag("userTask"): (_Attributed, UserTask),
        full_tag("serviceTask"): (_Attributed, ServiceStep),
        full_tag("businessRuleTask"): (_DecisionParser, DecisionStep),
        full_tag("receiveTask"): (_ReceiveParser, ReceiveTask),
        full_tag("parallelGateway"): (
            GatewayParser,
            BpmnDmnParser.PARSER_CLASSES[full_tag("parallelGateway")][1],
        ),
        full_tag("scriptTask"): (None, None),
    }


def spec_registry() -> DefaultRegistry:
    """Converters of every spec class we use, for comparing two versions."""
    config = {
        **DEFAULT_CONFIG,
        ServiceStep: BpmnTaskSpecConverter,
        DecisionStep: BaseBusinessRuleTaskConverter,
    }
    return BpmnWorkflowSerializer.configure(config)

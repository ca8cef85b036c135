"""Looking at a BPMN file as a tree and a graph, before anything is compiled."""

from __future__ import annotations

from functools import cached_property

from lxml import etree

from busbar.workflow.definition.elements import MODEL, Wait
from busbar.workflow.definition.specs import own_attributes

BPMN, FORMS = "process.bpmn", "forms.toml"
_CATCHERS = ("receiveTask", "intermediateCatchEvent", "boundaryEvent")


class Tree:
    """One `process.bpmn`; elements are asked for by their local names."""

    model = MODEL

    def __init__(self, root: etree._Element) -> None:
        self.root = root

    @cached_property
    def process(self) -> etree._Element | None:
        """The one process, or None where there is none or more than one."""
        found = self.root.findall(f"{{{MODEL}}}process")
        return found[0] if len(found) == 1 else None

    def of(self, *names: str) -> list[etree._Element]:
        """Every element of these local names, in document order."""
        wanted = {f"{{{MODEL}}}{name}" for name in names}
        return [element for element in self.root.iter() if element.tag in wanted]

    @cached_property
    def nodes(self) -> dict[str, etree._Element]:
        """Everything that flows connect: children of the process with an id, flows left out."""
        skipped = {"sequenceFlow", "laneSet", "documentation", "extensionElements"}
        return {
            element.get("id"): element
            for element in (self.process if self.process is not None else [])
            if isinstance(element.tag, str) and element.get("id") and local(element) not in skipped
        }

    @cached_property
    def flows(self) -> dict[str, tuple[str, ...]]:
        """Where each node leads; a boundary event is reached from what it hangs on."""
        found: dict[str, list[str]] = {}
        for flow in self.of("sequenceFlow"):
            found.setdefault(flow.get("sourceRef", ""), []).append(flow.get("targetRef", ""))
        for event in self.of("boundaryEvent"):
            found.setdefault(event.get("attachedToRef", ""), []).append(event.get("id"))
        return {source: tuple(targets) for source, targets in found.items()}

    @cached_property
    def lanes(self) -> dict[str, etree._Element]:
        """The lane of each element."""
        return {
            (ref.text or "").strip(): lane
            for lane in self.of("lane")
            for ref in lane.findall(f"{{{MODEL}}}flowNodeRef")
        }

    @cached_property
    def messages(self) -> dict[str, str]:
        """Names of messages and signals by id."""
        return {e.get("id"): e.get("name", "") for e in self.of("message", "signal")}

    @cached_property
    def conditions(self) -> list[tuple[str, str]]:
        """Conditions of flows with the flow's id."""
        return [
            (flow.get("id", ""), (condition.text or "").strip())
            for flow in self.of("sequenceFlow")
            for condition in flow.findall(f"{{{MODEL}}}conditionExpression")
        ]

    def catchers(self) -> list[etree._Element]:
        """Elements that wait for a message or signal."""
        return self.of(*_CATCHERS)

    def message_of(self, element: etree._Element) -> str:
        """The name of the message or signal an element waits for, "" where it names none."""
        own = str(element.get("messageRef") or "")
        if own:
            return str(self.messages.get(own, ""))
        for event in element:
            reference = event.get("messageRef") or event.get("signalRef")
            if reference:
                return str(self.messages.get(reference, ""))
        return ""

    def wait(self, element: etree._Element) -> Wait:
        """What the element waits for, and what may end the wait by itself."""
        own = own_attributes(element)
        return Wait(
            element=element.get("id"),
            title=element.get("name") or self.message_of(element),
            message=self.message_of(element),
            until=own.get("until", ""),
            after_limit=own.get("after_limit", "") == "true",
            attached_to=element.get("attachedToRef", ""),
        )


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(etree.QName(element).localname)

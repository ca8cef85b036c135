"""Every node of a definition gets a place of its own in its lane, every flow a line."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from lxml import etree
from tools.layout_bpmn import DC, DD, DI, lay_out

SOURCE = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:busbar="urn:busbar:bpmn" id="d" targetNamespace="x">
  <!-- kept -->
  <bpmn:collaboration id="c">
    <bpmn:participant id="customer" name="客户"/>
    <bpmn:participant id="pool" name="业扩报装" processRef="p"/>
    <bpmn:messageFlow id="m" sourceRef="customer" targetRef="start"/>
  </bpmn:collaboration>
  <bpmn:process id="p" isExecutable="true">
    <bpmn:laneSet id="lanes">
      <bpmn:lane id="station" name="供电所"><bpmn:flowNodeRef>start</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>accept</bpmn:flowNodeRef><bpmn:flowNodeRef>ask</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>gone</bpmn:flowNodeRef></bpmn:lane>
      <bpmn:lane id="office" name="营销部"><bpmn:flowNodeRef>split</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>one</bpmn:flowNodeRef><bpmn:flowNodeRef>two</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>join</bpmn:flowNodeRef><bpmn:flowNodeRef>end</bpmn:flowNodeRef>
      </bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="start" name="申请"/>
    <bpmn:userTask id="accept" name="受理" busbar:stage="1"/>
    <bpmn:exclusiveGateway id="ask" name="齐全?"/>
    <bpmn:parallelGateway id="split"/>
    <bpmn:userTask id="one" name="甲"/><bpmn:userTask id="two" name="乙"/>
    <bpmn:parallelGateway id="join"/><bpmn:endEvent id="end"/><bpmn:endEvent id="gone"/>
    <bpmn:boundaryEvent id="edge" attachedToRef="accept"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="accept"/>
    <bpmn:sequenceFlow id="f2" sourceRef="accept" targetRef="ask"/>
    <bpmn:sequenceFlow id="f3" name="缺件" sourceRef="ask" targetRef="accept"/>
    <bpmn:sequenceFlow id="f4" sourceRef="ask" targetRef="split"/>
    <bpmn:sequenceFlow id="f5" sourceRef="split" targetRef="one"/>
    <bpmn:sequenceFlow id="f6" sourceRef="split" targetRef="two"/>
    <bpmn:sequenceFlow id="f7" sourceRef="one" targetRef="join"/>
    <bpmn:sequenceFlow id="f8" sourceRef="two" targetRef="join"/>
    <bpmn:sequenceFlow id="f9" sourceRef="join" targetRef="end"/>
    <bpmn:sequenceFlow id="f10" sourceRef="edge" targetRef="gone"/>
  </bpmn:process>
</bpmn:definitions>
""".encode()
NODES = ("start", "accept", "ask", "split", "one", "two", "join", "end", "gone")
Box = tuple[int, int, int, int]


def boxes_of(xml: bytes) -> dict[str, Box]:
    """Left, top, right, bottom by element."""
    found = {}
    for shape in etree.fromstring(xml).iter(f"{{{DI}}}BPMNShape"):
        bounds = shape.find(f"{{{DC}}}Bounds")
        x, y, width, height = (int(bounds.get(k)) for k in ("x", "y", "width", "height"))
        found[shape.get("bpmnElement")] = (x, y, x + width, y + height)
    return found


def lines_of(xml: bytes) -> dict[str, list[tuple[int, int]]]:
    """Waypoints by flow."""
    return {
        edge.get("bpmnElement"): [
            (int(p.get("x")), int(p.get("y"))) for p in edge.iter(f"{{{DD}}}waypoint")
        ]
        for edge in etree.fromstring(xml).iter(f"{{{DI}}}BPMNEdge")
    }


def touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


class TestLayOut:
    def test_no_two_nodes_touch_and_each_lies_in_its_lane(self) -> None:
        boxes = boxes_of(lay_out(SOURCE))
        assert not any(touch(boxes[a], boxes[b]) for a, b in combinations(NODES, 2))
        for lane, nodes in (("station", ("start", "accept", "gone")), ("office", ("one", "two"))):
            for node in nodes:
                assert boxes[lane][1] <= boxes[node][1] < boxes[node][3] <= boxes[lane][3]
        assert not touch(boxes["station"], boxes["office"])

    def test_every_flow_is_orthogonal_and_joins_its_ends(self) -> None:
        made = lay_out(SOURCE)
        boxes, lines = boxes_of(made), lines_of(made)
        assert set(lines) == {"m", *(f"f{n}" for n in range(1, 11))}
        for points in lines.values():
            assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))
        assert lines["f2"][0][0] == boxes["accept"][2]
        assert lines["f2"][-1][0] == boxes["ask"][0]

    def test_no_flow_runs_through_a_node(self) -> None:
        made = lay_out(SOURCE)
        boxes, lines = boxes_of(made), lines_of(made)
        for name, points in lines.items():
            for (x1, y1), (x2, y2) in pairwise(points):
                stretch = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
                crossed = [n for n in NODES if touch(_widen(stretch), _shrink(boxes[n]))]
                assert crossed == [], (name, crossed)

    def test_a_second_time_changes_nothing(self) -> None:
        once = lay_out(SOURCE)
        assert lay_out(once) == once

    def test_what_the_definition_says_stays(self) -> None:
        made = lay_out(SOURCE).decode()
        assert 'busbar:stage="1"' in made
        assert "<!-- kept -->" in made

    def test_a_flow_to_nowhere_is_named(self) -> None:
        with pytest.raises(ValueError, match="f9: there is no node finish"):
            lay_out(SOURCE.replace(b'targetRef="end"', b'targetRef="finish"'))


def _widen(box: Box) -> Box:
    return (box[0], box[1], box[2] + 1, box[3] + 1)


def _shrink(box: Box) -> Box:
    return (box[0] + 2, box[1] + 2, box[2] - 2, box[3] - 2)

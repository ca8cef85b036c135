"""Lay out BPMN files: give every lane, node and flow of a definition its place in the diagram.

    python tools/layout_bpmn.py FILE.bpmn [FILE.bpmn ...]

The diagram of each file is written anew and nothing else is touched. Lanes are rows, columns
follow the longest path from the start, flows are orthogonal: they run in gutters between the
columns and in tracks between the rows. A sub-process is drawn collapsed, its inside on a
diagram of its own. Laying a file out twice gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from lxml import etree

# Run as a file, or as a module.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.bpmn_routes import Grid, Place, Route, route_all

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
_ACTIVITIES = {
    *("task", "userTask", "serviceTask", "scriptTask", "manualTask", "receiveTask", "sendTask"),
    *("businessRuleTask", "callActivity", "subProcess", "transaction", "adHocSubProcess"),
}
_EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"}
_GATEWAYS = {
    *("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"),
    "complexGateway",
}
_TASK, _GATEWAY, _EVENT = (100, 80), (50, 50), (36, 36)
_POOL_HEAD, _MARGIN, _POOL_GAP = 30, 20, 40
_BLACK_BOX_HEIGHT = 60
_NOTE_HEIGHT, _NOTE_WIDTH = 50, 120


@dataclass
class Box:
    """A rectangle on the page."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Scope:
    """One process or inside of a sub-process, with what is to be placed."""

    element: Any
    nodes: dict[str, Any] = field(default_factory=dict)
    boundaries: dict[str, Any] = field(default_factory=dict)
    flows: list[Any] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    associations: list[Any] = field(default_factory=list)
    lanes: list[Any] = field(default_factory=list)


@dataclass
class Drawing:
    """Where things stand: boxes and lines by the id of what they show."""

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)


def lay_out(xml: bytes) -> bytes:
    """The same definitions with a diagram of their own.

    Raises ValueError for a flow from or to nowhere.
    """
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    for old in root.findall(f"{{{DI}}}BPMNDiagram"):
        root.remove(old)
    insides = list(_sub_processes(root))
    for number, (plane, drawing) in enumerate(_drawings(root, insides), start=1):
        root.append(_diagram(root, number, plane, drawing))
    etree.cleanup_namespaces(root, top_nsmap={"bpmndi": DI, "dc": DC, "di": DD})
    etree.indent(root)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return text + b"\n"


def _drawings(root: Any, insides: list[Any]) -> Iterator[tuple[str, Drawing]]:
    collaboration = root.find(f"{{{MODEL}}}collaboration")
    if collaboration is not None:
        yield collaboration.get("id"), _draw_collaboration(root, collaboration)
    else:
        for process in root.findall(f"{{{MODEL}}}process"):
            drawing = Drawing()
            _draw_scope(_scope_of(process), drawing, x=_MARGIN, y=_MARGIN)
            yield process.get("id"), drawing
    for inside in insides:
        drawing = Drawing()
        _draw_scope(_scope_of(inside), drawing, x=_MARGIN, y=_MARGIN)
        yield inside.get("id"), drawing


def _draw_collaboration(root: Any, collaboration: Any) -> Drawing:
    drawing, y, width = Drawing(), float(_MARGIN), 600.0
    processes = {p.get("id"): p for p in root.findall(f"{{{MODEL}}}process")}
    pools = collaboration.findall(f"{{{MODEL}}}participant")
    for pool in pools:
        process = processes.get(pool.get("processRef"))
        box = Box(_MARGIN, y, width, _BLACK_BOX_HEIGHT)
        if process is not None:
            box = _draw_scope(_scope_of(process), drawing, x=_MARGIN + _POOL_HEAD, y=y)
            box = Box(_MARGIN, y, box.width + _POOL_HEAD, box.height)
        drawing.boxes[pool.get("id")] = box
        y += box.height + _POOL_GAP
    _even_out(drawing, processes, pools)
    for flow in collaboration.findall(f"{{{MODEL}}}messageFlow"):
        source = drawing.boxes[flow.get("sourceRef")]
        target = drawing.boxes[flow.get("targetRef")]
        drawing.lines[flow.get("id")] = _message_line(source, target)
    return drawing


def _even_out(drawing: Drawing, processes: dict[str, Any], pools: list[Any]) -> None:
    """Pools one below another are equally wide, and so are their lanes."""
    right = max(drawing.boxes[p.get("id")].x + drawing.boxes[p.get("id")].width for p in pools)
    for pool in pools:
        boxes = [drawing.boxes[pool.get("id")]]
        process = processes.get(pool.get("processRef"))
        if process is not None:
            boxes += [drawing.boxes[lane.get("id")] for lane in _leaf_lanes(process)]
        for box in boxes:
            box.width = right - box.x


def _message_line(source: Box, target: Box) -> list[tuple[float, float]]:
    down = source.y < target.y
    start_y, end_y = (
        (source.y + source.height, target.y) if down else (source.y, target.y + target.height)
    )
    wide = source if source.width > target.width else target
    narrow = target if wide is source else source
    x = narrow.x + narrow.width / 2
    if wide.x <= x <= wide.x + wide.width:
        return [(x, start_y), (x, end_y)]
    middle = (start_y + end_y) / 2
    start_x, end_x = source.x + source.width / 2, target.x + target.width / 2
    return [(start_x, start_y), (start_x, middle), (end_x, middle), (end_x, end_y)]


# --- one process --------------------------------------------------------------------------


def _scope_of(element: Any) -> Scope:
    scope = Scope(element, lanes=_leaf_lanes(element))
    for child in element:
        kind, name = _tag(child), child.get("id")
        if kind in _ACTIVITIES | _EVENTS | _GATEWAYS:
            scope.nodes[name] = child
        elif kind == "boundaryEvent":
            scope.boundaries[name] = child
        elif kind == "sequenceFlow":
            scope.flows.append(child)
        elif kind == "textAnnotation":
            scope.notes[name] = child
        elif kind == "association":
            scope.associations.append(child)
    known = scope.nodes.keys() | scope.boundaries.keys()
    for flow in scope.flows:
        for end in (flow.get("sourceRef"), flow.get("targetRef")):
            if end not in known:
                raise ValueError(f"flow {flow.get('id')}: there is no node {end}")
    return scope


def _draw_scope(scope: Scope, drawing: Drawing, *, x: float, y: float) -> Box:
    """Place one process with its upper left corner at (x, y); returns its whole box."""
    places, firsts = _places(scope)
    routes = [
        Route(
            id=flow.get("id"),
            source=_host(scope, flow.get("sourceRef")),
            target=flow.get("targetRef"),
            from_below=flow.get("sourceRef") in scope.boundaries,
        )
        for flow in scope.flows
    ]
    rows = max(firsts[-1], max((place.row for place in places.values()), default=0)) + 1
    head = _NOTE_HEIGHT + _MARGIN if scope.notes else 0
    grid = Grid(x=x, y=y + head, columns=_columns(places), rows=rows)
    lines = route_all(grid, places, routes)
    for name, element in scope.nodes.items():
        width, height = _size(element)
        center_x, center_y = grid.center(places[name])
        drawing.boxes[name] = Box(center_x - width / 2, center_y - height / 2, width, height)
    _attach_boundaries(scope, drawing)
    _draw_flows(scope, drawing, lines)
    _draw_notes(scope, drawing, y)
    box = Box(x, y, grid.width, grid.height + head)
    _draw_lanes(scope, drawing, grid, firsts, box)
    return box


def _places(scope: Scope) -> tuple[dict[str, Place], list[int]]:
    """A column by the longest path, a row within the lane that no other node stands in.

    Also the first row of each lane.
    """
    columns = _longest_paths(scope)
    lane_of = _lanes_of(scope)
    before: dict[str, list[str]] = {name: [] for name in scope.nodes}
    for source, target in _edges(scope):
        before[target].append(source)
    inner: dict[str, int] = {}
    taken: set[tuple[int, int, int]] = set()
    for name in sorted(scope.nodes, key=lambda n: (columns[n], list(scope.nodes).index(n))):
        lane = lane_of[name]
        near = [inner[b] for b in before[name] if b in inner and lane_of[b] == lane]
        row = min(near, default=0)
        while (lane, columns[name], row) in taken:
            row += 1
        taken.add((lane, columns[name], row))
        inner[name] = row
    heights = [1] * max(1, len(scope.lanes))
    for name, row in inner.items():
        heights[lane_of[name]] = max(heights[lane_of[name]], row + 1)
    firsts = [sum(heights[:lane]) for lane in range(len(heights))]
    return {n: Place(columns[n], firsts[lane_of[n]] + inner[n]) for n in scope.nodes}, firsts


def _longest_paths(scope: Scope) -> dict[str, int]:
    """Column of each node; flows that lead back to where one came from do not count."""
    after: dict[str, list[str]] = {name: [] for name in scope.nodes}
    arrived: dict[str, int] = dict.fromkeys(scope.nodes, 0)
    for source, target in _edges(scope):
        after[source].append(target)
        arrived[target] += 1
    back: set[tuple[str, str]] = set()
    order: list[str] = []
    seen: dict[str, str] = {}
    starts = [n for n in scope.nodes if not arrived[n]] + list(scope.nodes)
    for start in starts:
        _walk(start, after, seen, order, back)
    columns = dict.fromkeys(scope.nodes, 0)
    for name in reversed(order):
        for target in after[name]:
            if (name, target) not in back:
                columns[target] = max(columns[target], columns[name] + 1)
    return columns


def _walk(
    start: str,
    after: dict[str, list[str]],
    seen: dict[str, str],
    order: list[str],
    back: set[tuple[str, str]],
) -> None:
    """Depth first: `order` gets each node after all it leads to, `back` the flows that return."""
    if start in seen:
        return
    seen[start] = "open"
    stack = [(start, iter(after[start]))]
    while stack:
        name, targets = stack[-1]
        target = next(targets, None)
        if target is None:
            seen[name] = "done"
            order.append(name)
            stack.pop()
        elif seen.get(target) == "open":
            back.add((name, target))
        elif target not in seen:
            seen[target] = "open"
            stack.append((target, iter(after[target])))


def _edges(scope: Scope) -> Iterator[tuple[str, str]]:
    for flow in scope.flows:
        yield _host(scope, flow.get("sourceRef")), flow.get("targetRef")


def _host(scope: Scope, name: str) -> str:
    boundary = scope.boundaries.get(name)
    return name if boundary is None else str(boundary.get("attachedToRef"))


def _lanes_of(scope: Scope) -> dict[str, int]:
    """Lane of each node by its number; a node in no lane stands in the first."""
    lanes = dict.fromkeys(scope.nodes, 0)
    for number, lane in enumerate(scope.lanes):
        for reference in lane.findall(f"{{{MODEL}}}flowNodeRef"):
            name = (reference.text or "").strip()
            if name in lanes:
                lanes[name] = number
    return lanes


def _leaf_lanes(element: Any) -> list[Any]:
    lanes = element.findall(f"{{{MODEL}}}laneSet/{{{MODEL}}}lane")
    leaves: list[Any] = []
    while lanes:
        lane = lanes.pop(0)
        inner = lane.findall(f"{{{MODEL}}}childLaneSet/{{{MODEL}}}lane")
        if inner:
            lanes = inner + lanes
        else:
            leaves.append(lane)
    return leaves


def _columns(places: dict[str, Place]) -> int:
    return 1 + max((place.column for place in places.values()), default=0)


# --- boxes, lines and labels --------------------------------------------------------------


def _attach_boundaries(scope: Scope, drawing: Drawing) -> None:
    by_host: dict[str, list[str]] = {}
    for name, element in scope.boundaries.items():
        by_host.setdefault(element.get("attachedToRef"), []).append(name)
    width, height = _EVENT
    for host, names in by_host.items():
        box = drawing.boxes[host]
        step = box.width / (len(names) + 1)
        for number, name in enumerate(names, start=1):
            x = box.x + step * number
            drawing.boxes[name] = Box(x - width / 2, box.y + box.height - height / 2, width, height)


def _draw_flows(
    scope: Scope, drawing: Drawing, lines: dict[str, list[tuple[float, float]]]
) -> None:
    for flow in scope.flows:
        name, points = flow.get("id"), lines[flow.get("id")]
        source, target = drawing.boxes[flow.get("sourceRef")], drawing.boxes[flow.get("targetRef")]
        drawing.lines[name] = _dock(points, source, target)
        if flow.get("name"):
            drawing.labels[name] = _label_of(drawing.lines[name], flow.get("name"))


def _dock(points: list[tuple[float, float]], source: Box, target: Box) -> list[tuple[float, float]]:
    """Begin and end the line, which runs from center to center, at the edges of the shapes."""
    middle_x = source.x + source.width / 2
    if points[1][1] == points[0][1]:
        start = (source.x + source.width, points[0][1])
        rest = points[1:-1]
    else:  # leaves upwards or downwards, from a boundary event under its own place
        down = points[1][1] > points[0][1]
        start = (middle_x, source.y + source.height if down else source.y)
        rest = [(middle_x, points[1][1]), *points[2:-1]]
    return _straighten([start, *rest, (target.x, target.y + target.height / 2)])


def _straighten(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without points that lie on the way."""
    kept = [points[0]]
    for here, there in pairwise(points[1:]):
        last = kept[-1]
        if here == last or last[0] == here[0] == there[0] or last[1] == here[1] == there[1]:
            continue
        kept.append(here)
    return [*kept, points[-1]]


def _label_of(points: list[tuple[float, float]], name: str) -> Box:
    """Above the first stretch that belongs to this flow alone: after the first bend."""
    width = min(90.0, 13.0 * len(name) + 4)
    if len(points) > 3 and points[0][1] == points[1][1]:  # noqa: PLR2004 - with two bends
        x, y = points[2]
        return Box(min(x, points[3][0]) + 4, y - 18, width, 14)
    (x, y), (end, _) = points[0], points[1]
    return Box(x + max(2.0, min(6.0, end - x - width)), y - 18, width, 14)


def _draw_notes(scope: Scope, drawing: Drawing, y: float) -> None:
    """Annotations above the column of what they speak of."""
    right = 0.0
    for name in scope.notes:
        about = next(
            (
                drawing.boxes[end]
                for line in scope.associations
                if name in (ends := (line.get("sourceRef"), line.get("targetRef")))
                for end in ends
                if end in drawing.boxes
            ),
            None,
        )
        x = max(about.x if about else _MARGIN, right)
        drawing.boxes[name] = Box(x, y + _MARGIN / 2, _NOTE_WIDTH, _NOTE_HEIGHT)
        right = x + _NOTE_WIDTH + _MARGIN
    for line in scope.associations:
        ends = [drawing.boxes.get(line.get(end)) for end in ("sourceRef", "targetRef")]
        if all(ends):
            drawing.lines[line.get("id")] = [
                (box.x + box.width / 2, box.y + (box.height if box.y < y + _NOTE_HEIGHT else 0))
                for box in ends
                if box
            ]


def _draw_lanes(scope: Scope, drawing: Drawing, grid: Grid, firsts: list[int], box: Box) -> None:
    for number, lane in enumerate(scope.lanes):
        top = box.y if number == 0 else grid.top_of_row(firsts[number])
        last = number == len(scope.lanes) - 1
        bottom = box.y + box.height if last else grid.top_of_row(firsts[number + 1])
        drawing.boxes[lane.get("id")] = Box(box.x, top, box.width, bottom - top)


# --- the diagram as XML -------------------------------------------------------------------


def _diagram(root: Any, number: int, plane: str, drawing: Drawing) -> Any:
    diagram = etree.Element(f"{{{DI}}}BPMNDiagram", nsmap={"bpmndi": DI, "dc": DC, "di": DD})
    diagram.set("id", f"diagram_{number}")
    page = etree.SubElement(diagram, f"{{{DI}}}BPMNPlane", id=f"plane_{number}", bpmnElement=plane)
    elements = {e.get("id"): e for e in root.iter() if isinstance(e.tag, str) and e.get("id")}
    ordered = sorted(drawing.boxes.items(), key=lambda item: _depth(elements[item[0]]))
    for name, box in ordered:
        shape = etree.SubElement(page, f"{{{DI}}}BPMNShape", id=f"{name}_di", bpmnElement=name)
        kind = _tag(elements[name])
        if kind in {"participant", "lane"}:
            shape.set("isHorizontal", "true")
        if kind in {"subProcess", "transaction", "adHocSubProcess"}:
            shape.set("isExpanded", "false")
        if kind == "exclusiveGateway":
            shape.set("isMarkerVisible", "true")
        _bounds(shape, box)
        if (kind in _EVENTS | _GATEWAYS or kind == "boundaryEvent") and elements[name].get("name"):
            label = etree.SubElement(shape, f"{{{DI}}}BPMNLabel")
            _bounds(label, _label_below(box, elements[name].get("name")))
    for name, points in drawing.lines.items():
        edge = etree.SubElement(page, f"{{{DI}}}BPMNEdge", id=f"{name}_di", bpmnElement=name)
        for x, y in points:
            etree.SubElement(edge, f"{{{DD}}}waypoint", x=_number(x), y=_number(y))
        if name in drawing.labels:
            _bounds(etree.SubElement(edge, f"{{{DI}}}BPMNLabel"), drawing.labels[name])
    return diagram


def _label_below(box: Box, name: str) -> Box:
    width = min(110.0, 13.0 * len(name) + 4)
    return Box(box.x + box.width / 2 - width / 2, box.y + box.height + 3, width, 14)


def _depth(element: Any) -> int:
    """Pools before lanes before nodes before the events on their borders."""
    return {"participant": 0, "lane": 1, "boundaryEvent": 3}.get(_tag(element), 2)


def _bounds(parent: Any, box: Box) -> None:
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    etree.SubElement(parent, f"{{{DC}}}Bounds", {k: _number(v) for k, v in sides.items()})


def _number(value: float) -> str:
    return str(round(value))


def _size(element: Any) -> tuple[int, int]:
    kind = _tag(element)
    return _TASK if kind in _ACTIVITIES else _GATEWAY if kind in _GATEWAYS else _EVENT


def _tag(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _sub_processes(root: Any) -> Iterable[Any]:
    wanted = {"subProcess", "transaction", "adHocSubProcess"}
    return (e for e in root.iter() if _tag(e) in wanted)


def main(names: list[str]) -> int:
    """Lay out each file in place."""
    if not names:
        print(__doc__)
        return 2
    for path in map(Path, names):
        path.write_bytes(lay_out(path.read_bytes()))
        print(f"{path}: laid out")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

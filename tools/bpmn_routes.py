"""Where orthogonal lines run through a grid of nodes, so that none lies upon another.

Nodes stand in cells (column, row). Between the columns lie gutters, between the rows tracks;
every stretch of a line in one of them gets a slot of its own unless it may share: with lines
that touch it nowhere, or that come from the same node or go to the same node.
"""

from __future__ import annotations

from dataclasses import dataclass, field

COLUMN, ROW = 110, 100
_GUTTER, _TRACK = 34, 12
_SLOT_X, _SLOT_Y = 12, 12
_END = 16


@dataclass(frozen=True)
class Place:
    """The cell of a node."""

    column: int
    row: int


@dataclass(frozen=True)
class Route:
    """A line that is wanted from node to node; `from_below` where an event sits on the edge."""

    id: str
    source: str
    target: str
    from_below: bool = False


@dataclass(frozen=True)
class Stretch:
    """A part of a line in a gutter or track: its slot, and how far it reaches along it."""

    channel: int
    slot: int


@dataclass
class Channel:
    """The slots of one gutter or track, each with the stretches in it."""

    slots: list[list[tuple[int, int, Route]]] = field(default_factory=list)

    def take(self, low: int, high: int, route: Route) -> int:
        """The first slot in which the stretch disturbs no other."""
        low, high = min(low, high), max(low, high)
        for number, taken in enumerate(self.slots):
            if all(_may_share((low, high, route), other) for other in taken):
                taken.append((low, high, route))
                return number
        self.slots.append([(low, high, route)])
        return len(self.slots) - 1


def _may_share(one: tuple[int, int, Route], other: tuple[int, int, Route]) -> bool:
    apart = one[1] < other[0] or other[1] < one[0]
    same = one[2].source == other[2].source and not one[2].from_below and not other[2].from_below
    return apart or same or one[2].target == other[2].target


@dataclass
class Grid:
    """The cells, with the gutter left of each column (and right of the last) and the track
    above each row (and below the last).
    """

    x: float
    y: float
    columns: int
    rows: int
    gutters: list[Channel] = field(init=False)
    tracks: list[Channel] = field(init=False)

    def __post_init__(self) -> None:
        """Empty gutters and tracks."""
        self.gutters = [Channel() for _ in range(self.columns + 1)]
        self.tracks = [Channel() for _ in range(self.rows + 1)]

    def _gutter_width(self, number: int) -> float:
        return _GUTTER + _SLOT_X * max(0, len(self.gutters[number].slots) - 1)

    def _track_height(self, number: int) -> float:
        return _TRACK + _SLOT_Y * len(self.tracks[number].slots)

    def gutter_left(self, number: int) -> float:
        """Left edge of a gutter."""
        widths = sum(self._gutter_width(before) for before in range(number))
        return self.x + _END + widths + COLUMN * number

    def top_of_row(self, number: int) -> float:
        """Upper edge of a row's track: where its lane begins if it is the first of one."""
        heights = sum(self._track_height(before) for before in range(number))
        return self.y + heights + ROW * number

    def gutter_x(self, at: Stretch) -> float:
        """Where a line in the gutter's slot runs."""
        return self.gutter_left(at.channel) + _GUTTER / 2 + _SLOT_X * at.slot

    def track_y(self, at: Stretch) -> float:
        """Where a line in the track's slot runs."""
        return self.top_of_row(at.channel) + _TRACK / 2 + _SLOT_Y * (at.slot + 0.5)

    def center(self, place: Place) -> tuple[float, float]:
        """Middle of a cell."""
        x = self.gutter_left(place.column) + self._gutter_width(place.column) + COLUMN / 2
        y = self.top_of_row(place.row) + self._track_height(place.row) + ROW / 2
        return x, y

    @property
    def width(self) -> float:
        """Of the whole."""
        last = self.columns
        return self.gutter_left(last) + self._gutter_width(last) + _END - self.x

    @property
    def height(self) -> float:
        """Of the whole."""
        return self.top_of_row(self.rows) + self._track_height(self.rows) - self.y


@dataclass
class _Plan:
    """A route before the slots have their places: the row or track it takes between gutters."""

    first: Stretch | None = None
    track: Stretch | None = None
    last: Stretch | None = None
    by_edge: bool = False


def route_all(
    grid: Grid, places: dict[str, Place], routes: list[Route]
) -> dict[str, list[tuple[float, float]]]:
    """Each line's points, from the middle of its source to the middle of its target."""
    passed: dict[tuple[int, int], list[Route]] = {}
    cells = {(place.row, place.column) for place in places.values()}
    plans = {}
    for route in sorted(routes, key=lambda r: _span(r, places)):
        plans[route.id] = _plan(grid, places, route, cells, passed)
    return {
        route.id: _points(grid, places[route.source], places[route.target], plans[route.id])
        for route in routes
    }


def _span(route: Route, places: dict[str, Place]) -> tuple[int, int]:
    start, end = places[route.source], places[route.target]
    return abs(end.column - start.column), abs(end.row - start.row)


def _plan(
    grid: Grid,
    places: dict[str, Place],
    route: Route,
    cells: set[tuple[int, int]],
    passed: dict[tuple[int, int], list[Route]],
) -> _Plan:
    start, end = places[route.source], places[route.target]
    between = range(start.column + 1, end.column)
    if end.column > start.column and not route.from_below:
        if start.row == end.row and _claim(start.row, between, route, cells, passed):
            return _Plan()
        if start.row != end.row and _claim(end.row, between, route, cells, passed):
            return _Plan(first=_vertical(grid, start.column + 1, start, end, route))
        if start.row != end.row and _claim(start.row, between, route, cells, passed):
            return _Plan(last=_vertical(grid, end.column, start, end, route))
    return _by_track(grid, start, end, route)


def _by_track(grid: Grid, start: Place, end: Place, route: Route) -> _Plan:
    """Round about: along a track, above for lines that go back, below for events on an edge."""
    forward = end.column > start.column and not route.from_below
    if forward:
        number = max(start.row, end.row) if start.row != end.row else start.row + 1
    else:
        number = start.row + 1 if route.from_below else start.row
    column = 2 * (start.column + 1) if forward else 2 * start.column + 1
    slot = grid.tracks[number].take(column, 2 * end.column, route)
    track = Stretch(number, slot)
    first = None
    if forward:
        low, high = 2 * start.row + 1, 2 * number
        slot = grid.gutters[start.column + 1].take(low, high, route)
        first = Stretch(start.column + 1, slot)
    slot = grid.gutters[end.column].take(2 * number, 2 * end.row + 1, route)
    return _Plan(first, track, Stretch(end.column, slot), by_edge=not forward)


def _vertical(grid: Grid, gutter: int, start: Place, end: Place, route: Route) -> Stretch:
    slot = grid.gutters[gutter].take(2 * start.row + 1, 2 * end.row + 1, route)
    return Stretch(gutter, slot)


def _claim(
    row: int,
    columns: range,
    route: Route,
    cells: set[tuple[int, int]],
    passed: dict[tuple[int, int], list[Route]],
) -> bool:
    """Take the empty cells of a row for a line, if no stranger runs there."""
    wanted = [(row, column) for column in columns]
    if any(cell in cells for cell in wanted):
        return False
    for cell in wanted:
        for other in passed.get(cell, []):
            if other.source != route.source and other.target != route.target:
                return False
    for cell in wanted:
        passed.setdefault(cell, []).append(route)
    return True


def _points(grid: Grid, start: Place, end: Place, plan: _Plan) -> list[tuple[float, float]]:
    (start_x, start_y), (end_x, end_y) = grid.center(start), grid.center(end)
    points = [(start_x, start_y)]
    level = start_y
    if plan.first:
        x = grid.gutter_x(plan.first)
        points.append((x, level))
        level = grid.track_y(plan.track) if plan.track else end_y
        points.append((x, level))
    elif plan.track:
        level = grid.track_y(plan.track)
        points.append((start_x, level))
    if plan.last:
        x = grid.gutter_x(plan.last)
        points += [(x, level), (x, end_y)]
    return [*points, (end_x, end_y)]

"""Power flow by pandapower: many circuits in one run, which do not touch each other.

A run costs some 30 ms whatever its size, so the circuits of a study are solved together. They
share only the infeeds of equal voltage, which hold 1.0 p.u. whatever hangs on them. Where one
circuit has no operating point the run fails for all. So circuits that a rough formula doubts are
solved alone, and where a run fails all the same its halves are tried: only the guilty circuit is
told so. That is a finding, not an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import Any

from busbar.connections.study.circuits import Circuit, Flow, Transformation
from busbar.connections.study.screening import is_doubtful

_PLACES = 3
_MEGA = 1000.0
_FREQUENCY_HZ = 50.0


def solve(circuits: Sequence[Circuit]) -> tuple[Flow, ...]:
    """One flow a circuit, in their order: the sound ones together, each doubtful one alone.

    Taps are set after a first run towards their targets, then it is run again.
    """
    doubtful = [i for i, circuit in enumerate(circuits) if is_doubtful(circuit)]
    sound = [i for i in range(len(circuits)) if i not in set(doubtful)]
    flows: dict[int, Flow] = {}
    for group in (sound, *([i] for i in doubtful)):
        solved = _solve([circuits[i] for i in group])
        flows.update(zip(group, solved, strict=True))
    return tuple(flows[i] for i in range(len(circuits)))


def _solve(circuits: Sequence[Circuit]) -> tuple[Flow, ...]:
    if not circuits:
        return ()
    found = _Net(circuits).run()
    if found is not None:
        return found
    if len(circuits) == 1:
        return (Flow(converged=False),)
    half = len(circuits) // 2
    return (*_solve(circuits[:half]), *_solve(circuits[half:]))


class _Net:
    """A pandapower net of several circuits, with the rows of each."""

    def __init__(self, circuits: Sequence[Circuit]) -> None:
        # Imported here: it takes seconds, and only a study needs it.
        import pandapower

        self.pandapower: Any = pandapower
        self.net: Any = deepcopy(_empty_net())
        self.circuits = circuits
        self.units = [unit for circuit in circuits for unit in circuit.transformations]
        self.voltages: list[float] = []
        self.infeeds: dict[Decimal, int] = {}
        self.rows = [self._place(circuit) for circuit in circuits]
        self._build()

    def run(self) -> tuple[Flow, ...] | None:
        """The flows with taps set, None where a run does not converge."""
        # What collapses on the first run may hold with its taps raised.
        wanted = self._wanted_steps() if self._converges() else _raised
        steps = [wanted(place, unit) for place, unit in enumerate(self.units)]
        if any(steps) or wanted is _raised:
            tapped = zip(self.units, steps, strict=True)
            self.net.trafo["vn_hv_kv"] = [_high_kv(unit, step) for unit, step in tapped]
            if not self._converges():
                return None
        return self._read(steps)

    def _converges(self) -> bool:
        try:
            self.pandapower.runpp(
                self.net, numba=False, calculate_voltage_angles=False, init="flat"
            )
        except self.pandapower.LoadflowNotConverged:
            return False
        return True

    def _place(self, circuit: Circuit) -> dict[str, int]:
        """A row for each bus; infeeds of one voltage share theirs."""
        rows = {}
        for name, kv in circuit.buses.items():
            if name in circuit.infeeds and kv in self.infeeds:
                rows[name] = self.infeeds[kv]
                continue
            rows[name] = len(self.voltages)
            self.voltages.append(float(kv))
            if name in circuit.infeeds:
                self.infeeds[kv] = rows[name]
        return rows

    def _build(self) -> None:
        create, net = self.pandapower, self.net
        create.create_buses(net, len(self.voltages), self.voltages)
        for row in self.infeeds.values():
            create.create_ext_grid(net, row)
        self._build_lines()
        self._build_transformers()
        loads = [(rows[load.bus], load) for rows, c in self._each() for load in c.loads]
        if loads:
            create.create_loads(
                net,
                [row for row, _ in loads],
                p_mw=[float(load.kw) / _MEGA for _, load in loads],
                q_mvar=[float(load.kvar) / _MEGA for _, load in loads],
            )

    def _each(self) -> list[tuple[dict[str, int], Circuit]]:
        return list(zip(self.rows, self.circuits, strict=True))

    def _build_lines(self) -> None:
        lines = [(rows, line) for rows, c in self._each() for line in c.branches]
        if not lines:
            return
        self.pandapower.create_lines_from_parameters(
            self.net,
            [rows[line.start] for rows, line in lines],
            [rows[line.end] for rows, line in lines],
            length_km=[float(line.km) for _, line in lines],
            r_ohm_per_km=[float(line.conductor.r_ohm_per_km) for _, line in lines],
            x_ohm_per_km=[float(line.conductor.x_ohm_per_km) for _, line in lines],
            c_nf_per_km=[float(line.conductor.c_nf_per_km) for _, line in lines],
            max_i_ka=[float(line.conductor.ampacity_a) / _MEGA for _, line in lines],
        )

    def _build_transformers(self) -> None:
        units = [(rows, unit) for rows, c in self._each() for unit in c.transformations]
        if not units:
            return
        self.pandapower.create_transformers_from_parameters(
            self.net,
            [rows[unit.high] for rows, unit in units],
            [rows[unit.low] for rows, unit in units],
            sn_mva=[float(unit.unit_kva) / _MEGA for _, unit in units],
            vn_hv_kv=[_high_kv(unit, 0) for _, unit in units],
            vn_lv_kv=[float(unit.low_kv) for _, unit in units],
            vkr_percent=[float(unit.copper_percent) for _, unit in units],
            vk_percent=[float(unit.uk_percent) for _, unit in units],
            pfe_kw=[0.0] * len(units),
            i0_percent=[0.0] * len(units),
            parallel=[unit.count for _, unit in units],
        )

    def _wanted_steps(self) -> Callable[[int, Transformation], int]:
        """Steps that bring each regulated bus to its target; more turns lower the low side."""
        voltages = self.net.res_bus.vm_pu.to_list()
        lows = [rows[unit.low] for rows, c in self._each() for unit in c.transformations]

        def steps(place: int, unit: Transformation) -> int:
            if not unit.tap_steps:
                return 0
            excess = voltages[lows[place]] * 100 / float(unit.target_percent) - 1
            wanted: int = round(excess / float(unit.tap_percent) * 100)
            return max(-unit.tap_steps, min(unit.tap_steps, wanted))

        return steps

    def _read(self, steps: Sequence[int]) -> tuple[Flow, ...]:
        results = _Results(self.net)
        flows = []
        branch = place = 0
        for rows, circuit in self._each():
            lines = slice(branch, branch + len(circuit.branches))
            units = slice(place, place + len(circuit.transformations))
            flows.append(results.flow(circuit, rows, lines, units, steps[units]))
            branch, place = lines.stop, units.stop
        return tuple(flows)


class _Results:
    """The solver's answers as lists, row by row."""

    def __init__(self, net: Any) -> None:
        self.voltages = net.res_bus.vm_pu.to_list()
        self.lines = net.res_line.loading_percent.to_list()
        self.line_losses = net.res_line.pl_mw.to_list()
        self.units = net.res_trafo.loading_percent.to_list()
        self.unit_losses = net.res_trafo.pl_mw.to_list()

    def flow(
        self,
        circuit: Circuit,
        rows: Mapping[str, int],
        lines: slice,
        units: slice,
        steps: Sequence[int],
    ) -> Flow:
        """The part of one circuit."""
        branches = zip(circuit.branches, self.lines[lines], strict=True)
        loaded = zip(circuit.transformations, self.units[units], strict=True)
        losses = sum(self.line_losses[lines]) + sum(self.unit_losses[units])
        return Flow(
            converged=True,
            voltage_percent={n: _decimal(self.voltages[row] * 100) for n, row in rows.items()},
            line_percent={branch.name: _decimal(percent) for branch, percent in branches},
            transformer_percent={unit.name: _decimal(percent) for unit, percent in loaded},
            losses_kw=_decimal(losses * _MEGA),
            tap_positions={
                unit.name: step
                for unit, step in zip(circuit.transformations, steps, strict=True)
                if unit.tap_steps
            },
        )


@cache
def _empty_net() -> Any:
    """A net without elements: making one takes half a second, copying it a tenth of that."""
    import pandapower

    return pandapower.create_empty_network(f_hz=_FREQUENCY_HZ)


def _raised(place: int, unit: Transformation) -> int:
    """All steps towards a higher low side. `place` is not asked for."""
    del place
    return -unit.tap_steps


def _high_kv(unit: Transformation, step: int) -> float:
    """Voltage of the high winding with the tap: it changes the turns ratio."""
    return float(unit.high_kv * (1 + step * unit.tap_percent / 100))


def _decimal(value: float) -> Decimal:
    """A float of the solver, to thousandths: more would show the solver, not the network."""
    return Decimal(f"{value:.{_PLACES}f}")

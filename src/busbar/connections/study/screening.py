"""A rough look at a radial circuit by hand formula: would it collapse?

ΔU ≈ (P·R + Q·X) / U², summed from the infeed: no losses, no change of Q with the voltage. Where
the estimate falls far, a power flow may have no solution, and such a circuit is solved alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from busbar.connections.study.circuits import Circuit

DOUBTFUL_PERCENT = 65.0
_BASE_KVA = 100_000.0
_PERCENT = 100.0


def is_doubtful(circuit: Circuit) -> bool:
    """Whether some bus would fall below 65 % of its voltage by the rough formula."""
    return any(percent < DOUBTFUL_PERCENT for percent in estimate(circuit).values())


def estimate(circuit: Circuit) -> dict[str, float]:
    """Percent of nominal voltage by bus, tap and no-load ratio left aside.

    Parallel elements between the same two buses count as the first of them.
    """
    order = list(_outwards(circuit))
    down: dict[str, complex] = defaultdict(complex)
    for load in circuit.loads:
        down[load.bus] += complex(float(load.kw), float(load.kvar)) / _BASE_KVA
    for parent, bus, _ in reversed(order):
        down[parent] += down[bus]
    percent = dict.fromkeys(circuit.infeeds, _PERCENT)
    for parent, bus, impedance in order:
        power = down[bus]
        drop = power.real * impedance.real + power.imag * impedance.imag
        percent[bus] = percent[parent] - _PERCENT * drop
    return percent


def _outwards(circuit: Circuit) -> Iterator[tuple[str, str, complex]]:
    """Every bus after the one that feeds it, with the impedance between them in p.u."""
    edges = defaultdict(list)
    for one, other, impedance in _impedances(circuit):
        edges[one].append((other, impedance))
        edges[other].append((one, impedance))
    seen = set(circuit.infeeds)
    waiting = list(circuit.infeeds)
    while waiting:
        parent = waiting.pop(0)
        for bus, impedance in edges[parent]:
            if bus not in seen:
                seen.add(bus)
                waiting.append(bus)
                yield parent, bus, impedance


def _impedances(circuit: Circuit) -> Iterator[tuple[str, str, complex]]:
    for branch in circuit.branches:
        conductor = branch.conductor
        ohm = complex(float(conductor.r_ohm_per_km), float(conductor.x_ohm_per_km))
        kv = float(circuit.buses[branch.start])
        yield branch.start, branch.end, ohm * float(branch.km) * _BASE_KVA / (kv * kv * 1000)
    for unit in circuit.transformations:
        total = float(unit.uk_percent) / _PERCENT
        copper = float(unit.copper_percent) / _PERCENT
        scale = _BASE_KVA / (float(unit.unit_kva) * unit.count)
        yield unit.high, unit.low, complex(copper, (total**2 - copper**2) ** 0.5) * scale

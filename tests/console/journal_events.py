"""Every event that the rooms may record, read from their source.

A literal event is taken as it stands. Of a composed one (`f"connections.change.{verb}"`) the
verb is followed back through the calls that hand it on; what cannot be followed, because it is
the value of a state, is listed in STATES below. A composed event that is neither is an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from busbar.imports.models import ImportState
from busbar.notifications.models import DeliveryState, ReceiptKind

SOURCE = Path(__file__).resolve().parents[2] / "src" / "busbar"
_EVENT = re.compile(r"[a-z_]+\.[a-z_]+\.[a-z_]+")
_PATTERN = re.compile(r"([a-z_]+|\{[\w.]+\})(\.([a-z_]+|\{[\w.]+\}))+")
_RECORDER = re.compile(r"record|happening", re.IGNORECASE)
_ROOMS = {path.name for path in SOURCE.iterdir() if path.is_dir()}

STATES: dict[str, set[str]] = {
    "imports.run.{run.state}": {ImportState.FINISHED.value, ImportState.REFUSED.value},
    "notifications.delivery.{state.value}": {
        DeliveryState.SENT.value,
        DeliveryState.GIVEN_UP.value,
    },
    "notifications.receipt.{kind}": {kind.value for kind in ReceiptKind},
}
"""The verbs of composed events that are values of a state."""

REGISTERS = "{told.noun}.{verb}"
"""Entries of the registers: nouns and verbs come from `Told`, see `register_events`."""


class UnknownCompositionError(Exception):
    """A composed event whose verbs cannot be read from the source; list them in STATES."""


@dataclass
class Module:
    """A parsed file with its functions, and which function each node stands in."""

    path: Path
    tree: ast.Module
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    within: dict[ast.AST, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)


def find_events() -> set[str]:
    """Every event of every room."""
    modules = [read_module(path) for path in _files()]
    found = register_events(modules)
    for module in modules:
        found |= {text for text in _literals(module.tree) if _is_event(text)}
        for composed in _composed(module):
            found |= events_of(composed, module, modules)
    return found


def read_module(path: Path) -> Module:
    """The file with what its names stand for."""
    module = Module(path, ast.parse(path.read_text(encoding="utf-8")))
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            module.constants[node.targets[0].id] = node.value
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef):
            module.functions[function.name] = function
            module.within |= dict.fromkeys(ast.walk(function), function)
    return module


def events_of(composed: ast.JoinedStr, module: Module, modules: list[Module]) -> set[str]:
    """What a composed event may read."""
    pattern = ast.unparse(composed)[2:-1]
    if pattern == REGISTERS:
        return set()
    if pattern in STATES:
        return {re.sub(r"\{.*\}", verb, pattern) for verb in STATES[pattern]}
    texts = {""}
    for part in composed.values:
        choices = {part.value} if isinstance(part, ast.Constant) else set()
        if isinstance(part, ast.FormattedValue):
            choices = set(values_of(part.value, module, modules))
        if not choices:
            raise UnknownCompositionError(f"{module.path.relative_to(SOURCE)}: {pattern}")
        texts = {f"{text}{choice}" for text in texts for choice in choices}
    return texts


def values_of(value: ast.expr, module: Module, modules: list[Module]) -> Iterator[str]:
    """The strings an expression may be, followed back through parameters to their callers."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from values_of(value.body, module, modules)
        yield from values_of(value.orelse, module, modules)
    elif isinstance(value, ast.Attribute):
        yield value.attr.lower()
    elif isinstance(value, ast.Name) and (function := module.within.get(value)):
        yield from _local(value.id, function, module, modules)
    if isinstance(value, ast.Name) and value.id in module.constants:
        yield from values_of(module.constants[value.id], module, modules)


def register_events(modules: list[Module]) -> set[str]:
    """The events of the registers: `Told(noun, created_verb, amended_verb=…)`."""
    found = set()
    for module in modules:
        for call in _calls(module, "Told"):
            words = [a.value for a in call.args if _is_word(a)]
            if not words or "." not in words[0]:
                continue  # a class of the same name elsewhere
            named = {k.arg: ast.literal_eval(k.value) for k in call.keywords if _is_word(k.value)}
            created = words[1] if len(words) > 1 else named.get("created_verb", "registered")
            found |= {f"{words[0]}.{created}", f"{words[0]}.{named.get('amended_verb', 'amended')}"}
    return found


def _local(
    name: str, function: ast.FunctionDef, module: Module, modules: list[Module]
) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            yield from values_of(node.value, module, modules)
    names = [a.arg for a in function.args.args if a.arg != "self"]
    if name not in [*names, *(a.arg for a in function.args.kwonlyargs)]:
        return
    for caller in _callers(function, module, modules):
        for call in _calls(caller, function.name):
            handed = [k.value for k in call.keywords if k.arg == name]
            if name in names and len(call.args) > names.index(name):
                handed.append(call.args[names.index(name)])
            for argument in handed:
                yield from values_of(argument, caller, modules)


def _callers(function: ast.FunctionDef, module: Module, modules: list[Module]) -> list[Module]:
    """A private function is called in its file, a public one in its room."""
    if function.name.startswith("_"):
        return [module]
    room = module.path.relative_to(SOURCE).parts[0]
    return [m for m in modules if m.path.relative_to(SOURCE).parts[0] == room]


def _calls(module: Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _called(node) == name:
            yield node


def _composed(module: Module) -> Iterator[ast.JoinedStr]:
    """Composed strings handed over as an event: by name, or to a recorder."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        handed = [k.value for k in node.keywords if k.arg == "event"]
        handed += node.args if _RECORDER.search(_called(node)) else []
        yield from (value for value in handed if _is_composed(value))


def _files() -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts and path.name != "event_names.py":
            yield path


def _literals(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _is_event(text: str) -> bool:
    return bool(_EVENT.fullmatch(text)) and text.partition(".")[0] in _ROOMS


def _is_word(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_composed(value: ast.expr) -> TypeGuard[ast.JoinedStr]:
    return isinstance(value, ast.JoinedStr) and bool(_PATTERN.fullmatch(ast.unparse(value)[2:-1]))


def _called(call: ast.Call) -> str:
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""

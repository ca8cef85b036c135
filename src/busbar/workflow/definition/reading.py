"""A package's files into a compiled Definition, or every reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from busbar.kit.errors import Phrase
from busbar.workflow.definition import checks
from busbar.workflow.definition.elements import Definition, Step
from busbar.workflow.definition.problems import Problem, UnableToAcceptDefinition
from busbar.workflow.definition.specs import PackageParser, own_attributes
from busbar.workflow.definition.tree import BPMN, FORMS, Tree
from busbar.workflow.expressions import UnableToEvaluate
from busbar.workflow.forms import Form, UnableToReadForms, parse_forms

MAX_BYTES = 2_000_000
"""Of one file; the largest real diagram has a tenth of it."""
MOST_ELEMENTS = 10_000
"""Of one file, its drawing included; the largest real one has a tenth of it."""
_ENGINE_STUMBLES = (ValidationException, UnableToEvaluate, ValueError, TypeError, LookupError)
"""What the engine's parser throws at files that passed our checks: a drawing without numbers."""


def compile_package(key: str, files: Mapping[str, str]) -> Definition:
    """Parse, check and compile. UnableToAcceptDefinition lists every problem with its place."""
    for name, text in files.items():
        _check_text(name, text)
    if BPMN not in files:
        raise UnableToAcceptDefinition([Problem(BPMN, "", Phrase("流程包缺少这个文件"))])
    tree = Tree(_parse(BPMN, files[BPMN]))
    decisions = {name: _parse(name, files[name]) for name in files if name.endswith(".dmn")}
    forms = _forms(files)
    if tree.process is None:
        raise UnableToAcceptDefinition([Problem(BPMN, "", Phrase("应有且只有一个 process"))])
    steps = {step.element: step for step in map(tree_step(tree), tree.of("userTask"))}
    problems = checks.check_package(tree, decisions, forms, steps)
    if problems:
        raise UnableToAcceptDefinition(problems)
    return Definition(
        key=key,
        name=tree.process.get("name") or key,
        spec=_spec(tree, decisions),
        steps=steps,
        services={e.get("id"): own_attributes(e)["service"] for e in tree.of("serviceTask")},
        waits={wait.element: wait for wait in map(tree.wait, tree.catchers())},
        forms=forms,
        facts=checks.known_facts(tree, decisions, forms, steps),
        messages=frozenset(tree.messages.values()),
        flows=tree.flows,
        xml=files[BPMN],
    )


def _check_text(name: str, text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as broken:
        raise UnableToAcceptDefinition([Problem(name, "", Phrase("不是 UTF-8 文本"))]) from broken
    if size > MAX_BYTES:
        raise UnableToAcceptDefinition([Problem(name, "", Phrase("文件过大"))])


def tree_step(tree: Tree) -> Any:
    """Reads one user task, its lane filling in what it does not say itself."""

    def read(element: etree._Element) -> Step:
        own = own_attributes(element)
        lane = (
            own_attributes(tree.lanes[element.get("id")]) if element.get("id") in tree.lanes else {}
        )
        stage = own.get("stage", "0")
        documentation = element.findtext(f"{{{tree.model}}}documentation") or ""
        return Step(
            element=element.get("id"),
            title=element.get("name") or element.get("id"),
            form=own.get("form", ""),
            role=own.get("role") or lane.get("role", ""),
            unit=own.get("unit") or lane.get("unit", ""),
            handler=own.get("handler", ""),
            limit=own.get("limit", ""),
            silent=own.get("silent", ""),
            stage=int(stage) if stage.isdigit() else -1,
            party=own.get("party") or lane.get("party", "department"),
            returns=own.get("returns", "") == "true",
            owner=own.get("owner", ""),
            help=documentation.strip(),
        )

    return read


def _parse(name: str, text: str) -> etree._Element:
    # No entities, no network, no huge trees: what is uploaded is not trusted.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as broken:
        expected = Phrase("不是有效的 XML（第 %(line)s 行）", line=broken.lineno)
        raise UnableToAcceptDefinition([Problem(name, "", expected)]) from broken
    if root.getroottree().docinfo.doctype:
        raise UnableToAcceptDefinition([Problem(name, "", Phrase("不应有 DOCTYPE"))])
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        expected = Phrase("元素过多，至多 %(most)s 个", most=MOST_ELEMENTS)
        raise UnableToAcceptDefinition([Problem(name, "", expected)])
    return root


def _forms(files: Mapping[str, str]) -> dict[str, Form]:
    try:
        return parse_forms(files.get(FORMS, ""), FORMS)
    except UnableToReadForms as refusal:
        raise UnableToAcceptDefinition([Problem(FORMS, "", refusal)]) from refusal


def _spec(tree: Tree, decisions: Mapping[str, etree._Element]) -> Any:
    parser = PackageParser()
    try:
        for name, root in decisions.items():
            parser.add_dmn_xml(root, name)
        parser.add_bpmn_xml(tree.root, BPMN)
        return parser.get_spec(tree.process.get("id"))  # type: ignore[union-attr]  # asked for above
    except _ENGINE_STUMBLES as refusal:
        element = getattr(refusal, "id", None) or ""
        expected = Phrase("流程引擎不接受：%(refusal)s", refusal=refusal)
        raise UnableToAcceptDefinition([Problem(BPMN, element, expected)]) from refusal

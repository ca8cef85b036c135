"""What import-linter cannot see: relations, models, operations and words keep to the house."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import inspect
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from busbar.access.visibility import VisibleQuerySet
from busbar.kit.errors import Refusal

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "busbar"
LONGEST_FILE = 400

SEEN_BY_ALL = {
    "journal.Entry": "journal queries take a branch or a customer whose visibility was checked",
    "journal.OutboxCursor": "a job's bookmark; on no screen",
    "access.OrganizationUnit": "the tree itself: list_branch cuts it by path",
    "access.User": "sign-ins are reached through employees",
    "access.Employee": "below visibility itself: list_employees cuts by the unit's path",
    "access.ApiToken": "listed by list_tokens for one person",
    "access.OrderKind": "a published catalogue",
    "access.Mandate": "who may order what from whom is published to all; a unit's own by branch",
    "access.MandateRung": "read through its mandate",
    "key_accounts.RefusalReason": "a published catalogue",
    "key_accounts.QualificationKind": "published rules",
    "key_accounts.QualificationRule": "published rules",
    "clocks.CalendarDay": "one calendar for the whole company",
    "clocks.LimitRuleSet": "published rules",
    "clocks.PauseReason": "published rules",
    "clocks.EscalationRung": "read through its limit",
    "workflow.ProcessDefinition": "what processes there are; company-wide",
    "workflow.ProcessVersion": "published definitions, shown to whoever may publish them",
    "customers.CustomerGroup": "a name that customers share; its customers are visible rows",
    "customers.ConsolidationFigure": "thresholds, one set for the company",
    "customers.CompletenessRule": "published rules",
    "network.ConductorType": "a published list of lines and cables",
    "pricing.RuleSet": "published rules",
    "pricing.RuleParameter": "published rules",
    "pricing.PowerFactorStep": "published rules",
    "pricing.TimeOfUseScheme": "published prices",
    "pricing.TimeOfUseInterval": "published prices",
    "pricing.Tariff": "published prices",
    "pricing.TariffDraft": "prices to be published; reading them takes the permission",
    "pricing.TariffPrice": "published prices",
    "pricing.Surcharge": "published prices",
    "pricing.LossCorrection": "published rules",
    "pricing.LossTableRow": "published rules",
    "pricing.CriticalDayRule": "published rules",
    "pricing.DailyTemperature": "published by the weather service",
    "pricing.PriceSeries": "published prices",
    "pricing.SeriesPrice": "published prices",
    "supply.TransformerState": "read through its transformer",
    "metering.Meter": "hangs on installations, which are visible rows; unplaced ones are stock",
    "metering.ReadingType": "a published list of data items",
    "metering.ReadingSource": "how a source stamps; company-wide",
    "metering.LakeCommit": "bookkeeping of the lake; on no screen",
    "metering.RegisterReading": "read through its meter; on no screen",
    "metering.ClockCheck": "read through its meter; on no screen",
    "metering.PowerOffEvent": "read by validation of its usage point; on no screen",
    "metering.VeeRule": "published rules",
    "metering.CurveCheck": "counts of the whole company, shown to those who see all of it",
    "billing.BillRun": "counts of a month, no row of any customer",
    "billing.BillLine": "read through its bill",
    "billing.ShadowItem": "words and codes, no customer's; the same for every branch",
    "billing.ShadowLine": "read through its bill, which visible_to cuts",
    "billing.Citation": "the text of a published rule, cited by bills",
    "payments.PaymentTerm": "one rule for everybody; units only tighten it",
    "payments.PayerLink": "which account a payer paid for; read only to match and to suggest",
    "payments.LedgerAccount": "the chart of accounts, one for the company",
    "arrears.StopRule": "which days nobody is stopped on; one for everybody",
    "key_accounts.IndustryClass": "a published standard",
    "key_accounts.RecognitionPolicy": "published rules",
    "key_accounts.RecognitionCriterion": "published rules",
    "key_accounts.ImportanceCriterion": "published rules",
    "key_accounts.RecognitionRun": "counts of a month, no row of any customer",
    "key_accounts.SpendBand": "published rules",
    "key_accounts.ServicePackage": "published offers",
    "key_accounts.Segmentation": "counts of a month, no row of any customer",
    "key_accounts.LoadShape": "the mean day of many customers, no customer's own",
    "key_accounts.StageRule": "published rules",
    "key_accounts.WarningRule": "published rules",
    "key_accounts.CostRate": "the company's own rates, one list",
    "key_accounts.YearlyReview": "a year's bookkeeping; its items are visible rows",
    "key_accounts.BasicService": "published rules",
    "key_accounts.ValueAddedProduct": "a published catalogue",
    "service_desk.EvidenceRule": "published rules",
    "service_desk.SatisfactionParameter": "published rules",
    "service_desk.SegmentMean": "a mean of a kind of customers; names none",
    "service_desk.Questionnaire": "published questions",
    "service_desk.SurveyQuestion": "published questions",
    "payments.LedgerMonth": "whether a month is closed; one for the company",
    "connections.NumberSequence": "the last number of a series; on no screen",
    "connections.DocumentRequirement": "a published list",
    "connections.MissingItem": "read through its notice",
    "connections.GreenChannelRule": "published rules",
    "notifications.MessageTemplate": "words for the whole company",
    "notifications.QuietHours": "one rule for the whole company",
    "connections.QualificationScope": "published rules",
    "connections.Contractor": "a public register of firms, shown to every applicant",
    "connections.Qualification": "read through its firm, which is public",
    "connections.InspectionItem": "published rules",
    "connections.ChangeRule": "published rules",
    "connections.ChangedTransformer": "read through its change",
    "connections.OrderRegister": "read through its order",
    "connections.UnitCost": "dated prices of works, one list for the company",
    "connections.ChargeItem": "the published catalogue of charges",
    "connections.PayeeAccount": "printed on every fee notice",
    "imports.ImportFile": "read through its run",
    "imports.RowError": "read through its file's run",
    "imports.ColumnMapping": "what headers mean; company-wide",
}
"""Models whose QuerySet need not know `visible_to`, each with the reason."""


def layers() -> dict[str, int]:
    """Each room's floor, counted from the top, as pyproject.toml has it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    house = next(c for c in contracts if c["id"] == "house")
    return {
        room.strip(" ()"): floor
        for floor, layer in enumerate(house["layers"])
        for room in layer.replace(":", "|").split("|")
    }


FLOORS = layers()
DOMAINS = [
    room
    for room in FLOORS
    if (SOURCE / room / "models.py").exists() or (SOURCE / room / "models").is_dir()
]


def our_models() -> list[type[models.Model]]:
    """Every model of ours, in the order of the rooms."""
    return [m for m in apps.get_models() if m.__module__.startswith("busbar.")]


def room_of(model: type[models.Model]) -> str:
    """The room a model stands in."""
    return model.__module__.split(".")[1]


def label(model: type[models.Model]) -> str:
    """`room.Noun`."""
    return f"{room_of(model)}.{model.__name__}"


def crossing_relations() -> Iterator[tuple[type[models.Model], models.ForeignKey]]:
    """Relations from one room of ours into another."""
    for model in our_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey | models.ManyToManyField):
                continue
            target = field.related_model
            if target.__module__.startswith("busbar.") and room_of(target) != room_of(model):
                yield model, field


class TestRelations:
    """String relations are invisible to import-linter."""

    def test_there_are_relations_to_look_at(self) -> None:
        assert len(list(crossing_relations())) > 10

    def test_they_run_down(self) -> None:
        upward = [
            f"{label(model)}.{field.name} -> {label(field.related_model)}"
            for model, field in crossing_relations()
            if FLOORS[room_of(field.related_model)] <= FLOORS[room_of(model)]
        ]
        assert upward == []

    def test_they_leave_no_name_below(self) -> None:
        named = [
            f"{label(model)}.{field.name}"
            for model, field in crossing_relations()
            if not field.remote_field.hidden
        ]
        assert named == []

    def test_each_key_can_be_looked_up_by_an_index(self) -> None:
        bare = [
            f"{label(model)}.{field.name}"
            for model in our_models()
            for field in model._meta.local_fields
            if isinstance(field, models.ForeignKey)
            and not (field.db_index or field.unique or _leads_an_index(model, field.name))
        ]
        assert bare == []


def _leads_an_index(model: type[models.Model], name: str) -> bool:
    led = [index.fields[0] for index in model._meta.indexes if index.fields]
    unique = [c.fields[0] for c in model._meta.constraints if getattr(c, "fields", None)]
    return name in led or name in unique


@pytest.mark.parametrize("model", our_models(), ids=label)
class TestModels:
    """Nouns hold facts and say their name."""

    def test_it_says_its_name(self, model: type[models.Model]) -> None:
        definer = next(c for c in model.__mro__ if "__str__" in vars(c))
        assert definer.__module__.startswith("busbar.")

    def test_it_saves_as_django_does(self, model: type[models.Model]) -> None:
        ours = [c for c in model.__mro__ if c.__module__.startswith("busbar.")]
        overridden = [n for c in ours for n in ("save", "delete", "clean") if n in vars(c)]
        assert overridden == []

    def test_it_has_no_implicit_order(self, model: type[models.Model]) -> None:
        assert not model._meta.ordering

    def test_its_rows_pass_visibility_or_a_reason_says_why_not(
        self, model: type[models.Model]
    ) -> None:
        guarded = issubclass(model._default_manager._queryset_class, VisibleQuerySet)
        assert guarded != (label(model) in SEEN_BY_ALL)

    def test_its_visibility_paths_lead_to_units_and_customers(
        self, model: type[models.Model]
    ) -> None:
        rows = model._default_manager._queryset_class
        if not issubclass(rows, VisibleQuerySet):
            return
        ends = {lookup: _target(model, lookup) for lookup in rows.unit_lookups}
        assert set(ends.values()) == {"access.OrganizationUnit"}
        if rows.customer_lookup and not rows.customer_lookup.endswith("customer_id"):
            assert _target(model, rows.customer_lookup) == "customers.Customer"
        if rows.customer_lookup and rows.customer_lookup.endswith("customer_id"):
            assert _is_plain_number(model, rows.customer_lookup)  # below customers: no relation

    def test_it_stands_in_the_glossary(self, model: type[models.Model]) -> None:
        assert f"| `{model.__name__}` |" in (ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def _target(model: type[models.Model], lookup: str) -> str:
    for part in lookup.split("__"):
        if part != "pk":
            model = model._meta.get_field(part).related_model
    return label(model)


def _is_plain_number(model: type[models.Model], lookup: str) -> bool:
    *path, name = lookup.split("__")
    for part in path:
        model = model._meta.get_field(part).related_model
    return isinstance(model._meta.get_field(name), models.BigIntegerField)


def test_no_exception_from_visibility_is_stale() -> None:
    assert set(SEEN_BY_ALL) - {label(model) for model in our_models()} == set()


def operations() -> list[Callable[..., object]]:
    """The use cases: public functions of every room's `operations`."""
    found: list[Callable[..., object]] = []
    for room in DOMAINS:
        try:
            module = importlib.import_module(f"busbar.{room}.operations")
        except ModuleNotFoundError:
            continue
        names = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
        found += [
            value
            for value in (getattr(module, name) for name in names)
            if inspect.isfunction(value) and value.__module__.startswith(module.__name__)
        ]
    return found


@pytest.mark.parametrize("operation", operations(), ids=lambda o: f"{o.__module__}.{o.__name__}")
class TestOperations:
    """One use case, one operation."""

    def test_it_takes_named_facts_only(self, operation: Callable[..., object]) -> None:
        parameters = inspect.signature(operation).parameters.values()
        named = [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
        # A question about one thing, which writes nothing and so takes no time, may be plain.
        allowed = 0 if "at" in named or "by" in named else 1
        assert len(parameters) - len(named) <= allowed

    def test_every_fact_and_the_answer_are_typed(self, operation: Callable[..., object]) -> None:
        signature = inspect.signature(operation)
        bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
        assert bare == []
        assert signature.return_annotation is not signature.empty

    def test_time_is_handed_in_as_a_moment(self, operation: Callable[..., object]) -> None:
        at = inspect.signature(operation).parameters.get("at")
        assert at is None or at.annotation in {"dt.datetime", "datetime", dt.datetime}

    def test_it_says_what_it_does(self, operation: Callable[..., object]) -> None:
        assert operation.__doc__


class TestRefusals:
    """An operation that declines says so in its own words."""

    def refusals(self) -> set[type[Refusal]]:
        """Every refusal of ours."""
        for module in python_modules(DOMAINS):
            importlib.import_module(module)
        found: set[type[Refusal]] = set()
        waiting = [Refusal]
        while waiting:
            below = waiting.pop().__subclasses__()
            waiting += below
            found |= {c for c in below if c.__module__.startswith("busbar.")}
        return found

    def test_their_names_say_so(self) -> None:
        odd = [
            f"{c.__module__}.{c.__name__}"
            for c in self.refusals()
            if not c.__name__.startswith(("UnableTo", "Not", "No"))
            and not c.__name__.endswith("Refused")
        ]
        assert odd == []


def python_modules(rooms: list[str]) -> list[str]:
    """Modules of the rooms, migrations left out."""
    files = (f for room in rooms for f in sorted((SOURCE / room).rglob("*.py")))
    return [
        ".".join(f.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for f in files
        if "migrations" not in f.parts
    ]


class TestSource:
    """What can be read off the files."""

    def test_no_domain_reads_the_clock(self) -> None:
        readers = [
            f"{file.relative_to(SOURCE)}:{node.lineno}"
            for room in DOMAINS
            for file in (SOURCE / room).rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and _reads_clock(node.func)
        ]
        assert readers == []

    def test_no_domain_connects_signals(self) -> None:
        users = [
            str(file.relative_to(SOURCE))
            for room in DOMAINS
            for file in (SOURCE / room).rglob("*.py")
            if "django.dispatch" in (text := file.read_text(encoding="utf-8"))
            or "models.signals" in text
        ]
        assert users == []

    def test_files_stay_short(self) -> None:
        lengths = {
            str(f.relative_to(SOURCE)): len(f.read_text(encoding="utf-8").splitlines())
            for f in SOURCE.rglob("*.py")
            if "migrations" not in f.parts
        }
        assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}

    def test_every_room_says_what_it_is(self) -> None:
        silent = [
            room
            for room in FLOORS
            if not ast.get_docstring(
                ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))
            )
        ]
        assert silent == []


def _reads_clock(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in {"now", "utcnow", "today"}:
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in {"datetime", "date", "timezone"}

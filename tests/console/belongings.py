"""A thing of a customer for every list of the console that shows such things."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from busbar.access.models import Employee
from busbar.customers.models import Customer, CustomerAccount
from busbar.payments import operations as payments_operations
from busbar.payments.models import LedgerAccount, LedgerCode, LedgerTransaction, PostingKind
from busbar.payments.operations import ledger
from busbar.payments.operations.ledger import Posting, Side
from busbar.service_desk import operations as service_desk_operations
from busbar.service_desk.models import Questionnaire
from busbar.supply.models import UsagePoint
from tests.console.region import AT, LONG_AGO, MONTH, agree

_numbers = itertools.count(1)
_VALUES: dict[type[models.Field[Any, Any]], Callable[[], object]] = {
    models.DateTimeField: lambda: AT,
    models.DateField: lambda: LONG_AGO,
    models.DecimalField: lambda: Decimal(100),
    models.JSONField: list,
    models.UUIDField: uuid.uuid4,
    models.BinaryField: lambda: b"",
    models.BooleanField: lambda: True,
    models.CharField: lambda: f"n{next(_numbers)}",
    models.TextField: lambda: "文字",
    models.IntegerField: lambda: 100,
}


def put(label: str, **given: object) -> Any:
    """A row of the model; what it must have and is not given is made up."""
    model = apps.get_model(label)
    wanted = {
        field.name: _value(field)
        for field in model._meta.concrete_fields
        if field.name not in given and field.attname not in given and _is_wanted(field)
    }
    return model.objects.create(**wanted, **given)


def _is_wanted(field: Any) -> bool:
    is_text = isinstance(field, models.CharField | models.TextField)
    has_value = field.primary_key or field.null or field.has_default()
    return not has_value and not (is_text and field.blank) and not field.is_relation


def _value(field: Any) -> object:
    if field.choices:
        return field.choices[0][0]
    return next(make() for kind, make in _VALUES.items() if isinstance(field, kind))


def once(label: str, **given: object) -> Any:
    """The same row for every customer: a product, a run, a rule."""
    return apps.get_model(label).objects.first() or put(label, **given)


class Belongings:
    """What one customer has, one thing a list."""

    def __init__(self, customer: Customer, owner: Employee) -> None:
        """`owner` answers for whatever needs a person."""
        self.customer, self.owner = customer, owner
        self.account = CustomerAccount.objects.get(customer=customer)
        self.point = UsagePoint.objects.get(account=self.account)
        self.of = {"customer": customer, "unit": customer.unit}
        self.owned = {**self.of, "owner": owner}

    def complaint(self) -> None:
        """投诉."""
        put("service_desk.Complaint", **self.owned)

    def promise(self) -> None:
        """承诺, made in a talk."""
        put("service_desk.Promise", **self.owned, interaction=self.interaction())

    def interaction(self) -> Any:
        """往来."""
        facts = {"state": "done", "happened_at": AT, "minutes": "纪要"}
        return put("service_desk.Interaction", **self.owned, **facts)

    def score(self) -> None:
        """满意度."""
        put("service_desk.SatisfactionScore", customer=self.customer, low=90, high=100)

    def order(self) -> None:
        """部门工作指令."""
        unit = self.customer.unit
        mandate = once("access.Mandate", unit=unit)
        put(
            "key_accounts.DepartmentOrder",
            **self.of,
            mandate=mandate,
            ordered_by=self.owner,
            department=unit,
            holder=unit,
        )

    def handed(self) -> None:
        """移交."""
        both = {"from_employee": self.owner, "to_employee": self.owner}
        handover = put("key_accounts.Handover", **both, at=AT)
        put("key_accounts.HandoverItem", handover=handover, customer=self.customer)

    def plan(self) -> None:
        """年度计划."""
        put("key_accounts.AccountPlan", **self.owned, scope="customer", year=2026)

    def due(self) -> None:
        """基本业务."""
        service = once("key_accounts.BasicService", every_days=30)
        put("key_accounts.ServiceDue", **self.of, service=service)

    def chance(self) -> None:
        """增值机会."""
        product = once("key_accounts.ValueAddedProduct")
        put("key_accounts.Opportunity", **self.owned, product=product)

    def task(self) -> Any:
        """A task of a process about the customer."""
        definition = once("workflow.ProcessDefinition", key="p")
        version = once("workflow.ProcessVersion", definition=definition)
        about = {"customer_id": self.customer.pk, "unit": self.customer.unit}
        instance = put(
            "workflow.ProcessInstance",
            **about,
            definition=definition,
            version=version,
            subject_label=self.customer.name,
            subject_id=self.customer.pk,
        )
        return put(
            "workflow.UserTask", **about, instance=instance, state="claimed", owner=self.owner
        )

    def finding(self) -> None:
        """督办事项."""
        task = self.task()
        about = {"customer_id": self.customer.pk, "unit": self.customer.unit}
        put("workflow.SupervisionFinding", **about, task=task, instance=task.instance)

    def clock(self) -> None:
        """计时."""
        rules = once("clocks.LimitRuleSet")
        limit = once("clocks.TimeLimit", rule_set=rules, amount_unit="hour")
        put(
            "clocks.Clock",
            limit=limit,
            unit=self.customer.unit,
            customer_id=self.customer.pk,
            subject_type="matter",
            subject_id=self.customer.pk,
            subject_label=self.customer.name,
        )

    def application(self) -> Any:
        """业扩报装."""
        given = {**self.of, "applicant_name": self.customer.name, "kind": "new"}
        return put("connections.ConnectionApplication", **given)

    def notice(self) -> None:
        """业务费用."""
        payee = once("connections.PayeeAccount", unit=self.customer.unit)
        put("connections.FeeNotice", application=self.application(), payee=payee)

    def metering_order(self) -> None:
        """计量工单."""
        unit = self.customer.unit
        put("connections.MeteringOrder", usage_point=self.point, unit=unit)

    def service_order(self) -> None:
        """服务工单."""
        put("connections.ServiceOrder", **self.of)

    def change(self) -> None:
        """变更用电."""
        put("connections.SupplyChange", **self.of, account=self.account)

    def outage(self) -> None:
        """停电."""
        outage = put("outages.Outage", unit=self.customer.unit, scope=self.customer.name)
        put("outages.AffectedPoint", outage=outage, account=self.account, usage_point=self.point)

    def receivable(self) -> None:
        """应收."""
        put(
            "payments.Receivable",
            kind="late",
            account=self.account,
            month=MONTH,
            due_on=LONG_AGO + dt.timedelta(days=30),
        )

    def claim(self) -> None:
        """追补单."""
        put("claims.Claim", account=self.account)

    def payment(self) -> Any:
        """缴费, matched to the account's credit."""
        unit = self.customer.unit
        collection = once("payments.CollectionAccount", unit=unit)
        payment = put(
            "payments.Payment",
            unit=unit,
            collection=collection,
            payer_name=self.customer.name,
        )
        put(
            "payments.PaymentMatch",
            source="payment",
            target="credit",
            payment=payment,
            account=self.account,
            transaction=self._posted(),
        )
        return payment

    def _posted(self) -> LedgerTransaction:
        """The ledger balances, so it is written as ever."""
        if not LedgerAccount.objects.exists():
            payments_operations.load_payments_seed(at=AT)
        sides = (
            Side(LedgerCode.BANK, 100),
            Side(LedgerCode.CREDIT, -100, account_id=self.account.pk),
        )
        posting = Posting(PostingKind.MATCHED, self.customer.unit_id, AT.date(), "缴费", sides)
        return ledger.post(postings=[posting], by_name="会计", at=AT)[0]

    def refund(self) -> None:
        """退费."""
        put("payments.PaymentRefund", account=self.account, payment=self.payment())

    def doubt(self) -> None:
        """待看读数."""
        put("metering.VeeFinding", usage_point=self.point, state="open")

    def _run(self) -> Any:
        return once(
            "key_accounts.RecognitionRun", month=MONTH, state="finished", finished_at=AT, rules={}
        )

    def stage(self) -> None:
        """关系阶段."""
        put("key_accounts.StageAssessment", run=self._run(), customer=self.customer)

    def value(self) -> None:
        """客户价值."""
        growth = {"total": "0"}
        put("key_accounts.CustomerValue", run=self._run(), customer=self.customer, growth=growth)

    def recognition(self) -> None:
        """大客户名单."""
        facts = {"figures": {}, "judgements": {}}
        put("key_accounts.Recognition", run=self._run(), customer=self.customer, **facts)

    def reviewed(self) -> None:
        """年度复核."""
        review = once("key_accounts.YearlyReview", run=self._run(), year=2026)
        put("key_accounts.ReviewItem", review=review, customer=self.customer)

    def assessment(self) -> None:
        """重要性评定."""
        put(
            "key_accounts.ImportanceAssessment",
            customer=self.customer,
            answers={},
            grade="second",
            state="proposed",
        )

    def shadow_bill(self) -> None:
        """核对账单."""
        put("billing.ShadowBill", account=self.account, month=MONTH)

    def case(self) -> None:
        """催费."""
        put("arrears.DunningCase", account=self.account)

    def ending(self) -> None:
        """今日: an agreement that ends soon."""
        agree(self.customer, valid_until=timezone.localdate() + dt.timedelta(days=10))

    def segment(self) -> None:
        """客户分群."""
        of = once("key_accounts.Segmentation", month=MONTH)
        shape = once("key_accounts.LoadShape", segmentation=of, profile=[1.0] * 24)
        put(
            "key_accounts.CustomerSegment",
            segmentation=of,
            customer=self.customer,
            shape=shape,
        )

    def saving(self) -> None:
        """节费机会."""
        study = put("billing.SavingStudy", account=self.account, month=MONTH)
        put(
            "billing.Saving",
            study=study,
            account=self.account,
            kind="shifting",
            facts={"percent": 10, "moved_kwh": 5000},
        )

    def invited(self) -> None:
        """调查的受访客户."""
        if not Questionnaire.objects.exists():
            service_desk_operations.load_satisfaction_seed(at=AT)
        sheet = Questionnaire.objects.first()
        survey = once(
            "service_desk.Survey", code="S1", questionnaire=sheet, unit=self.customer.unit
        )
        put("service_desk.SurveyInvitation", survey=survey, customer=self.customer)

    def team(self) -> None:
        """客户归属."""
        put("customers.AccountTeamMember", customer=self.customer, employee=self.owner, role="lead")

    def nothing(self) -> None:
        """The customer itself is the row."""

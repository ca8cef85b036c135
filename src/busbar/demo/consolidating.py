"""The old system's accounts become customers: the run, a person's answers, the handing over.

By the operations that a company uses on its own archive. The truth, which only the generator
knows, answers for the person at the review desk and measures the outcome.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from busbar.access import queries as access_queries
from busbar.access.models import Employee
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers.consolidation.truth import read_truth
from busbar.customers.models import (
    AccountTeamMember,
    CandidateState,
    ConsolidationRun,
    Contact,
    Customer,
    CustomerAccount,
    CustomerMerge,
    MatchCandidate,
    RunState,
    TeamRole,
)
from busbar.customers.queries import consolidation as consolidation_queries
from busbar.customers.queries.measuring import measure_archive
from busbar.demo import values
from busbar.demo.organization import ADMINISTRATOR
from busbar.demo.values import Region
from busbar.key_accounts.operations import assigning

TRUTH_FILE = "旧系统户号归属.csv"
NOTHING = "没有按户号保管的档案"
_MOST_ANSWERS = 40
_SAME, _OTHER = "电话核实，同一营业执照", "营业执照不同，系两个主体"


def consolidate(region: Region, *, home: Path, at: dt.datetime) -> str:
    """Compare, let a person answer a part of what is asked, hand the new customers over."""
    if not region.old_entries:
        return NOTHING
    write_truth(region, home / TRUTH_FILE)
    by = access_queries.get_viewer(Employee.objects.get(user__username=ADMINISTRATOR).user)
    run = _run(by, at)
    answered = _answer(region, run, by, at)
    _hand_over(region, by, at)
    return (
        f"{len(region.old_entries)} 个户号，自动归并 {run.joined} 户，"
        f"提交复核 {run.asked} 对，其中由人答复 {answered} 对"
    )


def write_truth(region: Region, path: Path) -> None:
    """To whom each account of the old system belongs, and one account of every other customer.

    The others' single accounts make no pair that is right, and tell when an old one was joined
    to the wrong customer.
    """
    old = region.old_accounts
    rows = [(entry.account, entry.customer) for entry in region.old_entries]
    for customer in region.numbered_customers:
        kept = next(a.number for a in customer.accounts if a.number not in old)
        rows.append((kept, customer.number))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("户号", "主体"), *rows])


def measure(home: Path) -> str:
    """What the archive as it stands is worth against the truth."""
    path = home / TRUTH_FILE
    if not path.exists():
        return NOTHING
    told = measure_archive(SYSTEM_VIEWER, read_truth(path))
    quality = told.quality
    return (
        f"{told.accounts} 个户号，查准率 {quality.precision:.4f}，查全率 {quality.recall:.4f}，"
        f"F1 {quality.f1:.4f}，待复核中另有 {told.waiting} 对是同一客户（归属见 {path}）"
    )


def _run(by: Viewer, at: dt.datetime) -> ConsolidationRun:
    """The region's one run, taken up where a kill left it."""
    run = ConsolidationRun.objects.order_by("pk").first()
    run = run or customers_operations.start_run(by=by, at=at)
    if run.state != RunState.FINISHED:
        run = customers_operations.run_consolidation(run_id=run.pk, by=by, at=at)
    return run


def _answer(region: Region, run: ConsolidationRun, by: Viewer, at: dt.datetime) -> int:
    """Answer every third pair as the truth has it, until a third of them has an answer."""
    wanted = min(_MOST_ANSWERS, (run.asked + 2) // 3)
    truth = {a.number: c.number for c in region.customers for a in c.accounts}
    answered = _count_answers(run)
    for pair in consolidation_queries.list_queue(by, limit=3 * _MOST_ANSWERS)[::3]:
        if answered >= wanted:
            break
        current = MatchCandidate.objects.filter(pk=pair.pk, state=CandidateState.OPEN).first()
        if current is not None and current.left_id != current.right_id:
            _say(current, truth, by, at)
            answered += 1
    return answered


def _count_answers(run: ConsolidationRun) -> int:
    """Answers given before a kill."""
    apart = MatchCandidate.objects.filter(run=run, state=CandidateState.APART).count()
    return apart + CustomerMerge.objects.filter(candidate__run=run, is_automatic=False).count()


def _say(pair: MatchCandidate, truth: dict[str, str], by: Viewer, at: dt.datetime) -> None:
    if _bodies(pair.left_id, truth) == _bodies(pair.right_id, truth):
        customers_operations.confirm_candidate(candidate_id=pair.pk, reason=_SAME, by=by, at=at)
    else:
        customers_operations.reject_candidate(candidate_id=pair.pk, reason=_OTHER, by=by, at=at)


def _bodies(customer: int, truth: dict[str, str]) -> set[str]:
    numbers = CustomerAccount.objects.filter(customer=customer).values_list("number", flat=True)
    return {truth.get(number, number) for number in numbers}


def _hand_over(region: Region, by: Viewer, at: dt.datetime) -> None:
    """Each customer that came of the old system gets its department, managers, first contact."""
    old = region.old_accounts
    for keeper in region.customers:
        numbers = [a.number for a in keeper.accounts if a.number in old]
        owners = Customer.objects.filter(accounts__number__in=numbers).distinct().order_by("pk")
        for customer in owners.select_related("unit"):
            if not AccountTeamMember.objects.filter(customer=customer).exists():
                _hand_to(customer, keeper, by, at)


def _hand_to(customer: Customer, keeper: values.Customer, by: Viewer, at: dt.datetime) -> None:
    if customer.unit.code != keeper.unit:
        customers_operations.amend_customer(
            customer=customer, changes={"unit": keeper.unit}, by=by, at=at
        )
    contact = Contact.objects.filter(customer=customer).order_by("pk").first()
    if contact is not None:
        row = {"customer": customer.number, "name": contact.name, "role": contact.role}
        customers_operations.store_contacts(rows=[{**row, "is_primary": True}], by=by, at=at)
    for number, role in ((keeper.deputy, TeamRole.DEPUTY), (keeper.lead, TeamRole.LEAD)):
        assigning.assign_manager(
            customer_number=customer.number, employee_number=number, role=role, by=by, at=at
        )

"""Building the demonstration: files, their way through the importers, bills. Safe to stop."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import operations as billing_operations
from busbar.billing.models import Saving
from busbar.demo import (
    account_plans,
    claiming,
    consolidating,
    dunning,
    importing,
    managing,
    paying,
    recognizing,
    relations,
    steel,
    stops,
    validating,
)
from busbar.demo.parameters import Parameters
from busbar.demo.progress import Progress, UnableToUseHome, load_progress, start_progress
from busbar.demo.readings import write_month
from busbar.demo.region import build_region
from busbar.demo.registers import write_registers
from busbar.demo.releasing import release_month
from busbar.demo.sign_ins import open_sign_ins
from busbar.demo.values import Region
from busbar.demo.year import curves_of_new, running
from busbar.demo.year.timeline import Tend
from busbar.kit.periods import Month, local_date
from busbar.payments import operations as payments_operations

FOLDER = "demo_files"
STUDIED_AT_ONCE = 120
"""The largest accounts, of which savings are studied while building; half a second each."""
Say = Callable[[str], None]
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class _Work:
    """What every step needs."""

    parameters: Parameters
    region: Region
    home: Path
    clock: Clock
    tend: Tend

    @property
    def folder(self) -> Path:
        """Where files lie until they are imported."""
        return self.home / FOLDER


@dataclass(frozen=True)
class _Step:
    """A step by its name in the progress file; `run` returns a line about what it did."""

    name: str
    title: str
    run: Callable[[_Work], str]


def build_demonstration(
    *, home: Path, parameters: Parameters, clock: Clock, tend: Tend, say: Say
) -> None:
    """Everything that is not there yet, step by step; `clock` gives the moment of each entry.

    `tend` does for a past moment what the jobs would have done. Of the year's matters only the
    first are told here; `tell_next_matter` tells the others.
    Refuses a database that holds an organisation which no demonstration brought in.
    """
    progress = load_progress(home, parameters)
    if progress is None:
        _check_empty()
        progress = start_progress(home, parameters)
    if progress.finished:
        return
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    say(f"生成演示区域：{parameters.customers} 个客户、{parameters.months} 个月")
    work = _Work(parameters, build_region(parameters), home, clock, tend)
    _run(list(_steps(parameters)), work, progress, say)
    shutil.rmtree(folder, ignore_errors=True)
    progress.finish()


def write_files(*, parameters: Parameters, folder: Path, say: Say) -> None:
    """Only the files, for somebody who wants to import them by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    region = build_region(parameters)
    write_registers(parameters, region, folder)
    shutil.copyfile(steel.CURVES, folder / steel.CURVES.name)
    for month in parameters.month_list:
        paths, tally = write_month(parameters, region, month, folder)
        say(f"{month}：{'、'.join(path.name for path in paths)}，{tally.rows} 行")


def _run(steps: list[_Step], work: _Work, progress: Progress, say: Say) -> None:
    started = work.clock()
    for place, step in enumerate(steps, 1):
        if step.name in progress.done:
            continue
        told = step.run(work)
        progress.note(step.name)
        seconds = (work.clock() - started).total_seconds()
        say(f"[{place:>2}/{len(steps)}] {seconds:5.0f} 秒 {step.title}：{told}")


def _check_empty() -> None:
    if OrganizationUnit.objects.exists():
        raise UnableToUseHome(
            "数据库里已有组织机构，演示区域不会写进去；请以 BUSBAR_HOME 指定一个空目录"
        )


def _steps(parameters: Parameters) -> Iterator[_Step]:
    """In order of dependency; each may be run again after a kill."""
    yield _Step("organization", "组织与人员", lambda work: _registers(work, "organization"))
    yield _Step("sign_ins", "演示登录", _sign_ins)
    yield _Step("network", "电网台账", lambda work: _registers(work, "network"))
    yield _Step("tariffs", "电价", lambda work: _registers(work, "tariffs"))
    yield _Step("archive", "客户档案", lambda work: _registers(work, "archive"))
    yield _Step("consolidation", "归并旧系统档案", _consolidation)
    yield _Step("managers", "大客户经理与指令", _managers)
    yield _Step("matters", "业扩与变更", _matters)
    yield _Step("readings steel", "示范钢铁厂 2018 年曲线", _steel)
    for month in parameters.month_list:
        yield _Step(f"readings {month}", f"负荷曲线 {month}", _ReadingsOf(month))
    yield _Step("readings new", "新装户负荷曲线", _new_curves)
    yield _Step("checks", "校验曲线", lambda work: validating.validate_curves(at=work.clock()))
    yield _Step("bills steel", "示范钢铁厂 2018 年电费", lambda work: _bills(work, steel.MONTHS))
    yield _Step("payments steel", "示范钢铁厂缴费", _PaymentsOf(tuple(steel.MONTHS)))
    for month in parameters.billed_months:
        yield _Step(f"bills {month}", f"电费 {month}", _BillsOf(month))
        yield _Step(f"payments {month}", f"缴费 {month}", _PaymentsOf((month,)))
    yield _Step(
        "stakes", "校验发现按电费计价", lambda work: validating.restate_stakes(at=work.clock())
    )
    yield _Step("savings", "测算可省电费", _savings)
    yield _Step("ledger", "网点与月结", _ledger)
    yield _Step("arrears", "催费与停电", _arrears)
    yield _Step("stops", "检修与故障停电", _stops)
    yield _Step("claims", "追补与赔偿", _claims)
    yield _Step("key accounts", "大客户评定", _key_accounts)
    yield _Step("relations", "走访、承诺、投诉与满意度", _relations)
    yield _Step("plans", "客户计划、基本业务与增值服务", _plans)
    yield _Step("measured", "归并对照已知归属", lambda work: consolidating.measure(work.home))


@dataclass(frozen=True)
class _ReadingsOf:
    """Writes a month's files, imports them and deletes them: the imports keep their own copy."""

    month: Month

    def __call__(self, work: _Work) -> str:
        paths, _ = write_month(work.parameters, work.region, self.month, work.folder)
        told = importing.import_readings(paths, at=work.clock())
        for path in paths:
            path.unlink()
        return told


@dataclass(frozen=True)
class _BillsOf:
    """Bills one month."""

    month: Month

    def __call__(self, work: _Work) -> str:
        return _bills(work, [self.month])


@dataclass(frozen=True)
class _PaymentsOf:
    """What was paid on the months' bills, in the bank's files."""

    months: tuple[Month, ...]

    def __call__(self, work: _Work) -> str:
        told = [paying.pay_month(month, work.folder, at=work.clock()) for month in self.months]
        return f"应收 {sum(t.raised for t in told)} 笔，到账 {sum(t.kept for t in told)} 笔"


def _ledger(work: _Work) -> str:
    return paying.close_books(work.parameters.last_month, at=work.clock())


def _savings(work: _Work) -> str:
    """What the job would find first; it goes on with the other accounts once the house runs."""
    count = billing_operations.study_savings(
        limit=STUDIED_AT_ONCE, by=SYSTEM_VIEWER, at=work.clock()
    )
    return f"电费最多的 {count} 户，得出 {Saving.objects.count()} 项办法"


def _arrears(work: _Work) -> str:
    return dunning.tell_arrears(at=work.clock())


def _stops(work: _Work) -> str:
    return stops.tell_stops(at=work.clock())


def _claims(work: _Work) -> str:
    return claiming.tell_claims(work.parameters.billed_months[-1], at=work.clock())


def _key_accounts(work: _Work) -> str:
    return recognizing.recognize(work.parameters, at=work.clock())


def _relations(work: _Work) -> str:
    return relations.tell_relations(parameters=work.parameters, at=work.clock())


def _plans(work: _Work) -> str:
    told = account_plans.tell_plans(at=work.clock())
    return f"{told}，{recognizing.assess_again(work.parameters, at=work.clock())}"


def _registers(work: _Work, kind: str) -> str:
    on = local_date(work.clock())
    files = write_registers(work.parameters, work.region, work.folder, on=on)
    return importing.import_registers(kind, getattr(files, kind), at=work.clock())


def _sign_ins(work: _Work) -> str:
    return f"{open_sign_ins(staff=work.region.staff, at=work.clock())} 人"


def _matters(work: _Work) -> str:
    told = running.tell_core(parameters=work.parameters, tend=work.tend, at=work.clock())
    left = len(running.list_untold(work.parameters))
    return f"{told.matters} 件、{told.acts} 步，其余 {left} 件启动后生成{_refused(told)}"


def _refused(told: running.Told) -> str:
    return f"，{len(told.refused)} 件中途停办：{told.refused[0]}" if told.refused else ""


def _consolidation(work: _Work) -> str:
    return consolidating.consolidate(work.region, home=work.home, at=work.clock())


def _managers(work: _Work) -> str:
    return managing.tell_managers(at=work.clock(), tend=work.tend)


def _new_curves(work: _Work) -> str:
    return curves_of_new.bring_curves(work.parameters, work.folder, at=work.clock())


def tell_next_matter(
    *, parameters: Parameters, home: Path, tend: Tend, at: dt.datetime
) -> str | None:
    """Tell one more matter; after the last one its months are measured and billed too.

    A line about it; None where everything was told.
    """
    untold = running.list_untold(parameters)
    if not untold:
        return None
    told = running.tell_matter(parameters=parameters, number=untold[0], tend=tend, at=at)
    if len(untold) == 1:
        _bill_the_new(parameters, home / FOLDER, at)
    return f"第 {untold[0] + 1} 件，{told.acts} 步，余 {len(untold) - 1} 件{_refused(told)}"


def _bill_the_new(parameters: Parameters, folder: Path, at: dt.datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    curves_of_new.bring_curves(parameters, folder, at=at)
    validating.validate_curves(at=at)
    shutil.rmtree(folder, ignore_errors=True)
    for month in parameters.billed_months:
        issued = paying.issued_at(month, at)
        billing_operations.run_month(month=month, by=SYSTEM_VIEWER, at=issued)
        release_month(month, is_newest=month == parameters.billed_months[-1], at=issued)
    payments_operations.raise_receivables(by=SYSTEM_VIEWER, at=at)


def _steel(work: _Work) -> str:
    return importing.import_steel(steel.CURVES, steel.POINT_NUMBER, at=work.clock())


def _bills(work: _Work, months: Iterable[Month]) -> str:
    billed = refused = released = 0
    for month in months:
        at = paying.issued_at(month, work.clock())
        run = billing_operations.run_month(month=month, by=SYSTEM_VIEWER, at=at)
        billed, refused = billed + run.billed, refused + run.refused
        is_newest = month == work.parameters.billed_months[-1]
        released += release_month(month, is_newest=is_newest, at=at)
    return f"出账 {billed} 户，发行 {released} 户，未能出账 {refused} 户"

"""The start of works: from here on the scheme cannot lapse (R55, 供电营业规则 1996 第21条)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    ContractorChoice,
    ContractorRole,
    SchemeState,
    SupplyKind,
    SupplyScheme,
    Verdict,
    WorkStart,
)
from busbar.connections.queries.contractors import explain_ineligibility
from busbar.connections.queries.works import list_unpaid_notices
from busbar.connections.recording import record_step
from busbar.connections.sent_files import SentFile, keep_files
from busbar.connections.subjects import advance
from busbar.connections.works_ground import current_choice, hold_visible, standing_scheme
from busbar.kit.errors import Reasons, Refusal
from busbar.kit.periods import local_date


class UnableToStartWorks(Refusal):
    """The works cannot begin yet; every reason is named."""


@transaction.atomic
def report_work_start(
    *,
    application_id: int,
    started_on: dt.date,
    supervisor_name: str,
    supervisor_phone: str,
    planned_until: dt.date | None = None,
    files: Sequence[SentFile] = (),
    by: Viewer,
    at: dt.datetime,
) -> WorkStart:
    """Enter the report that works have begun; stops the validity of the scheme.

    Refused, with everything that is missing at once: no scheme in force, design not passed
    (high voltage), no qualified firm, fees of the reply unpaid.
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    application = hold_visible(
        application_id,
        by=by,
        refusal=UnableToStartWorks,
        states=(ApplicationState.REPLIED,),
        what="报告开工",
    )
    scheme = standing_scheme(application)
    choice = current_choice(application, ContractorRole.CONSTRUCTION)
    missing = [
        *_against_day(scheme, started_on, at),
        *_against_design(application),
        *_against_builder(choice, started_on),
        *(
            Refusal("费用未缴清：%(number)s", number=number)
            for number in list_unpaid_notices(application)
        ),
    ]
    if not supervisor_name.strip() or not supervisor_phone.strip():
        missing.append(Refusal("未填写现场负责人及电话"))
    if missing or scheme is None or choice is None:
        raise UnableToStartWorks("不能开工：%(missing)s", missing=Reasons(missing))
    start = WorkStart.objects.create(
        application=application,
        builder=choice.contractor,
        started_on=started_on,
        planned_until=planned_until,
        supervisor_name=supervisor_name.strip(),
        supervisor_phone=supervisor_phone.strip(),
        files=keep_files(files, refusal=UnableToStartWorks),
        reported_at=at,
        reported_by=by.name,
    )
    _begin(application, scheme, started_on)
    record_step(
        event="connections.work.started",
        application=application,
        actor=by.actor,
        at=at,
        changes={"started_on": started_on, "builder": choice.contractor.name},
    )
    return start


def _begin(application: ConnectionApplication, scheme: SupplyScheme, started_on: dt.date) -> None:
    scheme.state = SchemeState.STARTED
    scheme.save(update_fields=["state"])
    advance(application, ApplicationState.WORKS, 5, works_started_on=started_on)


def _against_day(scheme: SupplyScheme | None, day: dt.date, at: dt.datetime) -> list[Refusal]:
    if scheme is None:
        return [Refusal("供电方案尚未答复客户")]
    if day > local_date(at):
        return [Refusal("开工日期 %(day)s 不能在今天之后", day=day)]
    if scheme.valid_from is not None and day < scheme.valid_from:
        return [
            Refusal(
                "开工日期 %(day)s 早于供电方案答复日 %(valid_from)s",
                day=day,
                valid_from=scheme.valid_from,
            )
        ]
    if scheme.valid_until is not None and day >= scheme.valid_until:
        last = scheme.valid_until - dt.timedelta(days=1)
        return [
            Refusal(
                "供电方案有效期到 %(last)s，%(day)s 已失效（供电营业规则 1996 第21条）",
                last=last,
                day=day,
            )
        ]
    return []


def _against_design(application: ConnectionApplication) -> list[Refusal]:
    if application.supply_kind in (SupplyKind.LOW_VOLTAGE, SupplyKind.TEMPORARY):
        return []
    last = application.design_reviews.order_by("-round").first()
    if last is None:
        return [Refusal("设计文件尚未报审")]
    if last.verdict != Verdict.PASSED:
        return [Refusal("第 %(round)s 轮设计未审查合格", round=last.round)]
    return []


def _against_builder(choice: ContractorChoice | None, day: dt.date) -> list[Refusal]:
    if choice is None:
        return [Refusal("客户尚未选择施工单位")]
    return explain_ineligibility(
        choice.contractor, role=ContractorRole.CONSTRUCTION, voltage_kv=choice.voltage_kv, on=day
    )

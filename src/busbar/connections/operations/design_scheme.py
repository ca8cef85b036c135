"""编制供电方案: alternatives computed or described, one chosen with reasons (R45, R51, N8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.rating import UnableToRate
from busbar.connections import scheme_facts, scheme_results, study
from busbar.connections.models import (
    ENDED_STATES,
    ApplicationState,
    ConnectionApplication,
    SchemeAlternative,
    SchemeException,
    SchemeState,
    SupplyKind,
    SupplyScheme,
)
from busbar.connections.operations.scheme_ground import (
    changes_of,
    lock_scheme,
    require_state,
    write,
)
from busbar.connections.recording import record_step
from busbar.connections.scheme_facts import Assumptions
from busbar.connections.subjects import advance
from busbar.connections.works_ground import hold_visible
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

FEWEST_ALTERNATIVES = 3
_DESIGNING = (ApplicationState.ACCEPTED, ApplicationState.SCHEME)
_BY_HAND = (SupplyKind.LOW_VOLTAGE, SupplyKind.TEMPORARY)


class UnableToDesignScheme(Refusal):
    """No alternatives can be put down for the application as it stands."""


class UnableToChooseAlternative(Refusal):
    """This alternative cannot be chosen; says which check or obstacle stands against it."""


class UnableToGrantException(Refusal):
    """The check cannot be let pass."""


@dataclass(frozen=True)
class DescribedAlternative:
    """An alternative in the officer's own figures, for low voltage and temporary supply.

    `sources` and `transformers` as `SchemeAlternative` keeps them.
    """

    name: str
    voltage_kv: Decimal
    capacity_kva: int
    sources: Sequence[Mapping[str, Any]]
    investment_yuan: Decimal
    construction_days: int
    transformers: Sequence[Mapping[str, Any]] = ()


@transaction.atomic
def study_alternatives(
    *, application_id: int, assumptions: Assumptions, by: Viewer, at: dt.datetime
) -> SupplyScheme:
    """Compute the alternatives from the registers and keep inputs and results in this round.

    Three at least, those that cannot be built with what stands against them. Studying again in
    the same draft takes the place of the alternatives, a choice and its exceptions included; a
    round that was returned or objected to is followed by the next one. Raises
    UnableToDesignScheme, or UnableToStudy / UnableToRate naming the fact that is missing.
    Event `connections.scheme.studied`.
    """
    by.require(Permission.DESIGN_SCHEMES)
    application = _hold(application_id, by)
    today = local_date(at)
    load = scheme_facts.gather_load(application, assumptions)
    network = scheme_facts.gather_network(application, load)
    prices = scheme_facts.gather_prices(application, assumptions, today)
    costs = scheme_facts.gather_unit_costs(today)
    try:
        found = study.study(network, load, prices, costs)
    except UnableToRate as refusal:
        raise UnableToDesignScheme("电费无法测算：%(refusal)s", refusal=refusal) from refusal
    if len(found.alternatives) < FEWEST_ALTERNATIVES:
        raise UnableToDesignScheme(
            "只找到 %(count)s 个可比选的方案，至少应有 %(fewest_alternatives)s 个：请补充附近的馈"
            "线或变电站",
            count=len(found.alternatives),
            fewest_alternatives=FEWEST_ALTERNATIVES,
        )
    scheme = _draft(application, by, at)
    write(
        scheme,
        assumptions=scheme_results.plain_json(assumptions),
        study_inputs={
            "load": scheme_results.plain_json(load),
            "network": _network_json(network),
            "prices": scheme_facts.summarize_prices(prices),
            "unit_costs": scheme_results.plain_json(costs),
        },
        comparison=scheme_results.comparison_json(found),
        studied_at=at,
    )
    rows = [scheme_results.alternative_row(scheme, one, network) for one in found.alternatives]
    SchemeAlternative.objects.bulk_create(rows)
    _record_study(scheme, len(rows), by, at)
    return scheme


def _network_json(network: study.NetworkPart) -> dict[str, Any]:
    used = {line.conductor for line in network.lines}
    kept = {code: network.conductors[code] for code in sorted(used & set(network.conductors))}
    return {
        "stations": scheme_results.plain_json(network.stations),
        "lines": scheme_results.plain_json(network.lines),
        "ties": scheme_results.plain_json(network.ties),
        "conductors": scheme_results.plain_json(kept),
    }


@transaction.atomic
def describe_alternatives(
    *,
    application_id: int,
    alternatives: Sequence[DescribedAlternative],
    by: Viewer,
    at: dt.datetime,
) -> SupplyScheme:
    """Put down alternatives by hand where no power flow is asked for (低压、临时用电).

    They carry no computed checks and say so. Refused for high voltage, which is computed.
    """
    by.require(Permission.DESIGN_SCHEMES)
    application = _hold(application_id, by)
    if application.supply_kind not in _BY_HAND:
        raise UnableToDesignScheme("高压供电方案应由电网和负荷资料计算比选，不能手工填写")
    if not alternatives:
        raise UnableToDesignScheme("请至少填写一个方案")
    rows = [_described(number, one) for number, one in enumerate(alternatives, start=1)]
    scheme = _draft(application, by, at)
    for row in rows:
        row.scheme = scheme
    SchemeAlternative.objects.bulk_create(rows)
    write(scheme, studied_at=at)
    _record_study(scheme, len(rows), by, at)
    return scheme


def _described(number: int, one: DescribedAlternative) -> SchemeAlternative:
    if not one.name.strip() or one.voltage_kv <= 0 or one.capacity_kva <= 0:
        raise UnableToDesignScheme("方案 %(number)s 的名称、电压和容量都须填写", number=number)
    if one.investment_yuan < 0 or one.construction_days < 0:
        raise UnableToDesignScheme("方案 %(number)s 的投资和工期不能为负", number=number)
    return SchemeAlternative(
        ordinal=number,
        name=one.name.strip()[:100],
        voltage_kv=one.voltage_kv,
        capacity_kva=one.capacity_kva,
        sources=[dict(source) for source in one.sources],
        transformers=[dict(unit) for unit in one.transformers],
        investment_yuan=one.investment_yuan,
        construction_days=one.construction_days,
        is_computed=False,
    )


def _hold(application_id: int, by: Viewer) -> ConnectionApplication:
    return hold_visible(
        application_id, by=by, refusal=UnableToDesignScheme, states=_DESIGNING, what="编制供电方案"
    )


def _draft(application: ConnectionApplication, by: Viewer, at: dt.datetime) -> SupplyScheme:
    """The open draft emptied, or the next round; refused while a round is with others."""
    open_rounds = application.schemes.exclude(state__in=ENDED_STATES)
    standing: SupplyScheme | None = open_rounds.first()
    if standing is not None and standing.state != SchemeState.DRAFT:
        raise UnableToDesignScheme(
            "供电方案 %(number)s 现为“%(state)s”，不能重新编制",
            number=standing.number,
            state=standing.get_state_display(),
        )
    if application.state == ApplicationState.ACCEPTED:
        advance(application, ApplicationState.SCHEME, 3)
    if standing is None:
        return _next_round(application, by, at)
    write(
        standing,
        chosen=None,
        choice_reason="",
        comparison={},
        author_id=by.employee_id,
        author_name=by.name,
    )
    standing.alternatives.all().delete()
    standing.application = application
    return standing


def _next_round(application: ConnectionApplication, by: Viewer, at: dt.datetime) -> SupplyScheme:
    last = application.schemes.order_by("-round").values_list("round", flat=True).first() or 0
    created: SupplyScheme = SupplyScheme.objects.create(
        application=application,
        number=f"{application.number}-F{last + 1}",
        round=last + 1,
        author_id=by.employee_id,
        author_name=by.name,
        created_at=at,
    )
    return created


def _record_study(scheme: SupplyScheme, count: int, by: Viewer, at: dt.datetime) -> None:
    record_step(
        event="connections.scheme.studied",
        application=scheme.application,
        actor=by.actor,
        at=at,
        changes=changes_of(scheme, alternatives=count),
    )


@transaction.atomic
def grant_exception(
    *, alternative_id: int, check_code: str, reason: str, by: Viewer, at: dt.datetime
) -> SchemeException:
    """Let a failed check of an alternative pass for a stated reason; never by the author.

    Raises UnableToGrantException. Event `connections.scheme.exception_granted`.
    """
    by.require(Permission.APPROVE_SCHEMES)
    alternative, scheme = _hold_alternative(
        alternative_id, by, UnableToGrantException, what="批准例外"
    )
    if scheme.author_id == by.employee_id and scheme.author_name == by.name:
        raise UnableToGrantException("方案的编制人不能批准自己方案的例外")
    if not reason.strip():
        raise UnableToGrantException("批准例外须写明理由")
    failed = {check["code"]: check for check in _failed(alternative)}
    if check_code not in failed:
        raise UnableToGrantException(
            "校核项“%(check_code)s”没有不合格，无须例外", check_code=check_code
        )
    if alternative.exceptions.filter(check_code=check_code).exists():
        raise UnableToGrantException(
            "校核项“%(failed)s”已批准例外", failed=failed[check_code]["name"]
        )
    exception = SchemeException.objects.create(
        scheme=scheme,
        alternative=alternative,
        check_code=check_code,
        clause=str(failed[check_code]["clause"])[:300],
        reason=reason.strip()[:1000],
        granted_by_id=by.employee_id,
        granted_by_name=by.name,
        granted_at=at,
    )
    record_step(
        event="connections.scheme.exception_granted",
        application=scheme.application,
        actor=by.actor,
        at=at,
        reason=exception.reason,
        changes=changes_of(
            scheme, alternative=alternative.name, check=check_code, clause=exception.clause
        ),
    )
    return exception


@transaction.atomic
def choose_alternative(
    *, alternative_id: int, reason: str, by: Viewer, at: dt.datetime
) -> SupplyScheme:
    """Choose one with the reasons; the choice may be changed until the round is submitted.

    Refused: what cannot be built, a mandatory check that failed without a granted exception
    (each named with its clause). Event `connections.scheme.chosen`.
    """
    by.require(Permission.DESIGN_SCHEMES)
    alternative, scheme = _hold_alternative(
        alternative_id, by, UnableToChooseAlternative, what="选定"
    )
    if not reason.strip():
        raise UnableToChooseAlternative("请写明选定这一方案的理由")
    against = list(alternative.obstacles) + _unexcused(alternative)
    if against:
        raise UnableToChooseAlternative(
            "不能选定“%(alternative)s”：%(against)s",
            alternative=alternative.name,
            against=";".join(against),
        )
    write(scheme, chosen=alternative, choice_reason=reason.strip()[:1000])
    record_step(
        event="connections.scheme.chosen",
        application=scheme.application,
        actor=by.actor,
        at=at,
        reason=scheme.choice_reason,
        changes=changes_of(scheme, alternative=alternative.name, ordinal=alternative.ordinal),
    )
    return scheme


def _hold_alternative(
    alternative_id: int, by: Viewer, refusal: type[Refusal], what: str
) -> tuple[SchemeAlternative, SupplyScheme]:
    seen = SchemeAlternative.objects.visible_to(by).filter(pk=alternative_id).first()
    if seen is None:
        raise refusal("没有这个比选方案，或不在您的范围之内")
    scheme = lock_scheme(
        seen.scheme_id, by=by, refusal=refusal, states=(SchemeState.DRAFT,), what=what
    )
    require_state(scheme.application, (ApplicationState.SCHEME,), refusal=refusal, what=what)
    alternative = scheme.alternatives.filter(pk=alternative_id).first()
    if alternative is None:
        raise refusal("这个比选方案已被重新计算的结果取代")
    return alternative, scheme


def _failed(alternative: SchemeAlternative) -> list[dict[str, Any]]:
    return [
        check
        for check in alternative.checks
        if check["verdict"] == "fail" and check["is_mandatory"]
    ]


def _unexcused(alternative: SchemeAlternative) -> list[str]:
    excused = set(alternative.exceptions.values_list("check_code", flat=True))
    return [
        f"{check['name']}不合格：{check['found']}，要求{check['asked']}（{check['clause']}）"
        for check in _failed(alternative)
        if check["code"] not in excused
    ]

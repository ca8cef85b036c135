"""What each kind of change must state, checked against the archive before it is judged."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from busbar.access.visibility import Viewer
from busbar.connections.models.changes import ChangeKind
from busbar.connections.queries import changes as change_queries
from busbar.connections.queries.changes import Wish
from busbar.customers.models import AccountStatus, Customer, CustomerAccount
from busbar.kit.errors import Listing, Refusal
from busbar.pricing.models import Tariff, TariffCategory
from busbar.supply.models import (
    Agreement,
    BasicChargeMode,
    RunningState,
    Transformer,
    UsagePoint,
)

Facts = dict[str, Any]


class UnableToStateChange(Refusal):
    """Something that the kind of change needs is missing or does not fit the archive."""


_STOPS = {ChangeKind.CAPACITY_REDUCTION, ChangeKind.SUSPENSION, ChangeKind.TEMPORARY_REPLACEMENT}
_REOPENS = {ChangeKind.REINSTALLATION}
_MOST_KW = 10_000_000
"""More than any customer draws; the column ends beyond it."""


def check_facts(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    """The facts of the kind, cleaned; UnableToStateChange names what is missing or wrong."""
    if account.status == AccountStatus.CLOSED:
        raise UnableToStateChange("户号 %(number)s 已销户", number=account.number)
    if account.status == AccountStatus.SUSPENDED and wish.kind not in _REOPENS:
        raise UnableToStateChange("户号 %(number)s 已停用，先办理复装", number=account.number)
    _check_transformers(account, wish)
    check = _CHECKS.get(wish.kind)
    return check(account, wish, facts, by) if check else facts


def text(facts: Facts, name: str, label: str) -> str:
    """A stated text; UnableToStateChange where it is empty."""
    value = str(facts.get(name) or "").strip()
    if not value:
        raise UnableToStateChange("请填写%(label)s", label=label)
    return value


def _check_transformers(account: CustomerAccount, wish: Wish) -> None:
    units = change_queries.running_transformers(account, on=wish.starts_on)
    foreign = [key for key in wish.transformer_ids if key not in units]
    if foreign:
        raise UnableToStateChange("所选变压器不属于该户")
    if wish.kind not in _STOPS:
        return
    for key in wish.transformer_ids:
        unit, state = units[key]
        if state != RunningState.RUNNING:
            name = RunningState(state).label
            raise UnableToStateChange(
                "变压器 %(number)s 在 %(starts_on)s 为“%(name)s”状态",
                number=unit.number,
                starts_on=wish.starts_on,
                name=name,
            )


def _renaming(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    name = text(facts, "new_name", "新名称")
    if name == account.name:
        raise UnableToStateChange("新名称与现名称“%(name)s”相同", name=name)
    return {"old_name": account.name, "new_name": name}


def _transfer(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    number = text(facts, "new_customer", "新客户编号")
    known = Customer.objects.visible_to(by).filter(number=number).first()
    if known is None:
        raise UnableToStateChange("没有客户 %(number)s，或不在您的管辖范围内", number=number)
    if known.pk == account.customer_id:
        raise UnableToStateChange(
            "户号 %(number)s 本来就属于客户 %(customer)s", number=account.number, customer=number
        )
    return {"old_customer": account.customer.number, "new_customer": number}


def _split(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    name = text(facts, "new_name", "新户名称")
    numbers = [str(number) for number in facts.get("usage_points") or []]
    if not numbers:
        raise UnableToStateChange("请选择分给新户的计量点")
    held = UsagePoint.objects.filter(account=account)
    found = set(held.filter(number__in=numbers).values_list("number", flat=True))
    if missing := [number for number in numbers if number not in found]:
        raise UnableToStateChange("该户没有计量点 %(missing)s", missing=Listing(missing))
    if held.count() == len(found):
        raise UnableToStateChange("原户至少应保留一个计量点")
    return {"new_name": name, "usage_points": sorted(found)}


def _merger(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    number = text(facts, "into_account", "并入的户号")
    into = CustomerAccount.objects.visible_to(by).filter(number=number).first()
    if into is None:
        raise UnableToStateChange("没有户号 %(number)s，或不在您的管辖范围内", number=number)
    if into.pk == account.pk or into.customer_id != account.customer_id:
        raise UnableToStateChange("应并入同一客户的另一个户号")
    if into.status != AccountStatus.ACTIVE:
        raise UnableToStateChange("户号 %(number)s 不在用", number=number)
    return {"into_account": number}


def _relocation(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    return {"old_address": account.address, "new_address": text(facts, "new_address", "新址")}


def _meter_relocation(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    number = text(facts, "usage_point", "计量点编号")
    if not UsagePoint.objects.filter(account=account, number=number).exists():
        raise UnableToStateChange("该户没有计量点 %(number)s", number=number)
    return {"usage_point": number, "position": text(facts, "position", "新的安装位置")}


def _replacement(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    if len(wish.transformer_ids) != 1:
        raise UnableToStateChange("%(label)s应选择一台被换下的变压器", label=wish.kind.label)
    number = text(facts, "number", "换上变压器的编号")
    if Transformer.objects.filter(number=number).exists():
        raise UnableToStateChange("变压器编号 %(number)s 已登记", number=number)
    kva = _whole(facts, "capacity_kva", "换上变压器的容量")
    return {"number": number, "model": str(facts.get("model") or ""), "capacity_kva": kva}


def _reduction(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    """Nothing where transformers are only stopped; the smaller one where it is exchanged."""
    if not facts.get("capacity_kva") and not facts.get("number"):
        return {}
    return _replacement(account, wish, facts, by)


def _voltage(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    stated = text(facts, "voltage_kv", "新的供电电压")
    try:
        voltage = Decimal(stated)
    except InvalidOperation as error:
        raise UnableToStateChange(
            "供电电压应为千伏数，如 35，填的是 %(stated)s", stated=stated
        ) from error
    if not voltage.is_finite() or voltage <= 0:
        raise UnableToStateChange("供电电压应大于 0，填的是 %(stated)s", stated=stated)
    return {"voltage_kv": str(voltage)}


def _category(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    code = text(facts, "tariff_code", "新的电价编码")
    in_force = Tariff.objects.filter(code=code, valid_from__lte=wish.starts_on)
    if not in_force.exists():
        raise UnableToStateChange(
            "%(starts_on)s 没有在执行的电价 %(code)s", starts_on=wish.starts_on, code=code
        )
    category = text(facts, "tariff_category", "新的用电类别")
    if category not in TariffCategory.values:
        raise UnableToStateChange("没有用电类别 %(category)s", category=category)
    number = text(facts, "agreement_number", "新合同编号")
    return {"tariff_code": code, "tariff_category": category, "agreement_number": number}


def _charge_mode(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    mode = text(facts, "basic_charge_mode", "基本电费计收方式")
    if mode not in set(BasicChargeMode.values) - {BasicChargeMode.NONE}:
        raise UnableToStateChange("没有基本电费计收方式 %(mode)s", mode=mode)
    found = {"basic_charge_mode": mode, "agreement_number": _free_agreement_number(facts)}
    if old := change_queries.current_agreement(account, on=wish.starts_on):
        found["old_basic_charge_mode"] = str(old.basic_charge_mode)
    if mode != BasicChargeMode.CONTRACT_DEMAND:
        return found
    return {**found, "contract_demand_kw": _whole_kw(facts)}


def _contract_demand(account: CustomerAccount, wish: Wish, facts: Facts, by: Viewer) -> Facts:
    kw, number = _whole_kw(facts), _free_agreement_number(facts)
    old = change_queries.current_agreement(account, on=wish.starts_on)
    before = {"old_contract_demand_kw": old.contract_demand_kw} if old else {}
    return {**before, "contract_demand_kw": kw, "agreement_number": number}


def _free_agreement_number(facts: Facts) -> str:
    number = text(facts, "agreement_number", "新合同编号")
    if Agreement.objects.filter(number=number).exists():
        raise UnableToStateChange("合同编号 %(number)s 已登记", number=number)
    return number


def _whole(facts: Facts, name: str, label: str) -> int:
    stated = text(facts, name, label)
    if not stated.isascii() or not stated.isdigit() or int(stated) == 0:
        raise UnableToStateChange(
            "%(label)s应为大于 0 的整数千伏安，填的是 %(stated)s", label=label, stated=stated
        )
    return int(stated)


def _whole_kw(facts: Facts) -> int:
    stated = text(facts, "contract_demand_kw", "合同最大需量")
    if not stated.isascii() or not stated.isdigit() or not 0 < int(stated) <= _MOST_KW:
        raise UnableToStateChange(
            "合同最大需量应为大于 0 的整数千瓦，填的是 %(stated)s", stated=stated
        )
    return int(stated)


_Check = Callable[[CustomerAccount, Wish, Facts, Viewer], Facts]
_CHECKS: dict[ChangeKind, _Check] = {
    ChangeKind.CAPACITY_REDUCTION: _reduction,
    ChangeKind.RENAMING: _renaming,
    ChangeKind.TRANSFER: _transfer,
    ChangeKind.SPLIT: _split,
    ChangeKind.MERGER: _merger,
    ChangeKind.RELOCATION: _relocation,
    ChangeKind.METER_RELOCATION: _meter_relocation,
    ChangeKind.TEMPORARY_REPLACEMENT: _replacement,
    ChangeKind.VOLTAGE_CHANGE: _voltage,
    ChangeKind.CATEGORY_CHANGE: _category,
    ChangeKind.CHARGE_MODE_CHANGE: _charge_mode,
    ChangeKind.CONTRACT_DEMAND_CHANGE: _contract_demand,
}

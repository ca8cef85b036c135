"""An account's advice: basic charge, compensation and shifting, by rating its past year again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from busbar.access.visibility import Viewer
from busbar.billing import rating
from busbar.billing.advice.basic_charge import BasicAdvice, advise_basic_charge
from busbar.billing.advice.compensation import CompensationAdvice, advise_compensation
from busbar.billing.advice.figures import figures_on, list_values
from busbar.billing.advice.shifting import Shift, advise_shifting
from busbar.billing.advice.sufficiency import Coverage, UnableToAdvise, require_enough
from busbar.billing.advice.switching import Switch, earliest_demand_change, earliest_mode_change
from busbar.billing.advice.what_if import Mode, MonthFacts
from busbar.billing.advice.year import BilledYear, Books, find_account, load_months, load_year
from busbar.billing.price_book import load_price_book
from busbar.customers.models import CustomerAccount
from busbar.kit.errors import Phrase
from busbar.supply.models import Agreement, BasicChargeMode


@dataclass(frozen=True)
class Advice:
    """What the past year says of the next months.

    `basic` None where the agreement has no basic charge, `compensation` None where no power
    factor is assessed; `basic_refused` says why the basic charge could not be compared.
    `switch` is from when the best way can hold, None where nothing changes or no rule says.
    """

    account: CustomerAccount
    on: dt.date
    months: tuple[str, ...]
    rule_set: rating.RuleSet
    coverage: Coverage
    basic: BasicAdvice | None
    basic_refused: Phrase | None
    switch: Switch | None
    compensation: CompensationAdvice | None
    shifts: tuple[Shift, ...]


def advise(
    viewer: Viewer, account_number: str, *, on: dt.date, books: Books = load_price_book
) -> Advice:
    """Study the account as of a day; `books` may keep months' prices for many accounts.

    CustomerAccount.DoesNotExist when it may not be seen; UnableToAdvise with what is missing
    where the data is too little.
    """
    figures = figures_on(on)
    account = find_account(viewer, account_number)
    year = load_year(viewer, account, months=figures.integer("advice.months"))
    require_enough(year.coverage, figures)
    try:
        months = load_months(year, books)
    except rating.UnableToRate as reason:
        raise UnableToAdvise("不能给出建议：%(reason)s", reason=reason) from reason
    basic, refused = _basic(months, year.agreements[-1])
    percents = list_values(figures, "advice.shifted_percents")
    return Advice(
        account=account,
        on=on,
        months=tuple(facts.month for facts in months),
        rule_set=months[-1].bill_input.rule_set,
        coverage=year.coverage,
        basic=basic,
        basic_refused=refused,
        switch=_switch(basic, months, year, on),
        compensation=advise_compensation(
            months, unit_cost=figures.rule("compensation.yuan_per_kvar")
        ),
        shifts=advise_shifting(months, [Decimal(percent) for percent in percents]),
    )


def _basic(
    months: tuple[MonthFacts, ...], agreement: Agreement
) -> tuple[BasicAdvice | None, Phrase | None]:
    if agreement.basic_charge_mode == BasicChargeMode.NONE:
        return None, None
    try:
        advice = advise_basic_charge(
            months,
            mode=cast(Mode, agreement.basic_charge_mode),
            contract_kw=agreement.contract_demand_kw,
        )
    except rating.UnableToRate as reason:
        return None, Phrase("不能比较基本电费的计收方式：%(reason)s", reason=reason)
    return advice, None


def _switch(
    basic: BasicAdvice | None, months: tuple[MonthFacts, ...], year: BilledYear, on: dt.date
) -> Switch | None:
    if basic is None or basic.best is basic.present:
        return None
    rule_set = months[-1].bill_input.rule_set
    if basic.best.mode == basic.present.mode:
        return earliest_demand_change(rule_set, year.agreements, on)
    return earliest_mode_change(rule_set, year.agreements, on)

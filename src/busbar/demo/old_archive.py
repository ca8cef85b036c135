"""The part of the archive that an old system kept by 户号: no customers, names as clerks wrote.

Some bodies of the region come in only so, of some others one account does. To which body an
account belongs is known here and stated in no file that is imported. Only bodies outside groups
and without importance grade: those are kept by customer everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from busbar.demo import steel
from busbar.demo.names import choose, parts, person_name, places
from busbar.demo.parameters import Parameters
from busbar.demo.values import Account, Customer, OldEntry

WHOLE_SHARE, PART_SHARE = 0.12, 0.04
"""Of the region's customers: those that come in only by account; those with one such account."""
LARGEST_REGION = 1_000
"""Larger regions, made to measure load, have no old system: their names are drawn from so few
words that strangers share them."""
_SEVERAL_ACCOUNTS = 0.75
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_FORMS = ("股份有限公司", "有限责任公司", "有限公司")
_Change = Callable[[np.random.Generator, str], str]


def write_entries(parameters: Parameters, customers: Sequence[Customer]) -> tuple[OldEntry, ...]:
    """The old system's accounts, in the order of the region's customers."""
    if len(customers) > LARGEST_REGION:
        return ()
    whole, part = _choose(parameters, customers)
    return tuple(
        _entry(parameters, customer, account, is_whole=customer.number in whole)
        for customer in customers
        for account in _accounts(customer, whole, part)
    )


def _choose(parameters: Parameters, customers: Sequence[Customer]) -> tuple[set[str], set[str]]:
    """Numbers of the bodies that come in by account: most of them have several."""
    fitting = [
        c for c in customers if not c.group and c.importance == "none" and c.name != steel.NAME
    ]
    draws = parameters.stream("old archive")
    order = [fitting[int(place)] for place in draws.permutation(len(fitting))]
    several = [c for c in order if len(c.accounts) > 1]
    single = [c for c in order if len(c.accounts) == 1]
    count = max(2, round(WHOLE_SHARE * len(customers)))
    head = several[: max(2, round(count * _SEVERAL_ACCOUNTS))]
    whole = {c.number for c in [*head, *single][:count]}
    rest = [c.number for c in several if c.number not in whole]
    return whole, set(rest[: max(1, round(PART_SHARE * len(customers)))])


def _accounts(customer: Customer, whole: set[str], part: set[str]) -> tuple[Account, ...]:
    if customer.number in whole:
        return customer.accounts
    return customer.accounts[-1:] if customer.number in part else ()


def _entry(
    parameters: Parameters, customer: Customer, account: Account, *, is_whole: bool
) -> OldEntry:
    draws = parameters.stream("old entry", int(account.number))
    own_code = is_whole and draws.random() < 0.2  # noqa: PLR2004 - most accounts state none
    return OldEntry(
        account=account.number,
        customer=customer.number,
        name=write_name(draws, account.name, account.county),
        address=write_address(draws, account.address),
        credit_code=customer.credit_code if own_code else "",
        person=person_name(draws),
        phone=write_phone(draws, customer.contacts[0].phone),
    )


def write_name(draws: np.random.Generator, name: str, county: int) -> str:
    """A name, or an account's with its use in brackets, as one clerk or another wrote it."""
    body, _, use = name.partition("(")
    for change in (_with_other_region(county), _with_other_form, _with_wrong_character):
        body = change(draws, body)
    written = body + _use(draws, use.removesuffix(")"))
    luck = draws.random()
    if luck < 0.12:  # noqa: PLR2004 - share of full-width entry
        return written.translate(_FULL_WIDTH)
    if luck < 0.17:  # noqa: PLR2004 - share of stray blanks
        place = int(draws.integers(1, len(written)))
        return f"{written[:place]} {written[place:]}"
    if luck < 0.21 and len(written) > 10:  # noqa: PLR2004 - a field of the old system was too short
        return written[:-2]
    return written


def _with_other_region(county: int) -> _Change:
    place = places()[county]
    stated = [p.name for p in places()] + [p.city_name for p in places()]
    stated += [p.short for p in places()] + [p.city_short for p in places()] + ["岚川省", "岚川"]

    def change(draws: np.random.Generator, name: str) -> str:
        luck = draws.random()
        found = next((word for word in stated if name.startswith(word)), "")
        if luck < 0.3 and found and len(name) - len(found) > 3:  # noqa: PLR2004 - something stays
            return name.removeprefix(found)
        if luck > 0.85 and not found:  # noqa: PLR2004 - share of clerks who add the county
            return choose(draws, (place.name, place.city_name, place.short)) + name
        return name

    return change


def _with_other_form(draws: np.random.Generator, name: str) -> str:
    form = next((form for form in _FORMS if name.endswith(form)), "")
    if not form or draws.random() > 0.35:  # noqa: PLR2004 - share of abbreviated or wrong forms
        return name
    return name.removesuffix(form) + choose(draws, parts()["clerk_forms"])


def _with_wrong_character(draws: np.random.Generator, name: str) -> str:
    """One character by another that sounds or looks like it."""
    if draws.random() > 0.1:  # noqa: PLR2004 - share of mistyped names
        return name
    alike = [(place, group) for place, c in enumerate(name) for group in _alike() if c in group]
    if not alike:
        return name
    place, group = alike[int(draws.integers(len(alike)))]
    other = choose(draws, [c for c in group if c != name[place]])
    return name[:place] + other + name[place + 1 :]


def _alike() -> list[str]:
    words: list[str] = parts()["clerk_mistakes"].split()
    return words


def _use(draws: np.random.Generator, use: str) -> str:
    if not use:
        return choose(draws, parts()["clerk_tails"]) if draws.random() < 0.12 else ""  # noqa: PLR2004
    return choose(draws, (f"({use})", f"（{use}）", f"-{use}", use, ""))


def write_address(draws: np.random.Generator, address: str) -> str:
    """An address with what clerks leave out, add and mistype."""
    if draws.random() < 0.07:  # noqa: PLR2004 - share of entries without address
        return ""
    luck = draws.random()
    city = next((p.city_name for p in places() if address.startswith(p.city_name)), "")
    if luck < 0.3:  # noqa: PLR2004 - at home the city goes without saying
        address = address.removeprefix(city)
    elif luck < 0.45:  # noqa: PLR2004 - or the province is written too
        address = f"{parts()['province']}{address}"
    return "".join(_number(draws, address))


def _number(draws: np.random.Generator, address: str) -> Iterator[str]:
    """The address with its number: whole, turned, in full width, with a building, or without."""
    head = address.rstrip("0123456789号")
    number = address[len(head) :].removesuffix("号")
    luck = draws.random()
    yield head
    if luck < 0.1:  # noqa: PLR2004 - no number
        return
    if luck < 0.15 and len(number) > 1:  # noqa: PLR2004 - the last two digits turned
        number = number[:-2] + number[-1] + number[-2]
    elif luck < 0.3:  # noqa: PLR2004 - full width
        number = number.translate(_FULL_WIDTH)
    yield f"{number}{choose(draws, ('号', '号', '号', '号院', '号2幢'))}"


def write_phone(draws: np.random.Generator, phone: str) -> str:
    """A number, empty where the old system has none, turned digits in some."""
    luck = draws.random()
    if luck < 0.35:  # noqa: PLR2004 - share without telephone
        return ""
    if luck < 0.43:  # noqa: PLR2004 - two digits turned
        return f"{phone[:-3]}{phone[-2]}{phone[-3]}{phone[-1]}"
    return choose(draws, (phone, phone, phone.replace("-", ""), phone.partition("-")[2]))

"""The archive that tunes the shipped parameters. `measured_archive.py` knows nothing of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from busbar.customers.consolidation.features import ArchiveEntry
from busbar.kit.identifiers import credit_code_check_digit

SEED = 11
_PLACES = [
    ("苏州", "昆山"),
    ("苏州", "吴江"),
    ("无锡", "江阴"),
    ("常州", "武进"),
    ("宁波", "慈溪"),
    ("绍兴", "诸暨"),
]
_TRADES = [
    "钢铁", "化工", "机械", "机械制造", "电子", "电子科技", "纺织", "食品", "建材", "水泥",
    "新材料", "汽车零部件", "物流", "商贸", "房地产开发", "置业", "医药", "塑料", "包装",
    "印刷", "能源", "光伏", "软件", "五金", "电气", "家具", "陶瓷", "服装", "造纸", "环保科技",
    "科技", "实业", "投资", "物业管理", "酒店管理", "建筑工程", "精密",
]  # fmt: skip
_FORMS = ["有限公司"] * 7 + ["有限责任公司"] * 2 + ["股份有限公司"]
_ROADS = [
    "工业大道", "创业路", "振兴路", "滨江路", "建设路", "人民路", "科技路", "解放街", "长江路",
    "黄河路", "迎宾大道",
]  # fmt: skip
_PARTS = [
    "一车间", "二期", "宿舍楼", "食堂", "水泵房", "第二厂区", "仓库", "办公楼", "基建",
]  # fmt: skip
_SOUNDS = (
    "东冬 鑫新欣馨 华花 宏鸿洪弘 达大 丰峰锋 盛胜圣晟 嘉佳家加 瑞睿锐 泰太"
    " 亿亦易益 恒衡 利力立丽 明铭 安鞍 源元圆园 伟威维 德得 兴星 隆龙 康抗"
)
_HOMOPHONES = {c: [d for d in group if d != c] for group in _SOUNDS.split() for c in group}


@dataclass(frozen=True)
class _Body:
    number: str
    place: tuple[str, str]
    brand: str
    trade: str
    form: str
    road: str
    door: int
    phone: str
    code: str


def entries(brands: list[str], bodies: int, seed: int = SEED) -> list[ArchiveEntry]:
    """The bodies' accounts as several offices wrote them; `customer` is the truth."""
    draws = random.Random(seed)  # noqa: S311 - an archive to measure on, no secret
    made = [_body(draws, serial, brands) for serial in range(bodies)]
    made = [
        _sibling(draws, made[i // 2], i) if draws.random() < 0.18 and i else b
        for i, b in enumerate(made)
    ]
    return [entry for body in made for entry in _written(draws, body)]


def _body(draws: random.Random, serial: int, brands: list[str]) -> _Body:
    return _Body(
        number=f"T{serial}",
        place=draws.choice(_PLACES),
        brand=draws.choice(brands),
        trade=draws.choice(_TRADES),
        form=draws.choice(_FORMS),
        road=draws.choice(_ROADS),
        door=draws.randrange(1, 600),
        phone=f"1{draws.randrange(3, 10)}{draws.randrange(10**9):09d}",
        code=_code(serial),
    )


def _sibling(draws: random.Random, body: _Body, serial: int) -> _Body:
    """Another body of the same brand: another trade, or another place."""
    other = draws.random() < 0.6
    return _Body(
        f"T{serial}",
        body.place if other else draws.choice(_PLACES),
        body.brand,
        draws.choice(_TRADES) if other else body.trade,
        draws.choice(_FORMS),
        draws.choice(_ROADS),
        draws.randrange(1, 600),
        f"13{draws.randrange(10**9):09d}",
        _code(serial),
    )


def _code(serial: int) -> str:
    body = f"9199{serial % 10_000:04d}MA{serial:06d}X"
    return body + credit_code_check_digit(body)


def _written(draws: random.Random, body: _Body) -> Iterator[ArchiveEntry]:
    for account in range(1 + min(int(draws.expovariate(0.7)), 7)):
        yield ArchiveEntry(
            key=f"{body.number}-{account}",
            customer=body.number,
            name=_name(draws, body),
            address=_address(draws, body),
            credit_code=body.code if draws.random() < 0.4 else "",
            phones=[body.phone if draws.random() < 0.6 else f"15{draws.randrange(10**9):09d}"]
            if draws.random() < 0.6
            else [],
        )


def _name(draws: random.Random, body: _Body) -> str:
    brand, trade, form = body.brand, body.trade, body.form
    region = draws.choice(
        [body.place[0] + "市", body.place[1] + "市", body.place[1], "", body.place[0]]
    )
    if draws.random() < 0.1:
        brand = _mistyped(draws, brand)
    if draws.random() < 0.1:
        trade = ""
    elif draws.random() < 0.02:
        trade = draws.choice(_TRADES)
    if draws.random() < 0.25:
        form = draws.choice(["有限公司", "公司", "", "（有限公司）", "有限责任公司"])
    name = f"{region}{brand}{trade}{form}"
    if draws.random() < 0.12:
        name = f"{brand}{trade}（{body.place[0]}）{form}"
    if draws.random() < 0.12:
        name += draws.choice(["", "（", "-"]) + draws.choice(_PARTS)
    return name.replace("公司", "公 司") if draws.random() < 0.03 else name


def _mistyped(draws: random.Random, text: str) -> str:
    place = draws.randrange(len(text))
    alike = _HOMOPHONES.get(text[place])
    if alike and draws.random() < 0.5:
        return text[:place] + draws.choice(alike) + text[place + 1 :]
    if len(text) > 2 and draws.random() < 0.4:
        return text[:place] + text[place + 1 :]
    return text[:place] + draws.choice("东华新天金宏海大兴泰") + text[place + 1 :]


def _address(draws: random.Random, body: _Body) -> str:
    if draws.random() < 0.08:
        return ""
    road, door = (
        (body.road, body.door)
        if draws.random() < 0.7
        else (draws.choice(_ROADS), draws.randrange(1, 600))
    )
    county = f"{body.place[1]}市" if draws.random() < 0.8 else ""
    if draws.random() < 0.15:
        return f"{county}{road}"
    return f"{county}{road}{door}号" + draws.choice(["", "", f"{draws.randrange(1, 9)}号楼"])

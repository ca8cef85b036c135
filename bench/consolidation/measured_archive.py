"""The archive that is measured: its own trades, places, offices and mistakes.

Written apart from `tuning_archive.py`: other brands (the odd half of the hashes), other seed, and
kinds of error the tuning has not seen (words of the trade no list knows, workshops of all names,
old names, mobile numbers of the electrician, two bodies at one gate, groups with many bodies).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from busbar.customers.consolidation.features import ArchiveEntry
from busbar.kit.identifiers import credit_code_check_digit

SEED = 2026
_CITIES = {
    "青岛市": ("胶州市", "即墨区", "平度市"),
    "佛山市": ("顺德区", "南海区", "三水区"),
    "郑州市": ("新郑市", "荥阳市", "中牟县"),
}
_TRADES = [
    "特种钢", "无缝钢管", "铝型材", "铜材", "压铸", "热处理", "精密机械", "起重机械",
    "工程机械", "汽车配件", "汽配", "电子元件", "线路板", "集成电路", "生物技术", "制药",
    "精细化工", "日化", "涂料", "塑胶制品", "橡胶制品", "陶瓷", "卫浴", "洁具", "家居", "木业",
    "食品", "冷冻食品", "啤酒", "粮油", "饲料", "纺织", "印染", "服饰", "鞋材", "纸品包装",
    "彩印", "混凝土", "水泥制品", "玻璃", "供应链管理", "冷链物流", "仓储", "商业运营", "置业",
    "房地产", "污水处理", "再生资源", "新能源科技", "锂电材料", "光伏科技", "信息技术",
    "数据服务", "医疗器械", "酒店", "文旅",
]  # fmt: skip
_FORMS = {"有限公司": 74, "有限责任公司": 10, "股份有限公司": 9, "厂": 7}
_STREETS = [
    "工业园一路", "工业园二路", "创新大道", "和平路", "中山路", "新华大街", "海尔路", "兴业路",
    "火炬大道", "珠江路", "泰山路", "文昌街", "科苑路", "经三路", "纬五路", "环城北路",
    "迎宾路", "石化路", "港城大道", "富士路",
]  # fmt: skip
_TAILS = [
    "1#厂房", "二厂", "三车间", "(扩建)", "-宿舍", "职工食堂", "污水站", "（南厂区）", "空压站",
    "2号变", "门面房", "综合楼",
]  # fmt: skip
_SOUNDALIKE = [
    "新鑫欣", "宏鸿洪", "盛胜晟", "嘉佳家", "瑞锐睿", "丰峰锋", "源元圆", "明铭鸣", "东冬栋",
    "利力立", "亿益艺", "汇惠慧",
]  # fmt: skip
_LOOKALIKE = [
    "末未", "己已巳", "日曰", "土士", "千干于", "天夭", "微徽", "晖辉", "博搏", "泰秦", "沣洋",
    "格洛",
]  # fmt: skip


@dataclass
class _Body:
    number: str
    city: str
    county: str
    brand: str
    trade: str
    form: str
    code: str
    gate: tuple[str, int]
    phone: str
    more_gates: list[tuple[str, int]] = field(default_factory=list)


def entries(brands: list[str], bodies: int, seed: int = SEED) -> list[ArchiveEntry]:
    """The bodies' accounts as several offices wrote them; `customer` is the truth."""
    draws = random.Random(seed)  # noqa: S311 - an archive to measure on, no secret
    made: list[_Body] = []
    while len(made) < bodies:
        made += _group(draws, brands, len(made))
    return [entry for body in made[:bodies] for entry in _accounts(draws, body)]


def _group(draws: random.Random, brands: list[str], first: int) -> list[_Body]:
    """One body, or a group whose bodies share the brand and sometimes the gate."""
    size = draws.choices([1, 2, 3, 6], [76, 14, 8, 2])[0]
    brand, gate = draws.choice(brands), _gate(draws)
    found = []
    for offset in range(size):
        city = draws.choice(list(_CITIES))
        serial = first + offset
        code = f"9188{serial % 9000 + 1000}MB{serial:06d}Y"
        found.append(
            _Body(
                f"M{serial}",
                city,
                draws.choice(_CITIES[city]),
                brand,
                draws.choice(_TRADES),
                draws.choices(list(_FORMS), list(_FORMS.values()))[0],
                code + credit_code_check_digit(code),
                gate if draws.random() < 0.3 else _gate(draws),
                f"0{draws.randrange(310, 999)}-{draws.randrange(10**7, 10**8)}",
                [_gate(draws) for _ in range(draws.choice([0, 0, 1, 2]))],
            )
        )
    return found


def _gate(draws: random.Random) -> tuple[str, int]:
    return draws.choice(_STREETS), draws.randrange(1, 900)


def _accounts(draws: random.Random, body: _Body) -> Iterator[ArchiveEntry]:
    office = draws.random()
    for number in range(draws.choices([1, 2, 3, 4, 6, 9], [30, 28, 18, 12, 8, 4])[0]):
        phones = [body.phone] if draws.random() < 0.5 else []
        if draws.random() < 0.15:
            phones = [f"139{draws.randrange(10**8):08d}"]
        yield ArchiveEntry(
            key=f"{body.number}-{number}",
            customer=body.number,
            name=_name(draws, body, office),
            address=_address(draws, body),
            credit_code=body.code if draws.random() < 0.35 else "",
            phones=phones,
        )


def _name(draws: random.Random, body: _Body, office: float) -> str:
    brand = _slip(draws, body.brand) if draws.random() < 0.09 else body.brand
    place = draws.choices([body.city, body.city[:-1], body.county, ""], [3, 4, 1, 2])[0]
    form = body.form
    if draws.random() < 0.2 and form != "厂":
        form = draws.choice(["公司", "", "有限公司", "有限责任公司", "（有限公司"])
    name = f"{place}{brand}{body.trade}{form}"
    if office < 0.15:
        name = f"{brand}（{body.city[:-1]}）{body.trade}{form}"
    if draws.random() < 0.07:
        name = f"{place}{brand}{form}"
    if draws.random() < 0.04:
        name = f"{brand}集团{body.trade}{form}"
    if draws.random() < 0.14:
        name += draws.choice(_TAILS)
    if draws.random() < 0.04:
        name = name.translate({ord("("): "（", ord("1"): "１"}) + " "
    return name if draws.random() > 0.03 else name[: max(len(name) - 3, 4)]


def _slip(draws: random.Random, text: str) -> str:
    places = list(range(len(text)))
    draws.shuffle(places)
    for table in (_SOUNDALIKE, _LOOKALIKE):
        for place in places:
            group = next((g for g in table if text[place] in g), "")
            if group:
                other = draws.choice([c for c in group if c != text[place]])
                return text[:place] + other + text[place + 1 :]
    place = places[0]
    if len(text) > 2:
        return text[:place] + text[place + 1 :]
    return text[:place] + draws.choice("江山林和美") + text[place + 1 :]


def _address(draws: random.Random, body: _Body) -> str:
    if draws.random() < 0.06:
        return ""
    street, door = draws.choice([body.gate, body.gate, *body.more_gates])
    province = draws.choice(
        ["", "", {"青岛市": "山东省", "佛山市": "广东省", "郑州市": "河南省"}[body.city]]
    )
    county = body.county if draws.random() < 0.85 else ""
    if draws.random() < 0.12:
        return f"{province}{body.city}{county}{street}"
    number = draws.choice(
        [f"{door}号", f"{door}号", f" {door} 号院", f"{door}号{draws.randrange(1, 9)}栋"]
    )
    return f"{province}{body.city}{county}{street}{number}"

"""Quote documents: exact JSON, a schema a stranger can write from, refusals that say where."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from busbar.billing import quote

QUOTES = sorted((Path(__file__).parent / "quotes").glob("*.json"))


KINDS = (
    "应为 bill、basic_charge、power_factor、late_payment、meter_error、wrong_ratio、wrong_wiring、"
    "breach、theft、compensation、indicator 之一"
)
RULE_SETS = "应为 'R1996'、'R2016'、'R2018'、'R2023'、'R2024' 之一"
DAY = "应为日期 YYYY-MM-DD（1950 至 2200 年）"
NUMBER = "应为数字（整数部分至多 15 位，小数至多 10 位）"
STANDARD = "应为 0.90、0.85 或 0.80"
ONE_STANDARD = "standard 与 customer 须填且只填一种"
BAD_DAY = ("$.period.start",)
BAD_PRICE = ("$.tariff.prices.flat",)
BAD_STANDARD = ("$.power_factors[0].standard",)
FAR_OUT = Decimal("1E+999999")
UNKNOWN_RULE = {"code": "nonsense", "value": 1, "source": "x"}


def document(name: str = "e01") -> dict[str, Any]:
    """A valid document to spoil."""
    path = Path(__file__).parent / "quotes" / f"{name}.json"
    return quote.loads(path.read_text(encoding="utf-8"))


def refusal_of(spoiled: Any) -> quote.QuoteRefused:
    """The refusal that a document meets."""
    with pytest.raises(quote.QuoteRefused) as caught:
        quote.quote(spoiled)
    return caught.value


def properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of every object of a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"].items()
        for value in schema.values():
            yield from properties(value)
    if isinstance(schema, list):
        for value in schema:
            yield from properties(value)


class TestInputSchema:
    def test_is_valid_2020_12(self) -> None:
        schema = quote.input_schema()

        assert schema["$schema"].endswith("2020-12/schema")
        jsonschema.Draft202012Validator.check_schema(schema)

    def test_describes_every_property_in_chinese_and_english(self) -> None:
        undescribed = [
            name
            for name, entry in properties({"$defs": quote.input_schema()["$defs"]})
            if not any("一" <= letter <= "鿿" for letter in entry.get("description", ""))
            or not any(letter.isascii() and letter.isalpha() for letter in entry["description"])
        ]

        assert undescribed == []

    @pytest.mark.parametrize("path", QUOTES, ids=lambda path: path.stem)
    def test_accepts_every_worked_bill(self, path: Path) -> None:
        jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), quote.input_schema())

    def test_has_an_example_of_every_kind_that_is_accepted_and_quoted(self) -> None:
        schema = quote.input_schema()
        examples = {example["kind"]: example for example in schema["examples"]}

        for example in examples.values():
            jsonschema.validate(example, schema)
        answers = {kind: quote.quote(example) for kind, example in examples.items()}

        assert list(examples) == list(quote.KINDS)
        assert answers["bill"]["total_yuan"] == "150854.20"
        assert answers["basic_charge"]["total_yuan"] == "55955.00"
        assert answers["power_factor"]["total_yuan"] == "750.00"

    @pytest.mark.parametrize("kind", sorted(quote.KINDS))
    def test_has_a_branch_for_each_kind(self, kind: str) -> None:
        assert kind in quote.input_schema()["discriminator"]["mapping"]


class TestQuote:
    def test_numbers_and_their_text_are_the_same(self) -> None:
        as_text = document()
        as_text["basic_charge"]["prices"] = [{"price": "15.00"}]

        assert quote.quote(as_text)["total_yuan"] == quote.quote(document())["total_yuan"]

    def test_is_a_function_of_its_document(self) -> None:
        given = document()
        before = copy.deepcopy(given)

        assert quote.quote(given) == quote.quote(given)
        assert given == before

    def test_without_rule_set_the_period_decides(self) -> None:
        given = document("e06_r1996") | {"rule_set": None}
        given["period"] = {"start": "2024-06-01", "end": "2024-07-01"}

        assert quote.quote(given)["rule_set"] == "R2024"

    def test_every_line_tells_its_rule_and_amounts_have_two_decimals(self) -> None:
        for line in quote.quote(document())["lines"]:
            assert {"code", "article", "source", "certainty"} <= set(line["rule"])
            assert line["rule"]["certainty"] in {"A", "B", "C", "unverified", "local"}
            assert line["amount_yuan"].split(".")[1].__len__() == 2
            assert line["formula"].endswith(f"= {line['amount_yuan']} 元")

    def test_answers_survive_json(self) -> None:
        answer = quote.quote(document())

        assert json.loads(quote.dumps(answer)) == answer


class TestRefusals:
    @pytest.mark.parametrize(
        ("spoil", "path", "value", "expectation"),
        [
            ({"kind": "rent"}, "$.kind", "rent", KINDS),
            ({"kind": None}, "$.kind", None, KINDS),
            ({"colour": 1}, "$.colour", 1, "没有这一项，请按输入格式（schema）核对名称"),
            ({"segments": []}, "$.segments", [], "至少要有 1 项"),
            ({"rule_set": "R1"}, "$.rule_set", "R1", RULE_SETS),
            ({"period": {"start": "2010-13-01", "end": "2010-07-01"}}, *BAD_DAY, "2010-13-01", DAY),
            ({"period": {"start": 20100601, "end": "2010-07-01"}}, *BAD_DAY, 20100601, DAY),
            ({"tariff": {"prices": {"flat": "0,45"}}}, *BAD_PRICE, "0,45", NUMBER),
            ({"tariff": {"prices": {"flat": True}}}, *BAD_PRICE, True, NUMBER),
            ({"tariff": {"prices": {"flat": FAR_OUT}}}, *BAD_PRICE, FAR_OUT, NUMBER),
            ({"tariff": {"prices": {"flat": -1}}}, *BAD_PRICE, -1, "应不小于 0"),
            ({"power_factors": [{"standard": "0.95"}]}, *BAD_STANDARD, "0.95", STANDARD),
            ({"power_factors": [{}]}, "$.power_factors[0]", None, ONE_STANDARD),
            ({"rule_overrides": [UNKNOWN_RULE]}, "$", None, "规则集 R1996 没有参数 nonsense。"),
        ],
    )  # fmt: skip
    def test_name_place_value_and_expectation(
        self, spoil: dict[str, Any], path: str, value: object, expectation: str
    ) -> None:
        assert (path, value, expectation) in refusal_of(document() | spoil).faults

    @pytest.mark.parametrize(
        ("name", "spoil", "path", "expectation"),
        [
            ("e05", {"basic_charge": {"mode": "capacity", "prices": [{"price": -1}]}},
             "$.basic_charge.prices[0].price", "应不小于 0"),
            ("e05", {"basic_charge": {"mode": "capacity", "prices": [{"price": 1}]}},
             "$.basic_charge.transformers", "缺少这一项，必须填写"),
            ("e05", {"basic_charge": {"mode": "rent"}},
             "$.basic_charge", "应为 'capacity'、'contract_demand'、'actual_demand' 之一"),
            ("e20", {"breach": {"act": "over_capacity", "capacity_kva": 0, "price": 1,
                                "months": 1}}, "$.breach.capacity_kva", "应大于 0"),
            ("e20", {"breach": {"act": "over_capacity", "capacity_kva": 5, "price": 1}},
             "$.breach", "两部制用户须填使用月数 months 或起止 used，且只填一种"),
            ("e20", {"breach": {"act": "moved_meter", "colour": 1}},
             "$.breach.colour", "没有这一项，请按输入格式（schema）核对名称"),
            ("e37", {"case": {"cause": "poor_quality", "energy_kwh": 5}},
             "$.case.energy_price", "缺少这一项，必须填写"),
            ("e18", {"arrears": [{"id": "a", "amount_yuan": 1}]},
             "$.arrears[0].due_on", "缺少这一项，必须填写"),
            ("e20", {"rule_set": None}, "$", "须填写日期 on 或规则集 rule_set"),
        ],
    )  # fmt: skip
    def test_of_a_branch_name_the_documents_own_place(
        self, name: str, spoil: dict[str, Any], path: str, expectation: str
    ) -> None:
        faults = {
            (fault.path, fault.expectation) for fault in refusal_of(document(name) | spoil).faults
        }

        assert (path, expectation) in faults

    @pytest.mark.parametrize(
        ("loss", "path"),
        [
            ({"method": "share", "agreed_share": "2", "source": "x"}, "agreed_share"),
            ({"method": "table", "source": "x"}, "rows"),
            ({"method": "nameplate", "transformer": {"rated_kva": 5}}, "transformer.no_load_kw"),
            ({"energy_kwh": -1}, "energy_kwh"),
        ],
    )
    def test_of_a_loss_name_its_place(self, loss: dict[str, Any], path: str) -> None:
        spoiled = document("e03")
        spoiled["segments"][0]["losses"] = [loss]

        assert refusal_of(spoiled).faults[0].path == f"$.segments[0].losses[0].{path}"

    def test_of_a_multiple_that_the_set_does_not_allow_name_it(self) -> None:
        fixed, at_most = document("e20"), document("e20") | {"rule_set": "R2024"}
        for spoiled, multiple in ((fixed, 2), (at_most, 4)):
            spoiled["breach"] = spoiled["breach"] | {"multiple": multiple}

        assert refusal_of(fixed).faults[0][:2] == ("$.breach.multiple", 2)
        assert "应为 3：规则集 R1996 规定固定倍数" in str(refusal_of(fixed))
        assert refusal_of(at_most).faults[0][:2] == ("$.breach.multiple", 4)
        assert "应不高于 3（供电营业规则(2024) 第101条）" in str(refusal_of(at_most))

    def test_a_figure_that_only_one_of_several_sets_has_may_be_replaced(self) -> None:
        none = {"code": "late_payment.minimum_yuan", "value": 0, "source": "x"}
        small = document("e19") | {"rule_overrides": [none]}
        small["arrears"] = [small["arrears"][0] | {"amount_yuan": 1}]

        assert quote.quote(small)["total_yuan"] == "0.07"
        with pytest.raises(quote.QuoteRefused, match="没有参数 nonsense"):
            quote.quote(document("e19") | {"rule_overrides": [UNKNOWN_RULE]})

    @pytest.mark.parametrize("nothing", [None, [], "bill", 5])
    def test_what_is_not_an_object_is_refused(self, nothing: object) -> None:
        assert refusal_of(nothing).faults[0].expectation == "应为对象 { … }"

    def test_contradictions_found_in_rating_are_refusals_too(self) -> None:
        spoiled = document()
        spoiled["segments"][0]["deductions"][0]["energy_kwh"] = 900_000

        assert "平段电量为" in str(refusal_of(spoiled))

    def test_the_message_names_five_faults_and_counts_the_rest(self) -> None:
        spoiled = document() | {f"x{number}": number for number in range(8)}

        assert str(refusal_of(spoiled)).endswith("；另有 3 处")


class TestLoads:
    def test_keeps_decimals_exact(self) -> None:
        assert quote.loads('{"price": 0.1}') == {"price": Decimal("0.1")}

    @pytest.mark.parametrize(
        ("text", "expectation"),
        [
            ("{", "不是有效的 JSON（第 1 行第 2 列）"),
            ('{"a": NaN}', "应为数字"),
            ('{"a": 1, "a": 2}', "同一对象中该项重复出现"),
            ("1" * 5000, "数字过长"),
            (b"\xff\xfe\xfa", "文件应为 UTF-8 编码"),
        ],
    )
    def test_refuses_what_is_not_exact_json(self, text: str | bytes, expectation: str) -> None:
        with pytest.raises(quote.QuoteRefused) as caught:
            quote.loads(text)

        assert caught.value.faults[0].expectation == expectation


class TestObjectsThatAreNone:
    def test_are_refused_with_a_sentence(self) -> None:
        spoiled = document("e11")
        spoiled["customer"] = "x"

        assert "应为对象 { … }" in str(refusal_of(spoiled))

"""How customers are supplied and measured: sites, sources, transformers, agreements, meters."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.archive import account_field, customer_number_field
from busbar.imports.tables.declaring import Field, Table
from busbar.pricing.models import PowerFactorStandard, TariffCategory
from busbar.supply.models import BasicChargeMode, MeteringSide, RunningState, SourceRole

_ARCHIVE = ImportKind.ARCHIVE

_SITE = Field(
    "site",
    "用电地址编码",
    ("地址编码", "用电点编码", "站址编码", "site", "site_code"),
    "code",
    required=True,
    max_length=30,
    example="S0001",
)
SITES = Table(
    "sites",
    "用电地址",
    _ARCHIVE,
    60,
    (
        _SITE,
        Field("name", "地址名称", ("用电地址名称", "名称", "name"), required=True),
        customer_number_field(required=False),
        Field(
            "account",
            "户号",
            ("用电户号", "account"),
            "account_number",
            about="无客户编号时，由户号找到客户",
        ),
        Field("address", "用电地址", ("地址", "address"), max_length=300),
    ),
    ("site",),
)


def voltage_field() -> Field:
    """The column of a nominal voltage in kV."""
    return Field(
        "voltage_kv",
        "电压等级",
        ("电压", "供电电压", "电压kV", "电压等级kV", "voltage_kv"),
        "decimal",
        required=True,
        above_zero=True,
        about="千伏，如 10、35、110",
        example="10",
    )


SOURCES = Table(
    "sources",
    "电源",
    _ARCHIVE,
    70,
    (
        _SITE,
        Field(
            "feeder",
            "馈线编码",
            ("线路编码", "线路编号", "供电线路", "feeder"),
            "code",
            required=True,
            max_length=30,
        ),
        Field(
            "role",
            "电源性质",
            ("电源类型", "电源角色", "role"),
            "choice",
            required=True,
            choices=SourceRole,
            synonyms={"主供": "main", "主": "main", "备用": "backup", "备": "backup"},
        ),
        voltage_field(),
        Field(
            "capacity_kva",
            "供电容量",
            ("电源容量", "容量", "capacity_kva"),
            "integer",
            required=True,
            above_zero=True,
            about="千伏安",
        ),
    ),
    ("site", "feeder"),
    about="双电源写两行，馈线不同，主供只有一个",
)
TRANSFORMERS = Table(
    "transformers",
    "受电变压器",
    _ARCHIVE,
    80,
    (
        Field(
            "number",
            "变压器编号",
            ("设备编号", "受电设备编号", "transformer"),
            "code",
            required=True,
            max_length=30,
        ),
        account_field(),
        _SITE,
        Field("model", "型号", ("变压器型号", "model"), max_length=50),
        Field(
            "capacity_kva",
            "容量",
            ("铭牌容量", "变压器容量", "额定容量", "capacity_kva"),
            "integer",
            required=True,
            above_zero=True,
            about="千伏安",
        ),
        Field("installed_on", "投运日期", ("安装日期", "installed_on"), "date", required=True),
        Field("no_load_kw", "空载损耗", ("P0", "no_load_kw"), "decimal", about="千瓦，铭牌 P0"),
        Field(
            "load_kw", "负载损耗", ("Pk", "短路损耗", "load_kw"), "decimal", about="千瓦，铭牌 Pk"
        ),
        Field("no_load_current_percent", "空载电流", ("I0%",), "decimal", about="%"),
        Field("impedance_percent", "阻抗电压", ("Uk%", "短路阻抗"), "decimal", about="%"),
        Field("interlock_group", "联锁组", ("互锁组", "interlock_group"), max_length=20),
        Field(
            "state",
            "状态",
            ("运行状态", "设备状态", "state"),
            "choice",
            choices=RunningState,
            synonyms={"在运": "running", "停用": "sealed", "暂停": "sealed", "加封": "sealed"},
        ),
        Field("valid_from", "状态起日", ("状态日期", "变更日期", "valid_from"), "date"),
        Field(
            "valid_until",
            "状态止日",
            ("状态截止日", "valid_until"),
            "date",
            about="不含当日；空＝到下一状态起日",
        ),
        Field("reason", "变更原因", ("原因", "reason")),
    ),
    ("number", "valid_from"),
    about="一台可有几行：每行一段状态；无状态列时自投运日起为运行",
)
AGREEMENTS = Table(
    "agreements",
    "供用电合同",
    _ARCHIVE,
    90,
    (
        Field("number", "合同编号", ("合同号", "number"), "code", required=True, max_length=40),
        account_field(),
        Field("signed_on", "签订日期", ("签约日期", "signed_on"), "date", required=True),
        Field(
            "valid_from", "生效日期", ("有效期起", "开始日期", "valid_from"), "date", required=True
        ),
        Field(
            "valid_until",
            "失效日期",
            ("有效期止", "终止日期", "valid_until"),
            "date",
            about="不含当日；空＝长期",
        ),
        Field(
            "tariff_code",
            "电价编码",
            ("电价代码", "tariff_code"),
            "code",
            required=True,
            max_length=40,
        ),
        Field(
            "tariff_category",
            "电价类别",
            ("用电类别", "tariff_category"),
            "choice",
            required=True,
            choices=TariffCategory,
            synonyms={"大工业": "industry_two_part", "两部制": "industry_two_part"},
        ),
        Field(
            "basic_charge_mode",
            "基本电费方式",
            ("基本电费计算方式", "基本电费计收方式", "basic_charge_mode"),
            "choice",
            required=True,
            choices=BasicChargeMode,
            synonyms={
                "容量": "capacity",
                "按容量": "capacity",
                "合同需量": "contract_demand",
                "实际需量": "actual_demand",
                "无": "none",
            },
        ),
        Field(
            "contract_capacity_kva",
            "合同容量",
            ("运行容量", "合同容量kVA", "contract_capacity_kva"),
            "integer",
            required=True,
            above_zero=True,
        ),
        Field(
            "contract_demand_kw",
            "合同需量",
            ("需量核定值", "核定需量", "contract_demand_kw"),
            "integer",
            above_zero=True,
        ),
        Field(
            "power_factor_standard",
            "功率因数标准",
            ("功率因数考核标准", "power_factor_standard"),
            "choice",
            choices=PowerFactorStandard,
            synonyms={"0.9": "0.90", "0.8": "0.80", "不执行": ""},
        ),
    ),
    ("number",),
)
USAGE_POINTS = Table(
    "usage_points",
    "计量点",
    _ARCHIVE,
    100,
    (
        Field(
            "number", "计量点编号", ("计量点", "usage_point"), "code", required=True, max_length=30
        ),
        Field("name", "计量点名称", ("名称", "name"), required=True),
        account_field(),
        _SITE,
        voltage_field(),
        Field(
            "metering_side",
            "计量方式",
            ("metering_side",),
            "choice",
            required=True,
            choices=MeteringSide,
        ),
    ),
    ("number",),
)


def _ratio(key: str, header: str, *aliases: str) -> Field:
    return Field(
        key, header, (*aliases, key), "decimal", required=True, above_zero=True, example="100"
    )


METERS = Table(
    "meters",
    "电能表安装",
    _ARCHIVE,
    110,
    (
        Field(
            "serial",
            "表号",
            ("电能表编号", "电表资产号", "出厂编号", "serial", "meter"),
            "code",
            required=True,
            max_length=30,
        ),
        Field("usage_point", "计量点编号", ("计量点", "usage_point"), "code", required=True),
        Field("model", "表型", ("型号", "电表型号", "model"), max_length=50),
        Field("accuracy_class", "准确度等级", ("精度", "accuracy_class"), max_length=10),
        Field("register_digits", "示数位数", ("位数", "register_digits"), "integer", at_least=4),
        Field("installed_on", "装表日期", ("安装日期", "installed_on"), "date", required=True),
        Field("removed_on", "拆表日期", ("拆除日期", "removed_on"), "date"),
        Field(
            "installed_at",
            "装表时刻",
            ("安装时间", "装表时间", "installed_at"),
            "moment",
            about="可不填；日内换表时写明，须在装表日期之内",
            example="2026-01-02 10:07",
        ),
        Field(
            "removed_at",
            "拆表时刻",
            ("拆除时间", "拆表时间", "removed_at"),
            "moment",
            about="可不填；日内换表时写明，须在拆表日期之内",
        ),
        _ratio("ct_ratio", "CT变比", "电流互感器变比", "电流变比"),
        _ratio("pt_ratio", "PT变比", "电压互感器变比", "电压变比"),
    ),
    ("serial", "installed_on"),
    about="换表写两行：旧表有拆表日期，新表自该日起；写明时刻的，日内两表各计各的",
)

TABLES = (SITES, SOURCES, TRANSFORMERS, AGREEMENTS, USAGE_POINTS, METERS)

"""Bills of another system or of the customer, to compare with ours line by line."""

from __future__ import annotations

from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table

SHADOW_LINES = Table(
    "shadow_lines",
    "核对账单",
    ImportKind.BILLS,
    10,
    (
        Field(
            "account",
            "户号",
            ("用户编号", "用电户号", "account"),
            "account_number",
            required=True,
        ),
        Field(
            "month",
            "月份",
            ("电费年月", "账期", "年月", "month"),
            "code",
            required=True,
            max_length=10,
            about="YYYY-MM、YYYYMM",
            example="2026-01",
        ),
        Field(
            "item",
            "费用项目",
            ("项目", "费用名称", "项目名称", "item"),
            required=True,
            max_length=100,
            about="如 高峰电费、基本电费、力调电费、合计",
        ),
        Field("item_code", "项目编码", ("费用编码", "item_code"), "code", max_length=40),
        Field("quantity", "数量", ("电量", "quantity"), "decimal"),
        Field("price", "单价", ("电价", "price"), "decimal"),
        Field("amount", "金额", ("电费", "amount"), "decimal", required=True, about="元"),
    ),
    ("account", "month", "item", "price"),
    about="一行一项费用；同一项目有两个单价的写两行。合计行只用来核对，不重复相加",
)

TABLES = (SHADOW_LINES,)

"""The archive: the company's units and people, who the customers are and who looks after them."""

from __future__ import annotations

from busbar.access.models import UnitKind
from busbar.customers.models import AccountStatus, CustomerKind, Importance, TeamRole
from busbar.imports.models import ImportKind
from busbar.imports.tables.declaring import Field, Table

_ARCHIVE = ImportKind.ARCHIVE


def unit_field(*, required: bool = True) -> Field:
    """The column that says which unit a row belongs to."""
    return Field(
        "unit",
        "单位编码",
        ("管理单位", "供电单位", "供电单位编码", "管理单位编码", "所属单位", "unit", "unit_code"),
        "code",
        required=required,
        about="所属单位的编码，须在导入人管辖范围内",
        example="310101",
    )


def account_field() -> Field:
    """The column that names the account a row hangs on."""
    return Field(
        "account",
        "户号",
        ("用电户号", "客户户号", "用户编号", "account", "account_number", "consumer_no"),
        "account_number",
        required=True,
        about="6–16 位数字",
        example="3101000001",
    )


UNITS = Table(
    "units",
    "单位",
    _ARCHIVE,
    10,
    (
        Field(
            "code", "编码", ("单位编码", "组织编码", "code"), "code", required=True, max_length=20
        ),
        Field("name", "名称", ("单位名称", "组织名称", "name"), required=True, max_length=100),
        Field(
            "kind",
            "类型",
            ("单位类型", "组织类型", "kind"),
            "choice",
            required=True,
            choices=UnitKind,
            synonyms={"省": "province", "市": "city", "县": "county", "区县公司": "county"},
        ),
        Field("parent", "上级编码", ("上级单位", "上级单位编码", "parent"), "code", max_length=20),
    ),
    ("code",),
    about="省—市—县三级和部门；上级可在同一文件里",
)
EMPLOYEES = Table(
    "employees",
    "员工",
    _ARCHIVE,
    12,
    (
        Field(
            "number",
            "工号",
            ("员工编号", "人员编号", "number"),
            "code",
            required=True,
            max_length=20,
        ),
        Field("name", "姓名", ("员工姓名", "人员姓名", "name"), required=True, max_length=50),
        unit_field(),
        Field("roles", "角色", ("岗位", "roles"), "roles", about="多个以顿号或逗号分开"),
        Field("phone", "电话", ("手机", "联系电话", "phone"), max_length=30),
    ),
    ("number",),
    about="只登记人员；登录密码由管理员另行启用",
)
GROUPS = Table(
    "groups",
    "集团",
    _ARCHIVE,
    20,
    (
        Field(
            "code",
            "集团编码",
            ("集团编号", "group_code", "code"),
            "code",
            required=True,
            max_length=30,
        ),
        Field("name", "集团名称", ("名称", "group_name", "name"), required=True),
        Field("parent", "上级集团编码", ("上级集团", "parent"), "code", max_length=30),
    ),
    ("code",),
)

_CREDIT = Field(
    "credit_code",
    "统一社会信用代码",
    ("信用代码", "社会信用代码", "credit_code", "uscc"),
    "credit_code",
    about="18 位，末位为校验码（GB 32100-2015）",
    example="91110108551385082Q",
)
_KIND = Field(
    "kind",
    "客户类别",
    ("客户类型", "类别", "用户类别", "kind"),
    "choice",
    choices=CustomerKind,
    synonyms={
        "工业": "industry",
        "商业": "commerce",
        "机关": "government",
        "政府": "government",
        "医疗": "medical",
        "医院": "medical",
    },
)
_INDUSTRY = Field(
    "industry_code",
    "行业代码",
    ("行业分类代码", "行业分类", "industry_code"),
    "code",
    max_length=10,
    about="GB/T 4754",
    example="3120",
)
_IMPORTANCE = Field(
    "importance",
    "重要性等级",
    ("重要等级", "用户重要性", "重要客户等级", "importance"),
    "choice",
    choices=Importance,
    synonyms={
        "特级": "special",
        "一级": "first",
        "二级": "second",
        "临时": "temporary",
        "临时性": "temporary",
        "普通": "none",
        "一般": "none",
        "无": "none",
    },
)


def customer_number_field(*, required: bool) -> Field:
    """The column that names a customer."""
    return Field(
        "customer",
        "客户编号",
        ("客户编码", "用电客户编号", "customer_number", "customer"),
        "code",
        required=required,
        max_length=20,
        example="C0001",
    )


CUSTOMERS = Table(
    "customers",
    "客户",
    _ARCHIVE,
    30,
    (
        customer_number_field(required=True),
        Field("name", "客户名称", ("用户名称", "名称", "企业名称", "name"), required=True),
        _CREDIT,
        Field(
            _KIND.key,
            _KIND.header,
            _KIND.aliases,
            "choice",
            required=True,
            choices=CustomerKind,
            synonyms=_KIND.synonyms,
        ),
        _INDUSTRY,
        _IMPORTANCE,
        Field("group", "集团编码", ("所属集团", "集团编号", "group"), "code", max_length=30),
        Field(
            "leads",
            "集团牵头",
            ("是否牵头", "牵头单位", "牵头客户", "leads"),
            "flag",
            about="是＝由本客户牵头其集团；否＝不再牵头；空＝不改",
            example="否",
        ),
        unit_field(),
        Field("address", "地址", ("客户地址", "注册地址", "address"), max_length=300),
    ),
    ("customer",),
)
ACCOUNTS = Table(
    "accounts",
    "户号",
    _ARCHIVE,
    40,
    (
        account_field(),
        Field("name", "户名", ("用电户名", "用户名称", "户号名称", "name"), required=True),
        customer_number_field(required=False),
        _CREDIT,
        _KIND,
        _INDUSTRY,
        _IMPORTANCE,
        unit_field(),
        Field("address", "用电地址", ("地址", "address"), max_length=300),
        Field(
            "status",
            "状态",
            ("用户状态", "户号状态", "status"),
            "choice",
            choices=AccountStatus,
            synonyms={
                "正常": "active",
                "正常用电": "active",
                "已销户": "closed",
                "暂停": "suspended",
            },
        ),
        Field("opened_on", "立户日期", ("开户日期", "送电日期", "opened_on"), "date"),
        Field("closed_on", "销户日期", ("closed_on",), "date"),
        Field("origin", "来源", ("数据来源", "origin"), about="这一户的资料从哪里来"),
    ),
    ("account",),
    about="无客户编号时按信用代码归到客户；两者都无时以户名自立一个客户",
)
CONTACTS = Table(
    "contacts",
    "联系人",
    _ARCHIVE,
    50,
    (
        customer_number_field(required=True),
        Field("name", "姓名", ("联系人", "联系人姓名", "name"), required=True, max_length=50),
        Field("role", "职务", ("岗位", "联系人类型", "角色", "role"), required=True, max_length=50),
        Field("phone", "电话", ("手机", "联系电话", "phone"), max_length=30),
        Field("email", "邮箱", ("电子邮箱", "email"), "email", max_length=254),
        Field("is_primary", "首要联系人", ("主要联系人", "is_primary"), "flag"),
    ),
    ("customer", "name", "role"),
)
CERTIFICATES = Table(
    "certificates",
    "经理资格证书",
    _ARCHIVE,
    53,
    (
        Field("employee", "工号", ("员工编号", "客户经理工号", "employee"), "code", required=True),
        Field(
            "kind",
            "资格种类",
            ("资格", "资格等级", "kind"),
            required=True,
            about="资格与培训页所列的资格，如 高级大客户经理",
        ),
        Field(
            "certificate",
            "证书编号",
            ("资格证书编号", "certificate"),
            "code",
            required=True,
            max_length=60,
        ),
        Field("issuer", "发证单位", ("颁发单位", "issuer"), required=True, max_length=100),
        Field("issued_on", "发证日", ("发证日期", "取得日期", "issued_on"), "date", required=True),
    ),
    ("kind", "certificate"),
    about="先于客户团队读入：任A角须有客户等级所需的有效资格",
)
TEAM = Table(
    "team",
    "客户团队",
    _ARCHIVE,
    55,
    (
        customer_number_field(required=True),
        Field("employee", "工号", ("员工编号", "客户经理工号", "employee"), "code", required=True),
        Field(
            "role",
            "团队角色",
            ("角色", "role"),
            "choice",
            required=True,
            choices=TeamRole,
            synonyms={"A": "lead", "B": "deputy", "客户经理": "lead", "主办": "lead"},
        ),
    ),
    ("customer", "employee"),
    about="A角、B角须为在岗的大客户经理；A角须有客户等级所需的有效资格",
)

TABLES = (UNITS, EMPLOYEES, GROUPS, CUSTOMERS, ACCOUNTS, CONTACTS, CERTIFICATES, TEAM)

"""Facts of every paper, at their usual and at their worst."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from busbar.connections.papers.facts import (
    AcceptanceNotice,
    ApplicationForm,
    AttachedDocument,
    Equipment,
    Fee,
    Letterhead,
    MissingDocumentsNotice,
    MissingItem,
    Opinion,
    Payee,
    PaymentNotice,
    PromisedStep,
    RegisteredStep,
    RegistrationRecord,
    SchemeReply,
    SchemeSource,
    SurveyParticipant,
    SurveyPhoto,
    SurveySheet,
)
from busbar.connections.papers.work_facts import (
    AgreementSummary,
    ChangedItem,
    ChangeNotice,
    EnergisingNotice,
    Feed,
    Finding,
    Inspection,
    InstalledMeter,
    RefundItem,
    RefundNotice,
)
from busbar.kit.periods import CHINA

NAME = "云江市宏远精密铸造有限公司"
LONG_NAME = (
    "云江市高新技术产业开发区宏远#精密$铸造[集团]股份有限公司第三热处理*分公司*暨新材料联合实验中心"
)
ADDRESS = "云江市高新区创业大道一百八十八号（原云江机床厂西院）三号厂房及附属配电楼"
DAY = dt.date(2026, 3, 16)
NUMBER = "YK-2026-03-000123"


def at(day: int, hour: int = 9) -> dt.datetime:
    """A moment of March 2026."""
    return dt.datetime(2026, 3, day, hour, 30, tzinfo=CHINA)


HEAD = Letterhead(
    company="云江县供电公司",
    number="云江电方案〔2026〕第0123号",
    issued_on=DAY,
    officer="周敏",
    address="云江县人民路1号",
    phone="95598",
)
PAYEE = Payee(
    "云江县供电公司电费账户", "中国建设银行云江支行营业部", "4200 1234 5678 9012 345", NUMBER
)
FEES = (
    Fee(
        "高可靠性供电费",
        "省发展改革委文件（示例），双电源",
        "1600 kVA",
        Decimal(160),
        Decimal(256000),
    ),
    Fee("临时接电费", "省发展改革委文件（示例）", "1 项", None, Decimal("1409.5")),
)
APPLICATION = ApplicationForm(
    head=HEAD,
    application_number=NUMBER,
    accepted_at=at(2),
    customer_name=NAME,
    site_address=ADDRESS,
    kind="新装",
    supply_kind="双电源",
    voltage="10kV",
    requested_capacity_kva=Decimal(1600),
    existing_capacity_kva=Decimal(630),
    credit_code="91420000MA4K2QXX1T",
    industry="3391 黑色金属铸造",
    legal_representative="王建国",
    contact_name="李晓东",
    contact_phone="138-0000-0000",
    contact_email="li.xiaodong.electrical.engineering@hongyuan-casting.example",
    usage="大工业",
    shifts="三班制",
    importance="二级重要",
    wanted_on=dt.date(2026, 9, 1),
    own_emergency_supply="400kW 柴油发电机",
    nonlinear_load="中频炉 2 台",
    remarks="预留二期 1000kVA。",
    equipment=tuple(
        Equipment(f"{n}号中频感应熔炼炉及配套除尘系统", Decimal("250.5"), n, "二级")
        for n in range(1, 5)
    ),
    documents=(
        AttachedDocument("营业执照复印件", is_present=True),
        AttachedDocument("用电地址物权证明", is_present=True),
        AttachedDocument("用电设备清单", is_present=False),
    ),
)
ACCEPTANCE = AcceptanceNotice(
    head=HEAD,
    application_number=NUMBER,
    customer_name=NAME,
    site_address=ADDRESS,
    kind="新装",
    supply_kind="双电源",
    requested_capacity_kva=Decimal(1600),
    received_on=dt.date(2026, 2, 27),
    accepted_at=at(2),
    steps=(
        PromisedStep("传递市场营销部", dt.date(2026, 3, 9), "种子制度 第12条"),
        PromisedStep("高压双电源供电方案答复", dt.date(2026, 4, 14), "种子制度 第9条"),
    ),
)
LONG_APPLICATION = ApplicationForm(
    head=HEAD,
    application_number=NUMBER,
    accepted_at=None,
    customer_name=LONG_NAME,
    site_address=ADDRESS * 3,
    kind="增容",
    supply_kind="单电源",
    voltage="10kV",
    requested_capacity_kva=Decimal(1600),
    contact_email="a" * 70 + "@example.com",
    equipment=tuple(Equipment(f"{n}号设备 HX-{'8' * 30}", Decimal(11), n) for n in range(1, 61)),
)
REGISTRATION = RegistrationRecord(
    head=HEAD,
    application_number=NUMBER,
    registered_on=DAY,
    customer_name=NAME,
    site_address=ADDRESS,
    kind="新装",
    supply_kind="双电源",
    voltage="10kV",
    requested_capacity_kva=Decimal(1600),
    accepting_unit="城关供电所",
    accepted_at=at(2),
    receiving_unit="市场营销部",
    handed_over_at=at(6),
    reply_due_on=dt.date(2026, 4, 14),
    reply_source="电力大客户用电管理制度 第二节 4",
    preliminary_opinion="资料齐全，符合受理条件，建议组织现场勘察。",
    steps=(
        RegisteredStep("受理", "城关供电所", "周敏", at(2), at(2, 11), "受理"),
        RegisteredStep("现场勘察", "市场营销部", "陈立", at(9), at(10, 17), "具备供电条件"),
        RegisteredStep("会签", "调度运行中心", "欧阳建国", at(11)),
    ),
    opinions=(
        Opinion("市场营销部", "同意。", "陈立", at(12)),
        Opinion("调度运行中心", "同意主供 10kV 宏远线；备供容量限 800kVA。", "欧阳建国", at(13)),
        Opinion("安全监察部", "期满未提出意见，按默示同意处理。"),
    ),
)
MISSING = MissingDocumentsNotice(
    head=HEAD,
    application_number=NUMBER,
    customer_name=LONG_NAME,
    kind="高压新装",
    received_on=dt.date(2026, 3, 2),
    due_on=dt.date(2026, 3, 23),
    source="业务办理一次性告知规定（示例）",
    how_to_submit="营业厅窗口或网上国网客户端。",
    items=(
        MissingItem("用电设备清单", "未提供", "按附表逐台填写型号、容量、台数"),
        MissingItem("物权证明", "权利人与申请人不一致", "补充租赁合同及产权人同意书"),
    ),
)
SURVEY = SurveySheet(
    head=HEAD,
    application_number=NUMBER,
    customer_name=NAME,
    site_address=ADDRESS,
    surveyed_at=at(9, 14),
    requested_capacity_kva=Decimal(1600),
    assessed_capacity_kva=Decimal(1600),
    conclusion="具备 10kV 双电源供电条件；新立电杆 6 基，电缆约 420 米。",
    load_nature="中频炉为主的冲击性负荷，二级负荷约 400kW",
    source_point="110kV 城东变",
    feeder="10kV 宏远线 #17 杆",
    route="沿创业大道北侧人行道向西，穿越厂区西门后至配电室",
    substation_location="厂区东北角",
    metering_point="高压计量柜",
    coordinates="30.5931, 114.3054",
    surroundings="无易燃易爆场所",
    participants=(
        SurveyParticipant("市场营销部", "陈立", "同意接入。"),
        SurveyParticipant("生产计划部", "何志", "线路余量满足。"),
    ),
    photos=(SurveyPhoto("电源点杆塔", at(9, 14), "3fa1" * 16),),
)
SCHEME = SchemeReply(
    head=HEAD,
    application_number=NUMBER,
    account_number="4210098765432",
    customer_name=NAME,
    site_address=ADDRESS,
    kind="高压新装用电",
    supply_kind="双电源",
    accepted_on=dt.date(2026, 3, 2),
    requested_capacity_kva=Decimal(1600),
    approved_capacity_kva=Decimal(1600),
    payee=PAYEE,
    valid_from=DAY,
    valid_until=dt.date(2027, 3, 15),
    extend_before=dt.date(2027, 3, 5),
    validity_source="电力大客户用电管理制度 第二节 4",
    importance="二级重要",
    tariff_category="大工业用电 10kV",
    basic_charge_mode="按实际最大需量",
    transformers="S20-800/10 两台",
    boundary="10kV 宏远线 #17 杆跌落式熔断器负荷侧接线端子，分界点负荷侧产权属用户",
    metering="高供高计，三相三线",
    ratios="CT 100/5,PT 10000/100",
    compensation="自动投切，480kvar",
    protection="微机保护，速断、过流、零序",
    emergency_supply="自备应急电源容量不低于保安负荷的 120%",
    power_quality="谐波符合 GB/T 14549，电压偏差符合 GB/T 12325",
    sources=(
        SchemeSource("主供", "110kV 城东变电站", "10kV 宏远线", "10kV", Decimal(1600), "常用"),
        SchemeSource("备供", "110kV 城西变电站", "10kV 创业二线", "10kV", Decimal(800), "冷备用"),
    ),
    fees=FEES,
)
PAYMENT = PaymentNotice(
    head=HEAD,
    application_number=NUMBER,
    account_number="4210098765432",
    customer_name=LONG_NAME,
    kind="高压新装",
    due_on=dt.date(2026, 3, 31),
    payee=PAYEE,
    fees=FEES,
    notes=("逾期未缴的，后续环节顺延。",),
)
INSPECTION = Inspection(
    head=HEAD,
    application_number=NUMBER,
    customer_name=NAME,
    site_address=ADDRESS,
    inspected_on=DAY,
    scope="电缆沟、接地网、预埋件等隐蔽工程",
    conclusion="不合格，整改后复检",
    next_step="请于期限内完成整改，并书面申请复检；复检合格前不得覆盖隐蔽工程。",
    conclusion_detail="两处须整改。",
    designer="云江电力设计院有限公司",
    designer_license="工程设计电力行业乙级",
    contractor="华中机电安装工程有限公司",
    contractor_license="承装（修、试）电力设施许可证 三级",
    inspectors="刘强、孙丽",
    findings=(
        Finding(
            "接地网",
            "接地电阻 5.2Ω，大于设计值 4Ω",
            "增补接地极后复测",
            dt.date(2026, 3, 30),
            "GB 50169",
        ),
        Finding("电缆沟 #3 段", "未做防水", "按图施工", dt.date(2026, 3, 30)),
    ),
)
ENERGISING = EnergisingNotice(
    head=HEAD,
    application_number=NUMBER,
    account_number="4210098765432",
    customer_name=NAME,
    site_address=ADDRESS,
    energise_at=at(30, 10),
    capacity_kva=Decimal(1600),
    voltage="10kV",
    supply_kind="双电源",
    agreement_number="HT-2026-0456",
    feeds=(Feed("主供", "10kV 宏远线", "1号变 S20-800/10", Decimal(800)),),
    meters=(InstalledMeter("420000123456", "100/5", "10000/100", Decimal(2000), Decimal("0.00")),),
)
AGREEMENT = AgreementSummary(
    head=HEAD,
    agreement_number="HT-2026-0456",
    supplier="云江县供电公司",
    signed_on=DAY,
    customer_name=NAME,
    account_number="4210098765432",
    site_address=ADDRESS,
    valid_from=DAY,
    valid_until=dt.date(2029, 3, 15),
    voltage="10kV",
    supply_kind="双电源",
    capacity_kva=Decimal(1600),
    tariff_category="大工业用电 10kV",
    basic_charge_mode="合同最大需量",
    contracted_demand_kw=Decimal(1200),
    credit_code="91420000MA4K2QXX1T",
    power_factor_standard="0.90",
    settlement="按月",
    boundary="10kV 宏远线 #17 杆",
    metering="高供高计，倍率 2000",
    terms=("用电人不得擅自转供电。", "供电人因检修停电的，提前通知用电人。"),
)
CHANGE = ChangeNotice(
    head=HEAD,
    application_number=NUMBER,
    account_number="4210098765432",
    customer_name=NAME,
    site_address=ADDRESS,
    kind="减容",
    decision="同意",
    applied_on=dt.date(2026, 3, 2),
    source="供电营业规则(2024) 第25条",
    effect_on_charges="自设备加封之日起，减容部分免收容（需）量电费。",
    effective_from=DAY,
    effective_until=dt.date(2026, 9, 15),
    items=(ChangedItem("运行容量(kVA)", "1600", "800"), ChangedItem("2号变压器", "运行", "加封")),
    notes=("每次减容不少于 15 日。",),
)
REFUND = RefundNotice(
    head=HEAD,
    application_number=NUMBER,
    account_number="4210098765432",
    customer_name=NAME,
    approved_on=DAY,
    means="原路退回（银行转账）",
    receiver_name=NAME,
    receiver_bank="中国工商银行云江高新支行",
    receiver_account="1812 0200 0910 0123 456",
    expected_on=dt.date(2026, 3, 25),
    items=(RefundItem("临时接电费", "临时用电终止", dt.date(2025, 5, 6), Decimal("107000.53")),),
)

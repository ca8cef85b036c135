"""The business areas of the left navigation: where they lead and who sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer


@dataclass(frozen=True)
class Place:
    """One entry: `key` is the second letter of its keyboard shortcut after `g`."""

    label: str | Promise
    icon: str
    url_name: str
    key: str = ""
    permission: Permission | None = None
    under: tuple[str, ...] = ()


@dataclass(frozen=True)
class Area:
    """A heading and the places below it; the first area has none."""

    label: str | Promise
    places: tuple[Place, ...]


AREAS = (
    Area(
        "",
        (
            Place(_("今日"), "sun-high", "today", "t"),
            Place(
                _("工作台"),
                "checkbox",
                "work_list",
                "w",
                under=("work", "process_page", "clock_why"),
            ),
            Place(_("消息"), "bell", "message_list", "m", under=("message",)),
            Place(
                pgettext_lazy("several", "客户"),
                "building-factory-2",
                "customer_list",
                "c",
                under=("customer", "contact", "document"),
            ),
            Place(_("集团"), "sitemap", "group_list", "", under=("group",)),
            Place(
                _("客户归并"),
                "arrows-join",
                "consolidation",
                "",
                Permission.CONSOLIDATE,
                ("consolidation",),
            ),
            Place(_("归并门槛与资料项"), "adjustments-horizontal", "archive_rules"),
        ),
    ),
    Area(
        _("客户服务"),
        (
            Place(_("走访与往来"), "messages", "interaction_list", under=("interaction",)),
            Place(_("承诺台账"), "hand-stop", "promise_list", under=("promise",)),
            Place(_("投诉台账"), "alert-triangle", "complaint_list", under=("complaint",)),
            Place(_("满意度"), "mood-smile", "satisfaction", under=("improvement",)),
            Place(_("满意度调查"), "clipboard-list", "survey_list", under=("survey",)),
        ),
    ),
    Area(
        _("大客户"),
        (
            Place(_("大客户名单"), "crown", "key_account_list", under=("key_account",)),
            Place(_("关系与预警"), "heart-handshake", "key_account_closeness"),
            Place(_("客户分群"), "chart-dots-3", "key_account_segments"),
            Place(_("客户价值"), "coin-yuan", "key_account_values"),
            Place(
                _("年度复评"),
                "clipboard-check",
                "key_account_reviews",
                under=("key_account_review",),
            ),
            Place(_("重要性评定"), "shield-check", "key_account_importance"),
            Place(_("认定规则"), "adjustments", "key_account_rules"),
            Place(_("客户计划"), "notebook", "plan_list", under=("plan",)),
            Place(_("七项基本业务"), "checklist", "service_due_list", under=("service_due",)),
            Place(_("增值服务与方案"), "bulb", "offer_list", under=("offer", "solution")),
            Place(_("团队"), "users", "team"),
            Place(
                _("经理与客户"),
                "users-group",
                "portfolio_list",
                under=(
                    "portfolio",
                    "my_portfolio",
                    "unowned",
                    "handover",
                    "qualification",
                    "standard",
                ),
            ),
            Place(_("部门工作指令"), "send", "order_list", under=("order",)),
            Place(_("指令考核"), "chart-bar", "order_measures"),
            Place(_("内部服务协议"), "heart-handshake", "agreement_list", under=("agreement",)),
            Place(_("授权清单"), "license", "mandate_list", under=("mandate",)),
            Place(_("规则试算"), "flask", "key_account_simulation"),
            Place(_("服务目录"), "books", "key_account_catalogue"),
            Place(_("分析参数"), "settings", "key_account_figures", under=("key_account_figure",)),
        ),
    ),
    Area(
        _("业扩与变更"),
        (
            Place(
                _("业扩报装"),
                "plug",
                "application_list",
                "y",
                under=("application", "survey", "paper", "scheme_design", "works", "inspection"),
            ),
            Place(_("绿色通道"), "leaf", "green_channel"),
            Place(_("业务费用"), "cash", "fee_list", "h", under=("fee",)),
            Place(
                _("设计施工单位"),
                "building-community",
                "contractor_list",
                "q",
                under=("contractor",),
            ),
            Place(_("变更用电"), "transform", "change_list", "v", under=("change",)),
            Place(_("计量装接"), "gauge", "metering_order_list", "z", under=("metering_order",)),
            Place(
                _("用电服务"),
                "headset",
                "service_order_list",
                "u",
                under=("service_order", "answer"),
            ),
        ),
    ),
    Area(
        _("账务"),
        (
            Place(_("电费账单"), "receipt-yuan", "bill_list", "b", under=("bill", "group_bill")),
            Place(_("电费核算"), "calculator", "bill_run_list", "r", under=("bill_run",)),
            Place(_("电费收费"), "cash-register", "payment_list", "a", under=("payment",)),
            Place(_("应收与账龄"), "hourglass-low", "receivable_list", "x"),
            Place(_("催费与停电"), "bell-ringing", "arrears", "", under=("arrears_case",)),
            Place(_("追补与赔偿"), "receipt", "claim_list", "", under=("claim",)),
            Place(_("总账与月结"), "book-2", "ledger", "", under=("ledger",)),
            Place(_("节费机会"), "pig-money", "saving_list", "", under=("saving",)),
            Place(_("核对账单"), "scale-outline", "shadow_bill_list", under=("shadow_bill",)),
        ),
    ),
    Area(
        _("供电"),
        (
            Place(
                _("电网与供电"), "topology-star-3", "network", "n", under=("substation", "feeder")
            ),
            Place(_("停电与复电"), "bolt-off", "outage_list", "", under=("outage",)),
            Place(_("电价与规则"), "scale", "pricing", "p", under=("tariff", "rule_set")),
        ),
    ),
    Area(
        _("时限与督办"),
        (
            Place(_("办理时限"), "hourglass", "limit_list", "l", under=("limit",)),
            # Whoever supervises reads the journal too, and so does the regulator, who may look.
            Place(_("督办"), "eye-check", "supervision", "s", Permission.READ_JOURNAL),
            Place(
                _("流程定义"),
                "route",
                "definition_list",
                "f",
                Permission.PUBLISH_PROCESSES,
                ("definition",),
            ),
        ),
    ),
    Area(
        _("数据"),
        (
            Place(
                _("数据导入"),
                "file-import",
                "import_list",
                "i",
                Permission.IMPORT_FILES,
                ("import",),
            ),
            Place(_("读数校验"), "checkup-list", "vee_list", "x", under=("vee", "curve_day")),
            Place(_("日志"), "history", "journal", "j", Permission.READ_JOURNAL),
        ),
    ),
    Area(
        _("系统管理"),
        (
            Place(_("组织机构"), "sitemap", "organization", "o", Permission.ADMINISTER, ("unit",)),
            Place(_("员工"), "users", "employee_list", "e", Permission.ADMINISTER, ("employee",)),
            Place(_("工作日历"), "calendar", "calendar", "d", Permission.ADMINISTER),
            Place(_("后台任务"), "clock-play", "task_list", "k", Permission.ADMINISTER, ("task",)),
        ),
    ),
)


BY_GROUP = {
    "application_list": "",
    "arrears": "",
    "bill_list": "",
    "change_list": "",
    "claim_list": "",
    "complaint_list": "",
    "customer_list": "",
    "fee_list": "",
    "interaction_list": "",
    "key_account_closeness": "&of=everyone",
    "key_account_importance": "",
    "key_account_list": "&of=everyone",
    "key_account_segments": "",
    "key_account_values": "",
    "metering_order_list": "",
    "offer_list": "",
    "order_list": "&whose=all",
    "order_measures": "",
    "outage_list": "",
    "payment_list": "",
    "plan_list": "",
    "portfolio_list": "",
    "promise_list": "",
    "receivable_list": "",
    "satisfaction": "",
    "saving_list": "",
    "service_due_list": "",
    "service_order_list": "",
    "shadow_bill_list": "",
    "supervision": "",
    "team": "",
    "today": "&of=all",
    "vee_list": "",
    "work_list": "",
}
"""Places whose lists take `?group=CODE` (`group_choice.by_group`); with it all are shown, not
just one's own or those in need of something."""


@dataclass(frozen=True)
class Link:
    """A place as the template draws it."""

    place: Place
    url: str
    is_current: bool


@dataclass(frozen=True)
class Section:
    """An area with the links this viewer may follow."""

    label: str | Promise
    links: list[Link]


def sections_for(viewer: Viewer, current: str) -> list[Section]:
    """What the viewer may open; `current` is the name of the page being shown."""
    sections = [
        Section(area.label, [_link(p, current) for p in area.places if _may_open(viewer, p)])
        for area in AREAS
    ]
    return [section for section in sections if section.links]


def narrowed_lists(viewer: Viewer, code: str) -> list[Section]:
    """The places that a group's page leads to, narrowed to its branch."""
    group = urlencode({"group": code})
    sections = [
        Section(
            section.label,
            [
                replace(link, url=f"{link.url}?{group}{BY_GROUP[link.place.url_name]}")
                for link in section.links
                if link.place.url_name in BY_GROUP
            ],
        )
        for section in sections_for(viewer, "")
    ]
    return [section for section in sections if section.links]


def _may_open(viewer: Viewer, place: Place) -> bool:
    if place.permission is not None and not viewer.may(place.permission):
        return False
    try:
        reverse(place.url_name)
    except NoReverseMatch:
        return False
    return True


def _link(place: Place, current: str) -> Link:
    is_current = current == place.url_name or _nearest(current) is place
    return Link(place, reverse(place.url_name), is_current)


@cache
def _nearest(current: str) -> Place | None:
    """The place under which a page lies that is no place itself: the longest name wins."""
    places = [place for area in AREAS for place in area.places]
    if any(place.url_name == current for place in places):
        return None
    named = [(name, place) for place in places for name in (place.url_name, *place.under)]
    above = [(n, place) for n, place in named if current == n or current.startswith(f"{n}_")]
    return max(above, key=lambda item: len(item[0]))[1] if above else None

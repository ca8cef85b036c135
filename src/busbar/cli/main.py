"""`busbar`: one command, a use case each; Django is started only for those that need it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass

from busbar.kit.errors import Refusal

# numpy multiplies small matrices here: threads of its own would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Arrow's memory of one row group serves the next, instead of going back and being cleared anew.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "1000")


@dataclass(frozen=True)
class Command:
    """A word of the command line, the module that runs it and what it says of itself."""

    name: str
    module: str
    help: str
    needs_django: bool = True


COMMANDS = (
    Command("serve", "serve", "启动网站与后台任务"),
    Command("work", "work", "只启动后台任务"),
    Command("migrate", "migrate", "建立或升级数据库，装入工作日历与规则集"),
    Command("demo", "demo", "建立仿真供电区域并启动", needs_django=False),
    Command("import", "imports", "导入客户档案、电网台账、电价、负荷曲线"),
    Command("groups", "groups", "集团（list）与牵头客户（head）"),
    Command(
        "consolidate",
        "consolidate",
        "客户归并：比对（run）、复核（review）、归并、拆分、撤销、对照已知归属（measure）",
    ),
    Command(
        "bill",
        "bill",
        "试算（quote），按月核算、发行、更正（run、release、correct），用电建议（advise）",
        needs_django=False,
    ),
    Command("tariff", "tariff", "电价的版本与拟订：list、show、draft、check、test-bill、adopt"),
    Command("readings", "readings", "校验一个月的负荷曲线并补值（validate）"),
    Command("change", "change", "变更用电：试判（judge），受理并送审批（request）"),
    Command("scheme", "scheme", "比选供电方案（study）", needs_django=False),
    Command("fees", "fees", "导入银行流水并核销业务费用（import），登记收款账号（account）"),
    Command(
        "payments",
        "payments",
        "导入电费流水并核销（import），登记电费账户（account），核对总账（check），试算平衡（balance）",
    ),
    Command("claim", "claim", "追补与赔偿：request、list、show、approve、refuse、take-back"),
    Command("arrears", "arrears", "催费单（list、show），办理一天的催费（run）"),
    Command("catalogue", "catalogue", "服务目录：list、add、revise、end"),
    Command(
        "recognition-rules",
        "recognition_rules",
        "认定规则与分析参数的新版本：list、criterion、policy、figures",
    ),
    Command(
        "key-accounts",
        "key_accounts",
        "大客户评定（evaluate）与名单（list），经理资格（certificates）",
    ),
    Command("outages", "outages", "停电（list、show），安排、通知、开始、恢复、取消"),
    Command("mandates", "mandates", "授权清单（list），另定本单位的限额（set），终止（end）"),
    Command("orders", "orders", "部门工作指令（list、show、send）"),
    Command("desk", "desk", "到期事项（due），满意度（score），兑现率（promises），调查（survey）"),
    Command("journal", "journal", "核验日志链（verify）"),
    Command("calendar", "calendar", "查看与维护工作日历"),
    Command("clock", "clock", "推算办理时限，逐日说明"),
    Command("doctor", "doctor", "检查配置、连通与缺失"),
    Command("django", "django_command", "直接运行 Django 管理命令"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 refused, 2 partly or wrong usage)."""
    words = sys.argv[1:] if arguments is None else arguments
    command = next((c for c in COMMANDS if words and c.name == words[0]), None)
    if command is None:
        return _show_overview(words)
    if command.needs_django:
        start_django()
    module = importlib.import_module(f"busbar.cli.{command.module}")
    parser = argparse.ArgumentParser(prog=f"busbar {command.name}", description=command.help)
    module.add_arguments(parser)
    try:
        return int(module.run(parser.parse_args(words[1:])))
    except Refusal as refusal:
        print(f"busbar: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough (`busbar … | head`); Python would complain again
        # when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def start_django() -> None:
    """Load settings and models; commands that only calculate go without."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()


def _show_overview(words: list[str]) -> int:
    if words and words[0] not in {"-h", "--help", "help"}:
        print(f"busbar: 没有命令 {words[0]!r}", file=sys.stderr)
    print("Busbar 母线：供电企业大客户管理\n\n  busbar 命令 --help  命令的用法\n")
    for command in COMMANDS:
        print(f"  {command.name:<10} {command.help}")
    return 0 if words and words[0] in {"-h", "--help", "help"} else 2


if __name__ == "__main__":
    sys.exit(main())

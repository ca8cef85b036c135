"""`busbar calendar`: see the working calendar, count on it, load years."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
from pathlib import Path

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.clocks import operations as clocks_operations
from busbar.clocks import queries as clocks_queries
from busbar.clocks.models import DayKind
from busbar.clocks.operations import CalendarRow
from busbar.clocks.working_days import Count, weekday_name
from busbar.kit.errors import Refusal


class UnableToReadCalendarFile(Refusal):
    """The file is no calendar."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """show, add, count, load, provisional, upload."""
    actions = parser.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="列出一年中的节假日与调休")
    show.add_argument("year", type=int)
    add = actions.add_parser("add", help="从某日起数若干个工作日，逐日说明")
    add.add_argument("start", type=dt.date.fromisoformat, metavar="YYYY-MM-DD")
    add.add_argument("count", type=int)
    count = actions.add_parser("count", help="两日之间有几个工作日，逐日说明")
    count.add_argument("start", type=dt.date.fromisoformat, metavar="YYYY-MM-DD")
    count.add_argument("end", type=dt.date.fromisoformat, metavar="YYYY-MM-DD")
    actions.add_parser("load", help="装入已公布的年份")
    provisional = actions.add_parser("provisional", help="推算一个尚未公布的年份")
    provisional.add_argument("year", type=int)
    upload = actions.add_parser("upload", help="上传 CSV，列为日期、性质、名称")
    upload.add_argument("file", type=Path)
    upload.add_argument("--source", required=True, help="依据，如通知的文号")
    upload.add_argument("--announce", type=int, action="append", default=[], metavar="年份")


def run(args: argparse.Namespace) -> int:
    """Dispatch; exit code 2 when rows of an upload were refused."""
    actions = {
        "show": _show,
        "add": _add,
        "count": _count,
        "load": _load,
        "provisional": _provisional,
        "upload": _upload,
    }
    return actions[args.action](args)


def _show(args: argparse.Namespace) -> int:
    first = dt.date(args.year, 1, 1)
    for date, day in clocks_queries.list_days(first, dt.date(args.year + 1, 1, 1)):
        if day.kind in {DayKind.HOLIDAY, DayKind.MAKE_UP}:
            doubt = "（暂定）" if day.is_provisional else ""
            print(f"{date} {weekday_name(date)} {DayKind(day.kind).label} {day.name}{doubt}")
    return 0


def _add(args: argparse.Namespace) -> int:
    return _explain(clocks_queries.add_working_days(start=args.start, count=args.count))


def _count(args: argparse.Namespace) -> int:
    return _explain(clocks_queries.count_working_days(start=args.start, end=args.end))


def _explain(count: Count) -> int:
    for day in count.days:
        print(f"{day.date} {'✓' if day.counted else '·'} {day.reason}")
    doubt = "（暂定：涉及尚未公布的年份）" if count.provisional else ""
    print(f"{count.start} 起 {count.count} 个工作日，至 {count.end}{doubt}")
    return 0


def _load(args: argparse.Namespace) -> int:
    return _loaded(clocks_operations.load_announced_years(at=dt.datetime.now(dt.UTC)))


def _provisional(args: argparse.Namespace) -> int:
    at = dt.datetime.now(dt.UTC)
    return _loaded(clocks_operations.load_provisional_year(year=args.year, at=at))


def _loaded(loaded: clocks_operations.Loaded) -> int:
    print(
        f"新增 {loaded.created} 天，更新 {loaded.updated} 天，"
        f"未变 {loaded.unchanged} 天，保留人工维护 {loaded.kept} 天"
    )
    return 0


def _upload(args: argparse.Namespace) -> int:
    upload = clocks_operations.upload_calendar(
        rows=read_rows(args.file),
        source=args.source,
        announce=args.announce,
        by=SYSTEM_VIEWER,
        at=dt.datetime.now(dt.UTC),
    )
    for refusal in upload.refusals:
        print(f"{args.file.name} {refusal}")
    print(
        f"新增 {upload.created} 天，更新 {upload.updated} 天，"
        f"未变 {upload.unchanged} 天，拒绝 {len(upload.refusals)} 行"
    )
    return 2 if upload.refusals else 0


def read_rows(path: Path) -> list[CalendarRow]:
    """Rows of a CSV in UTF-8 or GB18030 with the columns 日期, 性质 and 名称."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnableToReadCalendarFile(f"无法读取 {path}：{error.strerror}") from error
    lines = list(csv.reader(_text(path, content).splitlines()))
    columns = [name.strip() for name in lines[0]] if lines else []
    if not {"日期", "性质"} <= set(columns):
        raise UnableToReadCalendarFile(f"{path.name} 第 1 行应有“日期”“性质”“名称”三列")
    named = ((n, dict(zip(columns, line, strict=False))) for n, line in enumerate(lines[1:], 2))
    return [
        CalendarRow(n, row.get("日期", ""), row.get("性质", ""), row.get("名称", ""))
        for n, row in named
        if any(value.strip() for value in row.values())
    ]


def _text(path: Path, content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnableToReadCalendarFile(f"{path.name} 应为 UTF-8 或 GB18030 编码的 CSV 文件")

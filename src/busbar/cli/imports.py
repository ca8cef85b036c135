"""`busbar import KIND FILE…`: files in, from the command line."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from pathlib import Path
from typing import Any

from busbar.kit.contents import chunks_of
from busbar.kit.errors import Refusal

_ERRORS_SHOWN = 10


class UnableToReadMapping(Refusal):
    """`--map` does not say which field is which column."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The kind, the files, and what readings need to be told."""
    parser.add_argument(
        "kind",
        choices=["archive", "network", "tariffs", "readings", "metering", "bills"],
        help="导入的内容；metering 是示数（表码）与计量事件",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="CSV、Excel、Parquet")
    parser.add_argument("--table", default="", help="表名（表头不足以辨认时），如 accounts")
    parser.add_argument(
        "--map", action="append", default=[], metavar="字段=列", help="指定列对应，可重复"
    )
    parser.add_argument("--resume", type=int, metavar="N", help="接着做第 N 次导入")
    parser.add_argument("--template", type=Path, metavar="FILE", help="只写出空白模板（Excel）")
    parser.add_argument("--errors", type=Path, metavar="DIR", help="错误文件放在哪里；缺省当前目录")
    readings = parser.add_argument_group("负荷曲线")
    readings.add_argument("--source", default="", help="来源系统的代码，说明一次即记住")
    readings.add_argument(
        "--side",
        choices=["primary", "secondary"],
        help="示值在一次侧（缺省），还是二次侧（乘当日所装电能表的 CT×PT 变比）；随来源记住",
    )
    readings.add_argument("--stamp", choices=["start", "end"], help="时标是区间起点还是终点")
    readings.add_argument(
        "--midnight", choices=["next", "same"], help="末区间的 0:00 写次日还是当日"
    )
    readings.add_argument("--layout", choices=["wide", "long"], help="每日一行或每区间一行")
    readings.add_argument("--unit", help="kwh（缺省）、wh、mwh、kw、w、mw")
    readings.add_argument("--channel", help="没有数据项列时是哪一项，缺省 active_wh")
    readings.add_argument("--point", help="文件没有计量点列时的计量点编号")
    readings.add_argument(
        "--format", action="append", default=[], help="时间格式，如 'dd/mm/yyyy HH:MM'，可重复"
    )


def run(args: argparse.Namespace) -> int:
    """0 all rows in, 2 some rows refused, 1 refused whole."""
    from busbar.imports import queries as imports_queries

    if args.template:
        args.template.write_bytes(imports_queries.write_template(args.kind))
        print(f"模板已写到 {args.template}")
        return 0
    run_id = args.resume if args.resume is not None else _receive(args)
    started = time.monotonic()
    finished = _run(run_id)
    seconds = time.monotonic() - started
    print(f"第 {finished.pk} 次导入{finished.get_state_display()}，{seconds:.1f} 秒")
    return _report(finished, args.errors or Path())


def _receive(args: argparse.Namespace) -> int:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.imports import operations as imports_operations
    from busbar.imports.operations import Incoming, UnableToReceiveFiles

    missing = [str(path) for path in args.files if not path.is_file()]
    if missing or not args.files:
        raise UnableToReceiveFiles(f"没有这个文件：{missing[0]}" if missing else "没有选择文件")
    at = dt.datetime.now(dt.UTC)
    received = imports_operations.receive_files(
        kind=args.kind,
        files=[Incoming(path.name, chunks_of(path)) for path in args.files],
        by=SYSTEM_VIEWER,
        at=at,
        table=args.table or (f"readings_{args.layout}" if args.layout else ""),
        options=_options(args),
    )
    confirmed = imports_operations.confirm_mapping(
        run_id=received.pk,
        by=SYSTEM_VIEWER,
        at=at,
        mappings_by_file=_mappings(received, args.map),
    )
    _print_mapping(confirmed)
    return int(confirmed.pk)


def _options(args: argparse.Namespace) -> dict[str, Any]:
    told = {
        "source": args.source,
        "side": args.side,
        "stamp": args.stamp,
        "midnight": args.midnight,
        "unit": args.unit,
        "channel": args.channel,
        "point": args.point,
        "formats": args.format,
    }
    return {key: value for key, value in told.items() if value}


def _mappings(received: Any, stated: list[str]) -> dict[int, dict[str, str]]:
    """The suggested mapping with what `--map` says laid over it, in the files with the column."""
    files = list(received.files.all())
    wanted = dict(map(_pair, stated))
    for column in wanted.values():
        if not any(column in file.header for file in files):
            raise UnableToReadMapping(f"--map：文件里没有“{column}”这一列")
    return {
        file.pk: {**file.mapping, **{k: v for k, v in wanted.items() if v in file.header}}
        for file in files
        if wanted
    }


def _pair(text: str) -> tuple[str, str]:
    key, mark, column = text.partition("=")
    if not (key and mark and column):
        raise UnableToReadMapping(f"--map 应写成 字段=列，不是“{text}”")
    return key, column


def _print_mapping(received: Any) -> None:
    from busbar.imports.tables import get_table

    for file in received.files.order_by("id"):
        table = get_table(file.table)
        where = f"{file.name} [{file.sheet}]" if file.sheet else file.name
        print(f"{where} → {table.name}（{file.rows} 行）")
        pairs = [f"{f.header}←{file.mapping[f.key]}" for f in table.fields if f.key in file.mapping]
        print(f"  列对应：{'、'.join(pairs)}")
        unused = [name for name in file.header if name not in file.mapping.values()]
        if unused and file.table != "readings_wide":
            print(f"  未用到的列：{'、'.join(unused)}")


def _run(run_id: int) -> Any:
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.imports import operations as imports_operations

    finished = imports_operations.run_import(
        run_id=run_id, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC), progress=_progress
    )
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return finished


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} / {total:,} 行", end="", file=sys.stderr, flush=True)


def _report(finished: Any, folder: Path) -> int:
    from busbar.imports import queries as imports_queries

    files = list(finished.files.order_by("id"))
    for file in files:
        where = f"{file.name} [{file.sheet}]" if file.sheet else file.name
        if not file.done:
            print(f"{where}：未导入。{file.message}", file=sys.stderr)
            continue
        print(
            f"{where}：新增 {file.created}，更新 {file.updated}，"
            f"未变 {file.unchanged}，拒绝 {file.refused}"
        )
        if file.refused:
            for error in imports_queries.list_errors(file, limit=_ERRORS_SHOWN):
                print(f"  第 {error.row} 行 {error.column}“{error.value}”：{error.expectation}")
            path = folder / f"import-{finished.pk}-{file.pk}-errors.csv"
            path.write_bytes(imports_queries.write_error_file(file))
            print(f"  拒绝的行在 {path}，改正后可直接再导入")
    if not any(file.done for file in files):
        return 1
    return 2 if any(file.refused or not file.done for file in files) else 0

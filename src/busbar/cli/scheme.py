"""`busbar scheme`: compute and compare supply schemes from a document."""

from __future__ import annotations

import argparse
import json
import sys

from busbar.billing import quote
from busbar.cli import given
from busbar.connections import study
from busbar.kit.errors import Refusal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """study FILE.json [--json] | study --schema."""
    words = parser.add_subparsers(dest="word", required=True)
    studying = words.add_parser("study", help="比选供电方案：读入 JSON，打印比较表")
    studying.add_argument("file", nargs="?", help="JSON 文件，- 为标准输入")
    studying.add_argument("--json", action="store_true", help="打印 JSON，含每个数的算式")
    studying.add_argument("--schema", action="store_true", help="打印输入的 JSON Schema")


def run(args: argparse.Namespace) -> int:
    """Answers on standard output; refusals on standard error with exit code 1."""
    if args.schema:
        print(json.dumps(study.input_schema(), ensure_ascii=False, indent=2))
        return 0
    if not args.file:
        print("busbar: 请给出 JSON 文件，或用 - 从标准输入读取", file=sys.stderr)
        return 2
    try:
        found = study.answer(given.document(args.file))
    except Refusal as refused:
        print(f"busbar: {refused}", file=sys.stderr)
        return 1
    print(quote.dumps(study.study_json(found)) if args.json else study.study_text(found))
    return 0

"""`busbar demo`: build the demonstration region in a home of its own, then serve it."""

from __future__ import annotations

import argparse
import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path

from busbar.demo.parameters import Parameters

HOME = "var/demo"
_DEFAULTS = Parameters()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Size and seed of the region; what to do with it."""
    parser.add_argument(
        "--customers", type=int, default=_DEFAULTS.customers, help="客户数，至多 10000"
    )
    parser.add_argument("--months", type=int, default=_DEFAULTS.months, help="有曲线的月数")
    parser.add_argument("--seed", type=int, default=_DEFAULTS.seed, help="随机种子")
    parser.add_argument("--out", type=Path, metavar="DIR", help="只把文件写到该目录，不导入")
    parser.add_argument(
        "--serve", action=argparse.BooleanOptionalAction, default=True, help="建成后启动网站"
    )
    parser.add_argument("--quick", action="store_true", help="不补写第一页之后的业扩事项")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)


def run(args: argparse.Namespace) -> int:
    """Build what is not there yet and serve; a complete region goes straight to serving."""
    parameters = Parameters(customers=args.customers, months=args.months, seed=args.seed)
    _start_django()
    if args.out:
        return _write_files(parameters, args.out)
    _build(parameters)
    _announce(args.host, args.port)
    if not args.quick:
        _tell_on(parameters, is_served=args.serve)
    return _serve(args.host, args.port) if args.serve else 0


def _start_django() -> None:
    """Settings read the environment once: the demonstration's home must stand there before."""
    from busbar.cli.main import start_django

    os.environ.setdefault("BUSBAR_HOME", HOME)
    os.environ["BUSBAR_DEMO"] = "1"
    start_django()


def _write_files(parameters: Parameters, folder: Path) -> int:
    from busbar.demo import operations as demo_operations

    demo_operations.write_files(parameters=parameters, folder=folder, say=_say)
    _say(f"文件已写到 {folder}")
    return 0


def _build(parameters: Parameters) -> None:
    from django.conf import settings

    from busbar.demo.progress import load_progress

    home = Path(settings.BUSBAR_HOME)
    progress = load_progress(home, parameters)
    if progress is not None and progress.finished:
        _say(f"演示区域已建成，目录 {home}")
        _apply_migrations()
    else:
        _build_in(home, parameters)
    _collect_static()


def _build_in(home: Path, parameters: Parameters) -> None:
    from busbar.cli import migrate
    from busbar.demo import operations as demo_operations
    from busbar.jobs.demonstration import tend_day

    _say(f"演示数据目录 {home}")
    migrate.prepare(at=_now())
    demo_operations.build_demonstration(
        home=home, parameters=parameters, clock=_now, tend=tend_day, say=_say
    )


def _tell_on(parameters: Parameters, *, is_served: bool) -> None:
    """The matters that the first page does not wait for: the worker's, or told here and now."""
    from busbar.demo.year.running import list_untold
    from busbar.jobs import demonstration

    if not list_untold(parameters):
        return
    if is_served:
        demonstration.queue_matters(parameters)
        return
    demonstration.tell_all(parameters, say=_say)


def _apply_migrations() -> None:
    """A newer version of the product may have brought some; cheap when it has not."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def _collect_static() -> None:
    """The pages' files, when this home lacks them or they have changed."""
    from django.conf import settings
    from django.core.management import call_command

    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    newest = max(_moments(settings.STATICFILES_DIRS), default=0.0)
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)


def _moments(folders: Iterable[str | Path]) -> Iterable[float]:
    for folder in folders:
        yield from (path.stat().st_mtime for path in Path(folder).rglob("*") if path.is_file())


def _announce(host: str, port: int) -> None:
    from busbar.demo.sign_ins import DEMO_PASSWORD, list_sign_ins

    print(f"\n  地址  http://{host}:{port}/")
    print(f"  口令  {DEMO_PASSWORD}（所有演示账号相同，仅用于演示）")
    for sign_in in list_sign_ins():
        print(f"  账号  {sign_in.username:<12} {sign_in.name}  {sign_in.post}")
    print(flush=True)


def _serve(host: str, port: int) -> int:
    from busbar.cli.serve import serve

    return serve(host=host, port=port)


def _say(line: str) -> None:
    print(line, flush=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

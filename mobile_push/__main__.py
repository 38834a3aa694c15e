"""The gateway alone, for many offices.

python -m mobile_push serve [--port 8090 …]
python -m mobile_push office add NAME | list | remove ID
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence

import uvloop
from aiohttp import web

from mobile_push.app import DATABASE, running
from mobile_push.clock import SystemClock
from mobile_push.config import PushConfig, description, read_config
from mobile_push.errors import PushError, SetupError
from mobile_push.http import build_http
from mobile_push.offices import Offices
from mobile_push.store import open_store

log = logging.getLogger("mobile_push")


def main(words: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(words)
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(message)s")
    try:
        given = {name: value for name, value in vars(arguments).items() if isinstance(value, str)}
        config = read_config(given, os.environ)
        uvloop.run(_serve(config) if arguments.do == "serve" else _office(config, arguments))
    except (SetupError, PushError, OSError) as error:
        print(f"mobile_push: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(config: PushConfig) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with running(config) as parts:
        runner = web.AppRunner(build_http(parts), access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, config.host, config.port)
            await site.start()
            host, port = runner.addresses[0][:2]
            log.info("the push gateway listens on http://%s:%s", host, port)
            await stop.wait()
        finally:
            await runner.cleanup()


async def _office(config: PushConfig, arguments: argparse.Namespace) -> None:
    store = await open_store(config.db_dsn or config.data_dir / DATABASE)
    offices = Offices(store, SystemClock())
    try:
        if arguments.what == "add":
            print(await offices.add(arguments.name))
        elif arguments.what == "list":
            for row in await offices.all():
                print(row["id"], row["name"])
        elif not await offices.remove(arguments.id):
            raise SetupError(f"there is no office {arguments.id}")
    finally:
        await store.aclose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mobile_push", description="Wakes sleeping phones.")
    settings = argparse.ArgumentParser(add_help=False)
    for name in PushConfig.__struct_fields__:
        settings.add_argument(f"--{name.replace('_', '-')}", dest=name, help=description(name))
    does = parser.add_subparsers(dest="do", required=True)
    does.add_parser("serve", parents=[settings], help="run")
    office = does.add_parser("office", help="who may send").add_subparsers(dest="what", required=True)
    office.add_parser("add", parents=[settings], help="prints the key, once").add_argument("name")
    office.add_parser("list", parents=[settings])
    office.add_parser("remove", parents=[settings]).add_argument("id")
    return parser


if __name__ == "__main__":
    sys.exit(main())

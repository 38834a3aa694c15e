"""`python -m edge`: an edge alone, for offices behind NAT.

python -m edge serve [options]      serve until SIGTERM
python -m edge office add NAME      let an office in; prints what its node needs to know
python -m edge office list
python -m edge office remove ID
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

import uvloop

from edge.config import EdgeConfig, add_options, missing, read_config
from edge.errors import StartError

log = logging.getLogger("edge")

PLEASE_WAIT_S = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or 1 with a plain sentence on standard error."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        config = read_config(vars(options))
        uvloop.run(serve(config) if options.command == "serve" else _office(config, options))
    except StartError as error:
        print(f"edge: {error.message}" + (f". {error.action}" if error.action else ""), file=sys.stderr)
        return 1
    return 0


async def serve(config: EdgeConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises `StartError`."""
    from aiohttp import web

    from edge.app import build

    if lacking := missing(config):
        names = ", ".join("--" + name.replace("_", "-") for name in lacking)
        log.warning("Twilio cannot reach this edge before these are set: %s", names)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    edge = await build(config)
    runner = web.AppRunner(edge.application, access_log=None, shutdown_timeout=PLEASE_WAIT_S)
    try:
        await runner.setup()
        site = web.TCPSite(runner, config.host, config.port)
        try:
            await site.start()
        except OSError as error:
            raise StartError(
                f"port {config.port} cannot be used: {error}", action="Choose another --port"
            ) from error
        edge.start()
        log.info("ready on port %s", runner.addresses[0][1])
        await stop.wait()
    finally:
        await runner.cleanup()
        await edge.close()


async def _office(config: EdgeConfig, options: argparse.Namespace) -> None:
    from edge.clock import SystemClock
    from edge.offices import Offices
    from edge.store import open_store
    from edge.store.open import FILE_NAME

    store = await open_store(config.db_dsn or config.data_dir / FILE_NAME)
    try:
        offices = Offices(store, SystemClock())
        if options.do == "add":
            office, key = await offices.add(options.name)
            print(
                f"Tell the office's node, on its page Settings → Edge:\n  address  {config.base or '(public URL)'}"
            )
            print(f"  key      {office.id}.{key}\nThe key is not shown again.")
        elif options.do == "list":
            for office in await offices.list():
                print(f"{office.id}  {office.name}")
        elif not await offices.remove(options.id):
            raise StartError(
                f"there is no office {options.id}", action="python -m edge office list shows them"
            )
    finally:
        await store.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge", description="The public face of Bellwire offices."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="serve|office")
    add_options(commands.add_parser("serve", help="serve Twilio and the offices"))
    office = commands.add_parser("office", help="the offices that may connect")
    does = office.add_subparsers(dest="do", required=True, metavar="add|list|remove")
    for name, argument in (("add", "name"), ("list", ""), ("remove", "id")):
        one = does.add_parser(name)
        if argument:
            one.add_argument(argument)
        add_options(one)
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The commands that read and write the office's records, beside a running node or without one."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pbx.app.document_files import ReadDocument, write_folder
from pbx.app.wishes import matcher
from pbx.core.clock import SystemClock, machine_zone
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError, UserError
from pbx.core.secret import KEY_FILE, SecretBox, load_key
from pbx.feature.documents import Documents, Options, Plan
from pbx.flow.importing import FlowImport
from pbx.flow.publishing import Publishing
from pbx.media.prompt_files import PROMPTS, PromptFiles
from pbx.model.kind import Kind
from pbx.model.kinds import FLOW, PROMPT
from pbx.model.validate import problems_of
from pbx.store.audit import COMMAND_LINE, acting
from pbx.store.database import FILE_NAME, Database
from pbx.store.flows import FlowStore
from pbx.store.key_rotation import in_use
from pbx.store.records import RecordStore
from pbx.store.sync import SyncStore
from pbx.store.tokens import TokenStore
from pbx.store.users import UserStore

_Record = TypeVar("_Record", bound=msgspec.Struct)


class Office(msgspec.Struct, frozen=True):
    """The stores that commands work with."""

    records: RecordStore
    users: UserStore
    tokens: TokenStore
    publishing: Publishing
    documents: Documents
    sync: SyncStore


def run(command: Coroutine[None, None, None]) -> int:
    """Run one command to its end; errors pass through."""
    asyncio.run(command)
    return 0


@asynccontextmanager
async def opened(config: NodeConfig, *, make: bool = True) -> AsyncIterator[Office]:
    """The office in the data directory. `make` says whether a missing database is made."""
    path = config.data_dir / FILE_NAME
    if not make and not path.exists():
        raise StartupError(
            f"there is no office in {config.data_dir}", action="Name the right folder with --data-dir"
        )
    try:
        config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"the data directory {config.data_dir} cannot be made: {error.strerror}") from None
    with in_use(config.data_dir):
        async with await Database.open(path, poll_s=0) as database:
            box = SecretBox(load_key(config.data_dir / KEY_FILE))
            records, flows = RecordStore(database, box), FlowStore(database)
            publishing = Publishing(
                records,
                flows,
                SystemClock(),
                chat=matcher(),
                time_zone=machine_zone(),
                country=config.country,
            )
            office = Office(
                records,
                UserStore(database),
                TokenStore(database),
                publishing,
                Documents(
                    records, FlowImport(records, publishing, flows), emergency=config.emergency_numbers
                ),
                SyncStore(database, box),
            )
            with acting(operator(), COMMAND_LINE):
                yield office


def operator() -> str:
    """Who runs the command, as the machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"


async def import_(
    config: NodeConfig,
    document: ReadDocument,
    *,
    prune: bool,
    dry_run: bool,
    override_tests: bool = False,
) -> None:
    options = Options(prune=prune, override_tests=override_tests)
    async with opened(config) as office:
        try:
            if dry_run:
                changes = await office.documents.plan(document.data, options)
                if changes.faults:
                    raise changes.refusal()
            else:
                changes = await office.documents.apply(document.data, options)
        except UserError as error:
            raise document.located(error) from None
        prompts = await office.records.all(PROMPT)
    print(summary(changes, dry_run=dry_run))
    have = {each.prompt for each in PromptFiles(config.data_dir / PROMPTS).all()}
    silent = tuple(each.id for each in prompts if not each.text and each.id not in have)
    if silent:
        print(
            f"pbx: {_counted(PROMPT, len(silent))} {'has' if len(silent) == 1 else 'have'} neither a sound nor a text: "
            f"{_listed(silent)}. A tone is heard until there is one",
            file=sys.stderr,
        )


async def export(config: NodeConfig, file: str, *, with_secrets: bool, folder: bool = False) -> None:
    async with opened(config, make=False) as office:
        data = await office.documents.export(with_secrets=with_secrets)
        sounds = [each.prompt for each in PromptFiles(config.data_dir / PROMPTS).all()]
    if sounds:
        print(
            f"pbx: the sound of {_counted(PROMPT, len(sounds))} is not in this document ({_listed(tuple(sounds))}): "
            f"copy the folder {config.data_dir / PROMPTS} as well",
            file=sys.stderr,
        )
    if with_secrets:
        print(
            "pbx: this document holds SIP passwords in plain text: keep it as secret as they are",
            file=sys.stderr,
        )
    if folder:
        write_folder(Path(file), data, private=with_secrets)
    else:
        _write(file, data, private=with_secrets)


def ask_password(*, from_stdin: bool) -> str:
    """From standard input when asked to or when it is no terminal; else typed twice, unseen."""
    if from_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise UserError("the two passwords differ, nothing has been changed")
    return password


def summary(changes: Plan, *, dry_run: bool = False) -> str:
    """What an import did, in a few lines."""
    would_be = "would be " if dry_run else ""
    lines = [
        f"{would_be}{word} {_counted(each.kind, len(keys))}: {_listed(keys)}"
        for each in changes.sections
        for word, keys in (
            ("created", tuple(each.kind.key_of(one) for one in each.create)),
            ("changed", tuple(each.kind.key_of(one) for one in each.change)),
            ("deleted", each.remove),
        )
        if keys
    ]
    lines += [
        f"{would_be}{word} {_counted(FLOW, len(numbers))}: {_listed(numbers)}"
        for word, numbers in (
            ("published", changes.beside.published),
            ("unpublished", changes.beside.unpublished),
        )
        if numbers
    ]
    lines = lines or ["nothing to change"]
    lines += [
        f"not in the document and kept: {_counted(each.kind, len(each.kept))} {_listed(each.kept)} "
        "(--prune deletes them)"
        for each in changes.sections
        if each.kept
    ]
    return "\n".join(lines)


def _counted(kind: Kind, number: int) -> str:
    return f"{number} {kind.words if number == 1 else kind.plural.replace('_', ' ')}"


def _listed(numbers: tuple[str, ...]) -> str:
    shown = ", ".join(numbers[:10])
    return f"{shown} and {len(numbers) - 10} more" if len(numbers) > 10 else shown


def checked(raw: dict[str, Any], record: type[_Record]) -> _Record:
    """Raises `UserError` for the first field that is wrong."""
    if problems := problems_of(raw, record):
        raise problems[0]
    return msgspec.convert(raw, record)


def _write(file: str, data: bytes, *, private: bool) -> None:
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    path = Path(file)
    try:
        path.touch(mode=0o600 if private else 0o644)
        if private:
            path.chmod(0o600)
        path.write_bytes(data)
    except OSError as error:
        raise StartupError(f"{file} cannot be written: {error.strerror}") from None

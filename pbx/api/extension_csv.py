"""Extensions as a table: read by spreadsheets, and taken back from them, with a plan of what would change first."""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from pbx.api import cdr_csv
from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.uploads import small_upload
from pbx.core.errors import UserError
from pbx.core.ids import new_sip_password
from pbx.feature.document_view import fault_view, plan_view
from pbx.feature.documents import Documents, Options
from pbx.model.base import Record
from pbx.model.document import OfficeDocument
from pbx.model.document_plan import DocumentPlan, PlanFault
from pbx.model.extension import Extension, ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.model.validate import problems_of

__all__ = ["COLUMNS", "ROUTES", "read_table"]

MOST_BYTES = 4 << 20
MOST_ROWS = 10_000
COLUMNS = (
    "number",
    "name",
    "department",
    "enabled",
    "may_call",
    "ring_timeout_s",
    "do_not_disturb",
    "call_waiting",
    "forward.always",
    "forward.busy",
    "forward.no_answer",
    "forward.unreachable",
    "forward_to",
    "mailbox",
    "pickup_group",
    "outside_number",
    "record",
    "location",
)
SECRET = "sip_password"  # noqa: S105  the column's name
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_FLAG_COLUMNS = ("enabled", "do_not_disturb", "call_waiting")
_LINE = re.compile(r"^\$\.extensions\[([0-9]+)\]")


class CsvQuery(Record, frozen=True, kw_only=True):
    """Whether it is done."""

    dry_run: Annotated[bool, Meta(description="Only say what would change.")] = False


class Table(msgspec.Struct):
    """The rows that could be read, each with its line, and what is wrong with the others."""

    rows: list[dict[str, str]] = msgspec.field(default_factory=list)
    lines: list[int] = msgspec.field(default_factory=list)
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    faults: list[PlanFault] = msgspec.field(default_factory=list)

    def fault(self, line: int, message: str, path: str = "$", **more: str | None) -> None:
        self.faults.append(PlanFault(path=path, message=f"Line {line}: {message}", **more))


def read_table(data: bytes) -> Table:
    """Commas, semicolons or tabs between the cells, whichever the line of titles has."""
    table = Table()
    text = _text(data)
    if "\0" in text:
        table.fault(1, "The file is no table.", action="Save the spreadsheet as “CSV UTF-8”.")
        return table
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        titles = [title.strip().lower() for title in next(reader, [])]
        if not _titles_fit(titles, table):
            return table
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _take(table, titles, cells, reader.line_num)
    except csv.Error as error:
        table.fault(reader.line_num, f"It cannot be read: {error}.")
    return table


def _text(data: bytes) -> str:
    """UTF-8, or what spreadsheets on Windows write in its place."""
    if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _titles_fit(titles: Sequence[str], table: Table) -> bool:
    known = (*COLUMNS, SECRET)
    for title in titles:
        if title not in known:
            possible = ", ".join(known)
            table.fault(
                1,
                f"There is no column “{title}”.",
                got=title,
                needed=possible,
                action=f"Possible are: {possible}",
            )
    if "number" not in titles:
        table.fault(1, "The column “number” is missing.")
    if len(set(titles)) != len(titles):
        table.fault(1, "A column is there twice.")
    return not table.faults


def _take(table: Table, titles: Sequence[str], cells: Sequence[str], line: int) -> None:
    if len(cells) != len(titles):
        table.fault(line, f"It has {len(cells)} cells, and there are {len(titles)} columns.")
    elif len(table.rows) >= MOST_ROWS:
        if len(table.rows) == MOST_ROWS and not table.faults:
            table.fault(line, f"There are more than {MOST_ROWS} rows.")
    else:
        row = {title: _plain(cell.strip()) for title, cell in zip(titles, cells, strict=True)}
        earlier = table.numbers.setdefault(row["number"], line)
        if earlier != line:
            table.fault(line, f"The number {row['number']} stands in line {earlier} already.")
        table.rows.append(row)
        table.lines.append(line)


def _plain(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _wanted(row: dict[str, str], old: Extension | None) -> dict[str, Any]:
    """The record as JSON: what the row says over what there is; an empty cell brings the default back."""
    record: dict[str, Any] = {} if old is None else msgspec.to_builtins(old)
    for title, cell in row.items():
        name, _, inner = title.partition(".")
        if inner:
            record[name] = {**record.get(name, {}), inner: cell or None}
        elif not cell:
            record.pop(name, None)
        elif name in _FLAG_COLUMNS:
            record[name] = _FLAGS.get(cell.lower(), cell)
        elif name == "ring_timeout_s" and cell.isdecimal():
            record[name] = int(cell)
        else:
            record[name] = cell
    return record


async def import_extensions(exchange: Exchange, *, query: CsvQuery) -> DocumentPlan:
    documents = exchange.service.deps.documents
    if documents is None:
        raise plain_error(503, "Tables cannot be imported here.")
    table = read_table(await small_upload(exchange, MOST_BYTES))
    async with exchange.service.changing:
        plan = await _planned(exchange, documents, table, do=not query.dry_run)
    if plan.faults and not query.dry_run:
        raise UserError(
            "the table has faults, nothing has been changed",
            http_status=422,
            problems=tuple(
                UserError(
                    each.message, path=each.path, got=each.got, needed=each.needed, action=each.action or ""
                )
                for each in plan.faults
            ),
        )
    return plan


async def _planned(exchange: Exchange, documents: Documents, table: Table, *, do: bool) -> DocumentPlan:
    old = {each.number: each for each in await exchange.service.deps.records.all(EXTENSION)}
    records: list[ExtensionWrite] = []
    for index, row in enumerate(table.rows):
        wanted = _wanted(row, old.get(row["number"]))
        if found := problems_of(wanted, ExtensionWrite):
            table.faults += _at_line(found, table.lines[index], index)
        else:
            records.append(msgspec.convert(wanted, ExtensionWrite))
    if table.faults:
        return DocumentPlan(sections=(), faults=tuple(table.faults))
    document = OfficeDocument(extensions=tuple(records))
    options = Options(new_secret=new_sip_password)
    plan = plan_view(await documents.plan(document, options))
    if plan.faults:
        return msgspec.structs.replace(
            plan, faults=tuple(_with_line(each, table.lines) for each in plan.faults)
        )
    return plan_view(await documents.apply(document, options)) if do else plan


def _at_line(found: Sequence[UserError], line: int, index: int) -> Iterator[PlanFault]:
    for each in found:
        fault = fault_view(each)
        yield msgspec.structs.replace(
            fault,
            path=f"$.extensions[{index}]{fault.path.removeprefix('$')}",
            message=f"Line {line}: {fault.message}",
        )


def _with_line(fault: PlanFault, lines: Sequence[int]) -> PlanFault:
    found = _LINE.match(fault.path)
    if found is None:
        return fault
    return msgspec.structs.replace(fault, message=f"Line {lines[int(found[1])]}: {fault.message}")


async def export_extensions(exchange: Exchange) -> web.Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for extension in await exchange.service.deps.records.all(EXTENSION):
        writer.writerow(cdr_csv.cell(_value(extension, column)) for column in COLUMNS)
    return web.Response(
        body=b"\xef\xbb\xbf" + out.getvalue().encode(),
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="extensions.csv"',
        },
    )


def _value(extension: Extension, column: str) -> object:
    value: object = extension
    for name in column.split("."):
        value = getattr(value, name)
    return value


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/extensions.csv",
        scope=Scope.EXTENSIONS_READ,
        name="exportExtensions",
        tag="Extensions",
        summary="The extensions as a table for spreadsheets",
        description="What can be imported again; without passwords.",
        response_type="text/csv",
        handler=export_extensions,
    ),
    Route(
        method="POST",
        path="/api/v1/extensions/csv",
        scope=Scope.EXTENSIONS_WRITE,
        name="importExtensions",
        tag="Extensions",
        summary="Create and change extensions from a table",
        description=(
            "CSV in UTF-8, UTF-16 or Windows-1252, with a line of titles as in the export, in any order; only `number` "
            "must be there. Columns that are missing leave their fields alone, an empty cell brings the default back. "
            "`sip_password` may be a column too; a new extension without one gets one made up. All of it is done or "
            "nothing; with `dry_run` the plan says what would be, and its faults name their lines."
        ),
        upload_types=("text/csv",),
        query=CsvQuery,
        response=DocumentPlan,
        errors=(409,),
        handler=import_extensions,
    ),
)

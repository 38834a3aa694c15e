"""The office's document as a folder: one file per record, which version control can follow and people can merge.

    extensions/101.json      one record of the section `extensions`; the file is called what its key is
    feature_codes/%2A43.json characters that file names should not have are written as in web addresses
    live_flows/500.json      an entry of `live_flows`: a flow, or null
    format/2.json            the document's format, where that is not the first; the file holds the same number
    sites/berlin.json        what the site `berlin` puts in place of {{site.…}}; no part of the document

A folder and one document are the same thing: `joined(split(document))` is the document. Here are names and bytes only;
who reads and writes them is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from pbx.core.errors import UserError
from pbx.feature.document_format import FIELD
from pbx.feature.document_values import TEMPLATE
from pbx.model.kinds import KINDS

__all__ = ["KEEP", "SECTIONS", "SITES", "Joined", "file_name", "in_file", "joined", "sites_of", "split"]

SITES = "sites"
LIVE = "live_flows"
KEEP = ".keep"
"""Holds a folder of no records in version control, which keeps no empty ones."""

_PLACE = re.compile(r"^\$\.(\w+)(?:\[(\d+)\]|\.([^.\[]+))(.*)$", re.DOTALL)
_KEYS = {kind.plural: kind.key for kind in KINDS}
SECTIONS = (*_KEYS, LIVE)


class Joined(msgspec.Struct, frozen=True):
    """A folder as one document, not yet checked. `files` says where each record comes from: by section and place (or
    number of the live flow)."""

    document: dict[str, Any]
    files: Mapping[tuple[str, str], str]

    def located(self, error: UserError) -> UserError:
        """The same with the names of files in place of places in the document."""
        found = _PLACE.match(error.path)
        file = None
        if found is not None and (found[2] is not None) == (found[1] != LIVE):
            file = self.files.get((found[1], found[2] or found[3]))
        return UserError(
            error.message,
            http_status=error.http_status,
            path=error.path if file is None or found is None else in_file(file, f"${found[4]}"),
            got=error.got,
            needed=error.needed,
            action=error.action,
            problems=tuple(self.located(each) for each in error.problems),
        )


def split(document: bytes) -> dict[str, bytes]:
    """Every file of the folder by its name. `document` is one that `decode` has read, or an export."""
    files: dict[str, bytes] = {}
    for section, content in msgspec.json.decode(document).items():
        if section == FIELD:
            if content != 1:
                files[f"{FIELD}/{content}.json"] = _written(content)
            continue
        if section == LIVE:
            files |= {f"{LIVE}/{file_name(number)}": _written(flow) for number, flow in content.items()}
            continue
        if not content:
            files[f"{section}/{KEEP}"] = b""
        for record in content or ():
            files[f"{section}/{file_name(str(record[_KEYS[section]]))}"] = _written(record)
    return files


def joined(files: Mapping[str, bytes]) -> Joined:
    """The document of these files; others than `.json` are passed over. Raises `UserError` with all that is wrong."""
    document: dict[str, Any] = {}
    places: dict[tuple[str, str], str] = {}
    problems: list[UserError] = []
    for name in sorted(files, key=lambda each: (len(each), each)):
        section, _, file = name.partition("/")
        if section == SITES or not (file == KEEP or name.endswith(".json")):
            continue
        if section == FIELD and file.removesuffix(".json").isdigit():
            document[FIELD] = max(int(file.removesuffix(".json")), document.get(FIELD, 1))
            continue
        if section not in SECTIONS or "/" in file or not file:
            problems.append(_stray(name))
            continue
        content = document.setdefault(section, {} if section == LIVE else [])
        if file == KEEP:
            continue
        try:
            record = msgspec.json.decode(files[name])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(UserError(f"this is not JSON: {error}", path=name))
            continue
        key = unquote(file.removesuffix(".json"))
        if section == LIVE:
            content[key], place = record, key
        else:
            place = str(len(content))
            content.append(record)
            problems += _misnamed(name, section, key, record)
        places[section, place] = name
    if problems:
        raise _refused(problems)
    return Joined(document, places)


def sites_of(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """The values of each site. Raises `UserError`."""
    sites: dict[str, dict[str, Any]] = {}
    problems: list[UserError] = []
    for name in sorted(files):
        section, _, file = name.partition("/")
        if section != SITES or not file.endswith(".json"):
            continue
        site = file.removesuffix(".json")
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", site):
            needed = "1 to 40 small letters, digits and hyphens"
            problems.append(UserError("a site cannot be called that", path=name, got=site, needed=needed))
            continue
        try:
            values = msgspec.json.decode(files[name], type=dict[str, str | int | float | bool])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            needed = "an object of texts, numbers, true and false"
            problems.append(UserError(f"these are no values: {error}", path=name, needed=needed))
            continue
        problems += [
            UserError(
                "a value cannot be called that", path=f"{name}: $.{each}", needed="such as number_prefix"
            )
            for each in values
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", each)
        ]
        sites[site] = {"name": site, **values}
    if problems:
        raise _refused(problems)
    return sites


def file_name(key: str) -> str:
    """What the file of a record is called."""
    return quote(key, safe="+").replace("~", "%7E").replace(".", "%2E") + ".json"


def in_file(file: str, path: str) -> str:
    return f"{file}: {path}"


def _written(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _misnamed(name: str, section: str, key: str, record: object) -> Iterator[UserError]:
    """A copy that was not changed in its key is found here, and not as a puzzle later."""
    field = _KEYS[section]
    found = record.get(field) if isinstance(record, dict) else None
    if isinstance(found, str) and found != key and not TEMPLATE.search(found):
        yield UserError(
            f"the file is not called what its {field} is",
            path=in_file(name, f"$.{field}"),
            got=found,
            needed=key,
            action=f"Call it {section}/{file_name(found)}, or change the {field}",
        )


def _stray(name: str) -> UserError:
    section = name.partition("/")[0]
    from difflib import get_close_matches

    guess = get_close_matches(section, [*_KEYS, LIVE, SITES], n=1, cutoff=0.5)
    return UserError(
        "there is no place for this file in an office",
        path=name,
        action=f"Did you mean {guess[0]}/?" if guess else f"Folders are: {', '.join([*_KEYS, LIVE, SITES])}",
    )


def _refused(problems: list[UserError]) -> UserError:
    return UserError(
        "the folder cannot be read, nothing has been changed", http_status=422, problems=tuple(problems)
    )

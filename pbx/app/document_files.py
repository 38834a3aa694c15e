"""Documents on the disk: one file, or a folder with a file for each record."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from pbx.core.errors import StartupError, UserError
from pbx.feature.document_folder import SECTIONS, Joined, joined, sites_of, split
from pbx.feature.document_values import filled
from pbx.feature.documents import LARGEST_BYTES

__all__ = ["ReadDocument", "files_in", "read_document", "write_folder"]


class ReadDocument(msgspec.Struct, frozen=True):
    """A document and, if it was a folder, where its records came from."""

    data: bytes
    folder: Joined | None = None

    def located(self, error: UserError) -> UserError:
        """An error with the names of files."""
        return error if self.folder is None else self.folder.located(error)


def read_document(name: str, site: str = "") -> ReadDocument:
    """A file, a folder, or standard input (`-`). Raises `UserError`."""
    if name == "-" or not Path(name).is_dir():
        data = _read(name)
        if site:
            raise StartupError("only a folder has sites", action="Leave --site out")
        return ReadDocument(data)
    files = files_in(Path(name))
    folder, values = joined(files), None
    if site:
        sites = sites_of(files)
        if site not in sites:
            known = ", ".join(sites) or "none"
            raise StartupError(f"there is no site {site} in {name}", needed=f"one of: {known}")
        values = sites[site]
    found: list[UserError] = []
    document = filled(folder.document, values, found)
    if found:
        raise UserError(
            "the folder cannot be read, nothing has been changed",
            http_status=422,
            problems=tuple(folder.located(each) for each in found),
        )
    return ReadDocument(msgspec.json.encode(document), folder)


def files_in(folder: Path) -> dict[str, bytes]:
    """All files of the folders in it, but hidden ones, by their names in the folder. Raises `StartupError`."""
    found: dict[str, bytes] = {}
    total = 0
    try:
        for path in sorted(folder.glob("*/*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and (path.suffix == ".json" or path.name == ".keep") and name[0] != ".":
                total += path.stat().st_size
                if total > LARGEST_BYTES:
                    raise StartupError(f"{folder} is too large", needed=f"≤ {LARGEST_BYTES} bytes")
                found[name] = path.read_bytes()
    except OSError as error:
        raise StartupError(f"{error.filename or folder} cannot be read: {error.strerror}") from None
    if not found:
        raise StartupError(
            f"there are no documents in {folder}", action="Make some with: pbx export --folder FOLDER"
        )
    return found


def write_folder(folder: Path, document: bytes, *, private: bool) -> None:
    """Make the folder what the document is: files of records that are no more go, all others stay."""
    wanted = split(document)
    try:
        for name in {name.partition("/")[0] for name in wanted} | _sections(folder):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for old in (*(folder / name).glob("*.json"), folder / name / ".keep"):
                if old.relative_to(folder).as_posix() not in wanted:
                    old.unlink(missing_ok=True)
            if not any((folder / name).iterdir()) and not any(each.startswith(f"{name}/") for each in wanted):
                (folder / name).rmdir()
        for name, data in wanted.items():
            path = folder / name
            if not path.exists() or path.read_bytes() != data:
                path.touch(mode=0o600 if private else 0o644)
                path.write_bytes(data)
            if private:
                path.chmod(0o600)
    except OSError as error:
        raise StartupError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    print(f"pbx: {folder}: {len(wanted)} files", file=sys.stderr)


def _sections(folder: Path) -> set[str]:
    """Folders of an earlier export."""
    return {name for name in SECTIONS if (folder / name).is_dir()}


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise StartupError(f"{name} cannot be read: {error.strerror}") from None

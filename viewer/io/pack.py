"""A pack: cases, and models that they need, in one file (`.casepack`) that is proven whole before any of it is used.

It is a zip archive in which nothing is compressed, so that nothing can grow. Its first member, `pack.json`, names every
other file with its length and SHA-256; what is not named there, or not as it says, is refused. `pack.sig` may hold a
signature of that list.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from attrs import frozen

from viewer.domain.errors import PackError
from viewer.io.atomic_file import storage_error
from viewer.io.migrations import migrated
from viewer.io.pack_names import collision, objection
from viewer.io.pack_signature import LARGEST_SIGNATURE, SIGNATURE, signer
from viewer.io.regular_file import regular
from viewer.io.strict_json import LARGEST_BYTES, WrongJsonError, parse_json, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from viewer.domain.job import JobContext

PACK_FORMAT, PACK_VERSION = "casestage pack", 1
MANIFEST = "pack.json"
ENDING = ".casepack"
MOST_FILES = 50_000
LARGEST_FILE = 4 << 30
LARGEST_PACK = 64 << 30
_CHUNK = 1 << 20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# By version: what makes of a manifest of that version one of the next. There is only one version so far.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@frozen
class PackFile:
    """A file of a pack."""

    path: str
    size: int
    sha256: str


@frozen
class PackItem:
    """A case or a model in a pack, and the folder in the pack that holds it."""

    id: str
    title: str
    folder: str


@frozen
class Pack:
    """What a pack says that it holds."""

    format: str
    version: int
    made_with: str
    cases: tuple[PackItem, ...]
    models: tuple[PackItem, ...]
    files: tuple[PackFile, ...]
    not_for_diagnostic_use: bool = True

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@contextmanager
def opened_pack(path: Path) -> Iterator[tuple[zipfile.ZipFile, Pack]]:
    """Give a pack's archive and manifest, once names, lengths and places of all members are found to be in order.

    Raises
    ------
    PackError
        When it is no pack, is from a newer version, or holds anything that it must not.
    """
    try:
        with regular(path).open("rb") as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                yield archive, _checked(archive, os.fstat(file.fileno()).st_size)
    except FileNotFoundError as error:
        raise PackError("There is no pack at this place.", "Check the path.") from error
    except OSError as error:
        raise PackError("The pack cannot be read.", "Check that you may read it.", error.strerror or "") from error
    except (zipfile.BadZipFile, EOFError, struct.error, ValueError, NotImplementedError, RuntimeError) as error:
        raise PackError("This is no pack, or it is damaged.", detail=type(error).__name__) from error


def check_pack(path: Path, ctx: JobContext) -> Pack:
    """Return what a pack holds, once every file in it has been read and is the one that was packed.

    Raises
    ------
    PackError
        As `opened_pack`, and when a file is not what the manifest says.
    """
    with opened_pack(path) as (archive, pack):
        for number, file in enumerate(pack.files):
            ctx.report(number, len(pack.files), f"Checking file {number + 1} of {len(pack.files)}")
            copy_member(archive, file, None)
    return pack


def unpack(path: Path, folder: Path, ctx: JobContext) -> Pack:
    """Write all files of a pack below a folder, each proven while it is written; return what it holds.

    The caller removes what is there when this raises.

    Raises
    ------
    PackError
        As `check_pack`.
    StorageError
        When it cannot be written.
    """
    with opened_pack(path) as (archive, pack):
        for number, file in enumerate(pack.files):
            ctx.report(number, len(pack.files), f"Unpacking file {number + 1} of {len(pack.files)}")
            target = folder.joinpath(*file.path.split("/"))
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as written:
                    copy_member(archive, file, written)
                    written.flush()
                    os.fsync(written.fileno())
            except OSError as error:
                raise storage_error("The pack", error) from error
    return pack


def copy_member(archive: zipfile.ZipFile, file: PackFile, target: IO[bytes] | None) -> None:
    """Read a member to its end, write it where a target is given, and hold it against the manifest."""
    digest, length = hashlib.sha256(), 0
    try:
        with archive.open(file.path) as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                length += len(chunk)
                if target is not None:
                    target.write(chunk)
    except (zipfile.BadZipFile, EOFError) as error:
        raise _damaged(file.path) from error
    if length != file.size or digest.hexdigest() != file.sha256:
        raise _damaged(file.path)


def _damaged(path: str) -> PackError:
    return PackError("The pack is damaged: a file in it is not the one that was packed.", detail=path)


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a list of members that is too long before it is read (PKWARE APPNOTE 4.3.14 to 4.3.16)."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 22 - 65_535 - 20))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + 22:
        raise PackError("This is no pack, or it is damaged.", detail="no end of a zip archive")
    count, length = struct.unpack_from("<HL", tail, at + 10)
    if (count == 0xFFFF or length == 0xFFFFFFFF) and tail[max(0, at - 20) : at].startswith(b"PK\6\7"):
        (place,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(place, size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(b"PK\6\6"):
            raise PackError("This is no pack, or it is damaged.", detail="no 64 bit end of a zip archive")
        count, length = struct.unpack_from("<QQ", record, 32)
    if count > MOST_FILES + 1 or length > (MOST_FILES + 1) * 512:
        raise PackError(f"The pack says that it holds {count} files, which no pack does.")
    file.seek(0)


def _checked(archive: zipfile.ZipFile, size: int) -> Pack:
    """Return the manifest of an archive whose members are all in order."""
    listed = archive.infolist()
    if len(listed) > MOST_FILES + 1:
        raise PackError(f"The pack says that it holds {len(listed)} files, which no pack does.")
    if sum(info.file_size for info in listed) > min(size, LARGEST_PACK):
        raise PackError("The pack says that it holds more than it is long.")
    for info in listed:
        why = _objection(info)
        if why:
            raise PackError(f"The pack holds a file that {why}.", detail=ascii(info.orig_filename))
    places = sorted((info.header_offset, info.compress_size) for info in listed)
    for (start, length), (following, _) in zip(places, places[1:], strict=False):
        if start + length > following:
            raise PackError("The pack holds files that lie on each other.")
    twice = collision([info.filename for info in listed])
    if twice:
        raise PackError("The pack holds two files of one name.", detail=ascii(twice))
    return _manifest(archive, {info.filename: info.file_size for info in listed})


def _objection(info: zipfile.ZipInfo) -> str:
    """Return why a member has no place in a pack, as the end of a sentence; "" where it has."""
    # zipfile itself cuts names at NUL and turns backslashes around.
    why = objection(info.orig_filename) or ("" if info.orig_filename == info.filename else "has two names")
    if why:
        return why
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is no file but a link or a device"
    if info.is_dir():
        return "is no file but a folder"
    if info.flag_bits & (0x1 | 0x40):
        return "is encrypted"
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        return "is compressed, which files of a pack are not"
    return "is too large" if info.file_size > LARGEST_FILE else ""


def _manifest(archive: zipfile.ZipFile, sizes: dict[str, int]) -> Pack:
    if MANIFEST not in sizes:
        raise PackError(f"This is no pack: it holds no {MANIFEST}.", "Choose a file that CaseStage packed.")
    if sizes[MANIFEST] > LARGEST_BYTES:
        raise PackError("The pack's list of files is too long.")
    _signer(archive, sizes)
    try:
        pack = _read(parse_json(archive.read(MANIFEST)))
    except WrongJsonError as error:
        raise PackError(f"The pack's list of files cannot be read: {error}.") from error
    named = {file.path: file.size for file in pack.files}
    if len(named) != len(pack.files) or MANIFEST in named or SIGNATURE in named:
        raise PackError("The pack's list names a file twice.")
    missing, more = sorted(named.keys() - sizes.keys()), sorted(sizes.keys() - named.keys() - {MANIFEST, SIGNATURE})
    if missing:
        raise PackError("A file is missing from the pack.", detail=ascii(missing[0]))
    if more:
        raise PackError("The pack holds a file that its list does not name.", detail=ascii(more[0]))
    for path, size in named.items():
        if size != sizes[path]:
            raise _damaged(path)
    return pack


def signer_of(path: Path) -> bytes | None:
    """Return the public key that a pack was signed with, None for one that is not signed.

    Raises
    ------
    PackError
        As `opened_pack`.
    """
    with opened_pack(path) as (archive, _):
        return _signer(archive, {info.filename: info.file_size for info in archive.infolist()})


def _signer(archive: zipfile.ZipFile, sizes: dict[str, int]) -> bytes | None:
    """Return who signed the list of files; a signature that is wrong is refused, whoever is trusted."""
    if SIGNATURE not in sizes:
        return None
    if sizes[SIGNATURE] > LARGEST_SIGNATURE:
        raise PackError("The pack’s signature is too long.")
    return signer(archive.read(MANIFEST), archive.read(SIGNATURE))


def _read(stored: Any) -> Pack:
    if not isinstance(stored, dict) or stored.get("format") != PACK_FORMAT:
        raise WrongJsonError(f'it does not say "format": "{PACK_FORMAT}"')
    version = stored.get("version")
    if isinstance(version, int) and version > PACK_VERSION:
        raise PackError(
            "The pack was made by a newer CaseStage.",
            "Install the newest CaseStage to open it.",
            f"pack version {version}, this program reads up to {PACK_VERSION}",
        )
    pack = structure(migrated(stored, PACK_VERSION, MIGRATIONS), Pack)
    for kind, items in (("cases", pack.cases), ("models", pack.models)):
        ids = [item.id.casefold() for item in items]
        if len(set(ids)) != len(ids):
            raise WrongJsonError(f"“{kind}” names one twice")
        for item in items:
            if not _ID.fullmatch(item.id) or objection(item.id) or item.folder != f"{kind}/{item.id}":
                raise WrongJsonError(f"“{kind}” holds an id that is none")
    folders = tuple(f"{item.folder}/" for item in (*pack.cases, *pack.models))
    for file in pack.files:
        if not _SHA256.fullmatch(file.sha256) or file.size < 0 or not file.path.startswith(folders or ("\0",)):
            raise WrongJsonError("“files” names one that belongs to no case or model")
    if not pack.cases and not pack.models:
        raise WrongJsonError("it names no case")
    return pack

"""Packs made of installed cases, and installed again elsewhere, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.errors import ManifestError, PackError, StorageError
from viewer.inference.manifest import MANIFEST_NAME, read_manifest
from viewer.io.atomic_file import storage_error, sync_folder
from viewer.io.case_document import missing_paths, read_case, series_of, to_be_made, write_case
from viewer.io.pack import Pack, opened_pack, unpack
from viewer.io.pack_writing import carried, write_pack
from viewer.io.staging import BESIDE, staging
from viewer.services.cut_off import PACKS
from viewer.services.first_use import made_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case
    from viewer.io.pack import PackItem

_SPARE_BYTES = 64 << 20


@frozen
class Installed:
    """What an install brought, and which of it took the place of something."""

    pack: Pack
    replaced: tuple[str, ...]


def build_pack(
    out: Path, cases: Sequence[Case], models: Sequence[tuple[str, Path]], ctx: JobContext, key: Path | None = None
) -> Pack:
    """Write a pack, as `write_pack` does; pictures that are made at first use are made now, and go along.

    Where what comes out here differs by rounding from what a case was tested with, its recipe goes alone, so that the
    other computer makes the pictures itself. A story that tells another case anew becomes a case of its own, with that
    one's pictures: where it goes, the other may not be.

    Raises
    ------
    CaseStageError
        As `write_pack` and `made_series`.
    """
    made: dict[Path, Path] = {}
    folders = []
    try:
        with staging(out.absolute().parent / BESIDE) as aside:
            for number, case in enumerate(cases):
                folder = Path(case.folder)
                if read_case(folder).id != case.id:
                    # Its id is anybody's text, and may lead elsewhere.
                    folder = _of_its_own(case, aside / str(number))
                folders.append(folder)
                packed = read_case(folder)
                for named in series_of(packed):
                    if to_be_made(packed, named):
                        series = made_series(packed, named, ctx)
                        if not series.alike:
                            made[folder / named.series_path] = series.folder
            return write_pack(out, folders, models, ctx, made, key)
    except OSError as error:
        raise storage_error("The pack", error) from error


def _of_its_own(story: Case, folder: Path) -> Path:
    """Return a folder in which a story stands as a case of its own, with all that it takes from the one that it tells.

    Raises
    ------
    PackError
        When it names a file that is not in the case's folder.
    OSError
        When it cannot be copied.
    """
    source = Path(story.folder)
    folder.mkdir()
    for name in carried(story):
        target = folder / name
        if name == story.thumbnail_path:
            # The story's own lies beside the case's folder.
            target = folder / Path(name).name
        elif not (source / name).resolve().is_relative_to(source.resolve()):
            raise PackError("A picture of the story lies outside of its case.", "Put it into the case's folder.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            _copy(source / name, target)
        else:
            shutil.copyfile(source / name, target, follow_symlinks=False)
    write_case(folder, evolve(story, thumbnail_path=Path(story.thumbnail_path).name))
    return folder


def _copy(folder: Path, target: Path) -> None:
    """Copy all that is in a folder; of links the links. `shutil.copytree` would keep the system's reason to itself."""
    target.mkdir(exist_ok=True)
    for path in sorted(folder.rglob("*")):
        place = target / path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(exist_ok=True)
        else:
            shutil.copyfile(path, place, follow_symlinks=False)


def install_pack(
    path: Path, data: Path, ctx: JobContext, *, replace: bool = False, shipped_models: Iterable[Path] = ()
) -> Installed:
    """Install the cases and models of a pack into the data folder; everything is there afterwards, or nothing is.

    It is unpacked beside its place and proven, its cases are read, and then it is moved there. What an install that
    was killed left is removed.

    Parameters
    ----------
    data
        The program's data folder, with `cases` and `models` in it.
    replace
        Whether cases and models of the same name make place; otherwise that is refused.
    shipped_models
        Folders of models that came with the program, and that those of the data folder go before.

    Raises
    ------
    PackError
        When the pack is refused, or holds what is here already.
    StorageError
        When there is no room, or it cannot be written.
    """
    try:
        with staging(data / PACKS, put_back) as here:
            with opened_pack(path) as (_, pack):
                places = {item.folder: data / item.folder for item in (*pack.cases, *pack.models)}
                for folder in same_models(pack, data):
                    del places[folder]
                there = here_already(pack, data, shipped_models)
                if there and not replace:
                    names = ", ".join(f"“{folder.split('/')[1]}”{version}" for folder, version in there.items())
                    raise PackError(
                        f"Here already: {names}.", "Install it with --replace to put the new one in its place."
                    )
            free = shutil.disk_usage(here).free
            if pack.size + _SPARE_BYTES > free:
                needed = pack.size + _SPARE_BYTES
                raise StorageError(
                    f"The pack needs {needed / 1e6:,.0f} MB, and only {free / 1e6:,.0f} MB are free.",
                    "Free some space.",
                )
            pack = unpack(path, here / "new", ctx)
            _check_contents(here / "new", pack)
            _move_in(here, places)
    except OSError as error:
        raise storage_error("The pack", error) from error
    return Installed(pack, tuple(there))


def same_models(pack: Pack, data: Path) -> frozenset[str]:
    """Return the folders of a pack's models that are installed as they are in it: their files are left alone."""
    return frozenset(item.folder for item in pack.models if _is_same(pack, item, data / item.folder))


def _is_same(pack: Pack, item: PackItem, place: Path) -> bool:
    files = {Path(file.path).name: file for file in pack.files if file.path.startswith(f"{item.folder}/")}
    try:
        if {name: file.size for name, file in files.items()} != {p.name: p.stat().st_size for p in place.iterdir()}:
            return False
        # It holds the hash of its ONNX file.
        manifest = hashlib.sha256((place / MANIFEST_NAME).read_bytes()).hexdigest()
    except OSError:
        return False
    return MANIFEST_NAME in files and files[MANIFEST_NAME].sha256 == manifest


def here_already(pack: Pack, data: Path, shipped_models: Iterable[Path]) -> dict[str, str]:
    """Return the folders of cases and models that others of that name are in the way of, with the version of those.

    A version is said as " 1.1.0", and " 1.1.0 of the program" of a model that came with it; "" for a case.
    """
    same = same_models(pack, data)
    items = [item for item in (*pack.cases, *pack.models) if item.folder not in same]
    found = {item.folder: _version(data / item.folder) for item in items if (data / item.folder).exists()}
    for item in pack.models:
        for place in (folder / item.id for folder in shipped_models):
            if item.folder not in same | found.keys() and place.exists() and not _is_same(pack, item, place):
                found[item.folder] = f"{_version(place)} of the program"
    return found


def _version(place: Path) -> str:
    try:
        return f" {read_manifest(place).version}"
    except ManifestError:
        return ""


def put_back(left: Path) -> None:
    """Put what an install that was killed had put aside to where nothing took its place."""
    for kind in ("cases", "models"):
        for aside in (left / "old" / kind).glob("*"):
            place = left.parents[1] / kind / aside.name
            if not place.exists():
                os.replace(aside, place)


def _check_contents(folder: Path, pack: Pack) -> None:
    """Refuse cases that are not what the pack says, or not whole."""
    for item in pack.cases:
        case = read_case(folder / item.folder)
        if case.id != item.id or missing_paths(case):
            raise PackError("A case in the pack is not whole.", detail=item.id)
    for item in pack.models:
        read_manifest(folder / item.folder)


def _move_in(staging: Path, places: dict[str, Path]) -> None:
    """Move everything to its place; what was moved goes back where one of them cannot be."""
    done: list[tuple[Path, Path]] = []
    try:
        for folder, place in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                aside = staging / "old" / folder
                aside.parent.mkdir(parents=True, exist_ok=True)
                os.replace(place, aside)
                done.append((aside, place))
            os.replace(staging / "new" / folder, place)
            done.append((place, staging / "new" / folder))
            sync_folder(place.parent)
    except OSError:
        for moved, before in reversed(done):
            os.replace(moved, before)
        raise

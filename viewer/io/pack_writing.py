"""Writes a pack from folders of cases and models: what a case names goes in, and nothing that happens to lie there."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import PackError
from viewer.domain.narration_pictures import pictures_named
from viewer.io.atomic_file import remove_left
from viewer.io.case_document import DOCUMENT, missing_paths, read_case
from viewer.io.pack import LARGEST_FILE, MANIFEST, MOST_FILES, PACK_FORMAT, PACK_VERSION, Pack, PackFile, PackItem
from viewer.io.pack_names import collision, objection
from viewer.io.pack_signature import SIGNATURE, public_key, signed
from viewer.io.program import NAME, program_version
from viewer.io.regular_file import regular
from viewer.io.staging import made_beside
from viewer.io.step_pictures import FOLDER as KEPT_PICTURES
from viewer.io.step_pictures import picture_name
from viewer.io.strict_json import json_text, unstructure
from viewer.io.whose_images import named_patients

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case

_CHUNK = 1 << 20
# Every member says the same, so that the same cases make the same pack.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@frozen
class _Source:
    path: Path
    name: str


def write_pack(
    out: Path,
    cases: Sequence[Path],
    models: Sequence[tuple[str, Path]],
    ctx: JobContext,
    made: Mapping[Path, Path] | None = None,
    key: Path | None = None,
) -> Pack:
    """Write a pack and return what it holds; the same folders make the same bytes.

    Parameters
    ----------
    cases
        Folders of cases. Their images have to be de-identified or synthetic.
    models
        Ids and folders of models.
    key
        The private key to sign with; None leaves the pack without a signature.
    made
        Where pictures lie that were made from a recipe, by the folder in which they belong; without them the recipe
        alone goes in.

    Raises
    ------
    CaseDocumentError
        When a case cannot be read.
    PackError
        When something is missing, must not be in a pack, or images name a patient.
    StorageError
        When it cannot be written.
    """
    if key is not None:
        # A key that is none is noticed before work is done.
        public_key(key)
    items: tuple[list[PackItem], list[PackItem]] = ([], [])
    sources: list[_Source] = []
    for folder in cases:
        case = read_case(folder)
        missing = missing_paths(case)
        if missing:
            raise PackError(f"The case “{case.title}” is not whole.", "Copy it again.", f"missing: {missing[0]}")
        items[0].append(PackItem(case.id, case.title, f"cases/{case.id}"))
        found = _files(folder, [DOCUMENT, *carried(case)], f"cases/{case.id}")
        for place, pictures_made in (made or {}).items():
            if place.is_relative_to(folder) and not place.exists():
                within = f"cases/{case.id}/{place.relative_to(folder).as_posix()}"
                found += _files(pictures_made, sorted(path.name for path in pictures_made.iterdir()), within)
        named_patients(case.title, [source.path for source in found], ctx)
        sources += found
    for model_id, folder in models:
        items[1].append(PackItem(model_id, model_id, f"models/{model_id}"))
        sources += _files(folder, sorted(path.name for path in folder.iterdir()), f"models/{model_id}")
    for kind in items:
        ids = [item.id.casefold() for item in kind]
        twice = next((item for item in kind if ids.count(item.id.casefold()) > 1), None)
        if twice is not None:
            raise PackError(f"“{twice.id}” would go into the pack twice.", "Name each case and model once.")
    _check(sources, [item.id for kind in items for item in kind])
    with made_beside(out, "The pack") as waiting:
        listed = [_listed(source, n, len(sources), ctx) for n, source in enumerate(sources)]
        made_with = f"{NAME} {program_version()}"
        pack = Pack(PACK_FORMAT, PACK_VERSION, made_with, tuple(items[0]), tuple(items[1]), tuple(listed))
        with zipfile.ZipFile(waiting, "x", zipfile.ZIP_STORED) as archive:
            manifest = json_text(unstructure(pack)).encode()
            archive.writestr(_member(MANIFEST), manifest)
            if key is not None:
                archive.writestr(_member(SIGNATURE), signed(manifest, key))
            for n, (source, file) in enumerate(zip(sources, listed, strict=True)):
                ctx.report(len(sources) + n, 2 * len(sources), f"Packing file {n + 1} of {len(sources)}")
                _copy(archive, source, file)
    remove_left(out.parent, out.name)
    return pack


def carried(case: Case) -> list[str]:
    """Return the files and folders that a case names and that are there, relative to its folder, but its document."""
    folder = Path(case.folder)
    prior = [case.prior.series_path, case.prior.findings_path, case.prior.recipe_path] if case.prior else []
    named = [
        case.series_path,
        case.recipe_path,
        case.findings_path,
        case.truth_path,
        case.thumbnail_path,
        *prior,
        *(result.findings_path for result in case.results),
        *(name for step in case.steps for name in pictures_named(step.narration, leading_out=True)),
        *(f"{KEPT_PICTURES}/{picture_name(case, step)}" for step in case.steps),
    ]
    return [name for name in dict.fromkeys(named) if name and (folder / name).exists()]


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _LONG_AGO)
    info.external_attr = 0o100644 << 16
    info.create_system = 3
    return info


def _files(folder: Path, named: Iterable[str], within: str) -> list[_Source]:
    """Return the files that some names below a folder stand for, those of folders in order; hidden ones are left."""
    found: dict[Path, None] = {}
    for name in named:
        place = folder / name
        below = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        found.update(dict.fromkeys(p for p in below if not any(q.startswith(".") for q in p.relative_to(folder).parts)))
    for path in found:
        if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
            raise PackError("A file of the case is a link to another place.", "Put the file itself there.")
    return [_Source(path, f"{within}/{path.relative_to(folder).as_posix()}") for path in found]


def _check(sources: Sequence[_Source], ids: Sequence[str]) -> None:
    if len(sources) > MOST_FILES:
        raise PackError(f"A pack holds at most {MOST_FILES} files; these are {len(sources)}.", "Make several packs.")
    for name in [*ids, *(source.name for source in sources)]:
        why = objection(name)
        if why:
            raise PackError(f"A file that {why} cannot go into a pack.", "Give it another name.", ascii(name))
    twice = collision([source.name for source in sources])
    if twice:
        raise PackError("Two files have the same name on systems that know no case.", detail=ascii(twice))


def _listed(source: _Source, number: int, count: int, ctx: JobContext) -> PackFile:
    ctx.report(number, 2 * count, f"Reading file {number + 1} of {count}")
    with regular(source.path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    if size > LARGEST_FILE:
        raise PackError("A file is too large for a pack.", detail=ascii(source.name))
    return PackFile(source.name, size, digest)


def _copy(archive: zipfile.ZipFile, source: _Source, file: PackFile) -> None:
    info = _member(file.path)
    info.file_size = file.size
    digest = hashlib.sha256()
    with source.path.open("rb") as read, archive.open(info, "w") as written:
        while chunk := read.read(_CHUNK):
            digest.update(chunk)
            written.write(chunk)
    if digest.hexdigest() != file.sha256:
        raise PackError("A file changed while it was being packed.", "Pack again.", ascii(source.name))

"""`casestage pack build`, `verify` and `install`: cases carried from one computer to another in one file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.models import find_model
from viewer.cli.terminal import progress_context, say, say_json
from viewer.domain.count_words import count_words
from viewer.domain.errors import CaseDocumentError, StorageError
from viewer.inference.manifest import card
from viewer.io.case_document import DOCUMENT
from viewer.io.pack import ENDING, Pack, check_pack
from viewer.services.cases import installed_cases
from viewer.services.packing import build_pack, install_pack
from viewer.services.places import case_folders, data_folder

if TYPE_CHECKING:
    import argparse


def verify(arguments: argparse.Namespace) -> int:
    """Say whether a pack is whole and unchanged."""
    path = Path(arguments.file)
    _say(check_pack(path, progress_context()), path, arguments.json, "Whole and unchanged")
    return 0


def build(arguments: argparse.Namespace) -> int:
    """Write a pack of cases."""
    out = Path(arguments.out)
    if out.suffix.lower() != ENDING:
        raise StorageError(f"Packs are called *{ENDING}.", f"End the name of --out in {ENDING}.")
    models = []
    for name in arguments.model or ():
        manifest = find_model(name)
        models.append((card(manifest).id, Path(manifest.folder)))
    cases = [_folder(name) for name in arguments.cases]
    _say(build_pack(out, cases, models, progress_context()), out, arguments.json, "Written")
    return 0


def install(arguments: argparse.Namespace) -> int:
    """Install the cases and models of a pack."""
    path = Path(arguments.file)
    done = install_pack(path, data_folder(), progress_context(), replace=arguments.replace)
    _say(done.pack, path, arguments.json, "Installed")
    return 0


def _folder(name: str) -> Path:
    """Return the folder of a case from its id or its path."""
    if (Path(name) / DOCUMENT).is_file():
        return Path(name)
    shelf = installed_cases(case_folders())
    for case in shelf.cases:
        if case.id == name:
            return Path(case.folder)
    known = ", ".join(case.id for case in shelf.cases) or "none"
    raise CaseDocumentError(f"There is no case called “{name}” here.", f"Cases on this machine: {known}.")


def _say(found: Pack, path: Path, as_json: bool, what: str) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    cases = [{"id": item.id, "title": item.title} for item in found.cases]
    if as_json:
        models = [item.id for item in found.models]
        say_json({"cases": cases, "models": models, "files": len(found.files), "bytes": found.size, "sha256": digest})
        return
    say(f"{what}: {count_words(len(found.files), 'file')}, {found.size / 1e6:.1f} MB")
    for case in cases:
        say(f"  {case['id']}  {case['title']}")
    for model in found.models:
        say(f"  model {model.id}")
    say(f"  sha256 {digest}")

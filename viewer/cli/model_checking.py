"""`casestage models check`: what is wrong with a model, and what it will be fed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.models import find_model
from viewer.cli.pictures import check_picture
from viewer.cli.series import chosen_series
from viewer.cli.terminal import progress_context, say
from viewer.domain.errors import CaseStageError, ManifestError, NothingToOpenError
from viewer.inference.manifest import MANIFEST_NAME, card, read_manifest
from viewer.inference.models import NOT_KNOWN, check_tensors_of, describe_onnx
from viewer.inference.rehearsal import recipe_lines, rehearse
from viewer.services.loading import load_series

if TYPE_CHECKING:
    import argparse

    from viewer.inference.manifest import Manifest


def check_model(arguments: argparse.Namespace) -> int:
    """Print whether a model can be used, what is missing, and what it will be fed."""
    if arguments.picture and not arguments.on:
        raise CaseStageError("A picture needs something to look at.", "Name a CT with --on PATH.")
    path = Path(arguments.file)
    folder = path if path.is_dir() else path.parent
    if not path.exists() and path.name == arguments.file and not (folder / MANIFEST_NAME).exists():
        manifest = find_model(arguments.file)
    elif path.is_dir() or (folder / MANIFEST_NAME).exists():
        manifest = read_manifest(folder)
    elif not path.exists():
        raise NothingToOpenError("There is no file or folder at this place.", "Check the path.")
    else:
        for line in describe_onnx(path, progress_context()).lines:
            say(line)
        raise ManifestError(
            "There is no manifest (model.toml) beside this file, so nothing is known about what to feed it.",
            f"Let one be proposed: casestage models propose {path.name} --out FOLDER",
        )
    for line in describe_onnx(manifest.onnx_path, progress_context()).lines:
        if not line.startswith(NOT_KNOWN):
            say(line)
    check_tensors_of(manifest, progress_context())
    found = card(manifest)
    say(f"{found.name} {found.version}: the manifest is complete and its files are as it says.")
    for line in recipe_lines(manifest):
        say(line)
    for limit in manifest.limitations:
        say(f"limit: {limit}")
    for name, words in found.metrics:
        say(f"measured: {name}: {words}")
    return _feed(arguments, manifest) if arguments.on else 0


def _feed(arguments: argparse.Namespace, manifest: Manifest) -> int:
    out = Path(arguments.picture) if arguments.picture else None
    if out is not None:
        check_picture(out)
    entries, _ = chosen_series(Path(arguments.on), arguments.series)
    context = progress_context()
    volume = load_series(max(entries, key=lambda e: e.count), context)
    fed = rehearse(manifest, volume, context)
    for line in fed.lines:
        say(line)
    if fed.refusal:
        say(f"{fed.refusal} It runs when told to (--anyway).")
    if out is not None:
        # Qt is loaded only where a picture is made.
        from viewer.ui.input_picture import input_picture
        from viewer.ui.snapshot import save_png

        save_png(input_picture(fed, f"What {manifest.name} is fed"), out)
        say(f"Written: {out}")
    return 0

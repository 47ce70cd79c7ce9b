"""`casestage models check`: what is wrong with a model, and what it will be fed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.models import find_model
from viewer.cli.pictures import check_picture
from viewer.cli.report import Report
from viewer.cli.series import chosen_series
from viewer.cli.terminal import progress_context
from viewer.domain.errors import CaseStageError, ManifestError, ModelError, NothingToOpenError
from viewer.inference.manifest import MANIFEST_NAME, card, read_manifest
from viewer.inference.models import NOT_KNOWN, check_tensors_of, describe_onnx, facts_of
from viewer.inference.rehearsal import recipe_lines, rehearse
from viewer.inference.twice import twice_by_graph
from viewer.services.loading import load_series

if TYPE_CHECKING:
    import argparse

    from viewer.inference.manifest import Manifest


def check_model(arguments: argparse.Namespace) -> int:
    """Print whether a model can be used, what is missing, and what it will be fed."""
    if arguments.picture and not arguments.on:
        raise CaseStageError("A picture needs something to look at.", "Name a CT with --on PATH.")
    told, file = Report(arguments), list[str]()
    try:
        manifest = _checked(arguments, file)
    except (ManifestError, ModelError) as error:
        for line in file:
            told.say(line)
        if not arguments.json:
            raise
        told.finish(ok=False, problem=error.sentence, hint=error.hint, file=file)
        return 1
    for line in file:
        told.say(line)
    found = card(manifest)
    told.say(f"{found.name} {found.version}: the manifest is complete and its files are as it says.")
    warning = twice_by_graph(manifest, facts_of(manifest.onnx_path))
    if warning:
        told.note(warning)
    for line in recipe_lines(manifest):
        told.say(line)
    for limit in manifest.limitations:
        told.say(f"limit: {limit}")
    for name, words in found.metrics:
        told.say(f"measured: {name}: {words}")
    fed = _fed(arguments, manifest, told) if arguments.on else None
    told.finish(
        ok=True,
        id=found.id,
        name=found.name,
        version=found.version,
        task=found.task,
        file=file,
        recipe=list(recipe_lines(manifest)),
        limits=list(manifest.limitations),
        measured=dict(found.metrics),
        fed=fed,
    )
    return 0


def _checked(arguments: argparse.Namespace, lines: list[str]) -> Manifest:
    """Return the manifest of a model that can be used; `lines` gets what its ONNX file says of itself."""
    path = Path(arguments.file)
    folder = path if path.is_dir() else path.parent
    if not path.exists() and path.name == arguments.file and not (folder / MANIFEST_NAME).exists():
        manifest = find_model(arguments.file)
    elif path.is_dir() or (folder / MANIFEST_NAME).exists():
        manifest = read_manifest(folder)
    elif not path.exists():
        raise NothingToOpenError("There is no file or folder at this place.", "Check the path.")
    else:
        lines += describe_onnx(path, progress_context()).lines
        raise ManifestError(
            "There is no manifest (model.toml) beside this file, so nothing is known about what to feed it.",
            f"Let one be proposed: casestage models propose {path.name} --out FOLDER",
        )
    described = describe_onnx(manifest.onnx_path, progress_context()).lines
    lines += [line for line in described if not line.startswith(NOT_KNOWN)]
    check_tensors_of(manifest, progress_context())
    return manifest


def _fed(arguments: argparse.Namespace, manifest: Manifest, told: Report) -> dict[str, object]:
    """Say what a model will be fed, and return that for another program."""
    out = Path(arguments.picture) if arguments.picture else None
    if out is not None:
        check_picture(out)
    entries, _ = chosen_series(Path(arguments.on), arguments.series)
    context = progress_context()
    volume = load_series(max(entries, key=lambda e: e.count), context)
    fed = rehearse(manifest, volume, context)
    for line in fed.lines:
        told.say(line)
    if fed.refusal:
        told.say(f"{fed.refusal} It runs when told to (--anyway).")
    if out is not None and volume.may_name:
        raise CaseStageError("Words may be burned into these images, so no picture is made of them.", "Leave it out.")
    if out is not None:
        # Qt is loaded only where a picture is made.
        from viewer.ui.input_picture import input_picture
        from viewer.ui.snapshot import save_png

        save_png(input_picture(fed, f"What {manifest.name} is fed"), out)
        told.say(f"Written: {out}")
    return {"lines": list(fed.lines), "refusal": fed.refusal, "picture": str(out) if out is not None else None}

"""`casestage models propose` and the importers: manifests made from what a model's files say."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from viewer.cli.report import Report
from viewer.cli.terminal import progress_context, say, say_json
from viewer.domain.errors import ManifestError
from viewer.inference.import_monai import import_monai as translate_monai
from viewer.inference.import_nnunet import import_nnunet as translate_nnunet
from viewer.inference.manifest import MANIFEST_NAME
from viewer.inference.manifest_terms import Task
from viewer.inference.models import describe_onnx, facts_of
from viewer.inference.onnx_weights import with_own_weights
from viewer.inference.propose import propose as proposed
from viewer.inference.run_records import USUAL_LIMIT_BYTES, RunRecords
from viewer.inference.twice import twice_by_graph
from viewer.io.atomic_file import write_atomically
from viewer.io.filled_folder import filling
from viewer.services.model_adding import add_model
from viewer.services.places import model_folders, run_records_folder

if TYPE_CHECKING:
    import argparse

    from viewer.inference.onnx_file import OnnxFacts
    from viewer.inference.propose import Proposal

_ONNX_NAME = "model.onnx"


def propose(arguments: argparse.Namespace) -> int:
    """Print a manifest for an ONNX file, or make a model folder of both."""
    path = Path(arguments.file)
    task = Task(arguments.task) if arguments.task else None
    out = Path(arguments.out) if arguments.out else None
    if out is not None:
        return _written(
            arguments, path, out, lambda facts, file, sha256: proposed(facts, file=file, sha256=sha256, task=task)
        )
    description = describe_onnx(path, progress_context())
    proposal = proposed(description.facts, file=path.name, sha256=description.sha256, task=task)
    told = Report(arguments)
    for line in proposal.text.splitlines():
        told.say(line)
    told.finish(manifest=proposal.text, open=proposal.open)
    return 0


def import_monai(arguments: argparse.Namespace) -> int:
    """Make a model folder of a MONAI bundle's exported network."""
    bundle = Path(arguments.bundle)
    return _import(arguments, bundle, bundle / "models", partial(translate_monai, bundle))


def import_nnunet(arguments: argparse.Namespace) -> int:
    """Make a model folder of an exported nnU-Net."""
    folder = Path(arguments.folder)
    return _import(arguments, folder, folder, partial(translate_nnunet, folder, configuration=arguments.configuration))


def add(arguments: argparse.Namespace) -> int:
    """Put a model folder among the models of this computer."""
    folder = Path(arguments.folder)
    if not folder.is_dir():
        raise ManifestError(f"{folder.name} is no folder.", f"A model folder holds {MANIFEST_NAME} and the ONNX file.")
    own, *shipped = model_folders()
    made = add_model(folder, own, shipped, progress_context(), replace=arguments.replace)
    told = Report(arguments)
    told.say(f"{made.name} {made.version} is here as “{made.id}”: it loads, and its files are as its manifest says.")
    warning = twice_by_graph(made, facts_of(made.onnx_path))
    if warning:
        told.note(warning)
    told.finish(id=made.id, name=made.name, version=made.version, folder=str(made.folder))
    return 0


class _Translate(Protocol):
    def __call__(self, facts: OnnxFacts, *, file: str, sha256: str) -> Proposal: ...


def _import(arguments: argparse.Namespace, folder: Path, beside: Path, translate: _Translate) -> int:
    if not folder.is_dir():
        raise ManifestError(f"{folder.name} is no folder.", "Name the folder that was trained or downloaded.")
    if arguments.onnx:
        onnx = Path(arguments.onnx)
    else:
        there = sorted(beside.glob("*.onnx"))
        if len(there) != 1:
            raise ManifestError(
                f"{folder.name} holds {len(there) or 'no'} ONNX {'files' if len(there) > 1 else 'file'}.",
                "Export the network as ONNX with the tool that it comes from, and name the file with --onnx.",
            )
        onnx = there[0]
    return _written(arguments, onnx, Path(arguments.out), translate)


def _written(arguments: argparse.Namespace, onnx: Path, out: Path, translate: _Translate) -> int:
    """Make a model folder with one ONNX file in it, whatever other files that keeps its weights in."""
    told = Report(arguments)
    with tempfile.TemporaryDirectory(prefix="casestage-model-") as folder:
        own = with_own_weights(onnx)
        whole = onnx
        if own is not None:
            whole = Path(folder) / onnx.name
            write_atomically(whole, own, "The model")
            told.note(f"{onnx.name} keeps weights in other files; they were put into {_ONNX_NAME}.")
        description = describe_onnx(whole, progress_context())
        proposal = translate(description.facts, file=_ONNX_NAME, sha256=description.sha256)
        if description.problem:
            told.note(f"Cannot be run here: {description.problem}")
        write_model(out, whole, proposal, told)
    return 0


def write_model(folder: Path, onnx: Path, proposal: Proposal, told: Report) -> None:
    """Make a model folder of an ONNX file and its manifest, and say what is left to do.

    Raises
    ------
    ManifestError
        When there is a model already.
    StorageError
        When it cannot be written.
    """
    if (folder / MANIFEST_NAME).exists() or (folder / _ONNX_NAME).exists():
        raise ManifestError(f"{folder.name} holds a model already.", "Choose another folder for --out.")
    with filling(folder, "The model") as place:
        shutil.copyfile(onnx, place / _ONNX_NAME)
        write_atomically(place / MANIFEST_NAME, proposal.text.encode("utf-8"), "The manifest")
    told.say(f"Written to {folder}: {_ONNX_NAME}, {MANIFEST_NAME}.")
    if proposal.open:
        told.say(f"{proposal.open} answers are missing in {MANIFEST_NAME}: put each in the place of its “?”.")
    told.say(f"Then: casestage models check {folder}, and casestage models add {folder}")
    told.finish(folder=str(folder), files=[_ONNX_NAME, MANIFEST_NAME], open=proposal.open)


def cache(arguments: argparse.Namespace) -> int:
    """Say how much is recorded of earlier runs, or forget it."""
    records = RunRecords(run_records_folder())
    if arguments.clear:
        records.clear()
    count, size = records.held()
    if arguments.json:
        say_json({"results": count, "bytes": size, "limit_bytes": USUAL_LIMIT_BYTES})
    else:
        say(
            f"{count} {'result' if count == 1 else 'results'} recorded, {size / 1e6:.1f} MB of at most "
            f"{USUAL_LIMIT_BYTES / 1e6:.0f} MB."
        )
    return 0

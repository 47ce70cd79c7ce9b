"""A model folder put among the models of this computer, whole and checked."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from viewer.domain.errors import ManifestError
from viewer.inference.installed import installed_models
from viewer.inference.manifest import MANIFEST_NAME, Manifest, read_manifest
from viewer.inference.models import check_tensors_of
from viewer.io.atomic_file import storage_error, sync_folder
from viewer.io.staging import staging
from viewer.services.cut_off import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from viewer.domain.job import JobContext

# What people put beside a model, and nothing else that happens to lie there.
_BESIDE = ("MODEL_CARD.md", "LICENSE", "LICENSE.txt", "LICENSE.md")


def add_model(folder: Path, into: Path, others: Iterable[Path], ctx: JobContext, *, replace: bool = False) -> Manifest:
    """Copy a model into a folder of models, under its id, once it is proven to load and to be what its manifest says.

    Parameters
    ----------
    others
        Folders whose models keep their ids.
    replace
        Whether a model of the same id in `into` makes place.

    Raises
    ------
    ManifestError
        When the manifest is wrong, or its id is taken.
    ModelError, CancelledError
        When the model does not load or does not fit its manifest.
    StorageError
        When it cannot be written; what was there is there still.
    """
    manifest = read_manifest(folder)
    for other in installed_models(others):
        if isinstance(other, Manifest) and other.id == manifest.id and other.folder != manifest.folder:
            raise ManifestError(
                f"The id “{manifest.id}” belongs to {other.name}, which came with the program.",
                f"Change model.id in {MANIFEST_NAME}.",
            )
    place = into / manifest.id
    if place.resolve() == folder.resolve():
        raise ManifestError(f"{manifest.name} is here already: this is its folder.")
    if place.exists() and not replace:
        raise ManifestError(
            f"There is a model with the id “{manifest.id}” here.",
            "Add --replace, or change model.id of one of the two.",
        )
    check_tensors_of(manifest, ctx)
    try:
        with staging(into.parent / MODELS, put_back) as here:
            new, old = here / "new", here / "old"
            new.mkdir()
            for name in (MANIFEST_NAME, manifest.onnx_name, *_BESIDE):
                if name in (MANIFEST_NAME, manifest.onnx_name) or (folder / name).is_file():
                    shutil.copyfile(folder / name, new / name)
            # What was copied is proven, not what was read before.
            read_manifest(new)
            into.mkdir(parents=True, exist_ok=True)
            if place.exists():
                old.mkdir()
                os.replace(place, old / place.name)
            os.replace(new, place)
            sync_folder(into)
    except OSError as error:
        raise storage_error("The model", error) from error
    return read_manifest(place)


def put_back(left: Path) -> None:
    """Put a model that was put aside for another one to where that did not come."""
    for aside in (left / "old").glob("*"):
        place = left.parents[1] / "models" / aside.name
        if not place.exists():
            os.replace(aside, place)

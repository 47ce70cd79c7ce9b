"""A model folder put among the models of this computer, whole and checked."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from typing import TYPE_CHECKING

from viewer.domain.errors import ManifestError
from viewer.inference.installed import installed_models
from viewer.inference.manifest import MANIFEST_NAME, Manifest, read_manifest
from viewer.inference.models import check_tensors_of
from viewer.io.atomic_file import storage_error, sync_folder

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
    mark = uuid.uuid4().hex[:12]
    staging, before = into / f".adding-{mark}", into / f".before-{mark}"
    try:
        staging.mkdir(parents=True)
        for name in (MANIFEST_NAME, manifest.onnx_name, *_BESIDE):
            if name in (MANIFEST_NAME, manifest.onnx_name) or (folder / name).is_file():
                shutil.copyfile(folder / name, staging / name)
        # What was copied is proven, not what was read before.
        read_manifest(staging)
        if place.exists():
            os.replace(place, before)
        try:
            os.replace(staging, place)
        except OSError:
            with contextlib.suppress(OSError):
                os.replace(before, place)
            raise
        sync_folder(into)
    except OSError as error:
        raise storage_error("The model", error) from error
    finally:
        for left in (staging, before):
            shutil.rmtree(left, ignore_errors=True)
    return read_manifest(place)

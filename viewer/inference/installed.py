"""The models on this machine, by their manifests; the runtime that they need is not loaded for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import ManifestError
from viewer.inference.manifest import MANIFEST_NAME, Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def installed_models(folders: Iterable[Path]) -> tuple[Manifest | ManifestError, ...]:
    """Return the manifest, or what is wrong with it, of every model folder in some folders, by id.

    A folder may itself be a model's, or hold folders of models. Of two models with one id the first is taken, and
    the other is named as a mistake, unless it is a copy, as a pack brings one of a model that is here. Folders that are
    not there, or hold no manifest, are passed over.
    """
    found: dict[str, Manifest] = {}
    problems: list[ManifestError] = []
    for folder in folders:
        for place in _model_folders(folder):
            try:
                manifest = read_manifest(place)
            except ManifestError as error:
                problems.append(ManifestError(f"{place.name}: {error.sentence}", error.hint, error.detail))
                continue
            if manifest.id in found and _is_copy(place, found[manifest.id].folder):
                continue
            if manifest.id in found:
                problems.append(
                    ManifestError(
                        f"{place.name}: the id {manifest.id!r} is taken by the model in "
                        f"{found[manifest.id].folder.name}.",
                        "Change model.id in one of the two.",
                    )
                )
            else:
                found[manifest.id] = manifest
    return (*(found[key] for key in sorted(found)), *problems)


def _is_copy(place: Path, of: Path) -> bool:
    try:
        # The manifest holds the hash of its ONNX file.
        return (place / MANIFEST_NAME).read_bytes() == (of / MANIFEST_NAME).read_bytes()
    except OSError:
        return False


def _model_folders(folder: Path) -> list[Path]:
    try:
        if (folder / MANIFEST_NAME).is_file():
            return [folder]
        # Hidden is what is being put there, or was put aside.
        places = sorted(place for place in folder.iterdir() if not place.name.startswith("."))
        return [place for place in places if (place / MANIFEST_NAME).is_file()]
    except OSError:
        return []

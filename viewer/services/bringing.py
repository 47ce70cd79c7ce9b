"""Packs and models that are opened like a scan: what they are, and their install into this computer's folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.count_words import count_words
from viewer.domain.job import JobContext
from viewer.io.pack import opened_pack, signer_of
from viewer.services.places_looking import model_folder

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.io.pack import PackItem
    from viewer.services.trusted_keys import TrustedKeys

_MOST_NAMED = 2


@frozen
class Bring:
    """What can be installed.

    Attributes
    ----------
    sentence, hint
        What it is, and what is to be known before it is installed.
    verb
        What installing it is called on a button.
    install
        Does it, and returns what is there now as a sentence; raises CaseStageError.
    case_id
        The first case in it, "" where it holds none.
    """

    sentence: str
    hint: str
    verb: str
    install: Callable[[JobContext], str]
    case_id: str = ""


def bring(path: Path, data: Path, keys: TrustedKeys, shipped_models: tuple[Path, ...]) -> Bring:
    """Return what a pack or a model is and how it is installed into the data folder.

    Raises
    ------
    PackError, ManifestError
        Where it is damaged, or not what it says.
    """
    folder = model_folder(path)
    return _pack(path, data, keys, shipped_models) if folder is None else _model(folder, data, shipped_models)


def _pack(path: Path, data: Path, keys: TrustedKeys, shipped_models: tuple[Path, ...]) -> Bring:
    from viewer.services.packing import here_already, install_pack

    with opened_pack(path) as (_, pack):
        here = here_already(pack, data, shipped_models)
        items = {item.folder: item for item in (*pack.cases, *pack.models)}
        there = [evolve(items[folder], title=f"{items[folder].title}{version}") for folder, version in here.items()]
    key = signer_of(path)
    name = keys.name_of(key) if key is not None else ""
    signed = f"Signed by {name}, whom you trust." if name else "Signed by a key that is not trusted here."
    signed = signed if key is not None else "Not signed: install it only where you know its maker."
    models = f" and {count_words(len(pack.models), 'model')}" if pack.models else ""
    holds = f"{_titles(pack.cases)}{models}"

    def install(ctx: JobContext) -> str:
        install_pack(path, data, ctx, replace=bool(there), shipped_models=shipped_models)
        return f"Installed: {holds}."

    replaced = f" It takes the place of {_titles(there)}." if there else ""
    verb = "Replace" if there else "Install"
    first = next((item.id for item in pack.cases), "")
    return Bring(f"A pack with {holds}.", f"{signed}{replaced}", verb, install, first)


def _titles(items: tuple[PackItem, ...] | list[PackItem]) -> str:
    named = [f"“{item.title or item.id}”" for item in items[:_MOST_NAMED]]
    more = len(items) - len(named)
    return " and ".join(filter(None, [", ".join(named), f"{more} more" if more else ""]))


def _model(folder: Path, data: Path, shipped_models: tuple[Path, ...]) -> Bring:
    from viewer.inference.manifest import read_manifest
    from viewer.services.model_adding import add_model

    manifest = read_manifest(folder)
    models = data / "models"
    there = (models / manifest.id).exists()
    what = f"{manifest.name} {manifest.version}"

    def install(ctx: JobContext) -> str:
        add_model(folder, models, shipped_models, ctx, replace=there)
        return f"{what} can be run now."

    hint = "It takes the place of the one that is here." if there else "A copy of it is put among the models here."
    return Bring(f"This folder holds a model: {what}.", hint, "Replace" if there else "Add", install)

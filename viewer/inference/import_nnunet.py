"""Translates an nnU-Net v2 plan and dataset file into a manifest, as data: nothing of them is run.

The formats are documented in nnU-Net's `explanation_plans_files.md` and `dataset_format.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewer.inference.importing import (
    ImportRefusedError,
    check_volume_model,
    json_table,
    key_of,
    label_tables,
    number,
    numbers,
    toml_numbers,
    whole_numbers,
)
from viewer.inference.manifest_terms import Task
from viewer.inference.propose import Proposal, from_answers, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.inference.onnx_file import OnnxFacts

_FIRST = "Translated from an nnU-Net v2 plan and dataset file."
_AS_IN_FILES = (
    "nnU-Net feeds images as they lie in their files: the orientation of the training files has to be filled in."
)
# Turns every image onto these axes before it is fed; the other readers leave them as they lie.
_TURNING_READER, _TURNED_TO = "NibabelIOWithReorient", "RAS"
_NOTES = (
    "nnU-Net resamples by cubic splines, here it is linear; it takes the most likely label, here the one above half;",
    "and it averages mirrored runs unless told not to: add inference.flips for that. Results differ a little.",
)


def import_nnunet(
    folder: Path, facts: OnnxFacts, *, file: str, sha256: str, configuration: str = "3d_fullres"
) -> Proposal:
    """Return a manifest for an exported nnU-Net, with a question where its files do not tell.

    Raises
    ------
    ImportRefusedError
        With the name of what is missing or cannot be translated.
    """
    if (folder / "plans.pkl").exists() and not (folder / "plans.json").exists():
        raise ImportRefusedError(
            "This folder is of nnU-Net v1: its plans.pkl is a program when it is read, so nothing is taken from it."
        )
    plans, dataset = json_table(folder / "plans.json"), json_table(folder / "dataset.json")
    settings = _configuration(plans, configuration)
    at = f"configurations.{configuration}"
    order = plans.get("transpose_forward", [0, 1, 2])
    if not isinstance(order, list) or sorted(map(str, order)) != ["0", "1", "2"]:
        raise ImportRefusedError("plans.json: transpose_forward must be 0, 1 and 2 in some order.")
    letters = "".join("DHW"[n] for n in order)
    spacing = dict(zip(letters, numbers(settings.get("spacing"), 3, f"plans.json: {at}.spacing"), strict=True))
    patch = dict(
        zip(letters, whole_numbers(settings.get("patch_size"), 3, f"plans.json: {at}.patch_size"), strict=True)
    )
    labels = _labels(dataset)
    patch_ijk = tuple(patch[letter] for letter in "WHD")
    layout = f"NC{letters}"
    check_volume_model(facts, labels=max(labels), patch_ijk=patch_ijk, layout=layout)
    name = str(plans.get("dataset_name") or folder.name)
    answers = {
        "model.id": quoted(key_of(name)),
        "model.name": quoted(name),
        "input.layout": quoted(layout),
        "input.spacing_mm": toml_numbers(spacing[letter] for letter in "WHD"),
        "input.channels": _channel(plans, settings, dataset, at),
        "input.normalise": quoted("before-resampling"),
        # nnU-Net fills patches that reach beyond a volume up with 0.
        "input.beyond": "0.0",
        "inference.mode": quoted("sliding"),
        "inference.patch": toml_numbers(patch_ijk),
        "inference.overlap": "0.5",
        "inference.blending": quoted("gaussian"),
        "output.kind": quoted("voxel-logits"),
        "output.layout": quoted(layout),
        "output.activation": quoted("softmax"),
        "post.mask_threshold": "0.5",
        "labels": label_tables(labels),
    }
    notes = [_FIRST, _AS_IN_FILES, *_NOTES]
    if plans.get("image_reader_writer") == _TURNING_READER:
        answers["input.orientation"] = quoted(_TURNED_TO)
        notes.remove(_AS_IN_FILES)
    if isinstance(dataset.get("description"), str) and dataset["description"].strip():
        answers["model.card.trained_on"] = quoted(dataset["description"].strip())
    return from_answers(facts, file=file, sha256=sha256, task=Task.SEGMENTATION, answers=answers, notes=notes)


def _configuration(plans: dict[str, Any], name: str) -> dict[str, Any]:
    configurations = plans.get("configurations")
    if not isinstance(configurations, dict) or not configurations:
        raise ImportRefusedError("plans.json holds no configurations: it is no plan of nnU-Net v2.")
    settings = configurations.get(name)
    if not isinstance(settings, dict):
        known = ", ".join(map(str, configurations))
        raise ImportRefusedError(f"plans.json has no configuration “{name}”.", f"It has {known}.")
    if settings.get("previous_stage"):
        raise ImportRefusedError(f"The configuration “{name}” needs the result of another stage before it.")
    parent = settings.get("inherits_from")
    if parent is not None:
        if not isinstance(parent, str) or parent == name:
            raise ImportRefusedError(f"plans.json: configurations.{name}.inherits_from names no other configuration.")
        above = configurations.get(parent)
        if not isinstance(above, dict) or above.get("inherits_from") is not None:
            raise ImportRefusedError(f"plans.json: configurations.{name} inherits over more than one step.")
        settings = {**above, **settings}
    patch = settings.get("patch_size")
    if isinstance(patch, list) and len(patch) == 2:
        raise ImportRefusedError(f"The configuration “{name}” is of single slices; only those of volumes are imported.")
    return settings


def _labels(dataset: dict[str, Any]) -> dict[int, str]:
    labels = dataset.get("labels")
    if not isinstance(labels, dict):
        raise ImportRefusedError("dataset.json holds no labels.")
    named = {}
    for name, value in labels.items():
        if isinstance(value, list):
            raise ImportRefusedError(f"dataset.json: the label “{name}” is a region of several values.")
        if isinstance(value, bool) or not isinstance(value, int):
            raise ImportRefusedError(f"dataset.json: the label “{name}” has no number.")
        if value and name != "ignore":
            named[value] = str(name)
    if not named:
        raise ImportRefusedError("dataset.json names no label but the background.")
    return named


def _channel(plans: dict[str, Any], settings: dict[str, Any], dataset: dict[str, Any], at: str) -> str:
    channels = dataset.get("channel_names", dataset.get("modality"))
    if not isinstance(channels, dict) or len(channels) != 1:
        raise ImportRefusedError("dataset.json: one channel of CT is meant, and it names none or several.")
    kind = str(next(iter(channels.values())))
    if kind.upper() != "CT":
        raise ImportRefusedError(f"dataset.json: the channel is “{kind}”, and CT is meant.")
    schemes = settings.get("normalization_schemes")
    if schemes == ["NoNormalization"]:
        return "[{ raw = true }]"
    if schemes != ["CTNormalization"]:
        said = ", ".join(map(str, schemes)) if isinstance(schemes, list) else "nothing"
        raise ImportRefusedError(f"plans.json: {at}.normalization_schemes is {said}, which cannot be translated.")
    if settings.get("use_mask_for_norm") not in ([False], None):
        raise ImportRefusedError(f"plans.json: {at}.use_mask_for_norm cannot be translated.")
    where = "plans.json: foreground_intensity_properties_per_channel.0"
    properties = plans.get("foreground_intensity_properties_per_channel")
    own = properties.get("0") if isinstance(properties, dict) else None
    if not isinstance(own, dict):
        raise ImportRefusedError(f"{where} is missing.")
    low, high, mean, std = (
        number(own.get(key), f"{where}.{key}") for key in ("percentile_00_5", "percentile_99_5", "mean", "std")
    )
    if not high > low or std <= 0:
        raise ImportRefusedError(f"{where} holds no range of values.")
    return f"[{{ clip = {toml_numbers((low, high))}, mean = {mean:.10g}, std = {std:.10g} }}]"

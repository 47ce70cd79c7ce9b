"""Translates a MONAI bundle into a manifest, as data: no expression of its configuration is run.

Known are the transforms below, with these parameters and no others; whatever else stands between the image and the
network, or behind it, is refused by its name. The formats are documented in MONAI's bundle specification.
"""

from __future__ import annotations

import re
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

_CONFIG = "inference.json"
# Axes of MONAI's tensors: batch, channel, then along i, j, k.
_LAYOUT = "NCWHD"
# These bring an image in and a result out, and change no value.
_PASSED_OVER = {"LoadImaged", "EnsureChannelFirstd", "AddChanneld", "AsChannelFirstd", "EnsureTyped", "ToTensord"}
_PASSED_OVER_AFTER = {"Invertd", "SaveImaged", "EnsureTyped", "ToTensord"}
_ALWAYS = {"_target_", "_disabled_", "_desc_", "keys", "allow_missing_keys"}
_PARAMETERS = {
    "Orientationd": {"axcodes"},
    "Spacingd": {"pixdim", "mode"},
    "ScaleIntensityRanged": {"a_min", "a_max", "b_min", "b_max", "clip"},
    "Activationsd": {"softmax", "sigmoid"},
    "AsDiscreted": {"argmax", "threshold"},
    "SlidingWindowInferer": {
        "roi_size", "sw_batch_size", "overlap", "mode", "padding_mode", "device", "sw_device", "progress",
        "cache_roi_weight_map", "cpu_thresh",
    },
    "SimpleInferer": set(),
}  # fmt: skip
_NOTES = (
    "Translated from a MONAI bundle.",
    "MONAI takes the most likely label, here it is the one above half; and it interpolates where this averages over",
    "the pixels of a coarser voxel. Results differ a little.",
)


def import_monai(bundle: Path, facts: OnnxFacts, *, file: str, sha256: str) -> Proposal:
    """Return a manifest for a bundle's exported network, with a question where its files do not tell.

    Raises
    ------
    ImportRefusedError
        With the name of what is missing or cannot be translated.
    """
    configs = bundle / "configs"
    metadata, config = json_table(configs / "metadata.json"), _Config(json_table(configs / _CONFIG))
    labels = _labels(metadata)
    answers = _card(metadata, bundle.name)
    answers |= _before(config)
    patch, through = _through(config)
    answers |= through
    answers |= _behind(config)
    if answers["output.activation"] == quoted("softmax"):
        labels.pop(0, None)
    answers["labels"] = label_tables(labels)
    check_volume_model(facts, labels=max(labels), patch_ijk=patch, layout=_LAYOUT)
    answers |= {
        "input.layout": quoted(_LAYOUT),
        "output.layout": quoted(_LAYOUT),
        "output.kind": quoted("voxel-logits"),
    }
    return from_answers(facts, file=file, sha256=sha256, task=Task.SEGMENTATION, answers=answers, notes=_NOTES)


class _Config:
    """A configuration whose references to plain values are followed, and whose expressions are refused."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table

    def plain(self, value: Any, where: str, depth: int = 0) -> Any:
        """Return a value without references."""
        if isinstance(value, str) and value[:1] in ("$", "%"):
            raise ImportRefusedError(
                f"{_CONFIG}: {where} is an expression, which is not run here: {value[:60]}",
                "Put the value itself in its place, in a copy of the bundle.",
            )
        if isinstance(value, str) and value.startswith("@"):
            if depth > 20:
                raise ImportRefusedError(f"{_CONFIG}: {where} refers to itself.")
            return self.plain(self._at(re.split(r"#|::", value[1:]), where), where, depth + 1)
        if isinstance(value, list):
            return [self.plain(v, f"{where}[{n}]", depth) for n, v in enumerate(value)]
        return value

    def _at(self, path: list[str], where: str) -> Any:
        found: Any = self._table
        for part in path:
            if isinstance(found, dict) and part in found:
                found = found[part]
            elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            else:
                raise ImportRefusedError(f"{_CONFIG}: {where} refers to {'.'.join(path)}, which is not there.")
        return found

    def table(self, name: str) -> dict[str, Any]:
        """Return a table at the top of the configuration."""
        value = self.plain(self._table.get(name), name)
        if not isinstance(value, dict):
            raise ImportRefusedError(f"{_CONFIG}: {name} is missing.")
        return value

    def steps(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the transforms of a chain, by the names of their classes, without those that are switched off."""
        chain = self.table(name)
        self.known(chain, {"transforms"}, name, target="Compose")
        steps = self.plain(chain.get("transforms"), f"{name}.transforms")
        if not isinstance(steps, list):
            raise ImportRefusedError(f"{_CONFIG}: {name}.transforms is no list.")
        found = []
        for n, step in enumerate(steps):
            where = f"{name}.transforms[{n}]"
            if not isinstance(step, dict) or not isinstance(step.get("_target_"), str):
                raise ImportRefusedError(f"{_CONFIG}: {where} names no transform.")
            if self.plain(step.get("_disabled_", False), f"{where}._disabled_") is True:
                continue
            found.append((step["_target_"].rsplit(".", 1)[-1], step))
        return found

    def known(self, step: dict[str, Any], parameters: set[str], where: str, *, target: str = "") -> None:
        """Refuse a step that is something else, or has a parameter that is not known."""
        name = str(step.get("_target_", "")).rsplit(".", 1)[-1]
        if target and name != target:
            raise ImportRefusedError(f"{_CONFIG}: {where} is {name or 'nothing'}, which cannot be translated.")
        for key in step:
            if key not in parameters | _ALWAYS:
                raise ImportRefusedError(f"{_CONFIG}: {where}: {name}’s {key} cannot be translated.")


def _card(metadata: dict[str, Any], folder: str) -> dict[str, str]:
    name = str(metadata.get("name") or folder)
    answers = {"model.id": quoted(key_of(name)), "model.name": quoted(name)}
    for key, source in (
        ("model.version", "version"),
        ("model.card.intended_use", "intended_use"),
        ("model.card.trained_on", "data_source"),
    ):
        value = metadata.get(source)
        if isinstance(value, str) and value.strip():
            answers[key] = quoted(value.strip())
    return answers


def _labels(metadata: dict[str, Any]) -> dict[int, str]:
    """Return the channels of the one output, and refuse what is no CT segmentation."""
    form = metadata.get("network_data_format")
    if not isinstance(form, dict):
        raise ImportRefusedError("metadata.json: network_data_format is missing.")
    image, output = _one_tensor(form, "inputs"), _one_tensor(form, "outputs")
    if image.get("modality") != "CT":
        raise ImportRefusedError(f"metadata.json: the model takes {image.get('modality')}, and CT is meant.")
    if image.get("num_channels") != 1:
        raise ImportRefusedError(f"metadata.json: the model takes {image.get('num_channels')} channels, not one.")
    if output.get("format") != "segmentation":
        raise ImportRefusedError(
            f"metadata.json: the output is “{output.get('format')}”; only segmentation is imported from bundles."
        )
    channels = output.get("channel_def")
    if not isinstance(channels, dict) or not all(str(key).isdigit() for key in channels):
        raise ImportRefusedError("metadata.json: the output’s channel_def names no channels.")
    return {int(key): str(name) for key, name in channels.items()}


def _one_tensor(form: dict[str, Any], side: str) -> dict[str, Any]:
    tensors = form.get(side)
    if not isinstance(tensors, dict) or len(tensors) != 1:
        raise ImportRefusedError(f"metadata.json: network_data_format.{side} must name one tensor.")
    (tensor,) = tensors.values()
    if not isinstance(tensor, dict):
        raise ImportRefusedError(f"metadata.json: network_data_format.{side} does not say what its tensor is.")
    return tensor


def _before(config: _Config) -> dict[str, str]:
    answers: dict[str, str] = {}
    scaled = False
    for name, step in config.steps("preprocessing"):
        where = f"preprocessing: {name}"
        if name in _PASSED_OVER:
            continue
        if name not in ("Orientationd", "Spacingd", "ScaleIntensityRanged"):
            raise ImportRefusedError(f"{_CONFIG}: the transform {name} cannot be translated.")
        config.known(step, _PARAMETERS[name], "preprocessing")
        if name == "Orientationd":
            axes = config.plain(step.get("axcodes"), where)
            if not isinstance(axes, str) or not re.fullmatch(r"[LRPASI]{3}", axes):
                raise ImportRefusedError(f"{_CONFIG}: {where}.axcodes must be three letters such as RAS.")
            answers["input.orientation"] = quoted(axes)
        elif name == "Spacingd":
            answers["input.spacing_mm"] = toml_numbers(
                numbers(config.plain(step.get("pixdim"), f"{where}.pixdim"), 3, where)
            )
            modes = {"bilinear": "linear", "nearest": "nearest"}
            mode = config.plain(step.get("mode", "bilinear"), f"{where}.mode")
            mode = mode[0] if isinstance(mode, list) and len(mode) == 1 else mode
            if not isinstance(mode, str) or mode not in modes:
                raise ImportRefusedError(f"{_CONFIG}: {where}.mode {mode} cannot be translated.")
            answers["input.resampling"] = quoted(modes[mode])
            # Values that were scaled before were interpolated as such.
            answers["input.normalise"] = quoted("before-resampling" if scaled else "after-resampling")
        else:
            answers["input.channels"] = _scaled(config, step, where)
            scaled = True
    for key, name in (("input.channels", "ScaleIntensityRanged"), ("input.spacing_mm", "Spacingd")):
        if key not in answers:
            raise ImportRefusedError(f"{_CONFIG}: preprocessing has no {name}.")
    return answers


def _scaled(config: _Config, step: dict[str, Any], where: str) -> str:
    low, high, start, end = (
        number(config.plain(step.get(key), f"{where}.{key}"), f"{_CONFIG}: {where}.{key}")
        for key in ("a_min", "a_max", "b_min", "b_max")
    )
    if config.plain(step.get("clip", False), f"{where}.clip") is not True:
        raise ImportRefusedError(f"{_CONFIG}: {where} without clip cannot be translated.")
    if not high > low or start == end:
        raise ImportRefusedError(f"{_CONFIG}: {where} has no range.")
    return f"[{{ clip = {toml_numbers((low, high))}, range = {toml_numbers((start, end))} }}]"


def _through(config: _Config) -> tuple[tuple[int, ...], dict[str, str]]:
    """Return the patch along i, j, k (none for the whole volume) and how it is moved."""
    step = config.table("inferer")
    name = str(step.get("_target_", "")).rsplit(".", 1)[-1]
    if name not in ("SlidingWindowInferer", "SimpleInferer"):
        raise ImportRefusedError(f"{_CONFIG}: the inferer {name or 'that is not named'} cannot be translated.")
    config.known(step, _PARAMETERS[name], "inferer")
    if name == "SimpleInferer":
        return (), {"inference.mode": quoted("whole")}
    patch = whole_numbers(config.plain(step.get("roi_size"), "inferer.roi_size"), 3, f"{_CONFIG}: inferer.roi_size")
    overlap = number(config.plain(step.get("overlap", 0.25), "inferer.overlap"), f"{_CONFIG}: inferer.overlap")
    mode = config.plain(step.get("mode", "constant"), "inferer.mode")
    if mode not in ("constant", "gaussian") or not 0 <= overlap <= 0.9:
        raise ImportRefusedError(f"{_CONFIG}: inferer: mode or overlap cannot be translated.")
    padding = config.plain(step.get("padding_mode", "constant"), "inferer.padding_mode")
    if padding != "constant":
        raise ImportRefusedError(f"{_CONFIG}: inferer: padding_mode {padding} cannot be translated.")
    return patch, {
        # MONAI fills patches that reach beyond a volume up with 0.
        "input.beyond": "0.0",
        "inference.mode": quoted("sliding"),
        "inference.patch": toml_numbers(patch),
        "inference.overlap": f"{overlap:g}",
        "inference.blending": quoted(mode),
    }


def _behind(config: _Config) -> dict[str, str]:
    activation, threshold = "", 0.5
    for name, step in config.steps("postprocessing"):
        where = f"postprocessing: {name}"
        if name in _PASSED_OVER_AFTER:
            continue
        if name not in ("Activationsd", "AsDiscreted"):
            raise ImportRefusedError(f"{_CONFIG}: the transform {name} cannot be translated.")
        config.known(step, _PARAMETERS[name], "postprocessing")
        values = {key: config.plain(step[key], f"{where}.{key}") for key in _PARAMETERS[name] if key in step}
        if name == "Activationsd":
            chosen = [key for key in ("softmax", "sigmoid") if values.get(key) is True]
            if len(chosen) != 1:
                raise ImportRefusedError(f"{_CONFIG}: {where} must be softmax or sigmoid.")
            activation = chosen[0]
        elif values.get("argmax") is True:
            activation = activation or "softmax"
        elif "threshold" in values:
            threshold = number(values["threshold"], f"{_CONFIG}: {where}.threshold")
        else:
            raise ImportRefusedError(f"{_CONFIG}: {where} says neither argmax nor threshold.")
    if not activation:
        raise ImportRefusedError(f"{_CONFIG}: postprocessing does not say what the output is (Activationsd).")
    if not 0 <= threshold <= 1:
        raise ImportRefusedError(f"{_CONFIG}: the threshold {threshold:g} is no probability.")
    return {"output.activation": quoted(activation), "post.mask_threshold": f"{threshold:g}"}

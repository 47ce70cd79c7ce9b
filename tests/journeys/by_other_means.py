"""The two rules of `anatomy` on a folder of DICOM files, read with SimpleITK and measured without the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BONE_HU = 250
AIR_HU = -400


@dataclass(frozen=True)
class Measured:
    """Masks of original slices [k, j, i], sorted along the normal, by label key, and their volumes in mL."""

    values: NDArray[np.float64]
    masks: dict[str, NDArray[np.bool_]]
    volumes_ml: dict[str, float]


def measured(folder: Path) -> Measured:
    """Return bone and air inside the body of the one series in a folder."""
    slices = []
    for path in sorted(folder.iterdir()):
        reader: Any = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        if SimpleITK.ImageFileReader.GetImageIOFromFileName(str(path)) != "GDCMImageIO":
            continue
        reader.LoadPrivateTagsOff()
        image = reader.Execute()
        position = np.array(image.GetMetaData("0020|0032").split("\\"), dtype=float)
        across, down = np.array(image.GetMetaData("0020|0037").split("\\"), dtype=float).reshape(2, 3)
        stored = [float(image.GetMetaData(tag)) for tag in ("0028|1053", "0028|1052")]
        padding = _padding(reader, image)
        slices.append((float(position @ np.cross(across, down)), image, padding * stored[0] + stored[1]))
    slices.sort(key=lambda item: item[0])
    heights = np.array([height for height, _, _ in slices])
    gaps = np.diff(heights)
    # Half the distance to both neighbours; the ends take the gap beside them.
    lengths = (np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]])) / 2
    masks: dict[str, Any] = {"bone": [], "air": []}
    values = []
    for _, image, padding in slices:
        flat = SimpleITK.Cast(image[:, :, 0], SimpleITK.sitkFloat64)
        hu = SimpleITK.GetArrayFromImage(flat)
        values.append(hu)
        bone = SimpleITK.BinaryThreshold(flat, BONE_HU, 1e9)
        masks["bone"].append(SimpleITK.GetArrayFromImage(bone).astype(bool))
        masks["air"].append(air_inside(hu, padding))
    across_mm, down_mm = slices[0][1].GetSpacing()[:2]
    stacked = {key: np.stack(planes) for key, planes in masks.items()}
    volumes = {
        key: float(sum(plane.sum() * length for plane, length in zip(mask, lengths, strict=True)))
        * across_mm
        * down_mm
        / 1000
        for key, mask in stacked.items()
    }
    return Measured(np.stack(values), stacked, volumes)


def air_inside(hu: NDArray[np.float64], padding: float) -> NDArray[np.bool_]:
    """Return air with tissue, at least 5 pixels thick, somewhere to its left, right, above and below in one slice."""
    pixel = hu != padding
    tissue = (hu > AIR_HU) & pixel
    image = SimpleITK.GetImageFromArray(tissue.astype(np.uint8))
    eroded = SimpleITK.BinaryErode(image, [2, 2], SimpleITK.sitkBox, 0.0, 1.0, True)
    solid = SimpleITK.BinaryDilate(eroded, [2, 2], SimpleITK.sitkBox, 0.0, 1.0, False)
    tissue = SimpleITK.GetArrayFromImage(solid).astype(bool)
    left = np.maximum.accumulate(tissue, axis=1)
    right = np.maximum.accumulate(tissue[:, ::-1], axis=1)[:, ::-1]
    above = np.maximum.accumulate(tissue, axis=0)
    below = np.maximum.accumulate(tissue[::-1], axis=0)[::-1]
    return np.asarray((hu <= AIR_HU) & pixel & left & right & above & below)


def _padding(reader: Any, image: Any) -> float:
    if not image.HasMetaDataKey("0028|0120"):
        return float("nan")
    said = image.GetMetaData("0028|0120").strip("\x00 ")
    return float(said)

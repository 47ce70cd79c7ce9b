"""Liver lesions, and what only looks like one: what can be asked for, where they go, how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.phantom.fields import Point
from viewer.phantom.phantom import coverage, mix

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray, OutputGrid

NAMES = {
    "metastasis": "Liver metastasis",
    "cyst": "Liver cyst",
    "haemangioma": "Haemangioma",
    "focal-fat": "Focal fat beside the falciform ligament",
}
MIMICS = ("focal-fat",)
FALCIFORM: Point = (-8.0, -72.0, 40.0)


@frozen
class LiverLesion:
    """One lesion: its kind, diameter in mm, place in LPS mm, and the seed of its shape."""

    key: str
    diameter_mm: float
    place_lps_mm: Point
    seed: int = 0


def drawn_lesions(
    rng: np.random.Generator, inside: FloatArray, falciform: Point, kinds: tuple[str, ...] | None = None
) -> tuple[LiverLesion, ...]:
    """Return none to seven lesions, and sometimes focal fat, for one seed.

    `inside` are points (n, 3) in LPS mm well within the liver; `falciform` is where focal fat lies. Where `kinds` are
    named there are only these, and at least one of each.
    """
    counts = {
        "metastasis": int(rng.choice([0, 0, 1, 2, 3, 4])),
        "cyst": int(rng.choice([0, 0, 1, 2])),
        "haemangioma": int(rng.choice([0, 0, 1])),
    }
    fat = bool(rng.random() < 0.5)
    if kinds is not None:
        counts = {key: max(1, count) for key, count in counts.items() if key in kinds}
        fat = "focal-fat" in kinds
    wanted = [key for key, count in counts.items() for _ in range(count)]
    lesions: list[LiverLesion] = []
    for key in wanted:
        low, high = {"metastasis": (6.0, 42.0), "cyst": (4.0, 30.0), "haemangioma": (12.0, 40.0)}[key]
        diameter = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        for _ in range(30):
            place = inside[int(rng.integers(len(inside)))]
            gaps = [np.linalg.norm(place - p.place_lps_mm) - (p.diameter_mm + diameter) / 2 for p in lesions]
            if not gaps or min(gaps) > 6.0:
                at = (float(place[0]), float(place[1]), float(place[2]))
                lesions.append(LiverLesion(key, diameter, at, int(rng.integers(1 << 30))))
                break
    lesions.sort(key=lambda lesion: -lesion.diameter_mm)
    if fat:
        lesions.append(LiverLesion("focal-fat", float(rng.uniform(16, 26)), falciform, int(rng.integers(1 << 30))))
    return tuple(lesions)


def lesion_box(grid: OutputGrid, lesion: LiverLesion) -> tuple[slice, slice, slice]:
    """Return the voxels (k, j, i) that a lesion may touch."""
    reach = lesion.diameter_mm * 0.75 + 5.0
    spans = []
    for c, first, step, count in zip(
        lesion.place_lps_mm, grid.origin_lps_mm, grid.spacing_mm, grid.shape[::-1], strict=True
    ):
        low, high = int(np.ceil((c - reach - first) / step)), int((c + reach - first) / step) + 1
        spans.append(slice(max(0, min(low, count)), max(0, min(high, count))))
    return spans[2], spans[1], spans[0]


def paint(
    hu: FloatArray,
    liver: FloatArray,
    grid: OutputGrid,
    lesion: LiverLesion,
    box: tuple[slice, slice, slice],
    blood_hu: float,
    *,
    portal: bool,
) -> FloatArray:
    """Put a lesion into HU and return its distance in mm; all arrays lie on the voxels of `box`."""
    rng = np.random.default_rng(lesion.seed)
    xs, ys, zs = grid.axes()
    x = xs[box[2]][None, None, :] - np.float32(lesion.place_lps_mm[0])
    y = ys[box[1]][None, :, None] - np.float32(lesion.place_lps_mm[1])
    z = zs[box[0]][:, None, None] - np.float32(lesion.place_lps_mm[2])
    radius = lesion.diameter_mm / 2
    if lesion.key == "focal-fat":
        stretch = np.array([0.62, 1.0, 0.95])
    else:
        stretch = rng.uniform(0.88, 1.13, 3)
    r = np.sqrt((x / stretch[0]) ** 2 + (y / stretch[1]) ** 2 + (z / stretch[2]) ** 2).astype(np.float32) + 1e-3
    uneven, lobes = np.zeros(r.shape, np.float32), np.zeros(r.shape, np.float32)
    for n in range(9):
        k = rng.normal(size=3) * (3.0 if n < 6 else 5.5)
        wave = np.sin((x * k[0] + y * k[1] + z * k[2]) / r + rng.uniform(0, 6.28)).astype(np.float32)
        uneven += wave
        lobes += wave if n >= 4 else 0.0
    amount = {"cyst": 0.012, "metastasis": 0.05, "haemangioma": 0.035, "focal-fat": 0.09}[lesion.key]
    distance: FloatArray = np.maximum(r - np.float32(radius) * (1 + np.float32(amount) * uneven), liver + 0.3)
    grain = (uneven - lobes).astype(np.float32)
    if lesion.key == "cyst":
        mix(hu, coverage(distance, 1.1), 6.0)
    elif lesion.key == "focal-fat":
        mix(hu, coverage(distance, 5.0) * np.float32(0.9), 62.0 if portal else 30.0)
    elif lesion.key == "haemangioma":
        mix(hu, coverage(distance, 1.6), 74.0 if portal else 40.0)
        if portal:
            shell = np.clip(1 + (distance + 1.0) / np.float32(0.38 * radius + 1.5), 0.0, 1.0)
            nodules = coverage(1.0 - lobes - 1.6 * shell, 1.1) * coverage(distance, 1.4) * (shell > 0)
            mix(hu, nodules, blood_hu - 4.0)
    elif portal:
        mix(hu, coverage(distance, 2.6), 92.0 + 2.0 * grain)
        mix(hu, coverage(distance + 0.16 * radius + 0.6, 2.4), 67.0 + 3.0 * grain)
        if radius > 9:
            mix(hu, coverage(distance + 0.55 * radius, 0.3 * radius), 44.0 + 3.0 * grain)
    else:
        mix(hu, coverage(distance, 3.0), 41.0 + 2.0 * grain)
    return distance

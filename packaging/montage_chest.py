"""A picture of what synthetic chests look like, phantoms alone: resources/docs/montage-chest.jpg.

.venv/bin/python packaging/montage_chest.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import zoom

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from viewer.phantom import Embolus, Nodule, Phantom, make_chest

TILE = 300
RESOURCES = Path(__file__).resolve().parents[1] / "resources"
SPACING_MM = (0.75, 0.75, 1.25)
LUNG, SOFT, VESSELS = (-600.0, 1500.0), (40.0, 400.0), (180.0, 700.0)
NODULES = (
    Nodule("solid-nodule", 16, (62, -40, 32), seed=4),
    Nodule("part-solid-nodule", 24, (-78, -10, 30), seed=8),
    Nodule("ground-glass-nodule", 22, (70, 35, 30), seed=3),
    Nodule("spiculated-nodule", 22, (-60, 38, 70), seed=5),
    Nodule("pleural-nodule", 14, (-104, 40, -30), seed=6),
)
EMBOLI = (
    Embolus("saddle-embolus", seed=4),
    Embolus("lobar-embolus", (-46, 16, -20), seed=5),
    Embolus("segmental-embolus", (66, 24, -30), seed=9),
)


def tile(grey: np.ndarray, spacing_mm: tuple[float, float], words: str) -> np.ndarray:
    """Return a picture (rows from the top, 0 … 255; spacing across, down) fitted into one tile with words in it."""
    picture = Image.fromarray(grey)
    across, down = picture.width * spacing_mm[0], picture.height * spacing_mm[1]
    scale = TILE / max(across, down)
    picture = picture.resize((round(across * scale), round(down * scale)), Image.Resampling.LANCZOS)
    out = Image.new("L", (TILE, TILE))
    out.paste(picture, ((TILE - picture.width) // 2, (TILE - picture.height) // 2))
    font = ImageFont.truetype(str(RESOURCES / "fonts" / "Inter-Medium.ttf"), 12)
    ImageDraw.Draw(out).text((8, TILE - 8), words, fill=215, font=font, anchor="ls", stroke_width=2, stroke_fill=0)
    return np.asarray(out)


def windowed(hu: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Return HU as grey 0 … 255."""
    centre, width = window
    return np.clip((hu - (centre - width / 2)) / width * 255, 0, 255).astype(np.uint8)


def axial(phantom: Phantom, z_mm: float, window: tuple[float, float], words: str) -> np.ndarray:
    """Return the slice at a height."""
    k = round((z_mm - phantom.origin_lps_mm[2]) / SPACING_MM[2])
    return tile(windowed(phantom.voxels_hu[k, 60:440], window), SPACING_MM[:2], words)


def coronal(phantom: Phantom, y_mm: float, thick_mm: float, window: tuple[float, float], words: str) -> np.ndarray:
    """Return the brightest along a coronal slab."""
    j = round((y_mm - phantom.origin_lps_mm[1]) / SPACING_MM[1])
    slab = phantom.voxels_hu[::-1, j : j + max(1, round(thick_mm / SPACING_MM[1]))].max(axis=1)
    return tile(windowed(slab, window), (SPACING_MM[0], SPACING_MM[2]), words)


def lesion(phantom: Phantom, key: str, reach_mm: float, window: tuple[float, float], words: str) -> np.ndarray:
    """Return the surroundings of the first lesion of a kind, in the slice that holds most of it."""
    value = next(found.label_value for found in phantom.lesions if found.key == key)
    marked = phantom.truth == value
    k = int(marked.sum(axis=(1, 2)).argmax())
    j, i = (int(c) for c in np.argwhere(marked[k]).mean(axis=0))
    n = int(reach_mm / SPACING_MM[0])
    return tile(windowed(phantom.voxels_hu[k, j - n : j + n, i - n : i + n], window), SPACING_MM[:2], words)


def surface(solid: np.ndarray, words: str) -> np.ndarray:
    """Return what is nearest along the second axis (`[k, j, i]`, cubes), lit from the upper left, far away darker."""
    depth = np.argmax(solid, axis=1).astype(np.float32)
    down, across = (np.clip(g, -6, 6) for g in np.gradient(depth))
    light = np.clip((1 + 0.35 * across - 0.35 * down) / np.sqrt(1 + across**2 + down**2), 0.1, 1)
    grey = np.where(solid.any(axis=1), light * (255 - 166 * depth / solid.shape[1]), 0)
    return tile(grey[::-1].astype(np.uint8), (1.0, 1.0), words)


def rows() -> list[list[np.ndarray]]:
    """Return the tiles."""
    one = make_chest(48, spacing_mm=SPACING_MM, size_ij=470, nodules=NODULES, emboli=EMBOLI)
    plain = make_chest(7, spacing_mm=SPACING_MM, size_ij=470, contrast="none", nodules=())
    bone = zoom(plain.voxels_hu, (SPACING_MM[2] / SPACING_MM[0], 1, 1), order=1) > 190
    middle = round(-plain.origin_lps_mm[0] / SPACING_MM[0])
    sagittal = windowed(plain.voxels_hu[::-1, 60:440, middle], (250.0, 1600.0))
    return [
        [
            axial(one, 30.0, LUNG, "Lung window"),
            axial(one, 8.0, (60.0, 420.0), "Pulmonary arterial phase"),
            axial(plain, -40.0, SOFT, "No contrast medium"),
            coronal(one, 10.0, 20.0, (-350.0, 1300.0), "Coronal, 20 mm MIP"),
        ],
        [
            tile(sagittal, (SPACING_MM[1], SPACING_MM[2]), "Sagittal, bone"),
            surface(bone, "Bone, front"),
            surface(bone[:, ::-1, ::-1], "Bone, back"),
            coronal(plain, 22.0, 0.0, LUNG, "Coronal, lung window"),
        ],
        [
            lesion(one, "solid-nodule", 26.0, LUNG, "Solid"),
            lesion(one, "part-solid-nodule", 26.0, LUNG, "Part-solid"),
            lesion(one, "ground-glass-nodule", 26.0, LUNG, "Ground glass"),
            lesion(one, "spiculated-nodule", 26.0, LUNG, "Spiculated"),
        ],
        [
            lesion(one, "saddle-embolus", 45.0, VESSELS, "Saddle embolus"),
            lesion(one, "segmental-embolus", 26.0, (150.0, 700.0), "Embolus in an artery"),
            lesion(one, "pleural-nodule", 26.0, LUNG, "At the pleura"),
            axial(one, 44.0, SOFT, "Streaks from dense contrast medium"),
        ],
    ]


def main() -> None:
    """Make the picture."""
    picture = Image.fromarray(np.vstack([np.hstack(row) for row in rows()]))
    font = ImageFont.truetype(str(RESOURCES / "fonts" / "Inter-Medium.ttf"), 13)
    words = "Synthetic. Not for diagnostic use."
    ImageDraw.Draw(picture).text((picture.width - 8, 8), words, fill=215, font=font, anchor="rt", stroke_width=2,
                                 stroke_fill=0)  # fmt: skip
    path = RESOURCES / "docs" / "montage-chest.jpg"
    picture.save(path, quality=82, optimize=True)
    print(path, path.stat().st_size // 1024, "KB")


if __name__ == "__main__":
    main()

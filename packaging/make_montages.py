"""Pictures of what the phantoms look like, for `resources/docs/`: one of each kind, phantoms alone.

    .venv/bin/python packaging/make_montages.py head

makes resources/docs/montage-head.jpg; the chest has a script of its own, `montage_chest.py`. A kind is a function that
returns rows of grey tiles of one size.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_recipes import STORIES

from viewer.domain.job import JobContext
from viewer.phantom import Bleed, Phantom, make_head
from viewer.phantom.recipe import made

if TYPE_CHECKING:
    from collections.abc import Callable

TILE = 250
RESOURCES = Path(__file__).resolve().parents[1] / "resources"


def windowed(hu: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Return HU as grey 0 … 255."""
    return np.clip((hu - (centre - width / 2)) / width * 255, 0, 255).astype(np.uint8)


def tile(
    plane: np.ndarray, spacing_mm: tuple[float, float], field_mm: float, window: tuple[float, float]
) -> np.ndarray:
    """Return a plane of HU (rows from the top) as one tile: the middle `field_mm` of it; spacing is (across, down)."""
    picture = Image.fromarray(windowed(plane.astype(np.float32), *window))
    scale = TILE / field_mm
    size = (round(plane.shape[1] * spacing_mm[0] * scale), round(plane.shape[0] * spacing_mm[1] * scale))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = Image.new("L", (TILE, TILE))
    out.paste(picture, ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return np.asarray(out)


def axial(phantom: Phantom, z_mm: float, field_mm: float, window: tuple[float, float], thick_mm: float) -> np.ndarray:
    """Return the slab of slices at a height (LPS z of the first row) as a tile."""
    k = round((z_mm - phantom.origin_lps_mm[2]) / phantom.spacing_mm[2])
    count = max(1, round(thick_mm / phantom.spacing_mm[2]))
    slab = phantom.voxels_hu[max(0, k) : k + count].astype(np.float32).mean(axis=0)
    return tile(slab, phantom.spacing_mm[:2], field_mm, window)


def largest(phantom: Phantom, field_mm: float, window: tuple[float, float]) -> np.ndarray:
    """Return the slice that shows most of the lesions as a tile."""
    k = int(np.count_nonzero(phantom.truth, axis=(1, 2)).argmax())
    return tile(phantom.voxels_hu[k], phantom.spacing_mm[:2], field_mm, window)


def upright(
    phantom: Phantom, plane: str, at_mm: float, field_mm: float, window: tuple[float, float], thick_mm: float
) -> np.ndarray:
    """Return the sagittal or coronal slab at x or y (LPS) as a tile, head up."""
    axis = 0 if plane == "sagittal" else 1
    step = phantom.spacing_mm[axis]
    n, count = round((at_mm - phantom.origin_lps_mm[axis]) / step), max(1, round(thick_mm / step))
    box = phantom.voxels_hu[:, :, n : n + count] if axis == 0 else phantom.voxels_hu[:, n : n + count]
    slab = box.astype(np.float32).mean(axis=2 - axis)[::-1]
    return tile(slab, (phantom.spacing_mm[1 - axis], phantom.spacing_mm[2]), field_mm, window)


def head() -> list[list[np.ndarray]]:
    """Return heads: brain, bone, coronal and sagittal of one, and every kind of bleed."""
    brain, bone, field = (38.0, 88.0), (600.0, 2800.0), 236.0
    bleeds = (
        Bleed("intraparenchymal", 24.0, (-27.0, -4.0, 8.0), hu=68.0, seed=3),
        Bleed("intraventricular", 4.0, (-14.0, 10.0, 14.0), hu=64.0, seed=4, mixed=True),
    )
    one = make_head(31, spacing_mm=(0.5, 0.5, 1.25), size_ij=472, bleeds=bleeds)
    rows = [
        [axial(one, z, field, brain, 3.75) for z in (-38.0, -16.0, 2.0, 14.0, 34.0)],
        [axial(one, z, field, bone, 1.25) for z in (-62.0, -42.0, -30.0)]
        + [upright(one, "coronal", 0.0, field, brain, 3.0), upright(one, "sagittal", 6.0, field, brain, 3.0)],
    ]
    kinds = [
        (33, Bleed("epidural", 34.0, (50.0, 6.0, 16.0), hu=70.0, seed=5), {}),
        (34, Bleed("subdural", 46.0, (-50.0, -6.0, 22.0), hu=64.0, seed=6, mixed=True), {}),
        (35, Bleed("subarachnoid", 18.0, (24.0, -12.0, -12.0), hu=64.0, seed=7), {}),
        (36, Bleed("subdural", 14.0, (3.0, 20.0, 40.0), hu=68.0, seed=8), {"kernel": "bone"}),
        (37, Bleed("epidural", 7.0, (-50.0, 20.0, 24.0), hu=72.0, seed=9), {"tilt_deg": 16.0}),
    ]
    rows.append(
        [
            largest(make_head(seed, spacing_mm=(0.5, 0.5, 4.0), size_ij=472, bleeds=(b,), **other), field, brain)
            for seed, b, other in kinds
        ]
    )
    return rows


def abdomen() -> list[list[np.ndarray]]:
    """Return the abdomen of the case of liver lesions from the dome of the liver down, a lesion in most tiles."""
    one = made(next(story.recipe for story in STORIES if story.id == "liver-lesions"), JobContext())
    heights_mm = ((100.0, 76.0, 66.0, 58.0), (50.0, 38.0, -4.0, -60.0))
    return [[axial(one, z, 330.0, (60.0, 400.0), 4.0) for z in row] for row in heights_mm]


MONTAGES: dict[str, Callable[[], list[list[np.ndarray]]]] = {"head": head, "abdomen": abdomen}


def main() -> None:
    """Read the command line and make one picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(MONTAGES))
    kind = parser.parse_args().kind
    picture = Image.fromarray(np.vstack([np.hstack(row) for row in MONTAGES[kind]()]))
    font = ImageFont.truetype(str(RESOURCES / "fonts" / "Inter-Medium.ttf"), 13)
    words = "Synthetic. Not for diagnostic use."
    ImageDraw.Draw(picture).text((picture.width - 8, picture.height - 6), words, fill=200, font=font, anchor="rs")
    path = RESOURCES / "docs" / f"montage-{kind}.jpg"
    picture.save(path, quality=82, optimize=True)
    print(path, path.stat().st_size // 1024, "KB")


if __name__ == "__main__":
    main()

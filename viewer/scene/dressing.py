"""Voxels as a 3D preset wants them: without table, without skin, or brain alone. Values elsewhere never change."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import Grid
from viewer.scene.body_shape import stretched
from viewer.scene.headrest import sheets_on_body
from viewer.scene.volume_image import AIR_HU, RenderVoxels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.scene.body_shape import BodyShape
    from viewer.scene.shown_box import Box

# What stands in for skin: fat, in which no preset without skin shows anything, and which has no edge against fat.
_FAT_HU = -120
# Depths count from the middle of the first coarse voxel outside, about 2 mm before the skin.
_SKIN_MM = (5.0, 8.5)
_BONE_HU = 130
_BRAIN_HU = (-30, 130)
_CLEAR_HU = 0
# Binomial weights, as wide as a millimetre or two.
_SMOOTH, _SMOOTH_COARSE = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16), (1 / 4, 2 / 4, 1 / 4)
_FINE_MM = 3.0


class Bare(StrEnum):
    """What a preset leaves away."""

    NOTHING = "nothing"
    SKIN = "skin"
    ALL_BUT_BRAIN = "all but brain"


def without_table(rendered: RenderVoxels, shape: BodyShape, box: Box | None = None) -> RenderVoxels:
    """Return the voxels of a box, or all, with air wherever neither the body nor its closest surroundings are."""
    fi, fj, fk = shape.factors
    nk, nj, ni = shape.kept.shape
    size_i, size_j, size_k = rendered.grid.size_ijk
    i, j, k = (
        np.minimum(np.arange(s) // f, n - 1) for s, f, n in ((size_i, fi, ni), (size_j, fj, nj), (size_k, fk, nk))
    )
    part = rendered if box is None else rendered.part(box)
    if box is not None:
        i, j, k = (at[first : last + 1] for at, (first, last) in zip((i, j, k), box, strict=True))
    made = np.full(part.voxels.shape, AIR_HU, dtype=np.int16)
    for at, coarse in enumerate(k):
        np.copyto(made[at], part.voxels[at], where=shape.kept[coarse][j][:, i])
    sheets = sheets_on_body(rendered, shape)
    if len(sheets):
        first = (0, 0, 0) if box is None else tuple(start for start, _ in reversed(box))
        # A box holds all that is kept.
        made[tuple((sheets - first).T)] = AIR_HU
    return RenderVoxels(made, part.grid)


def without_skin(rendered: RenderVoxels, shape: BodyShape, voxels: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return a copy of voxels in which fat stands for the skin, about 5 mm, and for all around it.

    Air would have an edge against the fat below, which looks like skin.
    """
    least, most = _SKIN_MM
    made = np.empty_like(voxels)
    for at, depth_mm in enumerate(stretched(shape.depth_mm(), shape.factors, rendered.grid.size_ijk)):
        share = np.clip((depth_mm - least) / np.float32(most - least), 0.0, 1.0)
        values = voxels[at].astype(np.float32)
        # Air further inside stays air: a lung has no skin.
        share[(share > 0) & (values < _FAT_HU)] = 1.0
        values -= _FAT_HU
        values *= share
        values += _FAT_HU
        made[at] = values
    return made


def smoothed(rendered: RenderVoxels) -> RenderVoxels:
    """Return the voxels mixed with their neighbours, with a layer of air around.

    Light falls by the change from voxel to voxel. Where that goes from air to skin in one voxel, the next voxel of air
    has none, and a skin that passes by there is dark: it looks like grained wood. Where the images end, what is cut
    would have no side but noise.
    """
    from scipy import ndimage

    voxels = np.pad(rendered.voxels, 1, constant_values=AIR_HU)
    for axis, mm in enumerate(reversed(rendered.grid.spacing_mm)):
        weights = _SMOOTH if mm <= _FINE_MM else _SMOOTH_COARSE
        voxels = ndimage.correlate1d(voxels, weights, axis=axis, mode="nearest")
    matrix = rendered.grid.lps_from_ijk.copy()
    matrix[:3, 3] = rendered.grid.lps((-1, -1, -1))
    i, j, k = rendered.grid.size_ijk
    return RenderVoxels(np.ascontiguousarray(voxels), Grid((i + 2, j + 2, k + 2), matrix))


def brain_alone(
    rendered: RenderVoxels,
    factors: tuple[int, int, int],
    brain: NDArray[np.float32],
    voxels: NDArray[np.int16],
    *,
    slice_mm: float,
) -> NDArray[np.int16]:
    """Return bone as it is, the brain with its sign changed and smoothed against noise, 0 between and around them.

    The sign keeps blood (here −110 to −50) apart from the edge of bone, where voxels and the mixing of neighbours
    run through the same values. A layer along the skull, of one voxel and of one original slice towards head and
    feet (`slice_mm` from the next), is left out for the same reason.
    """
    from scipy import ndimage

    bone = voxels > _BONE_HU
    inside = np.empty(voxels.shape, dtype=bool)
    for at, share in enumerate(stretched(brain, factors, rendered.grid.size_ijk)):
        np.greater(share, 0.5, out=inside[at])
    made = np.where(bone, voxels, np.int16(_CLEAR_HU))
    found = ndimage.find_objects(inside.astype(np.int8))
    if not found:
        return made
    box = found[0]
    slices = max(1, round(slice_mm / rendered.grid.spacing_mm[2]))
    near_bone = ndimage.maximum_filter1d(ndimage.binary_dilation(bone[box]), 2 * slices + 1, axis=0)
    inside = inside[box] & ~near_bone
    # The skull may lie just beyond the first and last slice, and mixes with them as well.
    for end in (0, len(voxels) - 1):
        first, last = max(end - slices, box[0].start), min(end + slices + 1, box[0].stop)
        inside[max(first - box[0].start, 0) : max(last - box[0].start, 0)] = False
    inside &= (voxels[box] > _BRAIN_HU[0]) & (voxels[box] < _BRAIN_HU[1])
    weight = inside.astype(np.float32)
    sigma = [1.2 / mm for mm in reversed(rendered.grid.spacing_mm)]
    total = ndimage.gaussian_filter(voxels[box] * weight, sigma, truncate=2.5)
    weight = ndimage.gaussian_filter(weight, sigma, truncate=2.5)
    smooth = total / np.maximum(weight, 1e-3)
    made[box] = np.where(inside, -smooth, made[box]).astype(np.int16)
    return made

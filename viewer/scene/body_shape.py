"""Where in a picture the body is, what of it is skin and what brain: on a coarse grid, for 3D pictures alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.analysis.pieces import boxes, filled, grown, pieces, worn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.analysis.pieces import Box
    from viewer.domain.geometry import Grid
    from viewer.scene.volume_image import RenderVoxels

_COARSE_MM = 4.0
_FINE_MM = 3.0
_SOLID_HU = -300
_BONE_HU = 150
# The mean where a thin sheet takes a small part of a coarse voxel.
_ANYTHING_HU = -800
# A table has the same cross-section all along; an arm that lies beside the trunk does not.
_SAME_SHARE = 0.8
_ALONG_SHARE = 0.5
# Of a limb without its outermost voxels, bone is less than so much.
_BONE_SHARE = 0.5
# A sheet of a headrest that touches the head: longer than an ear, and further from the head than ears reach.
_LONG_MM = 40.0
_BEYOND_EARS_MM = 24.0
_SHEET_SAME_SHARE = 0.4
_LEAST_LIMB_VOXELS = 12
_LEAST_PIECE_VOXELS = 8
_BRAIN_ML = (150.0, 2500.0)
_BRAIN_FROM_BONE_MM = 7.0
_LEAST_SKULL_SHARE = 0.35
# Steeper than any gantry or reformat of a head.
_LEAST_ALONG = 0.5
# Of headrests against the table, in voxels from plane to plane, those that are tried; of equal ones the least.
_RISES = sorted((step * 0.05 for step in range(-6, 7)), key=abs)

# How many voxels along j and i something moves on from one plane k to the next.
Lean = tuple[float, float]


@define(frozen=True, eq=False)
class BodyShape:
    """The body on a grid of about 4 mm.

    Attributes
    ----------
    factors
        How many render voxels along i, j, k make one coarse voxel; the last of an axis may be made of more.
    kept
        The body with its lungs and one voxel around it; False in air and on the table, [k, j, i].
    inside
        The body with its lungs alone.
    beside
        What is not kept and is more than air: table, headrest, clothes.
    spacing_mm
        Along k, j, i.
    """

    factors: tuple[int, int, int]
    kept: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    beside: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]

    def depth_mm(self) -> NDArray[np.float32]:
        """Return how deep each coarse voxel lies below the skin; 0 outside."""
        # Slow to load, and only presets without skin need it.
        from scipy import ndimage

        return np.asarray(ndimage.distance_transform_edt(self.inside, sampling=self.spacing_mm), dtype=np.float32)


def body_shape(rendered: RenderVoxels) -> BodyShape | None:
    """Return where the body is, or None where there is nothing solid, or nothing but what could be a table.

    The largest solid piece that is left when all is worn away by one coarse voxel is the body, with all that hangs
    on it, save what has the same cross-section all along, as tables and headrests have. A piece apart from it stays
    where it holds bone and is no such table. Images that are missing in the middle part nothing: those on both sides
    of a gap are looked at as if they lay beside each other.
    """
    whole, factors = _coarse(rendered, _COARSE_MM)
    spacing = _spacing(rendered, factors)
    there = _between_gaps(whole > _SOLID_HU)
    coarse = whole[there]
    solid = coarse > _SOLID_HU
    # The world goes on beyond the edge of the picture: a body that is cut off there is not worn away from that side.
    labels, count = pieces(worn(solid))
    if not count:
        return None
    sizes = np.bincount(labels.ravel(), minlength=2)
    sizes[0] = 0
    core = labels == int(sizes.argmax())
    # Crumbs of a sheet that the coarse grid makes two voxels thick here and there are no limbs.
    thick = (sizes >= _LEAST_LIMB_VOXELS)[labels]
    for _ in range(3):
        thick |= grown(thick) & solid
    thin = solid & ~thick
    lean = _lean_of_table(thin, rendered.grid, spacing)
    table = _table(thin, thick, spacing, lean)
    labels, count = pieces(solid & ~table)
    kept = np.zeros(count + 1, dtype=bool)
    kept[labels[core]] = True
    large = np.bincount(labels.ravel(), minlength=count + 1) >= _LEAST_PIECE_VOXELS
    for number, box in enumerate(boxes(labels, count), start=1):
        if large[number] and not kept[number]:
            piece = labels[box] == number
            bone = coarse[box] > _BONE_HU
            kept[number] = bool(bone[piece].any()) and (_sameness(piece, lean) < _SAME_SHARE or _is_limb(piece, bone))
    kept[0] = False
    if not kept.any():
        return None
    inside = _filled(kept[labels])
    around = grown(inside) & ~(table & ~inside)
    beside = (coarse > _ANYTHING_HU) & ~around
    return BodyShape(factors, _spread(around, there), _spread(inside, there), _spread(beside, there), spacing)


def _between_gaps(solid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which planes k hold something, or lie beyond all that do."""
    there: NDArray[np.bool_] = np.asarray(solid.any(axis=(1, 2)))
    at = np.flatnonzero(there)
    if len(at):
        there[: at[0]] = there[at[-1] :] = True
    return there


def _spread(mask: NDArray[np.bool_], there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of some planes k among all planes, with nothing in the others."""
    made = np.zeros((len(there), *mask.shape[1:]), dtype=bool)
    made[there] = mask
    return made


def _lean_of_table(thin: NDArray[np.bool_], grid: Grid, spacing: tuple[float, float, float]) -> Lean:
    """Return how the table leans on a coarse grid [k, j, i], of which `thin` are the things that may be table.

    A table runs along z of the patient, which leans where images were tilted, and a headrest may rise besides: in the
    way in which most of what is thin runs through half of the picture. Straight where planes lie so steeply that
    nothing can be said.
    """
    i, j, k = grid.directions.T @ np.array([0.0, 0.0, 1.0])
    if abs(k) < _LEAST_ALONG:
        return 0.0, 0.0
    down, across = float(j / k * spacing[0] / spacing[1]), float(i / k * spacing[0] / spacing[2])

    def runs_through(rise: float) -> int:
        along = _upright(thin, (down + rise, across)).sum(axis=0)
        return int(along[along >= _ALONG_SHARE * len(thin)].sum())

    return down + max(_RISES, key=runs_through), across


def _upright(mask: NDArray[np.bool_], lean: Lean) -> NDArray[np.bool_]:
    """Return a mask with its planes moved, on as many more voxels as that takes, so that what leans stands straight."""
    (down, across), (nj, ni) = _moved(len(mask), lean), mask.shape[1:]
    made = np.zeros((len(mask), nj + down.max(), ni + across.max()), dtype=bool)
    for plane, j, i, moved in zip(mask, down, across, made, strict=True):
        moved[j : j + nj, i : i + ni] = plane
    return made


def _leaning(columns: NDArray[np.bool_], shape: tuple[int, ...], lean: Lean) -> NDArray[np.bool_]:
    """Return columns [j, i] that stand straight as they lean in a mask of a shape; what `_upright` does, backwards."""
    nk, nj, ni = shape
    down, across = _moved(nk, lean)
    return np.stack([columns[j : j + nj, i : i + ni] for j, i in zip(down, across, strict=True)])


def _moved(planes: int, lean: Lean) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    steps = [np.rint(-each * np.arange(planes)).astype(np.intp) for each in lean]
    down, across = (each - each.min() for each in steps)
    return down, across


def _sameness(piece: NDArray[np.bool_], lean: Lean) -> float:
    """Return which share of a prism with the cross-section of all of a piece it fills."""
    columns = _upright(piece, lean).any(axis=0).sum()
    return float(piece.sum() / max(columns * len(piece), 1))


def _is_limb(piece: NDArray[np.bool_], bone: NDArray[np.bool_]) -> bool:
    """Return whether a piece is bone with more of something softer around it, as a rail is not: that is one material.

    The outermost voxels are mixed with air, whatever they are of.
    """
    within = piece & worn(np.pad(piece, ((0, 0), (1, 1), (1, 1))), by_slice=True)[:, 1:-1, 1:-1]
    return bool(bone[within].any()) and float(bone[within].mean()) < _BONE_SHARE


def _table(
    thin: NDArray[np.bool_], thick: NDArray[np.bool_], spacing: tuple[float, float, float], lean: Lean
) -> NDArray[np.bool_]:
    """Return which of the thin things on and beside thick ones are table.

    That is columns that run through half of the picture, and sheets that reach further from the body than an ear and
    keep their cross-section.
    """
    along = _upright(thin, lean).sum(axis=0) >= _ALONG_SHARE * len(thin)
    table = thin & _leaning(grown(along), thin.shape, lean)
    labels, count = pieces(thin)
    for number, box in enumerate(boxes(labels, count), start=1):
        if (box[0].stop - box[0].start) * spacing[0] < _LONG_MM:
            continue
        piece = labels[box] == number
        if _sameness(piece, lean) >= _SHEET_SAME_SHARE and _reaches(piece, box, thick, spacing):
            table[box] |= piece
    return table


def _reaches(piece: NDArray[np.bool_], box: Box, thick: NDArray[np.bool_], spacing: tuple[float, float, float]) -> bool:
    """Return whether a piece that fills a box reaches further from thick things than ears do."""
    least_mm2 = np.float32(_BEYOND_EARS_MM**2)
    reach = [math.ceil(_BEYOND_EARS_MM / mm) for mm in spacing]
    starts = [max(part.start - n, 0) for part, n in zip(box, reach, strict=True)]
    room = tuple(slice(start, part.stop + n) for start, part, n in zip(starts, box, reach, strict=True))
    away_mm2 = np.where(thick[room], np.float32(0), np.float32(np.inf))
    for axis, mm in enumerate(spacing):
        # The nearest along one axis after the other is the nearest of all.
        lines = np.moveaxis(away_mm2, axis, 0)
        nearest = lines.copy()
        for step in range(1, min(reach[axis], len(lines) - 1) + 1):
            further = lines + np.float32((step * mm) ** 2)
            np.minimum(nearest[step:], further[:-step], out=nearest[step:])
            np.minimum(nearest[:-step], further[step:], out=nearest[:-step])
        away_mm2 = np.moveaxis(nearest, 0, axis)
    there = tuple(slice(p.start - start, p.stop - start) for p, start in zip(box, starts, strict=True))
    return bool((away_mm2[there][piece] >= least_mm2).any())


def brain_mask(rendered: RenderVoxels) -> tuple[tuple[int, int, int], NDArray[np.float32]] | None:
    """Return factors and a share of brain (0…1) on a grid of about 3 mm, or None where no skull encloses one.

    The brain is the piece of soft tissue, worn away by 7 mm from bone and air, that bone surrounds most.
    """
    from scipy import ndimage

    coarse, factors = _coarse(rendered, _FINE_MM)
    spacing = _spacing(rendered, factors)
    bone = coarse > _BONE_HU
    soft = (coarse > -30) & ~bone
    inside = ndimage.distance_transform_edt(soft, sampling=spacing) > _BRAIN_FROM_BONE_MM
    labels, count = ndimage.label(inside)
    ml = float(np.prod(spacing)) / 1000.0
    best, best_share = None, _LEAST_SKULL_SHARE
    rounds = max(1, round(_BRAIN_FROM_BONE_MM / min(spacing[1:])))
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        room = tuple(slice(max(part.start - rounds - 2, 0), part.stop + rounds + 2) for part in box)
        piece = labels[room] == number
        if not _BRAIN_ML[0] <= piece.sum() * ml <= _BRAIN_ML[1]:
            continue
        grown = _within(piece, spacing, _BRAIN_FROM_BONE_MM) & soft[room]
        shell = _within(grown, spacing, 1.5 * max(spacing)) & ~grown
        share = float(bone[room][shell].mean()) if shell.any() else 0.0
        if share > best_share:
            best, best_share = (room, grown), share
    if count == 0 or best is None:
        return None
    made = np.zeros(coarse.shape, dtype=np.float32)
    made[best[0]] = best[1]
    return factors, made


def stretched(
    coarse: NDArray[np.float32], factors: tuple[int, int, int], size_ijk: tuple[int, int, int]
) -> Iterator[NDArray[np.float32]]:
    """Yield the planes k of a coarse image brought back to render voxels by linear mixing, each [j, i].

    Without a product of matrices: BLAS would start threads that wait for each other beside those that cast rays.
    """
    across, down, along = (
        _steps(size, factor, n) for size, factor, n in zip(size_ijk, factors, reversed(coarse.shape), strict=True)
    )
    for low, high, share in zip(*along, strict=True):
        plane = coarse[low] + share * (coarse[high] - coarse[low])
        rows = plane[down[0]] + down[2][:, None] * (plane[down[1]] - plane[down[0]])
        yield rows[:, across[0]] + across[2] * (rows[:, across[1]] - rows[:, across[0]])


def _steps(size: int, factor: int, coarse: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return, for each voxel of an axis, the coarse voxels beside it and the share of the second."""
    place = np.clip((np.arange(size) + 0.5) / factor - 0.5, 0, coarse - 1)
    low = place.astype(np.intp)
    return low, np.minimum(low + 1, coarse - 1), (place - low).astype(np.float32)


def _coarse(rendered: RenderVoxels, wanted_mm: float) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
    """Return means over blocks, [k, j, i], and how many voxels along i, j, k make one, without a rest at the end."""
    grid = rendered.grid
    fi, fj, fk = (max(1, min(round(wanted_mm / mm), n)) for mm, n in zip(grid.spacing_mm, grid.size_ijk, strict=True))
    voxels = rendered.voxels
    nk, nj, ni = voxels.shape[0] // fk, voxels.shape[1] // fj, voxels.shape[2] // fi
    made = np.empty((nk, nj, ni), dtype=np.float32)
    for k in range(nk):
        layers = voxels[k * fk : (k + 1) * fk, : nj * fj, : ni * fi].sum(axis=0, dtype=np.int32)
        rows = layers.reshape(nj, fj, ni * fi).sum(axis=1)
        made[k] = rows.reshape(nj, ni, fi).sum(axis=2)
    made /= fi * fj * fk
    return made, (fi, fj, fk)


def _spacing(rendered: RenderVoxels, factors: tuple[int, int, int]) -> tuple[float, float, float]:
    i, j, k = (mm * factor for mm, factor in zip(rendered.grid.spacing_mm, factors, strict=True))
    return (k, j, i)


def _filled(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the body with what it, and the picture's edge where it leaves it, enclose in each axial slice."""
    closed = body.copy()
    for image in closed:
        for edge in (image[0], image[-1], image[:, 0], image[:, -1]):
            touched = np.flatnonzero(edge)
            if len(touched):
                edge[touched[0] : touched[-1] + 1] = True
    return filled(closed)


def _within(mask: NDArray[np.bool_], spacing: tuple[float, float, float], mm: float) -> NDArray[np.bool_]:
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=spacing) <= mm)

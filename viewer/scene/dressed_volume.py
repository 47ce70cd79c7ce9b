"""A volume's voxels for 3D in the dress of one preset; what that takes is computed once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from viewer.scene.body_shape import BodyShape, body_shape, brain_mask
from viewer.scene.dressing import Bare, brain_alone, smoothed, without_skin, without_table
from viewer.scene.presets_3d import HIDDEN_WORDS, PRESETS_3D, Preset3D, allowed_preset, fitting_preset, preset_3d
from viewer.scene.volume_image import RenderVoxels, render_voxels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.shown_box import Box
    from viewer.scene.volume_scene import VolumeScene

MASKED_WORDS = "skin hidden with identity"
NO_BRAIN_WORDS = "no brain found"


class DressedVolume:
    """Holds a volume's voxels for 3D, and a C-contiguous copy (`drawn`) without what the last preset leaves away.

    Parameters
    ----------
    full
        Keep the resolution, as `render_voxels` says.
    """

    def __init__(self, volume: Volume, *, full: bool) -> None:
        self.volume = volume
        self.rendered: RenderVoxels = render_voxels(volume, full=full)
        self.drawn: RenderVoxels = self.rendered
        self._dress: tuple[Bare, bool, bool] | None = None

    @cached_property
    def _shape(self) -> BodyShape | None:
        # Without the scale of HU nothing tells skin and table from the rest.
        return body_shape(self.rendered) if self.volume.suits_hu else None

    @cached_property
    def _brain(self) -> tuple[tuple[int, int, int], NDArray[np.float32]] | None:
        return brain_mask(self.rendered) if self.volume.suits_hu else None

    def preset(self, name: str, *, masked: bool) -> tuple[Preset3D | None, str]:
        """Return what is drawn for a preset (None: nothing), and words where it is another: a face, no brain."""
        preset = allowed_preset(self.volume, name, masked=masked)
        wanted = preset_3d(fitting_preset(self.volume, name))
        if preset is None:
            return None, HIDDEN_WORDS
        if preset is not wanted:
            return preset, f"{preset.title} ({MASKED_WORDS})"
        if preset.bare is Bare.ALL_BUT_BRAIN and self._brain is None:
            preset = PRESETS_3D["bone"]
            return preset, f"{preset.title} ({NO_BRAIN_WORDS})"
        return preset, ""

    def dress(self, preset: Preset3D, *, table: bool) -> None:
        """Make `drawn` the voxels of a preset, with or without the table; the same where nothing changes.

        Without skin there is no table either: what lies around would shut the body in. Where nothing lies around the
        body, the voxels there are left away: light takes time and memory for each voxel.
        """
        table = table and preset.bare is not Bare.SKIN
        wanted = (preset.bare, table, preset.smooth)
        if wanted == self._dress:
            return
        self._dress = wanted
        self.drawn = self._bared(preset, table=table)
        if preset.smooth:
            self.drawn = smoothed(self.drawn)

    def _bared(self, preset: Preset3D, *, table: bool) -> RenderVoxels:
        voxels, rendered = self.rendered.voxels, self.rendered
        shape = None if preset.bare is Bare.NOTHING and table else self._shape
        if shape is not None and preset.bare is Bare.NOTHING:
            return without_table(rendered, shape, _around(shape, rendered))
        if shape is not None and preset.bare is Bare.SKIN:
            voxels = without_skin(rendered, shape, voxels)
        elif shape is not None and not table:
            voxels = without_table(rendered, shape).voxels
        if preset.bare is Bare.ALL_BUT_BRAIN and self._brain is not None:
            voxels = brain_alone(rendered, *self._brain, voxels, slice_mm=_slice_mm(self.volume))
        bared = RenderVoxels(voxels, rendered.grid)
        if shape is None:
            return bared
        part = bared.part(_around(shape, rendered))
        return RenderVoxels(np.ascontiguousarray(part.voxels), part.grid)


def dressed_for(scene: VolumeScene, *, full: bool) -> DressedVolume | None:
    """Return the voxels that a scene shows; None for a single slice, images of no volume, or while slices come in."""
    volume = scene.volume
    if min(volume.grid.size_ijk) < 2 or volume.loose or volume.preview:
        return None
    dressed = DressedVolume(scene.volume, full=full)
    preset, _words = dressed.preset(scene.preset, masked=scene.masked)
    if preset is not None:
        dressed.dress(preset, table=scene.table)
    return dressed


def _around(shape: BodyShape, rendered: RenderVoxels) -> Box:
    """Return where the body is, with what lies closest around it, in render voxels."""
    ends = []
    for axis, size in enumerate(rendered.grid.size_ijk):
        others = tuple(other for other in range(3) if other != 2 - axis)
        line, factor = np.asarray(shape.kept.any(axis=others)), shape.factors[axis]
        at = np.flatnonzero(line)
        # The last coarse voxel of an axis may be made of more.
        ends.append((int(at[0]) * factor, size - 1 if line[-1] else (int(at[-1]) + 1) * factor - 1))
    i, j, k = ends
    return (i, j, k)


def _slice_mm(volume: Volume) -> float:
    """Return the largest distance from one original slice to the next along the body."""
    heights = volume.stack.positions_lps_mm[:, 2]
    return float(np.abs(np.diff(heights)).max()) if len(heights) > 1 else 0.0

"""One resolved 3D image: original slices, the regular grid that is shown, and whether to trust it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from viewer.domain.geometry import Grid, SliceStack, Verdict
from viewer.domain.moment import Moment
from viewer.domain.value_units import HU, PLAUSIBLE_AIR_HU, UNKNOWN, is_on_hu_scale
from viewer.domain.voi_lut import VoiLut

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# A plane so near to a slice, as a share of the way to the next one, shows that slice and no mixture; beside a missing
# image, where there is nothing to mix it with, one that lies farther from it does too.
MEETS_SHARE, MEETS_ALONE_SHARE = 0.01, 0.15


_NARROWEST, _FARTHEST = 1e-6, 1e9


@frozen
class Window:
    """A display window: centre and width in the volume's unit, and its name where the file gives one."""

    centre: float
    width: float
    name: str = ""

    @property
    def usable(self) -> bool:
        """True where its ends are told apart, and lie where values of images do."""
        low, high = self.centre - self.width / 2, self.centre + self.width / 2
        return self.width >= _NARROWEST and max(abs(low), abs(high)) <= _FARTHEST


@frozen
class PatientIdentity:
    """Who the patient is. Kept for SEG, SR and the local index alone; never logged, never drawn when masked."""

    name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    accession: str = ""


@frozen
class SeriesFacts:
    """What a series says about itself, without pixels and geometry."""

    series_uid: str
    study_uid: str = ""
    frame_of_reference_uid: str = ""
    modality: str = ""
    description: str = ""
    study_description: str = ""
    body_part: str = ""
    number: int | None = None
    synthetic: bool = False
    lossy: bool = False
    voi_function: str = "LINEAR"
    windows: tuple[Window, ...] = ()
    monochrome1: bool = False
    identity: PatientIdentity = PatientIdentity()


@define(frozen=True, eq=False)
class Volume:
    """Voxels in patient space.

    Attributes
    ----------
    slices
        Values of the original slices, [k, j, i], int16 where exact, else float32; read-only.
    stack
        Where the original slices lie.
    voxels
        Values on the regular `grid` that is shown, [k, j, i]; the same array as `slices` unless regridded.
    unit
        "HU", or what the file says otherwise, in its own word; "unknown" where it does not say. People read
        `value_units.unit_words` of it.
    padding
        The value that stands for "no pixel here" (after rescale), or None.
    reasons
        Why the verdict is not `ok`, a sentence each.
    source_uids
        SOP instance UID (DICOM) of each original slice, in the order of `slices`; empty where it is not from DICOM,
        and where it is `shrunk`: a mask on smaller pixels is none on the images' own.
    shrunk_uids
        What `source_uids` would be of a volume that is `shrunk`; else empty.
    source_frames
        Frame number (1-based) of each slice in its instance; empty for single-frame images.
    arrived
        While slices are still being read: which of `slices` (and of `voxels`, the same array then) hold values; it
        grows, and where it is False nothing in the arrays means anything. None once all are in.
    placed
        True where positions are the images' own and parallel; False for a stack that can only be looked at.
    loose
        True where images make no volume, as in time at one place: each is looked at by itself, and no place is said.
    sized, oriented
        False where it is not known how large pixels are, or which way images look.
    unread_lps_mm
        Where images lie that are there but could not be read (their first pixel's centre), shape (m, 3), or None.
    shrunk
        Each pixel is the mean of so many by so many, because all would not fit into memory; 1 for the images' own.
    part
        What sets it apart from other volumes of its series, such as a phase; "" where it is the only one.
    missing_planes
        The k of `voxels` at which an image is missing; their voxels are padding and stand for nothing.
    body_lps_mm
        Smallest and largest x, y, z of the body in the picture, shape (3, 2), to fit views to; None where not known.
    luts
        Lookup tables that the file offers in place of windows.
    worded
        True where words may be burned into the images, a name among them.
    moments
        When each of the original slices was taken, where they are `loose` and their files say it; else empty.
    """

    series: SeriesFacts
    slices: NDArray[np.int16] | NDArray[np.float32]
    stack: SliceStack
    voxels: NDArray[np.int16] | NDArray[np.float32]
    grid: Grid
    unit: str = "HU"
    verdict: Verdict = Verdict.OK
    reasons: tuple[str, ...] = ()
    padding: float | None = None
    source_uids: tuple[str, ...] = ()
    shrunk_uids: tuple[str, ...] = ()
    source_frames: tuple[int, ...] = ()
    source_class_uid: str = ""
    source_files: tuple[str, ...] = ()
    arrived: NDArray[np.bool_] | None = None
    placed: bool = True
    loose: bool = False
    sized: bool = True
    oriented: bool = True
    unread_lps_mm: NDArray[np.float64] | None = None
    shrunk: int = 1
    part: str = ""
    missing_planes: tuple[int, ...] = ()
    body_lps_mm: NDArray[np.float64] | None = None
    luts: tuple[VoiLut, ...] = ()
    worded: bool = False
    moments: tuple[Moment, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Make the arrays read-only and hold shapes and geometry together."""
        self.slices.setflags(write=False)
        self.voxels.setflags(write=False)
        if self.slices.shape != self.stack.shape_kji:
            raise ValueError(f"slices {self.slices.shape} do not fit their stack {self.stack.shape_kji}")
        if self.voxels.shape != self.grid.shape_kji:
            raise ValueError(f"voxels {self.voxels.shape} do not fit their grid {self.grid.shape_kji}")

    @property
    def preview(self) -> bool:
        """True while only part of the series is in: to be looked at, not to be measured or searched."""
        return self.arrived is not None

    @cached_property
    def images(self) -> tuple[str, ...]:
        """What names each original slice: its UID, of a later frame of one object with “#” and that frame's number."""
        uids = self.shrunk_uids or self.source_uids
        if not self.source_frames:
            return uids
        named = zip(uids, self.source_frames, strict=True)
        return tuple(f"{uid}#{frame}" if frame > 1 else uid for uid, frame in named)

    @cached_property
    def image_set(self) -> frozenset[str]:
        """All `images`."""
        return frozenset(self.images)

    @property
    def may_name(self) -> bool:
        """True where the images themselves may name their patient: they are covered while identity is hidden."""
        return self.worded and not self.series.synthetic

    @property
    def one_by_one(self) -> bool:
        """True where there is nothing to see across the images: a single one, or images that make no volume."""
        return self.loose or self.stack.count < 2

    @property
    def slices_in(self) -> int:
        """How many of the slices hold values."""
        return self.stack.count if self.arrived is None else int(np.count_nonzero(self.arrived))

    @property
    def regridded(self) -> bool:
        """True where what is shown was interpolated from the original slices."""
        return self.voxels is not self.slices

    @cached_property
    def interpolated(self) -> bool:
        """True where what is shown was interpolated; False also where original slices were only spread over gaps."""
        # Sets of numpy's load its masked arrays, 14 ms before the first image.
        missing = set(self.missing_planes)
        planes = np.array([k for k in range(self.grid.size_ijk[2]) if k not in missing], dtype=np.intp)
        if not self.regridded or self.grid.size_ijk[:2] != self.stack.size_ij or len(planes) != self.stack.count:
            return self.regridded
        places = self.grid.lps(np.stack([0 * planes, 0 * planes, planes], axis=1))
        away = places - self.stack.positions_lps_mm
        apart, beyond = np.linalg.norm(away, axis=1), np.where(away @ self.stack.normal > 0, 1, -1)
        alone = np.array([k in missing for k in (planes + beyond).tolist()], dtype=np.bool_)
        step_mm = self.grid.spacing_mm[2]
        finest_mm = min(step_mm, float(self.stack.gaps_mm.min())) if self.stack.count > 1 else step_mm
        return bool((apart > np.where(alone, MEETS_ALONE_SHARE * step_mm, MEETS_SHARE * finest_mm)).any())

    @property
    def is_hu(self) -> bool:
        """True where values are Hounsfield units: measured, reported and searched as such."""
        return self.unit == HU

    @property
    def on_hu_scale(self) -> bool:
        """True where 0 is water and −1000 air, as the file says: windows and rules for CT hold without being asked."""
        return is_on_hu_scale(self.unit)

    @cached_property
    def suits_hu(self) -> bool:
        """True where windows and 3D looks that are made for HU show what their names say.

        That is on the scale of HU, and where no unit is stated but values are as low as air in CT. Where a unit is
        stated that is another, such as mg/mL, it is never so, nor where images are MR or other than CT.
        """
        if self.unit != UNKNOWN or self.series.modality not in ("CT", ""):
            return self.on_hu_scale
        there = np.arange(self.stack.count) if self.arrived is None else np.flatnonzero(self.arrived)
        few = self.slices[there, ::4, ::4]
        if self.padding is not None:
            few = few[few != self.padding]
        return bool((few <= PLAUSIBLE_AIR_HU).any())

    @property
    def measurable(self) -> bool:
        """True where lengths and volumes mean something."""
        return self.verdict is not Verdict.UNTRUSTED and not self.preview

    def nearest_ijk(self, lps_mm: ArrayLike) -> tuple[int, int, int] | None:
        """Return the original voxel at an LPS position, or None outside, and nearer to an image that was not read."""
        ijk = self.stack.nearest_ijk(lps_mm)
        if ijk is not None and self.unread_lps_mm is not None and len(self.unread_lps_mm):
            height = float(np.asarray(lps_mm, dtype=np.float64) @ self.stack.normal)
            unread = np.abs(self.unread_lps_mm @ self.stack.normal - height).min()
            if unread < abs(float(self.stack.heights_mm[ijk[2]]) - height):
                return None
        return ijk

    def value_at(self, lps_mm: ArrayLike) -> float | None:
        """Return the value of the original voxel at an LPS position, or None outside, on padding, or not yet read."""
        ijk = self.nearest_ijk(lps_mm)
        if ijk is None:
            return None
        if self.arrived is not None and not self.arrived[ijk[2]]:
            return None
        value = float(self.slices[ijk[2], ijk[1], ijk[0]])
        return None if self.padding is not None and value == self.padding else value

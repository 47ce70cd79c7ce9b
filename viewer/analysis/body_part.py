"""Which part of the body a volume shows, and whether a face may be among it."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from viewer.analysis.pieces import grown, pieces, worn
from viewer.domain.masking import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume


class BodyPart(StrEnum):
    """What a volume is of, as far as that is known."""

    HEAD = "head"
    CHEST = "chest"
    ABDOMEN = "abdomen"
    OTHER = "other"


_WORDS = {
    BodyPart.HEAD: frozenset(
        "head neck brain skull cranium face facial sinus sinuses orbit orbits temporal bones jaw jaws mandible maxilla "
        "dental teeth ear ears stroke kopf schadel hals hno gesicht tete crane cou cabeza cuello".split()
    ),
    BodyPart.CHEST: frozenset("chest thorax lung lungs pulmonary thoracic torax lunge".split()),
    BodyPart.ABDOMEN: frozenset(
        "abdomen abdominal pelvis liver kidney kidneys pancreas colon abd pel abdpel becken leber".split()
    ),
}
_ARTERIES = re.compile(r"\b(angio\w*|cta|arteri\w*)\b")
_VEINS = re.compile(r"\b(portal\w*|venous|venoes|venös\w*|veineux)\b")
_NO_CONTRAST = re.compile(r"\b(without|w/?o|wo|non|no|nativ\w*|unenhanced|plain)\b")
# A trunk's cross-section is larger than a head's with what it lies on; a face is longer than what is allowed to pass.
_TRUNK_MM2 = 45_000.0
_LEAST_FACE_MM = 60.0
_SOLID_HU = -300
# The air of a room; lungs, which a trunk is counted with, hold less of it.
_ROOM_AIR_HU = -950
_SAMPLE_MM = 4.0
_SAMPLE_SLICES = 64

_faces: WeakKeyDictionary[Volume, bool] = WeakKeyDictionary()


def body_part(volume: Volume) -> BodyPart:
    """Return what the series says it is of; where it says nothing, chest if much of the body is lung, else other.

    A series that names several parts is of the one that takes most room: the abdomen before the chest before the head.
    """
    said = _said(volume)
    for part in (BodyPart.ABDOMEN, BodyPart.CHEST, BodyPart.HEAD):
        if said & _WORDS[part]:
            return part
    if volume.series.body_part.strip() or not volume.on_hu_scale or volume.preview or volume.stack.count < 2:
        return BodyPart.OTHER
    step_k = max(1, volume.stack.count // 16)
    few = volume.slices[::step_k, ::8, ::8]
    body = few > -980
    if volume.padding is not None:
        body &= few != volume.padding
    lung = np.count_nonzero(body & (few > -950) & (few < -600))
    solid = np.count_nonzero(few > _SOLID_HU)
    return BodyPart.CHEST if solid and lung / solid > 0.25 else BodyPart.OTHER


def says_arteries(volume: Volume) -> bool:
    """Return whether a description says that arteries were filled with contrast medium, and not veins as well.

    Once veins are filled, vessels have the values of the marrow beside them.
    """
    said = f"{volume.series.study_description} {volume.series.description} {volume.part}".lower()
    return bool(_ARTERIES.search(said)) and not _VEINS.search(said) and not _NO_CONTRAST.search(said)


def may_show_face(volume: Volume) -> bool:
    """Return False only where a volume certainly holds no head: what says so, or is thin as one is for 60 mm, may.

    Limbs, children, small fields of view, volumes whose unit is not HU and those still being read count as heads.
    """
    if volume.preview:
        return True
    if volume not in _faces:
        _faces[volume] = bool(_said(volume) & _WORDS[BodyPart.HEAD]) or not volume.is_hu or _thin(volume)
    return _faces[volume]


def _said(volume: Volume) -> frozenset[str]:
    series = volume.series
    return frozenset(words_of(f"{series.body_part} {series.study_description} {series.description}"))


def _thin(volume: Volume) -> bool:
    stack = volume.stack
    if abs(float(stack.normal[2])) < 0.7 or stack.count < 2:
        return True
    step_i, step_j = (max(1, round(_SAMPLE_MM / mm)) for mm in stack.pixel_spacing_mm)
    step_k = max(1, stack.count // _SAMPLE_SLICES)
    values = volume.slices[::step_k, ::step_j, ::step_i]
    solid = np.asarray(values > _SOLID_HU)
    if volume.padding is not None:
        solid &= values != volume.padding
    pixel_mm2 = step_i * step_j * stack.pixel_spacing_mm[0] * stack.pixel_spacing_mm[1]
    areas = _largest_pieces(_opened(_with_lungs(solid, values)))
    heights = np.abs(stack.positions_lps_mm[::step_k] @ stack.normal)
    thin = areas * pixel_mm2 < _TRUNK_MM2
    longest = run = 0.0
    # Slices of air before and after the body are no head.
    thin[areas == 0] = False
    for k in range(1, len(thin)):
        run = run + abs(float(heights[k] - heights[k - 1])) if thin[k] and thin[k - 1] else 0.0
        longest = max(longest, run)
    return longest >= _LEAST_FACE_MM or 2 * int(np.count_nonzero(thin)) >= int(np.count_nonzero(areas))


def _with_lungs(solid: NDArray[np.bool_], values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return solid pixels [k, j, i] with what they enclose in each slice, but nothing of one value in a corner.

    The air between a head and a frame around it is no part of it, nor is what stands for nothing around a round field
    of view.
    """
    labels, count = pieces(~solid, by_slice=True)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sums = np.bincount(labels.ravel(), np.nan_to_num(values).ravel(), count + 1)
    lung = sums > _ROOM_AIR_HU * sizes
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        lung[edge] = False
    lung[0] = False
    made = solid | lung[labels]
    labels, count = pieces(made, by_slice=True)
    aside = np.zeros(count + 1, dtype=bool)
    for row, column in product((0, -1), repeat=2):
        rows, columns = (slice(0, 2) if end == 0 else slice(-2, None) for end in (row, column))
        one_value = np.ptp(values[:, rows, columns], axis=(1, 2)) == 0
        aside[labels[one_value, row, column]] = True
    aside[0] = False
    return np.asarray(made & ~aside[labels])


def _opened(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return masks [k, j, i] without what is not three pixels wide in its slice, or lies on the edge."""
    made = np.zeros_like(masks)
    made[:, 1:-1, 1:-1] = worn(masks, by_slice=True)[:, 1:-1, 1:-1]
    return grown(made, by_slice=True)


def _largest_pieces(masks: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return how many pixels the largest piece of each slice has."""
    labels, count = pieces(masks, by_slice=True)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    largest: NDArray[np.intp] = sizes[labels].max(axis=(1, 2))
    return largest

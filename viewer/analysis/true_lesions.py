"""True lesions of masks: what is marked falls into separate pieces, and each is measured as a finding is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.analysis.measure import describe, place_words
from viewer.domain.errors import TooLargeError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.identifiers import uid_from
from viewer.domain.labels import Mask

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

MOST_LESIONS = 1000


def true_lesion(mask: Mask, volume: Volume, number: int, *, key: str, label: str, said_by: str) -> Finding:
    """Return a true lesion with its measures; `number` tells it from others of the volume, from 1.

    `key` and `label` are as those of a finding, `said_by` whose truth it is.
    """
    measured = describe(mask, volume)
    return Finding(
        id=f"truth-{number}",
        tracking_uid=uid_from(f"{volume.series.series_uid} truth {number}"),
        label_key=key,
        label=label,
        source=Source(SourceKind.TRUTH, said_by),
        centre_lps_mm=measured.centre_lps_mm,
        bounds_lps_mm=measured.bounds_lps_mm,
        mask=mask,
        volume_ml=measured.volume_ml,
        long_axis_mm=measured.long_axis_mm,
        long_axis_lps_mm=measured.long_axis_lps_mm,
        mean=measured.mean,
        sd=measured.sd,
        place=place_words(measured.centre_lps_mm, volume),
    )


def pieces_of(mask: Mask) -> tuple[Mask, ...]:
    """Return the pieces of a mask: voxels that touch by a face, an edge or a corner belong together.

    Raises
    ------
    TooLargeError
        When there are so many that they are no lesions.
    """
    # Loaded late: no scan without a truth waits for it.
    from scipy import ndimage

    labels, count = ndimage.label(mask.voxels, np.ones((3, 3, 3)))
    if count > MOST_LESIONS:
        raise TooLargeError(
            f"What is marked falls into {count} pieces, which are no lesions.", f"At most {MOST_LESIONS} are taken."
        )
    i, j, k = mask.first_ijk
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        first = (i + box[2].start, j + box[1].start, k + box[0].start)
        found.append(Mask(first, np.ascontiguousarray(labels[box] == number)))
    return tuple(found)

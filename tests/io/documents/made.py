"""Volumes and findings for the tests of SEG, SR and findings.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.analysis.measure import describe
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.identifiers import uid_from
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.assemble import assemble
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MODEL = Source(SourceKind.MODEL, "Anatomy", "1.0", "anatomy", "ab" * 32, rules=True)


def opened(path: Path) -> Volume:
    """Return the volume of the largest series under a path."""
    series = scan(path, JobContext()).series
    return assemble(max(series, key=lambda entry: entry.count), JobContext())


def finding(volume: Volume, marked: NDArray[np.bool_], name: str, key: str = "nodule", **fields: Any) -> Finding:
    """Return a measured finding of what is marked on the original slices."""
    mask = Mask.from_full(marked)
    assert mask is not None
    measured = describe(mask, volume)
    return Finding(
        id=name,
        tracking_uid=uid_from(f"{volume.series.series_uid} {name}"),
        label_key=key,
        label=key.capitalize(),
        source=fields.pop("source", MODEL),
        centre_lps_mm=measured.centre_lps_mm,
        bounds_lps_mm=measured.bounds_lps_mm,
        score=fields.pop("score", None),
        mask=mask,
        volume_ml=measured.volume_ml,
        long_axis_mm=measured.long_axis_mm,
        long_axis_lps_mm=measured.long_axis_lps_mm,
        mean=measured.mean,
        sd=measured.sd,
        **fields,
    )


def mark_at(volume: Volume, ijk: tuple[int, int, int], reader: str) -> Finding:
    """Return a reader's mark without a mask."""
    centre = volume.stack.lps(ijk)
    uid = uid_from(f"{volume.series.series_uid} mark {ijk}")
    bounds = np.stack([centre - 5, centre + 5], axis=1)
    return Finding(uid, uid, "reader-mark", "Missed by the model", Source(SourceKind.READER, reader), centre, bounds)


def anatomy(volume: Volume) -> tuple[Finding, Finding]:
    """Return bone, and air below −400 HU that is no padding, of a real CT."""
    air = volume.slices <= -400
    if volume.padding is not None:
        air &= volume.slices != volume.padding
    return (
        finding(volume, volume.slices >= 250, "bone", "bone"),
        finding(volume, air, "air", "air"),
    )


def block(shape: tuple[int, int, int], k: slice, j: slice, i: slice) -> NDArray[np.bool_]:
    """Return a marked box in an array of a shape."""
    marked = np.zeros(shape, dtype=bool)
    marked[k, j, i] = True
    return marked


def nifti_like(shape_kji: tuple[int, int, int] = (6, 10, 12)) -> Volume:
    """Return a volume as from NIfTI, with oblique directions and no DICOM behind it."""
    turn = np.radians(20.0)
    row, column = np.array([np.cos(turn), np.sin(turn), 0.0]), np.array([-np.sin(turn), np.cos(turn), 0.0])
    positions = np.array([[5.0, -7.0, 30.0 + 2.5 * k] for k in range(shape_kji[0])])
    stack = SliceStack((shape_kji[2], shape_kji[1]), (0.8, 0.9), row, column, positions)
    slices = np.arange(int(np.prod(shape_kji)), dtype=np.int16).reshape(shape_kji)
    return Volume(SeriesFacts("2.25.42"), slices, stack, slices, stack.as_grid())

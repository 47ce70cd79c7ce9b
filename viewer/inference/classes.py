"""Scores of slices and of whole volumes, made into findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.analysis.measure import describe
from viewer.domain.errors import ModelError
from viewer.domain.finding import Localisation
from viewer.domain.labels import Mask
from viewer.inference.answers import numbers_of
from viewer.inference.manifest_terms import FindingScore, OutputKind
from viewer.inference.marks import Mark, Places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest
    from viewer.inference.placing import Placing


@frozen
class Run:
    """Slices in a row on which a label reaches the least score: first and last, the best of them, and the score."""

    label: int
    first: int
    last: int
    peak: int
    score: float


def runs_of(manifest: Manifest, scores: NDArray[np.float32]) -> list[Run]:
    """Return the runs of each label, best first; `scores` is [slice, label]."""
    post = manifest.post
    found = []
    for n in range(scores.shape[1]):
        good = np.flatnonzero(scores[:, n] >= max(post.least_score, 1e-9))
        if not len(good):
            continue
        breaks = np.flatnonzero(np.diff(good) > post.bridge_slices + 1) + 1
        for part in np.split(good, breaks):
            inside = scores[part, n].astype(np.float64)
            how = inside.mean() if post.finding_score is FindingScore.MEAN else inside.max()
            found.append(
                Run(n, int(part[0]), int(part[-1]), int(part[inside.argmax()]), round(float(min(1.0, how)), 6))
            )
    return sorted(found, key=lambda run: -run.score)


def map_images(manifest: Manifest, tensor: object, count: int) -> NDArray[np.float32]:
    """Return an activation map [slice, label, j, i] at the size that the model gave it, nothing below 0.

    Raises
    ------
    ModelError
        When it does not fit its layout, the slices or the labels, or holds what is no number.
    """
    output = manifest.output_of(OutputKind.ACTIVATION_MAP)
    if output is None:
        raise ValueError("no activation map")
    values = numbers_of(manifest, tensor, output)
    values = values.transpose([output.layout.index(letter) for letter in "NCHW" if letter in output.layout])
    if "N" not in output.layout:
        values = values[None]
    if "C" not in output.layout:
        values = np.repeat(values[:, None], len(manifest.labels), axis=1)
    else:
        highest = max(label.index for label in manifest.labels)
        if highest >= values.shape[1]:
            raise ModelError(
                f"{manifest.name} gave maps of {values.shape[1]} channels, and its manifest names channel {highest}."
            )
        values = values[:, [label.index for label in manifest.labels]]
    if len(values) != count:
        raise ModelError(f"{manifest.name} gave maps for {len(values)} images, and {count} went in.")
    if not np.isfinite(values).all():
        raise ModelError(f"{manifest.name} gave no result: its map holds values that are not numbers.")
    return np.asarray(np.maximum(values, 0), dtype=np.float32)


def enlarged(image: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return a coarse map [j, i] interpolated linearly to a size, both covering the same area."""
    made = image
    for axis, wanted in enumerate(shape):
        have = made.shape[axis]
        if have == wanted:
            continue
        at = np.clip((np.arange(wanted) + 0.5) * have / wanted - 0.5, 0, have - 1)
        low = np.minimum(at.astype(int), max(have - 2, 0))
        share = np.expand_dims(at - low, 1 - axis).astype(np.float32)
        made = made.take(low, axis) * (1 - share) + made.take(np.minimum(low + 1, have - 1), axis) * share
    return np.asarray(made, dtype=np.float32)


def slice_marks(
    manifest: Manifest,
    volume: Volume,
    placing: Placing,
    runs: list[Run],
    maps: dict[tuple[int, int], NDArray[np.float32]],
    fed_ji: tuple[int, int],
    ctx: JobContext,
) -> list[Mark]:
    """Return a mark for each run of slices: where its maps say, or without a place within its slices.

    Parameters
    ----------
    maps
        [j, i], as coarse as the model gave them, by label number and fed slice; a run without any gets no place.
    fed_ji
        Rows and columns that a map covers: those fed, filled up to a multiple.
    """
    places = Places(volume)
    marks = []
    for run in runs:
        ctx.stop_if_cancelled()
        images = {k: maps[run.label, k] for k in range(run.first, run.last + 1) if (run.label, k) in maps}
        mask = _mapped(manifest.post.map_threshold, placing, images, fed_ji) if images else None
        slices_k = placing.slices_of(run.first, run.last)
        key = manifest.labels[run.label].key
        if mask is None:
            marks.append(_on_slices(key, run, placing, slices_k))
            continue
        measured = describe(mask, volume)
        marks.append(
            Mark(
                key,
                run.score,
                measured.centre_lps_mm,
                measured.bounds_lps_mm,
                mask=mask,
                measured=measured,
                # A map may lie on both sides; its marked voxel nearest to the middle lies on one.
                place=places.words(measured.bounds_lps_mm.mean(axis=1)),
                localisation=Localisation.MAP,
                slices_k=slices_k,
            )
        )
    return marks


def _mapped(
    share: float, placing: Placing, images: dict[int, NDArray[np.float32]], fed_ji: tuple[int, int]
) -> Mask | None:
    """Return the original voxels at which maps reach a share of their largest value, or None where there is none."""
    first, last = min(images), max(images)
    _, nj, ni = placing.shape_kji
    # Slices that a run bridges have no map.
    values = np.zeros((last - first + 1, nj, ni), np.float32)
    for k, image in images.items():
        values[k - first] = enlarged(image, fed_ji)[:nj, :ni]
    largest = float(values.max())
    if largest <= 0:
        return None
    placed = placing.map_on_slices(values, first, largest * share / 8)
    if placed is None:
        return None
    (i, j, k), shown = placed
    # A fed slice that lies between two original ones is weaker on both.
    mask = Mask.from_full(shown >= float(shown.max()) * share)
    if mask is None:
        return None
    at = mask.first_ijk
    return Mask((at[0] + i, at[1] + j, at[2] + k), mask.voxels)


def _on_slices(key: str, run: Run, placing: Placing, slices_k: tuple[int, int]) -> Mark:
    _, nj, ni = placing.shape_kji
    corners = placing.corners_lps((-0.5, -0.5, run.first - 0.5), (ni - 0.5, nj - 0.5, run.last + 0.5))
    return Mark(
        key,
        run.score,
        placing.lps(((ni - 1) / 2, (nj - 1) / 2, run.peak)),
        np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1),
        localisation=Localisation.SLICES,
        slices_k=slices_k,
    )


def series_marks(manifest: Manifest, volume: Volume, scores: NDArray[np.float32]) -> list[Mark]:
    """Return a mark without a place for each label of a whole volume that reaches the least score."""
    stack = volume.stack
    ni, nj = stack.size_ij
    ends: Any = [(i, j, k) for i in (-0.5, ni - 0.5) for j in (-0.5, nj - 0.5) for k in (0, stack.count - 1)]
    corners = stack.lps(ends)
    bounds = np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1)
    middle = stack.lps(((ni - 1) / 2, (nj - 1) / 2, (stack.count - 1) // 2))
    return [
        Mark(
            label.key,
            round(float(score), 6),
            middle,
            bounds,
            localisation=Localisation.SERIES,
        )
        for label, score in zip(manifest.labels, scores[0], strict=True)
        if score >= manifest.post.least_score
    ]

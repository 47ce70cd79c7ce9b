"""Probabilities on the original slices, cut once and taken apart into findings' masks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.analysis.measure import Measured, body_bounds, describe, place_words
from viewer.domain.errors import ModelError
from viewer.domain.finding import Localisation
from viewer.domain.labels import Mask
from viewer.inference.manifest_terms import Connectivity, FindingScore, OutputKind

if TYPE_CHECKING:
    from viewer.analysis.sampling import Sampling
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

_MOST_FINDINGS = 2000
_MOST_PIECES_MERGED = 20_000
# Pieces that are brought onto the slices one by one; more cost more than all of it at once.
_MOST_PIECES = 100


@frozen(eq=False)
class Mark:
    """One finding as a worker hands it over.

    `measured` are those of the mask; without a mask there are none. Other fields as in `viewer.domain.finding.Finding`.
    """

    label_key: str
    score: float | None
    centre_lps_mm: NDArray[np.float64]
    bounds_lps_mm: NDArray[np.float64]
    mask: Mask | None = None
    measured: Measured | None = None
    place: str = ""
    localisation: Localisation = Localisation.OUTLINE
    corners_lps_mm: NDArray[np.float64] | None = None
    slices_k: tuple[int, int] | None = None


class Places:
    """Says in words where in the body a point lies; the body is looked for once, where it is not known."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        known = volume.on_hu_scale and volume.measurable
        self._body = (volume.body_lps_mm if volume.body_lps_mm is not None else body_bounds(volume)) if known else None

    def words(self, centre_lps_mm: NDArray[np.float64]) -> str:
        """Return the place, or "" where it cannot be said honestly."""
        return "" if self._body is None else place_words(centre_lps_mm, self._volume, self._body)


@frozen(eq=False)
class _Part:
    """A connected piece: its mask and score."""

    mask: Mask
    score: float | None

    @property
    def first_kji(self) -> tuple[int, int, int]:
        """The first marked voxel, slice by slice."""
        i, j, k = self.mask.first_ijk
        row, column = np.argwhere(self.mask.voxels[0])[0]
        return k, j + int(row), i + int(column)


def marks_of(
    manifest: Manifest, volume: Volume, values: NDArray[Any], sampling: Sampling | None, ctx: JobContext
) -> list[Mark]:
    """Return what the model marked.

    Parameters
    ----------
    values
        [label, k, j, i] on the model's grid: probabilities, or booleans.

    Raises
    ------
    ModelError
        When more places are marked than anybody could read.
    """
    places: Places | None = None
    marks: list[Mark] = []
    for n, label in enumerate(manifest.labels):
        ctx.report(n, len(manifest.labels), "Making findings")
        parts: list[_Part] = []
        for placed in _on_slices(manifest, values[n], sampling):
            parts += _parts(manifest, volume, placed, len(marks) + len(parts), ctx)
        # As one goes through the slices, whichever piece was looked at first.
        parts.sort(key=lambda part: part.first_kji)
        whole = manifest.post.connectivity is Connectivity.LABEL
        for part in parts:
            ctx.stop_if_cancelled()
            measured = describe(part.mask, volume)
            if not whole and places is None:
                places = Places(volume)
            marks.append(
                Mark(
                    label.key,
                    part.score,
                    measured.centre_lps_mm,
                    measured.bounds_lps_mm,
                    mask=part.mask,
                    measured=measured,
                    place="" if places is None else places.words(measured.centre_lps_mm),
                    slices_k=part.mask.slices_k,
                )
            )
    return marks


def _on_slices(
    manifest: Manifest, values: NDArray[Any], sampling: Sampling | None
) -> list[tuple[tuple[int, int, int], NDArray[Any]]]:
    """Return boxes, each with its first voxel (i, j, k) and its values on the original slices."""
    if sampling is None:
        return [((0, 0, 0), values)]
    # What is one finding though it lies apart has to be in one box.
    joined = manifest.post.connectivity is Connectivity.LABEL or manifest.post.merge_distance_mm > 0
    most = 0 if joined else _MOST_PIECES
    return sampling.pieces_onto_slices(values.astype(np.float32, copy=False), _cut(manifest), most)


def _cut(manifest: Manifest) -> float:
    # At the border of a label that was resampled, half a voxel's share decides.
    return 0.5 if manifest.output.kind is OutputKind.LABEL_MAP else manifest.post.mask_threshold


def _parts(
    manifest: Manifest,
    volume: Volume,
    placed: tuple[tuple[int, int, int], NDArray[Any]],
    before: int,
    ctx: JobContext,
) -> list[_Part]:
    # Loaded late: the program's start reads this module, but only a run needs the library.
    from scipy import ndimage

    post = manifest.post
    (i, j, k), values = placed
    marked = values.copy() if values.dtype == np.bool_ else values >= _cut(manifest)
    if volume.padding is not None:
        nk, nj, ni = values.shape
        marked &= volume.slices[k : k + nk, j : j + nj, i : i + ni] != volume.padding
    lengths = volume.stack.slice_weights_mm
    area_mm2 = volume.stack.pixel_spacing_mm[0] * volume.stack.pixel_spacing_mm[1]
    if post.connectivity is Connectivity.LABEL:
        mask = Mask.from_full(marked)
        if mask is None:
            return []
        kept = [(mask, values[mask.box][mask.voxels])]
    else:
        structure = ndimage.generate_binary_structure(3, {"6": 1, "18": 2, "26": 3}[post.connectivity])
        labels, count = ndimage.label(marked, structure)
        if count > _MOST_PIECES_MERGED and post.merge_distance_mm > 0:
            raise _too_many(manifest)
        if post.merge_distance_mm > 0:
            labels = _merged(labels, volume, (i, j, k), post.merge_distance_mm)
        kept = []
        for number, box in enumerate(ndimage.find_objects(labels), start=1):
            if box is None:
                continue
            if number % 64 == 0:
                ctx.stop_if_cancelled()
            own = labels[box] == number
            counts = np.count_nonzero(own, axis=(1, 2))
            ml = float(counts @ lengths[k + box[0].start : k + box[0].stop]) * area_mm2 / 1000
            if ml < post.smallest_ml:
                continue
            first = (box[2].start, box[1].start, box[0].start)
            kept.append((Mask(first, own), values[box][own]))
            if before + len(kept) > _MOST_FINDINGS:
                raise _too_many(manifest)
    parts = []
    for mask, inside in kept:
        first = (mask.first_ijk[0] + i, mask.first_ijk[1] + j, mask.first_ijk[2] + k)
        moved = Mask(first, mask.voxels)
        ml = float(np.count_nonzero(mask.voxels, axis=(1, 2)) @ lengths[moved.box[0]]) * area_mm2 / 1000
        if ml >= post.smallest_ml:
            parts.append(_Part(moved, _score(post.finding_score, inside)))
    return parts


def _too_many(manifest: Manifest) -> ModelError:
    return ModelError(
        f"{manifest.name} marked more than {_MOST_FINDINGS} separate places: no result that can be read.",
        "Raise post.smallest_ml in its manifest, or the mask threshold.",
    )


def _score(how: FindingScore, inside: NDArray[Any]) -> float | None:
    if how is FindingScore.NONE:
        return None
    values = inside.astype(np.float64)
    if how is FindingScore.MEAN:
        score = float(values.mean())
    elif how is FindingScore.P95:
        score = float(np.percentile(values, 95))
    else:
        score = float(values.max())
    return round(min(1.0, max(0.0, score)), 6)


def _merged(labels: NDArray[Any], volume: Volume, first_ijk: tuple[int, int, int], distance_mm: float) -> NDArray[Any]:
    """Return labels in which pieces that come nearer than a distance to one another have one number."""
    from scipy import ndimage
    from scipy.spatial import cKDTree

    edges = (labels > 0) & ~ndimage.binary_erosion(labels > 0)
    k, j, i = np.nonzero(edges)
    if not len(k):
        return labels
    numbers = labels[k, j, i]
    points = volume.stack.lps(np.stack([i + first_ijk[0], j + first_ijk[1], k + first_ijk[2]], axis=-1))
    parent = np.arange(int(labels.max()) + 1)

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = int(parent[n])
        return n

    order = np.argsort(numbers, kind="stable")
    pieces, starts = np.unique(numbers[order], return_index=True)
    own = np.split(points[order], starts[1:])
    low, high = (np.array([end(part, axis=0) for part in own]) for end in (np.min, np.max))

    @cache
    def tree(n: int) -> Any:
        return cKDTree(own[n])

    for a in range(len(pieces) - 1):
        # Most pieces lie too far away by their boxes alone.
        gaps = np.maximum(0, np.maximum(low[a + 1 :] - high[a], low[a] - high[a + 1 :]))
        for b in np.flatnonzero((gaps**2).sum(axis=1) <= distance_mm**2) + a + 1:
            first, second = int(pieces[a]), int(pieces[b])
            if root(first) != root(second):
                nearest = tree(a).query(own[b], distance_upper_bound=distance_mm)[0]
                if float(np.min(nearest)) <= distance_mm:
                    parent[root(second)] = root(first)
    joined: NDArray[Any] = np.array([root(n) for n in range(len(parent))])[labels]
    return joined

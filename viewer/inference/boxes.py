"""Boxes that a model decoded, made into findings: put into one frame, those that overlap thinned out, placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.analysis.measure import describe
from viewer.domain.errors import ModelError
from viewer.domain.finding import Localisation
from viewer.inference.answers import numbers_of, probabilities
from viewer.inference.manifest_terms import BoxFormat, BoxFrame, BoxOrigin, OutputKind
from viewer.inference.marks import Mark, Places

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import BoxForm, Manifest
    from viewer.inference.placing import Placing
    from viewer.inference.prepare import Box

_MOST_BOXES = 20_000


@frozen(eq=False)
class Boxes:
    """Boxes in fed voxel coordinates (i, j, k; whole numbers at voxel centres), with label number and score.

    `low` and `high` have shape (n, 3), `label` and `score` (n,). `stray` is the highest number, above 0, of those that
    reach the least score and have no label that is named; 0 for none.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    label: NDArray[np.intp]
    score: NDArray[np.float64]
    stray: int = 0

    def chosen(self, index: NDArray[Any]) -> Boxes:
        """Return some of them."""
        return Boxes(self.low[index], self.high[index], self.label[index], self.score[index])


def together(several: list[Boxes]) -> Boxes:
    """Return the boxes of all patches."""
    empty = Boxes(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.intp), np.empty(0))
    parts = [empty, *several]
    return Boxes(
        np.concatenate([b.low for b in parts]),
        np.concatenate([b.high for b in parts]),
        np.concatenate([b.label for b in parts]),
        np.concatenate([b.score for b in parts]),
        max(b.stray for b in parts),
    )


def boxes_of(manifest: Manifest, outputs: dict[str, object], patch: Box) -> Boxes:
    """Return the boxes of one patch that reach the least score, in the coordinates of the whole fed grid.

    Raises
    ------
    ModelError
        When the tensors do not belong together, hold what is no number, or a box of a good score has no extent.
    """
    main = manifest.output
    boxes = _rows(manifest, outputs, OutputKind.BOXES, "B6")
    scores = _rows(manifest, outputs, OutputKind.BOX_SCORES, "BC")
    if boxes.shape[1] != 6:
        raise ModelError(f"{manifest.name} gave boxes of {boxes.shape[1]} numbers; six make a box.")
    if len(boxes) != len(scores):
        raise ModelError(f"{manifest.name} gave {len(boxes)} boxes and {len(scores)} scores for them.")
    if len(boxes) > _MOST_BOXES:
        raise ModelError(f"{manifest.name} gave {len(boxes)} boxes in one patch: no result that can be read.")
    score, label, unnamed = _labelled(manifest, outputs, scores)
    least = max(manifest.post.least_score, 1e-9)
    good = score >= least
    stray = int(unnamed[:, 1][unnamed[:, 0] >= least].max(initial=0))
    rows, labels = np.nonzero(good)
    if main.box is None:
        raise ValueError("boxes without a form")
    spacing = manifest.image.spacing_mm or (1.0, 1.0, 1.0)
    low, high = _corners(boxes[rows].astype(np.float64), main.box, spacing)
    if len(low) and not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ModelError(
            f"{manifest.name} gave no result: a box lies at no number.", "This is not the same as finding nothing."
        )
    if len(low) and not (high > low).all():
        raise ModelError(
            f"{manifest.name} gave a box that ends before it begins.",
            f"output.{main.name}: format, origin or order may be other than the manifest says.",
        )
    start = np.array([patch[2].start, patch[1].start, patch[0].start], dtype=np.float64)
    chosen = label[rows] if label is not None else labels
    return Boxes(low + start, high + start, chosen, score[rows, labels].astype(np.float64), stray)


def _rows(manifest: Manifest, outputs: dict[str, object], kind: OutputKind, order: str) -> NDArray[Any]:
    """Return a tensor as [box, …], its batch of one left out."""
    output = manifest.output_of(kind)
    if output is None:
        raise ValueError(f"no output of the kind {kind}")
    values = numbers_of(manifest, outputs[output.name], output)
    layout = output.layout
    if "N" in layout:
        if values.shape[layout.index("N")] != 1:
            raise ModelError(f"{manifest.name} gave boxes for several images, and one patch went in.")
        values = values.squeeze(layout.index("N"))
        layout = layout.replace("N", "")
    values = values.transpose([layout.index(letter) for letter in order if letter in layout])
    return values if len(order) == len(layout) else values[:, None]


def _labelled(
    manifest: Manifest, outputs: dict[str, object], scores: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.intp] | None, NDArray[np.float64]]:
    """Return scores [box, label], or [box, 1] with the number of each box's label; and scores and labels of others."""
    nobody = np.empty((0, 2))
    output = manifest.output_of(OutputKind.BOX_SCORES)
    if output is None:
        raise ValueError("boxes without scores")
    if "C" in output.layout:
        return probabilities(manifest, scores, output), None, nobody
    one = _one_probability(manifest, scores)
    if manifest.output_of(OutputKind.BOX_LABELS) is None:
        return one, np.zeros(len(scores), np.intp), nobody
    given = _rows(manifest, outputs, OutputKind.BOX_LABELS, "B")
    if len(given) != len(scores):
        raise ModelError(f"{manifest.name} gave {len(scores)} boxes and {len(given)} labels for them.")
    numbers = np.full(len(given), -1, np.intp)
    for n, label in enumerate(manifest.labels):
        numbers[np.asarray(given).ravel() == label.index] = n
    # A label that the manifest does not name (such as background) makes no finding.
    others = numbers < 0
    unnamed = np.stack([one[others, 0], np.asarray(given).ravel()[others]], axis=1).astype(np.float64)
    return np.where(others[:, None], np.float32(0), one), np.maximum(numbers, 0), unnamed


def _one_probability(manifest: Manifest, scores: NDArray[Any]) -> NDArray[np.float32]:
    from attrs import evolve

    output = manifest.output_of(OutputKind.BOX_SCORES)
    if output is None:
        raise ValueError("boxes without scores")
    alone = evolve(manifest, labels=(evolve(manifest.labels[0], index=0),))
    return probabilities(alone, scores, output)


def _corners(
    boxes: NDArray[np.float64], form: BoxForm, spacing_mm: tuple[float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the low and high corners (i, j, k), whole numbers at voxel centres."""
    places = [form.order.index(axis) for axis in "ijk"]
    first, second = boxes[:, :3][:, places], boxes[:, 3:][:, places]
    if form.frame is BoxFrame.MM:
        first, second = first / np.array(spacing_mm), second / np.array(spacing_mm)
    if form.format is BoxFormat.CENTRE_SIZE:
        first, second = first - second / 2, first + second / 2
    if form.origin is BoxOrigin.EDGE:
        return first - 0.5, second - 0.5
    if form.origin is BoxOrigin.INCLUSIVE:
        return first - 0.5, second + 0.5
    return first, second


def thinned(boxes: Boxes, iou: float) -> Boxes:
    """Return the boxes left when of those of one label that overlap more than `iou` only the best is kept.

    Best is the highest score, then the largest: of a box that a patch's end cut and the whole one, the whole one.
    """
    size = np.prod(boxes.high - boxes.low, axis=1)
    order = np.lexsort((-size, -boxes.score))
    kept: list[int] = []
    alive = np.ones(len(order), dtype=bool)
    for at, n in enumerate(order):
        if not alive[at]:
            continue
        kept.append(int(n))
        rest = order[at + 1 :]
        shared = np.minimum(boxes.high[n], boxes.high[rest]) - np.maximum(boxes.low[n], boxes.low[rest])
        both = np.prod(np.maximum(shared, 0), axis=1)
        overlap = both / (size[n] + size[rest] - both)
        alive[at + 1 :] &= ~((overlap > iou) & (boxes.label[rest] == boxes.label[n]))
    return boxes.chosen(np.array(kept, dtype=np.intp))


def box_marks(manifest: Manifest, volume: Volume, placing: Placing, boxes: Boxes, ctx: JobContext) -> list[Mark]:
    """Return a mark for each box, cut to what was fed; boxes with their middle outside of the slices are left out.

    Raises
    ------
    ModelError
        When there are more than anybody could read.
    """
    nk, nj, ni = placing.shape_kji
    end = np.array([ni, nj, nk], dtype=np.float64) - 0.5
    middle = (boxes.low + boxes.high) / 2
    inside = ((middle >= -0.5) & (middle <= end)).all(axis=1)
    found = thinned(boxes.chosen(np.flatnonzero(inside)), manifest.post.nms_iou)
    if len(found.score) > manifest.post.most_findings:
        raise ModelError(
            f"{manifest.name} gave {len(found.score)} boxes: no result that can be read.",
            "Raise post.least_score in its manifest, or post.most_findings.",
        )
    places = Places(volume)
    marks = []
    for low, high, label, score in zip(found.low, found.high, found.label, found.score, strict=True):
        ctx.stop_if_cancelled()
        low, high = np.maximum(low, -0.5), np.minimum(high, end)
        corners = placing.corners_lps(low, high)
        mask = placing.box_mask(low, high)
        if mask is None:
            continue
        centre = corners.mean(axis=0)
        marks.append(
            Mark(
                manifest.labels[label].key,
                round(float(score), 6),
                centre,
                np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1),
                mask=mask,
                measured=describe(mask, volume),
                place=places.words(centre),
                localisation=Localisation.BOX,
                corners_lps_mm=corners,
                slices_k=mask.slices_k,
            )
        )
    return marks

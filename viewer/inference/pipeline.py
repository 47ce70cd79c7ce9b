"""The way from a volume through a model to marks, in one process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.errors import ModelError
from viewer.inference.answers import answer_of, class_scores, unnamed_in, unnamed_words
from viewer.inference.boxes import box_marks, boxes_of, together
from viewer.inference.classes import Run, map_images, runs_of, series_marks, slice_marks
from viewer.inference.manifest_terms import OutputKind, Task
from viewer.inference.marks import Mark, marks_of
from viewer.inference.occlusion import occlusion_map, runs_for_one
from viewer.inference.patches import Blend, Plan, plan
from viewer.inference.placing import placing_of
from viewer.inference.prepare import Box, Prepared, as_tensor, prepare
from viewer.inference.probability_map import PackedMap, packed_map
from viewer.inference.session import run_once, thread_count, whole_slabs
from viewer.inference.twice import twice_by_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest
    from viewer.inference.session import Session


@frozen(eq=False)
class Feed:
    """One call of the model: the boxes that go in together, and the tensors by name."""

    boxes: tuple[Box, ...]
    tensors: dict[str, NDArray[Any]]


def feeds(manifest: Manifest, prepared: Prepared, how: Plan) -> Iterator[Feed]:
    """Yield the tensors of each call, in order, made when they are asked for.

    Raises
    ------
    ModelError
        When the layout has no place for the channels or the batch.
    """
    # Without D a block's slices are the batch already.
    batch = manifest.inference.batch if len(how.boxes) > 1 and "D" in manifest.image.layout else 1
    for boxes in _together(how.boxes, batch):
        try:
            tensors = {t.name: as_tensor([prepared.block(t, box) for box in boxes], t.layout) for t in manifest.inputs}
        except ValueError as error:
            raise ModelError(f"{manifest.name}: {error}.", "Correct the layout in its manifest.") from error
        yield Feed(boxes, tensors)


def _together(boxes: tuple[Box, ...], batch: int) -> Iterator[tuple[Box, ...]]:
    """Yield boxes that go in together: neighbours of one size, at most so many; the last slab may be thinner."""
    for _, alike in itertools.groupby(boxes, lambda box: [s.stop - s.start for s in box]):
        same = tuple(alike)
        yield from (same[start : start + batch] for start in range(0, len(same), batch))


def _mirrored(feed: dict[str, NDArray[Any]], manifest: Manifest, axes: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    letters = ["WHD"["ijk".index(axis)] for axis in axes]
    made = {}
    for tensor in manifest.inputs:
        layout = tensor.layout if "D" in tensor.layout else tensor.layout.replace("N", "D")
        places = tuple(layout.index(letter) for letter in letters)
        made[tensor.name] = np.ascontiguousarray(np.flip(feed[tensor.name], places))
    return made


def _voxels(
    manifest: Manifest, session: Session, tensors: dict[str, NDArray[Any]], blocks: int, shape: tuple[int, ...]
) -> tuple[NDArray[Any], int]:
    tensor = run_once(manifest, session, tensors)[manifest.output.name]
    answer = answer_of(manifest, tensor, blocks, shape)
    return answer, unnamed_in(manifest, tensor, answer)


def _answers(manifest: Manifest, session: Session, feed: Feed, shape: tuple[int, ...]) -> tuple[NDArray[Any], int]:
    """Return [block, label, k, j, i], averaged over the mirrored runs that the manifest asks for; see `unnamed_in`."""
    flips = manifest.inference.flips
    straight, unnamed = _voxels(manifest, session, feed.tensors, len(feed.boxes), shape)
    if not flips:
        return straight, unnamed
    total = straight.astype(np.float32)
    count = 1
    for number in range(1, len(flips) + 1):
        for axes in itertools.combinations(flips, number):
            tensors = _mirrored(feed.tensors, manifest, axes)
            answer, _ = _voxels(manifest, session, tensors, len(feed.boxes), shape)
            total += np.flip(answer, tuple(4 - "ijk".index(axis) for axis in axes))
            count += 1
    return total / np.float32(count), unnamed


@frozen(eq=False)
class Answer:
    """What a model says of a volume: marks, the score of the case by label key, a map of probabilities, and notes."""

    marks: list[Mark]
    case_scores: dict[str, float]
    probabilities: PackedMap | None = None
    notes: tuple[str, ...] = ()


Parts = Callable[[NDArray[np.float64] | None], None]


def _nobody(boxes_lps_mm: NDArray[np.float64] | None) -> None:
    pass


def answer_in(
    manifest: Manifest, volume: Volume, session: Session, ctx: JobContext, on_parts: Parts = _nobody
) -> Answer:
    """Return what a model says of a volume.

    `on_parts` is told the corners (n, 8, 3) of all parts before the first, and None after each of them.

    Raises
    ------
    ModelError, CancelledError
        When there is no result.
    """
    prepared = prepare(manifest, volume, ctx.part(0.0, 0.1), threads=thread_count())
    how = plan(prepared.shape_kji, manifest.image, manifest.inference, whole_slabs=whole_slabs(manifest, session))
    placing = placing_of(prepared, volume.stack)
    running, rest = ctx.part(0.1, 0.9), ctx.part(0.9, 1.0)

    def corners(box: Box) -> NDArray[np.float64]:
        low = [box[axis].start - 0.5 for axis in (2, 1, 0)]
        high = [min(box[axis].stop, prepared.shape_kji[axis]) - 0.5 for axis in (2, 1, 0)]
        return placing.corners_lps(low, high)

    def done(_box: Box) -> None:
        on_parts(None)

    on_parts(np.array([corners(box) for box in how.boxes]))

    probabilities, warning = None, ""
    if manifest.task is Task.SEGMENTATION:
        values, stray = _voxel_values(manifest, prepared, how, session, running, done)
        warning = twice_by_values(manifest, values)
        marks = marks_of(manifest, volume, values, prepared.sampling, rest)
        if manifest.output.kind is not OutputKind.LABEL_MAP:
            probabilities = packed_map(values, prepared.sampling, volume.stack)
        elif stray and not marks:
            warning = unnamed_words(manifest, stray)
    elif manifest.task is Task.DETECTION:
        found = together(
            [
                boxes_of(manifest, outputs, feed.boxes[0])
                for feed, outputs in _outputs(manifest, prepared, how, session, running, done)
            ]
        )
        marks = box_marks(manifest, volume, placing, found, rest)
        if found.stray and not marks:
            warning = unnamed_words(manifest, found.stray)
    elif manifest.task is Task.SLICE_CLASSIFICATION:
        scores, maps = _of_slices(manifest, prepared, how, session, ctx.part(0.1, 0.7), done)
        runs = runs_of(manifest, scores)
        fed_ji = (how.boxes[0][1].stop, how.boxes[0][2].stop)
        if manifest.output_of(OutputKind.ACTIVATION_MAP) is None:
            maps = _looked_at(manifest, prepared, session, runs, scores, ctx.part(0.7, 0.95))
        marks = slice_marks(manifest, volume, placing, runs, maps, fed_ji, ctx.part(0.95, 1.0))
        warning = twice_by_values(manifest, scores)
        return Answer(marks, _highest(manifest, scores), notes=(warning,) if warning else ())
    else:
        ((_, outputs),) = _outputs(manifest, prepared, how, session, running, done)
        scores = class_scores(manifest, outputs[manifest.output.name], 1)
        return Answer(series_marks(manifest, volume, scores), _highest(manifest, scores))
    best: dict[str, float] = {}
    for mark in marks:
        if mark.score is not None:
            best[mark.label_key] = max(best.get(mark.label_key, 0.0), mark.score)
    return Answer(marks, best, probabilities, (warning,) if warning else ())


def _highest(manifest: Manifest, scores: NDArray[np.float32]) -> dict[str, float]:
    return {label.key: round(float(score), 6) for label, score in zip(manifest.labels, scores.max(axis=0), strict=True)}


def _outputs(
    manifest: Manifest, prepared: Prepared, how: Plan, session: Session, ctx: JobContext, done: Callable[[Box], None]
) -> Iterator[tuple[Feed, dict[str, object]]]:
    """Yield each call of the model with what came out."""
    count = 0
    for feed in feeds(manifest, prepared, how):
        ctx.report(count, len(how.boxes), f"Running {manifest.name}, part {count + 1} of {len(how.boxes)}")
        yield feed, run_once(manifest, session, feed.tensors)
        for box in feed.boxes:
            done(box)
        count += len(feed.boxes)
    ctx.report(count, len(how.boxes), "Putting the parts together")


def _of_slices(
    manifest: Manifest, prepared: Prepared, how: Plan, session: Session, ctx: JobContext, done: Callable[[Box], None]
) -> tuple[NDArray[np.float32], dict[tuple[int, int], NDArray[np.float32]]]:
    """Return scores [slice, label], and the maps of the slices that make findings by label number and slice."""
    side = manifest.output_of(OutputKind.ACTIVATION_MAP)
    scores, maps = [], {}
    for feed, outputs in _outputs(manifest, prepared, how, session, ctx, done):
        ks = feed.boxes[0][0]
        count = min(ks.stop, prepared.shape_kji[0]) - ks.start
        scores.append(class_scores(manifest, outputs[manifest.output.name], ks.stop - ks.start)[:count])
        if side is None:
            continue
        images = map_images(manifest, outputs[side.name], ks.stop - ks.start)
        for n, label in np.argwhere(scores[-1] >= manifest.post.least_score):
            maps[int(label), ks.start + int(n)] = images[n, label].copy()
    return np.concatenate(scores), maps


def _looked_at(
    manifest: Manifest,
    prepared: Prepared,
    session: Session,
    runs: list[Run],
    scores: NDArray[np.float32],
    ctx: JobContext,
) -> dict[tuple[int, int], NDArray[np.float32]]:
    """Return occlusion maps of the best slice of each run, the best runs first, as far as the runs suffice."""
    _, nj, ni = prepared.shape_kji
    cost = runs_for_one((nj, ni))
    most = manifest.post.occlusion_runs // cost
    image = manifest.image
    at_once = manifest.inference.slab if whole_slabs(manifest, session) else 1
    whole = tuple(-(-n // m) * m for n, m in zip((nj, ni), image.size_multiple[1::-1], strict=True))
    maps = {}
    for n, run in enumerate(runs[:most]):
        ctx.report(n, min(most, len(runs)), f"Looking where {manifest.name} looked, {n + 1} of {min(most, len(runs))}")
        box = (slice(run.peak, run.peak + 1), slice(0, whole[0]), slice(0, whole[1]))
        own = prepared.block(image, box)[:, 0]
        others = {t.name: prepared.block(t, box) for t in manifest.inputs if t is not image}

        def scores_of(images: NDArray[Any], run: Run = run, others: dict[str, NDArray[Any]] = others) -> Any:
            ctx.stop_if_cancelled()
            asked = len(images)
            count = max(asked, at_once)
            images = np.concatenate([images, images[:1].repeat(count - asked, axis=0)])
            tensors = {image.name: as_tensor([images.transpose(1, 0, 2, 3)], image.layout)}
            for tensor in manifest.inputs:
                if tensor is not image:
                    tensors[tensor.name] = as_tensor([np.repeat(others[tensor.name], count, axis=1)], tensor.layout)
            outputs = run_once(manifest, session, tensors)
            return class_scores(manifest, outputs[manifest.output.name], count)[:asked, run.label]

        found = occlusion_map(own, float(scores[run.peak, run.label]), scores_of, manifest.inference.slab)
        if found is not None:
            maps[run.label, run.peak] = found
    return maps


def values_in(
    manifest: Manifest,
    prepared: Prepared,
    how: Plan,
    session: Session,
    ctx: JobContext,
    patch_done: Callable[[Box], None] | None = None,
) -> NDArray[Any]:
    """Return the model's answer [label, k, j, i] on its grid; `patch_done` is told each box that is done."""
    return _voxel_values(manifest, prepared, how, session, ctx, patch_done)[0]


def _voxel_values(
    manifest: Manifest,
    prepared: Prepared,
    how: Plan,
    session: Session,
    ctx: JobContext,
    patch_done: Callable[[Box], None] | None = None,
) -> tuple[NDArray[Any], int]:
    """Return what `values_in` does, and the highest number of a label map's parts that hold no label that is named."""
    stray = 0
    blend = Blend(prepared.shape_kji, len(manifest.labels), how=how, blending=manifest.inference.blending)
    done = 0
    for feed in feeds(manifest, prepared, how):
        ctx.report(done, len(how.boxes), f"Running {manifest.name}, part {done + 1} of {len(how.boxes)}")
        shape = tuple(s.stop - s.start for s in feed.boxes[0])
        answers, unnamed = _answers(manifest, session, feed, shape)
        stray = max(stray, unnamed)
        for box, answer in zip(feed.boxes, answers, strict=True):
            blend.add(box, answer)
            if patch_done is not None:
                patch_done(box)
        done += len(feed.boxes)
    ctx.report(done, len(how.boxes), "Putting the parts together")
    return blend.result(), stray

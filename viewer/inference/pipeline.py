"""The way from a volume through a model to marks, in one process."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.errors import ModelError
from viewer.inference.answers import answer_of
from viewer.inference.marks import Mark, marks_of
from viewer.inference.patches import Blend, Plan, plan
from viewer.inference.prepare import Box, Prepared, as_tensor, prepare
from viewer.inference.probability_map import PackedMap, packed_map
from viewer.inference.session import run_once

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
    batch = manifest.inference.batch if len(how.boxes) > 1 and "D" in manifest.image.layout else 1
    for start in range(0, len(how.boxes), batch):
        boxes = how.boxes[start : start + batch]
        try:
            tensors = {t.name: as_tensor([prepared.block(t, box) for box in boxes], t.layout) for t in manifest.inputs}
        except ValueError as error:
            raise ModelError(f"{manifest.name}: {error}.", "Correct the layout in its manifest.") from error
        yield Feed(boxes, tensors)


def _mirrored(feed: dict[str, NDArray[Any]], manifest: Manifest, axes: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    letters = ["WHD"["ijk".index(axis)] for axis in axes]
    made = {}
    for tensor in manifest.inputs:
        layout = tensor.layout if "D" in tensor.layout else tensor.layout.replace("N", "D")
        places = tuple(layout.index(letter) for letter in letters)
        made[tensor.name] = np.ascontiguousarray(np.flip(feed[tensor.name], places))
    return made


def _answers(manifest: Manifest, session: Session, feed: Feed, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return [block, label, k, j, i], averaged over the mirrored runs that the manifest asks for."""
    flips = manifest.inference.flips
    straight = answer_of(manifest, run_once(manifest, session, feed.tensors), len(feed.boxes), shape)
    if not flips:
        return straight
    total = straight.astype(np.float32)
    count = 1
    for number in range(1, len(flips) + 1):
        for axes in itertools.combinations(flips, number):
            tensors = _mirrored(feed.tensors, manifest, axes)
            answer = answer_of(manifest, run_once(manifest, session, tensors), len(feed.boxes), shape)
            total += np.flip(answer, tuple(4 - "ijk".index(axis) for axis in axes))
            count += 1
    return total / np.float32(count)


def marks_and_map_in(
    manifest: Manifest, volume: Volume, session: Session, ctx: JobContext
) -> tuple[list[Mark], PackedMap | None]:
    """Return what a model marks in a volume, and how probable it holds that, where it gives probabilities.

    Raises
    ------
    ModelError, CancelledError
        When there is no result.
    """
    prepared = prepare(manifest, volume, ctx.part(0.0, 0.1))
    how = plan(prepared.shape_kji, manifest.image, manifest.inference)
    values = values_in(manifest, prepared, how, session, ctx.part(0.1, 0.9))
    marks = marks_of(manifest, volume, values, prepared.sampling, ctx.part(0.9, 1.0))
    return marks, packed_map(values, prepared.sampling, volume.stack)


def values_in(manifest: Manifest, prepared: Prepared, how: Plan, session: Session, ctx: JobContext) -> NDArray[Any]:
    """Return the model's answer [label, k, j, i] on its grid."""
    blend = Blend(prepared.shape_kji, len(manifest.labels), how=how, blending=manifest.inference.blending)
    done = 0
    for feed in feeds(manifest, prepared, how):
        ctx.report(done, len(how.boxes), f"Running {manifest.name}, part {done + 1} of {len(how.boxes)}")
        shape = tuple(s.stop - s.start for s in feed.boxes[0])
        for box, answer in zip(feed.boxes, _answers(manifest, session, feed, shape), strict=True):
            blend.add(box, answer)
        done += len(feed.boxes)
    ctx.report(done, len(how.boxes), "Putting the parts together")
    return blend.result()

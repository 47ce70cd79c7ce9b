"""What a model will be fed, in words and as images to look at, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError, ModelError
from viewer.inference.accept import refusal
from viewer.inference.manifest_terms import Blending, Mode, Normalise, OutputKind, Task
from viewer.inference.occlusion import runs_for_one
from viewer.inference.patches import plan
from viewer.inference.pipeline import feeds
from viewer.inference.placing import placing_of
from viewer.inference.prepare import prepare

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Channel, InputTensor, Manifest
    from viewer.inference.prepare import Prepared

_SHOWN_AT = (0.25, 0.5, 0.75)


@frozen(eq=False)
class FedChannel:
    """One channel as it is fed: its recipe in words, range of values, and images of some slices from 0 to 1."""

    words: str
    least: float
    mean: float
    most: float
    images: tuple[NDArray[np.float32], ...]


@frozen(eq=False)
class Rehearsal:
    """What a model will be fed from a volume.

    Attributes
    ----------
    lines
        Sentences for a person.
    refusal
        Why the model declines the volume, "" where it does not.
    slices_k
        Which fed slices the images show.
    right_lps, down_lps
        Directions in the patient of the images' right and lower edge.
    aspect
        Height over width of a fed voxel.
    """

    lines: tuple[str, ...]
    refusal: str
    channels: tuple[FedChannel, ...]
    slices_k: tuple[int, ...]
    right_lps: NDArray[np.float64]
    down_lps: NDArray[np.float64]
    aspect: float


def recipe_lines(manifest: Manifest) -> tuple[str, ...]:
    """Return what a manifest says of the way through the model, a line each, without a volume."""
    lines = []
    for tensor in manifest.inputs:
        where = "original slices" if tensor.original else f"axes grow towards {', '.join(tensor.orientation)}"
        step = _spacing_words(tensor)
        lines.append(f"input {tensor.name}: {tensor.dtype} {tensor.layout}, {where}, {step}, {tensor.resampling}")
        early = ", before resampling" if tensor.normalise is Normalise.BEFORE_RESAMPLING else ""
        lines += [f"  channel {n + 1}: {channel.words}{early}" for n, channel in enumerate(tensor.channels)]
    how = manifest.inference
    through = {
        Mode.WHOLE: "the whole volume at once",
        Mode.SLICES: f"slices, {how.slab} at once",
        Mode.SLIDING: f"patches of {_times(how.patch)}, overlapping by {how.overlap:.0%}",
        Mode.WHOLE_OR_SLIDING: (
            f"the whole volume up to {how.whole_up_to_voxels / 1e6:g} million voxels, "
            f"else patches of {_times(how.patch)}, overlapping by {how.overlap:.0%}"
        ),
    }
    lines.append(f"goes through as {through[how.mode]}")
    lines += [f"output {tensor.name}: {tensor.kind} {tensor.layout}" for tensor in manifest.outputs]
    names = ", ".join(label.name for label in manifest.labels)
    lines.append(f"finds: {names}; shown from a score of {manifest.default_threshold:g}")
    if manifest.post.calibration is None and not any(t.calibration for t in manifest.outputs):
        lines.append("scores are not calibrated: no probability is shown")
    return tuple(lines)


def rehearse(manifest: Manifest, volume: Volume, ctx: JobContext) -> Rehearsal:
    """Return what a model will be fed from a volume.

    Raises
    ------
    ModelError
        When nothing of it fits into memory.
    CancelledError
        When the work was cancelled.
    """
    image = manifest.image
    try:
        prepared = prepare(manifest, volume, ctx)
    except MemoryError as error:
        raise ModelError("The volume does not fit into memory on the model's grid.", "Choose a coarser one.") from error
    how = plan(prepared.shape_kji, image, manifest.inference)
    first = next(iter(feeds(manifest, prepared, how)))
    problem = ""
    lines = [
        f"this volume: {_times(volume.stack.shape_kji[::-1])} voxels of "
        f"{_mm((*volume.stack.pixel_spacing_mm, _gap(volume)))}",
        f"is fed as: {_times(prepared.shape_kji[::-1])} voxels of {_mm(_fed_spacing(prepared, volume))}",
        f"in {len(how.boxes)} {'part' if len(how.boxes) == 1 else 'parts'}, of "
        + ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in first.tensors.items()),
        f"memory: about {_memory_bytes(manifest, prepared, first.tensors) / 1e6:.0f} MB, "
        "and what the model itself needs",
    ]
    if manifest.task is Task.SLICE_CLASSIFICATION and manifest.output_of(OutputKind.ACTIVATION_MAP) is None:
        cost = runs_for_one(prepared.shape_kji[1:])
        most = manifest.post.occlusion_runs // cost
        lines.append(
            f"where it looked: the best slice of at most {most} findings is run {cost} times more, parts of it covered"
        )
    if image.size is not None and not image.fit and _cuts(prepared, volume):
        lines.append("the middle alone is fed; what lies outside of it is not looked at")
    try:
        problem = refusal(manifest, volume) or ""
    except CaseStageError as error:
        problem = error.sentence
    nk = prepared.shape_kji[0]
    shown = tuple(sorted({min(nk - 1, int(nk * share)) for share in _SHOWN_AT}))
    placing = placing_of(prepared, volume.stack)
    middle = np.array([prepared.shape_kji[2] / 2, prepared.shape_kji[1] / 2, nk / 2])
    right, down = (placing.lps(middle + step) - placing.lps(middle) for step in np.eye(3)[:2])
    return Rehearsal(
        lines=tuple(lines),
        refusal=problem,
        channels=tuple(_fed(prepared, image, n, channel, shown) for n, channel in enumerate(image.channels)),
        slices_k=shown,
        right_lps=right / np.linalg.norm(right),
        down_lps=down / np.linalg.norm(down),
        aspect=float(np.linalg.norm(down) / np.linalg.norm(right)),
    )


def _fed(prepared: Prepared, image: InputTensor, n: int, channel: Channel, shown: tuple[int, ...]) -> FedChannel:
    """Return a channel of the slices that are shown; its range of values is over all slices."""
    nk, nj, ni = prepared.shape_kji
    whole = (slice(0, nj), slice(0, ni))
    least, most, total = np.inf, -np.inf, 0.0
    images = []
    for k in range(nk):
        values = prepared.block(image, (slice(k, k + 1), *whole))[n, 0].astype(np.float32)
        least, most = min(least, float(values.min())), max(most, float(values.max()))
        total += float(values.mean())
        if k in shown:
            images.append(values)
    low, high = least, most
    if channel.low is not None and channel.high is not None:
        low, high = ((end - channel.shift) / channel.scale for end in (channel.low, channel.high))
    span = (high - low) or 1.0
    pictures = tuple(np.clip((values - np.float32(low)) / np.float32(span), 0, 1) for values in images)
    return FedChannel(channel.words, least, total / nk, most, pictures)


def _memory_bytes(manifest: Manifest, prepared: Prepared, tensors: dict[str, NDArray[np.float32]]) -> int:
    total = prepared.values.nbytes + (0 if prepared.padding is None else prepared.padding.nbytes)
    each = sum(tensor.nbytes for tensor in tensors.values())
    total += 2 * each
    if manifest.task is Task.SEGMENTATION:
        voxels = int(np.prod(prepared.shape_kji))
        total += voxels * 4 * len(manifest.labels)
        if manifest.inference.mode is not Mode.WHOLE and manifest.inference.blending is Blending.GAUSSIAN:
            total += voxels * 4
    return total


def _cuts(prepared: Prepared, volume: Volume) -> bool:
    shape = volume.stack.shape_kji if prepared.sampling is None else prepared.sampling.shape_kji
    return any(fed < there for fed, there in zip(prepared.shape_kji, shape, strict=True))


def _fed_spacing(prepared: Prepared, volume: Volume) -> tuple[float, float, float]:
    if prepared.sampling is not None:
        return prepared.sampling.grid.spacing_mm
    di, dj = volume.stack.pixel_spacing_mm
    step = placing_of(prepared, volume.stack).step_ij
    return (di * step[0], dj * step[1], _gap(volume))


def _gap(volume: Volume) -> float:
    return float(np.median(volume.stack.gaps_mm)) if volume.stack.count > 1 else 0.0


def _spacing_words(tensor: InputTensor) -> str:
    if tensor.fit:
        return f"stretched onto {_times(tensor.size or ())}"
    size = f", the middle {_times(tensor.size)}" if tensor.size else ""
    return ("not resampled" if tensor.spacing_mm is None else _mm(tensor.spacing_mm)) + size


def _times(numbers: tuple[int, ...]) -> str:
    return "×".join(str(n) for n in numbers)


def _mm(numbers: tuple[float, ...]) -> str:
    return "×".join(f"{n:.3g}" for n in numbers) + " mm"

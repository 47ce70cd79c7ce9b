"""Model input made from a volume, block by block, as the manifest says.

A block is an array [channel, k, j, i] along the model's own axes; the layout of the tensor (NCDHW, NCHW …) is made
last. Padding and everything outside the slices hold the manifest's `outside_hu`.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from viewer.analysis.sampling import Sampling, sampling_of, sampling_of_size, stretching
from viewer.inference.manifest import InputTensor, Manifest
from viewer.inference.manifest_terms import Dtype, InputRole, Normalise, Resampling

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Channel

Box = tuple[slice, slice, slice]

_DTYPES: dict[Dtype, Any] = {
    Dtype.FLOAT32: np.float32,
    Dtype.FLOAT16: np.float16,
    Dtype.FLOAT64: np.float64,
    Dtype.UINT8: np.uint8,
    Dtype.INT8: np.int8,
    Dtype.UINT16: np.uint16,
    Dtype.INT16: np.int16,
    Dtype.INT32: np.int32,
    Dtype.INT64: np.int64,
    Dtype.BOOL: np.bool_,
}


_VALUES_AT_ONCE = 100_000


@frozen(eq=False)
class Prepared:
    """What the model is fed from.

    Attributes
    ----------
    shape_kji
        Size of the model's grid (of the original slices where it takes those).
    sampling
        How the grid lies over the slices; None for the original slices.
    values
        HU on the grid [k, j, i], or the channels [c, k, j, i] where they were made before resampling.
    first_ijk
        The voxel of the grid (or of the original slices) at which `values` begin; below 0 where they reach beyond it.
    padding
        True where there is no pixel, [k, j, i]; None where that is nowhere, or no tensor asks for it.
    threads
        How many may write a block together.
    """

    manifest: Manifest
    shape_kji: tuple[int, int, int]
    sampling: Sampling | None
    values: NDArray[Any]
    padding: NDArray[np.bool_] | None
    padding_value: float | None
    first_ijk: tuple[int, int, int] = (0, 0, 0)
    threads: int = 1

    def block(self, tensor: InputTensor, box: Box) -> NDArray[Any]:
        """Return [channel, k, j, i] of a box, which may reach beyond the grid."""
        held = tuple(slice(s.start, min(s.stop, n)) for s, n in zip(box, self.shape_kji, strict=True))
        more = [(0, s.stop - h.stop) for s, h in zip(box, held, strict=True)]
        if tensor.role is InputRole.PADDING:
            if self.padding is not None:
                missing = self.padding[held]
            elif self.sampling is None and self.padding_value is not None:
                missing = self.values[held] == self.padding_value
            else:
                missing = np.zeros([s.stop - s.start for s in held], dtype=bool)
            return np.pad(missing, more, constant_values=True)[None].astype(_DTYPES[tensor.dtype])
        dtype = _DTYPES[tensor.dtype]
        # Channels are written where they stay: this is most of what a run costs beside the model.
        made: NDArray[Any] = np.empty((len(tensor.channels), *(s.stop - s.start for s in box)), dtype)
        inside = tuple(slice(0, h.stop - h.start) for h in held)
        values = self.values[(slice(None), *held)] if self.values.ndim == 4 else self.values[held]
        if self.values.ndim == 3 and self.sampling is None:
            # Other types would lose of the values before a window was laid on them.
            wide = dtype if dtype in (np.float32, np.float64) else np.result_type(values.dtype, np.float32)
            values = _without_padding(values, self.padding_value, tensor.outside_hu, wide)
        filling = tensor.beyond
        beyond = [
            _as_fed(np.array([_outside_of(tensor, channel) if filling is None else filling], np.float32), dtype)[0]
            for channel in tensor.channels
        ]
        for block, value in zip(made, beyond, strict=True):
            block[inside[0].stop :] = value

        def write(slices: slice) -> None:
            for n, channel in enumerate(tensor.channels):
                block = made[n, slices]
                block[:, inside[1].stop :] = beyond[n]
                block[:, inside[1], inside[2].stop :] = beyond[n]
                if self.values.ndim == 4:
                    block[:, inside[1], inside[2]] = _as_fed(values[n][slices], dtype)
                else:
                    # Made in one piece and then laid into its rows, which is quicker than row by row.
                    block[:, inside[1], inside[2]] = _channel_of(values[slices], channel, dtype)

        # A few slices at a time stay in a processor's nearer memory from one step to the next.
        count = inside[0].stop
        step = max(1, _VALUES_AT_ONCE // max(1, inside[1].stop * inside[2].stop))
        pieces = [slice(k, min(k + step, count)) for k in range(0, count, step)]
        threads = max(1, min(self.threads, len(pieces)))

        def write_share(share: int) -> None:
            for piece in pieces[len(pieces) * share // threads : len(pieces) * (share + 1) // threads]:
                write(piece)

        if threads == 1:
            write_share(0)
        else:
            with ThreadPoolExecutor(threads - 1, "casestage-input") as pool:
                beside = [pool.submit(write_share, share) for share in range(1, threads)]
                write_share(0)
                for one in beside:
                    one.result()
        return made


def prepare(manifest: Manifest, volume: Volume, ctx: JobContext, *, threads: int = 1) -> Prepared:
    """Return what a model is fed from, its grid made once, by as many threads as the model itself may use.

    Raises
    ------
    CancelledError
        When the work was cancelled.
    """
    image = manifest.image
    if image.original and image.size is None:
        shape = volume.stack.shape_kji
        return Prepared(manifest, shape, None, volume.slices, None, volume.padding)
    if image.original:
        return _slices_of_one_size(manifest, volume)
    if image.spacing_mm is not None:
        sampling = sampling_of(volume.stack, image.spacing_mm, image.orientation)
    else:
        sampling = sampling_of_size(volume.stack, image.size or (1, 1, 1), image.orientation)

    asking = threading.get_ident()

    def original(k: int) -> NDArray[Any]:
        # The others are as far as this thread.
        if k % 16 == 0 and threading.get_ident() == asking:
            ctx.report(min(k * threads, volume.stack.count), volume.stack.count, "Preparing the volume")
        return np.asarray(volume.slices[k])

    def hu(k: int) -> NDArray[np.float32]:
        return _without_padding(original(k), volume.padding, image.outside_hu, np.float32)

    if image.resampling is Resampling.NEAREST:
        values = _nearest(volume, sampling, image.outside_hu)
    elif image.normalise is Normalise.BEFORE_RESAMPLING:

        def channel(c: Channel, k: int) -> NDArray[Any]:
            return _channel_of(hu(k), c, np.float32)

        values = np.stack([sampling.onto_grid(partial(channel, c), _outside_of(image, c)) for c in image.channels])
    else:
        values = sampling.onto_grid(hu if volume.padding is not None else original, image.outside_hu, threads=threads)
    padding = None
    if any(t.role is InputRole.PADDING for t in manifest.inputs):
        missing = sampling.onto_grid(lambda k: (volume.slices[k] == volume.padding).astype(np.float32), 1.0)
        padding = missing >= 0.5
    shape = sampling.shape_kji
    prepared = Prepared(manifest, shape, sampling, values, padding, volume.padding, threads=threads)
    return prepared if image.size is None or image.fit else _middle(prepared, image)


def _slices_of_one_size(manifest: Manifest, volume: Volume) -> Prepared:
    """Return original slices stretched onto one size, or their middle cut out or filled up to it."""
    image = manifest.image
    columns, rows, _ = image.size or (1, 1, 1)
    nk, nj, ni = volume.slices.shape
    if not image.fit:
        hu = _without_padding(volume.slices, volume.padding, image.outside_hu, np.float32)
        missing = None if volume.padding is None else volume.slices == volume.padding
        return _middle(Prepared(manifest, (nk, nj, ni), None, hu, missing, None), image)
    across, down = stretching(ni, columns), stretching(nj, rows)

    def stretched(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((across @ np.ascontiguousarray((down @ values).T)).T, dtype=np.float32)

    early = image.normalise is Normalise.BEFORE_RESAMPLING
    shape = (nk, rows, columns)
    made = np.empty((len(image.channels), *shape) if early else shape, np.float32)
    missing = np.zeros(shape, dtype=bool)
    for k in range(nk):
        hu = _without_padding(volume.slices[k], volume.padding, image.outside_hu, np.float32)
        if early:
            made[:, k] = [stretched(_channel_of(hu, c, np.float32)) for c in image.channels]
        else:
            made[k] = stretched(hu)
        if volume.padding is not None:
            missing[k] = stretched((volume.slices[k] == volume.padding).astype(np.float32)) >= 0.5
    return Prepared(manifest, shape, None, made, missing, None)


def _middle(prepared: Prepared, image: InputTensor) -> Prepared:
    """Return the middle of what was prepared, cut out of it or filled up to the model's one size."""
    size = image.size or (1, 1, 1)
    nk, nj, ni = prepared.shape_kji
    wanted = (size[2] if "D" in image.layout else nk, size[1], size[0])
    firsts = [(n - w) // 2 for n, w in zip((nk, nj, ni), wanted, strict=True)]
    held = tuple(slice(max(0, f), min(n, f + w)) for f, n, w in zip(firsts, (nk, nj, ni), wanted, strict=True))
    inside = tuple(slice(h.start - f, h.stop - f) for h, f in zip(held, firsts, strict=True))
    if prepared.values.ndim == 4:
        outside = [_outside_of(image, c) for c in image.channels]
        values = np.stack([np.full(wanted, o, np.float32) for o in outside])
        values[(slice(None), *inside)] = prepared.values[(slice(None), *held)]
    else:
        values = np.full(wanted, image.outside_hu, np.float32)
        values[inside] = prepared.values[held]
    padding = np.ones(wanted, dtype=bool)
    padding[inside] = False if prepared.padding is None else prepared.padding[held]
    first = (firsts[2], firsts[1], firsts[0])
    return Prepared(prepared.manifest, wanted, prepared.sampling, values, padding, None, first)


def _without_padding(values: NDArray[Any], padding: float | None, outside: float, dtype: Any) -> NDArray[Any]:
    if padding is None:
        return values.astype(dtype, copy=False)
    made = values.astype(dtype)
    made[values == padding] = outside
    return made


def _channel_of(values: NDArray[Any], channel: Channel, dtype: Any) -> NDArray[Any]:
    if channel.low is None or channel.high is None:
        return _as_fed(values, dtype)
    made = np.clip(values.astype(np.float32, copy=False), np.float32(channel.low), np.float32(channel.high))
    if channel.shift:
        made -= np.float32(channel.shift)
    made *= np.float32(1 / channel.scale)
    return _as_fed(made, dtype)


def _as_fed(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return values in the type of a tensor: the nearest that it has, where fractions or great values have no place."""
    if values.dtype == dtype or dtype in (np.float32, np.float64, np.bool_):
        return values.astype(dtype, copy=False)
    if dtype == np.float16:
        most = float(np.finfo(np.float16).max)
        return np.asarray(np.clip(values, -most, most), dtype=np.float16)
    ends = np.iinfo(dtype)
    # One step inside of 64 bits, whose ends a float does not have.
    low, high = max(ends.min, -(2**62)), min(ends.max, 2**62)
    return np.asarray(np.clip(np.rint(values), low, high), dtype=dtype)


def _outside_of(tensor: InputTensor, channel: Channel) -> float:
    return float(_channel_of(np.array([tensor.outside_hu], np.float32), channel, np.float32)[0])


def _nearest(volume: Volume, sampling: Sampling, outside: float) -> NDArray[np.float32]:
    nk, nj, ni = sampling.shape_kji
    values = np.full(sampling.shape_kji, outside, np.float32)
    stack = volume.stack
    j, i = (g.ravel() for g in np.meshgrid(np.arange(nj), np.arange(ni), indexing="ij"))
    for k in range(nk):
        lps = sampling.grid.lps(np.stack([i, j, np.full_like(i, k)], axis=-1))
        nearest = np.abs(stack.heights_mm - (lps @ stack.normal)[:, None]).argmin(axis=1)
        offset = lps - stack.positions_lps_mm[nearest]
        column = np.floor(offset @ stack.row_direction / stack.pixel_spacing_mm[0] + 0.5).astype(int)
        row = np.floor(offset @ stack.column_direction / stack.pixel_spacing_mm[1] + 0.5).astype(int)
        good = (column >= 0) & (column < stack.size_ij[0]) & (row >= 0) & (row < stack.size_ij[1])
        taken = volume.slices[nearest[good], row[good], column[good]].astype(np.float32)
        if volume.padding is not None:
            taken[taken == volume.padding] = outside
        values[k, j[good], i[good]] = taken
    return values


def as_tensor(blocks: list[NDArray[Any]], layout: str) -> NDArray[Any]:
    """Return blocks [c, k, j, i] of one size as a tensor of a layout; without D the slices become the batch.

    Raises
    ------
    ValueError
        Where the layout has no place for several blocks or channels.
    """
    stacked = blocks[0][None] if len(blocks) == 1 else np.stack(blocks)
    if "D" not in layout:
        if len(blocks) > 1:
            raise ValueError(f"{layout} takes one block at a time")
        stacked = stacked[0].transpose(1, 0, 2, 3)[:, :, None]
    letters = "NCDHW"
    for axis in reversed(range(5)):
        letter = letters[axis]
        if letter not in layout:
            if stacked.shape[axis] != 1:
                raise ValueError(f"{layout} has no axis for {stacked.shape[axis]} along {letter}")
            stacked = stacked.squeeze(axis)
            letters = letters.replace(letter, "")
    return np.ascontiguousarray(stacked.transpose([letters.index(letter) for letter in layout]))


def from_tensor(tensor: NDArray[Any], layout: str) -> NDArray[Any]:
    """Return a tensor of a layout as [block, c, k, j, i].

    Raises
    ------
    ValueError
        Where it has not as many axes as its layout.
    """
    if tensor.ndim != len(layout):
        raise ValueError(f"{tensor.ndim} axes, and the layout {layout} has {len(layout)}")
    order = [layout.index(letter) for letter in "NCDHW" if letter in layout]
    values = tensor.transpose(order)
    for axis, letter in enumerate("NCDHW"):
        if letter not in layout:
            values = np.expand_dims(values, axis)
    if "D" not in layout:
        values = values[:, :, 0].transpose(1, 0, 2, 3)[None]
    return values

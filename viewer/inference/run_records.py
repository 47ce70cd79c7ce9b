"""Results of runs kept on disk, found again by the volume's voxels and geometry, the model and its settings.

A record is a ZIP file: `answer.json`, `masks.bin` with the bits of all masks one behind the other, and `map.bin` with
the map of probabilities where there is one. It names no
patient and no series; a copy of the same voxels under another name finds the same record.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import os
import struct
import time
import zipfile
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.analysis.measure import Measured
from viewer.domain.errors import ModelError, StorageError
from viewer.domain.finding import Localisation
from viewer.domain.labels import Mask
from viewer.inference.manifest_terms import Dtype, OutputKind
from viewer.inference.marks import Mark
from viewer.inference.probability_map import PackedMap
from viewer.inference.result import RunResult, result_of
from viewer.io.atomic_file import storage_error, write_atomically
from viewer.io.strict_json import WrongJsonError, json_text, parse_json, structure, unstructure
from viewer.io.volume_hash import volume_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

USUAL_LIMIT_BYTES = 512_000_000
# To be raised whenever the same model would give other findings from the same voxels.
_WAY = "1"
# That of integers, which were not fed the nearest number once, and of label maps, which left a map of probabilities.
_OTHER_WAY = "2"
_PLAIN = (Dtype.FLOAT32, Dtype.FLOAT64)
_FORMAT = "casestage run"
_LARGEST_PART_BYTES = 512 * 1024 * 1024
# What reading a damaged ZIP file or the document in it can end in.
_DAMAGED = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, WrongJsonError, ValueError, KeyError,
    ModelError,
)  # fmt: skip
_Point = tuple[float, float, float]
_Span = tuple[float, float]
_Ends = tuple[_Point, _Point]


@frozen
class _StoredMeasures:
    volume_ml: float | None
    long_axis_lps_mm: _Ends
    short_axis_lps_mm: _Ends
    centre_lps_mm: _Point
    bounds_lps_mm: tuple[_Span, _Span, _Span]
    mean: float | None
    sd: float | None


@frozen
class _StoredMask:
    first_ijk: tuple[int, int, int]
    shape_kji: tuple[int, int, int]
    start: int


@frozen
class _StoredMark:
    label_key: str
    score: float | None
    centre_lps_mm: _Point
    bounds_lps_mm: tuple[_Span, _Span, _Span]
    place: str
    localisation: Localisation
    corners_lps_mm: tuple[_Point, ...] | None
    slices_k: tuple[int, int] | None
    measured: _StoredMeasures | None
    mask: _StoredMask | None


@frozen
class _StoredMap:
    size_ijk: tuple[int, int, int]
    lps_from_ijk: tuple[float, ...]


@frozen
class _Stored:
    format: str
    key: str
    made_at: str
    provider: str
    seconds: float
    case_scores: dict[str, float]
    marks: tuple[_StoredMark, ...]
    map: _StoredMap | None = None
    notes: tuple[str, ...] = ()


def settings_of(manifest: Manifest) -> tuple[object, ...]:
    """Return what of a manifest makes a model give other findings; what came later only where it is said."""
    later = [("beyond", tensor.name, tensor.beyond) for tensor in manifest.inputs if tensor.beyond is not None]
    return (
        manifest.task,
        manifest.rules,
        manifest.inputs,
        manifest.inference,
        manifest.outputs,
        manifest.post,
        manifest.labels,
        *later,
    )


def record_key(manifest: Manifest, volume: Volume) -> str:
    """Return what a result depends on, as 64 hexadecimal digits: voxels, geometry, unit, model and settings."""
    stack = volume.stack
    voxels = volume_sha256(volume) or hashlib.sha256(np.ascontiguousarray(volume.slices).data).hexdigest()
    told = (volume.unit, volume.padding, volume.measurable, volume.series.body_part, volume.slices.shape)
    usual = all(t.dtype in _PLAIN for t in manifest.inputs) and manifest.output.kind is not OutputKind.LABEL_MAP
    digest = hashlib.sha256(
        repr((_WAY if usual else _OTHER_WAY, voxels, manifest.sha256, settings_of(manifest), told)).encode()
    )
    for values in (stack.pixel_spacing_mm, stack.row_direction, stack.column_direction, stack.positions_lps_mm):
        digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    return digest.hexdigest()


class RunRecords:
    """The records in a folder, the least used ones left out where they grow beyond a limit."""

    def __init__(self, folder: Path, limit_bytes: int = USUAL_LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes

    def find(self, manifest: Manifest, volume: Volume, key: str) -> RunResult | None:
        """Return the recorded result of a key, marked as such, or None; a damaged record is taken away."""
        path = self._path(key)
        try:
            stored, masks, steps = _read(path, key)
            marks = [_mark_of(one, masks) for one in stored.marks]
            found = result_of(
                manifest,
                volume,
                marks,
                stored.case_scores,
                provider=stored.provider,
                notes=stored.notes,
                seconds=stored.seconds,
                recorded_at=stored.made_at,
                probabilities=_map_of(stored.map, steps),
            )
        except FileNotFoundError:
            return None
        except _DAMAGED:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return found

    def keep(self, key: str, result: RunResult) -> None:
        """Write a result, and take away the least used ones beyond the limit.

        Raises
        ------
        StorageError
            When it cannot be written, or is larger than all that may be kept.
        """
        content = _packed(key, result)
        if len(content) > self._limit:
            raise StorageError("The result is larger than all that may be recorded.")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error("The result", error) from error
        write_atomically(self._path(key), content, "The result")
        self._prune(self._path(key))

    def held(self) -> tuple[int, int]:
        """Return how many results are recorded, and their bytes."""
        sizes = [size for _, size, _ in self._files()]
        return len(sizes), sum(sizes)

    def clear(self) -> None:
        """Forget all results.

        Raises
        ------
        StorageError
            When one cannot be taken away.
        """
        for path, _, _ in self._files():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise storage_error("The records", error) from error

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.run"

    def _files(self) -> list[tuple[Path, int, int]]:
        """Return each record with its size and when it was last used."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.run"):
                with contextlib.suppress(OSError):
                    status = path.stat()
                    found.append((path, status.st_size, status.st_mtime_ns))
        return found

    def _prune(self, kept: Path) -> None:
        """Take away the least used beyond the limit, `kept`, which was written just now, the last of all."""
        files = self._files()
        now = next((used for path, _, used in files if path == kept), time.time_ns())
        # What seems to come from the future was used before the clock was put back.
        files.sort(key=lambda file: (file[2] <= now, file[2]), reverse=True)
        total = 0
        for path, size, _ in files:
            total += size
            if total > self._limit:
                with contextlib.suppress(OSError):
                    path.unlink()


def _packed(key: str, result: RunResult) -> bytes:
    bits: list[bytes] = []
    start = 0
    marks = []
    for mark in result.marks:
        own = None
        if mark.mask is not None:
            nk, nj, ni = mark.mask.voxels.shape
            own = _StoredMask(mark.mask.first_ijk, (nk, nj, ni), start)
            bits.append(np.packbits(mark.mask.voxels).tobytes())
            start += len(bits[-1])
        marks.append(_stored_mark(mark, own))
    stored = _Stored(
        format=_FORMAT,
        key=key,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        provider=result.provider,
        seconds=round(result.seconds, 3),
        case_scores=dict(result.raw_scores),
        marks=tuple(marks),
        map=None
        if result.probabilities is None
        else _StoredMap(result.probabilities.size_ijk, result.probabilities.lps_from_ijk),
        notes=result.notes,
    )
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as file:
        for name, part in (
            ("answer.json", json_text(unstructure(stored)).encode("utf-8")),
            ("masks.bin", b"".join(bits)),
            ("map.bin", b"" if result.probabilities is None else result.probabilities.steps),
        ):
            # Not by the clock: where its battery is flat it says 1970, for which ZIP has no words.
            file.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED, compresslevel=1)
    return into.getvalue()


def _map_of(stored: _StoredMap | None, steps: bytes) -> PackedMap | None:
    if stored is None:
        return None
    if min(stored.size_ijk) < 1 or len(stored.lps_from_ijk) != 16 or math.prod(stored.size_ijk) != len(steps):
        raise ValueError("a map of another size")
    return PackedMap(stored.size_ijk, stored.lps_from_ijk, steps)


def _read(path: Path, key: str) -> tuple[_Stored, bytes, bytes]:
    with zipfile.ZipFile(path) as file:
        for name in ("answer.json", "masks.bin", "map.bin"):
            if file.getinfo(name).file_size > _LARGEST_PART_BYTES:
                raise ValueError("a part is too large")
        stored = structure(parse_json(file.read("answer.json")), _Stored)
        masks, steps = file.read("masks.bin"), file.read("map.bin")
    if stored.format != _FORMAT or stored.key != key:
        raise ValueError("another record")
    return stored, masks, steps


def _row(values: Any) -> Any:
    return tuple(float(v) for v in values)


def _rows(values: Any) -> Any:
    return tuple(_row(v) for v in values)


def _stored_mark(mark: Mark, mask: _StoredMask | None) -> _StoredMark:
    measured = mark.measured
    return _StoredMark(
        label_key=mark.label_key,
        score=mark.score,
        centre_lps_mm=_row(mark.centre_lps_mm),
        bounds_lps_mm=_rows(mark.bounds_lps_mm),
        place=mark.place,
        localisation=mark.localisation,
        corners_lps_mm=None if mark.corners_lps_mm is None else _rows(mark.corners_lps_mm),
        slices_k=mark.slices_k,
        measured=None
        if measured is None
        else _StoredMeasures(
            volume_ml=measured.volume_ml,
            long_axis_lps_mm=_rows(measured.long_axis_lps_mm),
            short_axis_lps_mm=_rows(measured.short_axis_lps_mm),
            centre_lps_mm=_row(measured.centre_lps_mm),
            bounds_lps_mm=_rows(measured.bounds_lps_mm),
            mean=measured.mean,
            sd=measured.sd,
        ),
        mask=mask,
    )


def _mark_of(stored: _StoredMark, masks: bytes) -> Mark:
    mask = None
    if stored.mask is not None:
        shape = stored.mask.shape_kji
        if min(shape) < 1 or stored.mask.start < 0:
            raise ValueError("a mask without a size")
        count = int(np.prod(shape, dtype=np.int64))
        bits = np.frombuffer(masks, np.uint8)[stored.mask.start : stored.mask.start + -(-count // 8)]
        if len(bits) * 8 < count:
            raise ValueError("a mask ends early")
        mask = Mask(stored.mask.first_ijk, np.unpackbits(bits, count=count).astype(bool).reshape(shape))
    return Mark(
        stored.label_key,
        stored.score,
        _array(stored.centre_lps_mm),
        _array(stored.bounds_lps_mm),
        mask=mask,
        measured=None if stored.measured is None else _measures_of(stored.measured),
        place=stored.place,
        localisation=stored.localisation,
        corners_lps_mm=None if stored.corners_lps_mm is None else _array(stored.corners_lps_mm),
        slices_k=stored.slices_k,
    )


def _measures_of(stored: _StoredMeasures) -> Measured:
    long, across = _array(stored.long_axis_lps_mm), _array(stored.short_axis_lps_mm)
    return Measured(
        volume_ml=stored.volume_ml or None,
        long_axis_mm=float(np.linalg.norm(long[1] - long[0])),
        long_axis_lps_mm=long,
        short_axis_mm=float(np.linalg.norm(across[1] - across[0])),
        short_axis_lps_mm=across,
        centre_lps_mm=_array(stored.centre_lps_mm),
        bounds_lps_mm=_array(stored.bounds_lps_mm),
        mean=stored.mean,
        sd=stored.sd,
    )


def _array(values: Any) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)

"""What `casestage info` says of a series, as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.geometry import Verdict
from viewer.io.volume_hash import volume_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.volume import Volume
    from viewer.io.series_entry import ScanResult, SeriesEntry

_EVEN_MM = 0.05


def report(
    entry: SeriesEntry,
    volume: Volume,
    at_lps: Sequence[float] | None = None,
    *,
    with_hash: bool = False,
) -> dict[str, Any]:
    """Return the values that PRODUCT.md names for one series: of the original slices, millimetres in LPS.

    `spacing_mm` is null where slices are not evenly spaced or do not say where they lie; `gaps_mm` is empty where
    they do not say. `at` is null where no position was asked for or where it lies outside of the volume.
    """
    stack = volume.stack
    placed = _placed(entry, volume)
    gaps = [_rounded(g) for g in stack.gaps_mm] if placed else []
    even = bool(gaps) and max(gaps) - min(gaps) <= _EVEN_MM
    return {
        "uid": volume.series.series_uid,
        "modality": volume.series.modality,
        "description": volume.series.description,
        "part": entry.part,
        "slices": stack.count,
        "size_ijk": [*stack.size_ij, stack.count],
        "spacing_mm": [*map(_rounded, stack.pixel_spacing_mm), _rounded(float(np.mean(stack.gaps_mm)))]
        if even
        else None,
        "gaps_mm": gaps,
        "tilt_deg": round(stack.tilt_deg, 3) if placed else 0.0,
        "unit": volume.unit,
        "lossy": volume.series.lossy,
        "range": [_number(volume.slices.min()), _number(volume.slices.max())],
        "verdict": volume.verdict.value,
        "reasons": list(volume.reasons),
        "at": _at(volume, at_lps) if at_lps is not None and placed else None,
        "sha256": volume_sha256(volume) if with_hash else None,
    }


def failure(entry: SeriesEntry, reasons: Sequence[str]) -> dict[str, Any]:
    """Return what can be said of a series that could not be read: the same keys, without values."""
    return {
        "uid": entry.facts.series_uid,
        "modality": entry.facts.modality,
        "description": entry.facts.description,
        "part": entry.part,
        "slices": entry.count,
        "size_ijk": [*entry.size_ij, entry.count],
        "spacing_mm": None,
        "gaps_mm": [],
        "tilt_deg": 0.0,
        "unit": "unknown",
        "lossy": entry.facts.lossy,
        "range": None,
        "verdict": Verdict.UNTRUSTED.value,
        "reasons": list(reasons),
        "at": None,
        "sha256": None,
    }


def skipped_files(result: ScanResult) -> list[dict[str, str]]:
    """Return what a scan skipped, and why."""
    return [{"file": s.file, "why": s.words} for s in result.skipped]


def _placed(entry: SeriesEntry, volume: Volume) -> bool:
    """Return True where positions are the file's own, and not those of a stack that is only looked at."""
    if entry.kind != "dicom":
        return volume.placed
    said = {(frame.file.name, frame.index + 1): frame.position for frame in entry.frames}
    numbers = volume.source_frames or (1,) * volume.stack.count
    own = [said.get(key) for key in zip(volume.source_files, numbers, strict=True)]
    return None not in own and bool(np.allclose(volume.stack.positions_lps_mm, np.asarray(own, dtype=np.float64)))


def _at(volume: Volume, at_lps: Sequence[float]) -> dict[str, Any] | None:
    ijk = volume.nearest_ijk(at_lps)
    if ijk is None:
        return None
    return {"ijk": list(ijk), "value": _number(volume.slices[ijk[2], ijk[1], ijk[0]])}


def _number(value: Any) -> int | float:
    return int(value) if float(value) == int(value) else round(float(value), 4)


def _rounded(value: float) -> float:
    return round(float(value), 6)

"""Whether a model was made for a volume, by its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.geometry import Verdict
from viewer.domain.value_units import unit_name

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

_AXIS_OF = {"sagittal": 0, "coronal": 1, "axial": 2}


def reasons_against(manifest: Manifest, volume: Volume) -> tuple[str, ...]:
    """Return why the model was not made for this volume, a clause each; empty where it was.

    What a series does not say (its modality, its body part) is not held against it; whether contrast was given is
    not known here.
    """
    accept, series = manifest.accept, volume.series
    reasons = []
    if accept.synthetic_only and not series.synthetic:
        reasons.append("it was made for synthetic CT, and this series is not marked as synthetic")
    if series.modality and series.modality not in accept.modality:
        reasons.append(f"it takes {' or '.join(accept.modality)}, and this series is {series.modality}")
    if accept.unit == "HU" and not volume.is_hu:
        reasons.append(
            f"it takes Hounsfield units, and the unit of this series is {unit_name(volume.unit) or volume.unit}"
        )
    part = series.body_part.upper()
    if accept.body_part and part and part not in accept.body_part:
        reasons.append(f"it was made for {' or '.join(accept.body_part).lower()}, and this series says {part.lower()}")
    if volume.verdict is Verdict.UNTRUSTED:
        why = volume.reasons[0].rstrip(".") if volume.reasons else "its geometry cannot be trusted"
        reasons.append(f"the geometry of this series cannot be trusted ({why})")
    gap = float(volume.stack.gaps_mm.max()) if volume.stack.count > 1 else 0.0
    largest = accept.largest_slice_spacing_mm
    if largest is not None and gap > largest * 1.001:
        reasons.append(f"it takes slices at most {largest:g} mm apart, and these are up to {gap:.1f} mm apart")
    if accept.orientation != "any" and abs(volume.stack.normal[_AXIS_OF[accept.orientation]]) < 0.8:
        reasons.append(f"it takes {accept.orientation} slices, and these are not")
    return tuple(reasons)


def refusal(manifest: Manifest, volume: Volume) -> str | None:
    """Return the sentence with which the model declines this volume, or None."""
    reasons = reasons_against(manifest, volume)
    return f"{manifest.name} was not made for this: {'; '.join(reasons)}." if reasons else None

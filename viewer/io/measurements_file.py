"""`measurements.json` and `measurements.csv`: what was measured, for other programs and for spreadsheets.

A reader's own words are not in them: they may name somebody, and only DICOM keeps who the patient is.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from viewer.domain.masking import identity_words, masked_text
from viewer.domain.measurement import MeasurementKind
from viewer.domain.value_units import unit_words
from viewer.io.atomic_file import storage_error, write_atomically
from viewer.io.memory import shrunk_words
from viewer.io.program import NOT_FOR_DIAGNOSTIC_USE
from viewer.io.sr_measured import tracking_uid
from viewer.io.strict_json import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.measured import Measured
    from viewer.domain.overlays import Label
    from viewer.domain.volume import Volume

FORMAT = "casestage measurements"
VERSION = 1
DOCUMENT, TABLE = "measurements.json", "measurements.csv"
_COLUMNS = (
    "id",
    "kind",
    "plane",
    "part",
    "length_mm",
    "second_length_mm",
    "angle_deg",
    "area_mm2",
    "mean",
    "sd",
    "min",
    "max",
    "pixels",
    "interpolated",
    "volume_ml",
    "name",
)


@frozen
class MeasurementsWritten:
    """The files that were written, and what is not in them, in a sentence ("" for nothing)."""

    files: tuple[Path, ...]
    note: str = ""


def write_measurements(
    folder: Path, volume: Volume, measured: Sequence[Measured], labels: Sequence[Label] = ()
) -> MeasurementsWritten:
    """Write both files, or remove older ones where nothing was measured; the folder has to be there.

    `labels` are those of a segmentation over the series: their volumes and values are in both files too.

    Raises
    ------
    StorageError
        When they cannot be written.
    """
    kept = [one for one in measured if not one.measurement.kind.bears_words]
    left_out = len(measured) - len(kept)
    note = ""
    if left_out:
        what = "arrow or text" if left_out == 1 else "arrows and texts"
        count = f"1 {what} is" if left_out == 1 else f"{left_out} {what} are"
        where = "in the report alone" if volume.source_uids else "left out"
        note = f"{count} {where}: words may name somebody."
    sized = [label for label in labels if label.facts is not None]
    if not kept and not sized:
        for name in (DOCUMENT, TABLE):
            try:
                (folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise storage_error("The measurements", error) from error
        return MeasurementsWritten((), note)
    document = {
        "series": volume.series.series_uid,
        "not_for_diagnostic_use": True,
        "synthetic": volume.series.synthetic,
        "unit": unit_words(volume.unit) or volume.unit,
        "note": shrunk_words(volume.shrunk) if volume.shrunk > 1 else "",
        "measurements": [
            {
                **_values(one, volume),
                "points_lps_mm": [list(point) for point in one.measurement.points_lps_mm],
                "right": list(one.measurement.right),
                "down": list(one.measurement.down),
            }
            for one in kept
        ],
        "labels": [_of_label(label, volume, said=True) for label in sized],
        "format": FORMAT,
        "version": VERSION,
    }
    write_atomically(folder / DOCUMENT, json_text(document).encode("utf-8"), "The measurements")
    write_atomically(folder / TABLE, _table(kept, sized, volume).encode("utf-8"), "The measurements")
    return MeasurementsWritten((folder / DOCUMENT, folder / TABLE), note)


def _table(measured: Sequence[Measured], labels: Sequence[Label], volume: Volume) -> str:
    text = io.StringIO()
    # In a column of its own, so that every row says it and the table stays one.
    writer = csv.DictWriter(text, (*_COLUMNS, "unit", "series", "note"), lineterminator="\n")
    writer.writeheader()
    said = f"Synthetic · {NOT_FOR_DIAGNOSTIC_USE}" if volume.series.synthetic else NOT_FOR_DIAGNOSTIC_USE
    if volume.shrunk > 1:
        said = f"{said} · {shrunk_words(volume.shrunk)}"
    facts = {"unit": unit_words(volume.unit) or volume.unit, "series": volume.series.series_uid, "note": said}
    for row in (*(_values(one, volume) for one in measured), *(_of_label(label, volume) for label in labels)):
        writer.writerow({**{k: "" if v is None else v for k, v in row.items()}, **facts})
    return text.getvalue()


def _values(one: Measured, volume: Volume) -> dict[str, Any]:
    measurement, values = one.measurement, one.values
    kind = measurement.kind
    angle = kind in (MeasurementKind.ANGLE, MeasurementKind.COBB)
    straight = kind in (MeasurementKind.LENGTH, MeasurementKind.TWO_AXES)
    known = values if volume.unit != "unknown" else None
    found = (
        tracking_uid(measurement),
        kind.value,
        measurement.plane.value,
        measurement.part,
        measurement.length_mm if straight else None,
        measurement.second_length_mm if kind is MeasurementKind.TWO_AXES else None,
        measurement.angle_deg if angle else None,
        measurement.area_mm2 if kind.is_region else None,
        known.mean if known is not None else None,
        known.sd if known is not None else None,
        known.least if known is not None else None,
        known.most if known is not None else None,
        values.count if values is not None and not values.interpolated else None,
        values.interpolated if values is not None else None,
        None,
        None,
    )
    return dict(zip(_COLUMNS, found, strict=True))


def _of_label(label: Label, volume: Volume, *, said: bool = False) -> dict[str, Any]:
    """Return a label's row; `said` leaves out what is not said of labels."""
    facts = label.facts
    assert facts is not None
    known = facts if volume.unit != "unknown" else None
    row = dict.fromkeys(_COLUMNS)
    row |= {
        "id": f"label {label.number + 1}",
        "kind": "label",
        "mean": known.mean if known is not None else None,
        "sd": known.sd if known is not None else None,
        "min": known.least if known is not None else None,
        "max": known.most if known is not None else None,
        "pixels": label.mask.count,
        "volume_ml": facts.volume_ml,
        # A file names its labels as somebody wished; that may be a patient.
        "name": masked_text(label.name, identity_words(volume.series.identity)),
    }
    return {key: value for key, value in row.items() if value is not None} if said else row

"""What a reader measured leaves as measurement groups and tables that other programs read, in the screen's numbers."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import highdicom
import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.io.documents.made import anatomy, opened
from viewer.analysis.measure import describe, label_facts
from viewer.domain.errors import StorageError
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.identifiers import new_uid
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.measured import Measured
from viewer.domain.measurement import Measurement, MeasurementKind, with_second_axis
from viewer.domain.overlays import Label
from viewer.domain.view_state import as_point
from viewer.domain.volume import PatientIdentity
from viewer.io.sr import read_sr, write_sr
from viewer.io.sr_measured import slice_of
from viewer.services.exporting import with_values, write_review

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike

    from viewer.domain.volume import Volume
    from viewer.io.sr_reading import SrFinding

KINDS = {
    MeasurementKind.LENGTH: ((0, 0), (12.5, 3.25)),
    MeasurementKind.TWO_AXES: ((0, 0), (16, 0)),
    MeasurementKind.ANGLE: ((10, 0), (0, 0), (0, 9)),
    MeasurementKind.COBB: ((0, 0), (9, 0), (0, 8), (9, 12)),
    MeasurementKind.ELLIPSE: ((0, 0), (8, 12)),
    MeasurementKind.RECTANGLE: ((0, 0), (9, 6)),
    MeasurementKind.FREEHAND: ((0, 0), (12, 0), (12, 4), (5, 4), (5, 9), (0, 9)),
    MeasurementKind.ARROW: ((2, 2), (9, 9)),
    MeasurementKind.TEXT: ((3, 3),),
}


def drawn(
    volume: Volume, kind: MeasurementKind, origin: ArrayLike, right: ArrayLike, down: ArrayLike, text: str = ""
) -> Measurement:
    r, d = np.asarray(right, dtype=float), np.asarray(down, dtype=float)
    points = tuple(as_point(np.asarray(origin) + x * r + y * d) for x, y in KINDS[kind])
    if kind is MeasurementKind.TWO_AXES:
        points = with_second_axis((points[0], points[1]), np.cross(r, d))
    plane = max(PlaneName, key=lambda name: abs(float(PLANE_AXES[name].into @ np.cross(r, d))))
    return Measurement(new_uid(), kind, points, plane, as_point(r), as_point(d), volume.part, text)


def all_kinds(volume: Volume, k: int, *, from_ijk: tuple[float, float]) -> list[Measurement]:
    """One measurement of each kind in the plane of a slice."""
    stack = volume.stack
    origin = stack.lps((*from_ijk, k))
    words = {MeasurementKind.ARROW: "schön, 日本", MeasurementKind.TEXT: "note"}
    return [
        drawn(volume, kind, origin, stack.row_direction, stack.column_direction, words.get(kind, ""))
        for kind in MeasurementKind
    ]


def report(folder: Path, volume: Volume, measurements: list[Measurement]) -> tuple[SrFinding, ...]:
    write_sr(folder / "sr.dcm", volume, (), {}, None, "Dr. Ä", measured=with_values(measurements, volume))
    return read_sr(folder / "sr.dcm").findings


def number(group: SrFinding, name: str, derivation: str = "") -> float:
    (found,) = [n for n in group.numbers if n.name == name and derivation in ("", n.derivation[1])]
    return found.value


def test_every_value_and_unit_comes_back_under_its_code(tilted: Volume, tmp_path: Path) -> None:
    made = all_kinds(tilted, 2, from_ijk=(8, 6))
    by_kind = dict(zip((m.kind for m in made), report(tmp_path, tilted, made), strict=True))
    measured = {m.kind: m for m in made}
    length = by_kind[MeasurementKind.LENGTH].numbers[0]
    assert (length.scheme, length.code, length.unit) == ("SCT", "410668003", "mm")
    assert length.value == measured[MeasurementKind.LENGTH].length_mm
    axes = [(n.name, n.value, n.unit) for n in by_kind[MeasurementKind.TWO_AXES].numbers]
    assert axes == [("Long axis", pytest.approx(16.0), "mm"), ("Short axis", pytest.approx(8.0), "mm")]
    angle, cobb = by_kind[MeasurementKind.ANGLE].numbers[0], by_kind[MeasurementKind.COBB].numbers[0]
    assert (angle.name, angle.value, angle.unit) == ("Angle", pytest.approx(90.0), "deg")
    assert (cobb.name, cobb.value, cobb.unit) == ("Cobb angle", measured[MeasurementKind.COBB].angle_deg, "deg")
    for kind in (MeasurementKind.ELLIPSE, MeasurementKind.RECTANGLE, MeasurementKind.FREEHAND):
        (one,) = with_values([measured[kind]], tilted)
        assert one.values is not None
        group = by_kind[kind]
        assert {n.unit for n in group.numbers} == {"mm2", "[hnsf'U]", "1"}
        assert number(group, "Area") == measured[kind].area_mm2
        assert (group.mean_hu, group.sd_hu) == (one.values.mean, one.values.sd)
        assert number(group, "Attenuation Coefficient", "255605001") == one.values.least
        assert number(group, "Attenuation Coefficient", "56851009") == one.values.most
        assert number(group, "Number of pixels") == one.values.count > 20
    assert by_kind[MeasurementKind.ARROW].comment == "schön, 日本"
    assert [by_kind[m.kind].tracking_uid for m in made] == [m.id for m in made]
    assert by_kind[MeasurementKind.FREEHAND].label == "Freehand"


def test_what_lies_on_a_slice_refers_to_its_image_and_lies_there_in_pixels(tilted: Volume, tmp_path: Path) -> None:
    made = all_kinds(tilted, 2, from_ijk=(8, 6))
    di, dj = tilted.stack.pixel_spacing_mm
    for measurement, group in zip(made, report(tmp_path, tilted, made), strict=True):
        assert {place.image_uid for place in group.places} == {tilted.source_uids[2]}
        # The upper left pixel's centre is half a pixel from the image's corner (PS3.3 C.18.6).
        expected = [(8.5 + x / di, 6.5 + y / dj) for x, y in KINDS[measurement.kind]]
        (place, *_) = group.places
        if measurement.kind is MeasurementKind.FREEHAND:
            assert place.points == pytest.approx(np.array([*expected, expected[0]]), abs=1e-4)
            assert place.kind == "POLYLINE"
        elif measurement.kind is MeasurementKind.ELLIPSE:
            assert place.kind == "ELLIPSE"
            # Both ends of the long axis first, which runs down here.
            assert np.ptp([p[0] for p in place.points[:2]]) == pytest.approx(0, abs=1e-4)
            assert np.ptp([p[1] for p in place.points[:2]]) == pytest.approx(12 / dj, abs=1e-4)
        elif measurement.kind in (MeasurementKind.LENGTH, MeasurementKind.ANGLE, MeasurementKind.COBB):
            assert place.points == pytest.approx(np.array(expected), abs=1e-4)
        elif measurement.kind.bears_words:
            assert place.kind == "POINT"
            assert place.points[0] == pytest.approx(expected[0], abs=1e-4)


def test_what_lies_on_no_slice_is_given_in_the_patient_s_millimetres(tilted: Volume, tmp_path: Path) -> None:
    turn = np.radians(25)
    right, down = np.array([np.cos(turn), 0, np.sin(turn)]), np.array([0.0, 1.0, 0.0])
    origin = np.asarray(tilted.stack.lps((16, 8, 3)))
    made = [
        drawn(tilted, kind, origin, right, down)
        for kind in (MeasurementKind.LENGTH, MeasurementKind.RECTANGLE, MeasurementKind.ELLIPSE)
    ]
    groups = report(tmp_path, tilted, made)
    length, box, ellipse = (group.places[0] for group in groups)
    assert [place.image_uid for place in (length, box, ellipse)] == ["", "", ""]
    assert [place.kind for place in (length, box, ellipse)] == ["POLYLINE", "POLYGON", "ELLIPSE"]
    assert length.points == pytest.approx(np.array(made[0].points_lps_mm), abs=1e-3)
    assert box.points[0] == box.points[-1]
    # A turned plane has no voxels of its own.
    assert groups[1].comment == "Values are interpolated between voxels."
    frames = {str(item.ReferencedFrameOfReferenceUID) for item in scoords(tmp_path / "sr.dcm")}
    assert frames == {"1.2.826.0.1.8"}


def scoords(path: Path) -> list[Any]:
    def walk(item: Any) -> Any:
        for child in item.get("ContentSequence") or ():
            yield child
            yield from walk(child)

    return [item for item in walk(pydicom.dcmread(path)) if item.get("ValueType") == "SCOORD3D"]


def test_highdicom_finds_the_groups_and_their_regions(tilted: Volume, tmp_path: Path) -> None:
    made = all_kinds(tilted, 2, from_ijk=(8, 6))
    report(tmp_path, tilted, made)
    content: Any = highdicom.sr.srread(tmp_path / "sr.dcm").content
    planar = content.get_planar_roi_measurement_groups()
    assert [group.tracking_uid for group in planar] == [m.id for m in made if m.kind.is_region or m.kind.bears_words]
    assert [group.tracking_uid for group in content.get_image_measurement_groups()] == [
        m.id for m in made if not m.kind.is_region and not m.kind.bears_words
    ]
    outlines = [group.roi.value for group in planar if group.roi.graphic_type.value == "POLYLINE"]
    assert [len(points) for points in outlines] == [5, 7]


def test_values_of_another_unit_are_in_the_tables_with_it_and_in_no_report(tilted: Volume, tmp_path: Path) -> None:
    volume = evolve(tilted, unit="MGML")
    stack = volume.stack
    box = drawn(volume, MeasurementKind.RECTANGLE, stack.lps((8, 6, 2)), stack.row_direction, stack.column_direction)
    write_review(tmp_path, volume, (), {}, "Dr. Ä", (box,), (), JobContext())
    (group,) = read_sr(tmp_path / "sr.dcm").findings
    assert [n.name for n in group.numbers] == ["Area"]
    document = json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))
    with (tmp_path / "measurements.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert document["unit"] == row["unit"] == "mg/mL"
    assert document["measurements"][0]["mean"] == float(row["mean"])


@pytest.mark.parametrize("unit", ["unknown", "HU_MOD"])
def test_where_values_are_not_hu_the_report_has_areas_alone(unit: str, tilted: Volume, tmp_path: Path) -> None:
    volume = evolve(tilted, unit=unit)
    stack = volume.stack
    box = drawn(volume, MeasurementKind.RECTANGLE, stack.lps((8, 6, 2)), stack.row_direction, stack.column_direction)
    (group,) = report(tmp_path, volume, [box])
    assert [n.name for n in group.numbers] == ["Area"]


def test_nothing_measured_leaves_where_the_geometry_is_not_trusted(untrusted: Volume, tmp_path: Path) -> None:
    made = all_kinds(untrusted, 1, from_ijk=(8, 6))
    assert with_values(made, untrusted) == ()
    measured = tuple(Measured(m) for m in made)
    with pytest.raises(StorageError, match="nothing to report"):
        write_sr(tmp_path / "sr.dcm", untrusted, (), {}, None, "", measured=measured)


def test_the_tables_carry_the_report_s_numbers_and_no_words(tilted: Volume, tmp_path: Path) -> None:
    made = all_kinds(tilted, 2, from_ijk=(8, 6))
    written = write_review(tmp_path, tilted, (), {}, "Dr. Ä", made, (), JobContext())
    names = [file.name for file in written.files]
    assert {"measurements.json", "measurements.csv", "sr.dcm"} <= set(names)
    assert "2 arrows and texts are in the report alone: words may name somebody." in written.notes
    groups = {group.tracking_uid: group for group in read_sr(tmp_path / "sr.dcm").findings}
    document = json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))
    assert document["not_for_diagnostic_use"] is True
    assert document["unit"] == "HU"
    with (tmp_path / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(document["measurements"]) == 7
    for row, entry in zip(rows, document["measurements"], strict=True):
        group = groups[row["id"]]
        assert row["note"] == "Not for diagnostic use"
        assert entry["id"] == row["id"]
        if entry["mean"] is not None:
            assert entry["mean"] == group.mean_hu == float(row["mean"])
            assert entry["area_mm2"] == number(group, "Area")
        if entry["kind"] == "length":
            assert entry["length_mm"] == number(group, "Length") == float(row["length_mm"])
    for name in ("measurements.json", "measurements.csv"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "schön" not in text
        assert "note\n" not in text.replace(",note\n", "")
    # The next export has no measurement, and leaves none of the last one behind.
    again = write_review(tmp_path, tilted, (), {}, "Dr. Ä", (), (), JobContext())
    assert not any("measurements" in file.name for file in again.files)
    assert not (tmp_path / "measurements.csv").exists()


def test_the_tables_carry_volumes_of_labels_and_no_name_of_a_patient(tilted: Volume, tmp_path: Path) -> None:
    tilted = evolve(tilted, series=evolve(tilted.series, identity=PatientIdentity(name="Canary^Jane")))
    mask = Mask((4, 5, 1), np.ones((2, 3, 4), dtype=np.bool_))
    labels = [
        Label("label 1 Liver", "Liver", 0, mask, label_facts(mask, tilted)),
        Label("label 2 Canary", "Liver of Canary", 1, mask, label_facts(mask, tilted)),
        Label("label 3", "Not measured", 2, mask),
    ]
    write_review(tmp_path, tilted, (), {}, "", (), labels, JobContext())
    document = json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))
    with (tmp_path / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert document["measurements"] == []
    assert [entry["name"] for entry in document["labels"]] == [row["name"] for row in rows] == ["Liver", "Masked"]
    expected = describe(mask, tilted)
    for entry, row in zip(document["labels"], rows, strict=True):
        assert entry["volume_ml"] == float(row["volume_ml"]) == expected.volume_ml
        assert entry["mean"] == float(row["mean"]) == expected.mean
    for path in tmp_path.glob("measurements.*"):
        assert "Canary" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("series", ["a13_abdomen_contrast_CRLM-1004", "a01_head_ge_tilt_uneven"])
def test_on_real_ct_the_report_is_a_valid_one(real_data: Path, tmp_path: Path, series: str) -> None:
    volume = opened(real_data / series)
    k = volume.stack.count // 2
    bone, _ = anatomy(volume)
    made = all_kinds(volume, k, from_ijk=(200, 220))
    across = PLANE_AXES[PlaneName.CORONAL]
    middle = volume.stack.lps((256, 256, k))
    made += [
        drawn(volume, kind, middle, across.right, across.down)
        for kind in (MeasurementKind.LENGTH, MeasurementKind.FREEHAND, MeasurementKind.ELLIPSE)
    ]
    assert {slice_of(m, volume) for m in made[: len(KINDS)]} == {k}
    written = write_review(tmp_path, volume, (bone,), {}, "Dr. Ä 山田", made, (), JobContext())
    path = tmp_path / "sr.dcm"
    assert path in written.files
    groups = read_sr(path).findings
    assert len(groups) == 1 + len(made)
    for one, group in zip(with_values(made, volume), groups[1:], strict=True):
        assert one.values is None or group.mean_hu == one.values.mean
    if shutil.which("dciodvfy") is None:
        pytest.skip("the rest needs dciodvfy (Debian: dicom3tools)")
    done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []

"""Each number that was measured leaves under its own name, on its own image, and nothing that was not measured."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.io.documents.test_measured import all_kinds, drawn, report
from viewer.analysis.measure import label_facts
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.overlays import Label
from viewer.domain.view_state import as_point
from viewer.io.sr import read_sr
from viewer.io.sr_measured import measured_groups
from viewer.services.exporting import with_values, write_review

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from viewer.domain.volume import Volume


def tables(
    folder: Path, volume: Volume, measurements: list[Measurement], labels: Sequence[Label] = ()
) -> tuple[Any, list[dict[str, str]]]:
    """Write a review and return measurements.json, and the rows of measurements.csv."""
    write_review(folder, volume, (), {}, "", measurements, labels, JobContext())
    with (folder / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return json.loads((folder / "measurements.json").read_text(encoding="utf-8")), rows


def test_the_tables_hold_what_each_kind_measures_and_nothing_that_it_does_not(tilted: Volume, tmp_path: Path) -> None:
    made = [m for m in all_kinds(tilted, 2, from_ijk=(8, 6)) if not m.kind.bears_words]
    expected = {
        MeasurementKind.LENGTH: {"length_mm": np.hypot(12.5, 3.25)},
        MeasurementKind.TWO_AXES: {"length_mm": 16, "second_length_mm": 8},
        MeasurementKind.ANGLE: {"angle_deg": 90},
        MeasurementKind.COBB: {"angle_deg": np.degrees(np.arctan2(4, 9))},
        MeasurementKind.ELLIPSE: {"area_mm2": np.pi * 4 * 6},
        MeasurementKind.RECTANGLE: {"area_mm2": 9 * 6},
        MeasurementKind.FREEHAND: {"area_mm2": 12 * 4 + 5 * 5},
    }
    document, rows = tables(tmp_path, tilted, made)
    for one, entry, row in zip(made, document["measurements"], rows, strict=True):
        sizes = [key for key in entry if key.endswith(("_mm", "_deg", "_mm2")) and key != "points_lps_mm"]
        assert {key: entry[key] for key in sizes if entry[key] is not None} == pytest.approx(expected[one.kind])
        assert {key: float(row[key]) for key in sizes if row[key]} == pytest.approx(expected[one.kind])
        if one.kind is MeasurementKind.RECTANGLE:
            # Rows rise by 50 and columns by 1, so that each of these is another number.
            (found,) = with_values([one], tilted)
            assert found.values is not None
            values = [found.values.mean, found.values.sd, found.values.least, found.values.most, found.values.count]
            assert [entry[key] for key in ("mean", "sd", "min", "max", "pixels")] == values
            assert [float(row[key]) for key in ("mean", "sd", "min", "max", "pixels")] == values
            assert len(set(values)) == 5


def test_a_label_s_lowest_and_highest_value_are_told_apart_and_what_it_has_not_is_left_out(
    tilted: Volume, tmp_path: Path
) -> None:
    mask = Mask((4, 5, 1), np.ones((2, 3, 4), dtype=np.bool_))
    document, (row,) = tables(tmp_path, tilted, [], [Label("l", "Liver", 0, mask, label_facts(mask, tilted))])
    (entry,) = document["labels"]
    inside = tilted.slices[1:3, 5:8, 4:8]
    assert (entry["min"], entry["max"]) == (float(row["min"]), float(row["max"])) == (inside.min(), inside.max())
    assert entry["sd"] == float(row["sd"]) == pytest.approx(inside.std())
    assert set(entry) == {"id", "kind", "mean", "sd", "min", "max", "pixels", "volume_ml", "name"}


def test_of_an_unknown_unit_sizes_are_in_the_tables_and_no_values(tilted: Volume, tmp_path: Path) -> None:
    volume = evolve(tilted, unit="unknown")
    mask = Mask((4, 5, 1), np.ones((2, 3, 4), dtype=np.bool_))
    box = [one for one in all_kinds(volume, 2, from_ijk=(8, 6)) if one.kind is MeasurementKind.RECTANGLE]
    document, rows = tables(tmp_path, volume, box, [Label("l", "Liver", 0, mask, label_facts(mask, volume))])
    assert [float(row["area_mm2"]) if row["area_mm2"] else float(row["volume_ml"]) for row in rows] == [
        box[0].area_mm2,
        document["labels"][0]["volume_ml"],
    ]
    for key in ("mean", "sd", "min", "max"):
        assert [row[key] for row in rows] == ["", ""]
        assert document["measurements"][0][key] is None
        assert key not in document["labels"][0]


def test_values_between_voxels_are_said_to_be_and_have_no_number_of_pixels(tilted: Volume, tmp_path: Path) -> None:
    turn = np.radians(25)
    origin = tilted.stack.lps((16, 8, 3))
    box = drawn(tilted, MeasurementKind.RECTANGLE, origin, (np.cos(turn), 0, np.sin(turn)), (0, 1, 0))
    document, (row,) = tables(tmp_path, tilted, [box])
    assert (row["interpolated"], row["pixels"]) == ("True", "")
    assert document["measurements"][0]["pixels"] is None
    (group,) = read_sr(tmp_path / "sr.dcm").findings
    assert "Number of pixels" not in [n.name for n in group.numbers]


@pytest.mark.parametrize("made_up", [True, False])
def test_each_row_says_whether_the_images_are_synthetic_and_smaller_than_they_were(
    made_up: bool, tilted: Volume, tmp_path: Path
) -> None:
    volume = evolve(tilted, series=evolve(tilted.series, synthetic=made_up), shrunk=2)
    document, (row,) = tables(tmp_path, volume, all_kinds(volume, 2, from_ijk=(8, 6))[:1])
    smaller = "Each pixel is the mean of 2 × 2, because all would not fit into memory."
    assert document["synthetic"] is made_up
    assert document["note"] == smaller
    assert row["note"] == f"{'Synthetic · ' if made_up else ''}Not for diagnostic use · {smaller}"


@pytest.mark.parametrize("from_ijk", [(-3, 6), (33, 6), (8, -3), (8, 24)])
def test_what_reaches_beyond_the_edge_of_its_image_is_given_in_the_patient_s_millimetres(
    from_ijk: tuple[float, float], tilted: Volume, tmp_path: Path
) -> None:
    made = [m for m in all_kinds(tilted, 2, from_ijk=from_ijk) if m.kind is MeasurementKind.RECTANGLE]
    ((place, *_),) = (group.places for group in report(tmp_path, tilted, made))
    assert (place.image_uid, place.kind) == ("", "POLYGON")
    assert place.points[:4] == pytest.approx(np.array(made[0].lines_lps_mm()[0][:4]), abs=1e-3)


def test_a_length_along_an_image_refers_to_it_whichever_plane_it_was_drawn_on(tilted: Volume, tmp_path: Path) -> None:
    stack = tilted.stack
    line = drawn(tilted, MeasurementKind.LENGTH, stack.lps((8, 6, 2)), stack.row_direction, stack.normal)
    line = evolve(line, points_lps_mm=(as_point(stack.lps((8, 6, 2))), as_point(stack.lps((20, 6, 2)))))
    ((place, *_),) = (group.places for group in report(tmp_path, tilted, [line]))
    assert place.image_uid == tilted.source_uids[2]
    assert place.points == pytest.approx(np.array([(8.5, 6.5), (20.5, 6.5)]), abs=1e-4)


def test_a_measurement_that_is_not_named_by_a_uid_has_one_in_the_report(tilted: Volume, tmp_path: Path) -> None:
    one, other = all_kinds(tilted, 2, from_ijk=(8, 6))[:2]
    named = [evolve(one, id="aorta"), evolve(other, id="vena cava")]
    uids = [group.tracking_uid for group in report(tmp_path, tilted, named)]
    assert all(pydicom.uid.UID(uid).is_valid for uid in uids)
    assert len(set(uids)) == 2


def test_on_a_frame_of_several_the_frame_that_it_was_drawn_on_is_named(tilted: Volume, tmp_path: Path) -> None:
    count = tilted.stack.count
    numbers = tuple(range(count, 0, -1))
    volume = evolve(tilted, source_uids=(tilted.source_uids[0],) * count, source_frames=numbers)
    (group,) = measured_groups(with_values(all_kinds(volume, 2, from_ijk=(8, 6))[:1], volume), volume, "1.2.3")
    named = [int(element.value) for element in group[0].iterall() if element.keyword == "ReferencedFrameNumber"]
    assert named == [numbers[2]]

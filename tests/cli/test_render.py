from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtGui import QImage

from tests.cli.conftest import casestage
from viewer.domain.job import JobContext
from viewer.domain.window_presets import PRESETS
from viewer.io.scan import scan
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.walkthrough import Case

SIZE = "640x400"


def drawn(path: Path) -> QImage:
    image = QImage(str(path))
    assert not image.isNull()
    return image


def lit(image: QImage, left: int, top: int, right: int, bottom: int) -> int:
    """How many pixels of a rectangle are bright enough to be text or anatomy."""
    return sum(image.pixelColor(x, y).lightness() > 90 for y in range(top, bottom) for x in range(left, right))


def grey(image: QImage, x: int, y: int) -> int:
    return image.pixelColor(x, y).lightness()


def test_a_series_becomes_a_picture_of_the_asked_size_with_the_banner(small_series: Path, tmp_path: Path) -> None:
    out = tmp_path / "ct.png"
    said = casestage("render", small_series, "--out", out, "--size", SIZE, "--plane", "axial")
    assert said.code == 0, said.err
    assert str(out) in said.out
    image = drawn(out)
    assert (image.width(), image.height()) == (640, 400)
    # The banner stands at the bottom left, the body in the middle.
    assert lit(image, 8, 370, 320, 400) > 100
    assert lit(image, 260, 140, 380, 220) > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["ct.png"]


def test_windows_go_by_the_names_that_their_keys_have(small_series: Path, tmp_path: Path) -> None:
    out = tmp_path / "ct.png"
    pictures = []
    for window in ("80/40", "brain", "Soft tissue", "soft-tissue", "400/40"):
        said = casestage("render", small_series, "--out", out, "--size", SIZE, "--plane", "axial", "--window", window)
        assert said.code == 0, said.err
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]
    assert pictures[2] == pictures[3] == pictures[4]


def test_a_window_that_is_none_is_told_with_those_that_there_are(small_series: Path, tmp_path: Path) -> None:
    said = casestage("render", small_series, "--out", tmp_path / "ct.png", "--window", "bones")
    assert said.code == 2
    assert "“bones” is not" in said.err
    assert all(window.name.lower() in said.err for _, window in PRESETS)


def test_the_window_decides_how_bright_a_tissue_is(small_series: Path, tmp_path: Path) -> None:
    out = tmp_path / "ct.png"
    shades = []
    for window in ("400/20", "400/300", "2000/20"):
        said = casestage(
            "render",
            small_series,
            "--out",
            out,
            "--size",
            SIZE,
            "--plane",
            "axial",
            "--at=-20,-20,103",
            "--window",
            window,
        )
        assert said.code == 0, said.err
        shades.append(grey(drawn(out), 300, 170))
    # 20 HU: in the middle of its window, below another, and in the middle of a wide one.
    assert shades[0] == pytest.approx(128, abs=3)
    assert shades[1] == 0
    assert shades[2] == pytest.approx(128, abs=3)


def test_the_point_decides_what_lies_in_the_middle(small_series: Path, tmp_path: Path) -> None:
    common = ("--size", SIZE, "--plane", "axial", "--height-mm", "40", "--window", "400/20")
    inside, outside = tmp_path / "block.png", tmp_path / "water.png"
    assert casestage("render", small_series, "--out", inside, "--at=-1,1,112", *common).code == 0
    assert casestage("render", small_series, "--out", outside, "--at=-1,1,103", *common).code == 0
    assert grey(drawn(inside), 300, 170) == 255
    assert grey(drawn(outside), 300, 170) == pytest.approx(128, abs=3)


@pytest.mark.parametrize("plane", ["coronal", "sagittal"])
def test_other_planes(plane: str, small_series: Path, tmp_path: Path) -> None:
    out = tmp_path / "plane.png"
    assert casestage("render", small_series, "--out", out, "--size", SIZE, "--plane", plane).code == 0
    assert lit(drawn(out), 260, 160, 380, 220) > 500


def test_a_step_of_a_case(small_case: Case, tmp_path: Path) -> None:
    pictures = []
    for step in (1, 2):
        out = tmp_path / f"{step}.png"
        said = casestage("render", small_case.id, "--step", step, "--out", out, "--size", SIZE)
        assert said.code == 0, said.err
        pictures.append(drawn(out))
        assert lit(pictures[-1], 8, 364, 320, 400) > 60
    assert pictures[0] != pictures[1]


def test_a_step_that_is_not_there_is_told_with_those_that_are(small_case: Case, tmp_path: Path) -> None:
    for step in (0, 3):
        said = casestage("render", small_case.id, "--step", step, "--out", tmp_path / "x.png")
        assert said.is_sentence()
        assert "1 to 2" in said.err
    assert not list(tmp_path.glob("*.png"))


def test_a_step_of_what_is_no_case(small_series: Path, small_case: Case, tmp_path: Path) -> None:
    said = casestage("render", small_series, "--step", 1, "--out", tmp_path / "x.png")
    assert said.is_sentence()
    assert small_case.id in said.err


def test_a_point_outside_the_volume_is_refused(small_series: Path, tmp_path: Path) -> None:
    said = casestage("render", small_series, "--out", tmp_path / "x.png", "--at=900,0,0")
    assert said.is_sentence()
    assert "outside" in said.err
    assert not (tmp_path / "x.png").exists()


def test_where_no_picture_can_be_written_nothing_is_tried(small_series: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    for out in (tmp_path / "no" / "x.png", tmp_path / "x.txt", tmp_path / "folder.png"):
        assert casestage("render", small_series, "--out", out).is_sentence()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".png"] == ["folder.png"]


def test_slices_as_they_were_acquired(tilted_series: Path, tmp_path: Path) -> None:
    out, acquired = tmp_path / "interpolated.png", tmp_path / "acquired.png"
    common = ("render", tilted_series, "--size", SIZE, "--plane", "axial", "--window", "400/20", "--height-mm", "120")
    assert casestage(*common, "--out", out).code == 0
    said = casestage(*common, "--out", acquired, "--acquired")
    assert said.code == 0, said.err
    # The whole slice is seen, where a level cut leaves the block of slices after a few of its rows.
    body = (280, 20, 310, 340)
    assert lit(drawn(acquired), *body) > 1.5 * lit(drawn(out), *body) > 0


def test_a_view_that_shows_no_acquired_slices_is_not_called_one(
    tilted_series: Path, small_series: Path, tmp_path: Path
) -> None:
    said = casestage("render", tilted_series, "--out", tmp_path / "x.png", "--plane", "sagittal", "--acquired")
    assert said.is_sentence()
    assert "axial" in said.err
    assert not (tmp_path / "x.png").exists()
    # A series that is shown as acquired anyway has the same picture with and without.
    pictures = []
    for n, more in enumerate(((), ("--acquired",))):
        out = tmp_path / f"{n}.png"
        assert casestage("render", small_series, "--out", out, "--size", SIZE, "--plane", "axial", *more).code == 0
        pictures.append(drawn(out))
    assert pictures[0] == pictures[1]


def test_a_real_tilted_head(real_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "head.png"
    said = casestage(
        "render", real_data / "a01_head_ge_tilt_uneven", "--out", out, "--plane", "sagittal", "--size", "800x600"
    )
    assert said.code == 0, said.err
    image = drawn(out)
    assert (image.width(), image.height()) == (800, 600)
    assert lit(image, 300, 200, 500, 400) > 5000


def colours(image: QImage) -> int:
    """How many pixels are in colour; anatomy is grey."""
    pixels = (image.pixelColor(x, y) for y in range(40, image.height() - 60) for x in range(60, image.width() - 60))
    return sum(max(p.red(), p.green(), p.blue()) - min(p.red(), p.green(), p.blue()) > 40 for p in pixels)


def over(series: Path, path: Path, values: Callable[[np.ndarray], np.ndarray]) -> Path:
    """Write a file on the grid of a series; `values` makes them of its HU."""
    volume = load_series(scan(series, JobContext()).series[0], JobContext())
    made = sitk.GetImageFromArray(values(volume.voxels))
    made.SetSpacing(volume.grid.spacing_mm)
    made.SetOrigin(volume.grid.lps((0, 0, 0)).tolist())
    made.SetDirection(volume.grid.directions.ravel().tolist())
    sitk.WriteImage(made, path)
    return path


def test_labels_and_a_map_lie_over_the_series(small_series: Path, tmp_path: Path) -> None:
    labels = over(small_series, tmp_path / "labels.nii.gz", lambda hu: (hu > -500).astype(np.uint8))
    probable = over(small_series, tmp_path / "map.nrrd", lambda hu: np.where(hu > -500, 0.8, 0.0).astype(np.float32))
    out, inked = tmp_path / "ct.png", {}
    for name, options in (
        ("bare", ()),
        ("outlined", ("--labels", labels)),
        ("filled", ("--labels", labels, "--fill")),
        ("mapped", ("--map", probable)),
    ):
        said = casestage("render", small_series, "--out", out, "--size", SIZE, "--plane", "axial", *options)
        assert said.code == 0, said.err
        assert ("taken for probabilities" in said.out) == (name == "mapped")
        inked[name] = colours(drawn(out))
    # The crosshair is in colour too.
    outlined, filled, mapped = (inked[name] - inked["bare"] for name in ("outlined", "filled", "mapped"))
    assert 200 < outlined < filled / 4
    assert mapped > 4 * outlined


def test_what_does_not_belong_over_the_series_is_refused_before_a_picture_is_written(
    small_series: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ct.png"
    between = over(small_series, tmp_path / "map.nrrd", lambda hu: np.full(hu.shape, 0.5, np.float32))
    for options in (("--labels", tmp_path / "absent.nii"), ("--labels", between)):
        said = casestage("render", small_series, "--out", out, "--size", SIZE, *options)
        assert said.is_sentence(), said.err
        assert not out.exists()


def test_a_case_is_drawn_by_the_path_of_its_folder_too(small_case: Case, tmp_path: Path) -> None:
    for name in (small_case.id, small_case.folder):
        said = casestage("render", name, "--step", 2, "--out", tmp_path / "x.png")
        assert said.code == 0, said.err
    lacks = casestage("render", small_case.folder, "--step", 9, "--out", tmp_path / "x.png")
    assert f"“{small_case.title}” has no step 9" in lacks.err


def test_of_a_case_whose_images_cannot_be_read_that_is_said_and_not_that_it_is_none(
    small_case: Case, tmp_path: Path
) -> None:
    images = sorted((Path(small_case.folder) / small_case.series_path).iterdir())
    for path in images:
        path.write_bytes(path.read_bytes()[:300])
    for name, step in ((small_case.id, ()), (small_case.folder, ("--step", 1)), (small_case.folder, ())):
        said = casestage("render", name, *step, "--out", tmp_path / "x.png")
        assert said.is_sentence()
        assert f"None of the pictures of the case “{small_case.title}” can be read. The file ends early" in said.err
        assert "Copy the whole case folder again." in said.err
    for path in images:
        path.unlink()
    said = casestage("render", small_case.id, "--out", tmp_path / "x.png")
    assert f"The pictures of the case “{small_case.title}” are not there." in said.err


def test_of_a_case_whose_document_is_damaged_it_is_said_what_is_wrong_with_it(small_case: Case, tmp_path: Path) -> None:
    folder = Path(small_case.folder)
    (folder / "case.json").write_text("{")
    for name in (folder.name, folder):
        said = casestage("render", name, "--step", 1, "--out", tmp_path / "x.png")
        assert said.is_sentence()
        assert "cannot be read: line 1" in said.err
        assert "not a case" not in said.err

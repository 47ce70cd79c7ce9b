import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from viewer.domain.alignment import Alignment
from viewer.domain.finding import Finding
from viewer.domain.model_result import ModelResult
from viewer.domain.session import Session
from viewer.domain.view_state import Comparison, Layout, ViewName, ViewState
from viewer.domain.volume import PatientIdentity, Volume, Window
from viewer.domain.walkthrough import Step
from viewer.services.loading import LoadedPrior
from viewer.ui.canvas import CanvasStyle
from viewer.ui.snapshot import banner_words, picture, thumbnail


def single(view: ViewState) -> ViewState:
    return evolve(view, layout=Layout.SINGLE, main=ViewName.AXIAL)


def parts(session: Session) -> tuple[Volume, ViewState]:
    assert session.volume is not None
    assert session.view is not None
    return session.volume, single(session.view)


def strip(image: QImage, height: int) -> QImage:
    return image.copy(0, image.height() - height, image.width() // 2, height)


def bright(image: QImage) -> int:
    return sum(image.pixelColor(x, y).value() > 90 for y in range(image.height()) for x in range(image.width()))


def test_every_picture_carries_its_banner(qapp: QApplication, session: Session) -> None:
    volume, view = parts(session)
    image = picture(volume, view, (), (800, 450))
    assert image.size().toTuple() == (800, 450)
    assert bright(strip(image, 40)) > 100
    assert banner_words(volume) == "Not for diagnostic use"
    synthetic = evolve(volume, series=evolve(volume.series, synthetic=True))
    assert banner_words(synthetic) == "Synthetic · Not for diagnostic use"
    assert strip(picture(synthetic, view, (), (800, 450)), 40) != strip(image, 40)


def test_no_picture_shows_who_the_patient_is(qapp: QApplication, session: Session) -> None:
    volume, view = parts(session)
    unnamed = evolve(volume, series=evolve(volume.series, identity=PatientIdentity()))
    for style in CanvasStyle:
        assert picture(volume, view, (), (900, 500), style=style) == picture(unnamed, view, (), (900, 500), style=style)


def test_findings_below_the_threshold_are_not_in_the_picture(
    qapp: QApplication, session: Session, small_ct_lesion: Finding
) -> None:
    volume, view = parts(session)
    plain = picture(volume, view, (), (600, 400))
    assert picture(volume, view, (small_ct_lesion,), (600, 400)) != plain
    assert picture(volume, evolve(view, threshold=0.95), (small_ct_lesion,), (600, 400)) == plain


def test_a_thumbnail_is_grey_anatomy_without_text(qapp: QApplication, session: Session) -> None:
    volume, view = parts(session)
    image = thumbnail(volume, view, (220, 148))
    assert image.size().toTuple() == (220, 148)
    colours = [image.pixelColor(x, y) for x in range(0, 220, 3) for y in range(0, 148, 3)]
    assert all(c.red() == c.green() == c.blue() for c in colours)
    assert image.pixelColor(110, 74).value() > 40
    assert image.pixelColor(2, 2).value() == 0


def test_a_case_is_drawn_with_four_views_and_3d(qapp: QApplication, session: Session, small_ct_lesion: Finding) -> None:
    volume, view = parts(session)
    state = evolve(view, layout=Layout.FOUR, preset_3d="soft")
    image = picture(volume, state, (small_ct_lesion,), (800, 632), style=CanvasStyle.REVIEW)
    quarter = image.copy(440, 360, 320, 200)
    assert bright(quarter) > 200


def test_pictures_need_no_screen(tmp_path: Path) -> None:
    program = (
        "import numpy as np\n"
        "from viewer.domain.geometry import SliceStack\n"
        "from viewer.domain.view_state import Layout, overview\n"
        "from viewer.domain.volume import SeriesFacts, Volume\n"
        "from attrs import evolve\n"
        "from viewer.ui.snapshot import picture\n"
        "stack = SliceStack((8, 8), (1, 1), (1, 0, 0), (0, 1, 0), np.array([(0, 0, k) for k in range(8)]))\n"
        "values = np.zeros((8, 8, 8), np.int16)\n"
        "volume = Volume(SeriesFacts('1.2'), values, stack, values, stack.as_grid())\n"
        "view = evolve(overview('1.2', volume.grid), layout=Layout.SINGLE)\n"
        f"assert picture(volume, view, (), (320, 240)).save({str(tmp_path / 'out.png')!r})\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert QImage(str(tmp_path / "out.png")).size().toTuple() == (320, 240)


def test_a_step_is_drawn_with_its_narration_beside_the_picture(qapp: QApplication, session: Session) -> None:
    volume, view = parts(session)
    state = evolve(view, layout=Layout.SINGLE, main=ViewName.AXIAL)
    step = Step("one", "Blood pressed against the bone", "The AI outlines a **bleed**.", state)
    told, silent = picture(volume, state, (), (960, 540), step=step), picture(volume, state, (), (960, 540))
    left = QRect(0, 200, 240, 280)
    assert bright(told.copy(left)) > bright(silent.copy(left)) + 200
    assert strip(told, 40) == strip(silent, 40)


def test_a_picture_with_a_curtain_shows_the_earlier_scan_right_of_it(qapp: QApplication, session: Session) -> None:
    volume, view = parts(session)
    voxels = np.where(volume.voxels > -500, 2000, volume.voxels).astype(np.int16)
    series = evolve(volume.series, series_uid="9.9")
    earlier = Volume(series, voxels, volume.stack, voxels, volume.grid)
    moved = evolve(view, comparison=Comparison.CURTAIN, curtain=0.5)
    image = picture(volume, moved, (), (800, 450), prior=LoadedPrior(earlier, (), Alignment()))
    y = round(450 * 0.35)
    assert image.pixelColor(360, y).value() < 250
    assert image.pixelColor(440, y).value() == 255
    assert picture(volume, moved, (), (800, 450)).pixelColor(440, y).value() < 250


def test_an_earlier_scan_in_another_unit_has_its_own_window_in_a_picture_as_on_stage(
    qapp: QApplication, session: Session
) -> None:
    volume, view = parts(session)
    voxels = np.where(volume.voxels > -500, 0.6, 0.0).astype(np.float32)
    series = evolve(volume.series, series_uid="9.9", windows=(Window(0.0, 5.0),))
    earlier = Volume(series, voxels, volume.stack, voxels, volume.grid, unit="unknown")
    moved = evolve(view, comparison=Comparison.CURTAIN, curtain=0.5)
    image = picture(volume, moved, (), (800, 450), prior=LoadedPrior(earlier, (), Alignment()))
    grey = image.pixelColor(440, round(450 * 0.35)).value()
    # LINEAR, as the file names no other function.
    assert grey == pytest.approx((1.1 / 4 + 0.5) * 255, abs=2)


def test_a_view_of_two_models_shows_what_each_said(
    qapp: QApplication, session: Session, small_ct_lesion: Finding
) -> None:
    volume, view = parts(session)
    size = (800, 450)
    found = ModelResult("a", "A finder", (small_ct_lesion,))
    nothing = ModelResult("b", "B finder", ())
    bare = picture(volume, view, (), size)

    def shown(comparison: Comparison, models: tuple[str, str]) -> QImage:
        told = evolve(view, comparison=comparison, models=models, curtain=0.02)
        return picture(volume, told, (), size, results=(found, nothing))

    # The curtain is drawn nearly all the way: what the second said is nearly all that is seen.
    only_first, only_second = (shown(Comparison.CURTAIN, models) for models in (("a", "b"), ("b", "a")))
    assert outlined(only_first, bare) < outlined(only_second, bare)
    # As a difference both are there whichever comes first, solid or dashed.
    solid, dashed = (shown(Comparison.DIFFERENCE, models) for models in (("a", "b"), ("b", "a")))
    assert outlined(solid, bare) > 0
    assert outlined(dashed, bare) > 0
    assert solid != dashed
    # Where one of them said nothing that is kept, the view's own findings are shown.
    assert picture(volume, evolve(view, models=("a", "gone")), (), size, results=(found,)) == bare


def outlined(image: QImage, bare: QImage) -> int:
    """Return how many pixels around the middle of the picture are others."""
    middle = QRect(200, 60, 400, 300)
    one, other = image.copy(middle), bare.copy(middle)
    return sum(one.pixel(x, y) != other.pixel(x, y) for y in range(middle.height()) for x in range(middle.width()))

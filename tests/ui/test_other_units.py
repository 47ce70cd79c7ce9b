"""What the window offers and says of values that are no Hounsfield units, and are in mg/mL for example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtTest import QTest

from tests.open_session import view_of
from tests.ui.looking import Looking, seen
from viewer.analysis.histogram import histogram
from viewer.analysis.region import region_voxels
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import ViewName, as_point
from viewer.scene.presets_3d import HIDDEN_WORDS
from viewer.services.spreads import Spread
from viewer.services.views import view_of_volume
from viewer.ui.canvas import Density, shown_in
from viewer.ui.canvas.facts import corners
from viewer.ui.finding_words import mean_words
from viewer.ui.histogram_sheet import HistogramSheet
from viewer.ui.status_bar import value_words
from viewer.ui.theme import Theme
from viewer.ui.window_commands import WINDOW_MENU

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume


@pytest.fixture
def iodine(small_ct_volume: Volume) -> Volume:
    values = np.maximum(small_ct_volume.slices / np.float32(40), 0).astype(np.float32)
    return evolve(small_ct_volume, unit="MGML", slices=values, voxels=values)


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> Looking:
    return seen(qtbot, Looking(session))


def show(window: Looking, session: Session, volume: Volume) -> list[str]:
    """Open a volume and return where refusals will be told."""
    session.volume = volume
    session.view = view_of_volume(volume)
    window.actions_of.refresh()
    said: list[str] = []
    window.actions_of.refused.connect(said.append)
    return said


def test_windows_for_hu_are_not_laid_over_other_values_and_their_keys_say_why(
    window: Looking, session: Session, iodine: Volume
) -> None:
    said = show(window, session, iodine)
    before = view_of(session)
    QTest.keyClicks(window, "2")
    assert view_of(session) == before
    assert said == [
        "This window is made for HU, and values here are mg/mL. 0 fits the window to the file or to all values, "
        "Shift+W to a region."
    ]
    action = window.actions_of["view.preset_2"]
    assert not action.isEnabled()
    assert said[0] in action.toolTip()
    QTest.keyClicks(window, "0")
    assert view_of(session).window_width == pytest.approx(before.window_width)
    menu = [a.text() for a in window.actions_of.menu(WINDOW_MENU, window).actions() if a.isVisible()]
    assert menu[0] == "Window that fits the values"


@pytest.mark.parametrize("unit", ["HU", "HU_MOD", "unknown"])
def test_windows_for_hu_stay_where_values_go_by_them(
    unit: str, window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    said = show(window, session, evolve(small_ct_volume, unit=unit))
    QTest.keyClicks(window, "2")
    assert (view_of(session).window_width, view_of(session).window_centre) == (1500, -600)
    assert said == []


def test_of_no_known_unit_and_values_unlike_ct_they_say_so_too(
    window: Looking, session: Session, iodine: Volume
) -> None:
    said = show(window, session, evolve(iodine, unit="unknown"))
    QTest.keyClicks(window, "1")
    assert said[0].startswith("This window is made for HU, and no unit is known here.")


def test_3d_opens_in_a_look_that_fits_and_those_for_hu_are_not_offered(
    window: Looking, session: Session, iodine: Volume
) -> None:
    show(window, session, iodine)
    assert view_of(session).preset_3d == "mip"
    assert window.actions_of["view.preset_3d_mip"].isChecked()
    for name in ("view.preset_3d_bone", "view.preset_3d_next", "view.table_3d"):
        assert not window.actions_of.run(name)
        assert "made for HU, and values here are mg/mL" in window.actions_of[name].toolTip()


def test_a_look_that_came_from_elsewhere_is_named_as_it_is_drawn(
    window: Looking, session: Session, iodine: Volume
) -> None:
    show(window, session, iodine)
    session.view = evolve(view_of(session), preset_3d="lung")
    window.actions_of.refresh()
    shown = shown_in(session)
    assert shown is not None
    assert [w.text for w in corners(shown, ViewName.THREE_D, Density.FULL, first=False).top_left] == [
        "3D",
        "MIP and findings",
    ]
    assert window.actions_of["view.preset_3d_mip"].isChecked()


def test_where_3d_shows_nothing_the_corner_says_why_also_where_text_is_short(
    window: Looking, session: Session, iodine: Volume
) -> None:
    show(window, session, iodine)
    shown = shown_in(session)
    assert shown is not None
    hidden = evolve(shown, drawn_3d=HIDDEN_WORDS)
    for density in (Density.FULL, Density.SHORT):
        lines = corners(hidden, ViewName.THREE_D, density, first=False).top_left
        assert [line.text for line in lines] == ["3D", "Hidden with identity: values are no HU"]


def test_the_window_in_the_corner_has_its_unit_unless_that_is_hu(
    window: Looking, session: Session, iodine: Volume, small_ct_volume: Volume
) -> None:
    for volume, end in ((iodine, " mg/mL"), (evolve(small_ct_volume, unit="HU_MOD"), " modified HU")):
        show(window, session, volume)
        shown = shown_in(session)
        assert shown is not None
        line = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_right[0]
        assert line.text.endswith(end)
        # A narrow view leaves the unit out rather than the window.
        assert line.shorter == (line.text.removesuffix(end),)
    show(window, session, small_ct_volume)
    shown = shown_in(session)
    assert shown is not None
    assert corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_right[0].text == "W 400  L 40"


def test_the_pointer_and_findings_tell_the_unit_as_people_write_it(small_ct_lesion: Finding) -> None:
    assert value_words(7.43, "Z_EFF") == "7.43 Z eff"
    assert value_words(-3.4, "HU_MOD") == "−3 modified HU"
    assert value_words(12345678.0, "BQML") == "12345678 Bq/mL"
    assert value_words(-5.0, "unknown") == "−5"
    finding = evolve(small_ct_lesion, mean=7.4312, sd=0.2123)
    assert mean_words(finding, "MGML") == "7.43 ± 0.21 mg/mL"
    assert mean_words(finding, "HU") == "7 ± 0 HU"


def test_the_histogram_tells_small_values_whole_with_their_unit(
    qtbot: QtBot, window: Looking, session: Session, small_ct_volume: Volume
) -> None:
    axes = PLANE_AXES[PlaneName.AXIAL]
    centre = small_ct_volume.stack.lps((78, 60, 17))
    half = 8.0 * (axes.right + axes.down)
    corners_ = (as_point(centre - half), as_point(centre + half))
    right, down = as_point(axes.right), as_point(axes.down)
    region = Measurement("m", MeasurementKind.ELLIPSE, corners_, PlaneName.AXIAL, right, down)
    values = (np.maximum(small_ct_volume.slices + 1000, 0) * np.float32(1e-6)).astype(np.float32)
    diffusion = evolve(small_ct_volume, unit="mm2/s", slices=values, voxels=values)
    sheet = HistogramSheet(window, Theme())
    qtbot.addWidget(sheet)
    shape = histogram(region_voxels(region, diffusion)[0])
    sheet.tell(Spread(region, diffusion, view_of_volume(diffusion), shape))
    assert sheet.value("Smallest to largest").endswith(" mm2/s")
    for label in sheet._values.values():
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
        assert "e−" not in label.text()

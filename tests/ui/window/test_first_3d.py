"""A case whose first step is in 3D: it is shown once that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import Qt

from tests.ui.test_canvas_3d import Drawing
from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName
from viewer.scene.quality import Quality
from viewer.scene.volume_scene import Picture3D
from viewer.services.desk import build_desk
from viewer.ui.deliver import Deliver
from viewer.ui.main_window import MainWindow
from viewer.ui.theme import Theme, apply_theme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case


@pytest.fixture
def drawings() -> list[Drawing]:
    """Return the 3D threads that were made, none of which draws by itself."""
    return []


@pytest.fixture
def covered(
    qtbot: QtBot,
    qapp: QApplication,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    drawings: list[Drawing],
    head: Volume,
    case: Case,
) -> Iterator[MainWindow]:
    """Return the window on the stage, where a case has just come in whose first step is in 3D."""
    monkeypatch.setattr("viewer.ui.library.library_page.case_folders", lambda: (own_home / "data" / "cases",))
    theme = Theme()
    apply_theme(qapp, theme)
    deliver = Deliver()

    def factory(on_picture, on_unavailable):
        drawings.append(Drawing(on_picture, on_unavailable))
        return drawings[-1]

    window = MainWindow(build_desk(deliver), theme, factory)
    deliver.setParent(window)
    qtbot.addWidget(window)
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.resize(1280, 720)
    with qtbot.waitExposed(window):
        window.show()
    session = window.desk.session
    window.desk.settings.change(reduce_motion=True)
    first = evolve(case.steps[0], view=evolve(case.steps[0].view, main=ViewName.THREE_D))
    window.stage.prepare(case)
    session.workspace = Workspace.PRESENT
    session.volume = head
    session.case = evolve(case, steps=(first, *case.steps[1:]))
    window.desk.player.start(0)
    window.stage.ready()
    yield window
    deliver.stop()


def test_the_stage_is_shown_with_its_first_picture_in_3d(
    covered: MainWindow, drawings: list[Drawing], case: Case, qtbot: QtBot
) -> None:
    assert drawings
    assert drawings[0].asked
    assert covered.stage.preparing == case.title
    with qtbot.waitSignal(covered.stage.became_ready):
        drawings[0].answer(0x404040)
    assert covered.stage.preparing == ""
    assert covered.stage.canvas.view_3d.picture.image is not None


def test_the_stage_does_not_wait_for_long(covered: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(covered.stage.became_ready, timeout=3000):
        pass
    assert covered.stage.preparing == ""


def test_the_presenter_sees_3d_of_the_next_step_too_drawn_while_the_stage_rests(
    covered: MainWindow, drawings: list[Drawing], qtbot: QtBot
) -> None:
    covered.presenting.toggle_window()
    presenter = covered.presenting.window
    assert presenter is not None
    drawing = drawings[0]
    qtbot.waitUntil(lambda: bool(drawing.aside), timeout=10_000)
    scene, then = drawing.aside[-1]
    assert scene.masked
    assert 40 < scene.width_px < 400

    def red() -> int:
        image = presenter.next.grab().toImage()
        columns, rows = range(0, image.width(), 3), range(0, image.height(), 3)
        return sum(image.pixelColor(x, y).getRgb()[:3] == (255, 0, 0) for x in columns for y in rows)

    qtbot.waitUntil(lambda: presenter.next.has_picture)
    assert red() == 0
    pixels = np.full((scene.height_px, scene.width_px), 0xFFFF0000, np.uint32)
    then(Picture3D(pixels, 1, Quality.MOVING, 0.01, masked=True, camera=scene.camera))
    qtbot.waitUntil(lambda: red() > 50)
    # The picture on stage is its own.
    assert len(drawing.aside) == 1

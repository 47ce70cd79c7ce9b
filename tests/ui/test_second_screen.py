"""A window that goes to a screen of another scale factor is drawn anew in that screen's pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from viewer.domain.view_state import ViewName
from viewer.scene.quality import Quality
from viewer.ui.canvas import Canvas
from viewer.ui.canvas.view3d import STILL_AFTER_MS
from viewer.ui.icons import IconBox
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.scene.volume_scene import VolumeScene


class Drawing:
    unavailable = None

    def __init__(self, *_handlers: object) -> None:
        self.sizes: list[tuple[int, int]] = []

    def request(self, scene: VolumeScene, _quality: Quality = Quality.STILL) -> int:
        self.sizes.append((scene.width_px, scene.height_px))
        return len(self.sizes)

    def close(self) -> None:
        pass


def drawn_at(widget: QWidget, ratio: float) -> QImage:
    """Return a widget as a screen of a scale factor shows it."""
    image = QImage(round(widget.width() * ratio), round(widget.height() * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    widget.render(image, QPoint(0, 0))
    return image


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0])
def test_3d_is_asked_for_in_the_pixels_of_the_screen_that_the_window_is_on_now(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    drawing = Drawing()
    canvas = Canvas(session, Theme(), lambda *_: drawing)
    qtbot.addWidget(canvas, before_close_func=lambda widget: widget.close_scene())
    canvas.resize(802, 602)
    with qtbot.waitExposed(canvas):
        canvas.show()
    qtbot.waitUntil(lambda: bool(drawing.sizes))
    tile = canvas.tile(ViewName.THREE_D)
    assert tile is not None
    monkeypatch.setattr(canvas, "devicePixelRatioF", lambda: ratio)
    canvas.update()
    wanted = (round(tile.area.width() * ratio), round(tile.area.height() * ratio))
    qtbot.waitUntil(lambda: drawing.sizes[-1] == wanted)


def test_planes_have_more_pixels_on_a_finer_screen_and_lie_at_the_same_place(qtbot: QtBot, session: Session) -> None:
    canvas = Canvas(session, Theme(), None)
    qtbot.addWidget(canvas, before_close_func=lambda widget: widget.close_scene())
    canvas.resize(802, 602)
    # Until all is still, pictures may be coarse.
    drawn_at(canvas, 2.0)
    qtbot.wait(2 * STILL_AFTER_MS)
    fine, coarse = drawn_at(canvas, 2.0), drawn_at(canvas, 1.0)
    again = drawn_at(canvas, 2.0)
    assert fine == again, "nothing of the first screen is left over"
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    area = tile.area.toRect().adjusted(60, 60, -60, -60)
    seen = np.frombuffer(fine.constBits(), np.uint8).reshape(fine.height(), fine.width(), 4)[..., 1].astype(float)
    small = np.frombuffer(coarse.constBits(), np.uint8).reshape(coarse.height(), coarse.width(), 4)[..., 1]
    halved = seen.reshape(coarse.height(), 2, coarse.width(), 2).mean(axis=(1, 3))
    box = (slice(area.top(), area.bottom()), slice(area.left(), area.right()))
    assert np.abs(halved[box] - small[box]).mean() < 4.0


def test_icons_are_as_sharp_on_the_second_screen_as_on_the_first(qtbot: QtBot) -> None:
    box = IconBox(Theme(), 32)
    qtbot.addWidget(box)
    box.resize(32, 32)
    box.show_icon("folder-input", "text")
    fine, coarse = drawn_at(box, 2.0), drawn_at(box, 1.0)
    stretched = coarse.scaled(fine.size())
    assert fine.convertToFormat(QImage.Format.Format_RGB32) != stretched.convertToFormat(QImage.Format.Format_RGB32)
    colours = {fine.pixel(x, y) for x in range(64) for y in range(64)}
    assert len(colours) > 2

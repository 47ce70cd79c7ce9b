"""Lets painting fail, as a fault of the program would, and says that the program is still there."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

import viewer.ui.canvas.painted_canvas as painting
from tests.ui.pixels.mark_on_screen import marked_volume
from viewer.domain.session import Session
from viewer.domain.view_state import overview
from viewer.ui.canvas import Canvas
from viewer.ui.theme import Theme


def main() -> None:
    """Paint several times while painting fails, and then soundly."""
    app = QApplication(sys.argv)
    failed: list[type[BaseException]] = []
    sys.excepthook = lambda kind, _value, _trace: failed.append(kind)
    session, volume = Session(), marked_volume()
    canvas = Canvas(session, Theme(), None)
    canvas.resize(600, 400)
    canvas.show()
    app.processEvents()
    sound = painting.paint_all

    def broken(painter: object, *_: object, **__: object) -> None:
        painter.save()
        raise RuntimeError("painting failed")

    painting.paint_all = broken
    session.volume = volume
    session.view = overview("1.2.3", volume.grid)
    for _ in range(5):
        canvas.update()
        app.processEvents()
    painting.paint_all = sound
    canvas.update()
    app.processEvents()
    canvas.close_scene()
    sys.stdout.write(f"{set(failed) == {RuntimeError}}, then drew {canvas.grab().toImage().width()} pixels across")


if __name__ == "__main__":
    main()

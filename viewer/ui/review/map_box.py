"""The map over the series: its unit, from which value it is drawn, how opaque; not there while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from viewer.scene.map_planes import map_least
from viewer.ui.canvas.paint_map import map_words
from viewer.ui.fonts import Type
from viewer.ui.review.folding import FoldButton, headed_column
from viewer.ui.widgets import ElidedLabel, IconButton, text_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.overlay_look import MapLook
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

STEPS = 200
WORDS_WIDTH = 72


class MapBox(QWidget):
    """Two sliders that change the picture while they move."""

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = desk.session
        self._telling = False
        column, head = headed_column(self, "Map")
        self._unit = ElidedLabel("", Type.CAPTION, "text2")
        head.addSpacing(8)
        head.addWidget(self._unit, 1)
        self.fold = FoldButton(theme, "threshold and opacity")
        head.addWidget(self.fold)
        for command_id in ("view.map", "overlay.close_map"):
            button = IconButton.of_command(theme, actions[command_id], actions.table[command_id])
            button.setFixedSize(32, 32)
            head.addWidget(button)
        self._sliders = QWidget()
        grid = QGridLayout(self._sliders)
        grid.setContentsMargins(16, 0, 16, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        self.least, self._least_words = self._row(grid, 0, "Drawn from", "From which value the map is drawn")
        self.opacity, self._opacity_words = self._row(grid, 1, "Opacity", "How opaque its highest values are")
        column.addWidget(self._sliders)
        self.fold.turned.connect(lambda: self._sliders.setVisible(self.fold.open))
        self.least.valueChanged.connect(self._least_moved)
        self.opacity.valueChanged.connect(self._opacity_moved)
        self._session.overlays_changed.connect(self._update)
        self._session.view_changed.connect(self._update)
        self._update()

    def _row(self, grid: QGridLayout, row: int, name: str, tooltip: str) -> tuple[QSlider, QLabel]:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, STEPS)
        slider.setSingleStep(STEPS // 100)
        slider.setPageStep(STEPS // 10)
        slider.setToolTip(tooltip)
        slider.setAccessibleName(tooltip)
        said = text_label("", Type.CAPTION)
        said.setFixedWidth(WORDS_WIDTH)
        said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(text_label(name, Type.CAPTION, "text2"), row, 0)
        grid.addWidget(slider, row, 1)
        grid.addWidget(said, row, 2)
        return slider, said

    @property
    def least_words(self) -> str:
        """From which value the map is drawn, in words."""
        return self._least_words.text()

    def _update(self) -> None:
        over, view = self._session.overlays.value_map, self._session.view
        self.setVisible(over is not None and view is not None)
        if over is None or view is None:
            return
        bottom = 0.0 if over.diverging else over.low
        least = map_least(over, view.map_look)
        self._telling = True
        self.least.setValue(round((least - bottom) / max(over.high - bottom, 1e-12) * STEPS))
        self.opacity.setValue(round(view.map_look.opacity * STEPS))
        self._telling = False
        self._unit.set_whole(f"{over.unit} · {over.made_by}" if over.made_by else over.unit)
        self._least_words.setText(("± " if over.diverging else "") + map_words(least, over.high - over.low))
        self._opacity_words.setText(f"{view.map_look.opacity * 100:.0f} %")

    def _least_moved(self, step: int) -> None:
        over = self._session.overlays.value_map
        if over is None or self._telling:
            return
        bottom = 0.0 if over.diverging else over.low
        least = bottom + step / STEPS * (over.high - bottom)
        self._change(lambda look: evolve(look, least=least))

    def _opacity_moved(self, step: int) -> None:
        if not self._telling:
            self._change(lambda look: evolve(look, opacity=step / STEPS))

    def _change(self, how: Callable[[MapLook], MapLook]) -> None:
        view = self._session.view
        if view is not None:
            self._session.view = evolve(view, map_look=how(view.map_look))

"""The curve of a case, as it is seen in its panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from viewer.ui.inspect.froc_chart import FrocChart
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

# Threshold, found, false positives: the operating point lies on the axis.
ON_THE_AXIS = ((0.9, 1, 0), (0.7, 3, 0), (0.5, 4, 1))
PANEL_MARGIN = 16


def chart(qtbot: QtBot, width: int, threshold: float = 0.7) -> tuple[FrocChart, QImage]:
    made = FrocChart(Theme())
    qtbot.addWidget(made)
    made.resize(width, 236)
    made.show_curve(ON_THE_AXIS, 5, threshold)
    made.show()
    image = made.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return made, image


def pixels(image: QImage) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1]


@pytest.mark.parametrize("width", [344, 520])
def test_the_name_of_the_axis_begins_where_the_panels_other_words_do(qtbot: QtBot, width: int) -> None:
    _, image = chart(qtbot, width)
    seen = pixels(image).astype(int)
    written = np.flatnonzero((np.abs(seen - seen[0, 0]).sum(axis=2) > 40).any(axis=0))
    assert PANEL_MARGIN <= written.min() <= PANEL_MARGIN + 6


@pytest.mark.parametrize("width", [344, 520])
def test_the_point_on_the_axis_covers_no_number(qtbot: QtBot, width: int) -> None:
    accent, ground = Theme().colour("accent"), None
    _, image = chart(qtbot, width)
    seen = pixels(image).astype(int)
    ground = seen[0, 0]
    toned = np.abs(seen - ground).sum(axis=2) > 20
    bluish = seen[..., 2] - seen[..., 0] > 0.15 * (QColor(accent).blue() - QColor(accent).red())
    point = np.argwhere(bluish & toned)
    left, rows = point[:, 1].min(), np.unique(point[point[:, 1] == point[:, 1].min(), 0])
    beside = toned[rows.min() - 4 : rows.max() + 5, left - 3 : left]
    assert not beside.any()

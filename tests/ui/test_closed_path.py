"""Outlines become the very path that Qt makes of them point by point."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath, QPolygonF

from viewer.ui.canvas.closed_path import closed_path

RING = np.array([(0.1, 0.2), (7.3, 0.2), (7.3, -5.0 / 3), (0.1, 0.2)])
HOLE = RING[::-1] * 0.5 + 0.25
OPEN = np.array([(9.0, 1.0), (11.0, 1.0), (10.0, 4.0)])


@pytest.mark.parametrize("lines", [[RING], [RING, HOLE], [OPEN], [OPEN, RING, OPEN + 20], []])
def test_it_is_what_qt_makes_of_polygons_that_are_closed(lines: list[np.ndarray]) -> None:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for line in lines:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in line.tolist()]))
        path.closeSubpath()
    made = closed_path(lines)
    assert made == path
    assert made.fillRule() == path.fillRule()
    assert made.boundingRect() == path.boundingRect()
    for place in (QPointF(3.0, 0.0), QPointF(1.0, 0.0), QPointF(10.0, 2.0)):
        assert made.contains(place) == path.contains(place)

"""Where the value of a measurement stands: beside it, over nothing else, and never so that it seems another one's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF

from viewer.domain.measurement import MeasurementKind

if TYPE_CHECKING:
    from PySide6.QtGui import QPolygonF

AWAYS_PX = (10.0, 48.0, 86.0)
# A label over a line costs one by the square pixel, a far one ten by the pixel, one that is taken for another's more
# than both, one over words more than all of that.
WORDS_WEIGH, FAR_WEIGHS, CONFUSED_WEIGHS = 1e5, 10.0, 2e4
NEAR_PX = 4.0
LEADER_PX = 16.0
# Letters and corner text keep the rim of a viewport for themselves where there is room for both.
RIM_PX = 8.0


def label_place(
    kind: MeasurementKind,
    points: QPolygonF,
    size: QSizeF,
    seen: QRectF,
    taken: list[QRectF],
    words: list[QRectF] | None = None,
    strangers: list[QRectF] | None = None,
) -> QRectF:
    """Return where a label goes: beside its measurement, where that is seen, over nothing that is measured or found.

    Beside the right end of a length, else to the right of the shape; where that is taken, on the other sides in turn,
    then at its corners. Where none of these is free, it goes over some lines or farther away, whichever disturbs less;
    over `words` only where there is no room at all. Where it stood nearer to the lines of others, `strangers`, than to
    its own, it would be read as theirs.
    """
    inside = seen.adjusted(RIM_PX, RIM_PX, -RIM_PX, -RIM_PX)
    own = points.boundingRect()
    right, left = QPointF(own.right(), own.center().y()), QPointF(own.left(), own.center().y())
    if kind in (MeasurementKind.LENGTH, MeasurementKind.TWO_AXES):
        left, *_, right = sorted((points.at(n) for n in range(points.size())), key=lambda end: end.x())
    words, strangers = words or [], strangers or []
    lines = covered_by(kind, points)

    def cost(place: QRectF) -> float:
        leader = leader_between(own, place)
        far = math.dist(leader[0].toTuple(), leader[1].toTuple()) if leader is not None else 0.0
        lost = _covered_px(place, taken) + WORDS_WEIGH * _covered_px(place, words) + FAR_WEIGHS * far
        confused = strangers and _nearest_px(place, strangers) < _nearest_px(place, lines)
        return lost + (CONFUSED_WEIGHS if confused else 0.0)

    best, least = QRectF(), math.inf
    for away in AWAYS_PX:
        for corner in _corners_around(own, left, right, size, away):
            place = _moved_into(inside, QRectF(QPointF(round(corner.x()), round(corner.y())), size))
            if (now := cost(place)) < least:
                best, least = place, now
            if least == 0:
                return best
    return best


def taken_for_anothers(kind: MeasurementKind, points: QPolygonF, place: QRectF, strangers: list[QRectF]) -> bool:
    """Return whether a label stands nearer to others than to its own measurement; not to what that lies within."""
    middle = points.boundingRect().center()
    strangers = [box for box in strangers if not box.contains(middle)]
    return bool(strangers) and _nearest_px(place, strangers) < _nearest_px(place, covered_by(kind, points))


def covered_by(kind: MeasurementKind, points: QPolygonF) -> list[QRectF]:
    """Return what a measurement covers: the box of a region, else small boxes along its lines."""
    if kind.is_region or points.size() < 2:
        return [points.boundingRect()]
    joined = 1 if kind is MeasurementKind.ANGLE else 2
    boxes = []
    for n in range(0, points.size() - 1, joined):
        start, end = points.at(n), points.at(n + 1)
        count = int(max(abs(end.x() - start.x()), abs(end.y() - start.y())) // (2 * NEAR_PX)) + 1
        for step in range(count + 1):
            place = start + (end - start) * (step / count)
            boxes.append(QRectF(place.x() - NEAR_PX, place.y() - NEAR_PX, 2 * NEAR_PX, 2 * NEAR_PX))
    return boxes


def _corners_around(own: QRectF, left: QPointF, right: QPointF, size: QSizeF, away: float) -> list[QPointF]:
    """Return the upper left corners of a plate at the four sides of a shape, then at its four corners."""
    wide, high = size.width(), size.height()
    middle, half = own.center().x() - wide / 2, high / 2
    over, under = own.top() - away - high, own.bottom() + away
    sides = [
        QPointF(right.x() + away, right.y() - half),
        QPointF(left.x() - away - wide, left.y() - half),
        QPointF(middle, under),
        QPointF(middle, over),
    ]
    return sides + [QPointF(x, y) for x in (own.right() + away, own.left() - away - wide) for y in (over, under)]


def _covered_px(place: QRectF, taken: list[QRectF]) -> float:
    """Return how much of what is there already a plate would cover, in square pixels."""
    return sum(part.width() * part.height() for other in taken if not (part := place.intersected(other)).isEmpty())


def _nearest_px(place: QRectF, boxes: list[QRectF]) -> float:
    """Return how far a place is from the nearest of some boxes; 0 where they touch."""

    def gap(box: QRectF) -> float:
        across = max(place.left() - box.right(), box.left() - place.right(), 0.0)
        return math.hypot(across, max(place.top() - box.bottom(), box.top() - place.bottom(), 0.0))

    return min(map(gap, boxes))


def leader_between(own: QRectF, plate: QRectF) -> tuple[QPointF, QPointF] | None:
    """Return the ends of a line from a shape to its label, which is not plainly beside it; None where it is."""
    start, end = _nearest_in(own, plate.center()), _nearest_in(plate, own.center())
    away = math.hypot(end.x() - start.x(), end.y() - start.y())
    apart = not own.adjusted(-LEADER_PX, -LEADER_PX, LEADER_PX, LEADER_PX).intersects(plate)
    return (start, end) if apart and away > LEADER_PX else None


def _nearest_in(box: QRectF, place: QPointF) -> QPointF:
    return QPointF(
        max(box.left(), min(place.x(), box.right())),
        max(box.top(), min(place.y(), box.bottom())),
    )


def _moved_into(room: QRectF, place: QRectF) -> QRectF:
    left = max(room.left(), min(place.left(), room.right() - place.width()))
    top = max(room.top(), min(place.top(), room.bottom() - place.height()))
    return QRectF(QPointF(left, top), place.size())

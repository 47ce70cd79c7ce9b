"""What can be chosen for one label: shown, hidden, alone, its colour, how opaque its fill is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QMenu

from viewer.domain.label_palette import COLOUR_NAMES, COLOURS, LineStyle
from viewer.domain.overlay_look import MOST_LABEL_OPACITY, look_of, recoloured, with_opacity
from viewer.domain.overlays import Label
from viewer.domain.view_state import OverlayMode
from viewer.ui.icons import icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.ui.theme import Theme

OPACITIES = (0.1, 0.2, 0.3, 0.45, MOST_LABEL_OPACITY)
SWATCH = (28, 16)


@frozen(eq=False)
class LabelEntry:
    """A label as lists show it: of a segmentation, or of findings (`label` is None then)."""

    key: str
    name: str
    colour: str
    line: LineStyle
    label: Label | None = None


def label_entries(session: Session, role_colour: str) -> tuple[LabelEntry, ...]:
    """Return the labels that can be told apart: of findings where there are several, then those of a segmentation.

    `role_colour` is what findings are drawn in that nobody has decided.
    """
    view = session.view
    looks = view.label_looks if view is not None else ()
    hidden = view.hidden_labels if view is not None else ()
    named = {finding.label_key: finding.label for finding in session.findings}
    touched = {key for key in named if key in hidden or any(look.key == key for look in looks)}
    made = [
        LabelEntry(key, name, look_of(looks, key).colour or role_colour, LineStyle.SOLID)
        for key, name in named.items()
        if len(named) > 1 or key in touched
    ]
    return (*made, *(entry_of(session, label) for label in session.overlays.labels))


def entry_of(session: Session, label: Label) -> LabelEntry:
    """Return a label of a segmentation as lists show it."""
    looks = session.view.label_looks if session.view is not None else ()
    return LabelEntry(label.key, label.name, look_of(looks, label.key).colour or label.colour, label.line, label)


def keys_beside(session: Session, key: str) -> tuple[str, ...]:
    """Return the keys of all labels of a label's kind, its own among them: of the segmentation, or of findings.

    One of a segmentation shown alone leaves the findings as they are, so that none is forgotten.
    """
    labels = tuple(label.key for label in session.overlays.labels)
    return labels if key in labels else tuple(dict.fromkeys(finding.label_key for finding in session.findings))


def change(session: Session, how: Callable[[ViewState], ViewState]) -> None:
    """Set the session's view to what `how` makes of it."""
    if session.view is not None:
        session.view = how(session.view)


def toggle_hidden(session: Session, key: str) -> None:
    """Hide a label, or show it again."""

    def how(view: ViewState) -> ViewState:
        others = tuple(one for one in view.hidden_labels if one != key)
        return evolve(view, hidden_labels=others if key in view.hidden_labels else (*others, key))

    change(session, how)


def is_alone(session: Session, key: str) -> bool:
    """Return whether a label is the only one that is shown."""
    view, keys = session.view, keys_beside(session, key)
    return view is not None and len(keys) > 1 and [one for one in keys if one not in view.hidden_labels] == [key]


def toggle_alone(session: Session, key: str) -> None:
    """Show a label alone, or all again."""
    keys, back = keys_beside(session, key), is_alone(session, key)

    def how(view: ViewState) -> ViewState:
        elsewhere = tuple(one for one in view.hidden_labels if one not in keys)
        return evolve(view, hidden_labels=(*elsewhere, *(one for one in keys if not back and one != key)))

    change(session, how)


def label_menu(session: Session, theme: Theme, entry: LabelEntry, parent: QWidget) -> QMenu:
    """Return the menu of one label."""
    view = session.view
    hidden = view is not None and entry.key in view.hidden_labels
    look = look_of(view.label_looks if view is not None else (), entry.key)
    menu = QMenu(parent)
    menu.addAction(icon(theme, "eye" if hidden else "eye-off"), "Show" if hidden else "Hide").triggered.connect(
        lambda: toggle_hidden(session, entry.key)
    )
    words = "Show all again" if is_alone(session, entry.key) else "Show alone"
    alone = menu.addAction(icon(theme, "target"), words)
    alone.setEnabled(len(keys_beside(session, entry.key)) > 1)
    alone.triggered.connect(lambda: toggle_alone(session, entry.key))
    menu.addSeparator()
    colours = menu.addMenu(swatch(entry.colour, entry.line), "Colour")
    usual = colours.addAction("Usual colour")
    usual.setCheckable(True)
    usual.setChecked(not look.colour)
    usual.triggered.connect(lambda: _recolour(session, entry.key, ""))
    for name, colour in zip(COLOUR_NAMES, COLOURS, strict=True):
        action = colours.addAction(swatch(colour, entry.line), name)
        action.setCheckable(True)
        action.setChecked(look.colour == colour)
        action.triggered.connect(lambda _checked=False, c=colour: _recolour(session, entry.key, c))
    opacities = menu.addMenu(icon(theme, "brush"), "Fill")
    for opacity in OPACITIES:
        action = opacities.addAction(f"{opacity * 100:.0f} %")
        action.setCheckable(True)
        action.setChecked(abs(look.opacity - opacity) < 0.005)
        action.triggered.connect(lambda _checked=False, o=opacity: _fill(session, entry.key, o))
    return menu


def _recolour(session: Session, key: str, colour: str) -> None:
    change(session, lambda view: evolve(view, label_looks=recoloured(view.label_looks, key, colour)))


def _fill(session: Session, key: str, opacity: float) -> None:
    """Choose how opaque a label's fill is, and fill what was only outlined, or nothing would be seen of it."""

    def how(view: ViewState) -> ViewState:
        mode = OverlayMode.FILL if view.overlay in (OverlayMode.OUTLINE, OverlayMode.OFF) else view.overlay
        return evolve(view, overlay=mode, label_looks=with_opacity(view.label_looks, key, opacity))

    change(session, how)


def swatch(colour: str, line: LineStyle) -> QIcon:
    """Return a label's colour and line as an icon, on black as they are on anatomy."""
    ratio = 2.0
    picture = QPixmap(round(SWATCH[0] * ratio), round(SWATCH[1] * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        paint_swatch(painter, QRectF(0, 0, *SWATCH), colour, line)
    return QIcon(picture)


def paint_swatch(painter: QPainter, area: QRectF, colour: str, line: LineStyle, *, faint: bool = False) -> None:
    """Draw a label's line on a black plate with its fill; faint where it is hidden."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if faint:
        painter.setOpacity(0.4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0))
    painter.drawRoundedRect(area, 3, 3)
    fill = QColor(colour)
    fill.setAlphaF(0.3)
    painter.setBrush(fill)
    painter.drawRoundedRect(area, 3, 3)
    pen = QPen(QColor(colour), 2.0)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if line.dashes_px:
        pen.setDashPattern([length / 2.0 for length in line.dashes_px])
    painter.setPen(pen)
    middle = area.center().y()
    painter.drawLine(QPointF(area.left() + 2, middle), QPointF(area.right() - 2, middle))
    painter.restore()

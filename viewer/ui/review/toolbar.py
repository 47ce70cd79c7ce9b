"""The bar above the views: tools, undo, windows, slab, layout, overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from viewer.domain.view_state import Layout, ViewState
from viewer.ui.canvas.facts import slab_words, window_words
from viewer.ui.canvas.tiles import LOOKING_TOOLS
from viewer.ui.cine_commands import CINE_MENU
from viewer.ui.commands import Submenu
from viewer.ui.compare_commands import COMPARE_MENU
from viewer.ui.fitting import NEVER, Fitted, FittedRow
from viewer.ui.icons import paint_icon
from viewer.ui.measuring_commands import MEASURING_TOOLS
from viewer.ui.slab_commands import SLAB_MENU
from viewer.ui.theme import BAR_CONTROL_HEIGHT
from viewer.ui.widgets import Button, IconButton, Kind, Segmented, hairline
from viewer.ui.window_commands import WINDOW_MENU

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QColor, QPainter, QResizeEvent

    from viewer.domain.session import Session
    from viewer.domain.volume import Window
    from viewer.ui.commands import CommandActions, MenuEntry
    from viewer.ui.theme import Theme

HEIGHT = 48
CHEVRON = 16
SPARE = 40
# The step at which the presets share one button.
PRESETS_GONE = 2
HEAD_KEYS = ("1", "4", "5", "6", "7")
BODY_KEYS = ("1", "2", "3", "4", "7")
LAYOUT_WORDS = {Layout.FOUR: "2 × 2", Layout.STAGE: "1 + 3", Layout.SINGLE: "One"}
LAYOUTS = (
    "view.layout_four",
    "view.layout_stage",
    "view.layout_3d",
    "view.layout_single",
    None,
    *COMPARE_MENU,
    None,
    "view.maximise",
    "view.text",
    None,
    "view.hang",
    "app.hanging",
)


def preset_keys(body_part: str) -> tuple[str, ...]:
    """Return the keys of the window presets that the bar offers for a part of the body."""
    head = any(word in body_part.casefold() for word in ("head", "brain", "skull", "neck"))
    return HEAD_KEYS if head else BODY_KEYS


class MenuButton(Button):
    """A button with a chevron that opens a menu of commands below itself."""

    def __init__(
        self, theme: Theme, actions: CommandActions, command_ids: tuple[MenuEntry, ...], tooltip: str, *, icon: str
    ) -> None:
        super().__init__(theme, "", icon=icon, kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT)
        self._actions, self._command_ids = actions, command_ids
        self.setToolTip(tooltip)
        self.setAccessibleName(tooltip)
        self.clicked.connect(self._open)

    def _open(self) -> None:
        menu = self._actions.menu(self._command_ids, self)
        menu.exec(self.mapToGlobal(QPoint(0, self.height() + 2)))
        menu.deleteLater()

    def _chevron(self) -> int:
        return CHEVRON

    def _content_width(self) -> float:
        return super()._content_width() + (self._chevron() + 6 if self._chevron() else 0)

    def _paint_content(self, painter: QPainter, area: QRectF, ink: QColor) -> None:
        super()._paint_content(painter, area, ink)
        if not self._chevron():
            return
        right = (area.width() + self._content_width()) / 2
        box = QRectF(round(right - CHEVRON), round((area.height() - CHEVRON) / 2), CHEVRON, CHEVRON)
        paint_icon(painter, box, self.theme, "chevron-down", self._role_of_ink())


class ToolsButton(MenuButton):
    """A menu of tools that shows the one in use, or the one that was used last."""

    def __init__(self, theme: Theme, actions: CommandActions, command_ids: tuple[str, ...], tooltip: str) -> None:
        super().__init__(theme, actions, command_ids, tooltip, icon=actions.table[command_ids[0]].icon)
        self.setCheckable(True)
        # Which tool is on is the commands' to say; a click only opens the menu.
        self.clicked.connect(self._show)
        self._tools = {actions.table[command_id].icon: actions[command_id] for command_id in command_ids}
        for action in self._tools.values():
            action.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        on = next((icon for icon, action in self._tools.items() if action.isChecked()), "")
        self.icon_name = on or self.icon_name
        self.setChecked(bool(on))
        self.setEnabled(any(action.isEnabled() for action in self._tools.values()))
        self.update()


class RestButton(MenuButton):
    """A menu of what the bar has no room for."""

    def __init__(self, theme: Theme, actions: CommandActions, entries: Callable[[], tuple[MenuEntry, ...]]) -> None:
        super().__init__(theme, actions, (), "More: what has no room in this bar", icon="ellipsis")
        self._entries = entries

    def _open(self) -> None:
        self._command_ids = self._entries()
        super()._open()

    def _chevron(self) -> int:
        return 0


class Toolbar(QFrame):
    """48 px high. Of two volumes it tells how that one is looked at which keys act on."""

    def __init__(
        self,
        session: Session,
        other: Session,
        theme: Theme,
        actions: CommandActions,
        windows: tuple[tuple[str, Window], ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._theme, self._actions, self._windows = session, theme, actions, windows
        self._with_keys = session
        self._keys: tuple[str, ...] = ()
        self._presets: Segmented | None = None
        self._said: tuple[object, ...] = ()
        self._entries: dict[QWidget, MenuEntry] = {}
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(8, 0, 8, 0)
        self._row.setSpacing(4)
        self._fitted = FittedRow((), spacing=4, around=16 + SPARE)
        for n, tool in enumerate(LOOKING_TOOLS):
            self._add_command(f"view.tool_{tool.value}", gone_from=(NEVER, 10, 11, NEVER)[n])
        self._add(Fitted(_line(), gone_from=7))
        length, *others = MEASURING_TOOLS
        self._add_command(length, gone_from=12)
        more = ToolsButton(theme, actions, (*others, "path.draw"), "More to measure with, and a path to draw")
        self._add(Fitted(more, gone_from=6), Submenu("Measure", "ruler", (*others, "path.draw")))
        self._add(Fitted(_line(), gone_from=7))
        self._add_command("review.undo", gone_from=8)
        self._add_command("review.redo", gone_from=8)
        self._preset_place = self._row.count()
        self._window = self._menu(WINDOW_MENU, "Width and level: windows of the file, presets, a region", "contrast")
        self._add(Fitted(self._window, compact_from=1, words_again_at=2))
        self._row.addStretch()
        self._slab = self._menu(SLAB_MENU, "Slab: MIP, MinIP, mean; thickness also by Shift+wheel", "layers")
        self._add(Fitted(self._slab, compact_from=4, gone_from=13), Submenu("Slab", "layers", SLAB_MENU))
        self._cine = self._menu(CINE_MENU, "Play through the images", "play")
        self._add(Fitted(self._cine, gone_from=9), Submenu("Cine", "play", CINE_MENU))
        self._layout = self._menu(LAYOUTS, "How views share the canvas", "grid-2x2")
        self._add(Fitted(self._layout, compact_from=4, gone_from=14), Submenu("Layout", "grid-2x2", LAYOUTS))
        table = actions.table
        overlay = Button.of(
            theme, actions["view.overlay"], table["view.overlay"], kind=Kind.FLAT, height=BAR_CONTROL_HEIGHT
        )
        self._add(Fitted(overlay, compact_from=5))
        self._rest = RestButton(theme, actions, self._entries_gone)
        self._add(Fitted(self._rest, only_from=6))
        actions["view.cine"].changed.connect(self._say_cine)
        self._say_cine()
        outer.addLayout(self._row, 1)
        outer.addWidget(hairline())
        for one in (session, other):
            one.view_changed.connect(self._update)
        for key, _ in windows:
            actions[f"view.preset_{key}"].changed.connect(self._take_presets)
        session.volume_changed.connect(self._choose_presets)
        session.case_changed.connect(self._choose_presets)
        self._choose_presets()

    @property
    def presets(self) -> Segmented | None:
        """The presets of the window, the one in use pressed."""
        return self._presets

    def tell_of(self, session: Session) -> None:
        """Tell how another volume is looked at."""
        self._with_keys = session
        self._update()

    def _menu(self, commands: tuple[MenuEntry, ...], tooltip: str, icon: str) -> MenuButton:
        return MenuButton(self._theme, self._actions, commands, tooltip, icon=icon)

    def _add_command(self, command_id: str, *, gone_from: int) -> None:
        action, command = self._actions[command_id], self._actions.table[command_id]
        button = _small(IconButton.of_command(self._theme, action, command))
        self._add(Fitted(button, gone_from=gone_from), command_id)

    def _add(self, item: Fitted, entry: MenuEntry = None) -> None:
        """Put a widget at the end; the bar's last button offers `entry` where there is no room for it."""
        self._row.addWidget(item.widget)
        self._fitted.items.append(item)
        if entry is not None:
            self._entries[item.widget] = entry

    def _entries_gone(self) -> tuple[MenuEntry, ...]:
        gone = [item.widget for item in self._fitted.items if not item.is_there(self._fitted.step)]
        return tuple(self._entries[widget] for widget in gone if widget in self._entries)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave out what does not fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._say_window()
        self._fitted.fit(self.width())
        self._say_window()

    def _say_window(self) -> None:
        view = self._with_keys.view
        if view is None:
            self._window.set_words("Window")
            return
        volume = self._with_keys.volume
        fits = self._fitted.step >= PRESETS_GONE and (volume is None or volume.suits_hu)
        on = _preset_of(view, self._windows) if fits else ""
        words = window_words(view, volume)
        words = f"{dict(self._windows)[on].name}  {words}" if on else words
        if words != self._window.text():
            self._window.set_words(words)

    def _say_cine(self) -> None:
        action = self._actions["view.cine"]
        words = action.text().rpartition(", ")[2].replace(" images", "") if action.isChecked() else ""
        if words != self._cine.text():
            self._cine.set_words(words)

    def _choose_presets(self) -> None:
        volume = self._session.volume
        case = self._session.case
        part = volume.series.body_part if volume is not None else ""
        keys = preset_keys(f"{part} {case.body_part if case else ''}")
        if keys != self._keys:
            self._keys = keys
            if self._presets is not None:
                gone = self._presets
                self._row.removeWidget(gone)
                self._fitted.items = [item for item in self._fitted.items if item.widget is not gone]
                gone.hide()
                gone.deleteLater()
            named = dict(self._windows)
            self._presets = Segmented(self._theme, tuple((key, named[key].name, key) for key in keys))
            self._take_presets()
            self._presets.chosen.connect(self._preset_chosen)
            self._row.insertWidget(self._preset_place, self._presets)
            self._fitted.items.append(Fitted(self._presets, gone_from=PRESETS_GONE))
        self._said = ()
        self._update()
        self._fit()

    def _take_presets(self) -> None:
        """Let the buttons of the presets be offered and explained as their commands are."""
        if self._presets is None:
            return
        for key in self._keys:
            button, action = self._presets.button(key), self._actions[f"view.preset_{key}"]
            button.setEnabled(action.isEnabled())
            button.setToolTip(action.toolTip())

    def _preset_chosen(self, key: str) -> None:
        self._actions.run(f"view.preset_{key}")
        self._said = ()
        self._update()

    def _update(self) -> None:
        view = self._with_keys.view
        said = (
            (window_words(view, self._with_keys.volume), slab_words(view), view.layout, view.main)
            if view is not None
            else ()
        )
        if said == self._said and said:
            return
        self._said = said
        self.setEnabled(view is not None)
        volume = self._with_keys.volume
        fits = view is not None and (volume is None or volume.suits_hu)
        on = _preset_of(view, self._windows) if view is not None and fits else ""
        if self._presets is not None:
            self._presets.choose(on)
        self._say_window()
        self._slab.set_words((slab_words(view) if view is not None else "") or "Slab off")
        self._layout.set_words(LAYOUT_WORDS[view.layout] if view is not None else LAYOUT_WORDS[Layout.FOUR])


def _preset_of(view: ViewState, windows: tuple[tuple[str, Window], ...]) -> str:
    here = (view.window_centre, view.window_width)
    if view.lut:
        return ""
    return next((key for key, window in windows if (window.centre, window.width) == here), "")


def _small(button: IconButton) -> IconButton:
    button.setFixedSize(40, 40)
    return button


def _line() -> QFrame:
    line = hairline(vertical=True)
    line.setFixedSize(1, 24)
    return line

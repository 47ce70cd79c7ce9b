"""One frozen table of everything a user can ask for; toolbars, menus, palette and the key sheet are made from it.

table = CommandTable((*view_commands(...), *app_commands(...)))
actions = CommandActions(window, table, theme, where=lambda: session.workspace)
actions.refresh()                     # after anything that an `enabled_when` or `checked_when` looks at has changed
actions["view.reset"]                 # its QAction (tooltip with key, icon, enabled, checkable)
menu = actions.menu(("view.reset", None, "view.invert"), parent)      # None is a separator
for command in table.offered(Workspace.REVIEW): …                     # palette, key sheet
shortcut_words(command)               # "Ctrl+K", "" where there is none
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from attrs import field, frozen
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from shiboken6 import isValid

from viewer.domain.session import Workspace
from viewer.ui.icons import icon
from viewer.ui.kept_keys import CONTROL, is_field, keeps
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from viewer.ui.theme import Theme

# X11 repeats a held key as release and press, which Qt cannot always tell from letting go while it is busy.
LET_GO_AFTER_MS = 40
REPEATS_AFTER_S = 0.15
# How many actions are brought up to date at a time while a picture may wait: a fraction of a millisecond.
_PART = 24
EVERYWHERE = frozenset(Workspace)
ABOVE_THE_FIRST = frozenset({"app.palette", "app.keys", "app.settings", "app.full_screen"})
VIEWING = frozenset({Workspace.PRESENT, Workspace.REVIEW, Workspace.INSPECT})


def _always() -> bool:
    return True


def _contexts(value: Iterable[Workspace]) -> frozenset[Workspace]:
    return frozenset(value)


@frozen
class Submenu:
    """Commands of a menu that stand in one of their own, behind a title and an icon; None stands for a separator."""

    title: str
    icon: str
    command_ids: tuple[str | None, ...]


MenuEntry = str | Submenu | None


@frozen
class Command:
    """What a user can ask for.

    Attributes
    ----------
    id
        Stable name such as "view.reset"; the part before the point is its group.
    title, tooltip
        A few words for menus, and a sentence. `…` ends a title that will ask more.
    run
        The handler.
    shortcuts
        Portable key names ("Ctrl+K", "Shift+Up"); the first is shown.
    contexts
        Workspaces in which it exists.
    enabled_when, why_disabled
        Whether it can be asked for now, and the sentence for the tooltip where it cannot (or what says it).
    checked_when
        For a command that is on or off: whether it is on.
    released
        Called when the key is let go after `run` (G hides while held).
    repeats
        Whether a key held down asks again.
    title_now
        For a command whose words follow what is open: its title now, "" while there is nothing that it could do.
    """

    id: str
    title: str
    tooltip: str
    run: Callable[[], object]
    shortcuts: tuple[str, ...] = ()
    contexts: frozenset[Workspace] = field(default=EVERYWHERE, converter=_contexts)
    enabled_when: Callable[[], bool] = _always
    why_disabled: str | Callable[[], str] = ""
    icon: str = ""
    checked_when: Callable[[], bool] | None = None
    released: Callable[[], object] | None = None
    repeats: bool = False
    title_now: Callable[[], str] | None = None

    @property
    def words(self) -> str:
        """The title now; "" where menus leave it out."""
        return self.title if self.title_now is None else self.title_now()

    @property
    def why_not(self) -> str:
        """Why it cannot be asked for now, "" where there is nothing to say."""
        return self.why_disabled() if callable(self.why_disabled) else self.why_disabled

    @property
    def group(self) -> str:
        """The part of the id before the point."""
        return self.id.partition(".")[0]


def shortcut_words(command: Command) -> str:
    """Return the first shortcut as written on keys here, or ""."""
    return key_words(command.shortcuts[0]) if command.shortcuts else ""


@cache
def key_words(shortcut: str) -> str:
    """Return a portable key name as people read it: "Shift+Up" as "Shift+↑", "-" as "−"."""
    words = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    head, plus, last = words.rpartition("+")
    if not last:
        return words
    named = {"Up": "↑", "Down": "↓", "Left": "←", "Right": "→", "-": "−", "Return": "Enter"}
    return f"{head}{plus}{named.get(last, last)}"


class CommandTable:
    """All commands, checked.

    Raises
    ------
    ValueError
        Where an id or, within one context, a shortcut is taken twice, or a tooltip is missing.
    """

    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands: dict[str, Command] = {}
        taken: dict[tuple[Workspace, str], str] = {}
        for command in commands:
            if command.id in self._commands:
                raise ValueError(f"the command {command.id} is there twice")
            if not command.title or not command.tooltip or not callable(command.run):
                raise ValueError(f"the command {command.id} lacks a title, a tooltip or a handler")
            self._commands[command.id] = command
            for shortcut in command.shortcuts:
                key = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.PortableText)
                if not key:
                    raise ValueError(f"{command.id}: {shortcut} is no key")
                for context in command.contexts:
                    other = taken.setdefault((context, key), command.id)
                    if other != command.id:
                        raise ValueError(f"{key} is taken twice in {context.value}: {other} and {command.id}")

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def __getitem__(self, command_id: str) -> Command:
        return self._commands[command_id]

    def offered(self, context: Workspace) -> tuple[Command, ...]:
        """Return the commands of a workspace, in the table's order."""
        return tuple(command for command in self if context in command.contexts)


class CommandActions(QObject):
    """The commands as window-wide actions, enabled only in the workspace they belong to.

    A text field that has the focus keeps all typing; a focused list keeps ↑ ↓ Home End. `key_came` tells of a key that
    no field keeps, before it is looked at; `refused` why nothing comes of one, `followed` that a command is about to
    be done.
    """

    key_came = Signal()
    refused = Signal(str)
    followed = Signal()

    def __init__(self, window: QWidget, table: CommandTable, theme: Theme, where: Callable[[], Workspace]) -> None:
        super().__init__(window)
        self.table = table
        self._window = window
        self._theme = theme
        self._where = where
        self._held: Command | None = None
        self._held_from_s = 0.0
        self._letting_go = rings_once(self, self._let_go, LET_GO_AFTER_MS)
        self._watched: QWidget | None = None
        self._windows: list[QWidget] = [window]
        self._bearer = _bearer(window)
        self._actions = {command.id: self._action(command) for command in table}
        theme.changed.connect(self._recolour)
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_changed)
        self.refresh()

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def run(self, command_id: str) -> bool:
        """Ask for a command, as its key would; False where it cannot be asked for now."""
        action = self._actions[command_id]
        self._refresh(self.table[command_id])
        if not action.isEnabled():
            return False
        action.trigger()
        return True

    def also_in(self, window: QWidget) -> None:
        """Let the keys work in another window too, but for those that would open something above the first."""
        bearer = _bearer(window)
        for command in self.table:
            if command.id not in ABOVE_THE_FIRST:
                bearer.addAction(self._actions[command.id])
        self._windows.append(window)
        window.installEventFilter(self)

    def refresh(self) -> None:
        """Bring every action up to date with the workspace and what its command says."""
        for _ in self.refreshed_in_parts():
            pass

    def refreshed_in_parts(self) -> Iterator[None]:
        """Do what `refresh` does, some actions at each step: nothing that moves waits for all of them."""
        for number, command in enumerate(self.table, 1):
            self._refresh(command)
            if number % _PART == 0:
                yield

    def menu(self, command_ids: Iterable[MenuEntry], parent: QWidget) -> QMenu:
        """Return a menu of commands that exist here; None stands for a separator."""
        menu = QMenu(parent)
        for command_id in command_ids:
            if command_id is None:
                menu.addSeparator()
            elif isinstance(command_id, Submenu):
                below = self.menu(command_id.command_ids, menu)
                if not below.isEmpty():
                    below.setTitle(command_id.title)
                    below.setIcon(icon(self._theme, command_id.icon))
                    menu.addMenu(below)
            elif self._where() in self.table[command_id].contexts:
                self._refresh(self.table[command_id])
                menu.addAction(self._actions[command_id])
        return menu

    def _action(self, command: Command) -> QAction:
        action = QAction(command.title, self._window)
        action.setShortcuts([QKeySequence(shortcut) for shortcut in command.shortcuts])
        if not command.repeats:
            action.setAutoRepeat(False)
        if command.checked_when is not None:
            action.setCheckable(True)
        action.triggered.connect(lambda _checked=False: self._triggered(command))
        if command.icon:
            action.setIcon(icon(self._theme, command.icon))
        self._bearer.addAction(action)
        return action

    def _triggered(self, command: Command) -> None:
        self._letting_go.stop()
        self._held = command if command.released else None
        self._held_from_s = time.monotonic()
        self.followed.emit()
        command.run()
        self.refresh()

    def _refresh(self, command: Command) -> None:
        action = self._actions[command.id]
        here = self._where() in command.contexts
        enabled = here and command.enabled_when()
        if command.title_now is not None:
            words = command.words
            action.setText(words or command.title)
            action.setVisible(bool(words))
            enabled = enabled and bool(words)
        action.setEnabled(enabled)
        if command.checked_when is not None:
            action.setChecked(here and command.checked_when())
        keys = shortcut_words(command)
        tip = f"{command.tooltip} ({keys})" if keys else command.tooltip
        why = command.why_not if here and not enabled else ""
        action.setToolTip(f"{tip}\n{why}" if why else tip)

    def _recolour(self, _name: object) -> None:
        for command in self.table:
            if command.icon:
                self._actions[command.id].setIcon(icon(self._theme, command.icon))

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        before, self._watched = self._watched, None
        # What had the focus may be gone with its dialog.
        if before is not None and isValid(before):
            before.removeEventFilter(self)
        if new is not None and new not in self._windows and new.window() in self._windows:
            new.installEventFilter(self)
            self._watched = new

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Keep keys for text fields and lists, and see when a held key is let go."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._letting_go.isActive() and self._held is not None and _is_key_of(event, self._held):
                # Still held: what it does does not begin again.
                self._letting_go.stop()
                event.accept()
                return True
            if keeps(watched, event):
                event.accept()
                return True
            if is_field(watched) and event.modifiers() & CONTROL and self._is_asked(event):
                # Qt's fields have keys of their own on some systems, which nobody knows of: Ctrl+E, Ctrl+Shift+A.
                event.ignore()
                return True
            if watched in self._windows:
                # Keys may come faster than what has changed is told to the actions.
                self.key_came.emit()
                self._refresh_of(event)
        elif kind == QEvent.Type.KeyPress and watched is self._window and isinstance(event, QKeyEvent):
            self._say_why_not(event)
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if self._held is not None and not event.isAutoRepeat() and _is_key_of(event, self._held):
                if time.monotonic() - self._held_from_s < REPEATS_AFTER_S:
                    self._let_go()
                else:
                    self._letting_go.start()
        return False

    def _is_asked(self, event: QKeyEvent) -> bool:
        pressed = QKeySequence(event.keyCombination())
        return any(action.isEnabled() and pressed in action.shortcuts() for action in self._actions.values())

    def _say_why_not(self, event: QKeyEvent) -> None:
        # A key that reaches the window itself was taken by no command and no widget. Esc asks for nothing.
        pressed = QKeySequence(event.keyCombination())
        if event.key() == Qt.Key.Key_Escape:
            return
        for command in self.table.offered(self._where()):
            if self._actions[command.id].isEnabled() or event.isAutoRepeat() or not command.why_not:
                continue
            if any(QKeySequence(shortcut) == pressed for shortcut in command.shortcuts):
                self.refused.emit(command.why_not)
                return

    def _refresh_of(self, event: QKeyEvent) -> None:
        pressed = QKeySequence(event.keyCombination())
        for command in self.table.offered(self._where()):
            if pressed in self._actions[command.id].shortcuts():
                self._refresh(command)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None and held.released is not None:
            held.released()
        self.refresh()


def _bearer(window: QWidget) -> QWidget:
    """Return what bears the actions of a window: all their changes are told to it, and in the window many listen."""
    bearer = QWidget(window)
    bearer.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    bearer.resize(0, 0)
    bearer.show()
    return bearer


def _is_key_of(event: QKeyEvent, command: Command) -> bool:
    key = QKeySequence(event.key()).toString(QKeySequence.SequenceFormat.PortableText)
    return any(shortcut.rpartition("+")[2] == key for shortcut in command.shortcuts)

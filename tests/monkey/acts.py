"""What a monkey does to the window: commands, keys, mouse, scans, sizes; each act says what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.monkey.checks import busy_with, open_sheets, shown_canvas
from tests.monkey.freshness import settled
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.monkey.hands import Hands
    from tests.monkey.watching import Faults, Heart
    from viewer.ui.main_window import MainWindow

# They end the program, or start another one.
LEFT_OUT = frozenset({"app.quit", "app.conventions", "app.hanging", "scans.reveal"})
_SIZES = ((1600, 900), (1280, 720), (1920, 1000), (900, 700), (700, 560), (1100, 1000))
# Enabled, though they may lead to where one is: the first image at the first, a look that is shown already.
_QUIET = (
    "view.first", "view.last", "view.previous", "view.next", "view.back_10", "view.on_10", "view.preset", "view.fit",
    "view.reset", "view.zoom", "view.cine", "view.hang", "view.tool", "compare.curtain_", "view.file", "library.search",
)  # fmt: skip


class Acts:
    """All that is done to one window."""

    def __init__(
        self, window: MainWindow, hands: Hands, places: list[Path], cases: Sequence[str], faults: Faults, heart: Heart
    ) -> None:
        self._window, self._hands, self._places, self._cases = window, hands, places, cases
        self._faults, self._heart = faults, heart
        table = [command for command in window.actions_.table if command.id not in LEFT_OUT]
        self._commands = [command.id for command in table]
        self._keys = [key for command in table for key in command.shortcuts]
        self.silent: dict[str, int] = {}
        self.looked = 0
        self.all: list[tuple[int, str, Callable[[], str]]] = [
            (40, "command", self._command),
            (22, "key", self._key),
            (16, "mouse", self._mouse),
            (10, "button", self._hands.button),
            (5, "open", self._open),
            (4, "go", self._go),
            (5, "draw", self._draw),
            (2, "compare", self._compare),
            (2, "model", self._model),
            (2, "case", self._case),
            (3, "size", self._size),
            (2, "type", self._type),
            (5, "wait", self._wait),
            (4, "there and back", self._there_and_back),
            (2, "anywhere", self._anywhere),
        ]

    def one(self) -> str:
        """Do something."""
        weights = [weight for weight, _, _ in self.all]
        _, name, act = self._hands.rng.choices(self.all, weights)[0]
        return f"{name}: {act()}"

    def _command(self) -> str:
        if open_sheets(self._window):
            # Nobody can ask for anything below a sheet.
            return "none"
        where = self._window.desk.session.workspace
        self._window.actions_.refresh()
        here = [c for c in self._commands if where in self._window.actions_.table[c].contexts]
        now = [c for c in here if self._window.actions_[c].isEnabled()]
        command = self._hands.rng.choice(now if self._hands.rng.random() < 0.9 else here)
        looks = self._hands.rng.random() < 0.8 and not busy_with(self._window)
        before = self._picture() if looks else None
        if not self._window.actions_.run(command):
            return f"{command} (cannot be asked for)"
        checked = self._window.actions_.table[command].checked_when
        if before is not None and checked is None and not command.startswith(_QUIET):
            self.pause(0.5)
            self.looked += 1
            if before == self._picture() and not open_sheets(self._window):
                self.silent[command] = self.silent.get(command, 0) + 1
        return command

    def _picture(self) -> object:
        with self._heart.resting():
            image = self._window.grab().toImage()
            clipboard = QGuiApplication.clipboard().text()
            shown = tuple(w.isVisible() for w in QApplication.topLevelWidgets())
            return (bytes(image.constBits()), clipboard, self._window.windowState(), shown)

    def _key(self) -> str:
        key = self._hands.rng.choice(self._keys)
        if "Ctrl+Q" in key:
            return "none"
        combination = QKeySequence(key)[0]
        self._hands.key(combination.key(), combination.keyboardModifiers())
        return key

    def _mouse(self) -> str:
        canvas = shown_canvas(self._window)
        target: QWidget = canvas if canvas is not None else self._window
        hands = self._hands
        act = hands.rng.choice((hands.click, hands.drag, hands.drag, hands.move, hands.wheel, hands.wheel))
        return f"{act.__name__} {act(target)}"

    def _anywhere(self) -> str:
        seen = [widget for widget in self._window.findChildren(QWidget) if widget.isVisible()]
        widget = self._hands.rng.choice(seen)
        act = self._hands.rng.choice((self._hands.click, self._hands.move, self._hands.wheel))
        return f"{act.__name__} {act(widget)} on {type(widget).__name__}"

    def _open(self) -> str:
        place = self._hands.rng.choice(self._places)
        self._window.asking.dropped([str(place)])
        return place.name

    def _case(self) -> str:
        shelf = self._window.library.shelf
        case = shelf.named(self._hands.rng.choice(self._cases)) if shelf is not None else None
        if case is None:
            return "none"
        self._window.open_case(case, self._hands.rng.randrange(len(case.steps)))
        return case.id

    def _go(self) -> str:
        where = self._hands.rng.choice(("review", "review", "inspect", "present", "library"))
        return f"{where} {self._window.actions_.run(f'place.{where}')}"

    def _draw(self) -> str:
        tools = ("measure.length", "measure.two_axes", "measure.ellipse", "measure.freehand", "measure.angle",
                 "measure.cobb", "measure.arrow", "path.draw", "view.tool_crosshair", "view.crop_3d_box")  # fmt: skip
        tool = self._hands.rng.choice(tools)
        canvas = shown_canvas(self._window)
        if canvas is None or not self._window.actions_.run(tool):
            return f"{tool} (cannot be asked for)"
        acts = (self._hands.drag, self._hands.click, self._hands.wheel)
        done = [self._hands.rng.choice(acts)(canvas) for _ in range(self._hands.rng.randint(1, 5))]
        return f"{tool}: {'; '.join(done)}"

    def _compare(self) -> str:
        place = self._hands.rng.choice(self._places)
        if self._window.desk.session.volume is None or self._window.desk.session.workspace is Workspace.PRESENT:
            return "no"
        self._window.desk.comparing.open(self._window.desk.library.finder_at(place))
        return place.name

    def _model(self) -> str:
        volume = self._window.desk.session.volume
        if volume is None or volume.preview or self._window.desk.session.workspace is not Workspace.REVIEW:
            return "no"
        model = self._hands.rng.choice(("anatomy", "head-bleed"))
        self._window.desk.finding_run.start(model)
        return model

    def _size(self) -> str:
        size = self._hands.rng.choice(_SIZES)
        self._window.resize(*size)
        return str(size)

    def _type(self) -> str:
        words = self._hands.rng.choice(("bleed", "12", "lung", "Wörter und ÄÖÜ", "a/b:c", "-1e9", " "))
        self._hands.type(words)
        return words

    def _wait(self) -> str:
        seconds = self._hands.rng.choice((0.05, 0.3, 1.0, 2.5))
        self.pause(seconds)
        return f"{seconds} s"

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        QTest.qWait(round(seconds * 1000))

    def settle(self, limit_s: float = 90.0) -> str:
        """Wait until nothing goes on any more; return what still does."""
        if self._window.canvas.isVisible() or self._window.stage_canvas.isVisible():
            self._hands.key(Qt.Key.Key_Shift)
        for _ in range(round(limit_s * 10)):
            if not busy_with(self._window):
                return ""
            self.pause(0.1)
        return busy_with(self._window)

    def _there_and_back(self) -> str:
        """Take back and do again, or go back and forward, and hold what was there before against what is then."""
        window, desk = self._window, self._window.desk
        if (
            busy_with(window)
            or open_sheets(window)
            or desk.session.workspace not in (Workspace.REVIEW, Workspace.INSPECT)
        ):
            return "no"
        words = []
        for there, back, state in (
            ("review.undo", "review.redo", self._kept), ("go.back", "go.forward", self._view),
        ):  # fmt: skip
            looked = desk.session.view, desk.session.measurement_in_hand, window.canvas.active
            picture = self._planes_seen()
            before, room = state(), window.canvas.size()
            if not window.actions_.run(there):
                continue
            self.pause(0.1)
            desk.navigation.finish()
            if not window.actions_.run(back):
                self._faults.add("no way back", f"{there}, then {back} cannot be asked for")
                continue
            self.pause(0.1)
            desk.navigation.finish()
            words.append(there)
            # What is fitted follows a view that a message or a bar has made lower meanwhile.
            if state() != before and window.canvas.size() == room:
                self._faults.add("not the same", f"{there}, then {back}:\n  {before}\n  {state()}")
                continue
            # What is taken back is gone to: looked at as before, it is seen as before.
            desk.session.view, desk.session.measurement_in_hand, window.canvas.active = looked
            again = self._planes_seen()
            alike = picture is None or again is None or picture.shape != again.shape or np.array_equal(picture, again)
            if not alike and desk.session.view == looked[0]:
                self._faults.add("not the same picture", f"{there}, then {back}: {(picture != again).sum()} pixels")
        return ", ".join(words) or "nothing to take back"

    def _planes_seen(self) -> NDArray[np.uint32] | None:
        with self._heart.resting():
            return settled(self._window, self._window.canvas, self.pause)

    def _kept(self) -> object:
        """Return what undo and redo are about, but for when it was done."""
        desk = self._window.desk
        both = []
        for session in (desk.session, desk.other.session):
            decided = {key: (d.answer, d.comment) for key, d in session.decisions.items()}
            drawn = {m.id: (m.kind, m.points_lps_mm.tolist() if hasattr(m.points_lps_mm, "tolist") else m.points_lps_mm)
                     for m in session.measurements}  # fmt: skip
            path = session.view.path_lps_mm if session.view is not None else ()
            both.append((decided, drawn, sorted(f.id for f in session.findings), path))
        return (both, str(desk.comparing.aligning.alignment))

    def _view(self) -> object:
        return self._window.desk.session.view

"""The composition root: builds the application, the desk and the window, and decides nothing."""

from __future__ import annotations

import gc
import importlib
import locale
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QLocale, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from viewer.domain.errors import CaseStageError
from viewer.services.desk import build_desk
from viewer.services.places import config_folder
from viewer.services.settings import Settings
from viewer.ui.deliver import Deliver
from viewer.ui.faults import Faults
from viewer.ui.fonts import load_fonts
from viewer.ui.main_window import MainWindow
from viewer.ui.still_hands import StillHands
from viewer.ui.theme import IN_FUSION, Theme, ThemeName, apply_theme
from viewer.ui.tidying import Tidying
from viewer.ui.when_painted import when_painted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from viewer.io.decoders import Decoders
    from viewer.scene.opengl_probe import Unavailable3D
    from viewer.scene.volume_scene import Picture3D
    from viewer.ui.canvas.view3d import Drawing3D

_log = logging.getLogger(__name__)

_CASES_AFTER_MS = 1000
# Looking through a folder on a disk that answers takes a third of it.
_WAITS_MS = 150
# What shows the models and 3D is loaded after the first image.
_LOADED_AFTER_MS = 1500
# 3D of what was opened is at rest by then; what is only expected would share its cores.
_REST_AFTER_MS = 2000
# Every call of Qt lets other threads run; how long the window then waits for them, 5 ms unless told.
_SWITCH_S = 0.0002
# With others no window can be seen in whole, or read.
_SCALES = (0.5, 4.0)
# Qt draws nothing on screens with a palette.
_LEAST_BITS = 15

WARM_UP = (
    "viewer.services.loading",
    "contourpy",
    "viewer.io.read_slices",
    "viewer.io.seg_reading",
    "scipy.ndimage",
    "viewer.scene.volume3d",
    "scipy.optimize",
)


def scene_3d(on_picture: Callable[[Picture3D], None], on_unavailable: Callable[[Unavailable3D], None]) -> Drawing3D:
    """Return a 3D drawing thread; VTK is loaded with the first one, after the window is there."""
    from viewer.scene.volume3d import Scene3D

    return Scene3D(on_picture, on_unavailable)


def build_application(arguments: list[str] | None = None) -> QApplication:
    """Return the one application, with fonts and numbers as everywhere in the program.

    Raises
    ------
    CaseStageError
        When there is no screen, or none to draw on.
    """
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    needs_display = sys.platform == "linux" and os.environ.get("QT_QPA_PLATFORM", "") in ("", "xcb", "wayland")
    if needs_display and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise CaseStageError(
            "There is no display to open a window on.",
            "Without one, “casestage render” writes pictures and “casestage run” runs models.",
        )
    scale = Settings(config_folder() / "settings.json").now.interface_scale
    if scale != 1.0 and _SCALES[0] <= scale <= _SCALES[1]:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{scale:g}")
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication([*(arguments or ["casestage"]), *IN_FUSION])
    screen = QGuiApplication.primaryScreen()
    if screen is not None and screen.depth() < _LEAST_BITS:
        raise CaseStageError(
            f"This screen has too few colours to draw on: {screen.depth()} bits for each pixel.",
            f"Set it to {_LEAST_BITS} bits or more; of a remote desktop the client or its server says how many.",
        )
    app.setApplicationName("casestage")
    app.setApplicationDisplayName("CaseStage")
    QLocale.setDefault(QLocale.c())
    # Qt sets the C library's locale from the environment; number parsing in other libraries must not follow it.
    locale.setlocale(locale.LC_NUMERIC, "C")
    sys.setswitchinterval(_SWITCH_S)
    load_fonts()
    return app


def build_window(*, kiosk: bool = False, cases_later: bool = False) -> MainWindow:
    """Return the window with everything it stands on; an application has to be there.

    `cases_later` is that of `MainWindow`.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    deliver = Deliver()
    desk = build_desk(deliver)
    stored = desk.settings.now.theme
    theme = Theme(stored if stored in tuple(ThemeName) else ThemeName.DARK)
    apply_theme(app, theme)
    window = MainWindow(desk, theme, scene_3d, kiosk=kiosk, cases_later=cases_later)
    deliver.setParent(window)
    return window


def run_window(
    *,
    open_paths: Iterable[Path] = (),
    compare: Path | None = None,
    case: str = "",
    step: int = 0,
    kiosk: bool = False,
    built: Callable[[], None] = lambda: None,
) -> int:
    """Open the window and return the program's exit code when it is closed.

    Parameters
    ----------
    open_paths
        Folders or files to open at once; the first counts.
    compare
        A second series to show beside the first, once that is there.
    case, step
        Id of a case to present at once, and its step from 0.
    kiosk
        True fills the screen and keeps the stage from being left.
    built
        Called once all that the window and what it opens first need is loaded.
    """
    app = build_application()
    paths = list(open_paths)
    window = build_window(kiosk=kiosk, cases_later=not case)
    sys.excepthook = Faults(window)
    for asked_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_end, lambda *_: _end(window))
    if case or window.desk.last_place.left is not None:
        # A case comes compressed. Files may be anything, and two more processes cost their first image 80 ms.
        threading.Thread(target=_warm_decoders, args=(window.desk.decoders,), name="decoders", daemon=True).start()
    _measure(window)
    hands = StillHands(window.desk.session)
    warm_up = threading.Thread(target=_warm_up, args=(window.desk.decoders, hands), name="warm-up", daemon=True)

    def rest(_what: object = None) -> None:
        if warm_up.ident is None:
            warm_up.start()
            if window.library.shelf is None:
                QTimer.singleShot(_CASES_AFTER_MS, lambda: _fill_beside(window, hands))

    if paths and not case:
        _after_opening(window, rest)
        if compare is not None:
            window.compared.open_when_ready(compare)
        _open(window, [str(path) for path in paths])
    window.show()
    if kiosk:
        window.kiosk_here.begin()
    gc.freeze()
    # Python runs signal handlers only between its own instructions; the tidying's timer gives it the chance too.
    Tidying(window, hands)
    when_painted(window, lambda: QTimer.singleShot(_LOADED_AFTER_MS, built))
    if case:
        window.desk.opening.opened.connect(rest)
        wanted = window.library.shelf.named(case) if window.library.shelf is not None else None
        if wanted is not None:
            QTimer.singleShot(0, lambda: window.going.open_case(wanted, step, at_start=True))
    elif not paths:
        when_painted(window, lambda: _fill(window, rest))
    return int(app.exec())


def _after_opening(window: MainWindow, rest: Callable[[], None]) -> None:
    """Have the rest done once what was asked for is on screen, or is known not to come."""
    opening, library = window.desk.opening, window.desk.library
    for source in (opening.opened, opening.failed, opening.too_large, library.listed, library.to_install):
        source.connect(lambda *_: QTimer.singleShot(_REST_AFTER_MS, rest))
    library.is_case.connect(lambda _case, images: None if images else QTimer.singleShot(_REST_AFTER_MS, rest))


def _end(window: MainWindow) -> None:
    window.end_kiosk()
    window.close()


def _fill(window: MainWindow, rest: Callable[[], None]) -> None:
    """Show the library's cases, and have the rest done once they are on screen; two threads would share that time."""
    window.library.fill()
    when_painted(window.library, rest)
    QTimer.singleShot(_CASES_AFTER_MS, rest)
    # Built while nobody waits, or else with the first case.
    QTimer.singleShot(_CASES_AFTER_MS, lambda: window.stage)
    QTimer.singleShot(_CASES_AFTER_MS + 100, lambda: window.review.panel)


def _open(window: MainWindow, paths: list[str]) -> None:
    measured = os.environ.get("CASESTAGE_BENCH")
    if measured in ("start", "click"):
        from viewer.ui.timing import WindowTimes

        WindowTimes(window, paths[0], clicks=measured == "click")
    if measured != "click":
        window.asking.dropped(paths)
        _wait_for_something_to_show(window)


def _wait_for_something_to_show(window: MainWindow) -> None:
    """Wait a moment for what is opened: a window painted without it would be painted twice, and both come later."""
    waiting = QEventLoop()
    desk = window.desk
    library, opening = desk.library, desk.opening
    sources = (desk.session.volume_changed, library.listed, library.is_case, library.failed, opening.failed)

    def over(*_: object) -> None:
        waiting.quit()

    for source in sources:
        source.connect(over)
    QTimer.singleShot(_WAITS_MS, waiting.quit)
    waiting.exec()
    for source in sources:
        source.disconnect(over)


def _measure(window: MainWindow) -> None:
    """Let the window measure itself where `casestage bench` started the program."""
    measured = os.environ.get("CASESTAGE_BENCH")
    if measured == "first window":
        from viewer.ui.timing_first_window import tell_first_window

        tell_first_window(window)
    elif measured == "views":
        from viewer.ui.timing_views import ViewTimes

        ViewTimes(window, int(os.environ.get("CASESTAGE_BENCH_TIMES", "60")))
    elif measured == "present":
        from viewer.ui.timing_present import PresentTimes

        PresentTimes(window)
    elif measured == "go on":
        from viewer.ui.timing_present import tell_going_on

        tell_going_on(window)
    elif measured == "switching":
        from viewer.ui.timing_switching import SwitchingTimes

        SwitchingTimes(window, int(os.environ.get("CASESTAGE_BENCH_TIMES", "1000")))
    elif measured == "kiosk":
        from viewer.ui.timing_kiosk import KioskTimes

        KioskTimes(window, float(os.environ.get("CASESTAGE_BENCH_TIMES", "3")))


def _fill_beside(window: MainWindow, hands: StillHands) -> None:
    """Show the library's cases, which nobody looks at yet, once nothing else is moved through."""
    if hands.still:
        window.library.fill()
    else:
        QTimer.singleShot(_CASES_AFTER_MS, lambda: _fill_beside(window, hands))


def _warm_up(decoders: Decoders, hands: StillHands) -> None:
    """Load what opening a case will need, while the user still looks at the library."""
    for name in WARM_UP:
        hands.wait()
        try:
            importlib.import_module(name)
        except ImportError:
            # Whoever needs it will say so in a sentence.
            _log.debug("not loaded ahead: %s", name)
    _warm_decoders(decoders)


def _warm_decoders(decoders: Decoders) -> None:
    try:
        decoders.warm()
    except CaseStageError as error:
        # Whoever needs them will say so.
        _log.debug("no decoders ahead: %s", error.sentence)

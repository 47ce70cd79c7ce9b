#!/usr/bin/env python3
"""Make pictures of every page, layout and sheet in both themes, in a small and in a large window, to look at.

.venv/bin/python packaging/make_screenshots.py OUT [PAGE...]      needs xvfb-run, for screens of each size
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QWidget

# Width and height in device pixels, and the scale factor.
SIZES = (((1280, 720), 1.0), ((1920, 1080), 1.0), ((3840, 2160), 1.0), ((3840, 2160), 2.0))
CASE = "lung-nodules"
_LIMIT_S = 30.0


def main() -> None:
    """Start one process for each size: the scale factor is read once."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    if "CASESTAGE_SCREENSHOTS" in os.environ:
        width, height, scale = (float(n) for n in os.environ["CASESTAGE_SCREENSHOTS"].split())
        Screenshots(out, (int(width / scale), int(height / scale)), sys.argv[2:]).make()
        return
    for (width, height), scale in SIZES:
        folder = out / f"{width}x{height}{'' if scale == 1.0 else f'@{scale:g}'}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as home:
            environment = {
                **os.environ,
                "CASESTAGE_SCREENSHOTS": f"{width} {height} {scale}",
                "QT_SCALE_FACTOR": f"{scale:g}",
                "QT_QPA_PLATFORM": "xcb",
                "CASESTAGE_HOME": home,
            }
            screen = ["xvfb-run", "-a", "-s", f"-screen 0 {width}x{height}x24"]
            subprocess.run([*screen, sys.executable, __file__, str(folder), *sys.argv[2:]], env=environment, check=True)


class Screenshots:
    """One window of a size, taken through all that it can show."""

    def __init__(self, out: Path, size: tuple[int, int], wanted: list[str]) -> None:
        from viewer.app import build_application, build_window

        self._app = build_application()
        self._out, self._wanted = out, wanted
        self._window = build_window()
        self._taken: QWidget = self._window
        self._size = size
        self._window.show()
        self._desk = self._window.desk
        self._desk.settings.change(reader="Dr Example", reduce_motion=True)

    def make(self) -> None:
        """Take all pictures in both themes."""
        try:
            self._open()
            for theme in ("dark", "light"):
                self._desk.settings.change(theme=theme)
                for name, show in self._pages():
                    if self._wanted and name not in self._wanted:
                        continue
                    close = show()
                    # There is no window manager that would do so.
                    self._taken.setGeometry(0, 0, *self._size)
                    self._settle()
                    self._until(self._has_3d)
                    self._taken.grab().save(str(self._out / f"{name}_{theme}.png"))
                    if close is not None:
                        close()
                        self._settle(0.1)
        finally:
            self._window.close()

    def _open(self) -> None:
        shelf = self._window.library.shelf
        assert shelf is not None
        case = shelf.named(CASE)
        assert case is not None
        self._window.open_case(case, 0)
        session = self._desk.session
        self._until(lambda: session.volume is not None and not session.volume.preview and session.step is not None)
        self._settle(3.0)

    def _pages(self) -> Iterator[tuple[str, Callable[[], Callable[[], object] | None]]]:
        from viewer.domain.session import Workspace
        from viewer.domain.view_state import Layout, OverlayMode, ViewName

        asking = self._window.asking
        yield "library_cases", lambda: self._go(Workspace.LIBRARY, "page.cases")
        yield "library_scans", self._scans
        yield "present_first", lambda: self._step(0)
        yield "present_third", lambda: self._step(2)
        yield "present_exploring", self._explore
        yield "present_notes", lambda: self._asked("presenter.notes", again=True)
        yield "present_search", lambda: self._asked("present.search", again=False)
        yield "presenter", self._presenter
        four, stage, single = Layout.FOUR, Layout.STAGE, Layout.SINGLE
        yield "review_2x2", lambda: self._look(Workspace.REVIEW, layout=four, main=ViewName.AXIAL)
        yield "review_1+3", lambda: self._look(Workspace.REVIEW, layout=stage, main=ViewName.AXIAL)
        yield "review_1x1", lambda: self._look(Workspace.REVIEW, layout=single, main=ViewName.CORONAL)
        yield "review_3d_large", lambda: self._look(Workspace.REVIEW, layout=stage, main=ViewName.THREE_D)
        yield "review_3d_alone", lambda: self._look(Workspace.REVIEW, layout=single, main=ViewName.THREE_D)
        yield (
            "review_fill",
            lambda: self._look(Workspace.REVIEW, layout=four, main=ViewName.AXIAL, overlay=OverlayMode.FILL),
        )
        yield "inspect", lambda: self._look(Workspace.INSPECT, layout=four, main=ViewName.AXIAL)
        yield "settings", lambda: self._sheet(asking.settings, lambda: asking.settings_sheet)
        yield "palette", lambda: self._sheet(asking.palette, lambda: asking.palette_sheet)
        yield "keys", lambda: self._sheet(asking.keys, lambda: asking.keys_sheet)
        yield "geometry", lambda: self._sheet(asking.why_geometry, lambda: asking.geometry_sheet)
        yield "reader", lambda: self._sheet(lambda: asking.reader_sheet.ask(), lambda: asking.reader_sheet)
        yield "archives", lambda: self._sheet(asking.archive, lambda: asking.archive_sheet)

    def _go(self, place: object, command: str = "") -> None:
        self._desk.session.workspace = place
        if command:
            self._page("cases")

    def _page(self, name: str) -> None:
        from viewer.ui.library.page_head import Page

        self._window.library.show_page(Page(name))

    def _scans(self) -> None:
        from viewer.domain.session import Workspace
        from viewer.services.places import case_folders

        self._desk.session.workspace = Workspace.LIBRARY
        self._page("scans")
        if not self._desk.index.places():
            from viewer.domain.job import JobContext
            from viewer.io.scan import scan

            for folder in case_folders():
                for case in sorted(folder.glob("*/dicom")):
                    known = self._desk.index.known_files(case)
                    self._desk.index.keep(case, scan(case, JobContext(), known), known)
            self._desk.library.refresh()
            self._page("scans")

    def _step(self, index: int) -> None:
        self._window.present_from(index)

    def _explore(self) -> None:
        from attrs import evolve

        self._window.present_from(2)
        view = self._desk.session.view
        x, y, z = view.cursor_lps_mm
        self._desk.session.view = evolve(view, cursor_lps_mm=(x, y, z + 5.0))

    def _asked(self, command: str, *, again: bool) -> Callable[[], object]:
        self._window.present_from(2)
        self._window.actions_.run(command)
        here = self._window.presenting
        return (lambda: self._window.actions_.run(command)) if again else (lambda: here.search.close_search())

    def _presenter(self) -> Callable[[], object]:
        self._window.present_from(2)
        here = self._window.presenting
        here.toggle_window()
        self._taken = here.window

        def close() -> None:
            self._taken = self._window
            here.toggle_window()

        return close

    def _look(self, place: object, **changes: object) -> None:
        from attrs import evolve

        session = self._desk.session
        session.workspace = place
        session.view = evolve(session.view, **{"overlay": type(session.view.overlay).OUTLINE, **changes})

    def _sheet(self, ask: Callable[[], object], sheet: Callable[[], object]) -> Callable[[], object]:
        from viewer.domain.session import Workspace

        self._desk.session.workspace = Workspace.REVIEW
        ask()
        return sheet().dismiss

    def _has_3d(self) -> bool:
        from viewer.ui.canvas.view3d import View3D

        return not any(view.awaited for view in self._window.findChildren(View3D))

    def _settle(self, seconds: float = 1.3) -> None:
        until = time.monotonic() + seconds
        self._until(lambda: time.monotonic() > until)

    def _until(self, there: Callable[[], bool]) -> None:
        limit = time.monotonic() + _LIMIT_S
        while not there() and time.monotonic() < limit:
            self._app.processEvents()
            time.sleep(0.005)


if __name__ == "__main__":
    main()

"""What a window keeps of cases that are no longer shown, for `casestage bench --only switching`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from viewer.domain.view_state import ViewName
from viewer.ui.canvas.view3d import View3D
from viewer.ui.measuring_itself import MeasuringItself, kept_bytes, wait_until

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

# So many switches fill what is kept on purpose: fonts, icons, outlines, the allocator's own pools.
_WARM_UP = 20
_3D_EVERY = 5


class SwitchingTimes(MeasuringItself):
    """Presents two cases in turn, then prints one line of JSON and closes the window."""

    def __init__(self, window: MainWindow, times: int) -> None:
        super().__init__(window)
        self._times = times
        self._pictures = 0

    def _told(self) -> dict[str, object]:
        shelf = self._window.library.shelf
        cases = shelf.cases[:2] if shelf is not None else ()
        if len(cases) < 2:
            return {}
        for view in self._window.stage.canvas.findChildren(View3D):
            view.changed.connect(self._pictured)
        seconds, resident = [], []
        each = min(_WARM_UP, self._times)
        for n in range(each + self._times):
            start = time.perf_counter()
            self._present(cases[n % 2], with_3d=n % _3D_EVERY == _3D_EVERY - 1)
            seconds.append(time.perf_counter() - start)
            if (n + 1) % each == 0:
                resident.append(kept_bytes())
        return {"switches": self._times, "resident": resident, "seconds": seconds[each:]}

    def _pictured(self) -> None:
        self._pictures += 1

    def _present(self, case: Case, *, with_3d: bool) -> None:
        """Present a case; now and then until 3D shows it too, else only until its planes do."""
        self._pictures = 0
        session, opening, canvas = self._window.desk.session, self._window.desk.opening, self._window.stage.canvas
        self._window.open_case(case)

        def there() -> bool:
            whole = session.volume is not None and not session.volume.preview and not opening.running
            shown = whole and session.case is not None and session.case.id == case.id
            # A step may show planes alone.
            return shown and (not with_3d or self._pictures > 0 or canvas.tile(ViewName.THREE_D) is None)

        wait_until(there)
        QApplication.processEvents()

"""What a case leaves behind in memory goes back to the system once the next one is on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from viewer.services.jobs import Lane
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.services.desk import Desk

# By then the last picture of the old volume is gone, and 3D of the new one at rest.
AFTER_MS = 2000


class GivingBack(QObject):
    """Follows the volumes of one desk, so that a program that runs for days holds no more than its case needs."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = desk.runner
        self._rest = rings_once(self, self._give_back, AFTER_MS)
        self._keeps_little = False
        for session in (desk.session, desk.other.session):
            session.volume_changed.connect(self._changed)

    def _changed(self, *_: object) -> None:
        self._rest.start()
        if not self._keeps_little:
            self._keeps_little = True
            # Also where one case follows the other too quickly for any rest.
            QTimer.singleShot(AFTER_MS, self, self._keep_little)

    def _keep_little(self) -> None:
        self._runner.run(_kept, done=_nothing, failed=_nothing, lane=Lane.BACKGROUND)

    def _give_back(self) -> None:
        self._runner.run(_work, done=_nothing, failed=_nothing, lane=Lane.BACKGROUND)


def _work(_ctx: JobContext) -> bool:
    from viewer.io.memory import give_back

    return give_back()


def _kept(_ctx: JobContext) -> bool:
    from viewer.io.memory import keep_little

    return keep_little()


def _nothing(_told: object) -> None:
    pass

"""Whether the panels beside the views are shown: as chosen where there is room, on demand where there is little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from viewer.domain.errors import StorageError

if TYPE_CHECKING:
    from viewer.services.settings import Settings

# Below, panels would leave the views less than half of the window.
NARROW_BELOW = 900
# What views need at least; where panels leave less, views wait until the panels go.
LEAST_VIEWS = 240


class SidePanels(QObject):
    """The choice; `changed` is emitted when it is another, `failed` with an error where it cannot be kept."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._in_narrow = False
        self._narrow = False

    @property
    def shown(self) -> bool:
        """True while they are shown."""
        return self._in_narrow if self._narrow else self._settings.now.side_panels

    def shown_at(self, width: int, *, seen: bool) -> bool:
        """Return whether they are shown in a page of a width, and act on that width from now on.

        A page that is not `seen` may have the width of a window that was larger then: it decides nothing.
        """
        narrow = width < NARROW_BELOW
        if seen and narrow is not self._narrow:
            self._narrow, self._in_narrow = narrow, False
        return self.shown

    def reveal(self) -> None:
        """Show them, for something that was asked for and is in them."""
        if not self.shown:
            self.switch()

    def switch(self) -> None:
        """Show or hide them."""
        if self._narrow:
            self._in_narrow = not self._in_narrow
        else:
            try:
                self._settings.change(side_panels=not self._settings.now.side_panels)
            except StorageError as error:
                self.failed.emit(error)
        self.changed.emit()

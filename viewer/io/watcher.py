"""Who is told of a volume while it is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from viewer.domain.geometry import SliceStack
    from viewer.domain.volume import Volume
    from viewer.io.reading_order import ReadingOrder


class Watcher(Protocol):
    """Is told of a volume that is being read, on the reading thread."""

    def first_slice(self, stack: SliceStack) -> int:
        """Return the slice to read first."""
        return stack.middle_slice

    def begun(self, volume: Volume, order: ReadingOrder) -> None:
        """Take a volume whose slices are coming in (`Volume.arrived`), and the order in which they come, to steer."""

    def grown(self) -> None:
        """Look again at what has arrived."""

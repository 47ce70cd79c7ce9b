"""Which files were laid over which series since the start, so that they are there when a series is shown again."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume


class LaidKind(Enum):
    """What a file is laid over a series as."""

    LABELS = "labels"
    MAP = "map"


class LaidFiles:
    """Remembers files by series, and the newest of each frame of reference: its other series lie in the same place.

    In memory alone: a file's name may be a patient's. `laid` tells the volume over which something was laid.
    """

    laid = Signal(object)

    def __init__(self) -> None:
        self._of: dict[tuple[str, LaidKind], Path] = {}

    def keep(self, volume: Volume, kind: LaidKind, path: Path) -> None:
        """Remember what was laid over a series."""
        for place in _places(volume):
            self._of[place, kind] = path
        self.laid.emit(volume)

    def forget(self, volume: Volume, kind: LaidKind) -> None:
        """Forget what was laid over a series, and over those that lie in the same place."""
        wanted = {self._of.get((place, kind)) for place in _places(volume)}
        self._of = {key: path for key, path in self._of.items() if key[1] is not kind or path not in wanted}

    def over(self, volume: Volume, kind: LaidKind) -> Path | None:
        """Return what was laid over a series, else what over another one of its frame of reference."""
        found = (self._of.get((place, kind)) for place in _places(volume))
        return next((path for path in found if path is not None), None)


def _places(volume: Volume) -> tuple[str, ...]:
    """Return the series, and where it is known its frame of reference, of one patient: two may have one UID."""
    series, whose = volume.series, volume.series.identity.patient_id
    frame = (f"frame {series.frame_of_reference_uid} {whose}",) if series.frame_of_reference_uid else ()
    return (f"series {series.series_uid} {whose}", *frame)

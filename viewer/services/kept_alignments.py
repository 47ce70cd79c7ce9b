"""How pairs of volumes were laid on each other by hand, on disk: a small file for each pair, which names nobody."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
from typing import TYPE_CHECKING

from viewer.domain.alignment import Alignment

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 4096
_FARTHEST_MM = 1e5
_log = logging.getLogger(__name__)


class KeptAlignments:
    """Alignments by hand of pairs of volumes, each by what tells it from others, whichever of the two is the first.

    Written with each change, and not synced: a killed program loses nothing of it, and no drag waits for the disk.
    Where it cannot be written, an alignment holds until the program ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, pair: tuple[str, str]) -> Alignment | None:
        """Return the alignment from the first volume of a pair to the second; None where none is known."""
        path, turned_round = self._place(pair)
        try:
            with path.open("rb") as file:
                said = json.loads(file.read(_MOST_BYTES))
            numbers = [float(said[key]) for key in ("x", "y", "z")]
            turn = said.get("turned")
            turned = None if turn is None else tuple(float(number) for number in turn)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return None
        if not all(math.isfinite(number) and abs(number) < _FARTHEST_MM for number in numbers):
            return None
        if turned is not None and (len(turned) != 4 or not abs(math.hypot(*turned) - 1) < 1e-6):
            return None
        x, y, z = numbers
        w = None if turned is None else (turned[0], turned[1], turned[2], turned[3])
        made = Alignment(w, (x, y, z))
        return made.back if turned_round else made

    def keep(self, pair: tuple[str, str], alignment: Alignment) -> None:
        """Remember the alignment of a pair."""
        path, turned_round = self._place(pair)
        kept = alignment.back if turned_round else alignment
        x, y, z = kept.shift_mm
        beside = path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps({"x": x, "y": y, "z": z, "turned": kept.turned}), encoding="utf-8")
            os.replace(beside, path)
        except OSError:
            _log.warning("an alignment by hand could not be kept")

    def forget(self, pair: tuple[str, str]) -> None:
        """Remember nothing of a pair any more."""
        try:
            self._place(pair)[0].unlink(missing_ok=True)
        except OSError:
            _log.warning("an alignment by hand could not be forgotten")

    def _place(self, pair: tuple[str, str]) -> tuple[Path, bool]:
        """Return a pair's file, and whether it holds the way from the second to the first."""
        # Not by their UIDs: these lead to a patient where the images are known.
        name = hashlib.sha256("\n".join(sorted(pair)).encode()).hexdigest()[:32]
        return self._folder / f"{name}.json", pair[0] > pair[1]

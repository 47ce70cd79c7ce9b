"""The parts of a volume that a running model goes through, one after the other."""

from __future__ import annotations

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray


def _boxes(value: object) -> NDArray[np.float64]:
    boxes = np.array(value, dtype=np.float64).reshape(-1, 8, 3)
    boxes.setflags(write=False)
    return boxes


@frozen(eq=False)
class Patches:
    """Where a model looks, and how far it is.

    Attributes
    ----------
    boxes_lps_mm
        Corners of each part in the order in which they are gone through, shape (n, 8, 3), mm in LPS: as those of a
        finding, so that corners whose numbers differ in one bit share an edge.
    done
        How many of them the model is through with.
    """

    boxes_lps_mm: NDArray[np.float64] = field(converter=_boxes)
    done: int = 0

    def with_one_more(self) -> Patches:
        """Return these with the next part done."""
        return evolve(self, done=min(self.done + 1, len(self.boxes_lps_mm)))

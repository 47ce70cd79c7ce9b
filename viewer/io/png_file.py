"""Pictures as PNG, with nothing in them but pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from viewer.io.atomic_file import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def write_png(path: Path, pixels: NDArray[np.uint32]) -> None:
    """Write a picture of 0xffRRGGBB pixels, shape (h, w), whole or not at all.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    colours = np.stack([(pixels >> shift) & 0xFF for shift in (16, 8, 0)], axis=-1).astype(np.uint8)
    write_atomically(path, bytes(imagecodecs.png_encode(np.ascontiguousarray(colours))), "The picture")

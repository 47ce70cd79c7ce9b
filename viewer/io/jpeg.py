"""Small pictures for pages, with nothing in them but pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Return a picture of RGB, shape (h, w, 3), as JPEG."""
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(pixels), level=quality, optimize=True))

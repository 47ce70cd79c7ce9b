"""JPEG whose coded pixels run out before its end mark: decoders fill up the rest, and say nothing.

They go on with bits of zero, the same step from pixel to pixel, and then with the middle of the range (libjpeg, as do
others; ITU-T T.81 F.2.2.1 and H.1.2.1 for where predictions begin).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.io.encapsulated import scan_begins

if TYPE_CHECKING:
    from numpy.typing import NDArray

_END = b"\xff\xd9"
_LAST_PIXELS = 9
# Bits that are other pixels than zeros, of which no mark can come.
_OTHER_BITS = b"\x5a\xa5"
_MOST_BYTES_OF_A_PIXEL = 4


def may_have_run_out(values: NDArray[Any], precision: int) -> bool:
    """Return whether an image [j, i] ends as one does whose coded pixels ran out; few others do."""
    last = values[-1, -_LAST_PIXELS:].astype(np.int32)
    steps = np.diff(last)
    if len(steps) != _LAST_PIXELS - 1 or not (steps == steps[0]).all():
        return False
    return bool(steps[0] != 0) or int(last[-1]) == 1 << (precision - 1)


def lengthened(stream: bytes, columns: int) -> bytes:
    """Return a code stream with more coded pixels before its end mark: where it lacked none, it is the same image."""
    end = stream.find(_END, scan_begins(stream))
    more = _OTHER_BITS * (columns * _MOST_BYTES_OF_A_PIXEL // len(_OTHER_BITS) + 1)
    return stream[:end] + more + stream[end:] if end >= 0 else stream

"""Images whose files hold more pixels than their headers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.io.dicom_geometry import frame_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.slice_header import Frame


def more_pixels_words(frames: Sequence[Frame]) -> str:
    """Return a sentence about images whose pixels fill more rows, or more columns, than their header says; or ""."""
    more = [f for f in frames if f.bytes_left_over >= f.code.frame_bytes // max(f.code.rows, f.code.columns)]
    if not more:
        return ""
    which = f"The image at {frame_place(more[0])} holds" if len(more) == 1 else f"{len(more)} images hold"
    return f"{which} more pixels than the header says; those are not shown."

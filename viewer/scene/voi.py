"""The table by which a view's values become grey: its window's, or that of a lookup table of the file."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from viewer.scene.acquired import image_at
from viewer.scene.colour_maps import GREY, colour_table
from viewer.scene.window_table import BLACK, MOST_ENTRIES, WindowTable, window_table

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.voi_lut import LutTable, VoiLut
    from viewer.domain.volume import Volume

_ENOUGH_ENTRIES = 8192


def lut_in_use(volume: Volume, state: ViewState) -> VoiLut | None:
    """Return the file's lookup table that a view names; None where it names none, or one that the file has not."""
    return next((lut for lut in volume.luts if lut.name == state.lut), None) if state.lut else None


def shown_lut(volume: Volume, state: ViewState) -> LutTable | None:
    """Return the entries of the lookup table that a view is in, None where it is in a window.

    Where images have tables of their own, all views take that of the image at the cursor: one grey stands for one
    value everywhere.
    """
    lut = lut_in_use(volume, state)
    return None if lut is None else lut.at(image_at(volume, state.cursor_lps_mm))


def shown_colours(volume: Volume, state: ViewState) -> str:
    """Return the name of the colours of a view: Hounsfield units are read by their grey."""
    return GREY if volume.on_hu_scale else state.colours


def shown_function(volume: Volume, state: ViewState) -> str:
    """Return the VOI function of a view: the file's, but of its own windows alone where that is too coarse for others.

    LINEAR counts in whole numbers: of values in fractions that are no HU it shows a window of 1.2 as one of 0.2. The
    file's windows were made for it; a window that somebody sets is shown as it is said.
    """
    function = volume.series.voi_function
    if function != "LINEAR" or volume.on_hu_scale or volume.slices.dtype.kind != "f":
        return function
    said = (state.window_centre, state.window_width)
    of_file = any((window.centre, window.width) == said for window in volume.series.windows)
    return function if of_file and state.window_width >= 1 else "LINEAR_EXACT"


def table_for(volume: Volume, state: ViewState) -> WindowTable:
    """Return the table of a view."""
    invert = state.invert != volume.series.monochrome1
    colours = shown_colours(volume, state)
    lut = shown_lut(volume, state)
    if lut is not None:
        return lut_table(lut, invert=invert, colours=colours)
    function = shown_function(volume, state)
    return window_table(state.window_centre, state.window_width, function, invert=invert, colours=colours)


@lru_cache(maxsize=16)
def lut_table(lut: LutTable, *, invert: bool = False, colours: str = GREY) -> WindowTable:
    """Return the table of a lookup table of a file (DICOM PS3.3 C.11.2.1.1); cached.

    Whole numbers fall exactly on its entries; between them, where values were interpolated, greys are mixed.
    """
    count = len(lut.entries)
    per_unit = max(1, min(_ENOUGH_ENTRIES // count, MOST_ENTRIES // count))
    places = np.arange((count - 1) * per_unit + 1) / per_unit
    grey = np.interp(places, np.arange(count), lut.entries) / ((1 << lut.bits) - 1) * 255.0
    level = np.floor((255.0 - grey if invert else grey) + 0.5).astype(np.uint32)
    pixels = level * np.uint32(0x010101) | BLACK if colours == GREY else colour_table(colours)[level]
    pixels.setflags(write=False)
    return WindowTable(float(lut.first), float(per_unit), pixels)

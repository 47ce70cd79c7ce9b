"""Whether the file of a volume holds more than its header says: its sizes are then in doubt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.io.beside_header import open_named
from viewer.io.voxel_readers import Encoding

if TYPE_CHECKING:
    from viewer.io.beside_header import Opener
    from viewer.io.stored_volume import StoredVolume

MORE_SLICES = "The file holds more slices than its header says; those are not shown."


def with_doubt_of_sizes(volume: StoredVolume, opener: Opener) -> StoredVolume:
    """Return a volume, in doubt where behind its voxels there is room for another slice.

    Known before anything is read of what lies unpacked in one file from a byte that the header names, and found while
    reading of the rest; less than a slice may be there to fill up a block.
    """
    stored = volume.stored
    if stored.encoding is not Encoding.RAW or len(stored.pieces) > 1:
        return volume
    (piece,) = stored.pieces
    if piece.at_end or piece.lines:
        return volume
    with open_named(opener, piece.name) as file:
        left = file.seek(0, os.SEEK_END) - piece.start - piece.skip - stored.piece_bytes
    columns, rows, _ = volume.size_ijk
    if left < columns * rows * volume.dtype.itemsize:
        return volume
    return evolve(volume, doubts=(*volume.doubts, MORE_SLICES))

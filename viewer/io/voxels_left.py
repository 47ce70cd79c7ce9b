"""Whether the file of a volume holds more than its header says: its sizes are then in doubt."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.io.beside_header import open_named
from viewer.io.voxel_readers import Encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def needed_files(names: tuple[str, ...], sizes: Sequence[int], each: int | None) -> tuple[tuple[str, ...], bool]:
    """Return those of the files that a header names which hold what its sizes say, and whether it names more.

    Parameters
    ----------
    names
        All of them, in their order; none where the voxels follow the header.
    sizes
        Of all axes, fastest first.
    each
        Over how many of these one file goes, None for all but the last, as NRRD and MetaImage have it; a file that
        goes over all holds some of the last.

    Raises
    ------
    ValueError
        Where a file cannot go over so many.
    """
    if each is not None and not 0 < each <= len(sizes):
        raise ValueError("files of too many dimensions")
    last = max([3, *(axis + 1 for axis, size in enumerate(sizes) if size != 1)])
    over = last - 1 if each is None else each
    if over >= last:
        return names, False
    needed = math.prod(sizes[over:])
    return names[:needed], len(names) > needed

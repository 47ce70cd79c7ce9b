"""Frames on their way to a decoding process: plain values, which travel fast, and only those that decoding needs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from viewer.io.file_bytes import FilePlace
from viewer.io.slice_header import Frame, ImageFile, Kind, PixelCode, Telling

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING_TOLD = Telling(*[None] * len(Telling._fields))

Told = tuple[Any, ...]


def told(frames: Sequence[Frame]) -> list[Told]:
    """Return frames as `understood` takes them."""
    found: list[Told] = []
    kind, said = None, None
    for frame in frames:
        if frame.kind is not kind:
            kind, code = frame.kind, frame.kind.code
            said = (
                code.transfer_syntax,
                code.rows,
                code.columns,
                code.bits_allocated,
                code.bits_stored,
                code.high_bit,
                code.signed,
                code.overlay_bits,
                kind.slope,
                kind.intercept,
                kind.padding,
            )
        file = frame.file
        found.append(
            (
                said,
                frame.index,
                frame.problem,
                frame.padding_to,
                file.place.path,
                file.place.member,
                file.size,
                file.pixel_offset,
                file.pixel_length,
                file.frames,
                file.inflate_from,
                file.changed_ns,
                file.sop_uid,
            )
        )
    return found


def understood(frame: Told) -> Frame:
    """Return a frame that was `told`: all that says where its pixels lie and what they mean, and nothing else."""
    said, index, problem, padding_to, path, member, *file = frame
    image = ImageFile(FilePlace(path, member), *file)
    return Frame(image, index, "", None, 0, _NOTHING_TOLD, _kind(*said), problem, padding_to)


@lru_cache(maxsize=256)
def _kind(*said: Any) -> Kind:
    *code, slope, intercept, padding = said
    return Kind(PixelCode(*code), "", None, None, slope, intercept, "", padding, False, (), "", False, False)

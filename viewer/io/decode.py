"""Stored values of one frame, from whatever its transfer syntax made of them.

`decode_frame` is a plain function of picklable values, so that it can run in a worker process. imagecodecs releases
the interpreter lock while it decodes, so two threads are worth their while.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, evolve, field, frozen
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError, TooLargeError, UnreadableFileError
from viewer.io.encapsulated import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    JPEG,
    JPEG_2000,
    JPEG_LS,
    RLE,
    described,
    ended,
    loses,
    reversible,
)
from viewer.io.header_walk import EXPLICIT_BIG
from viewer.io.jpeg_ends import lengthened, may_have_run_out
from viewer.io.padding import unstorable_padding
from viewer.io.pydicom_headers import PARSER_FAILURES
from viewer.io.run_lengths import unpacked_words
from viewer.io.tile_parts import missing_tiles, says_lengths

if TYPE_CHECKING:
    from viewer.io.open_images import OpenImages
    from viewer.io.slice_header import Frame, PixelCode

# No CT image is larger; a header that says more is damaged or hostile.
MOST_PIXELS = 16384 * 16384
# Code streams that say whether their values have a sign.
_TELL_SIGN = JPEG_2000 | HTJ2K
SIGNED_STREAM = "The compressed pixels have a sign and the header has none; the pixels were believed."
UNSIGNED_STREAM = "The compressed pixels have no sign and the header has one; the header was believed."
LOWER_BITS = "The compressed pixels lie in lower bits than the header says; they were taken from where they lie."
MORE_BITS = "The compressed pixels hold more bits than the header says; the bits above were left out."
# What every reader that follows the standard makes of the pixels too.
_SURE = ("", UNSIGNED_STREAM, LOWER_BITS)
# How far a lossy stream may run beyond the ends of its range: a sixteenth of it.
_BEYOND_ENDS_BITS = 4
_CODED = JPEG | JPEG_LS | JPEG_2000 | HTJ2K


@frozen(eq=False)
class Stored:
    """Stored values [j, i] as signed or unsigned integers, and what had to be decided to get them ("" for nothing).

    `padded` marks padding that was found in bits above the stored ones.
    """

    values: NDArray[Any]
    note: str = ""
    padded: NDArray[np.bool_] | None = None


def decode_frame(frame: Frame, files: OpenImages, room: NDArray[np.uint16] | None = None) -> Stored:
    """Return a frame's stored values, shape (rows, columns), integers of 8 to 32 bits with the header's sign.

    Bits outside of Bits Stored are removed and the sign is extended (DICOM PS3.5 section 8.1.1). The values may lie
    in `room`, 16 bits to a pixel, where a codec can put them straight there.

    Raises
    ------
    UnreadableFileError
        Where the pixels are damaged, end early, or are stored in a way that is not understood.
    TooLargeError
        Where a frame says to be larger than any CT image.
    """
    code = frame.code
    if code.rows * code.columns > MOST_PIXELS:
        raise TooLargeError(f"The image says that it is {code.columns} × {code.rows} pixels large.")
    if not code.understood:
        raise UnreadableFileError(
            f"Pixels of {code.bits_stored} in {code.bits_allocated} bits are not understood.",
        )
    if frame.problem:
        raise UnreadableFileError(f"The file {frame.problem}.")
    if code.native:
        return _of_words(_native(files, frame), frame)
    stream = stored_bytes(frame, files)
    try:
        return _decompressed(stream, frame, room)
    except PARSER_FAILURES as error:
        raise UnreadableFileError("The compressed pixels are damaged.", detail=repr(error)) from error


def in_doubt(note: str) -> bool:
    """Return whether a note of `Stored` tells of values that programs read in two ways."""
    return note not in _SURE


def _of_words(words: NDArray[Any], frame: Frame) -> Stored:
    return Stored(in_stored_bits(words, frame.code, shifted=True), padded=unstorable_padding(words, frame.padding))


def stored_bytes(frame: Frame, files: OpenImages) -> bytes:
    """Return a frame's pixels as they lie in its file, compressed or not.

    Raises
    ------
    UnreadableFileError
        Where the file ends early or its fragments are damaged.
    """
    code = frame.code
    if code.native:
        return files.bytes_of(frame.file, frame.file.pixel_offset + frame.index * code.frame_bytes, code.frame_bytes)
    parts = files.fragments(frame.file)[frame.index]
    if not parts:
        raise UnreadableFileError("The file ends early.")
    return b"".join(files.bytes_of(frame.file, *part) for part in parts)


def _native(files: OpenImages, frame: Frame) -> NDArray[Any]:
    code = frame.code
    raw = _in_swapped_words(files, frame) if _of_words_of_two(files, frame) else stored_bytes(frame, files)
    order = ">" if code.transfer_syntax == EXPLICIT_BIG else "<"
    values = np.frombuffer(raw, f"{order}u{code.bits_allocated // 8}").reshape(code.rows, code.columns)
    return values.astype(values.dtype.newbyteorder("="))


def _of_words_of_two(files: OpenImages, frame: Frame) -> bool:
    """Return True where pixels of 8 bits lie in pairs in words that are turned over (PS3.5 annex A.3, VR of OW)."""
    code = frame.code
    if code.transfer_syntax != EXPLICIT_BIG or code.bits_allocated != 8:
        return False
    return files.bytes_of(frame.file, frame.file.pixel_offset - 8, 2) == b"OW"


def _in_swapped_words(files: OpenImages, frame: Frame) -> bytes:
    first, count = frame.index * frame.code.frame_bytes, frame.code.frame_bytes
    within, words = first % 2, (first % 2 + count + 1) // 2
    raw = files.bytes_of(frame.file, frame.file.pixel_offset + first - within, 2 * words)
    return np.frombuffer(raw, "<u2").byteswap().tobytes()[within : within + count]


def in_stored_bits(values: NDArray[Any], code: PixelCode, *, shifted: bool) -> NDArray[Any]:
    """Return unsigned words as the numbers that lie in their stored bits, with the header's sign.

    `shifted` tells that the words still have stored bits ending at High Bit (native data and RLE).
    """
    width = values.dtype.itemsize * 8
    stored = min(code.bits_stored, width)
    drop = code.high_bit + 1 - stored if shifted else 0
    if not 0 <= drop <= width - stored:
        raise UnreadableFileError(f"High bit {code.high_bit} does not fit {code.bits_stored} stored bits.")
    up = width - stored - drop
    result = values.view(f"i{values.dtype.itemsize}") if code.signed else values
    if up or drop:
        # Up and down again: clears the bits above and copies the sign into them.
        result = (result << up) >> (up + drop)
    return result


def _decompressed(stream: bytes, frame: Frame, room: NDArray[np.uint16] | None) -> Stored:
    code = frame.code
    syntax = code.transfer_syntax
    if syntax == RLE:
        return _of_words(unpacked_words(stream, code), frame)
    if syntax not in _CODED:
        raise UnreadableFileError(
            "The pixels are compressed in a way that is not supported.",
            "Export them anew without compression, or as JPEG 2000, JPEG-LS or RLE.",
            f"transfer syntax {syntax}",
        )
    said = described(stream)
    if said is None:
        raise UnreadableFileError("The compressed pixels are damaged.")
    if (said.rows, said.columns, said.components) != (code.rows, code.columns, 1):
        raise UnreadableFileError(
            f"The compressed pixels are {said.columns} × {said.rows} × {said.components}, "
            f"but the header says {code.columns} × {code.rows}.",
        )
    if said.precision > 32 or not ended(stream):
        raise UnreadableFileError("The compressed pixels end early.")
    if syntax in _TELL_SIGN and missing_tiles(stream):
        raise UnreadableFileError("A part of the compressed pixels is missing.")
    fits = said.signed == code.signed and 8 < said.precision <= min(16, code.bits_stored)
    place = room.view(np.int16) if room is not None and code.signed else room
    values = _by_codec(stream, syntax, said.precision, place if fits else None)
    if values.shape != (code.rows, code.columns) or values.dtype.kind not in "iu":
        raise UnreadableFileError("The compressed pixels are not one grey image.")
    if code.high_bit >= code.bits_stored and said.precision > code.high_bit:
        words = values.view(f"u{values.dtype.itemsize}")
        drop = code.high_bit + 1 - code.bits_stored
        # Words were packed as they were, with their stored bits ending at High Bit.
        beside = bool((words & ((1 << drop) - 1 & ~code.overlay_bits)).any())
        if beside and not _more_bits(values, code, said.signed, said.precision, code.overlay_bits):
            return evolve(_with_sign(values, code, said.signed, said.precision), note=LOWER_BITS)
        beside = beside or _more_bits(
            values >> drop, code, said.signed, said.precision - drop, code.overlay_bits >> drop
        )
        return evolve(_of_words(words, frame), note=MORE_BITS if beside else "")
    if said.precision > code.bits_stored and loses(stream) and said.signed == code.signed:
        values = _within_ends(values, code)
    stored = _with_sign(values, code, said.signed, said.precision)
    if syntax in _TELL_SIGN and code.signed and not said.signed and not stored.note and int(stored.values.min()) < 0:
        return evolve(stored, note=UNSIGNED_STREAM)
    return stored


def _within_ends(values: NDArray[Any], code: PixelCode) -> NDArray[Any]:
    """Return values of a lossy stream with those at the ends of their range that ran a little beyond them."""
    low = -(1 << (code.bits_stored - 1)) if code.signed else 0
    high = low + (1 << code.bits_stored) - 1
    slack = 1 << max(code.bits_stored - _BEYOND_ENDS_BITS, 0)
    if int(values.min()) < low - slack or int(values.max()) > high + slack:
        return values
    found: NDArray[Any] = np.clip(values, low, high)
    return found


def _with_sign(values: NDArray[Any], code: PixelCode, stream_signed: bool, precision: int) -> Stored:
    """Return decoded values with the right sign where header and code stream may disagree.

    A code stream without sign under a signed header holds two's complement in its bits. JPEG and JPEG-LS know no
    other way; of JPEG 2000, which tells the sign, the header is believed. A code stream with sign under an unsigned
    header says outright that a value is negative, and is believed.
    """
    unsigned = values.view(f"u{values.dtype.itemsize}")
    if stream_signed and not code.signed and int(values.min(initial=0)) < 0:
        return Stored(values, SIGNED_STREAM)
    note = _doubt_about_bits(values if stream_signed else unsigned, code, stream_signed, precision)
    width = values.dtype.itemsize * 8
    if stream_signed == code.signed and precision >= min(code.bits_stored, width):
        found = values if precision <= code.bits_stored else in_stored_bits(unsigned, code, shifted=False)
        return Stored(found, note)
    if not code.signed:
        found = unsigned if precision <= code.bits_stored else in_stored_bits(unsigned, code, shifted=False)
        return Stored(found, note)
    # A signed header: the sign bit is the highest stored bit, as far as the code stream carries it.
    up = width - min(code.bits_stored, precision, width)
    signed = values.view(f"i{values.dtype.itemsize}")
    return Stored((signed << up) >> up if up else signed, note)


def _doubt_about_bits(values: NDArray[Any], code: PixelCode, stream_signed: bool, precision: int) -> str:
    """Return what had to be decided where code stream and header disagree about bits, "" where nothing hangs on it."""
    stored = code.bits_stored
    if _more_bits(values, code, stream_signed, precision, code.overlay_bits):
        return MORE_BITS
    if precision < stored and code.signed and not stream_signed and int(values.max(initial=0)) >> (precision - 1):
        return (
            f"The compressed pixels have {precision} bits without a sign, the header {stored} with one; "
            "the highest was taken for the sign."
        )
    return ""


def _more_bits(values: NDArray[Any], code: PixelCode, stream_signed: bool, precision: int, overlays: int) -> bool:
    """Return whether values of a stream, with its own sign, are others in the stored bits and those of overlays."""
    stored = code.bits_stored
    if precision <= stored:
        return False
    if stream_signed and code.signed and not overlays:
        return int(values.min()) < -(1 << (stored - 1)) or int(values.max()) >> (stored - 1) > 0
    words = values.view(f"u{values.dtype.itemsize}")
    if not int(words.max()) >> stored:
        return False
    counted = (1 << (words.dtype.itemsize * 8 - stored)) - 1 & ~(overlays >> stored)
    above = words >> stored & counted
    lost = above != 0
    if code.signed:
        # Copies of the sign are no bits of their own.
        signs = (1 << (precision - stored)) - 1 & counted, counted
        lost &= ((above != signs[0]) & (above != signs[1])) | (words >> (stored - 1) & 1 == 0)
    return bool(lost.any())


def _by_codec(stream: bytes, syntax: str, precision: int, room: NDArray[Any] | None) -> NDArray[Any]:
    import imagecodecs

    try:
        with _NOTHING_SWALLOWED:
            if syntax in JPEG:
                found = imagecodecs.jpeg8_decode(stream, out=room)
                if may_have_run_out(found, precision):
                    again = imagecodecs.jpeg8_decode(lengthened(stream, found.shape[1]))
                    if not np.array_equal(found, again):
                        raise UnreadableFileError("The compressed pixels end early.")
            elif syntax in JPEG_LS:
                found = imagecodecs.jpegls_decode(stream, out=room)
            elif syntax in HTJ2K_LOSSLESS and reversible(stream) and says_lengths(stream):
                found = imagecodecs.htj2k_decode(stream, out=room)
            else:
                # OpenJPH turns what a lossy stream has beyond the ends of its range over to the other end, and makes up
                # what a stream lacks.
                found = imagecodecs.jpeg2k_decode(stream, out=room)
    except (RuntimeError, imagecodecs.DelayedImportError) as error:
        raise UnreadableFileError("The compressed pixels are damaged.", detail=repr(error)) from error
    return np.asarray(found)


@define
class _Hooks:
    """What the interpreter does with exceptions that cannot be raised, while decoders run."""

    lock: threading.Lock = field(factory=threading.Lock)
    decoding: set[int] = field(factory=set)
    failed: set[int] = field(factory=set)
    printed: Any = None
    unraisable: Any = None


_hooks = _Hooks()


def _note_printed(*exception: Any) -> None:
    if threading.get_ident() in _hooks.decoding:
        _hooks.failed.add(threading.get_ident())
    else:
        _hooks.printed(*exception)


def _note_unraisable(args: Any) -> None:
    if threading.get_ident() in _hooks.decoding:
        _hooks.failed.add(threading.get_ident())
    else:
        _hooks.unraisable(args)


class _NothingSwallowed:
    """Raises RuntimeError for a failure that a codec only prints instead of raising it (HTJ2K does).

    The codec would otherwise return an image whose last rows were never written. A class, as a generator takes longer.
    """

    def __enter__(self) -> None:
        """Begin to listen."""
        with _hooks.lock:
            if not _hooks.decoding:
                _hooks.printed, _hooks.unraisable = sys.excepthook, sys.unraisablehook
                sys.excepthook, sys.unraisablehook = _note_printed, _note_unraisable
            _hooks.decoding.add(threading.get_ident())

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _where: object) -> None:
        """Raise what was only printed."""
        thread = threading.get_ident()
        with _hooks.lock:
            _hooks.decoding.discard(thread)
            if not _hooks.decoding:
                sys.excepthook, sys.unraisablehook = _hooks.printed, _hooks.unraisable
            failed = thread in _hooks.failed
            _hooks.failed.discard(thread)
        if failed and error is None:
            raise RuntimeError("the codec stopped before the end of the image")


_NOTHING_SWALLOWED = _NothingSwallowed()


def why(error: CaseStageError) -> str:
    """Return the reason of a failure as part of a sentence: without its first capital and full stop."""
    sentence = error.sentence.rstrip(".")
    return sentence[:1].lower() + sentence[1:]

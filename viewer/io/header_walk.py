"""A bounded walk over the header of a DICOM file: the few elements that a viewer needs, or None where unsure.

What the walk does not fully understand (big endian, unknown value representations, lengths beyond the file) it
leaves to `viewer.io.pydicom_headers`, which gives the same `Elements`; a test holds the two together. DICOM
PS3.5 section 7.1 (element structure), PS3.10 section 7.1 (file meta).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from attrs import define, field

from viewer.domain.errors import UnreadableFileError

if TYPE_CHECKING:
    from viewer.io.file_bytes import Source

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

UNDEFINED_LENGTH = 0xFFFFFFFF
PIXEL_DATA = 0x7FE00010
FRAME_TABLE = 0x7FE00001
"""Extended Offset Table: where each compressed frame begins, in 64 bits (PS3.3 C.7.6.3.1.8)."""
FLOATING_PIXELS = (0x7FE00008, 0x7FE00009)
"""Float Pixel Data and Double Float Pixel Data, which take the place of Pixel Data (PS3.3 C.7.6.24 and .25)."""
SHARED_GROUPS = 0x52009229
PER_FRAME_GROUPS = 0x52009230

MODALITY_LUT = 0x00283000
VOI_LUT = 0x00283010
VALUE_MAPS = 0x00409096
"""Real World Value Mapping Sequence."""

OVERLAY_BITS = tuple(0x60000102 + (group << 16) for group in range(0, 0x20, 2))
"""Overlay Bit Position, of each group of overlays."""

# Elements that hold 16 bit numbers, and 32 bit floating point ones; all others that are collected hold text.
NUMBERS = frozenset(
    {
        0x00280002, 0x00280006, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
        0x00280120, 0x00280121, 0x00209162, 0x00209163, *OVERLAY_BITS,
    }
)  # fmt: skip
FLOATS = frozenset({0x00209241, 0x00209245})
TEXTS = frozenset(
    {
        0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x0008001C, 0x00080020, 0x00080022, 0x00080023, 0x0008002A,
        0x00080032, 0x00080033, 0x00080050, 0x00080060, 0x00081030, 0x0008103E, 0x00100010, 0x00100020, 0x00100030,
        0x00100040, 0x00180010, 0x00180015, 0x00180050, 0x00180060, 0x00181060, 0x00181100, 0x00181210, 0x0020000D,
        0x0020000E, 0x00200011, 0x00200012, 0x00200013, 0x00200032, 0x00200037, 0x00200052, 0x00200100, 0x00280004,
        0x00280008, 0x00280030, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281054, 0x00281055, 0x00281056,
        0x00282110, 0x00282112, 0x00282114, 0x00541001, 0x00209161, 0x00280301,
    }
)  # fmt: skip
WANTED = NUMBERS | FLOATS | TEXTS
# What pixels, places, values and identity hang on. Of one that stands there twice, readers take one or the other.
SAID_ONCE = NUMBERS | FLOATS | {
    0x00080016, 0x00080018, 0x00080060, 0x00100010, 0x00100020, 0x00180050, 0x0020000D, 0x0020000E, 0x00200032,
    0x00200037, 0x00200052, 0x00280004, 0x00280008, 0x00280030, 0x00281052, 0x00281053, 0x00281054,
}  # fmt: skip

# Value representations as the 16 bit numbers that their two letters are in the file: quicker to compare than text.
_LONG_FORMS, _SHORT_FORMS = (
    frozenset(int.from_bytes(form.encode(), "little") for form in forms.split())
    for forms in (
        "OB OD OF OL OV OW SQ SV UC UN UR UT UV",
        "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US",
    )
)
_SEQUENCE = int.from_bytes(b"SQ", "little")
FIRST_READ = 8192
"""How many bytes of a file are looked at first: most headers end within them."""
_NEXT_READ = 65536
_LONGEST_VALUE = 65536
_DEEPEST = 32
_LARGEST_HEADER = 64 << 20
# Of that, what may consist of elements to be walked over: about two seconds.
_MOST_WALKED = 24 << 20
HEADER_LENGTHS = {**dict.fromkeys(_LONG_FORMS, 12), **dict.fromkeys(_SHORT_FORMS, 8)}
_INTERESTING = frozenset(
    (tag & 0xFFFF) << 16 | tag >> 16
    for tag in (
        *WANTED, MODALITY_LUT, VOI_LUT, VALUE_MAPS, *FLOATING_PIXELS, FRAME_TABLE, PIXEL_DATA, SHARED_GROUPS,
        PER_FRAME_GROUPS,
    )
)  # fmt: skip
# Tag by word for what is kept, −1 for what is looked into.
_PLAIN = {word: (word & 0xFFFF) << 16 | word >> 16 for word in _INTERESTING}
_PLAIN.update({word: -1 for word, tag in _PLAIN.items() if tag not in WANTED})
_implicit = struct.Struct("<LL").unpack_from
_explicit = struct.Struct("<LHH").unpack_from
_length = struct.Struct("<L").unpack_from


@define(frozen=True)
class Start:
    """Where the data set of a file begins, in what transfer syntax it says to be, and its first bytes if read."""

    offset: int
    transfer_syntax: str
    head: bytes = b""


@define
class Elements:
    """Raw values of the wanted elements, and where the pixel data lies.

    Attributes
    ----------
    values
        Raw bytes by tag, numbers little-endian; nothing for a Modality LUT, a VOI LUT and pixels of floating point
        numbers, which are only noted.
    pixel_offset, pixel_length
        Where the value of Pixel Data begins in the source and how long it says to be; −1 where there is none.
    functional_groups
        Where the values of the sequences lie in which frames describe themselves (enhanced multi-frame), offset and
        length by tag.
    voi_lut, value_maps
        Where the value of the VOI LUT Sequence and of the Real World Value Mapping Sequence lies, offset and length;
        None where there is none.
    frame_table
        Where the value of the Extended Offset Table lies, offset and length; None where there is none.
    complete
        False where the file ends before Pixel Data or a later element says so.
    contradicted
        The tag of an element that stands there twice with two values, or of a description of the frames that stands
        there twice; 0 for none.
    """

    values: dict[int, bytes] = field(factory=dict)
    pixel_offset: int = -1
    pixel_length: int = -1
    functional_groups: dict[int, tuple[int, int]] = field(factory=dict)
    voi_lut: tuple[int, int] | None = field(default=None, eq=False)
    value_maps: tuple[int, int] | None = field(default=None, eq=False)
    frame_table: tuple[int, int] | None = None
    complete: bool = True
    contradicted: int = 0

    def take(self, tag: int, value: bytes) -> None:
        """Note a value, the last where there are several."""
        if tag in self.values and self.values[tag] != value and tag in SAID_ONCE:
            self.contradicted = tag
        self.values[tag] = value

    def take_groups(self, tag: int, offset: int, length: int) -> None:
        """Note where a description of the frames lies."""
        if tag in self.functional_groups:
            self.contradicted = tag
        self.functional_groups[tag] = (offset, length)


def find_start(source: Source) -> Start | None:
    """Return where a file's data set begins, or None for a file that is not DICOM.

    Files without preamble and file meta are recognised by their first element, which must be of group 8.
    """
    head = source.read_at(0, FIRST_READ)
    if head[128:132] == b"DICM":
        return _after_meta(source, 132, head)
    if len(head) < 16:
        return None
    word, form, short = _explicit(head, 0)
    if word & 0xFFFF == 2 and word >> 16 <= 0x0100 and form in HEADER_LENGTHS:
        return _after_meta(source, 0, head)
    if word & 0xFFFF == 0x0008 and word >> 16 <= 0x0100:
        if form in _SHORT_FORMS or form in _LONG_FORMS:
            return Start(0, EXPLICIT_LITTLE, head) if short < 1024 else None
        return Start(0, IMPLICIT_LITTLE, head) if _length(head, 4)[0] < 1024 else None
    if head[:2] == b"\x00\x08" and head[2] <= 1 and (form in _SHORT_FORMS or form in _LONG_FORMS):
        return Start(0, EXPLICIT_BIG)
    return None


def _after_meta(source: Source, offset: int, head: bytes) -> Start | None:
    """Return where the data set begins after a file meta group at `offset` (always explicit little endian)."""
    syntax = ""
    position = offset
    while position - offset < 65536:
        header, p = head, position
        if position + 12 > len(head):
            header, p = source.read_at(position, 12), 0
            if len(header) < 8:
                break
        word, form, length = _explicit(header, p)
        if word & 0xFFFF != 2:
            break
        value = position + HEADER_LENGTHS.get(form, 0)
        if form in _LONG_FORMS:
            if len(header) < p + 12:
                break
            (length,) = _length(header, p + 8)
        elif value == position:
            return None
        if word == 0x00100002:
            named = min(length, 128)
            raw = head[value : value + named] if value + named <= len(head) else source.read_at(value, named)
            syntax = raw.decode("ascii", "replace").strip("\0 ")
        position = value + length
    return Start(position, syntax or EXPLICIT_LITTLE, head[position:])


def walk(source: Source, start: Start, size: int | None, *, lenient: bool = False) -> Elements | None:
    """Return the wanted elements of a data set, or None where anything is met that is not fully understood.

    Parameters
    ----------
    source, start
        The bytes, and where the data set begins in them.
    size
        Length of the source in bytes, or None where it is not known (deflated).
    lenient
        True where elements of no known value representation are passed over, as far as what follows proves their end.

    Raises
    ------
    UnreadableFileError
        Where it is larger than any header.
    """
    if start.transfer_syntax == EXPLICIT_BIG:
        return None
    explicit = start.transfer_syntax != IMPLICIT_LITTLE
    found = Elements()
    values = found.values
    base, p, depth, walked = start.offset, 0, 0, 0
    buffer = start.head or source.read_at(base, FIRST_READ)
    n = len(buffer)
    forms, short, plain, interesting = HEADER_LENGTHS, _SHORT_FORMS, _PLAIN, _INTERESTING
    while True:
        if p + 12 > n:
            base += p
            walked += min(p, n)
            inside = size is None or base < size
            if inside and (base - start.offset > _LARGEST_HEADER or walked > _MOST_WALKED):
                raise UnreadableFileError("The header is larger than that of any image.")
            buffer = source.read_at(base, _NEXT_READ)
            n, p = len(buffer), 0
            if n < 8:
                # An image without Pixel Data, or a file that was cut: the reader of `values` decides.
                found.complete = n == 0 and (size is None or base == size) and depth == 0
                return found
            if n < 12:
                buffer += bytes(4)
        # `word` is the tag with its two halves exchanged, as it lies in the file.
        if explicit:
            word, form, length = _explicit(buffer, p)
            if form in short and not depth:
                # Nearly every element: at most its value is kept, and there is nothing to look into.
                first, last = p, n - 12
                while form in short:
                    tag = plain.get(word, 0)
                    end = p + 8 + length
                    if tag:
                        if tag < 0 or end > n:
                            break
                        if tag in values:
                            found.take(tag, buffer[p + 8 : end])
                        else:
                            values[tag] = buffer[p + 8 : end]
                    p = end
                    if p > last:
                        break
                    word, form, length = _explicit(buffer, p)
                if p > last and p > first:
                    continue
            header = forms.get(form, 0)
            if header == 12:
                if p + 12 > n:
                    found.complete = False
                    return found
                (length,) = _length(buffer, p + 8)
            elif not header and word & 0xFFFF != 0xFFFE:
                header, length = _of_unknown_form(source, base + p) if lenient else (0, 0)
                if not header:
                    return None
        else:
            word, length = _implicit(buffer, p)
            form, header = _SEQUENCE, 8
        if word & 0xFFFF == 0xFFFE:
            element = word >> 16
            (length,) = _length(buffer, p + 4)
            p += 8
            if element == 0xE0DD:
                depth -= 1
                if depth < 0:
                    return None
            elif depth == 0 or element not in (0xE000, 0xE00D):
                return None
            elif element == 0xE000 and length != UNDEFINED_LENGTH:
                p += length
            continue
        p += header
        if word in interesting and depth == 0:
            tag = (word & 0xFFFF) << 16 | word >> 16
            if tag == PIXEL_DATA:
                if explicit and header == 8:
                    return None
                found.pixel_offset, found.pixel_length = base + p, length
                return found
            if tag in WANTED:
                if length > _LONGEST_VALUE:
                    return None
                if p + length > n:
                    base += p
                    buffer = source.read_at(base, max(_NEXT_READ, length))
                    n, p = len(buffer), 0
                    if n < length:
                        found.complete = False
                        return found
                found.take(tag, buffer[p : p + length])
            elif tag == MODALITY_LUT or tag in FLOATING_PIXELS:
                values[tag] = b""
            elif tag == VOI_LUT:
                values[tag] = b""
                found.voi_lut = (base + p, length)
            elif tag == VALUE_MAPS:
                found.value_maps = (base + p, length)
            elif tag == FRAME_TABLE:
                found.frame_table = (base + p, length)
            else:
                found.take_groups(tag, base + p, length)
        if length == UNDEFINED_LENGTH:
            depth += 1
            if form != _SEQUENCE or depth > _DEEPEST:
                return None
            continue
        p += length


def _of_unknown_form(source: Source, at: int) -> tuple[int, int]:
    """Return how long an element's header and value are whose value representation is none; (0, 0) for not known.

    Writers gave it two bytes of length, four as later ones have, or none at all as in implicit data. It is whichever
    alone leads to an element of a higher tag.
    """
    head = source.read_at(at, 12)
    if len(head) < 12:
        return 0, 0
    group, element, form, short = struct.unpack_from("<4H", head)
    ways = {(8, short), (8, form | short << 16)} | ({(12, _length(head, 8)[0])} if not short else set())
    proven = []
    for header, length in ways:
        following = source.read_at(at + header + length, 8) if length <= _LONGEST_VALUE else b""
        if len(following) == 8:
            next_group, next_element, next_form = struct.unpack_from("<3H", following)
            if (next_group, next_element) > (group, element) and (next_form in HEADER_LENGTHS or next_group == 0xFFFE):
                proven.append((header, length))
    return proven[0] if len(proven) == 1 else (0, 0)

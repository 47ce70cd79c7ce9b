"""Images and what is said of their series, from the raw elements of a header."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.count_words import count_words
from viewer.domain.value_units import MODIFIED_HU, is_on_hu_scale
from viewer.domain.volume import PatientIdentity, SeriesFacts, Window
from viewer.io.encapsulated import HTJ2K, JPEG, JPEG_2000, JPEG_LS, RLE
from viewer.io.header_walk import MODALITY_LUT, OVERLAY_BITS, UNDEFINED_LENGTH, VALUE_MAPS, VOI_LUT
from viewer.io.padding import padding_of
from viewer.io.pydicom_headers import text_of
from viewer.io.raw_values import (
    count_of,
    numbers,
    orientation_of,
    plain,
    position_of,
    spacing_of,
    whole,
    windows_of,
    word,
)
from viewer.io.slice_header import Frame, ImageFile, Kind, PixelCode, Telling
from viewer.io.value_maps import value_maps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.header_walk import Elements

CT_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# What scanners call a scout view that does not say LOCALIZER, as the standard wants it (PS3.3 C.8.2.1.1.1).
_SCOUTS = frozenset(b"SCOUT SURVIEW TOPOGRAM SCANOGRAM SCANOSCOPE".split())
# What scanners call pictures of a screen, protocols and dose sheets that they keep as CT images.
_SHEETS = (b"SCREEN", b"DOSE", b" PROT")
LOSSY_SYNTAXES = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 203))
_ALWAYS_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))
COMPRESSED = JPEG | JPEG_LS | JPEG_2000 | HTJ2K | {RLE}
CUT = "ends early"
_UNKNOWN_WAY = "holds its pixels in a way (transfer syntax) that is not supported"
# The header of a fragment, and an empty one at that.
_LEAST_FRAME_BYTES = 8
# In the order of the fields.
_TELLING_TAGS = (
    0x00200100, 0x00200012, 0x00209241, 0x00209245, 0x00181060, 0x0008002A, 0x00080022, 0x00080032, 0x00080023,
    0x00080033, 0x00181210, 0x00180060, 0x00080008, 0x00180010, 0x00181100, 0x00180050, 0x00209056, 0x00200011,
    0x00209157,
)  # fmt: skip

_UNIT_TAGS = (
    0x00080008, 0x00080016, 0x00080060, 0x00281052, 0x00281053, 0x00281054, MODALITY_LUT, 0x00541001,
)  # fmt: skip
_HU_WORDS = ("HU", "", "HOUNSFIELD", "HOUNSFIELD UNIT", "HOUNSFIELD UNITS")
# What scanners call images that were computed of CT and are none (Image Type, from its third value on): perfusion, of
# several energies (PS3.3 C.8.15.3.4.2), and by arithmetic (C.8.16.1.4); and what they call perfusion that may also be a
# mean of CT in time.
_MAPS = frozenset(
    "CBF CBV RCBF RCBV MTT TTP TMAX TTS TTD PMB HPI MAT_SPECIFIC MAT_FRACTIONAL MAT_VALUE_BASED EFF_ATOMIC_NUM"
    " ELECTRON_DENSITY DIVISION MULTIPLICATION STD_DEVIATION T_TEST Z_SCORE".split()
)
# What is left of one CT without another is in HU, and none of what is there.
_DIFFERENCES = frozenset(("SUBTRACTION",))
# Of DICOM's image objects those of other modalities: CR, US, MR, NM, XA, PET, DX and RT images.
_OTHER_CLASSES = tuple(
    f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("1", "3", "4", "6", "12", "14", "20", "128", "130", "481")
)
_MAYBE_MAPS = frozenset(("PERFUSION", "PERFUSION_MAP", "PARAMETRIC_MAP"))


def unit_of(values: dict[int, bytes]) -> str:
    """Return the unit of rescaled values: "HU" only where modality and rescale make it so, else as named.

    DICOM PS3.3 C.8.2.1 and C.11.1: a CT image's rescale gives HU unless Rescale Type says otherwise. The values of
    a localizer are a projection and have no defined unit, a secondary capture and a screen save are pictures, and a map
    that was computed of CT holds what it is called; HU from which others were subtracted are modified. What is no CT,
    be it by its modality or by the kind of object it is, has no HU, whatever its Rescale Type says.
    """
    modality, kind = plain(values.get(0x00080060)), word(values.get(0x00281054)).upper()
    sop_class = plain(values.get(0x00080016))
    ct = (modality == "CT" and not _is_of(_OTHER_CLASSES, sop_class)) or (not modality and sop_class in CT_CLASSES)
    rescaled = _rescale(values) is not None
    if MODALITY_LUT in values:
        return "unknown"
    if not ct:
        return word(values.get(0x00541001)) or (kind if kind not in (*_HU_WORDS, MODIFIED_HU, "US") else "unknown")
    if _is_localizer(values) or _is_capture(values) or _is_picture(values):
        return "unknown"
    if kind in _HU_WORDS:
        if not rescaled or _is_map(values, named=bool(kind)) or not _maps_allow_hu(values, named=bool(kind)):
            return "unknown"
        return MODIFIED_HU if _derived_as(values, _DIFFERENCES) else "HU"
    return "unknown" if kind == "US" else kind


def _maps_allow_hu(values: dict[int, bytes], *, named: bool) -> bool:
    """Return False where a Real World Value Mapping gives other HU than the rescale, or where it alone names a unit."""
    maps, rescale = value_maps(values.get(VALUE_MAPS, b"")), _rescale(values)
    hu = [one for one in maps if one.is_hu]
    signed = whole(values.get(0x00280103)) == 1
    agree = rescale is None or all(one.agrees(*rescale, signed=signed) for one in hu)
    return agree and (named or bool(hu) or not maps)


def _mapped_words(values: dict[int, bytes]) -> str:
    """Return what is to be said of a Real World Value Mapping, which is not applied; "" for nothing."""
    maps = value_maps(values.get(VALUE_MAPS, b""))
    if any(one.is_hu for one in maps):
        if _rescale(values) is None:
            return "The images say how their values become HU (Real World Value Mapping), which is not applied."
        if not _maps_allow_hu(values, named=True):
            return "The rescale of the images and their Real World Value Mapping give different HU."
    units = ", ".join(dict.fromkeys(one.unit for one in maps if not one.is_hu))
    said = f"The images say how their values become {units} (Real World Value Mapping), which is not applied."
    return said if units else ""


def _rescale(values: dict[int, bytes]) -> tuple[float, float] | None:
    """Return slope and intercept, or None where one is absent, has several values, or can be no rescale of an image."""
    if MODALITY_LUT in values:
        return None
    slope, intercept = numbers(values.get(0x00281053, b"")), numbers(values.get(0x00281052, b""))
    if len(set(slope)) != 1 or len(set(intercept)) != 1:
        return None
    if not 1e-9 < abs(slope[0]) < 1e9 or abs(intercept[0]) > 1e9:
        return None
    return (slope[0], intercept[0])


def _is_localizer(values: dict[int, bytes]) -> bool:
    kind = values.get(0x00080008, b"").upper()
    return b"LOCALIZER" in kind or not _SCOUTS.isdisjoint(kind.strip(b"\0 ").replace(b"\\", b" ").split())


def _is_map(values: dict[int, bytes], *, named: bool) -> bool:
    """Return True for an image that was computed of CT and holds something else; `named` where it says to hold HU."""
    return _derived_as(values, _MAPS if named else _MAPS | _MAYBE_MAPS)


def _derived_as(values: dict[int, bytes], wanted: frozenset[str]) -> bool:
    """Return True for a derived image whose Image Type has one of some words."""
    first, *others = (part.strip(b"\0 ").decode("latin-1") for part in values.get(0x00080008, b"").upper().split(b"\\"))
    words = {word for part in others for word in (part, *part.split())}
    return first == "DERIVED" and not words.isdisjoint(wanted)


def _is_of(classes: tuple[str, ...], sop_class: str) -> bool:
    return any(sop_class == one or sop_class.startswith(f"{one}.") for one in classes)


def _may_carry_words(values: dict[int, bytes]) -> bool:
    """Return True for a picture of a screen or a dose sheet, and where an image says so (PS3.3 C.7.6.1.1.4)."""
    kind = values.get(0x00080008, b"").upper()
    return (
        _is_capture(values) or plain(values.get(0x00280301)).upper() == "YES" or any(words in kind for words in _SHEETS)
    )


def _is_synthetic(values: dict[int, bytes]) -> bool:
    return plain(values.get(0x0008001C)) == "YES"


def _is_monochrome1(values: dict[int, bytes]) -> bool:
    return plain(values.get(0x00280004)) == "MONOCHROME1"


def _is_picture(values: dict[int, bytes]) -> bool:
    """Return True for what a scanner keeps as a CT image and that is a picture of its screen."""
    return b"SCREEN" in values.get(0x00080008, b"").upper()


def _is_capture(values: dict[int, bytes]) -> bool:
    return plain(values.get(0x00080016)).startswith(_SECONDARY_CAPTURE)


_CODE_TAGS = (0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, *OVERLAY_BITS)


@lru_cache(maxsize=256)
def _code(transfer_syntax: str, *raw: bytes | None) -> PixelCode:
    # Without a word about the sign the same bits are two different numbers.
    sign = whole(raw[5], -1)
    bits_allocated = whole(raw[2]) if sign in (0, 1) else 0
    bits_stored = whole(raw[3], bits_allocated)
    high_bit = whole(raw[4], bits_stored - 1)
    return PixelCode(
        transfer_syntax,
        whole(raw[0]),
        whole(raw[1]),
        bits_allocated,
        bits_stored,
        high_bit,
        sign == 1,
        _overlay_bits(raw[len(_CODE_TAGS) - len(OVERLAY_BITS) :], high_bit, bits_stored),
    )


def _overlay_bits(positions: Sequence[bytes | None], high_bit: int, bits_stored: int) -> int:
    # An overlay with data of its own says 0, and none lies among the bits of a value.
    at = {whole(raw) for raw in positions if raw is not None}
    return sum(1 << bit for bit in at if 0 < bit < 16 and not high_bit - bits_stored < bit <= high_bit)


KIND_TAGS = (
    *_CODE_TAGS, *_UNIT_TAGS, 0x00200037, 0x00200052, 0x00280030, 0x00280120, 0x00280121, 0x00281050, 0x00281051,
    0x00281055, 0x00282110, 0x00282112, 0x00282114, 0x00080005, 0x00280301, VOI_LUT, 0x0008001C, 0x00280004, VALUE_MAPS,
)  # fmt: skip


@lru_cache(maxsize=1024)
def _kind(transfer_syntax: str, *raw: bytes | None) -> Kind:
    values = {tag: value for tag, value in zip(KIND_TAGS, raw, strict=True) if value is not None}
    code = _code(transfer_syntax, *map(values.get, _CODE_TAGS))
    slope, intercept = _rescale(values) or (1.0, 0.0)
    return Kind(
        code,
        plain(values.get(0x00080016)),
        orientation_of(values.get(0x00200037, b"")),
        spacing_of(values.get(0x00280030, b"")),
        slope,
        intercept,
        unit_of(values),
        padding_of(values.get(0x00280120, b""), values.get(0x00280121, b""), code),
        _is_localizer(values),
        _windows(values),
        word(values.get(0x00200052)),
        is_lossy(values, transfer_syntax),
        MODALITY_LUT in values,
        VOI_LUT in values,
        _may_carry_words(values),
        word(values.get(0x00080060)),
        _is_synthetic(values),
        _is_monochrome1(values),
        _mapped_words(values),
    )


def kind_of(values: dict[int, bytes], transfer_syntax: str) -> Kind:
    """Return what an image has in common with others, from raw elements."""
    return _kind(transfer_syntax, *map(values.get, KIND_TAGS))


def frame_of(file: ImageFile, index: int, values: dict[int, bytes], kind: Kind, problem: str = "") -> Frame:
    """Return one frame from raw elements; `problem` is kept as given."""
    return Frame(
        file,
        index,
        plain(values.get(0x00080018)),
        position_of(values.get(0x00200032, b"")),
        count_of(values.get(0x00200013), index),
        # What `Telling._make` does, without its checks.
        tuple.__new__(Telling, map(values.get, _TELLING_TAGS)),
        kind,
        problem,
    )


def series_facts(values: dict[int, bytes], transfer_syntax: str) -> SeriesFacts:
    """Return what an image says about its series."""
    charset = values.get(0x00080005, b"")

    def text(tag: int) -> str:
        return text_of(values.get(tag, b"").strip(b"\0 "), charset)

    return SeriesFacts(
        series_uid=word(values.get(0x0020000E)),
        study_uid=word(values.get(0x0020000D)),
        frame_of_reference_uid=word(values.get(0x00200052)),
        modality=word(values.get(0x00080060)),
        description=text(0x0008103E),
        study_description=text(0x00081030),
        body_part=word(values.get(0x00180015)),
        number=count_of(values.get(0x00200011), None),
        synthetic=_is_synthetic(values),
        lossy=is_lossy(values, transfer_syntax),
        voi_function=word(values.get(0x00281056)) or _usual_voi(values),
        monochrome1=_is_monochrome1(values),
        identity=PatientIdentity(
            name=text(0x00100010),
            patient_id=text(0x00100020),
            birth_date=plain(values.get(0x00100030)),
            sex=plain(values.get(0x00100040)),
            study_date=plain(values.get(0x00080020)),
            accession=text(0x00080050),
        ),
    )


def _usual_voi(values: dict[int, bytes]) -> str:
    """Return the VOI function of an image that names none: LINEAR (PS3.3 C.11.2.1.2), as the standard has it.

    LINEAR counts in whole numbers, half a one at each end, and has no meaning for widths below 1. Where values are
    fractions, and no HU, it would shift a window of mg/mL or of a ratio by much of its width; there it is LINEAR_EXACT,
    but for windows of the file that LINEAR can show.
    """
    slope, intercept = _rescale(values) or (1.0, 0.0)
    whole_numbers = slope.is_integer() and intercept.is_integer()
    windows = _windows(values)
    meant = bool(windows) and all(window.width >= 1 for window in windows)
    return "LINEAR" if meant or whole_numbers or is_on_hu_scale(unit_of(values)) else "LINEAR_EXACT"


def _windows(values: dict[int, bytes]) -> tuple[Window, ...]:
    return windows_of(*(values.get(tag, b"") for tag in (0x00281050, 0x00281051, 0x00281055, 0x00080005)))


def is_lossy(values: dict[int, bytes], transfer_syntax: str) -> bool:
    """Return True where an image, or how it is packed, says that pixels were changed to pack them."""
    compressed = plain(values.get(0x00282110))
    # Its ratio and method are there only where something was lost (PS3.3 C.7.6.1.1.5).
    by = numbers(values.get(0x00282112, b""))
    told = not compressed and (any(ratio > 1 for ratio in by) or bool(plain(values.get(0x00282114)) and not by))
    always = compressed == "01" or told or transfer_syntax in _ALWAYS_LOSSY
    return always or (transfer_syntax in LOSSY_SYNTAXES and compressed != "00")


def facts_of_images(facts: SeriesFacts, frames: tuple[Frame, ...]) -> SeriesFacts:
    """Return the facts of a series for a part of it: what its own images say, and lossy where any of them is.

    Windows are those of the middle one.
    """
    return evolve(
        facts,
        modality=next((m for f in frames if (m := f.kind.modality)), ""),
        synthetic=all(f.kind.synthetic for f in frames),
        monochrome1=all(f.kind.monochrome1 for f in frames),
        windows=frames[len(frames) // 2].windows,
        lossy=any(f.kind.lossy for f in frames),
        frame_of_reference_uid=next((u for f in frames if (u := f.kind.frame_of_reference)), ""),
    )


def lost_words(count: int) -> str:
    """Return what is wrong with a file of whose uncompressed pixels so many bytes are not there."""
    return f"lacks {count_words(count, 'byte')} of its pixels, and nothing tells where"


def pixel_problem(elements: Elements, code: PixelCode, frames: int, size: int | None) -> str:
    """Return why the pixels of a file cannot be read, judged by its lengths alone; "" where nothing is wrong.

    Uncompressed frames are found by counting bytes. Where some are lost they may be so anywhere, and whatever lies
    behind would be shown where it does not belong.
    """
    if elements.pixel_offset < 0:
        return "has no pixels" if elements.complete else CUT
    if not code.bits_allocated:
        return "does not say how its pixels are stored"
    if elements.pixel_length == UNDEFINED_LENGTH:
        if code.native:
            return "says that its pixels have no end"
        few = size is not None and size - elements.pixel_offset < frames * _LEAST_FRAME_BYTES
        return "holds fewer pixels than its header says" if few else ""
    if not code.native:
        known = code.transfer_syntax in COMPRESSED
        return "does not hold its compressed pixels in the way its header says" if known else _UNKNOWN_WAY
    if elements.pixel_length < code.frame_bytes * frames:
        return "holds fewer pixels than its header says"
    if size is not None and elements.pixel_offset + elements.pixel_length > size:
        # Only what the image needs must be there; a trailing pad byte may be missing.
        lacking = elements.pixel_offset + code.frame_bytes * frames - size
        if lacking > 0:
            return CUT if frames == 1 else lost_words(lacking)
    return ""

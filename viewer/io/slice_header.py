"""One image of a file as the program reads it: where it lies, how it is stored, what its values mean."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from attrs import define, evolve, frozen

from viewer.domain.volume import PatientIdentity, SeriesFacts, Window
from viewer.io.file_bytes import FilePlace
from viewer.io.header_walk import MODALITY_LUT, UNDEFINED_LENGTH, VOI_LUT
from viewer.io.padding import Padding, padding_of
from viewer.io.pydicom_headers import text_of
from viewer.io.raw_values import (
    Six,
    Triple,
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

if TYPE_CHECKING:
    from viewer.io.header_walk import Elements

CT_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
LOSSY_SYNTAXES = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 203))
_ALWAYS_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55))
NATIVE_SYNTAXES = frozenset(
    {
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
    }
)
# The header of a fragment, and an empty one at that.
_LEAST_FRAME_BYTES = 8


@frozen
class PixelCode:
    """How the pixels of a frame are stored (DICOM PS3.3 C.7.6.3); no bits where the image does not say it."""

    transfer_syntax: str
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def native(self) -> bool:
        """True where the pixels are not compressed."""
        return self.transfer_syntax in NATIVE_SYNTAXES

    @property
    def understood(self) -> bool:
        """False where the bits are so many, or so few, as no pixels have."""
        return self.bits_allocated in (8, 16, 32) and 1 <= self.bits_stored <= self.bits_allocated

    @property
    def frame_bytes(self) -> int:
        """Length of one uncompressed frame."""
        return self.rows * self.columns * self.bits_allocated // 8


class Telling(NamedTuple):
    """Raw values of what can differ between images at one place: when they were taken, how, how reconstructed."""

    temporal_position: bytes | None
    acquisition_number: bytes | None
    cardiac_phase: bytes | None
    respiratory_phase: bytes | None
    trigger_time: bytes | None
    acquisition_date_time: bytes | None
    acquisition_date: bytes | None
    acquisition_time: bytes | None
    content_date: bytes | None
    content_time: bytes | None
    kernel: bytes | None
    tube_voltage: bytes | None
    image_type: bytes | None
    contrast_agent: bytes | None
    field_of_view: bytes | None
    slice_thickness: bytes | None
    stack: bytes | None


# In the order of the fields.
_TELLING_TAGS = (
    0x00200100, 0x00200012, 0x00209241, 0x00209245, 0x00181060, 0x0008002A, 0x00080022, 0x00080032, 0x00080023,
    0x00080033, 0x00181210, 0x00180060, 0x00080008, 0x00180010, 0x00181100, 0x00180050, 0x00209056,
)  # fmt: skip


@define(frozen=True, eq=False)
class ImageFile:
    """A file with pixel data: where its value begins, how long it says to be, and how many frames it holds.

    `size` is the file's length in bytes; `inflate_from` the offset of a deflated data set in the file (offsets then
    count inflated bytes), else −1.
    """

    place: FilePlace
    size: int
    pixel_offset: int
    pixel_length: int
    frames: int
    inflate_from: int = -1

    @property
    def name(self) -> str:
        """The file's path; inside an archive the archive's path and the path in it."""
        return self.place.name


@define(frozen=True, eq=False)
class Kind:
    """What an image nearly always has in common with the others of its series, worked out once for all of them.

    `needs_table` tells of a Modality LUT, which is not applied; `has_luts` of lookup tables in place of windows.
    """

    code: PixelCode
    sop_class: str
    orientation: Six | None
    row_column_spacing: tuple[float, float] | None
    slope: float
    intercept: float
    unit: str
    padding: Padding | None
    localizer: bool
    windows: tuple[Window, ...]
    frame_of_reference: str
    lossy: bool
    needs_table: bool
    has_luts: bool = False


@define(frozen=True, eq=False)
class Frame:
    """One image: its place, its storage, its rescale.

    `problem` says why its pixels cannot be read, if so; `padding_to` is the value that padding gets where its own
    rescaled one would not do in the volume.
    """

    file: ImageFile
    index: int
    sop_uid: str
    position: Triple | None
    instance: int
    telling: Telling
    kind: Kind
    problem: str = ""
    padding_to: float | None = None

    @property
    def order(self) -> tuple[int, str, int]:
        """Sort key where positions do not decide: instance number, file, frame."""
        return (self.instance, self.file.name, self.index)

    @property
    def code(self) -> PixelCode:
        """How its pixels are stored."""
        return self.kind.code

    @property
    def bytes_left_over(self) -> int:
        """How many bytes its file has beyond the frames that it says to hold; 0 where they are compressed."""
        return self.file.pixel_length - self.code.frame_bytes * self.file.frames if self.code.native else 0

    @property
    def orientation(self) -> Six | None:
        """Directions of rows and columns in LPS."""
        return self.kind.orientation

    @property
    def row_column_spacing(self) -> tuple[float, float] | None:
        """Distance between rows and between columns in mm."""
        return self.kind.row_column_spacing

    @property
    def slope(self) -> float:
        """Rescale slope."""
        return self.kind.slope

    @property
    def intercept(self) -> float:
        """Rescale intercept."""
        return self.kind.intercept

    @property
    def unit(self) -> str:
        """Unit of its rescaled values."""
        return self.kind.unit

    @property
    def padding(self) -> Padding | None:
        """Stored values that stand for no pixel."""
        return self.kind.padding

    @property
    def localizer(self) -> bool:
        """True for a scout view."""
        return self.kind.localizer

    @property
    def sop_class(self) -> str:
        """What kind of DICOM object it is in."""
        return self.kind.sop_class

    @property
    def windows(self) -> tuple[Window, ...]:
        """Windows that it names."""
        return self.kind.windows


_UNIT_TAGS = (
    0x00080008, 0x00080016, 0x00080060, 0x00281052, 0x00281053, 0x00281054, MODALITY_LUT, 0x00541001,
)  # fmt: skip


def unit_of(values: dict[int, bytes]) -> str:
    """Return the unit of rescaled values: "HU" only where modality and rescale make it so, else as named.

    DICOM PS3.3 C.8.2.1 and C.11.1: a CT image's rescale gives HU unless Rescale Type says otherwise. The values of
    a localizer are a projection and have no defined unit, and a secondary capture is a picture of a screen.
    """
    modality, kind = plain(values.get(0x00080060)), word(values.get(0x00281054)).upper()
    ct = modality == "CT" or (not modality and plain(values.get(0x00080016)) in CT_CLASSES)
    rescaled = _rescale(values) is not None
    if MODALITY_LUT in values:
        return "unknown"
    if not ct:
        return word(values.get(0x00541001)) or (kind if kind not in ("", "US") else "unknown")
    if _is_localizer(values) or plain(values.get(0x00080016)).startswith(_SECONDARY_CAPTURE):
        return "unknown"
    if kind in ("HU", ""):
        return "HU" if rescaled else "unknown"
    return "unknown" if kind == "US" else kind


def _rescale(values: dict[int, bytes]) -> tuple[float, float] | None:
    """Return slope and intercept, or None where one of them is absent or can be no rescale of an image."""
    if MODALITY_LUT in values:
        return None
    slope, intercept = numbers(values.get(0x00281053, b"")), numbers(values.get(0x00281052, b""))
    if not slope or not intercept or not 1e-9 < abs(slope[0]) < 1e9 or abs(intercept[0]) > 1e9:
        return None
    return (slope[0], intercept[0])


def _is_localizer(values: dict[int, bytes]) -> bool:
    return b"LOCALIZER" in values.get(0x00080008, b"")


_CODE_TAGS = (0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103)


@lru_cache(maxsize=256)
def _code(transfer_syntax: str, *raw: bytes | None) -> PixelCode:
    # Without a word about the sign the same bits are two different numbers.
    sign = whole(raw[5], -1)
    bits_allocated = whole(raw[2]) if sign in (0, 1) else 0
    bits_stored = whole(raw[3], bits_allocated)
    return PixelCode(
        transfer_syntax,
        whole(raw[0]),
        whole(raw[1]),
        bits_allocated,
        bits_stored,
        whole(raw[4], bits_stored - 1),
        sign == 1,
    )


KIND_TAGS = (
    *_CODE_TAGS, *_UNIT_TAGS, 0x00200037, 0x00200052, 0x00280030, 0x00280120, 0x00280121, 0x00281050, 0x00281051,
    0x00281055, 0x00282110, VOI_LUT,
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
        windows_of(values.get(0x00281050, b""), values.get(0x00281051, b""), values.get(0x00281055, b"")),
        word(values.get(0x00200052)),
        _is_lossy(values, transfer_syntax),
        MODALITY_LUT in values,
        VOI_LUT in values,
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
        synthetic=plain(values.get(0x0008001C)) == "YES",
        lossy=_is_lossy(values, transfer_syntax),
        voi_function=word(values.get(0x00281056)) or "LINEAR",
        monochrome1=plain(values.get(0x00280004)) == "MONOCHROME1",
        identity=PatientIdentity(
            name=text(0x00100010),
            patient_id=text(0x00100020),
            birth_date=plain(values.get(0x00100030)),
            sex=plain(values.get(0x00100040)),
            study_date=plain(values.get(0x00080020)),
            accession=text(0x00080050),
        ),
    )


def _is_lossy(values: dict[int, bytes], transfer_syntax: str) -> bool:
    compressed = plain(values.get(0x00282110))
    always = compressed == "01" or transfer_syntax in _ALWAYS_LOSSY
    return always or (transfer_syntax in LOSSY_SYNTAXES and compressed != "00")


def facts_of_images(facts: SeriesFacts, frames: tuple[Frame, ...]) -> SeriesFacts:
    """Return the facts of a series for a part of it: middle windows, coordinates, and lossy where any image is."""
    return evolve(
        facts,
        windows=frames[len(frames) // 2].windows,
        lossy=any(f.kind.lossy for f in frames),
        frame_of_reference_uid=next((u for f in frames if (u := f.kind.frame_of_reference)), ""),
    )


def pixel_problem(elements: Elements, code: PixelCode, frames: int, size: int | None) -> str:
    """Return why the pixels of a file cannot be read, judged by its lengths alone; "" where nothing is wrong."""
    if elements.pixel_offset < 0:
        return "has no pixels" if elements.complete else "ends early"
    if not code.bits_allocated:
        return "does not say how its pixels are stored"
    if elements.pixel_length == UNDEFINED_LENGTH:
        if code.native:
            return "says that its pixels have no end"
        few = size is not None and size - elements.pixel_offset < frames * _LEAST_FRAME_BYTES
        return "holds fewer pixels than its header says" if few else ""
    if not code.native:
        return "does not hold its compressed pixels in the way its header says"
    if elements.pixel_length < code.frame_bytes * frames:
        return "holds fewer pixels than its header says"
    if size is not None and elements.pixel_offset + elements.pixel_length > size:
        # Only what the image needs must be there; a trailing pad byte may be missing.
        if elements.pixel_offset + code.frame_bytes * frames > size:
            return "ends early"
    return ""

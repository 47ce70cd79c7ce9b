"""One image of a file as the program reads it: where it lies, how it is stored, what its values mean."""

from __future__ import annotations

from typing import NamedTuple

from attrs import define, field, frozen

from viewer.domain.volume import Window
from viewer.io.concatenations import PartOf
from viewer.io.file_bytes import FilePlace
from viewer.io.padding import Padding
from viewer.io.raw_values import Six, Triple

NATIVE_SYNTAXES = frozenset(
    {
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
    }
)


@frozen
class PixelCode:
    """How the pixels of a frame are stored (DICOM PS3.3 C.7.6.3); no bits where the image does not say it.

    `overlay_bits` are those of each word, beside the stored ones, that hold overlays (C.9.2, retired).
    """

    transfer_syntax: str
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    overlay_bits: int = field(default=0, eq=False)

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
    series_number: bytes | None
    dimensions: bytes | None


@define(frozen=True, eq=False)
class ImageFile:
    """A file with pixel data: where its value begins, how long it says to be, and how many frames it holds.

    `size` is the file's length in bytes; `inflate_from` the offset of a deflated data set in the file (offsets then
    count inflated bytes), else −1; `part_of` the image that several files hold, where this is one of them.
    `changed_ns` is when it had last been changed when its header was read (0 for not known), `sop_uid` what that named.
    """

    place: FilePlace
    size: int
    pixel_offset: int
    pixel_length: int
    frames: int
    inflate_from: int = -1
    changed_ns: int = 0
    sop_uid: bytes = b""
    part_of: PartOf | None = None

    @property
    def name(self) -> str:
        """The file's path; inside an archive the archive's path and the path in it."""
        return self.place.name


@define(frozen=True, eq=False)
class Kind:
    """What an image nearly always has in common with the others of its series, worked out once for all of them.

    `needs_table` tells of a Modality LUT, which is not applied; `has_luts` of lookup tables in place of windows;
    `worded` of words that the pixels may show, a name among them; `monochrome1` of values whose lowest is white;
    `mapped` is what is to be said of a Real World Value Mapping.
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
    worded: bool = False
    modality: str = ""
    synthetic: bool = False
    monochrome1: bool = False
    mapped: str = ""


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
    def order(self) -> tuple[int, int, str, int]:
        """Sort key where positions do not decide: instance number, part of an image in several files, file, frame."""
        part = self.file.part_of
        return (self.instance, part.number if part is not None else 0, self.file.name, self.index)

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

"""What a scan finds: things that can be opened, and what was left out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from viewer.domain.errors import UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.volume import SeriesFacts
from viewer.io.slice_header import Frame

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError

# They join signs into one, as in many languages and in pictures of people, and move nothing.
_JOINERS = "\u200c\u200d"
NO_IMAGE = "Not an image in DICOM, NIfTI, NRRD or MetaImage."
_NOT_LOOKED_INTO = (
    "annot be read", "damaged", "ends early", "without its pixels", "encrypted", "packed in a way", "inside an archive",
    "but is not there",
)  # fmt: skip
# Endings of what lies beside images on discs and in folders of research, and is meant for people or for computers.
_OF_DOCUMENTS = frozenset(
    ".txt .md .rst .rtf .doc .docx .odt .pdf .htm .html .css .js .json .xml .xsl .yaml .yml .toml .ini .inf .cfg .log"
    " .csv .tsv .xls .xlsx .ods .ppt .pptx .jpg .jpeg .png .gif .bmp .ico .svg .exe .dll .msi .bat .cmd .sh .jar .app"
    " .so .py .ipynb .db .lnk .url".split()
)
LISTS_OTHERS = "Lists other files (DICOMDIR), which are looked at themselves."


def readable_name(name: str) -> str:
    """Return a file's name without signs that steer a terminal or turn a line around."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in name)


def advice(error: CaseStageError) -> str:
    """Return what to do about a file that was refused, "" where there is no more than the usual advice."""
    return "" if error.hint == UnreadableFileError.usual_hint else error.hint


@frozen
class Skipped:
    """A file that was not opened, by its path below the folder that was scanned as it can be read, and why.

    `hint` is what to do about it, "" where the reason says enough; `in_part` where some of it was opened: an archive
    that is not whole; `lacking` for a folder that holds not all images that an archive listed. `unseen` is its name as
    that of a place, where nobody could look into it: it lies in an archive, or a link to it leads away; else "".
    """

    file: str = field(converter=readable_name)
    why: str
    hint: str = ""
    in_part: bool = False
    lacking: bool = False
    unseen: str = ""

    @property
    def words(self) -> str:
        """The reason, and what to do about it."""
        return f"{self.why} {self.hint}".rstrip()

    @property
    def unread(self) -> bool:
        """True where it is not known what it holds, or it is gone: it may be images of a series that was opened."""
        return any(word in self.why for word in _NOT_LOOKED_INTO)

    @property
    def is_document(self) -> bool:
        """True where nobody would have taken it for an image: a letter, a table, a program, a list of what is there."""
        ending = os.path.splitext(self.file)[1].lower()
        return self.why == LISTS_OTHERS or (self.why == NO_IMAGE and ending in _OF_DOCUMENTS)


@define(frozen=True, eq=False)
class SeriesEntry:
    """One thing that can be opened.

    Attributes
    ----------
    facts
        What the series says about itself.
    files
        The files that it is read from.
    frames
        Its images (DICOM; for `assemble` alone); empty for a volume in one file.
    count
        Number of images.
    size_ij
        Columns and rows.
    kind
        "dicom", or the format of a volume in one file: "nifti", "nrrd" or "mha".
    part
        What sets it apart from other entries of the same series, in words; "" for the only one.
    index_in_file
        Which of the volumes in one file, from 0.
    foreseen
        What the header of a volume in one file says of its geometry, and why; None where images say it (DICOM).
    incomplete
        Why more images may belong to it than there are, a sentence; "" where nothing says so.
    remark
        What else is to be said of it that casts no doubt, a sentence; "" for nothing.
    """

    facts: SeriesFacts
    files: tuple[str, ...]
    frames: tuple[Frame, ...]
    count: int
    size_ij: tuple[int, int]
    kind: str = "dicom"
    part: str = ""
    index_in_file: int = 0
    foreseen: tuple[Verdict, str] | None = None
    incomplete: str = ""
    remark: str = ""


def with_doubt(entry: SeriesEntry, incomplete: str, remark: str = "") -> SeriesEntry:
    """Return an entry of which more is to be said; "" for nothing."""
    doubts, remarks = (filter(None, both) for both in ((entry.incomplete, incomplete), (entry.remark, remark)))
    return evolve(entry, incomplete=" ".join(doubts), remark=" ".join(remarks))


@frozen
class ScanResult:
    """Series sorted by their number, and what was skipped."""

    series: tuple[SeriesEntry, ...]
    skipped: tuple[Skipped, ...]

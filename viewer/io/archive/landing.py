"""Where images of an archive arrive: checked against what was asked for, named without identity, whole or not at all.

A study lies in a folder of its own, with a folder for each series: `<series>/<object>.dcm`, where both names are the
start of the SHA-256 of their UID. A file that stands there is whole: it was written beside, flushed and renamed.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError, StorageError, UnreadableFileError
from viewer.io.archive.received import name_of
from viewer.io.archive.rows import clean, is_uid, moment_words, number_words
from viewer.io.atomic_file import storage_error
from viewer.io.expected_images import expect, settle
from viewer.io.file_bytes import FilePlace
from viewer.io.header_walk import UNDEFINED_LENGTH
from viewer.io.image_header import read_header
from viewer.io.pydicom_headers import PARSER_FAILURES, dicom_faults
from viewer.io.raw_values import plain
from viewer.io.source_headers import without_complaints

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from viewer.io.archive.rows import InstanceRow

LARGEST_INSTANCE = 2 << 30
LARGEST_STUDY = 64 << 30
LEAST_FREE = 1 << 30
INCOMING = ".incoming"
# What nobody has written to for so long was left by a retrieve that was killed.
LEFT_FOR_S = 24 * 3600
WHAT = "What was retrieved"
_OWN_NAME = re.compile(r"[0-9a-f]{24}")
_STUDY, _SERIES, _SOP = 0x0020000D, 0x0020000E, 0x00080018


class RefusedError(CaseStageError):
    """One object was not taken; the others go on."""


class Landing:
    """Takes the objects of one study, or of one of its series; may be used by several threads.

    Parameters
    ----------
    root
        The study's folder; made where it is missing.
    series_uid
        Only objects of this series are taken; "" for every series of the study.
    largest
        Bytes that may arrive in all.

    `patient_id` is that of the archive's study, where it says one: what lies here of another is not held.
    """

    def __init__(self, root: Path, study_uid: str, series_uid: str = "", *, largest: int = LARGEST_STUDY) -> None:
        self.root = root
        # Another program may retrieve into the same study meanwhile.
        self._incoming = root / INCOMING / uuid.uuid4().hex
        self.study_uid, self.series_uid = study_uid, series_uid
        self._largest = largest
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._refused: dict[str, int] = {}
        self._listed: dict[str, tuple[InstanceRow, ...]] = {}
        self._replaced: set[Path] = set()
        self.patient_id = ""
        self._bytes = 0
        self._last_s = time.monotonic()
        self.full: StorageError | None = None

    @property
    def folder(self) -> Path:
        """The folder to open: the series', or the study's."""
        return self.root / name_of(self.series_uid) if self.series_uid else self.root

    @property
    def taken(self) -> frozenset[str]:
        """SOP Instance UIDs that have arrived."""
        with self._lock:
            return frozenset(self._taken)

    @property
    def count(self) -> int:
        """Number of objects that have arrived."""
        return len(self._taken)

    @property
    def refused(self) -> tuple[str, ...]:
        """Why objects were not taken: each sentence once, with how often."""
        with self._lock:
            return tuple(f"{why} ({n} ×)" if n > 1 else why for why, n in self._refused.items())

    @property
    def received_bytes(self) -> int:
        """Bytes that have come over the network."""
        return self._bytes

    @property
    def quiet_s(self) -> float:
        """Seconds since anything came."""
        return time.monotonic() - self._last_s

    def arrived(self, count: int) -> None:
        """Note that `count` bytes came over the network.

        Raises
        ------
        StorageError
            When more came than may be kept.
        """
        with self._lock:
            self._bytes += count
            self._last_s = time.monotonic()
        if self._bytes > self._largest:
            self.full = StorageError(
                f"More than {self._largest / 2**30:.0f} GB came from the archive; the rest was left there.",
                "Retrieve single series.",
            )
            raise self.full

    def holds(self, instance: InstanceRow) -> bool:
        """Return whether an object is here already, whole, and is not another that had its UID before."""
        path = self._path(instance.series_uid, instance.sop_uid)
        try:
            found = _identity(path)
        except UnreadableFileError:
            return False
        if found != (self.study_uid, instance.series_uid, instance.sop_uid):
            return False
        patient_id, number, made = _what_it_is(path)
        same_patient = not (self.patient_id and patient_id) or self.patient_id == patient_id
        if same_patient and instance.may_be(number, made):
            return True
        self._replaced.add(path)
        return False

    def expect(self, listed: Mapping[str, Collection[InstanceRow]]) -> None:
        """Take what the archive lists by series, so that nobody takes a part of a series for all of it.

        Raises
        ------
        StorageError
            When that cannot be noted where images lie already.
        """
        self._listed = {uid: tuple(instances) for uid, instances in listed.items() if instances}
        self._note_expected()

    def _note_expected(self) -> None:
        for uid, instances in self._listed.items():
            folder = self.root / name_of(uid)
            if folder.is_dir():
                replaced = sum(path.parent == folder for path in self._replaced)
                expect(folder, len(instances), self._unlisted_in([folder], instances) + replaced)

    def take(self, write: Callable[[BinaryIO], object], sop_uid: str = "") -> None:
        """Keep one object that `write` writes as a DICOM file.

        Parameters
        ----------
        sop_uid
            The object that was asked for; "" for any of the study or series.

        Raises
        ------
        RefusedError
            When it is not DICOM, ends early, or is not what was asked for; the sentence stands in `refused` too.
        StorageError
            When it cannot be written, or the disk would be full.
        """
        with self._waiting() as waiting:
            with waiting.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            series_uid, found_uid = self._checked(waiting, sop_uid)
            target = self._path(series_uid, found_uid)
            if not target.parent.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                if series_uid in self._listed:
                    expect(target.parent, len(self._listed[series_uid]))
            os.replace(waiting, target)
        with self._lock:
            self._taken.add(found_uid)
            self._replaced.discard(target)

    def unlisted(self, listed: Iterable[InstanceRow]) -> int:
        """Return how many objects lie here from an earlier retrieve that an archive lists no longer."""
        series = [self.folder] if self.series_uid else [f for f in self.root.glob("*") if _OWN_NAME.fullmatch(f.name)]
        return self._unlisted_in(series, listed)

    def _unlisted_in(self, folders: Iterable[Path], listed: Iterable[InstanceRow]) -> int:
        known = {self._path(instance.series_uid, instance.sop_uid) for instance in listed}
        files = (file for one in folders for file in one.glob("*.dcm") if _OWN_NAME.fullmatch(file.stem))
        return sum(1 for file in files if file not in known)

    def already_here(self, instances: list[InstanceRow]) -> None:
        """Count objects that need not come again."""
        with self._lock:
            self._taken.update(instance.sop_uid for instance in instances)

    def refuse(self, why: str) -> RefusedError:
        """Note why an object was not taken and return the error to raise."""
        with self._lock:
            self._refused[why] = self._refused.get(why, 0) + 1
        return RefusedError(why)

    def tidy(self) -> None:
        """Remove what arrived in part, also for a retrieve that was killed long ago, and folders that stayed empty."""
        # What came though it is not listed stands for nothing that is.
        with suppress(StorageError):
            self._note_expected()
        for uid in self._listed:
            settle(self.root / name_of(uid))
        shutil.rmtree(self._incoming, ignore_errors=True)
        with suppress(OSError):
            for other in (self.root / INCOMING).iterdir():
                if time.time() - other.stat().st_mtime > LEFT_FOR_S:
                    shutil.rmtree(other, ignore_errors=True)
        for folder in (self.root / INCOMING, self.root):
            with suppress(OSError):
                folder.rmdir()

    def _path(self, series_uid: str, sop_uid: str) -> Path:
        return self.root / name_of(series_uid) / f"{name_of(sop_uid)}.dcm"

    @contextmanager
    def _waiting(self) -> Iterator[Path]:
        incoming = self._incoming
        waiting = incoming / f"{uuid.uuid4().hex}.part"
        try:
            # Patients are named in what comes: for its owner alone, where the folder is not there yet.
            self.root.mkdir(0o700, parents=True, exist_ok=True)
            incoming.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(incoming).free < LEAST_FREE:
                raise StorageError(
                    "There is not enough room on the disk for what comes from the archive.",
                    "Free some space, then retrieve again: what has arrived is kept.",
                )
            yield waiting
        except OSError as error:
            self.full = storage_error(WHAT, error)
            raise self.full from error
        except StorageError as error:
            self.full = error
            raise
        finally:
            with suppress(OSError):
                waiting.unlink(missing_ok=True)

    def _checked(self, waiting: Path, sop_uid: str) -> tuple[str, str]:
        try:
            study, series, sop = _identity(waiting)
        except UnreadableFileError as error:
            raise self.refuse(error.sentence) from error
        if study != self.study_uid or self.series_uid not in ("", series) or sop_uid not in ("", sop):
            raise self.refuse("An object came that was not asked for; it was not kept.")
        return series, sop


def _what_it_is(path: Path) -> tuple[str, str, str]:
    """Return patient ID, instance number and time of making of a file here; "" for what it does not say."""
    from pydicom import dcmread

    keywords = ["PatientID", "InstanceNumber", "InstanceCreationDate", "InstanceCreationTime"]
    faults: tuple[type[Exception], ...] = (OSError, *dicom_faults())
    try:
        with without_complaints():
            header = dcmread(path, stop_before_pixels=True, force=True, specific_tags=[*keywords])
            patient_id, number, day, time = (clean(header.get(keyword) or "") for keyword in keywords)
    except faults:
        return "", "", ""
    return patient_id, number_words(number), moment_words(day, time)


def _identity(path: Path) -> tuple[str, str, str]:
    """Return Study, Series and SOP Instance UID of a whole DICOM file.

    Raises
    ------
    UnreadableFileError
        When it is none.
    """
    try:
        with FilePlace(str(path)).opened() as (source, size):
            header = read_header(source, size)
    except (UnreadableFileError, *PARSER_FAILURES) as error:
        raise UnreadableFileError("Something came that is not a DICOM object.") from error
    found = header.elements
    end = found.pixel_offset + found.pixel_length
    open_end = found.pixel_offset < 0 or found.pixel_length == UNDEFINED_LENGTH or header.limit is None
    # Some writers leave the last pad byte out.
    if not found.complete or (not open_end and end > size + 1):
        raise UnreadableFileError("An object ended early.")
    study, series, sop = (plain(found.values.get(tag)) for tag in (_STUDY, _SERIES, _SOP))
    if not (is_uid(study) and is_uid(series) and is_uid(sop)):
        raise UnreadableFileError("An object came that does not say what it is.")
    return study, series, sop

"""The figures of listing a folder of 10,000 files: read anew, and from the index."""

from __future__ import annotations

import os
import statistics
import struct
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.bench_figures import figure, seconds
from viewer.domain.job import JobContext
from viewer.io.index import LibraryIndex
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from viewer.cli.bench_figures import Figure

_SERIES, _IMAGES, _TIMES = 25, 400, 5
# Files that were written this moment are not remembered.
_SETTLING_S = 2.1
_UID = "2.25.1005"
_CT = "1.2.840.10008.5.1.4.1.1.2"
# As many elements as scanners write, the private ones among them.
_PLAIN: tuple[tuple[int, bytes, str], ...] = (
    (0x00080008, b"CS", "ORIGINAL\\PRIMARY\\AXIAL"), (0x00080016, b"UI", _CT), (0x0008001C, b"CS", "YES"),
    (0x00080020, b"DA", "20240131"), (0x00080050, b"SH", "A1"), (0x00080060, b"CS", "CT"),
    (0x00080070, b"LO", "CaseStage"), (0x00081030, b"LO", "Bench, synthetic"),
    *((0x00090000 + n, b"LO", f"private {n}") for n in range(0x1001, 0x1019)),
    (0x00100010, b"PN", "SYNTHETIC^BENCH"), (0x00100020, b"LO", "SYNTHETIC"), (0x00180015, b"CS", "CHEST"),
    (0x00180050, b"DS", "1.25"), *((0x00181100 + n, b"DS", f"{n}.5") for n in range(24)),
    (0x00200012, b"IS", "1"), (0x00200037, b"DS", "1\\0\\0\\0\\1\\0"), (0x00200052, b"UI", f"{_UID}.3"),
    (0x00280004, b"CS", "MONOCHROME2"), (0x00280030, b"DS", "0.7\\0.7"), (0x00281050, b"DS", "40"),
    (0x00281051, b"DS", "400"), (0x00281052, b"DS", "-1024"), (0x00281053, b"DS", "1"), (0x00281054, b"LO", "HU"),
    *((0x00430000 + n, b"LO", f"private {n}") for n in range(0x1001, 0x1029)),
)  # fmt: skip
_NUMBERS = (
    (0x00280002, 1), (0x00280010, 8), (0x00280011, 8), (0x00280100, 16), (0x00280101, 16), (0x00280102, 15),
    (0x00280103, 1),
)  # fmt: skip


def scanning() -> Iterator[Figure]:
    """Yield how long it takes to list 10,000 files."""
    with tempfile.TemporaryDirectory(prefix="casestage-bench-") as made:
        folder = Path(made) / "scans"
        files = _write(folder)
        time.sleep(_SETTLING_S)
        index = LibraryIndex(Path(made) / "library.sqlite3", _fail)
        context = JobContext()

        def stat() -> None:
            for file in files:
                os.stat(file)

        def read() -> None:
            for file in files:
                with open(file, "rb", buffering=0) as stream:
                    stream.read(16384)

        def anew() -> None:
            scan(folder, context)

        def recalled() -> None:
            scan(folder, context, index.known_files(folder))

        known = index.known_files(folder)
        index.keep(folder, scan(folder, context, known), known)
        bare, asked = _median(read), _median(stat)
        how = (
            f"{len(files)} files of 8×8 pixels and {len(_PLAIN) + len(_NUMBERS) + 8} elements in {_SERIES} series and "
            f"nested folders, page cache warm, medians of {_TIMES}: folder path to the list of series"
        )
        scanned, listed = _median(anew), _median(recalled)
        index.close()
    yield figure(
        "scan_10000", scanned, "s", 1.0, f"{how}; {scanned / bare:.1f} × reading 16 KB of each ({bare * 1000:.0f} ms)."
    )
    yield figure(
        "scan_10000_index",
        listed,
        "s",
        0.2,
        f"{how}, every file's size and times checked, headers from the index; {listed / asked:.1f} × asking for the "
        f"sizes alone ({asked * 1000:.0f} ms).",
    )


def _median(call: Callable[[], None]) -> float:
    call()
    return statistics.median(seconds(call) for _ in range(_TIMES))


def _fail(problem: Exception) -> None:
    raise problem


def _write(folder: Path) -> list[str]:
    files = []
    for series in range(_SERIES):
        place = folder / f"patient {series // 5}" / f"study {series // 5}" / f"series {series}"
        place.mkdir(parents=True)
        for k in range(_IMAGES):
            file = place / f"IM{k:04d}"
            file.write_bytes(_image(series, k))
            files.append(str(file))
    return files


def _image(series: int, k: int) -> bytes:
    """Return a CT image in explicit little endian (DICOM PS3.10 section 7.1), as small as images get."""
    own = (
        (0x00080018, b"UI", f"{_UID}.{series}.{k}"), (0x0008103E, b"LO", f"Series {series}"),
        (0x0020000D, b"UI", f"{_UID}.1.{series // 5}"), (0x0020000E, b"UI", f"{_UID}.2.{series}"),
        (0x00200011, b"IS", str(series)), (0x00200013, b"IS", str(k + 1)),
        (0x00200032, b"DS", f"-180\\-180\\{1.25 * k:g}"),
    )  # fmt: skip
    texts = [(tag, _element(tag, form, text.encode())) for tag, form, text in (*_PLAIN, *own)]
    numbers = [(tag, _element(tag, b"US", struct.pack("<H", number))) for tag, number in _NUMBERS]
    meta = _element(0x00020010, b"UI", b"1.2.840.10008.1.2.1")
    start = bytes(128) + b"DICM" + _element(0x00020000, b"UL", struct.pack("<L", len(meta))) + meta
    pixels = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 128) + bytes(128)
    return start + b"".join(element for _, element in sorted(texts + numbers)) + pixels


def _element(tag: int, form: bytes, value: bytes) -> bytes:
    value += (b"\0" if form == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, form, len(value)) + value

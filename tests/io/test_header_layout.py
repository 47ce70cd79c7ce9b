"""Headers read by the layout of an earlier file: the same as walking over them, on sound files and damaged ones."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from viewer.domain.errors import UnreadableFileError
from viewer.io import image_header
from viewer.io.file_bytes import FilePlace
from viewer.io.header_layout import Layouts
from viewer.io.image_header import ImageHeader, read_image_header

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, layouts: Layouts | None = None) -> tuple[ImageHeader, Any, str] | str:
    """Return a file's header, what its image is, and what is wrong with its pixels; or why it holds no image."""
    place = FilePlace(str(path))
    try:
        header = read_image_header(place, layouts)
    except UnreadableFileError as error:
        return error.sentence
    _, frames, _ = header.images(place)
    return header, [(f.kind, f.telling, f.position, f.instance, f.sop_uid) for f in frames], frames[0].problem


def with_sequences(path: Path) -> bytes:
    """Return a file with two sequences, one without a length, that hold what is wanted elsewhere."""
    ds = pydicom.dcmread(path)
    item = Dataset()
    item.SeriesInstanceUID = "1.2.3.4.5.6"
    for keyword, undefined in (("ReferencedImageSequence", True), ("SourceImageSequence", False)):
        setattr(ds, keyword, [item, item])
        ds[keyword].is_undefined_length = undefined
    pydicom.dcmwrite(path, ds)
    content = path.read_bytes()
    assert b"\xfe\xff\xdd\xe0" in content
    assert content.count(b"1.2.3.4.5.6") == 4
    return content


@pytest.fixture(params=["explicit", "implicit"])
def files(made_ct: Any, request: pytest.FixtureRequest) -> list[bytes]:
    """Return a series of 24 files with sequences of both kinds of length among their elements."""
    syntax = {"explicit": "1.2.840.10008.1.2.1", "implicit": "1.2.840.10008.1.2"}[request.param]
    for k in range(24):
        made_ct.slice(
            f"IM{k:02d}",
            made_ct.pixels(k),
            (-10.0, -20.0, 2.5 * k),
            syntax=syntax,
        )
    return [with_sequences(path) for path in sorted(made_ct.folder.iterdir())]


def written(folder: Path, contents: list[bytes]) -> list[Path]:
    """Return files of these contents."""
    folder.mkdir()
    paths = [folder / f"{n:03d}" for n in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def test_slices_of_one_series_are_read_as_by_walking(
    files: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = written(tmp_path / "files", files)
    want = [read(path) for path in paths]
    calls = []
    walk = image_header.walk
    monkeypatch.setattr(image_header, "walk", lambda *given: calls.append(1) or walk(*given))
    layouts = Layouts()
    for path, one in zip(paths, want, strict=True):
        assert read(path, layouts) == one
    assert 2 <= len(calls) <= len(files) // 2


def test_what_decides_how_an_image_is_shown_is_read_from_each_file(made_ct: Any) -> None:
    """Rescale, sign, size and modality of a file are its own, however alike its header is to the one before."""
    changes = {
        14: {"RescaleIntercept": "-1000"}, 16: {"PixelRepresentation": 0}, 17: {"Rows": 16}, 19: {"Modality": "MR"},
        20: {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, 21: {"WindowCenter": "41"},
    }  # fmt: skip
    for k in range(24):
        made_ct.slice(f"IM{k:02d}", made_ct.pixels(k), (-10.0, -20.0, 2.5 * k), WindowCenter="40", WindowWidth="80")
    layouts = Layouts()
    seen = []
    for k, path in enumerate(sorted(made_ct.folder.iterdir())):
        if k in changes:
            ds = pydicom.dcmread(path)
            for keyword, value in changes[k].items():
                setattr(ds, keyword, value)
            pydicom.dcmwrite(path, ds)
        seen.append(read(path, layouts))
        assert seen[-1] == read(path), path.name
    assert seen[14][1][0][0].intercept == -1000
    assert seen[15][1][0][0].intercept == -1024


def test_what_a_damaged_header_says_is_never_taken_for_what_another_said(files: list[bytes], tmp_path: Path) -> None:
    rng = random.Random(7)
    layouts = Layouts()
    paths = written(tmp_path / "files", files)
    sound = [read(path, layouts) for path in paths]
    damaged = tmp_path / "damaged"
    differed = 0
    for _ in range(1500):
        content = bytearray(rng.choice(files))
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(128, len(content) - 24 * 32 * 2)
            content[at] = rng.randrange(256)
        if rng.random() < 0.2:
            at = rng.randrange(132, len(content))
            del content[at : at + rng.choice((1, 2, 8, len(content)))]
        damaged.write_bytes(content)
        want = read(damaged)
        differed += want not in sound
        assert read(damaged, layouts) == want
    assert differed > 700


def test_every_real_file_is_read_as_by_walking(real_data: Path) -> None:
    layouts = Layouts()
    count = 0
    for path in sorted(real_data.rglob("*")):
        if path.is_file() and path.stat().st_size < 5_000_000:
            want = read(path)
            assert read(path, layouts) == want, path.name
            count += not isinstance(want, str)
    assert count > 400

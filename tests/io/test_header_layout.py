"""Headers read by the layout of an earlier file: the same as walking over them, on sound files and damaged ones."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from viewer.io import header_layout
from viewer.io.file_bytes import BytesSource
from viewer.io.header_layout import Layouts
from viewer.io.header_walk import DEFLATED_LITTLE, Elements, find_start, walk

if TYPE_CHECKING:
    from pathlib import Path


def walked(content: bytes) -> Elements | None:
    source = BytesSource(content)
    start = find_start(source)
    return walk(source, start, len(content)) if start is not None else None


def recalled(content: bytes, layouts: Layouts) -> Elements | None:
    source = BytesSource(content)
    start = find_start(source)
    return layouts.elements(source, start, len(content)) if start is not None else None


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


def test_slices_of_one_series_are_read_as_by_walking(files: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(header_layout, "walk", lambda *given: calls.append(1) or walk(*given))
    layouts = Layouts()
    for content in files:
        assert recalled(content, layouts) == walked(content)
    assert 2 <= len(calls) <= len(files) // 2


def test_what_a_damaged_header_says_is_never_taken_for_what_another_said(files: list[bytes]) -> None:
    rng = random.Random(7)
    layouts = Layouts()
    for content in files:
        recalled(content, layouts)
    differed = 0
    for _ in range(1500):
        content = bytearray(rng.choice(files))
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(132, len(content) - 24 * 32 * 2)
            content[at] = rng.randrange(256)
        if rng.random() < 0.2:
            at = rng.randrange(132, len(content))
            del content[at : at + rng.choice((1, 2, 8, len(content)))]
        want = walked(bytes(content))
        differed += want not in [walked(files[0])]
        assert recalled(bytes(content), layouts) == want
    assert differed > 700


def test_every_real_file_is_read_as_by_walking(real_data: Path) -> None:
    layouts = Layouts()
    count = 0
    for path in sorted(real_data.rglob("*")):
        if not path.is_file() or path.stat().st_size > 5_000_000:
            continue
        content = path.read_bytes()
        start = find_start(BytesSource(content))
        if start is None or start.transfer_syntax == DEFLATED_LITTLE:
            continue
        assert recalled(content, layouts) == walked(content), path.name
        count += 1
    assert count > 400

"""Volumes whose headers name other files: none is opened that lies elsewhere, and no list goes on without end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.io.volume_files.made import (
    PLAIN_MATRIX,
    RAW,
    assert_lies_as,
    meta_header,
    nrrd_header,
    opened,
    refused,
    values,
)

if TYPE_CHECKING:
    from pathlib import Path


OUTSIDE = [
    "../voxels.raw",
    "below/../../voxels.raw",
    "/etc/hostname",
    "C:\\voxels.raw",
    "..\\voxels.raw",
    "\\\\host\\v",
]


@pytest.mark.parametrize("said", OUTSIDE)
def test_voxels_outside_of_the_headers_folder_are_not_opened(tmp_path: Path, said: str) -> None:
    (tmp_path / "voxels.raw").write_bytes(RAW)
    folder = tmp_path / "case"
    (folder / "below").mkdir(parents=True)
    headers = {
        "a.nhdr": nrrd_header(f"data file: {said}"),
        "b.nhdr": nrrd_header(f"data file: LIST\n{said}"),
        "c.nhdr": nrrd_header(f"data file: {said}%d.raw 1 5 1"),
        "a.mhd": meta_header(f"ElementDataFile = {said}"),
        "b.mhd": meta_header(f"ElementDataFile = LIST\n{said}"),
        "c.mhd": meta_header(f"ElementDataFile = {said}%d.raw 1 5 1"),
    }
    for name, content in headers.items():
        (folder / name).write_bytes(content)
        assert "outside of its folder" in refused(folder / name).sentence


@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "voxels.raw").write_bytes(RAW)
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "voxels.raw").symlink_to(tmp_path / "elsewhere" / "voxels.raw")
    (folder / "below").symlink_to(tmp_path / "elsewhere")
    for said in ("voxels.raw", "below/voxels.raw"):
        header = nrrd_header(f"data file: {said}") if name == "a.nhdr" else meta_header(f"ElementDataFile = {said}")
        (folder / name).write_bytes(header)
        assert "outside of its folder" in refused(folder / name).sentence
    (folder / "inside.raw").write_bytes(RAW)
    (folder / "link.raw").symlink_to(folder / "inside.raw")
    (folder / name).write_bytes(header.replace(b"below/voxels.raw", b"link.raw"))
    assert_lies_as(opened(folder / name), values(), PLAIN_MATRIX)


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.raw")
    (tmp_path / "folder.raw").mkdir()
    (tmp_path / "loop.raw").symlink_to(tmp_path / "loop.raw")
    for said in ("pipe.raw", "folder.raw", "loop.raw", "absent.raw", ".", "a" * 300, "with\0nul"):
        header = nrrd_header(f"data file: {said}") if name == "a.nhdr" else meta_header(f"ElementDataFile = {said}")
        (tmp_path / name).write_bytes(header)
        refused(tmp_path / name)


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.nhdr", nrrd_header("data file: LIST\n" + "s\n" * 1_000_000)),
        ("a.mhd", meta_header("ElementDataFile = LIST\n" + "s\n" * 1_000_000)),
        ("a.nhdr", nrrd_header("data file: s%d.raw 1 1000000 1")),
        ("a.mhd", meta_header("ElementDataFile = s%d.raw 1 1000000 1")),
        ("a.nhdr", nrrd_header("data file: s%d.raw 1 5 0")),
        ("a.nhdr", nrrd_header("data file: s%d.raw 5 1 1")),
        ("a.nhdr", nrrd_header("data file: s%999999999d.raw 1 5 1")),
        ("a.nhdr", nrrd_header("data file: s%s%n.raw 1 5 1")),
        ("a.nhdr", nrrd_header("data file: LIST\n")),
        ("a.nhdr", nrrd_header("data file: LIST\na\nb\nc\nd")),
        ("a.nhdr", nrrd_header(*[f"key{n}:={'x' * 1000}" for n in range(6000)])),
        ("a.mhd", meta_header(*[f"Key{n} = {'x' * 1000}" for n in range(6000)])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lists_of_files_without_end_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name)


def test_a_file_of_a_list_that_ends_early_is_not_filled_from_the_next(tmp_path: Path) -> None:
    for k in range(5):
        (tmp_path / f"s{k}.raw").write_bytes(values()[k].tobytes()[: -2 if k == 3 else None])
    (tmp_path / "a.nhdr").write_bytes(nrrd_header("data file: s%d.raw 0 4 1"))
    assert refused(tmp_path / "a.nhdr").sentence == "The file is damaged or ends early."


@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_no_sentence_holds_what_the_header_says(tmp_path: Path, name: str) -> None:
    if name == "a.nhdr":
        headers = [
            nrrd_header("data file: Doe^Jane.raw"),
            nrrd_header("data file: ../Doe^Jane.raw"),
            nrrd_header("type: Doe^Jane"),
            nrrd_header("sizes: Doe^Jane"),
            nrrd_header("encoding: Doe^Jane"),
            nrrd_header("endian: Doe^Jane"),
            nrrd_header("space directions: Doe^Jane"),
            nrrd_header("Doe^Jane"),
        ]
    else:
        headers = [
            meta_header("ElementDataFile = Doe^Jane.raw"),
            meta_header("ElementDataFile = ../Doe^Jane.raw"),
            meta_header("ElementType = Doe^Jane"),
            meta_header("DimSize = Doe^Jane"),
            meta_header("TransformMatrix = Doe^Jane"),
            meta_header("CompressedData = Doe^Jane"),
            meta_header("Doe^Jane"),
        ]
    for header in headers:
        (tmp_path / name).write_bytes(header)
        error = refused(tmp_path / name)
        assert "Doe" not in error.sentence + error.hint + error.detail

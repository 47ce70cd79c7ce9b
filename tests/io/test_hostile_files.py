"""Hostile and damaged files: each costs a slice and a sentence, never the program, never an invented pixel."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from tests.io.conftest import COMPRESSED, axial
from tests.machine_speed import Effort, slowness
from viewer.domain.errors import CaseStageError, NothingToOpenError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from pathlib import Path


def opened(folder: Path) -> Any:
    """Return the volume of the first series."""
    return assemble(scan(folder, JobContext()).series[0], JobContext())


def file_of(made_ct: Any, k: int) -> Path:
    (path,) = made_ct.folder.glob(f"*_{k}")
    return path


@pytest.mark.parametrize("k", [0, 3, 7], ids=["first", "within", "last"])
def test_truncated_slice_is_refused_and_named_by_its_place(made_ct: Any, k: int) -> None:
    stored = made_ct.stack(axial(8))
    path = file_of(made_ct, k)
    path.write_bytes(path.read_bytes()[:-200])
    volume = opened(made_ct.folder)
    assert volume.verdict is Verdict.UNTRUSTED
    assert f"The image at H {2.5 * k:.1f} mm could not be read: the file ends early." in volume.reasons
    left = [n for n in range(8) if n != k]
    assert np.array_equal(volume.slices, np.stack([stored[n] for n in left]) - 1024)
    assert "Nobody" not in " ".join(volume.reasons)


@pytest.mark.parametrize("syntax", COMPRESSED)
@pytest.mark.parametrize("lost", [40, 9])
def test_truncated_code_stream_is_refused_not_filled_up(made_ct: Any, syntax: str, lost: int) -> None:
    for k in range(3):
        made_ct.slice(f"IM_{k}", made_ct.pixels(k), (0, 0, 3 * k), syntax=syntax)
    path = file_of(made_ct, 2)
    path.write_bytes(path.read_bytes()[:-lost])
    volume = opened(made_ct.folder)
    assert volume.stack.count == 2
    assert volume.verdict is Verdict.UNTRUSTED
    assert "The image at H 6.0 mm could not be read" in volume.reasons[0]


@pytest.mark.parametrize("syntax", COMPRESSED[1:])
def test_code_stream_cut_inside_its_fragment_is_refused(made_ct: Any, syntax: str) -> None:
    stream = made_ct.encoders[syntax](made_ct.pixels().view(np.uint16))
    made_ct.slice("a", made_ct.pixels(), syntax=syntax, stream=stream[: len(stream) // 2 * 2 - 20])
    with pytest.raises(UnreadableFileError, match="end early|damaged"):
        opened(made_ct.folder)


def test_all_slices_truncated_is_a_sentence(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    for path in made_ct.folder.iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnreadableFileError) as caught:
        opened(made_ct.folder)
    assert caught.value.sentence == "None of the images of this series can be read: the file ends early."
    assert caught.value.hint.startswith("Copy the file again")


def test_file_that_shrinks_after_the_scan_is_refused(made_ct: Any) -> None:
    made_ct.stack(axial(4))
    (entry,) = scan(made_ct.folder, JobContext()).series
    path = file_of(made_ct, 1)
    path.write_bytes(path.read_bytes()[:-100])
    file_of(made_ct, 3).unlink()
    volume = assemble(entry, JobContext())
    assert volume.stack.count == 2
    assert volume.verdict is Verdict.UNTRUSTED


def test_header_of_65535_by_65535_is_refused_at_once_and_without_memory(made_ct: Any) -> None:
    for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"):
        made_ct.slice(f"{syntax}", made_ct.pixels(), syntax=syntax, Rows=65535, Columns=65535)
    tracemalloc.start()
    effort = Effort()
    with pytest.raises(NothingToOpenError) as caught:
        scan(made_ct.folder, JobContext())
    assert effort.seconds() < 1
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert "65535 × 65535 pixels" in caught.value.detail


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"])
def test_code_stream_smaller_than_the_header_says_is_refused(made_ct: Any, syntax: str) -> None:
    made_ct.slice("a", made_ct.pixels(), syntax=syntax, Rows=8000, Columns=8000)
    with pytest.raises(UnreadableFileError, match="but the header says|too few"):
        opened(made_ct.folder)


def test_code_stream_that_says_it_is_huge_is_refused_before_decoding(made_ct: Any) -> None:
    syntax = "1.2.840.10008.1.2.4.90"
    stream = bytearray(made_ct.encoders[syntax](made_ct.pixels().view(np.uint16)))
    struct.pack_into(">2L", stream, 8, 60000, 60000)
    made_ct.slice("a", made_ct.pixels(), syntax=syntax, stream=bytes(stream))
    with pytest.raises(UnreadableFileError, match="60000 × 60000"):
        opened(made_ct.folder)


def deflated(made_ct: Any, body: bytes) -> Path:
    """Return a file whose deflated data set is `body`."""
    path = made_ct.slice("bomb", made_ct.pixels(), syntax="1.2.840.10008.1.2.1.99")
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<L", raw, 140)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(raw[: 144 + length] + packer.compress(body) + packer.flush())
    return path


def test_deflate_bomb_costs_a_sentence_not_the_memory(made_ct: Any) -> None:
    # One private element that inflates to 150 MB before any image is seen.
    bomb = struct.pack("<HH2sHL", 0x0009, 0x1000, b"OB", 0, 150 << 20) + bytes(150 << 20)
    path = deflated(made_ct, bomb)
    assert path.stat().st_size < 2 << 20
    effort = Effort()
    with pytest.raises(NothingToOpenError):
        scan(made_ct.folder, JobContext())
    assert effort.seconds() < 5


def test_nested_sequences_are_bounded(made_ct: Any) -> None:
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    deep = (struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + item) * 100_000
    path = made_ct.slice("deep", made_ct.pixels())
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<L", raw, 140)
    path.write_bytes(raw[: 144 + length] + deep)
    made_ct.slice("good", made_ct.pixels(), (0, 0, 5))
    found = scan(made_ct.folder, JobContext())
    assert [e.count for e in found.series] == [1]
    assert [s.file for s in found.skipped] == ["deep"]


def test_length_beyond_the_file_is_refused(made_ct: Any) -> None:
    path = made_ct.slice("long", made_ct.pixels())
    raw = path.read_bytes()
    at = raw.index(struct.pack("<HH", 0x0008, 0x103E))
    path.write_bytes(raw[: at + 6] + b"\xff\xff" + raw[at + 8 :])
    with pytest.raises(NothingToOpenError):
        scan(made_ct.folder, JobContext())


def mutated(raw: bytes, seed: int) -> bytes:
    """Return a file with a few bytes changed, cut, doubled or exchanged for extreme lengths."""
    rng = random.Random(seed)
    found = bytearray(raw)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(128, len(found))
        kind = rng.randrange(5)
        if kind == 0:
            found[at] = rng.randrange(256)
        elif kind == 1:
            found[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80"])
        elif kind == 2:
            del found[at : at + rng.randint(1, 64)]
        elif kind == 3:
            found[at:at] = found[at : at + rng.randint(1, 64)]
        else:
            del found[at:]
            found += bytes(max(0, 140 - len(found)))
    return bytes(found)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", *COMPRESSED])
def test_mutated_files_never_end_in_anything_but_a_sentence(made_ct: Any, syntax: str) -> None:
    path = made_ct.slice("m", made_ct.pixels(0, 12, 14), syntax=syntax)
    raw = path.read_bytes()
    outcomes = {"opened": 0, "refused": 0}
    said: list[str] = []
    longest_s = 5 * slowness()
    for seed in range(80):
        path.write_bytes(mutated(raw, seed))
        began = time.process_time()
        try:
            opened(made_ct.folder)
            outcomes["opened"] += 1
        except CaseStageError as error:
            outcomes["refused"] += 1
            said.append(error.sentence)
        assert time.process_time() - began < longest_s
    assert all(sentence.endswith(".") and "Error" not in sentence for sentence in said)
    assert outcomes["opened"]
    assert outcomes["refused"]


def test_codec_that_stops_midway_without_raising_gives_no_pixels(made_ct: Any) -> None:
    syntax = "1.2.840.10008.1.2.4.201"
    rows = np.random.default_rng(5).integers(0, 4000, (64, 64)).astype(np.int16)
    stream = bytearray(made_ct.encoders[syntax](rows.view(np.uint16)))
    refused = 0
    for at in range(120, len(stream) - 40, 97):
        hurt = bytearray(stream)
        hurt[at : at + 4] = b"\xff\x90\xff\x91"
        path = made_ct.slice("a", rows, syntax=syntax, stream=bytes(hurt))
        try:
            opened(made_ct.folder)
        except CaseStageError:
            refused += 1
        path.unlink()
    assert refused


@pytest.mark.parametrize(
    ("high", "low", "opens"),
    [(15, 15, True), (16, 15, True), (15, 16, True), (30, 20, True), (15, 14, False), (14, 15, False), (30, 14, False)],
)
def test_run_length_segments_of_other_lengths(made_ct: Any, high: int, low: int, opens: bool) -> None:
    first, second = (bytes([n - 1]) + bytes(range(n)) for n in (high, low))
    stream = struct.pack("<16L", 2, 64, 64 + len(first), *[0] * 13) + first + second
    made_ct.slice("a", made_ct.pixels(0, 3, 5), syntax="1.2.840.10008.1.2.5", stream=stream)
    if opens:
        assert opened(made_ct.folder).slices[0].ravel().tolist() == [256 * n + n - 1024 for n in range(15)]
    else:
        with pytest.raises(UnreadableFileError, match="damaged|end early"):
            opened(made_ct.folder)


@pytest.mark.parametrize("spacing", [["1e-300", "1e-300"], ["0.7", "5e-324"], ["0", "0.7"], ["1e30", "0.7"]])
def test_pixels_of_no_size_are_said_to_have_none(made_ct: Any, spacing: list[str]) -> None:
    for k in range(3):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), PixelSpacing=spacing)
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = load_series(entry, JobContext())
    assert not volume.placed
    assert volume.verdict is Verdict.UNTRUSTED


def test_more_pixels_than_the_header_says_are_spoken_of(made_ct: Any) -> None:
    for k in range(3):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), **({"Rows": 20} if k == 1 else {}))
    reasons = " ".join(opened(made_ct.folder / "1").reasons)
    assert "The image at H 5.0 mm holds more pixels than the header says; those are not shown." in reasons
    assert opened(made_ct.folder / "1").verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize("fewer", [1, 3])
def test_images_whose_header_leaves_out_columns_are_not_trusted(made_ct: Any, fewer: int) -> None:
    # Each row then begins a little later than the one before: the image is sheared.
    for k in range(3):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), Columns=32 - fewer)
    assert opened(made_ct.folder).verdict is Verdict.UNTRUSTED


def test_bytes_that_round_a_file_up_are_not_spoken_of(made_ct: Any) -> None:
    made_ct.slice("a", made_ct.pixels(), stream=made_ct.pixels().tobytes() + bytes(6))
    assert opened(made_ct.folder).reasons == ()


@pytest.mark.parametrize("form", [b"UL", b"O&", b"\x00\x00"])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_pixels_of_no_known_form_are_not_taken_from_where_they_may_not_be(
    made_ct: Any, form: bytes, syntax: str
) -> None:
    path = made_ct.slice("a", made_ct.pixels(), syntax=syntax)
    raw = path.read_bytes()
    for word in (b"\xe0\x7f\x10\x00OW", b"\x7f\xe0\x00\x10OW"):
        raw = raw.replace(word, word[:4] + form)
    path.write_bytes(raw)
    with pytest.raises(CaseStageError) as caught:
        opened(made_ct.folder)
    assert "The header is damaged." in caught.value.sentence + caught.value.detail


def test_a_damaged_image_at_the_place_of_a_sound_one_is_named(made_ct: Any) -> None:
    syntax = "1.2.840.10008.1.2.4.80"
    for k in range(3):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), syntax=syntax)
    made_ct.slice("again", made_ct.pixels(7), (0, 0, 5), syntax=syntax, stream=b"\xff\xd8\xff\xf7damaged\xff\xd9")
    volume = opened(made_ct.folder)
    assert volume.stack.count == 3
    assert volume.verdict is Verdict.UNTRUSTED
    assert [r for r in volume.reasons if "H 5.0 mm could not be read" in r]


@pytest.mark.parametrize("bits", [0, 17, 4096, 24899])
@pytest.mark.parametrize("padding", [None, -2000])
def test_bits_that_cannot_be_make_no_pixels(made_ct: Any, bits: int, padding: int | None) -> None:
    made_ct.slice("good", made_ct.pixels(), (0, 0, 0), PixelPaddingValue=pydicom.DataElement(0x00280120, "SS", -1000))
    said = {} if padding is None else {"PixelPaddingValue": pydicom.DataElement(0x00280120, "SS", padding)}
    made_ct.slice("bad", made_ct.pixels(), (0, 0, 5), BitsStored=bits, **said)
    volume = opened(made_ct.folder)
    assert volume.stack.count == 1
    assert volume.reasons == (
        f"The image at H 5.0 mm could not be read: pixels of {bits} in 16 bits are not understood.",
    )


@pytest.mark.parametrize("missing", ["BitsAllocated", "PixelRepresentation"])
def test_pixels_of_which_nobody_says_how_they_are_stored_are_not_guessed(made_ct: Any, missing: str) -> None:
    made_ct.slice("good", made_ct.pixels(), (0, 0, 0))
    made_ct.slice("bad", made_ct.pixels(), (0, 0, 5), **{missing: None})
    volume = opened(made_ct.folder)
    assert volume.stack.count == 1
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == (
        "The image at H 5.0 mm could not be read: the file does not say how its pixels are stored.",
    )


def test_a_sign_that_is_neither_yes_nor_no_is_not_guessed(made_ct: Any) -> None:
    made_ct.slice("good", made_ct.pixels(), (0, 0, 0))
    made_ct.slice("bad", made_ct.pixels(), (0, 0, 5), PixelRepresentation=348)
    assert opened(made_ct.folder).reasons == (
        "The image at H 5.0 mm could not be read: the file does not say how its pixels are stored.",
    )


@pytest.mark.parametrize("slope", ["1_000", "0x10", "1,5", "1e", "１", "\0001"])
def test_a_slope_that_is_no_number_of_dicom_is_not_applied(made_ct: Any, slope: str) -> None:
    raw = made_ct.slice("a", made_ct.pixels(), RescaleSlope="7.7777").read_bytes()
    value = slope.encode().ljust(6)
    (made_ct.folder / "a").write_bytes(raw.replace(b"7.7777", value))
    volume = opened(made_ct.folder)
    assert volume.unit == "unknown"
    assert np.array_equal(volume.slices[0], made_ct.pixels())


def test_a_number_longer_than_any_image_has_is_in_no_sentence(made_ct: Any) -> None:
    for k, number in enumerate(["1e300", "-1e300", "1"]):
        made_ct.slice(f"{k}", made_ct.pixels(k), None, InstanceNumber=None)
        path = made_ct.slice(f"{k}", made_ct.pixels(k), None, InstanceNumber="77777")
        path.write_bytes(path.read_bytes().replace(b"77777 ", number.encode().ljust(6)))
        if k == 0:
            path.write_bytes(path.read_bytes()[:-20])
    said = " ".join(opened(made_ct.folder).reasons)
    assert "0000000" not in said
    assert "could not be read: the file ends early." in said


def test_more_frames_than_a_compressed_file_can_hold_are_not_looked_for(made_ct: Any) -> None:
    syntax = "1.2.840.10008.1.2.4.80"
    made_ct.slice("a", made_ct.pixels(), syntax=syntax, NumberOfFrames="20000")
    with pytest.raises(UnreadableFileError) as caught:
        opened(made_ct.folder)
    assert "holds fewer pixels than its header says" in caught.value.detail


@pytest.mark.parametrize("said", ["\x1b[2J", "\u202egnp", "a\nb"])
def test_words_of_a_file_steer_no_terminal_and_turn_no_line(made_ct: Any, said: str) -> None:
    padded = said.encode().ljust(8)[:8]
    path = made_ct.slice(
        "a",
        made_ct.pixels(),
        Modality="CTCTCTCT",
        RescaleType="QQQQQQQQ",
        BodyPartExamined="CHESTCHS",
        SeriesInstanceUID="1.2.30303030",
        StudyInstanceUID="1.2.30303030",
        FrameOfReferenceUID="1.2.30303030",
    )
    raw = path.read_bytes()
    for word in (b"CTCTCTCT", b"QQQQQQQQ", b"CHESTCHS", b"30303030"):
        raw = raw.replace(word, padded)
    path.write_bytes(raw)
    (entry,) = scan(made_ct.folder, JobContext()).series
    facts = entry.facts
    words = [facts.modality, facts.body_part, facts.series_uid, facts.study_uid, facts.frame_of_reference_uid]
    words += [assemble(entry, JobContext()).unit]
    assert [word for word in words if not word.isprintable()] == []

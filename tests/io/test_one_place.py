"""Images that lie several at one place: the list of scans says of them what opening them does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.domain.view_state import Layout, ViewName
from viewer.io.assemble import assemble
from viewer.io.index_rows import series_values
from viewer.io.scan import scan
from viewer.scene.planes import image_number
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume

HERE = (0.0, 0.0, 8.0)


def write(made_ct: Any, kind: str) -> None:
    """Write ten images; each has a UID of its own."""
    for k in range(10):
        place, values = HERE, made_ct.pixels(k)
        said = {"AcquisitionTime": f"1012{2 * k:02}", "InstanceNumber": str(k + 1)}
        if kind == "copies":
            values = made_ct.pixels(0)
        if kind in ("scan with a copy", "scan with another image"):
            place = (0.0, 0.0, 2.0 * min(k, 8))
            values = made_ct.pixels(8) if kind.endswith("copy") and k == 9 else values
            said = {}
        if kind == "scan with another image of one UID":
            place = (0.0, 0.0, 2.0 * min(k, 8))
            said = {"SOPInstanceUID": f"1.2.3.{min(k, 8)}"}
        if kind == "one before":
            place = (0.0, 0.0, 0.0) if k == 0 else HERE
        made_ct.slice(f"{k}", values, place, **said)


def listed_and_opened(folder: Path) -> tuple[tuple[object, object], Volume]:
    (entry,) = scan(folder, JobContext()).series
    row = series_values(entry, str(folder), str(folder), frozenset())
    return (row["verdict"], row["reason"]), assemble(entry, JobContext())


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("time", Verdict.UNTRUSTED),
        ("copies", Verdict.OK),
        ("scan with a copy", Verdict.OK),
        ("scan with another image", Verdict.UNTRUSTED),
        ("scan with another image of one UID", Verdict.UNTRUSTED),
        ("one before", Verdict.UNTRUSTED),
    ],
)
def test_the_list_says_of_images_at_one_place_what_opening_them_does(kind: str, verdict: Verdict, made_ct: Any) -> None:
    write(made_ct, kind)
    (listed, said), volume = listed_and_opened(made_ct.folder)
    assert volume.verdict is verdict
    assert listed == verdict.value
    assert said in volume.reasons


def test_images_of_one_place_are_shown_one_by_one_in_their_order_and_no_other_plane_of_them(made_ct: Any) -> None:
    write(made_ct, "time")
    _, volume = listed_and_opened(made_ct.folder)
    said = "10 images lie at one place, H 8.0 mm: no volume."
    assert (volume.reasons, volume.loose) == ((said,), True)
    view = view_of_volume(volume)
    assert (view.layout, view.main) == (Layout.SINGLE, ViewName.AXIAL)
    for k in range(10):
        place = volume.stack.lps((5, 5, k))
        number, count = image_number(volume, ViewName.AXIAL.plane, place)
        assert np.array_equal(volume.slices[k], made_ct.pixels(number - 1) - 1024)
        assert count == 10


def test_images_at_different_heights_are_a_volume_and_no_images_one_by_one(made_ct: Any) -> None:
    write(made_ct, "scan with a copy")
    _, volume = listed_and_opened(made_ct.folder)
    assert not volume.loose
    assert view_of_volume(volume).layout is Layout.FOUR


@pytest.mark.parametrize("step_mm", [0.01, 0.03])
def test_images_of_one_place_that_is_written_a_little_otherwise_each_time_are_all_shown(
    step_mm: float, made_ct: Any
) -> None:
    for k in range(10):
        said = {"AcquisitionTime": f"1012{2 * k:02}", "InstanceNumber": str(k + 1)}
        made_ct.slice(f"{k}", made_ct.pixels(k), (0.0, 0.0, 8.0 + step_mm * (k * 7 % 5)), **said)
    (listed, said), volume = listed_and_opened(made_ct.folder)
    assert (volume.loose, volume.stack.count, listed) == (True, 10, "untrusted")
    assert said in volume.reasons == ("10 images lie at one place, H 8.0 mm: no volume.",)
    assert [words.partition("+")[2] for words in shown_times(volume)] == [f"{2 * k:.1f} s" for k in range(10)]


def shown_times(volume: Volume, *, masked: bool = False) -> list[str]:
    """Return what is said of when each image was taken, in the order in which they are paged through."""
    moments = dict(zip(range(10), volume.moments, strict=True))
    found = {}
    for k, moment in moments.items():
        number, _ = image_number(volume, ViewName.AXIAL.plane, volume.stack.lps((5, 5, k)))
        found[number] = moment.words(masked=masked)
    return [found[number] for number in sorted(found)]


def test_images_of_one_place_say_when_each_was_taken(made_ct: Any) -> None:
    write(made_ct, "time")
    _, volume = listed_and_opened(made_ct.folder)
    assert shown_times(volume)[:3] == [
        "Acquired 10:12:00  +0.0 s",
        "Acquired 10:12:02  +2.0 s",
        "Acquired 10:12:04  +4.0 s",
    ]
    assert shown_times(volume, masked=True)[-1] == "+18.0 s"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        # Across midnight the day is counted, and without one nothing is.
        (lambda k: {"AcquisitionDateTime": f"2024010{1 + k // 5}{'235959' if k < 5 else '000001'}.{k}"}, "+2.9 s"),
        (lambda k: {"AcquisitionTime": "101200", "ContentTime": f"10130{k}"}, "Content time 10:13:09  +9.0 s"),
        (lambda _: {"AcquisitionTime": "101200"}, ""),
        (lambda k: {"AcquisitionTime": f"10120{k}" if k else None}, ""),
        (lambda k: {"AcquisitionTime": f"10120{k}"} | ({} if k else {"AcquisitionDate": "20240101"}), "10:12:09"),
    ],
    ids=["midnight", "only content is timed", "all the same", "one without", "one with a date"],
)
def test_when_images_were_taken_is_said_as_far_as_it_is_known(said: Any, words: str, made_ct: Any) -> None:
    for k in range(10):
        made_ct.slice(f"{k}", made_ct.pixels(k), HERE, **said(k))
    _, volume = listed_and_opened(made_ct.folder)
    last = shown_times(volume)[-1] if volume.moments else ""
    assert last.endswith(words) if words else not last


def test_images_of_one_place_that_all_have_one_number_are_in_the_order_of_time(made_ct: Any) -> None:
    for name in range(10):
        k = (name * 7) % 10
        said = {"AcquisitionTime": f"1012{2 * k:02}", "InstanceNumber": "1"}
        made_ct.slice(f"{name}", made_ct.pixels(k), HERE, **said)
    _, volume = listed_and_opened(made_ct.folder)
    assert [words.partition("+")[2] for words in shown_times(volume)] == [f"{2 * k:.1f} s" for k in range(10)]


def test_a_scan_says_no_time_of_its_images(made_ct: Any) -> None:
    for k in range(10):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0.0, 0.0, 2.0 * k), AcquisitionTime=f"1012{2 * k:02}")
    assert listed_and_opened(made_ct.folder)[1].moments == ()

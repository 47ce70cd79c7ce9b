"""What an archive replaced, corrected or lists in many answers: nothing old and nothing less passes for all of it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.archive.conftest import SERIES, STUDY
from tests.archive.dimse_server import archive, fetch
from tests.archive.orthanc import PASSWORD, Orthanc
from tests.archive.sheet_hands import mark, open_sheet, searched
from tests.archive.web_server import as_json
from tests.ui.window.conftest import window  # noqa: F401 (a fixture)
from viewer.domain.errors import ArchiveError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.rows import Query
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.ui.archive.study_rows import StudyLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pynetdicom import evt
    from pytestqt.qtbot import QtBot

    from tests.archive.web_server import Handler, Server
    from viewer.io.archive.description import Archive
    from viewer.ui.main_window import MainWindow

NOTHING = JobContext()


@pytest.fixture
def own(orthanc_folder: Path, request: pytest.FixtureRequest) -> Iterator[Orthanc]:
    """Return an empty archive."""
    server = Orthanc(orthanc_folder / request.node.name.replace("[", "-").replace("]", ""))
    server.start()
    yield server
    server.stop(at_once=True)


def as_bytes(slices: list[Dataset], **elements: Any) -> list[bytes]:
    from io import BytesIO

    made = []
    for n, one in enumerate(slices):
        changed = deepcopy(one)
        changed.InstanceCreationDate, changed.InstanceCreationTime = "20240131", f"1425{n:02}.5"
        for keyword, value in elements.items():
            setattr(changed, keyword, value)
        stream = BytesIO()
        changed.save_as(stream, enforce_file_format=True)
        made.append(stream.getvalue())
    return made


def as_held(server: Orthanc, contents: list[bytes]) -> None:
    """Hold these objects and no others."""
    server.forget_all()
    server.load(contents)


def brought(own: Orthanc, way: str, root: Path) -> Any:
    return ask.retrieve(getattr(own, way), STUDY, SERIES, root, NOTHING, PASSWORD)


@pytest.mark.parametrize("way", ["web", "get"])
def test_an_image_that_was_replaced_under_its_uid_comes_again(
    way: str, own: Orthanc, slices: list[Dataset], tmp_path: Path
) -> None:
    own.load(as_bytes(slices))
    first = brought(own, way, tmp_path / "study")
    again = brought(own, way, tmp_path / "study")
    assert (again.images, again.new_bytes) == (6, 0)
    replaced = deepcopy(slices)
    replaced[2].PixelData = np.full((32, 32), 77, np.int16).tobytes()
    as_held(own, as_bytes(replaced[:2]) + as_bytes(replaced[2:3], InstanceCreationTime="160000") + as_bytes(slices)[3:])
    now = brought(own, way, tmp_path / "study")
    assert (now.images, now.missing, now.withdrawn) == (6, 0, 0)
    held = [dcmread(path) for path in first.folder.glob("*.dcm")]
    assert sum((one.pixel_array == 77).all() for one in held) == 1
    assert assemble(scan(first.folder, NOTHING).series[0], NOTHING).verdict is Verdict.OK


@pytest.mark.parametrize("way", ["web", "get"])
def test_images_that_an_archive_has_given_to_another_patient_come_again(
    way: str, own: Orthanc, slices: list[Dataset], tmp_path: Path
) -> None:
    own.load(as_bytes(slices))
    first = brought(own, way, tmp_path / "study")
    as_held(own, as_bytes(slices, PatientID="ID-OTHER", PatientName="OTHER^ONE"))
    assert brought(own, way, tmp_path / "study").missing == 0
    assert {dcmread(path).PatientID for path in first.folder.glob("*.dcm")} == {"ID-OTHER"}


def test_what_is_opened_from_this_computer_and_is_another_in_the_archive_by_now_says_so(
    own: Orthanc,
    slices: list[Dataset],
    window: MainWindow,  # noqa: F811
    qtbot: QtBot,
) -> None:
    own.load(as_bytes(slices))
    archives, session = window.desk.archives, window.desk.session
    sheet = open_sheet(window, own.get)
    searched(qtbot, sheet)
    mark(sheet, STUDY)
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.volume is not None and not session.volume.preview, timeout=8000)
    replaced = deepcopy(slices)
    replaced[2].PixelData = np.full((32, 32), 77, np.int16).tobytes()
    as_held(own, as_bytes(slices[:2]) + as_bytes(replaced[2:3], InstanceCreationTime="160000") + as_bytes(slices)[3:])

    def open_again() -> None:
        window.actions_.run("file.archive")
        searched(qtbot, sheet)
        line = sheet.rows.line(sheet.rows.row_of(STUDY))
        assert isinstance(line, StudyLine)
        assert line.here
        mark(sheet, STUDY)
        QTest.keyClick(sheet.list, Qt.Key.Key_Return)

    open_again()
    qtbot.waitUntil(lambda: window.messages.message is not None, timeout=8000)
    message = window.messages.message
    assert message is not None
    assert message.sentence == "1 image of the study is another in the archive by now."
    assert message.action == "Retrieve again"
    assert message.act is not None
    message.act()
    qtbot.waitUntil(lambda: archives.queue.coming is None, timeout=8000)
    window.messages.clear()
    open_again()
    qtbot.wait(1500)
    assert window.messages.message is None
    volume = session.volume
    assert volume is not None
    assert sum((one == one.flat[0]).all() and bool(one.any()) for one in volume.slices) == 1


def send(event: evt.Event, images: list[Dataset]) -> Any:
    """Answer a C-GET with some images."""
    yield len(images)
    for image in images:
        yield 0xFF00, image


def listing(images: list[Dataset]) -> Callable[[evt.Event], Any]:
    """Return what answers a C-FIND with the series and some images, the patient's ID left out."""

    def find(event: evt.Event) -> Any:
        row = Dataset()
        if event.identifier.QueryRetrieveLevel == "STUDY":
            return
        if event.identifier.QueryRetrieveLevel == "SERIES":
            row.SeriesInstanceUID = SERIES
            yield 0xFF00, row
            return
        for image in images:
            row = Dataset()
            row.SOPInstanceUID, row.SOPClassUID = image.SOPInstanceUID, image.SOPClassUID
            row.InstanceNumber = image.InstanceNumber
            yield 0xFF00, row

    return find


def test_an_image_that_is_not_listed_does_not_stand_for_one_that_did_not_come(
    slices: list[Dataset], tmp_path: Path
) -> None:
    with archive(find=listing(slices[:5]), get=lambda event: send(event, [*slices[:4], slices[5]])) as asked:
        got = fetch(asked, tmp_path / "study")
    assert got.missing == 1
    volume = assemble(scan(got.folder, NOTHING).series[0], NOTHING)
    assert volume.verdict is Verdict.UNTRUSTED
    assert any("of 5 images of the archive are here" in reason for reason in volume.reasons)


def test_a_replaced_image_that_did_not_come_again_leaves_its_series_untrusted(
    slices: list[Dataset], tmp_path: Path
) -> None:
    def nothing(_event: evt.Event) -> Any:
        yield 1
        yield 0xA700, None

    with archive(find=listing(slices), get=lambda event: send(event, slices)) as asked:
        folder = fetch(asked, tmp_path / "study").folder
    renumbered = deepcopy(slices)
    renumbered[3].InstanceNumber = 40
    with archive(find=listing(renumbered), get=nothing) as asked:
        try:
            missing = fetch(asked, tmp_path / "study").missing
        except ArchiveError:
            missing = 1
    assert missing == 1
    volume = assemble(scan(folder, NOTHING).series[0], NOTHING)
    assert "Not all images have been retrieved: 5 of 6 images of the archive are here." in volume.reasons


def test_a_study_of_very_many_series_is_listed_whole_by_dimse() -> None:
    def find(_event: evt.Event) -> Any:
        for n in range(700):
            row = Dataset()
            row.SeriesInstanceUID, row.SeriesNumber = f"1.2.3.{n + 1}", str(n + 1)
            yield 0xFF00, row

    with archive(find=find) as asked:
        found = ask.find_series(asked, STUDY, NOTHING)
    assert [row.number for row in found] == list(range(1, 701))


def paged(rows: list[dict[str, Any]], at_once: int) -> Callable[[Handler], None]:
    """Return what answers with the part of some rows that is asked for, never more than `at_once`."""

    def act(handler: Handler) -> None:
        from urllib.parse import parse_qs, urlsplit

        asked = parse_qs(urlsplit(handler.path).query)
        first, most = int(asked.get("offset", ["0"])[0]), int(asked.get("limit", ["1000000"])[0])
        as_json(rows[first : first + min(most, at_once)])(handler)

    return act


@pytest.mark.parametrize("at_once", [100, 1000])
def test_a_web_archive_that_answers_in_pages_lists_all_series_and_studies(at_once: int, server: Server) -> None:
    def named(tag: str, uid: str) -> dict[str, Any]:
        return {tag: {"vr": "UI", "Value": [uid]}}

    asked: Archive = server.archive
    server.acts["/series"] = paged([named("0020000E", f"1.2.3.{n + 1}") for n in range(701)], at_once)
    server.acts["/studies"] = paged([named("0020000D", f"1.2.{n + 1}") for n in range(300)], at_once)
    assert len(ask.find_series(asked, STUDY, NOTHING, PASSWORD)) == 701
    found = ask.find_studies(asked, Query(), NOTHING, PASSWORD)
    assert (len(found.studies), found.more) == (300, False)
    server.acts["/studies"] = paged([named("0020000D", f"1.2.{n + 1}") for n in range(900)], at_once)
    found = ask.find_studies(asked, Query(), NOTHING, PASSWORD)
    assert (len(found.studies), found.more) == (500, True)

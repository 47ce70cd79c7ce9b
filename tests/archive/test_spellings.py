"""Searching by letters that an archive does not understand, and by dates that are the wrong way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

from tests.archive.conftest import Watched, small_series
from tests.archive.orthanc import PASSWORD, Orthanc
from tests.archive.sheet_hands import open_sheet, searched
from tests.cli.conftest import casestage
from tests.ui.window.conftest import press, window  # noqa: F401 (fixtures)
from viewer.domain.volume import PatientIdentity
from viewer.io.archive import ask
from viewer.io.archive.description import Archive
from viewer.io.archive.rows import Found, Query, StudyRow, is_meant
from viewer.ui.archive.study_rows import name_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

NAMES = ("Müller^Jürgen", "山田^太郎", "Miller^Jack", "Иванов^Иван", "Yamada^Tarou=山田^次郎")


@pytest.fixture(scope="module")
def named(orthanc_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return an archive with a study of each of the names."""
    server = Orthanc(orthanc_folder / "named", encoding="Utf8")
    server.start()
    (path,) = small_series(tmp_path_factory.mktemp("named"), 1)
    contents = []
    for n, name in enumerate(NAMES):
        image = dcmread(path)
        image.SpecificCharacterSet, image.PatientName, image.PatientID = "ISO_IR 192", name, f"P{n}"
        image.StudyInstanceUID = f"1.2.3.9.{n}"
        image.SeriesInstanceUID = f"1.2.3.9.{n}.1"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.9.{n}.1.1"
        buffer = DicomBytesIO()
        image.save_as(buffer, enforce_file_format=True)
        contents.append(buffer.getvalue())
    server.load(contents)
    yield server
    server.stop(at_once=True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("müller", {"Müller^Jürgen"}),
        ("Müller, Jürgen", {"Müller^Jürgen"}),
        ("山田", {"山田^太郎", "Yamada^Tarou=山田^次郎"}),
        ("иванов", {"Иванов^Иван"}),
        ("Ż*", set()),
    ],
)
def test_a_name_in_other_letters_finds_its_patient_and_nobody_else(typed: str, meant: set[str], named: Orthanc) -> None:
    found = ask.find_studies(named.web, Query(patient=typed), Watched().context, PASSWORD)
    assert {study.identity.name for study in found.studies} == meant


def test_letters_that_an_archive_lost_do_not_hide_a_study() -> None:
    lost = {"M?ller^J": True, "M\ufffdller^J": True, "Mu\u0308ller^J": True, "^": True, "Miller^J": False, "": False}
    for name, is_it in lost.items():
        study = StudyRow("1.2", identity=PatientIdentity(name=name))
        assert is_meant(study, Query(patient="Müller")) is is_it, name


def test_a_name_without_latin_letters_is_shown() -> None:
    assert name_words("=山田^太郎") == "山田, 太郎"


def test_where_only_the_first_studies_could_be_looked_at_it_says_so(window: MainWindow) -> None:  # noqa: F811
    sheet = open_sheet(window, Archive("A", url="http://127.0.0.1:1/dicom-web"))
    window.desk.archives.found.emit(Found((), more=True))
    assert sheet.results.shown is sheet.results.wrong
    assert "first 500" in sheet.results.wrong.title.text()


def test_a_last_day_before_the_first_is_said(
    window: MainWindow,  # noqa: F811
    qtbot: QtBot,
) -> None:
    sheet = open_sheet(window, Archive("A", url="http://127.0.0.1:1/dicom-web"))
    sheet.form.first.setText("2025-02-01")
    sheet.form.last.setText("2025-01-01")
    searched(qtbot, sheet)
    assert sheet.results.shown is sheet.results.wrong
    assert "before" in sheet.results.wrong.title.text()
    casestage("archive", "add", "B", "--url", "http://127.0.0.1:1/dicom-web")
    said = casestage("archive", "query", "B", "--from", "2025-02-01", "--to", "2025-01-01")
    assert said.is_sentence()
    assert "before" in said.err

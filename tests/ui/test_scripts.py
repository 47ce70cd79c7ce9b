"""Names in other scripts than Latin: what is drawn where, in lists and on the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QTextLayout
from PySide6.QtWidgets import QLabel, QWidget

from tests.cli.conftest import write_small_case
from viewer.domain.reading_direction import isolated
from viewer.io.case_document import read_case
from viewer.io.index_rows import StudyRow
from viewer.ui.fonts import Type, font
from viewer.ui.leaving.leaving_sheet import LeavingSheet
from viewer.ui.library.series_words import person_words, study_words
from viewer.ui.painted_rows import broken
from viewer.ui.present.card import Narration
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

ARABIC = "فحص الصدر"


def from_the_left(line: str, *parts: str) -> list[str]:
    """Return parts of a line in the order in which they are seen from the left, as the program draws lines."""
    shown = isolated(line)
    layout = QTextLayout(shown, font(Type.BODY))
    layout.beginLayout()
    laid = layout.createLine()
    layout.endLayout()

    def middle(part: str) -> float:
        at = shown.index(part)
        ends = [laid.cursorToX(at + n) for n in range(len(part) + 1)]
        return sum(float(end[0]) if isinstance(end, tuple) else float(end) for end in ends) / len(ends)

    return sorted(parts, key=middle)


def study(description: str = "", patient: str = "", patient_id: str = "") -> StudyRow:
    return StudyRow(1, "1.2", "20240102", description, patient, patient_id, "")


def test_of_a_study_described_in_arabic_the_number_of_series_stands_beside_its_word(qtbot: QtBot) -> None:
    line = study_words(study(description=ARABIC), 7, masked=False)
    assert from_the_left(line, "7", "series", ARABIC, "2024") == ["2024", ARABIC, "7", "series"]


def test_a_patients_number_stands_behind_the_name_also_where_that_is_arabic(qtbot: QtBot) -> None:
    line = person_words(study(patient="محمد", patient_id="4711"), masked=False)
    assert from_the_left(line, "4711", "محمد") == ["محمد", "4711"]


def test_a_sentence_about_an_arabic_case_is_read_from_the_left(qtbot: QtBot, tmp_path: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    sheet = LeavingSheet(window, Theme())
    sheet.ask(evolve(write_small_case(tmp_path), title=ARABIC))
    said = next(label.text() for label in sheet.findChildren(QLabel) if ARABIC in label.text())
    assert from_the_left(said, ARABIC, "without", "notes") == [ARABIC, "without", "notes"]


@pytest.mark.parametrize(
    "title", ["肺结节在哪里？请仔细看左上叶尖后段旁的血管", "Pneumonoultramicroscopicsilicovolcanoconiosis"]
)
def test_a_title_without_spaces_is_read_on_two_lines(qtbot: QtBot, title: str) -> None:
    face = font(Type.BODY)
    room = QFontMetricsF(face).horizontalAdvance(title) * 0.6
    first, second = broken(title, face, room)
    assert first + second == title
    assert all(0 < QFontMetricsF(face).horizontalAdvance(line) <= room for line in (first, second))


def test_a_title_with_spaces_is_broken_at_one_of_them(qtbot: QtBot) -> None:
    face = font(Type.BODY)
    room = QFontMetricsF(face).horizontalAdvance("A ground-glass")
    assert broken("A ground-glass nodule 🫁", face, room) == ("A ground-glass", "nodule 🫁")


def test_on_the_stage_an_arabic_title_begins_at_the_right_where_its_narration_does(
    qtbot: QtBot, tmp_path: Path
) -> None:
    write_small_case(tmp_path)
    step = read_case(tmp_path).steps[0]
    words = "يظهر التصوير المقطعي عقيدة رئوية كبيرة في الفص العلوي الأيسر."
    narration = Narration(Theme(), evolve(step, title="الورم: هل يمكنك رؤيته؟", narration=words), 1.0)
    picture = QImage(narration.size.toSize(), QImage.Format.Format_Grayscale8)
    picture.fill(0)
    with QPainter(picture) as painter:
        narration.paint(painter, QPointF())
    inside = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)[4:-4, 4 : picture.width() - 4]
    inked = inside > 120
    title, told = inked[: len(inked) // 2], inked[len(inked) // 2 :]
    right = [int(np.flatnonzero(part.any(axis=0)).max()) for part in (title, told)]
    assert abs(right[0] - right[1]) <= 6

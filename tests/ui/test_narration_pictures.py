"""Pictures in a narration: those that lie in the case, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QByteArray, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QImageIOHandler, QImageWriter, QPainter

from tests.cli.conftest import write_small_case
from viewer.domain.errors import UnreadableFileError
from viewer.ui.making.chosen_picture import chosen_picture
from viewer.ui.present.card import WIDTH, Narration, narration_html
from viewer.ui.present.case_pictures import case_picture
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case, Step


@pytest.fixture
def case(tmp_path: Path, qapp: object) -> Case:
    """Return a case with a red picture in it, 400 × 100."""
    case = write_small_case(tmp_path / "case")
    red = QImage(400, 100, QImage.Format.Format_RGB32)
    red.fill(Qt.GlobalColor.red)
    (tmp_path / "case" / "pictures").mkdir()
    assert red.save(str(tmp_path / "case" / "pictures" / "red.png"))
    assert red.save(str(tmp_path / "outside.png"))
    return case


def saying(case: Case, narration: str) -> Step:
    return evolve(case.steps[0], narration=narration)


def drawn(narration: Narration) -> QImage:
    image = QImage(narration.size.toSize(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    with QPainter(image) as painter:
        narration.paint(painter, QPointF(0, 0))
    return image


def red_rows(image: QImage) -> int:
    column = [image.pixelColor(image.width() // 2, y) for y in range(image.height())]
    return sum(colour.red() > 200 and colour.blue() < 100 for colour in column)


@pytest.mark.parametrize("scale", [1.0, 2 / 3])
def test_a_picture_of_the_case_stands_in_the_card_as_wide_as_its_words(case: Case, scale: float) -> None:
    step = saying(case, "Before.\n\n![The old scan](pictures/red.png)\n\nAfter, and its words lie below it.")
    with_it = Narration(Theme(), step, scale, case.folder)
    without = Narration(Theme(), saying(case, "Before.\n\nAfter, and its words lie below it."), scale, case.folder)
    wide = (WIDTH - 56) * scale
    assert red_rows(drawn(with_it)) == pytest.approx(wide / 4, abs=2)
    assert with_it.size.height() >= without.size.height() + wide / 4
    assert with_it.size.width() == without.size.width()


def photograph(path: Path, *, turned: bool = False, share: float = 1.0) -> Path:
    """Write a JPEG 60 × 40, or that much of it, which may say that the camera was held upright."""
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    for x in range(60):
        for y in range(40):
            image.setPixelColor(x, y, QColor(4 * x, (x * y * 37) % 256, 6 * y))
    writer = QImageWriter(str(path), QByteArray(b"jpg"))
    if turned:
        writer.setTransformation(QImageIOHandler.Transformation.TransformationRotate90)
    assert writer.write(image)
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    return path


def test_a_photograph_stands_upright_as_its_camera_said(case: Case) -> None:
    photograph(Path(case.folder) / "upright.jpg", turned=True)
    shown = case_picture(case.folder, "upright.jpg")
    assert shown is not None
    assert (shown.width(), shown.height()) == (40, 60)


@pytest.mark.parametrize("share", [0.5, 0.98])
def test_a_photograph_of_which_part_is_missing_is_not_shown_with_grey_in_its_place(case: Case, share: float) -> None:
    path = photograph(Path(case.folder) / "cut.jpg", share=share)
    assert case_picture(case.folder, "cut.jpg") is None
    assert "what it shows" in narration_html(saying(case, "Here ![what it shows](cut.jpg) it is."), case.folder)
    with pytest.raises(UnreadableFileError, match="cut off"):
        chosen_picture(path)


@pytest.mark.parametrize(
    "name",
    [
        "../outside.png",
        "/etc/hostname",
        "file:///etc/hostname",
        "http://example.org/p.png",
        "none.png",
        "case.json",
    ],
)
def test_no_other_picture_is_looked_at(case: Case, name: str) -> None:
    step = saying(case, f"Here ![what it shows]({name}) it is.")
    made = narration_html(step, case.folder)
    assert "<img" not in made
    assert "what it shows" in made
    assert red_rows(drawn(Narration(Theme(), step, 1.0, case.folder))) == 0
    assert case_picture(case.folder, name) is None


def test_a_link_that_leads_out_of_the_case_and_a_bomb_are_no_pictures(case: Case, tmp_path: Path) -> None:
    (Path(case.folder) / "link.png").symlink_to(tmp_path / "outside.png")
    assert case_picture(case.folder, "link.png") is None
    bomb = Path(case.folder) / "bomb.png"
    huge = QImage(9000, 9000, QImage.Format.Format_Mono)
    huge.fill(0)
    assert huge.save(str(bomb))
    assert case_picture(case.folder, "bomb.png") is None


def test_without_a_folder_there_are_no_pictures(case: Case) -> None:
    assert "<img" not in narration_html(saying(case, "![x](pictures/red.png)"))

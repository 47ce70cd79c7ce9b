import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.ui.fonts import Type, font, load_fonts, metrics
from viewer.ui.icons import pixmap
from viewer.ui.marks import Mark, line_of, paint_mark
from viewer.ui.theme import COLOURS, Theme, ThemeName, apply_theme
from viewer.ui.widgets import Badge, Button, Kind, Segmented


def luminance(colour: QColor) -> float:
    """Relative luminance of WCAG 2.1."""
    parts = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: QColor, b: QColor) -> float:
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", list(ThemeName))
@pytest.mark.parametrize("role", ["text", "text2", "text3", "accent", "agree", "disagree", "open", "failed"])
@pytest.mark.parametrize("surface", ["window", "panel", "control", "hover"])
def test_text_can_be_read_on_every_surface(name: ThemeName, role: str, surface: str) -> None:
    theme = Theme(name)
    assert contrast(theme.colour(role), theme.colour(surface)) >= 4.5


@pytest.mark.parametrize("name", list(ThemeName))
def test_the_main_button_s_words_can_be_read(name: ThemeName) -> None:
    theme = Theme(name)
    for fill in ("accent", "accent_hover", "accent_pressed"):
        assert contrast(theme.colour("accent_text"), theme.colour(fill)) >= 4.5


def test_interface_text_is_never_as_bright_as_bone() -> None:
    assert luminance(Theme().colour("text")) < 0.8 * luminance(QColor("white"))


def test_colours_stand_in_one_table_alone(repository: Path) -> None:
    elsewhere = [
        file.name
        for file in (repository / "viewer" / "ui").rglob("*.py")
        if file.name != "theme.py" and re.search(r"#[0-9A-Fa-f]{6}\b", file.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []


def test_lines_on_anatomy_keep_their_colours_in_the_light_theme(qapp: QApplication) -> None:
    light = Theme("light")
    assert light.on_anatomy("agree") == Theme().colour("agree")
    assert light.colour("agree") != Theme().colour("agree")


@pytest.mark.usefixtures("qapp")
def test_a_hyphen_in_a_name_is_no_gap_and_digits_of_numbers_have_one_width(qapp: QApplication) -> None:
    name, number = QFontMetricsF(font(Type.NAME)), QFontMetricsF(font(Type.CAPTION))
    parts = name.horizontalAdvance("Ground") + name.horizontalAdvance("glass")
    assert name.horizontalAdvance("Ground-glass") < parts + 8
    assert number.horizontalAdvance("111.1") == number.horizontalAdvance("888.8")


def test_a_name_painted_in_a_widget_is_as_wide_as_it_was_measured(qapp: QApplication) -> None:
    # What a font leaves open a painter takes from its widget's.
    painted = font(Type.NAME).resolve(font(Type.BODY))
    value = "118 ± 17 HU"
    assert QFontMetricsF(painted).horizontalAdvance(value) == metrics(Type.NAME).horizontalAdvance(value)


def test_digits_are_equally_wide_and_inter_is_bundled(qapp: QApplication) -> None:
    assert load_fonts() == "Inter"
    metrics = QFontMetricsF(font(Type.CAPTION))
    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("0000")


def test_switching_the_theme_changes_the_application_and_says_so(qapp: QApplication) -> None:
    theme = Theme()
    said: list[object] = []
    theme.changed.connect(said.append)
    apply_theme(qapp, theme)
    dark = qapp.styleSheet()
    theme.name = ThemeName.LIGHT
    assert qapp.styleSheet() != dark
    assert "$" not in qapp.styleSheet()
    assert said == [ThemeName.LIGHT]
    theme.name = ThemeName.DARK


def test_the_program_looks_the_same_whatever_style_the_desktop_has(repository: Path) -> None:
    code = "from viewer.app import build_application; print(build_application().style().name())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={**os.environ, "QT_STYLE_OVERRIDE": "windows", "QT_QPA_PLATFORM": "offscreen"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["fusion"]


def test_an_icon_is_drawn_in_the_colour_of_its_role(qapp: QApplication) -> None:
    picture = pixmap(Theme(), "play", "accent", 24, 2.0).toImage()
    assert picture.width() == 48
    solid = [
        picture.pixelColor(x, y).name() for x in range(48) for y in range(48) if picture.pixelColor(x, y).alpha() == 255
    ]
    assert solid
    assert set(solid) == {COLOURS["accent"][0].lower()}


def test_every_state_differs_in_shape_or_line_not_in_colour_alone(qapp: QApplication) -> None:
    theme = Theme()
    shapes, lines = set(), set()
    for mark in Mark:
        image = QImage(16, 16, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        paint_mark(painter, QRectF(image.rect()), mark, theme)
        painter.end()
        shapes.add(tuple(image.pixelColor(x, y).alpha() > 100 for x in range(16) for y in range(16)))
        line = line_of(mark)
        lines.add((mark.role, line.width_px, line.dashes_px))
    assert len(shapes) == len(Mark)
    # Reader and truth share three families on purpose; within a workspace each line is its own.
    for group in (
        (Mark.TO_DECIDE, Mark.ACCEPTED, Mark.REJECTED, Mark.UNSURE),
        (Mark.TRUE_POSITIVE, Mark.FALSE_POSITIVE, Mark.MISSED, Mark.TRUTH),
    ):
        assert len({(line_of(m).width_px, line_of(m).dashes_px) for m in group}) == len(group)


def test_the_selection_is_in_the_accent_and_nothing_else_is(qapp: QApplication) -> None:
    assert all(line_of(mark, selected=True).role == "accent" for mark in Mark)
    assert all(line_of(mark).role != "accent" for mark in Mark)
    assert line_of(Mark.ACCEPTED, selected=True, stage=True).width_px == 3.5
    assert all(line_of(mark, stage=True).width_px >= 2.5 for mark in Mark), "seen from the last row"


def test_a_segmented_control_tells_only_what_the_user_picks(qtbot: QtBot) -> None:
    control = Segmented(Theme(), (("all", "All 5", ""), ("open", "To decide 2", "")))
    qtbot.addWidget(control)
    said: list[str] = []
    control.chosen.connect(said.append)
    control.choose("open")
    assert (control.choice, said) == ("open", [])
    control.button("all").click()
    assert (control.choice, said) == ("all", ["all"])


def test_a_button_that_a_list_makes_narrow_ends_its_words_before_its_edge(qtbot: QtBot) -> None:
    button = Button(Theme(), "A question that is longer than the list is wide", icon="message-square", spread=True)
    qtbot.addWidget(button)
    button.resize(200, button.height())
    picture = button.grab().toImage()
    right = [picture.pixelColor(190, y) for y in range(4, button.height() - 4)]
    assert len({colour.name() for colour in right}) == 1


def test_a_button_has_room_for_its_words_and_key(qtbot: QtBot) -> None:
    short = Button(Theme(), "Accept", icon="check")
    long = Button(Theme(), "Accept", icon="check", key="A", kind=Kind.MAIN)
    for button in (short, long):
        qtbot.addWidget(button)
    assert long.sizeHint().width() > short.sizeHint().width() + 20
    badge = Badge(Theme(), "Geometry ok", icon="circle-check", role="agree")
    qtbot.addWidget(badge)
    assert badge.accessibleName() == "Geometry ok"


def test_a_theme_that_there_is_not_leaves_the_one_in_use() -> None:
    theme = Theme(ThemeName.LIGHT)
    theme.name = "Light, as in an older file"
    assert theme.name is ThemeName.LIGHT

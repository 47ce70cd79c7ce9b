"""A handout on paper: a title page, a page for each step, and what is known of pictures and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QBuffer, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from viewer.domain.count_words import count_words
from viewer.io.atomic_file import write_atomically
from viewer.io.program import NAME, program_version
from viewer.ui.leaving.paper import Paper
from viewer.ui.leaving.stage_frames import StageFrames
from viewer.ui.leaving.steps_words import NOTHING, asked_words, cells, models_words, narration_alone, seen_words
from viewer.ui.library.case_card import duration_words
from viewer.ui.marks import paint_mark
from viewer.ui.present.case_pictures import pictures_told
from viewer.ui.theme import Theme, ThemeName

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Step
    from viewer.services.left_behind import LeftBehind
    from viewer.ui.canvas.shown import Drawn

PAPERS = {"a4": QPageSize.PageSizeId.A4, "letter": QPageSize.PageSizeId.Letter}
_DPI = 1200
_MARGIN = 44.0
_FOOT = 46.0
_PICTURE_PX = (1680, 1180)
_ROW = 19.0
# The most that a picture of a narration takes, in points.
_TOLD = (200.0, 120.0)
_MOST_ROWS = 10
# Of each column its name and its share of the width.
_COLUMNS = (
    ("Finding", 0.22),
    ("Size", 0.28),
    ("Volume", 0.11),
    ("Score", 0.08),
    ("Against truth", 0.16),
    ("From", 0.15),
)


@frozen
class _Sheet:
    """A page in points, and the part of it that is written on."""

    width: float
    height: float

    @property
    def across(self) -> float:
        return self.width - 2 * _MARGIN

    @property
    def end(self) -> float:
        return self.height - _MARGIN - _FOOT


def write_handout(left: LeftBehind, path: Path, ctx: JobContext, paper: str = "a4") -> int:
    """Write a PDF on A4 or letter paper and return how many pages it has; its text can be selected.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    # In memory first: Qt does not tell when a disk takes half of a PDF.
    content = QBuffer()
    content.open(QBuffer.OpenModeFlag.WriteOnly)
    with StageFrames(left) as frames:
        writer = QPdfWriter(content)
        writer.setResolution(_DPI)
        size = QPageSize(PAPERS[paper])
        writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF()))
        writer.setTitle(left.title)
        writer.setCreator(f"{NAME} {program_version()}")
        points = size.sizePoints()
        sheet = _Sheet(points.width(), points.height())
        painter = QPainter()
        painter.begin(writer)
        try:
            made = _Handout(left, frames, writer, painter, sheet, _pages(left, frames, sheet))
            made.write(ctx)
        finally:
            painter.end()
    write_atomically(path, bytes(content.data().data()), "The handout")
    return made.pages


def _pages(left: LeftBehind, frames: StageFrames, sheet: _Sheet) -> int:
    """Return how many pages there will be: the last ones are written once for nothing."""
    # The writer does not keep it alive.
    nowhere = QBuffer()
    nowhere.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(nowhere)
    writer.setResolution(_DPI)
    painter = QPainter()
    painter.begin(writer)
    try:
        tried = _Handout(left, frames, writer, painter, sheet, 0)
        tried.last_pages()
    finally:
        painter.end()
    return 1 + len(left.steps) + tried.pages


class _Handout:
    def __init__(
        self,
        left: LeftBehind,
        frames: StageFrames,
        writer: QPdfWriter,
        painter: QPainter,
        sheet: _Sheet,
        expected: int,
    ) -> None:
        self._left, self._frames, self._writer, self._sheet = left, frames, writer, sheet
        self._paper = Paper(painter, Theme(ThemeName.LIGHT), _DPI / 72)
        self.pages = 0
        self._expected = expected

    def write(self, ctx: JobContext) -> None:
        count = len(self._left.steps)
        ctx.report(0, count + 1, "Title page")
        self._new_page()
        self._title_page()
        for number, step in enumerate(self._left.steps):
            ctx.report(number + 1, count + 1, f"Step {number + 1} of {count}")
            self._new_page()
            self._step_page(number, step)
        self.last_pages()

    # --- pages

    def _new_page(self) -> None:
        if self.pages:
            self._writer.newPage()
        self.pages += 1
        paper, sheet = self._paper, self._sheet
        top = sheet.height - _MARGIN - 22
        paper.rule(_MARGIN, top, sheet.across)
        line = paper.box(_MARGIN, top + 6, sheet.across, 14)
        paper.line(line, self._left.banner, 8.5, "text", bold=True)
        number = f"{self.pages} of {self._expected}"
        paper.line(line, number, 8.5, "text2", side=Qt.AlignmentFlag.AlignRight)
        paper.line(paper.box(_MARGIN, top + 18, sheet.across, 14), self._left.origin, 8, "text2")

    def _title_page(self) -> None:
        left, paper, sheet = self._left, self._paper, self._sheet
        case, across = left.loaded.case, sheet.across
        y = _MARGIN
        paper.line(paper.box(_MARGIN, y, across, 14), NAME, 10, "accent", bold=True)
        y += 34
        y += paper.text(_MARGIN, y, across, left.title, 28, bold=True) + 8
        if case.summary:
            y += paper.text(_MARGIN, y, across, case.summary, 13, "text2") + 8
        words = f"{count_words(len(left.steps), 'step')}, about {duration_words(case.duration_s)} as it was told"
        y += paper.text(_MARGIN, y, across, words, 10, "text2") + 18
        y += self._picture(0, y) + 26
        paper.line(paper.box(_MARGIN, y, across, 14), "In this handout", 10, "text2", bold=True)
        y += 20
        names = [*(step.title for step in left.steps), "Where this comes from"]
        for number, name in enumerate(names):
            if y + _ROW > sheet.end:
                break
            row = paper.box(_MARGIN, y, across, _ROW)
            paper.line(row.adjusted(paper.box(0, 0, 24, 0).width(), 0, 0, 0), name, 10.5)
            mark = str(number + 1) if number < len(left.steps) else ""
            paper.line(row, mark, 10.5, "text2")
            paper.line(row, f"page {number + 2}", 9.5, "text2", side=Qt.AlignmentFlag.AlignRight)
            paper.rule(_MARGIN, y + _ROW, across)
            y += _ROW

    def _step_page(self, number: int, step: Step) -> None:
        paper, sheet = self._paper, self._sheet
        y = _MARGIN
        words = f"Step {number + 1} of {len(self._left.steps)}"
        paper.line(paper.box(_MARGIN, y, sheet.across, 14), words, 10, "accent", bold=True)
        y += 20
        y += paper.text(_MARGIN, y, sheet.across, step.title, 20, bold=True) + 12
        y += self._picture(number, y) + 4
        seen = seen_words(step.view, self._left.loaded.volume)
        paper.line(paper.box(_MARGIN, y, sheet.across, 14), seen, 8.5, "text2")
        y += 24
        if step.question is not None:
            y += paper.text(_MARGIN, y, sheet.across, asked_words(step), 11, "text2") + 8
        y += paper.html(_MARGIN, y, sheet.across * 0.82, narration_alone(step), 12)
        y += self._told_pictures(step, y) + 20
        self._table(step, self._frames.listed(number), y)

    def _told_pictures(self, step: Step, y: float) -> float:
        """Draw the pictures of a narration beside each other, and return how high they are."""
        images = pictures_told(step.narration, self._left.loaded.case.folder)
        paper, x = self._paper, float(_MARGIN)
        for image in images:
            size = QSizeF(image.size()).scaled(QSizeF(*_TOLD), Qt.AspectRatioMode.KeepAspectRatio)
            paper.painter.drawImage(paper.box(x, y + 6, size.width(), size.height()), image, QRectF(image.rect()))
            x += _TOLD[0] + 12
        return _TOLD[1] + 6 if images else 0.0

    def _picture(self, number: int, y: float) -> float:
        paper, across = self._paper, self._sheet.across
        height = across * _PICTURE_PX[1] / _PICTURE_PX[0]
        image = self._frames.bare(number, _PICTURE_PX)
        paper.painter.drawImage(paper.box(_MARGIN, y, across, height), image, QRectF(image.rect()))
        return height

    def _table(self, step: Step, drawn: tuple[Drawn, ...], y: float) -> None:
        paper, sheet = self._paper, self._sheet
        if not drawn:
            return
        fit = min(_MOST_ROWS, int((sheet.end - y - 3 * _ROW) / _ROW))
        if fit < 1:
            return
        indent = 18.0
        judged = self._left.loaded.judged
        told = [cells(row, step, judged=judged) for row in drawn[:fit]]
        # A column in which nothing stands is left out, and its room is the others'.
        kept = [n for n in range(len(_COLUMNS)) if any(row[n] != NOTHING for row in told)]
        across = (sheet.across - indent) / sum(_COLUMNS[n][1] for n in kept)
        widths = [_COLUMNS[n][1] * across for n in kept]
        self._row(y, [_COLUMNS[n][0] for n in kept], widths, indent, "text2")
        y += _ROW
        paper.rule(_MARGIN, y, sheet.across, "text2")
        for row, said in zip(drawn, told, strict=False):
            mark = paper.box(_MARGIN, y + (_ROW - 10) / 2, 10, 10)
            if row.selected:
                bar = paper.box(_MARGIN, y + 3, 2.4, _ROW - 6)
                paper.painter.fillRect(bar, paper.theme.colour("accent"))
            else:
                paint_mark(paper.painter, mark, row.mark, paper.theme)
            self._row(y, [said[n] for n in kept], widths, indent, "text", bold=row.selected)
            y += _ROW
            paper.rule(_MARGIN, y, sheet.across)
        y += 6
        notes = [models] if (models := models_words(step, self._left.loaded.results)) else []
        if len(drawn) > fit:
            notes.append(f"And {len(drawn) - fit} more.")
        if any(row.finding.recorded for row in drawn):
            notes.append("Recorded: computed when the case was made, not for this handout.")
        if self._left.banner.startswith("Synthetic"):
            notes.append("Synthetic: pictures and values are of CT made by a program, of no patient.")
        paper.text(_MARGIN, y, sheet.across, " ".join(notes), 8.5, "text2")

    def _row(
        self, y: float, cells: list[str], widths: list[float], indent: float, role: str, *, bold: bool = False
    ) -> None:
        x = _MARGIN + indent
        for cell, width in zip(cells, widths, strict=True):
            self._paper.line(self._paper.box(x, y, width - 6, _ROW), cell, 9.5, role, bold=bold)
            x += width

    def last_pages(self) -> None:
        """Tell where pictures and model come from, on as many pages as that takes."""
        self._new_page()
        left, paper, sheet = self._left, self._paper, self._sheet
        y = _MARGIN
        y += paper.text(_MARGIN, y, sheet.across, "Where this comes from", 20, bold=True) + 14
        words = (
            "This handout is for demonstration and research. It is not for diagnostic use: nothing in it may guide "
            "the care of a patient."
        )
        y += paper.text(_MARGIN, y, sheet.across, words, 10, bold=True) + 12
        y = self._facts(left.facts, y)
        if left.model_facts:
            y += 18
            y = self._room(y, 60)
            y += paper.text(_MARGIN, y, sheet.across, "About the model", 14, bold=True) + 10
            self._facts(left.model_facts, y)

    def _facts(self, facts: tuple[tuple[str, str], ...], y: float) -> float:
        paper, sheet = self._paper, self._sheet
        name_width = 150.0
        width = sheet.across - name_width
        for name, words in facts:
            high = max(paper.height(words, width, 9.5), paper.height(name, name_width - 14, 9.5))
            y = self._room(y, high + 10)
            paper.text(_MARGIN, y + 5, name_width - 14, name, 9.5, "text2")
            paper.text(_MARGIN + name_width, y + 5, width, words, 9.5)
            y += high + 10
            paper.rule(_MARGIN, y, sheet.across)
        return y

    def _room(self, y: float, height: float) -> float:
        """Return where to go on so that something fits: here, or at the top of a new page."""
        if y + height <= self._sheet.end:
            return y
        self._new_page()
        return _MARGIN

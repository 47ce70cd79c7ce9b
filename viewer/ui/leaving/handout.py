"""A handout on paper: a title page, a page for each step, and what is known of pictures and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from PySide6.QtCore import QBuffer, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from viewer.domain.count_words import count_words
from viewer.domain.job import JobContext
from viewer.io.atomic_file import remove_left, write_atomically
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
# With room for fewer, a table stands on a page of its own.
_LEAST_ROWS = 3
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
    remove_left(path.parent, path.name)
    return made.pages


@frozen
class _Numbers:
    """How many pages there will be, and with which each step, and what is told after the last, begins."""

    pages: int = 0
    of_steps: tuple[int, ...] = ()


def _pages(left: LeftBehind, frames: StageFrames, sheet: _Sheet) -> _Numbers:
    """Return the numbers of the pages: all are written once for nothing, without their pictures."""
    # The writer does not keep it alive.
    nowhere = QBuffer()
    nowhere.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(nowhere)
    writer.setResolution(_DPI)
    painter = QPainter()
    painter.begin(writer)
    try:
        tried = _Handout(left, frames, writer, painter, sheet, None)
        tried.write(JobContext())
    finally:
        painter.end()
    return _Numbers(tried.pages, tuple(tried.begun))


class _Handout:
    def __init__(
        self,
        left: LeftBehind,
        frames: StageFrames,
        writer: QPdfWriter,
        painter: QPainter,
        sheet: _Sheet,
        expected: _Numbers | None,
    ) -> None:
        self._left, self._frames, self._writer, self._sheet = left, frames, writer, sheet
        self._paper = Paper(painter, Theme(ThemeName.LIGHT), _DPI / 72)
        self.pages = 0
        self.begun: list[int] = []
        self._pictured = expected is not None
        self._expected = expected or _Numbers()

    def write(self, ctx: JobContext) -> None:
        count = len(self._left.steps)
        ctx.report(0, count + 1, "Title page")
        self._new_page()
        self._title_page()
        for number, step in enumerate(self._left.steps):
            ctx.report(number + 1, count + 1, f"Step {number + 1} of {count}")
            self._new_page()
            self.begun.append(self.pages)
            self._step_page(number, step)
        self._last_pages()

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
        number = f"{self.pages} of {self._expected.pages}"
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
        begins = self._expected.of_steps or (0,) * len(names)
        for number, name in enumerate(names):
            y = self._room(y, _ROW)
            row = paper.box(_MARGIN, y, across, _ROW)
            paper.line(row.adjusted(paper.box(0, 0, 24, 0).width(), 0, 0, 0), name, 10.5)
            mark = str(number + 1) if number < len(left.steps) else ""
            paper.line(row, mark, 10.5, "text2")
            paper.line(row, f"page {begins[number]}", 9.5, "text2", side=Qt.AlignmentFlag.AlignRight)
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
        y = self._narration(number, step, y)
        y = self._told_pictures(number, step, y) + 20
        self._table(number, step, self._frames.listed(number), y)

    def _continued(self, number: int) -> float:
        """Begin a page on which a step goes on, and return where."""
        self._new_page()
        words = f"Step {number + 1} of {len(self._left.steps)}, continued"
        self._paper.line(self._paper.box(_MARGIN, _MARGIN, self._sheet.across, 14), words, 10, "accent", bold=True)
        return _MARGIN + 24

    def _narration(self, number: int, step: Step, y: float) -> float:
        """Write what is told of a step, on as many pages as that takes, and return where it ends."""
        told, done = self._paper.told(narration_alone(step), self._sheet.across * 0.82, 12), 0.0
        while left := [end for end in told.line_ends if end > done + 0.01]:
            fit = [end for end in left if y + end - done <= self._sheet.end]
            if fit:
                self._paper.part(_MARGIN, y, told, done, fit[-1])
                y, done = y + fit[-1] - done, fit[-1]
            if len(fit) < len(left):
                y = self._continued(number)
        return y

    def _told_pictures(self, number: int, step: Step, y: float) -> float:
        """Draw the pictures of a narration beside each other, and return where they end."""
        images = pictures_told(step.narration, self._left.loaded.case.folder)
        if images and y + 6 + _TOLD[1] > self._sheet.end:
            y = self._continued(number)
        paper, x = self._paper, float(_MARGIN)
        for image in images:
            size = QSizeF(image.size()).scaled(QSizeF(*_TOLD), Qt.AspectRatioMode.KeepAspectRatio)
            paper.painter.drawImage(paper.box(x, y + 6, size.width(), size.height()), image, QRectF(image.rect()))
            x += _TOLD[0] + 12
        return y + 6 + _TOLD[1] if images else y

    def _picture(self, number: int, y: float) -> float:
        paper, across = self._paper, self._sheet.across
        height = across * _PICTURE_PX[1] / _PICTURE_PX[0]
        if not self._pictured:
            return height
        image = self._frames.bare(number, _PICTURE_PX)
        paper.painter.drawImage(paper.box(_MARGIN, y, across, height), image, QRectF(image.rect()))
        return height

    def _table(self, number: int, step: Step, drawn: tuple[Drawn, ...], y: float) -> None:
        paper, sheet = self._paper, self._sheet
        if not drawn:
            return
        wanted = min(_MOST_ROWS, len(drawn))
        if int((sheet.end - y - 3 * _ROW) / _ROW) < min(wanted, _LEAST_ROWS):
            y = self._continued(number)
        fit = min(wanted, int((sheet.end - y - 3 * _ROW) / _ROW))
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

    def _last_pages(self) -> None:
        """Tell where pictures and model come from, on as many pages as that takes."""
        self._new_page()
        self.begun.append(self.pages)
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

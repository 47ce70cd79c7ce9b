"""The panel beside the views: findings with their state, the one in hand, and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QWidget

from viewer.domain.finding import SourceKind
from viewer.services.finding_listing import FindingOrder
from viewer.ui.fonts import Type, font
from viewer.ui.measurement_list import MeasurementBox
from viewer.ui.painted_rows import words
from viewer.ui.review.detail_box import Detail, DetailBox
from viewer.ui.review.finding_list import NAME_X, RIGHT, ROW_HEIGHT, Columns, Filter, FindingList
from viewer.ui.review.label_list import LabelBox
from viewer.ui.review.map_box import MapBox
from viewer.ui.review.run_panel import RunPanel
from viewer.ui.review.sharing import Need, shared
from viewer.ui.sort_head import SortColumn, SortHead
from viewer.ui.widgets import Button, IconButton, Kind, Segmented, hairline, panel_column, text_label

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.theme import Theme

HEAD_HEIGHT = 48
LOW = 720
LEAST_LIST, LEAST_ROW = 40, 72
ROOM_FOR_ALL = 1100
LEAST_MODELS = 300
NARROW = 400
_SORTED_BY = (
    SortColumn(FindingOrder.SIZE, "Size", "Sort by volume, the largest first", RIGHT, from_right=True),
    SortColumn(FindingOrder.SCORE, "Score", "Sort by score, highest first", RIGHT, from_right=True),
)


class ColumnHead(SortHead):
    """The words over the columns, those of numbers to sort by; without scores there is no word for them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, _SORTED_BY)
        self._theme = theme
        self._scored = True
        self._scrolled = False

    def show_scrolled(self, top_px: int) -> None:
        """Draw a line over rows that go on beneath the words: half a row would be read as their first."""
        if (top_px > 0) is not self._scrolled:
            self._scrolled = top_px > 0
            self.update()

    def show_order(self, order: FindingOrder, *, scored: bool) -> None:
        """Put the arrow at what the list is sorted by."""
        self._scored = scored
        self.word(FindingOrder.SCORE).setVisible(scored)
        self.show_sorted(order if scored else FindingOrder.SIZE)
        self._over_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Put the words over their columns."""
        super().resizeEvent(event)
        self._over_columns()

    def _over_columns(self) -> None:
        beside = RIGHT + self.word(FindingOrder.SCORE).sizeHint().width() if self._scored else RIGHT
        self.move_word(
            FindingOrder.SIZE, max(beside, round(self.width() - Columns(self.width(), self._scored).size_right))
        )

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the word over the names."""
        with QPainter(self) as painter:
            painter.setFont(font(Type.CAPTION))
            painter.setPen(self._theme.colour("text2"))
            words(painter, QRectF(NAME_X, 0, 200, self.height()), "Finding")
            if self._scrolled:
                painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.colour("hairline"))


def kept_words(count: int, *, ran: bool) -> str:
    """Return what to say of decisions on findings that are not there now, where a model `ran` or not; else ""."""
    if not count:
        return ""
    subject = "1 earlier decision is" if count == 1 else f"{count} earlier decisions are"
    if ran:
        return f"{subject} kept, on findings that are not among these."
    return f"{subject} kept. Run the model again to see its findings with them."


class ReviewPanel(QFrame):
    """Findings or the models that could find some."""

    commented = Signal(str, str)
    needs = Signal(int)

    def __init__(self, desk: Desk, theme: Theme, actions: CommandActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme = desk, theme
        self._ran = False
        self._wants_models = False
        self._seen: tuple[object, ...] = ()
        column = panel_column(self, 0)
        holder = QWidget(self)
        holder.setFixedHeight(HEAD_HEIGHT - 1)
        head = QHBoxLayout(holder)
        head.setContentsMargins(16, 0, 8, 0)
        head.setSpacing(8)
        self._title = text_label("Findings", Type.PANEL_TITLE)
        self._count = text_label("", Type.BODY, "text2")
        self._model = IconButton.of_command(theme, actions["model.run"], actions.table["model.run"])
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._count)
        head.addWidget(self._model)
        head.addWidget(IconButton.of_command(theme, actions["making.start"], actions.table["making.start"]))
        column.addWidget(holder)
        column.addWidget(hairline())
        self._pages = QStackedWidget(self)
        self.run_panel = RunPanel(desk, theme, self._pages)
        self.run_panel.left.connect(self._leave_models)
        self.run_panel.wanted.connect(self._show_models)
        self._pages.addWidget(self._make_findings(actions))
        self._pages.addWidget(self.run_panel)
        self._pages.currentChanged.connect(lambda _: self._fit())
        column.addWidget(self._pages, 1)
        self.measurements = MeasurementBox(desk, theme, actions, self)
        column.addWidget(self.measurements)
        self.labels = LabelBox(desk, theme, actions, self)
        column.addWidget(self.labels)
        self.map = MapBox(desk, theme, actions, self)
        column.addWidget(self.map)
        self._boxes = (self.measurements, self.labels, self.map)
        self._growing = (self.measurements.growing, self.labels.growing)
        for box in self._boxes:
            box.fold.turned.connect(self._make_room)
        session = desk.session
        for signal in (session.findings_changed, session.decisions_changed):
            signal.connect(self._update)
        session.view_changed.connect(self._view_changed)
        session.volume_changed.connect(self._volume_changed)
        for signal in (session.measurements_changed, session.overlays_changed):
            signal.connect(self._fit)
        desk.finding_run.done.connect(self._model_done)
        self._update()

    @property
    def decided_words(self) -> str:
        """How many findings are decided, in words."""
        return self._count.text()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Say less where there is less room."""
        super().resizeEvent(event)
        self.measurements.set_low(self.height() < LOW)
        self._fold()
        self._next.set_words("Next" if self.width() < NARROW else "Next finding")
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Find room for what came, or was opened, below the findings."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    @property
    def least_px(self) -> int:
        """The height below which things would lie over one another."""
        if self._pages.currentWidget() is self.run_panel:
            return LEAST_MODELS
        return self._around_px() + LEAST_LIST + (self.detail.height_of(Detail.LITTLE) if self.detail_shown else 0)

    @property
    def detail_shown(self) -> bool:
        """True unless something that was opened below stands in the place of the finding's details."""
        return not any(box.fold.opened and not box.isHidden() for box in self._boxes)

    def edit_finding(self) -> None:
        """Let the finding in hand be edited; what stands in the place of its details is folded away."""
        self._leave_models()
        for box in self._boxes:
            if box.fold.opened:
                box.fold.click()
        self.detail.comment.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _around_px(self) -> int:
        """Return how high everything is but the list and the details."""
        boxes = sum(box.sizeHint().height() for box in self._boxes if not box.isHidden())
        boxes -= sum(growing.grown_px for growing in self._growing)
        none = self._none.sizeHint().height() if not self._none.isHidden() else 0
        if self._pages.currentIndex() != 0:
            return HEAD_HEIGHT + boxes
        page = self._filter_row.sizeHint().height() + self.head.height() + self._foot.sizeHint().height()
        lines = 3
        return HEAD_HEIGHT + page + boxes + none + lines

    def _fit(self, *_: object) -> None:
        """Say as much of the finding in hand as fits with the list, and tell how much room is needed at least."""
        if self._pages.currentIndex() == 0:
            room = self.height() - self._around_px()
            levels = Detail if self.height() >= LOW else (Detail.SHORT, Detail.LITTLE)
            fitting = (how_much for how_much in levels if self.detail.height_of(how_much) <= room - LEAST_ROW)
            said = next(fitting, Detail.LITTLE)
            self.detail.say(said)
            found = Need(LEAST_ROW, self.list.rows.rowCount() * ROW_HEIGHT)
            self._share(room - (self.detail.height_of(said) if self.detail_shown else 0), found)
        else:
            self._share(self.height() - self._around_px(), Need(LEAST_MODELS, self.run_panel.wanted_px))
        self.needs.emit(self.least_px)

    def _share(self, room_px: int, main: Need) -> None:
        """Let the lists below grow; `room_px` is that of the main one while they are as low as they may be."""
        needs = [growing.need for growing in self._growing]
        room_px += sum(need.least_px for need in needs)
        given = shared(room_px if self.height() >= LOW else 0, (main, *needs))
        for growing, height_px in zip(self._growing, given[1:], strict=True):
            growing.give(height_px)

    def _fold(self) -> None:
        """Fold what stands below the findings where it would leave them too little room."""
        finds = self._pages.currentIndex() == 0
        self.measurements.fold.set_folds(finds and self.height() < LOW)
        for box in (self.labels, self.map):
            box.fold.set_folds(finds and self.height() < ROOM_FOR_ALL)

    def _make_room(self) -> None:
        """Let what was opened take the place of the finding's details; the keys of its answers work all the same."""
        self.detail.setVisible(self.detail_shown)

    def choose_model(self, *, back: bool = True) -> None:
        """Show the models to choose from; asked again, show the findings unless `back` is False."""
        if back and self._wants_models and self._desk.session.findings:
            self._leave_models()
            return
        self.run_panel.choose()
        self._show_models()

    def _make_findings(self, actions: CommandActions) -> QWidget:
        page = QWidget(self._pages)
        column = panel_column(page, 0)
        row = QHBoxLayout()
        row.setContentsMargins(16, 16, 16, 6)
        self._filter = Segmented(
            self._theme, ((Filter.ALL, "All", ""), (Filter.OPEN, "To decide", ""), (Filter.DECIDED, "Decided", ""))
        )
        self._filter.stretch()
        self._filter.choose(Filter.ALL)
        self._filter.chosen.connect(self._choose_filter)
        row.addWidget(self._filter)
        self._filter_row = row
        column.addLayout(row)
        self.head = ColumnHead(self._theme)
        column.addWidget(self.head)
        self.head.chosen.connect(lambda name: setattr(self._desk.reviewing.listing, "order", FindingOrder(name)))
        self._desk.reviewing.listing.changed.connect(self._update)
        self.list = FindingList(self._desk.session, self._desk.reviewing.listing, self._theme, actions, page)
        self.list.setMinimumHeight(LEAST_LIST)
        self.list.chosen.connect(self._desk.reviewing.select)
        self.list.verticalScrollBar().valueChanged.connect(self.head.show_scrolled)
        column.addWidget(self.list, 1)
        self._none = text_label("", Type.BODY, "text2")
        self._none.setContentsMargins(16, 8, 16, 8)
        self._none.setWordWrap(True)
        self._none.hide()
        column.addWidget(self._none)
        column.addWidget(hairline())
        self.detail = DetailBox(self._desk.session, self._theme, actions, page)
        self.detail.commented.connect(self.commented)
        column.addWidget(self.detail)
        column.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(8)
        table = actions.table
        for command_id, text, kind in (
            ("finding.previous", "Previous", Kind.NORMAL),
            ("finding.next", "Next finding", Kind.MAIN),
        ):
            button = Button.of(self._theme, actions[command_id], table[command_id], text=text, kind=kind)
            if kind is Kind.MAIN:
                button.icon_name = ""
                self._next = button
            button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
            foot.addWidget(button, 1)
        export = Button(self._theme, "", icon="file-output")
        export.follow(actions["review.export"])
        foot.addWidget(export)
        self._foot = foot
        column.addLayout(foot)
        return page

    def _choose_filter(self, name: str) -> None:
        self.list.rows.filter = Filter(name)
        self._update()

    def _show_models(self) -> None:
        self._wants_models = True
        self._pages.setCurrentIndex(1)
        self._update()

    def _leave_models(self) -> None:
        self._wants_models = False
        self._update()

    def _volume_changed(self) -> None:
        self._ran = False
        self._wants_models = False
        self._update()

    def _model_done(self, _findings: tuple[Finding, ...]) -> None:
        self._ran = True
        self._wants_models = False
        self._update()
        if self._desk.session.shown_findings and not self.detail.comment.hasFocus():
            self._desk.reviewing.select(self._desk.reviewing.listing.findings[0].id)

    def _view_changed(self) -> None:
        view = self._desk.session.view
        seen = (view.threshold, view.hidden_labels, view.selected_finding) if view is not None else ()
        if seen != self._seen:
            self._seen = seen
            self._update()

    def _update(self) -> None:
        session = self._desk.session
        self.list.rows.refresh()
        counts = self.list.rows.counts()
        for name, words_ in ((Filter.ALL, "All"), (Filter.OPEN, "To decide"), (Filter.DECIDED, "Decided")):
            self._filter.button(name).set_words(f"{words_} {counts[name]}")
        total, decided = counts[Filter.ALL], counts[Filter.DECIDED]
        self._count.setText(f"{decided} of {total} decided" if total else "")
        scored = any(f.score is not None for f in session.shown_findings)
        self.head.show_order(self._desk.reviewing.listing.order, scored=scored)
        selected = session.view.selected_finding if session.view is not None else None
        self.list.show_selected(selected)
        listed = self.list.rows.rowCount()
        ran = any(finding.source.kind is SourceKind.MODEL for finding in session.findings)
        kept = kept_words(len(session.decisions.keys() - {finding.id for finding in session.findings}), ran=ran)
        none = "" if listed else "Every finding is decided." if decided else "No finding is decided yet."
        self._none.setText(" ".join(part for part in (none, kept) if part))
        self._none.setVisible(bool(self._none.text()) and bool(total))
        self.run_panel.say_kept(kept)
        self.detail.refresh()
        self._choose_page(bool(total))
        self._fold()
        self._fit()

    def _choose_page(self, any_finding: bool) -> None:
        if any_finding and not self._wants_models:
            self._pages.setCurrentIndex(0)
            self._title.setText("Findings")
            return
        self._title.setText("Models" if self._wants_models else "No findings yet")
        if self._pages.currentIndex() != 1:
            self.run_panel.choose()
        self._pages.setCurrentIndex(1)
        session = self._desk.session
        if (self._ran or session.findings) and not self._wants_models and session.view is not None:
            self._title.setText("Findings")
            self.run_panel.say_nothing_found(session.view.threshold, len(session.findings), ran=self._ran)

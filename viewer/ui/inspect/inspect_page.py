"""The inspect workspace for one case: errors first, the volume, the curve and the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from viewer.domain.count_words import count_words
from viewer.domain.finding import MatchState
from viewer.services.inspecting import RowOrder
from viewer.ui.canvas_host import CanvasHost
from viewer.ui.fonts import Type
from viewer.ui.inspect.error_list import COLUMNS, ErrorList
from viewer.ui.inspect.error_list import ROW_HEIGHT as ERROR_ROW_HEIGHT
from viewer.ui.inspect.froc_chart import FrocChart
from viewer.ui.inspect.legend import CountBox, Legend
from viewer.ui.inspect.nothing_held import NothingHeld
from viewer.ui.inspect.threshold_row import ThresholdRow
from viewer.ui.inspect.tiles_box import MARGIN, TilesBox
from viewer.ui.marks import Mark
from viewer.ui.measurement_list import MeasurementBox
from viewer.ui.review.sharing import Need, shared
from viewer.ui.side_panels import LEAST_VIEWS
from viewer.ui.sort_head import SortHead
from viewer.ui.tall import Tall
from viewer.ui.widgets import hairline, text_label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent, QShowEvent

    from viewer.services.desk import Desk
    from viewer.ui.commands import CommandActions
    from viewer.ui.side_panels import SidePanels
    from viewer.ui.theme import Theme

LIST_WIDTH, NARROW_LIST_WIDTH = 400, 328
SIDE_WIDTH, NARROW_SIDE_WIDTH = 520, 344
NARROW_BELOW = 1600
# In a low window tiles stand in the place of the legend: each shows an outline with its word.
TILES_FROM, LEGEND_TOO_FROM = 620, 760
LEAST_LIST_HEIGHT, LEAST_SIDE_HEIGHT = 300, 560
_NOTHING_TO_FIND = "Truth: nothing to find here. Whatever is found is a false positive."
_NOTHING_FOUND = "Truth: nothing to find here, and nothing is found at this threshold."
_NOTHING_COUNTS = "Truth: no lesion is large enough to count. What lies on a smaller one is left out."
LOW, LOW_CHART_HEIGHT, CHART_HEIGHT = 900, 236, 330
BODY_LINE = 20
# Tiles come first: the curve has what they leave, the panel's end next to nothing until the curve is at its highest.
MOST_OF_THE_REST = 100


_FIRST = {
    RowOrder.ERRORS: "Errors first",
    RowOrder.VOLUME: "Largest first",
    RowOrder.SCORE: "Highest score first",
}


class InspectPage(QWidget):
    """Holds findings against truth, live."""

    def __init__(
        self, desk: Desk, theme: Theme, actions: CommandActions, panels: SidePanels, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._to_review = desk, actions["place.review"]
        self._selected: str | None = None
        self._curve_there = False
        self._curve_of: tuple[object, ...] = ()
        self._curve: tuple[tuple[float, int, int], ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._models: QWidget | None = None
        self._left = Tall(self)
        self._left_pages = QStackedWidget(self._left.inside)
        self._left_pages.addWidget(self._make_left(theme, actions))
        self._left.hold(self._left_pages, LEAST_LIST_HEIGHT)
        row.addWidget(self._left)
        self._left_line = hairline(vertical=True)
        row.addWidget(self._left_line)
        self.host = CanvasHost(desk.session, theme, actions, self)
        row.addWidget(self.host, 1)
        self._line = hairline(vertical=True)
        row.addWidget(self._line)
        self._side = Tall(self)
        self._side.hold(self._make_side(theme), LEAST_SIDE_HEIGHT)
        row.addWidget(self._side)
        self._panels = panels
        panels.changed.connect(self._fit)
        desk.inspecting.changed.connect(self._update)
        desk.finding_run.refused.connect(self._refused)
        session = desk.session
        session.view_changed.connect(self._view_changed)
        session.volume_changed.connect(self._update)
        session.measurements_changed.connect(self._share)
        self._update()

    @property
    def counts(self) -> tuple[int, int, int]:
        """True positives, false positives, missed, as shown."""
        return (self._true.count, self._false.count, self._missed.count)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Make the panels narrower in a narrow window."""
        super().resizeEvent(event)
        self._fit()

    def show_models(self, panel: QWidget | None) -> None:
        """Show the panel of two models in the place of the errors of one; None brings them back."""
        before = self._models
        if panel is not None and before is not panel:
            self._left_pages.addWidget(panel)
            self._models = panel
        self._left_pages.setCurrentIndex(0 if panel is None else self._left_pages.indexOf(panel))
        self._name_curve()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Take in what was chosen, and how large the window became, while another page was seen."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self._panels.shown_at(self.width(), seen=self.isVisible())
        for widget in (self._left, self._left_line):
            widget.setVisible(shown)
        left = self.width() - NARROW_LIST_WIDTH - (NARROW_SIDE_WIDTH if self._curve_there else 0)
        views = not shown or left >= LEAST_VIEWS
        self.host.setVisible(views)
        self._side.setVisible(shown and self._curve_there)
        self._line.setVisible(shown and self._curve_there and views)
        narrow = self.width() < NARROW_BELOW
        # Where views wait the list has their place too.
        wide = self.width() - NARROW_SIDE_WIDTH - 1 if not views else LIST_WIDTH
        self._left.setFixedWidth(NARROW_LIST_WIDTH if narrow and views else wide)
        self._side.setFixedWidth(NARROW_SIDE_WIDTH if narrow else SIDE_WIDTH)
        self.threshold.set_narrow(narrow)
        self.measurements.set_low(self.height() < LOW)
        self._share()
        self.tiles_box.setVisible(self.height() >= TILES_FROM)
        for part in self._legend:
            part.setVisible(not TILES_FROM <= self.height() < LEGEND_TOO_FROM)
        self.chart.setMaximumHeight(CHART_HEIGHT if self.height() >= LOW else LOW_CHART_HEIGHT)
        # Where there is room the curve has one height, however long the sentence of the row in hand is.
        self._why.setMinimumHeight(2 * BODY_LINE if self.height() >= LOW else 0)

    def _share(self, *_: object) -> None:
        """Let the measurements have what the errors leave of the panel's height."""
        growing, box = self.measurements.growing, self.measurements
        head = 0 if box.isHidden() else box.sizeHint().height() - box.list.minimumHeight()
        errors = Need(LEAST_LIST_HEIGHT, LEAST_LIST_HEIGHT)
        if self._pages.currentIndex() == 0:
            page = self._full.sizeHint().height() - self.list.sizeHint().height()
            errors = Need(page + ERROR_ROW_HEIGHT, page + self.list.rows.rowCount() * ERROR_ROW_HEIGHT)
        growing.give(shared(self.height() - head, (errors, growing.need))[1])

    def _make_left(self, theme: Theme, actions: CommandActions) -> QWidget:
        panel = QFrame()
        panel.setProperty("surface", "panel")
        outer = QVBoxLayout(panel)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._pages = QStackedWidget()
        outer.addWidget(self._pages, 1)
        full = self._full = QWidget()
        full.setProperty("surface", "panel")
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.addWidget(text_label("Against the truth", Type.PANEL_TITLE))
        head.addStretch()
        self._errors = text_label("", Type.BODY, "text2")
        head.addWidget(self._errors)
        holder = QWidget()
        holder.setFixedHeight(47)
        holder.setLayout(head)
        column.addWidget(holder)
        column.addWidget(hairline())
        counts = QHBoxLayout()
        counts.setContentsMargins(16, 16, 16, 16)
        self._true = CountBox(theme, Mark.TRUE_POSITIVE, "True positives")
        self._false = CountBox(theme, Mark.FALSE_POSITIVE, "False positives")
        self._missed = CountBox(theme, Mark.MISSED, "Missed")
        counts.setSpacing(16)
        for box in (self._true, self._false, self._missed):
            counts.addWidget(box)
        counts.addStretch()
        column.addLayout(counts)
        self._nothing = text_label("", Type.BODY, "text2")
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(16, 0, 16, 16)
        column.addWidget(self._nothing)
        column.addWidget(hairline())
        self.head = SortHead(theme, COLUMNS)
        self.head.chosen.connect(lambda name: setattr(self._desk.inspecting, "order", RowOrder(name)))
        column.addWidget(self.head)
        column.addWidget(hairline())
        self.list = ErrorList(theme)
        self.list.chosen.connect(self._desk.reviewing.select)
        column.addWidget(self.list, 1)
        column.addWidget(hairline())
        self._rule = text_label("", Type.CAPTION, "text2")
        self._rule.setWordWrap(True)
        self._rule.setToolTip("The settings change it")
        self._rule.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self._rule)
        self._pages.addWidget(full)
        self.nothing_held = NothingHeld(self._desk, theme, actions)
        self._pages.addWidget(self.nothing_held)
        self.measurements = MeasurementBox(self._desk, theme, actions)
        outer.addWidget(self.measurements)
        return panel

    def _make_side(self, theme: Theme) -> QWidget:
        panel = QFrame()
        panel.setProperty("surface", "panel")
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = self._curve_title = text_label("", Type.PANEL_TITLE)
        head.setFixedHeight(47)
        head.setContentsMargins(16, 0, 16, 0)
        column.addWidget(head)
        column.addWidget(hairline())
        self.chart = FrocChart(theme)
        self.chart.setMaximumHeight(CHART_HEIGHT)
        self.chart.threshold_wanted.connect(self._desk.inspecting.set_threshold)
        column.addWidget(self.chart, MOST_OF_THE_REST)
        column.addWidget(hairline())
        self.threshold = ThresholdRow(theme)
        self.threshold.wanted.connect(self._desk.inspecting.set_threshold)
        self.threshold.default_wanted.connect(self._to_default)
        column.addWidget(self.threshold)
        column.addWidget(hairline())
        body = QVBoxLayout()
        body.setContentsMargins(16, 16, 0, 16)
        body.setSpacing(8)
        self._why_title = text_label("", Type.NAME)
        self._why = text_label("", Type.BODY, "text2")
        self._why.setWordWrap(True)
        self._why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._why.setContentsMargins(0, 0, MARGIN, 0)
        body.addWidget(self._why_title)
        body.addWidget(self._why)
        self.tiles_box = TilesBox(self._desk.session, theme)
        self.tiles = self.tiles_box.tiles
        self.tiles.chosen.connect(self._desk.reviewing.select)
        body.addWidget(self.tiles_box)
        title = text_label("Outlines", Type.NAME)
        title.setContentsMargins(0, 8, 0, 0)
        self._legend = (title, Legend(theme))
        for part in self._legend:
            body.addWidget(part)
        column.addLayout(body)
        column.addStretch(1)
        return panel

    @property
    def why_words(self) -> str:
        """Why the row in hand counts as it does."""
        return f"{self._why_title.text()}. {self._why.text()}"

    @property
    def truth_words(self) -> str:
        """What is said where there is nothing to find, and of findings that lie nowhere; else ""."""
        return self._nothing.text()

    def _refused(self, *_: object) -> None:
        # Review says why a model refused, and offers to run it anyway.
        if self.isVisible():
            self._to_review.trigger()

    def _name_curve(self) -> None:
        matching, one = self._desk.session.matching, self._left_pages.currentIndex() == 0
        what = "False positives" if matching is not None and matching.nothing_to_find else "Curve"
        self._curve_title.setText(f"{what} of this case" if one else f"{what} of A")

    def _to_default(self) -> None:
        desk = self._desk
        source = next((f.source for f in desk.session.findings if f.source.model_id), None)
        wanted = source.model_id if source is not None else desk.session.case.model_id if desk.session.case else ""
        cards = desk.finding_run.models()
        desk.inspecting.set_threshold(next((c.default_threshold for c in cards if c.id == wanted), 0.5))

    def _view_changed(self) -> None:
        view = self._desk.session.view
        selected = view.selected_finding if view is not None else None
        if selected != self._selected:
            self._selected = selected
            self.list.show_selected(selected)
            self.tiles.show_rows(self._desk.inspecting.rows(), selected)
            self._say_why()

    def _update(self) -> None:
        session, inspecting = self._desk.session, self._desk.inspecting
        matching = session.matching
        there = matching is not None and session.volume is not None
        self._pages.setCurrentIndex(0 if there else 1)
        self._curve_there = there
        self._fit()
        if matching is None or session.view is None:
            self._curve_of = ()
            self.nothing_held.follow()
            return
        self._true.show_count(matching.count(MatchState.TRUE_POSITIVE))
        self._false.show_count(matching.count(MatchState.FALSE_POSITIVE))
        self._missed.show_count(matching.count(MatchState.MISSED))
        nothing = matching.nothing_to_find
        for box in (self._true, self._missed):
            box.setVisible(not nothing)
        said = _NOTHING_COUNTS if session.lesions else _NOTHING_TO_FIND if self._false.count else _NOTHING_FOUND
        aside = f"{count_words(matching.unplaced, 'finding')} without a place, held against no lesion and not counted."
        words = [*([said] if nothing else []), *([aside] if matching.unplaced else [])]
        self._nothing.setText(" ".join(words))
        self._nothing.setVisible(bool(words))
        self._name_curve()
        errors = self._false.count + self._missed.count
        self._errors.setText("No errors" if not errors else "1 error" if errors == 1 else f"{errors} errors")
        rule = matching.rule.words
        # A number alone on a line would be read as nobody's.
        kept = rule.replace("at least ", "at\u00a0least\u00a0")
        self._rule.setText(f"Match rule: {kept[:1].lower()}{kept[1:]}")
        curve_of = (session.findings, session.truth, matching.rule)
        if not self._curve_of or any(a is not b for a, b in zip(curve_of, self._curve_of, strict=True)):
            self._curve_of, self._curve = curve_of, inspecting.curve()
        lesions = len(matching.of_truth)
        self.chart.show_curve(self._curve, lesions, matching.threshold)
        self.threshold.show_threshold(matching.threshold)
        rows = inspecting.rows()
        self.list.rows.set_rows(rows)
        self._share()
        self.head.show_sorted(inspecting.order)
        self.tiles_box.show_rows(rows, session.view.selected_finding, _FIRST[inspecting.order])
        self.list.show_selected(session.view.selected_finding)
        self._say_why()

    def _say_why(self) -> None:
        row = self.list.rows.row_of(self._desk.session.view.selected_finding) if self._desk.session.view else None
        if row is None:
            picks = bool(self.list.rows.rowCount())
            self._why_title.setText("Why" if picks else "")
            self._why.setText("Pick a row to see why it counts as it does." if picks else "")
            return
        shown = self.list.rows.row(row)
        self._why_title.setText(f"Why it counts as {shown.state.value}")
        self._why.setText(shown.why)

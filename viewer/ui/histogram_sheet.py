"""The histogram of an area or a finding: bars, what describes them, and all of it for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel

from viewer.domain.measurement import Measurement
from viewer.domain.reading_direction import isolated
from viewer.domain.value_units import decimals, number_words, unit_words
from viewer.ui.finding_words import volume_words
from viewer.ui.fonts import Type
from viewer.ui.histogram_chart import HEIGHT, LEAST_HEIGHT, HistogramChart, step_words
from viewer.ui.honesty import banner_words
from viewer.ui.measurement_words import area_words
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, text_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.analysis.histogram import Histogram
    from viewer.domain.view_state import ViewState
    from viewer.services.spreads import Spread
    from viewer.ui.theme import Theme

COLUMNS = (("Mean ± SD", "Median", "5th to 95th percentile"), ("Smallest to largest", "Values", "Window"))
COPIED = "Copied"


class HistogramSheet(Sheet):
    """Shows one histogram; it says what it is of, and never of whom."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Histogram", width=800)
        self._csv = ""
        self._chart = HistogramChart(theme)
        self._chart.setToolTip("Above: median and 5th to 95th percentile. Below: the window in force.")
        self.let_give_way(self._chart, HEIGHT, LEAST_HEIGHT)
        self.body.addWidget(self._chart)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        self._values: dict[str, QLabel] = {}
        for column, names in enumerate(COLUMNS):
            for row, name in enumerate(names):
                grid.addWidget(text_label(name, Type.BODY, "text2"), row, 2 * column)
                self._values[name] = text_label("", Type.BODY)
                grid.addWidget(self._values[name], row, 2 * column + 1)
                grid.setColumnStretch(2 * column + 1, 1)
        self.body.addLayout(grid)
        foot = QHBoxLayout()
        self._note = text_label("", Type.CAPTION, "text2")
        self._note.setWordWrap(True)
        foot.addWidget(self._note, 1)
        self.copy = Button(theme, "Copy as table", icon="copy")
        self.copy.setToolTip("Copy numbers and bins as CSV, for a spreadsheet")
        self.copy.clicked.connect(self._copy)
        foot.addWidget(self.copy)
        self.body.addLayout(foot)

    def value(self, name: str) -> str:
        """Return what stands behind one of `COLUMNS`."""
        return self._values[name].text()

    def tell(self, spread: Spread) -> None:
        """Show a histogram that holds values."""
        shape, volume, view = spread.shape, spread.volume, spread.view
        if shape is None:
            return
        unit = unit_words(volume.unit)
        self.title.setText(f"Histogram: {subject_words(spread)}")
        low, high = (0.0, 0.0) if view is None else _window_range(view)
        digits = decimals(volume.unit, (shape.mean, shape.sd, shape.low, shape.high, shape.least, shape.most))
        said = {
            "Mean ± SD": f"{number_words(shape.mean, digits)} ± {number_words(shape.sd, digits)}",
            "Median": number_words(shape.median, digits),
            "5th to 95th percentile": f"{number_words(shape.low, digits)} to {number_words(shape.high, digits)}",
            "Smallest to largest": f"{number_words(shape.least, digits)} to {number_words(shape.most, digits)}",
            "Window": f"{number_words(low, digits)} to {number_words(high, digits)}",
        }
        for name, words in said.items():
            self._values[name].setText(f"{words} {unit}".rstrip())
        kind = "samples" if spread.interpolated else "pixels" if isinstance(spread.of, Measurement) else "voxels"
        self._values["Values"].setText(f"{shape.count:,} {kind}".replace(",", "\u202f"))
        spoken = f"{self.title.text()}, {said['Mean ± SD']} {unit}"
        self._chart.show_histogram(shape, unit or "Value", (low, high), spoken)
        wide = f"Bins of {step_words(shape.width, shape.width)} {unit}".rstrip()
        between = " · Interpolated between voxels" if spread.interpolated else ""
        self._note.setText(f"{wide}{between} · {banner_words(volume, None)}")
        self._csv = csv_of(spread, shape, (low, high))
        self.copy.set_words("Copy as table")
        self.open(self.copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._csv)
        self.copy.set_words(COPIED)


def subject_words(spread: Spread) -> str:
    """Return what a histogram is of and how large that is: "Freehand, 450 mm²" or "Nodule, 0.27 mL"."""
    if isinstance(spread.of, Measurement):
        return f"{spread.of.kind.words}, {area_words(spread.of.area_mm2)}"
    return f"{isolated(spread.of.label)}, {volume_words(spread.of)}"


def csv_of(spread: Spread, shape: Histogram, window: tuple[float, float]) -> str:
    """Return numbers and bins as CSV: names and values first, then an empty line and a row for each bin."""
    unit = unit_words(spread.volume.unit) or spread.volume.unit
    of = spread.of.kind.words if isinstance(spread.of, Measurement) else spread.of.label.replace('"', '""')
    rows = [
        f'of,"{of}"',
        f"note,{banner_words(spread.volume, None)}",
        f"unit,{unit}",
        f"interpolated,{'yes' if spread.interpolated else 'no'}",
        f"count,{shape.count}",
        *(
            f"{name},{value:.10g}"
            for name, value in (
                ("mean", shape.mean),
                ("sd", shape.sd),
                ("median", shape.median),
                ("percentile 5", shape.low),
                ("percentile 95", shape.high),
                ("min", shape.least),
                ("max", shape.most),
                ("window low", window[0]),
                ("window high", window[1]),
            )
        ),
        "",
        "from,to,count",
    ]
    edges = shape.edges.tolist()
    rows += [
        f"{low:.10g},{high:.10g},{count}"
        for low, high, count in zip(edges[:-1], edges[1:], shape.counts.tolist(), strict=True)
    ]
    return "\n".join(rows) + "\n"


def _window_range(view: ViewState) -> tuple[float, float]:
    return view.window_centre - view.window_width / 2, view.window_centre + view.window_width / 2

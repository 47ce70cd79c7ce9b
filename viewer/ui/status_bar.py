"""The bar at the bottom: what the pictures are not for, what is open, what is under the pointer, what is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from viewer.domain.geometry import position_words
from viewer.domain.lying_there import finding_at, labels_at
from viewer.domain.overlays import UNKNOWN_UNIT
from viewer.domain.session import Workspace
from viewer.domain.value_units import is_on_hu_scale, with_unit
from viewer.domain.view_state import OverlayMode
from viewer.ui.canvas.facts import short_name
from viewer.ui.canvas.paint_map import map_words
from viewer.ui.canvas.side_names import brief_side_names
from viewer.ui.commands import key_words
from viewer.ui.fonts import Type
from viewer.ui.honesty import banner_words
from viewer.ui.icons import IconBox
from viewer.ui.ringing import rings_once
from viewer.ui.widgets import Button, ElidedLabel, Kind, ProgressBar, hairline, set_tone, text_label

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QResizeEvent

    from viewer.domain.job import Progress
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume
    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

CANCEL_KEY = "Ctrl+."
HEIGHT = 32
NOTE_MS = 6000
MOST_LETTERS = 32
# As many as are said of a number; of larger ones all that stand before the point.
_MOST_DIGITS = 1e6
MARGIN, SPACING = 16, 24


def value_words(value: float | None, unit: str) -> str:
    """Return a voxel's value with its unit: HU as a whole number, others with six digits."""
    if value is None:
        return ""
    whole = is_on_hu_scale(unit) or abs(value) >= _MOST_DIGITS
    # What rounds to 0 is not below it.
    return with_unit((f"{round(value) + 0.0:.0f}" if whole else f"{value:g}").replace("-", "−"), unit)


def map_value_words(session: Session, lps_mm: Point | None) -> str:
    """Return the value of the map under the pointer with its unit, such as "map 0.83 probability"; "" where none is."""
    view, over = session.view, session.overlays.value_map
    hidden = view is None or view.overlay is OverlayMode.OFF or not view.map_look.shown
    if hidden or over is None or lps_mm is None:
        return ""
    value = over.value_at(lps_mm)
    if value is None:
        return "no map here"
    unit = "" if over.unit == UNKNOWN_UNIT else f" {over.unit}"
    return f"map {map_words(value, over.high - over.low)}{unit}"


def drawn_words(session: Session, lps_mm: Point | None) -> str:
    """Return the names of what is drawn under the pointer, such as "Nodule, Left lung"; of many the first two."""
    if lps_mm is None:
        return ""
    finding = finding_at(session, lps_mm)
    names = [*([finding.label] if finding is not None else []), *(label.name for label in labels_at(session, lps_mm))]
    shown = [name if len(name) <= MOST_LETTERS else f"{name[:15]}…{name[-15:]}" for name in names[:2]]
    return ", ".join((*shown, f"{len(names) - 2} more") if len(names) > 2 else shown)


def place_words(lps_mm: Point) -> str:
    """Return a place as "R 88.0  A 26.4  H 9.9 mm"."""
    parts = [position_words(axis, lps_mm[axis]).removesuffix(" mm") for axis in range(3)]
    return "  ".join(parts) + " mm"


def facts_words(volume: Volume) -> str:
    """Return how many images there are and how large a voxel is, as far as that is known."""
    count = f"{volume.stack.count} images" if volume.stack.count != 1 else "1 image"
    if not volume.sized:
        return count
    di, dj = volume.stack.pixel_spacing_mm
    gaps = volume.stack.gaps_mm
    if volume.one_by_one:
        return f"{count} · {di:.2f} × {dj:.2f} mm"
    low, high = float(gaps.min()), float(gaps.max())
    apart = f"{low:.2f}" if high - low < 0.01 else f"{low:.2f} to {high:.2f}"
    return f"{count} · {di:.2f} × {dj:.2f} × {apart} mm"


class IconLabel(QWidget):
    """An icon of 16 px and a caption behind it."""

    def __init__(self, theme: Theme, icon: str, role: str, tone: str) -> None:
        super().__init__()
        self._theme, self._name, self._role = theme, icon, role
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._icon = IconBox(theme, 16)
        self._icon.setFixedSize(QSize(16, 16))
        self.words = text_label("", Type.CAPTION, tone)
        row.addWidget(self._icon)
        row.addWidget(self.words)
        theme.changed.connect(self._draw)
        self._draw()

    def show_icon(self, icon: str, role: str) -> None:
        """Change the icon."""
        self._name, self._role = icon, role
        self._draw()

    def _draw(self) -> None:
        self._icon.show_icon(self._name, self._role)


class StatusBar(QFrame):
    """32 px high; `busy_changed` tells that something began to run, or ended."""

    busy_changed = Signal()

    def __init__(self, desk: Desk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._stop = desk.opening.cancel
        self._library_words = ""
        self._refuses = False
        self.setProperty("surface", "panel")
        self.setFixedHeight(HEIGHT)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(hairline())
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(SPACING)
        self.banner = IconLabel(theme, "shield-alert", "text2", "text")
        row.addWidget(self.banner)
        self._facts = ElidedLabel("", Type.CAPTION, "text2")
        row.addWidget(self._facts, 1)
        self._busy = QWidget()
        busy = QHBoxLayout(self._busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(12)
        self._busy_words = text_label("", Type.CAPTION, "text2")
        self._bar = ProgressBar(theme)
        self._bar.setFixedWidth(160)
        cancel = Button(theme, "Cancel", kind=Kind.FLAT, height=28)
        cancel.type = Type.CAPTION
        cancel.setToolTip(f"Stop what is running ({key_words(CANCEL_KEY)})")
        cancel.clicked.connect(self.cancel)
        for widget in (self._busy_words, self._bar, cancel):
            busy.addWidget(widget)
        self._busy.hide()
        self._is_busy = False
        row.addWidget(self._busy)
        self._value = text_label("", Type.CAPTION_NAME)
        self._place = text_label("", Type.CAPTION, "text2")
        self._saved = IconLabel(theme, "check", "text2", "text2")
        self._saved.hide()
        self._says_saved = False
        for label in (self._value, self._place, self._saved):
            row.addWidget(label)
        outer.addLayout(row, 1)
        self._note = rings_once(self, self._update, NOTE_MS)
        session = desk.session
        session.view_changed.connect(self._view_changed)
        session.workspace_changed.connect(self._say_what_is_here)
        for signal in (session.volume_changed, session.case_changed):
            signal.connect(self._update)
        desk.other.session.volume_changed.connect(self._say_banner)
        desk.opening.busy.connect(self._opening_busy)
        desk.other.opening.busy.connect(self._other_busy)
        desk.finding_run.busy.connect(self._run_busy)
        desk.archives.queue.busy.connect(self._archive_busy)
        for reviewing in (desk.reviewing, desk.other.reviewing):
            reviewing.saved.connect(self._say_saved)
            reviewing.failed.connect(self._say_saved)
        desk.overlaying.busy.connect(lambda progress: self.show_busy(progress, desk.overlaying.cancel))
        self._update()

    @property
    def is_busy(self) -> bool:
        """Whether something runs that can be cancelled here."""
        return self._is_busy

    def cancel(self) -> None:
        """Stop what is running."""
        if self._is_busy:
            self._stop()

    @property
    def saved_words(self) -> str:
        """What is said of decisions and measurements, or ""."""
        return self._saved.words.text() if self._says_saved else ""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out what matters least: never what the pictures are not for, nor that something is not saved."""
        room = self.width() - 2 * MARGIN - self.banner.sizeHint().width() - SPACING
        unsaved = self._says_saved and bool(self._desk.reviewing.unsaved)
        parts: list[tuple[QWidget, bool, bool]] = [
            (self._saved, unsaved, True),
            (self._busy, self._is_busy, True),
            (self._value, bool(self._value.text()), False),
            (self._place, bool(self._place.text()), False),
            (self._saved, self._says_saved, False),
        ]
        shown: set[QWidget] = set()
        for part, wanted, always in parts:
            needs = part.sizeHint().width() + SPACING
            if wanted and part not in shown and (always or needs <= room):
                shown.add(part)
                room -= needs
        for part in (self._saved, self._busy, self._value, self._place):
            part.setVisible(part in shown)

    def say_library(self, words: str) -> None:
        """Say what the library holds, while that is looked at."""
        self._library_words = words
        self._update()

    def say(self, words: str) -> None:
        """Say something for a while, in place of what is open."""
        self._refuses = False
        self._facts.set_whole(words)
        self._note.start()

    def say_refusal(self, words: str) -> None:
        """Say why nothing comes of a key, until a command is done."""
        self.say(words)
        self._refuses = True

    def forget_refusal(self) -> None:
        """No longer say why nothing came of a key."""
        if self._refuses:
            self._update()

    def _view_changed(self, new: ViewState | None, old: ViewState | None) -> None:
        if new is None or old is None or not old.lut or new.lut or new.series_uid != old.series_uid:
            return
        name = short_name(old.lut)
        self.say(f"A plain window now; the file's lookup table “{name}” was left. 0 goes through what the file brings.")

    def show_pointer(
        self,
        value: float | None,
        lps_mm: Point | None,
        _view: object = None,
        *,
        of: Volume | None = None,
        second: bool = False,
    ) -> None:
        """Show the value and place under the pointer; `of` names the volume there, None stands for the open one.

        `second` tells that it is on the side of the second series, which may be of the same volume.
        """
        here, there = self._desk.session.volume, self._desk.other.session.volume
        volume = of if of is not None else here
        side = ""
        if there is not None and volume is not None and value is not None:
            side = brief_side_names(self._desk.session, self._desk.other.session)[second] + "  "
        words = side + value_words(value, volume.unit) if volume is not None else ""
        seen = self._desk.other.session if second else self._desk.session
        over, drawn = map_value_words(seen, lps_mm), drawn_words(seen, lps_mm)
        self._value.setText("  ·  ".join(part for part in (drawn, words, over) if part))
        told = lps_mm is not None and volume is not None and not volume.loose
        self._place.setText(place_words(lps_mm) if told and lps_mm is not None else "")
        self._fit()

    def _update(self) -> None:
        self._say_banner()
        self._note.stop()
        self._refuses = False
        self._say_what_is_here()
        self._say_saved()

    def _say_banner(self, *_: object) -> None:
        session = self._desk.session
        self.banner.words.setText(banner_words(session.volume, session.case, self._desk.other.session.volume))

    def _say_what_is_here(self, *_: object) -> None:
        """Say what is looked at, unless something else is being said for a while."""
        if self._note.isActive():
            return
        session = self._desk.session
        elsewhere = session.workspace is not Workspace.LIBRARY
        volume = session.volume if elsewhere else None
        self._facts.set_whole(facts_words(volume) if volume is not None else self._library_words)

    def _opening_busy(self, progress: Progress | None) -> None:
        self.show_busy(progress, self._desk.opening.cancel)

    def _other_busy(self, progress: Progress | None) -> None:
        self.show_busy(progress, self._desk.other.opening.cancel)

    def _archive_busy(self, progress: Progress | None) -> None:
        self.show_busy(progress, self._desk.archives.queue.cancel_all)

    def _run_busy(self, progress: Progress | None) -> None:
        self.show_busy(progress, self._desk.finding_run.cancel)

    def show_busy(self, progress: Progress | None, stop: Callable[[], None] | None) -> None:
        """Show how far something is that `stop` cancels; None that it has ended."""
        was, self._is_busy = self._is_busy, progress is not None
        if was != self._is_busy:
            self.busy_changed.emit()
        if progress is not None and stop is not None:
            self._stop = stop
            self._busy_words.setText(progress_words(progress))
            self._bar.set_fraction(progress.fraction)
        self._fit()

    def _say_saved(self, _what: object = None) -> None:
        reviewing = self._desk.reviewing
        if reviewing.unsaved:
            self._saved.words.setText(f"{reviewing.writes.waiting_words} not saved")
            self._saved.show_icon("triangle-alert", "disagree")
            set_tone(self._saved.words, "disagree")
            self._says_saved = True
            self._fit()
            return
        saved_at: datetime | None = reviewing.writes.saved_at
        self._says_saved = saved_at is not None
        if saved_at is not None:
            self._saved.words.setText(f"{reviewing.writes.saved_words} saved {saved_at.astimezone():%H:%M}")
            self._saved.show_icon("check", "text2")
            set_tone(self._saved.words, "text2")
        self._fit()


def progress_words(progress: Progress) -> str:
    """Return how far work is, such as "Reading, 62 %"."""
    what = progress.what[:1].upper() + progress.what[1:]
    fraction = progress.fraction
    return f"{what}, {fraction * 100:.0f} %" if fraction is not None else what

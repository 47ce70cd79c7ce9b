"""What the images of a case show, for a person to look at and sign off before they leave: text, or a head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout

from viewer.domain.count_words import count_words
from viewer.domain.errors import FaceSignOffError
from viewer.services.case_saving import leaves_a_face
from viewer.ui.fonts import Type
from viewer.ui.making.image_tiles import COLUMNS, GAP, TILE_PX, ImageTiles, tiles_of
from viewer.ui.making.tick import Tick
from viewer.ui.sheet import EDGE_PX, Sheet
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from viewer.domain.errors import SignOffError
    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme

WIDTH = COLUMNS * (TILE_PX + GAP) + 80
LEAST_HEIGHT, MOST_HEIGHT = 140, 640
LOOKED = "I looked at every image: none shows a name or a number of the patient"
FACE = "These images may be passed on, though a face can be made of them"
NOT_YET = "Scroll to the last image first"
_FACE_WORDS = (
    "Whoever gets them can do so with another program; CaseStage itself shows no face, neither on stage nor in exports."
)


class SignOffSheet(Sheet):
    """Shows what has to be looked at; `signed_off` is emitted once somebody said that it may leave."""

    signed_off = Signal()

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Before these images leave", width=WIDTH)
        self.why = text_label("", Type.BODY, "text2")
        self.why.setWordWrap(True)
        rows = self.let_scroll()
        rows.addWidget(self.why)
        self.images = ImageTiles(theme)
        self.images.seen_all.connect(self._seen_all)
        self.scrolled.connect(self.images.look)
        rows.addWidget(self.images)
        self.looked = Tick(theme, LOOKED)
        self.face = Tick(theme, FACE)
        for tick in (self.looked, self.face):
            tick.toggled.connect(self._fit_save)
            rows.addWidget(tick)
        row = QHBoxLayout()
        row.addStretch()
        self.save = Button(theme, "Save case", kind=Kind.MAIN)
        self.save.clicked.connect(self._save)
        row.addWidget(self.save)
        self.body.addLayout(row)

    def tell(self, volumes: Sequence[Volume], error: SignOffError) -> None:
        """Show all images that may show text, and heads as they are seen through, and why they are to be looked at."""
        text, face = bool(error.detail), isinstance(error, FaceSignOffError)
        said = [f"{error.sentence} {_FACE_WORDS}"] if face else []
        if text:
            count = count_words(sum(volume.stack.count for volume in volumes), "image")
            said.append(f"{error.sentence} " if not face else "They may show text too. ")
            said[-1] += f"Look at all of the {count}: {' '.join(error.detail.splitlines())}"
        self.why.setText("\n".join(said))
        heads = [volume for volume in volumes if face and leaves_a_face(volume)]
        self.images.show_tiles(tiles_of(volumes if text else (), heads))
        for tick, wanted in ((self.looked, text), (self.face, face)):
            tick.setChecked(False)
            tick.setVisible(wanted)
        self.looked.setEnabled(False)
        self.looked.setToolTip(NOT_YET)
        self._fit_save()
        self.images.setFixedHeight(LEAST_HEIGHT)
        self.open(self.images if text else self.face)
        self._give_room()
        # Once it has its size: all of them may fit.
        QTimer.singleShot(0, self.images, self.images.look)

    def _give_room(self) -> None:
        """Let the images have what the window leaves beside the rest of the sheet."""
        left = self.height() - 2 * EDGE_PX - self.card.height()
        self.images.setFixedHeight(min(self.images.height_px + 2, MOST_HEIGHT, LEAST_HEIGHT + max(0, left)))
        self.place()

    def _seen_all(self) -> None:
        self.looked.setEnabled(True)
        self.looked.setToolTip("")

    def _fit_save(self, *_: object) -> None:
        wanted = [tick for tick in (self.looked, self.face) if not tick.isHidden()]
        ready = all(tick.isChecked() for tick in wanted)
        self.save.setEnabled(ready)
        self.save.setToolTip("Save the case with these images" if ready else "Say first that they may leave")

    def _save(self) -> None:
        self.dismiss()
        self.signed_off.emit()

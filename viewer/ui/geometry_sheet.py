"""Why the geometry of a volume is or is not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.domain.geometry import Verdict
from viewer.domain.value_units import unit_name
from viewer.ui.fonts import Type
from viewer.ui.honesty import verdict_words
from viewer.ui.sheet import Sheet
from viewer.ui.status_bar import facts_words
from viewer.ui.widgets import text_label

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme

MEANING = {
    Verdict.OK: "Positions and spacing are proven from every slice. Lengths and volumes can be measured.",
    Verdict.RESAMPLED: "Slices are tilted or unevenly spaced. What is shown was made regular between them; the "
    "original slices are kept, and findings are measured on them. As acquired (O) shows them as they are.",
    Verdict.UNTRUSTED: "The pictures can be looked at. Nothing is measured: lengths could be wrong, or a part missing.",
}
_SMALLER = (
    "The images were made smaller as they were read. Where they lie is true; values, areas and findings are those of "
    "the smaller images."
)
_MODIFIED = (
    "Values are Hounsfield units that were modified (HU_MOD): a material was enhanced or taken away. They are looked "
    "at as CT is; they are no attenuation that was measured, and no model takes them for it."
)


def _meaning(volume: Volume) -> str:
    smaller = volume.shrunk > 1 and volume.verdict is Verdict.RESAMPLED and not volume.regridded
    return _SMALLER if smaller else MEANING[volume.verdict]


def _unit(volume: Volume) -> str:
    if volume.is_hu:
        return ""
    if volume.on_hu_scale:
        return _MODIFIED
    if name := unit_name(volume.unit):
        return f"Values are {name}, not Hounsfield units: windows and 3D looks for CT are not used."
    return "Values are not Hounsfield units: the file does not say so."


class GeometrySheet(Sheet):
    """The verdict, what it means, and each reason."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme, "Geometry", width=560)
        self._content: QWidget | None = None
        self._rows = self.let_scroll()

    @property
    def words(self) -> str:
        """Everything that is said."""
        labels = self._content.findChildren(type(text_label(""))) if self._content is not None else []
        return "\n".join(label.text() for label in labels)

    def tell(self, volume: Volume) -> None:
        """Show what is known about a volume."""
        if self._content is not None:
            self._rows.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.title.setText(verdict_words(volume.verdict)[0])
        tilt = volume.stack.tilt_deg
        facts = facts_words(volume) + (f" · tilt {tilt:.1f}°" if tilt >= 0.1 else "")
        for text, tone in ((_meaning(volume), "text"), *((r, "text") for r in volume.reasons), (_unit(volume), "text"),
                           (facts, "text2")):  # fmt: skip
            if text:
                label = text_label(text, Type.BODY, tone)
                label.setWordWrap(True)
                column.addWidget(label)
        self._rows.addWidget(self._content)
        self.open()

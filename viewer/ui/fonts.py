"""Inter in the sizes of the type scale, with digits of one width where numbers stand or change.

Call `load_fonts()` once after the application exists, then `font(Type.BODY)`. A label gets its font by
`label.setFont(font(Type.CAPTION))`; the style sheet never sets fonts, so that the digits' setting is kept.
"""

from __future__ import annotations

import logging
from enum import Enum
from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF

from viewer.domain.errors import StorageError
from viewer.io.shipped import shipped

LOGGER = logging.getLogger(__name__)

REGULAR = QFont.Weight.Normal
MEDIUM = QFont.Weight.Medium
SEMIBOLD = QFont.Weight.DemiBold


class Type(Enum):
    """The type scale: size and line height in logical pixels, weight."""

    CAPTION = (13, 18, REGULAR)
    CAPTION_NAME = (13, 18, SEMIBOLD)
    BODY = (14, 20, REGULAR)
    NAME = (14, 20, SEMIBOLD)
    BUTTON = (14, 20, MEDIUM)
    BUTTON_MAIN = (14, 20, SEMIBOLD)
    KEY = (12, 16, REGULAR)
    LETTER = (16, 24, SEMIBOLD)
    PANEL_TITLE = (16, 24, SEMIBOLD)
    LIST = (16, 24, REGULAR)
    CARD_TITLE = (18, 24, SEMIBOLD)
    PAGE_TITLE = (24, 32, SEMIBOLD)
    COUNT = (24, 32, SEMIBOLD)
    STAGE_SMALL = (22, 30, MEDIUM)
    STAGE_SMALL_LETTER = (22, 30, SEMIBOLD)
    STAGE_BAR = (24, 32, REGULAR)
    STAGE_BAR_NAME = (24, 32, SEMIBOLD)
    STAGE_BODY = (28, 38, REGULAR)
    STAGE_LETTER = (30, 40, SEMIBOLD)
    STAGE_TITLE = (40, 46, SEMIBOLD)
    NOTES = (26, 40, REGULAR)
    CLOCK = (44, 56, SEMIBOLD)

    @property
    def names(self) -> bool:
        """True for names, titles and sentences: digits of one width also widen the hyphen, which looks like a gap."""
        return self in _OF_NAMES

    @property
    def size_px(self) -> int:
        """Size in logical pixels."""
        return self.value[0]

    @property
    def line_px(self) -> int:
        """Line height in logical pixels."""
        return self.value[1]

    @property
    def weight(self) -> QFont.Weight:
        """Weight."""
        return self.value[2]


_OF_NAMES = frozenset(
    {
        Type.NAME,
        Type.BUTTON,
        Type.BUTTON_MAIN,
        Type.PANEL_TITLE,
        Type.LIST,
        Type.CARD_TITLE,
        Type.PAGE_TITLE,
        Type.STAGE_BODY,
        Type.STAGE_TITLE,
        Type.NOTES,
    }
)


@cache
def load_fonts() -> str:
    """Return the family to draw with: Inter from the package, else the system's sans serif (said in the log)."""
    families: list[str] = []
    try:
        files = sorted(shipped("resources/fonts").glob("Inter-*.ttf"))
    except StorageError:
        files = []
    for file in files:
        number = QFontDatabase.addApplicationFont(str(file))
        if number >= 0:
            families += QFontDatabase.applicationFontFamilies(number)
    if "Inter" in families:
        return "Inter"
    LOGGER.warning("Inter is not in the package; text is drawn in the system's sans serif.")
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def font(kind: Type, *, scale: float = 1.0) -> QFont:
    """Return the font of one use; `scale` is the stage's height over 1080 px in Present."""
    return QFont(_font(kind, round(kind.size_px * scale)))


def metrics(kind: Type, *, scale: float = 1.0) -> QFontMetricsF:
    """Return the measures of one use's font."""
    return _metrics(kind, round(kind.size_px * scale))


@cache
def _font(kind: Type, size_px: int) -> QFont:
    made = QFont(load_fonts())
    made.setPixelSize(max(1, size_px))
    made.setWeight(kind.weight)
    # Said either way: a painter takes what a font leaves open from its widget's.
    made.setFeature(QFont.Tag("tnum"), 0 if kind.names else 1)
    return made


@cache
def _metrics(kind: Type, size_px: int) -> QFontMetricsF:
    return QFontMetricsF(_font(kind, size_px))


def fitting_words(measures: QFontMetricsF, words: tuple[str, ...], room: float) -> str:
    """Return the first of words that have so much room, the longest first; the last, cut in the middle, if none has."""
    whole = next((text for text in words if measures.horizontalAdvance(text) <= room), None)
    return measures.elidedText(words[-1], Qt.TextElideMode.ElideMiddle, room) if whole is None else whole

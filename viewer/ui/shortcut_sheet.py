"""All keys of a workspace on one sheet, made from the command table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from viewer.services.conventions import Dragging, MouseConventions
from viewer.ui.fonts import Type
from viewer.ui.sheet import EDGE_PX, Sheet
from viewer.ui.theme import SCROLL_BAR_WIDTH
from viewer.ui.widgets import KeyChip, text_label

if TYPE_CHECKING:
    from viewer.domain.session import Workspace
    from viewer.ui.commands import Command, CommandTable
    from viewer.ui.theme import Theme

MOST_COLUMNS = 3
COLUMN_GAP_PX, BETWEEN_PX, BESIDE_BAR_PX = 40, 24, 12
LOOKING, IN_3D, OVER = "Looking", "In 3D", "Findings, labels, maps"
# In the order in which people look for them; several kinds of commands may stand under one title.
GROUPS = {
    "present": "Presenting",
    "presenter": "Presenting",
    "case": "Presenting",
    "ask": "Questions",
    "finding": "Findings",
    "review": "Review",
    "model": "Models",
    "models": "Models",
    "inspect": "Inspect",
    "view": LOOKING,
    "picture": LOOKING,
    "overlay": OVER,
    "compare": "Two series",
    "measure": "Measuring",
    "path": "Along a path",
    "making": "Making a case",
    "go": "Back and forward",
    "place": "Places",
    "file": "Opening",
    "library": "Library",
    "scans": "Library",
    "app": "Program",
}
OTHER = "Other"
TITLES = tuple(dict.fromkeys((*GROUPS.values(), IN_3D, OTHER)))
# Commands that are about how one looks at something are so many that they stand under three titles.
_OVER_WORDS = ("overlay", "fill", "truth", "labels", "map")
DRAGGING = {
    Dragging.WINDOW: "Window",
    Dragging.PAN: "Pan",
    Dragging.ZOOM: "Zoom",
    Dragging.IMAGES: "Through the images",
}


def mouse_words(mouse: MouseConventions) -> tuple[tuple[str, str], ...]:
    """Return what the mouse does, in words: by what, and what."""
    across, up = "narrower" if mouse.narrower else "wider", "darker" if mouse.darker else "brighter"
    return (
        ("Left drag", f"Window: across {across}, up {up}"),
        ("Middle drag", DRAGGING[mouse.middle]),
        ("Right drag", DRAGGING[mouse.right]),
        ("Wheel", "One image, down to the head" if mouse.towards_head else "One image"),
        ("Ctrl+wheel", "Zoom"),
        ("Shift+wheel", "Slab"),
        ("Double-click", "One view alone, or all"),
    )


def title_of(command: Command) -> str:
    """Return the title under which a command's keys stand."""
    title = GROUPS.get(command.group, OTHER)
    if title != LOOKING:
        return title
    name = command.id.partition(".")[2]
    if "3d" in name or "crop" in name:
        return IN_3D
    return OVER if any(word in name for word in _OVER_WORDS) else LOOKING


def _height(column: list[QWidget]) -> int:
    return sum(block.sizeHint().height() + BETWEEN_PX for block in column)


def _in_columns(blocks: list[QWidget], room_px: int) -> list[list[QWidget]]:
    """Return blocks in columns of about the same height, as many as are read whole beside each other."""
    for count in range(MOST_COLUMNS, 0, -1):
        columns: list[list[QWidget]] = [[] for _ in range(count)]
        for block in sorted(blocks, key=lambda b: -b.sizeHint().height()):
            min(columns, key=_height).append(block)
        widths = [max((block.sizeHint().width() for block in column), default=0) for column in columns]
        if sum(widths) + COLUMN_GAP_PX * (count - 1) <= room_px:
            break
    return columns


class ShortcutSheet(Sheet):
    """The keys that work here, by group."""

    def __init__(self, window: QWidget, theme: Theme, table: CommandTable, mouse: MouseConventions) -> None:
        super().__init__(window, theme, "Keys", width=1120)
        self._table, self._mouse = table, mouse
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(self._scroll)

    def ask(self, where: Workspace) -> None:
        """Show the keys of a workspace."""
        groups: dict[str, list[Command]] = {}
        for command in self._table.offered(where):
            if command.shortcuts:
                groups.setdefault(title_of(command), []).append(command)
        blocks = [self._block(title, groups[title]) for title in TITLES if title in groups]
        if LOOKING in groups:
            blocks.append(self._mouse_block())
        body = QWidget()
        body.setProperty("surface", "panel")
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, BESIDE_BAR_PX, 0)
        row.setSpacing(COLUMN_GAP_PX)
        over = self.parentWidget()
        width = min(self._width, over.width() - 2 * EDGE_PX) if over is not None else self._width
        around = self.body.contentsMargins().left() + self.body.contentsMargins().right()
        columns = _in_columns(blocks, width - around - BESIDE_BAR_PX - SCROLL_BAR_WIDTH)
        for held in columns:
            column = QVBoxLayout()
            column.setSpacing(BETWEEN_PX)
            for block in held:
                column.addWidget(block)
            column.addStretch()
            row.addLayout(column, 1)
        self._scroll.setWidget(body)
        room = over.height() - 140 if over is not None else 800
        self._scroll.setFixedHeight(min(max(map(_height, columns)), room))
        self.open()

    def _block(self, title: str, commands: list[Command]) -> QWidget:
        block = QWidget()
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(text_label(title, Type.NAME), 0, 0)
        for n, command in enumerate(commands, 1):
            grid.addWidget(text_label(command.title.removesuffix("…"), Type.CAPTION, "text2"), n, 0)
            keys = QHBoxLayout()
            keys.setSpacing(4)
            keys.addStretch()
            for shortcut in command.shortcuts:
                # The keypad's own Enter is the same key to people.
                if shortcut != "Enter":
                    keys.addWidget(KeyChip(self.theme, shortcut))
            grid.addLayout(keys, n, 1)
        return block

    def _mouse_block(self) -> QWidget:
        block = QWidget()
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(text_label("Mouse", Type.NAME), 0, 0)
        for n, (what, does) in enumerate(mouse_words(self._mouse), 1):
            grid.addWidget(text_label(what, Type.CAPTION), n, 0)
            label: QLabel = text_label(does, Type.CAPTION, "text2")
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, n, 1)
        return block

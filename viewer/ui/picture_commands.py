"""The commands that give the views away as a picture: onto the clipboard, or into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from viewer.domain.errors import StorageError
from viewer.ui.commands import Command, Submenu
from viewer.ui.dialog_place import begin_in, untraced
from viewer.ui.messages import Message
from viewer.ui.reasons import NOTHING_OPEN
from viewer.ui.workspace_commands import DESK_WORK

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from viewer.ui.main_window import MainWindow

PICTURE_MENU = (Submenu("Picture", "image", ("picture.copy", "picture.save")),)
WITHOUT = "Names, dates and what readers wrote are left out."
WITHOUT_IMAGES = "The images are covered in it: words may be burned into them, a name among them."


def picture_commands(window: MainWindow) -> list[Command]:
    """Return the commands of pictures of the views."""
    desk = window.desk

    def ready() -> bool:
        return desk.session.view is not None and desk.session.volume is not None

    def made() -> QImage | None:
        # Loaded when it is asked for: no window waits for it.
        from viewer.ui.desk_picture import desk_picture

        compare = window.compare
        window.compared.finish()
        return desk_picture(tuple(canvas for canvas in (compare.here, compare.there) if canvas.isVisible()))

    def told(sentence: str) -> None:
        volumes = (side.session.volume for side in (desk, desk.other))
        covered = any(volume is not None and volume.may_name for volume in volumes)
        window.tell(Message(sentence, WITHOUT_IMAGES if covered else WITHOUT, calm=not covered))

    def copy() -> None:
        image = made()
        if image is not None:
            QGuiApplication.clipboard().setImage(image)
            told("The picture was copied.")

    def save() -> None:
        from viewer.ui.desk_picture import name_of
        from viewer.ui.snapshot import save_png

        image = made()
        if image is None:
            return
        start = begin_in(desk.session, desk.settings.now.export_folder or str(Path.home()))
        proposed = Path(start) / name_of(desk.session)
        with untraced():
            chosen, _ = QFileDialog.getSaveFileName(window, "Save the picture", str(proposed), "Pictures (*.png)")
        if not chosen:
            return
        path = Path(chosen)
        try:
            save_png(image, path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png"))
        except StorageError as error:
            window.tell(Message.of(error))
            return
        told("The picture was saved.")

    return [
        Command(
            "picture.copy",
            "Copy picture",
            "Copy the views as they stand, without whose they are, to paste them elsewhere",
            copy,
            shortcuts=("Ctrl+C",),
            contexts=DESK_WORK,
            enabled_when=ready,
            why_disabled=NOTHING_OPEN,
            icon="copy",
        ),
        Command(
            "picture.save",
            "Save picture…",
            "Write the views as they stand, without whose they are, into a PNG file",
            save,
            shortcuts=("Ctrl+Shift+C",),
            contexts=DESK_WORK,
            enabled_when=ready,
            why_disabled=NOTHING_OPEN,
            icon="image",
        ),
    ]

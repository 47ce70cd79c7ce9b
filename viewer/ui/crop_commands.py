"""The commands of the crop box: show it, choose a face, move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.canvas.crop_box import STEP_MM, CropBox, crop_box_on
from viewer.ui.commands import VIEWING, Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.ui.looking import Looking
    from viewer.ui.main_window import MainWindow

NO_BOX = "Only while the crop box is shown (Alt+B)."


def crop_commands(looking: Looking) -> list[Command]:
    """Return the commands of the crop box."""

    def box() -> CropBox | None:
        canvas = looking.canvas()
        return crop_box_on(canvas) if canvas is not None else None

    def switch() -> None:
        looking.before()
        canvas, there = looking.canvas(), box()
        if there is not None:
            there.end()
        elif canvas is not None and looking.ready():
            CropBox(canvas, looking.session)

    def with_box(act: Callable[[CropBox], None]) -> Callable[[], None]:
        def run() -> None:
            there = box()
            if there is not None:
                act(there)

        return run

    faces = (
        ("next", "next face", "Choose the face of the crop box that keys move", "Alt+N", lambda b: b.choose_next(1)),
        (
            "out",
            "face outwards",
            f"Move the chosen face {STEP_MM:.0f} mm outwards",
            "Alt+PgUp",
            lambda b: b.move_chosen(1),
        ),
        (
            "in",
            "face inwards",
            f"Move the chosen face {STEP_MM:.0f} mm inwards",
            "Alt+PgDown",
            lambda b: b.move_chosen(-1),
        ),
    )
    return [
        looking.command(
            "crop_3d_box",
            "3D: crop box",
            "Pull the faces of a box, in 3D or in the planes: 3D shows what is in it",
            switch,
            shortcuts=("Alt+B",),
            icon="box",
            checked_when=lambda: box() is not None,
        ),
        *(
            Command(
                f"view.crop_face_{name}",
                f"Crop box: {title}",
                tooltip,
                with_box(act),
                shortcuts=(key,),
                contexts=VIEWING,
                enabled_when=lambda: box() is not None,
                why_disabled=NO_BOX,
                repeats=name != "next",
            )
            for name, title, tooltip, key, act in faces
        ),
    ]


def connect_crop(window: MainWindow) -> None:
    """Let what a hand does to the box be taken back."""
    desk = window.desk
    for canvas, edits in ((window.canvas, desk.crop_edits), (window.compare.there, desk.other.crop_edits)):
        canvas.moved_by_hand.connect(edits.keep)
        edits.changed.connect(window.refresh_soon)

"""The pictures that are kept, each by a name; without text, which looks different with every version of Qt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from PySide6.QtGui import QImage, QPainter

from tests.golden import patient as made
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, OverlayMode, SlabMode, ViewName, as_point, overview
from viewer.scene.camera import turned
from viewer.scene.opengl_probe import Unavailable3D, probed
from viewer.scene.presets_3d import PRESETS_3D
from viewer.scene.turned_planes import turned_about
from viewer.scene.volume3d import Scene3D
from viewer.scene.volume_scene import FindingSurface, VolumeScene
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import Drawn, Shown
from viewer.ui.canvas.tiles import tiles
from viewer.ui.marks import Mark
from viewer.ui.snapshot import ensure_application
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

    Pixels = NDArray[np.uint8]

PLANE_SIZE, SIZE_3D = (232, 196), (200, 170)


def _view(volume: Volume) -> ViewState:
    view = overview(volume.series.series_uid, volume.grid, window_centre=40.0, window_width=400.0)
    centre = np.asarray(view.cursor_lps_mm) + (-3.3, 2.2, 1.7)
    return view.looking_at(as_point(centre))


def plane_picture(volume: Volume, view: ViewState, plane: PlaneName, drawn: tuple[Drawn, ...] = ()) -> Pixels:
    """Return a plane with what is drawn over it, [row, column, (red, green, blue)]."""
    ensure_application()
    view = evolve(view, layout=Layout.SINGLE, main=ViewName(plane.value))
    (tile,) = tiles(view.layout, view.main, (float(PLANE_SIZE[0]), float(PLANE_SIZE[1])))
    image = QImage(*PLANE_SIZE, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    look = Look(TextLook(Theme()), decorated=False)
    try:
        PlanePainter().paint(painter, tile, Shown(volume, view, drawn), look, first=False)
    finally:
        painter.end()
    return _rgb(np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()))


def _rgb(pixels: NDArray[np.uint32]) -> Pixels:
    return np.stack([pixels >> np.uint32(shift) & np.uint32(255) for shift in (16, 8, 0)], axis=-1).astype(np.uint8)


def _plane(plane: PlaneName, **changes: object) -> Pixels:
    volume = made.patient()
    return plane_picture(volume, evolve(_view(volume), **changes), plane)


def _turned(plane: PlaneName) -> Pixels:
    volume = made.patient()
    view = turned_about(turned_about(_view(volume), PlaneName.AXIAL, 0.5), PlaneName.SAGITTAL, -0.35)
    aside = as_point(np.asarray(view.cursor_lps_mm) - (14.0, 0.0, 0.0))
    return plane_picture(volume, evolve(view, cursor_lps_mm=aside), plane)


def _askew(*, acquired: bool) -> Pixels:
    volume = made.turned_patient()
    return plane_picture(volume, evolve(_view(volume), acquired=acquired), PlaneName.AXIAL)


def _colours(name: str) -> Pixels:
    volume = made.uptake()
    view = evolve(_view(volume), colours=name, window_centre=500.0, window_width=1000.0)
    return plane_picture(volume, view, PlaneName.CORONAL)


def _marks(mode: OverlayMode) -> Pixels:
    volume = made.patient()
    found = made.findings(volume, len(Mark))
    drawn = tuple(Drawn(finding, mark, selected=False) for finding, mark in zip(found, Mark, strict=True))
    middle = as_point(found[5].centre_lps_mm)
    return plane_picture(volume, evolve(_view(volume), overlay=mode, cursor_lps_mm=middle), PlaneName.AXIAL, drawn)


def _selected() -> Pixels:
    volume = made.patient()
    found = made.findings(volume, 2)
    drawn = tuple(Drawn(finding, Mark.TO_DECIDE, selected=n == 1) for n, finding in enumerate(found))
    view = _view(volume).looking_at(as_point(found[1].centre_lps_mm), height_mm=70.0)
    return plane_picture(volume, view, PlaneName.CORONAL, drawn)


def _look_3d(preset: str, *, with_findings: bool = False) -> Pixels:
    volume = made.patient()
    camera = evolve(turned(_view(volume).camera, 60, 30), height_mm=190.0)
    surfaces = ()
    if with_findings:
        surfaces = tuple(
            FindingSurface(finding.mask, (0.3, 0.7, 1.0), selected=n == 1)
            for n, finding in enumerate(made.findings(volume, 3))
            if finding.mask is not None
        )
    scene = Scene3D()
    try:
        pixels = scene.render_once(
            VolumeScene(volume, camera, *SIZE_3D, preset=preset, surfaces=surfaces, masked=False)
        )
    finally:
        scene.close()
    assert pixels is not None
    return _rgb(pixels)


PLANES: dict[str, Callable[[], Pixels]] = {
    **{plane.value: partial(_plane, plane) for plane in PlaneName},
    "axial_inverted": partial(_plane, PlaneName.AXIAL, invert=True),
    "axial_narrow": partial(_plane, PlaneName.AXIAL, window_centre=45.0, window_width=80.0),
    "axial_lung": partial(_plane, PlaneName.AXIAL, window_centre=-600.0, window_width=1500.0),
    "sagittal_mip": partial(_plane, PlaneName.SAGITTAL, slab_mm=12.0),
    "coronal_mean": partial(_plane, PlaneName.CORONAL, slab_mm=12.0, slab_mode=SlabMode.MEAN),
    "axial_turned": partial(_turned, PlaneName.AXIAL),
    "sagittal_turned": partial(_turned, PlaneName.SAGITTAL),
    "askew": partial(_askew, acquired=False),
    "askew_acquired": partial(_askew, acquired=True),
    "coronal_hot_iron": partial(_colours, "hot_iron"),
    "coronal_blue_yellow": partial(_colours, "blue_yellow"),
}
OVERLAYS: dict[str, Callable[[], Pixels]] = {
    "marks_outlined": partial(_marks, OverlayMode.OUTLINE),
    "marks_filled": partial(_marks, OverlayMode.FILL),
    "selected": _selected,
}
LOOKS_3D: dict[str, Callable[[], Pixels]] = {
    **{f"3d_{name}": partial(_look_3d, name) for name in PRESETS_3D},
    "3d_findings": partial(_look_3d, "bone", with_findings=True),
}


def why_no_3d() -> str:
    """Return why 3D pictures cannot be compared here, or ""."""
    found = probed()
    if isinstance(found, Unavailable3D):
        return found.sentence
    return (
        "" if found.software else "3D is drawn by a graphics card here; the kept pictures are of the software renderer"
    )

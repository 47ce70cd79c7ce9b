from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.open_session import view_of
from tests.ui.looking import shown_canvas
from viewer.domain.geometry import PlaneName
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Cut3D, Layout, ViewName, as_point
from viewer.scene.presets_3d import PRESETS_3D
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas.facts import corners
from viewer.ui.canvas.shown import shown_in
from viewer.ui.canvas.tiles import Density
from viewer.ui.canvas.view3d import volume_scene
from viewer.ui.looking import Looking
from viewer.ui.looking_3d import MENU_3D, three_d_commands
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.scene.volume_scene import PlanesShown
    from viewer.ui.canvas import Canvas
    from viewer.ui.commands import Command


@pytest.fixture
def canvas(qtbot: QtBot, session: Session, theme: Theme) -> Canvas:
    return shown_canvas(qtbot, session, theme, size=(800, 600))


@pytest.fixture
def commands(session: Session, canvas: Canvas) -> dict[str, Command]:
    made = three_d_commands(Looking(session, lambda: canvas, lambda: None))
    return {command.id: command for command in made}


def said(session: Session) -> list[str]:
    shown = shown_in(session)
    assert shown is not None
    return [words.text for words in corners(shown, ViewName.THREE_D, Density.FULL, first=False).top_left]


def test_every_look_is_in_the_menu_of_the_3d_view_by_its_name(commands: dict[str, Command]) -> None:
    offered = [commands[ident].title for ident in MENU_3D if isinstance(ident, str) and ident in commands]
    for preset in PRESETS_3D.values():
        title = preset.title if preset.title.isupper() else preset.title.lower()
        assert f"3D: {title}" in offered


def test_the_next_look_goes_round(session: Session, commands: dict[str, Command]) -> None:
    seen = []
    for _ in PRESETS_3D:
        commands["view.preset_3d_next"].run()
        seen.append(view_of(session).preset_3d)
    assert sorted(seen) == sorted(PRESETS_3D)
    assert seen[-1] == "bone"


def test_the_table_is_left_out_until_asked_for(session: Session, commands: dict[str, Command], canvas: Canvas) -> None:
    command = commands["view.table_3d"]
    assert command.checked_when is not None
    assert command.checked_when()
    assert "values and planes stay as they are" in command.tooltip
    command.run()
    assert not command.checked_when()
    shown, tile = shown_in(session), canvas.tile(ViewName.THREE_D)
    assert shown is not None
    assert tile is not None
    assert volume_scene(shown, tile, Theme(), 1.0).table


def test_a_cut_takes_the_side_towards_the_eye_and_is_told_in_the_corner(
    session: Session, commands: dict[str, Command]
) -> None:
    commands["view.cut_3d_coronal"].run()
    assert view_of(session).cuts_3d == (Cut3D(PlaneName.CORONAL, -1),)
    assert "Cut by the coronal plane" in said(session)
    commands["view.cut_3d_axial"].run()
    assert "Cut by the coronal and axial planes" in said(session)
    commands["view.cut_3d_coronal"].run()
    assert [cut.plane for cut in view_of(session).cuts_3d] == [PlaneName.AXIAL]


def test_a_cut_follows_the_crosshair(session: Session, commands: dict[str, Command], canvas: Canvas) -> None:
    commands["view.cut_3d_axial"].run()

    def height_mm() -> float:
        shown, tile = shown_in(session), canvas.tile(ViewName.THREE_D)
        assert shown is not None
        assert tile is not None
        return volume_scene(shown, tile, Theme(), 1.0).clips[0].through_lps_mm[2]

    before = height_mm()
    view = view_of(session)
    x, y, z = view.cursor_lps_mm
    session.view = evolve(view, cursor_lps_mm=(x, y, z + 12.5))
    assert height_mm() == before + 12.5


def test_cropping_to_the_finding_leaves_it_and_some_room(session: Session, commands: dict[str, Command]) -> None:
    command = commands["view.crop_3d_finding"]
    assert not command.enabled_when()
    session.view = evolve(view_of(session), selected_finding="lesion")
    assert command.enabled_when()
    command.run()
    box = view_of(session).box_3d
    assert box is not None
    bounds = session.findings[0].bounds_lps_mm
    assert np.all(np.array(box[0]) < bounds[:, 0] - 10)
    assert np.all(np.array(box[1]) > bounds[:, 1] + 10)
    assert "Cropped" in said(session)


def test_cropping_to_the_planes_keeps_what_they_show(session: Session, commands: dict[str, Command]) -> None:
    session.view = view_of(session).looking_at((4.0, 2.0, 50.0), height_mm=30.0)
    commands["view.crop_3d_views"].run()
    box = view_of(session).box_3d
    assert box is not None
    # The viewports are wider than high: their height of 30 mm limits y and z, the sagittal and coronal width x.
    assert np.array(box[0])[1:] == pytest.approx([-13.0, 35.0], abs=0.3)
    assert np.array(box[1])[1:] == pytest.approx([17.0, 65.0], abs=0.3)
    assert box[0][0] < 4.0 - 15.0
    assert box[1][0] > 4.0 + 15.0


@pytest.mark.parametrize("degrees", [20.0, 50.0, 90.0])
def test_cropping_to_turned_planes_cuts_away_nothing_that_they_show(
    session: Session, commands: dict[str, Command], canvas: Canvas, degrees: float
) -> None:
    volume = session.volume
    assert volume is not None
    middle = as_point(volume.grid.centre_lps_mm)
    view = evolve(view_of(session).looking_at(middle, height_mm=40.0), cursor_lps_mm=middle)
    for plane in (PlaneName.CORONAL, PlaneName.AXIAL):
        view = turned_about(view, plane, np.radians(degrees))
    session.view = view
    commands["view.crop_3d_views"].run()
    box = view_of(session).box_3d
    assert box is not None
    low, high = volume.grid.bounds_lps_mm.T
    places = np.random.default_rng(3).uniform(low, high, (4000, 3))
    seen = np.ones(len(places), dtype=bool)
    for plane in PlaneName:
        tile = canvas.tile(ViewName(plane.value))
        assert tile is not None
        on_screen = tile.geometry(volume, view, plane).screen_points(places)
        seen &= ((on_screen >= 0) & (on_screen <= (tile.area.width(), tile.area.height()))).all(axis=1)
    assert seen.sum() > 100
    assert np.all((places[seen] >= box[0]) & (places[seen] <= box[1]))
    # And it is a crop: what no plane reaches is gone.
    assert np.prod(np.subtract(*box[::-1])) < np.prod(high - low)


def test_show_all_and_reset_bring_everything_back(session: Session, commands: dict[str, Command]) -> None:
    command = commands["view.whole_3d"]
    assert not command.enabled_when()
    session.view = evolve(view_of(session), selected_finding="lesion")
    commands["view.crop_3d_finding"].run()
    commands["view.cut_3d_axial"].run()
    assert command.enabled_when()
    command.run()
    assert view_of(session).box_3d is None
    assert view_of(session).cuts_3d == ()


def test_the_picture_says_what_it_shows_where_that_is_not_what_was_asked_for(session: Session) -> None:
    shown = shown_in(session)
    assert shown is not None
    told = evolve(shown, drawn_3d="Bone (skin hidden with identity)")
    words = [w.text for w in corners(told, ViewName.THREE_D, Density.FULL, first=False).top_left]
    assert words == ["3D", "Bone (skin hidden with identity)"]


def test_identity_is_hidden_in_3d_wherever_it_is_hidden_in_the_planes(session: Session, canvas: Canvas) -> None:
    def masked() -> bool:
        shown, tile = shown_in(session), canvas.tile(ViewName.THREE_D)
        assert shown is not None
        assert tile is not None
        return volume_scene(shown, tile, Theme(), 1.0).masked

    session.masked = False
    assert not masked()
    session.workspace = Workspace.PRESENT
    assert masked()
    session.workspace = Workspace.REVIEW
    session.masked = True
    assert masked()


def test_the_planes_stand_in_3d_when_asked_for_and_then_follow_crosshair_and_window(
    session: Session, commands: dict[str, Command], canvas: Canvas
) -> None:
    def planes() -> PlanesShown | None:
        shown, tile = shown_in(session), canvas.tile(ViewName.THREE_D)
        assert shown is not None
        assert tile is not None
        return volume_scene(shown, tile, Theme(), 1.0).planes

    assert planes() is None
    commands["view.planes_3d"].run()
    session.view = evolve(view_of(session), cursor_lps_mm=(1.0, 2.0, 30.0), window_width=80.0)
    now = planes()
    assert now is not None
    assert now.cursor_lps_mm == (1.0, 2.0, 30.0)
    assert now.window_width == 80.0


def test_where_3d_is_not_on_the_screen_its_commands_say_so(
    session: Session, canvas: Canvas, commands: dict[str, Command]
) -> None:
    view = view_of(session)
    in_3d = [command for command in commands.values() if command.id not in ("view.whole_3d", "view.crop_3d_finding")]
    assert all(command.enabled_when() for command in in_3d)
    session.view = evolve(view, layout=Layout.SINGLE, main=ViewName.AXIAL)
    for command in in_3d:
        assert not command.enabled_when()
        assert command.why_not == "3D is not on the screen. Shift+4 shows it large."
    session.view = evolve(view, layout=Layout.SINGLE, main=ViewName.THREE_D)
    assert all(command.enabled_when() for command in in_3d)

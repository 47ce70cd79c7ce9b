"""A small CT with a known lesion, for everything that is seen and touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve, frozen

from tests.ui.looking import shown_canvas
from tests.ui.reader import Reader
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import as_point, overview
from viewer.domain.volume import PatientIdentity, SeriesFacts, Volume
from viewer.ui.canvas.kept_pictures import Pixels
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.canvas import Canvas

COLUMNS, ROWS, SLICES = 120, 100, 40
SPACING_MM = (0.8, 0.8, 2.5)
ORIGIN_MM = (-48.0, -40.0, 10.0)
LESION_IJK = (78, 60, 17)
LESION_RADIUS_MM = 9.0


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be drawn where it stands, as on a device without pixels; nothing is copied from earlier."""
    monkeypatch.setattr(Pixels, "under", lambda _painter: None)


@frozen(eq=False)
class SmallCT:
    """A volume, its lesion, and the masks that were made with it."""

    volume: Volume
    lesion: Finding


def _small_ct() -> SmallCT:
    stack = SliceStack(
        (COLUMNS, ROWS),
        (SPACING_MM[0], SPACING_MM[1]),
        (1, 0, 0),
        (0, 1, 0),
        np.array([(ORIGIN_MM[0], ORIGIN_MM[1], ORIGIN_MM[2] + k * SPACING_MM[2]) for k in range(SLICES)]),
    )
    k, j, i = np.indices((SLICES, ROWS, COLUMNS))
    body = ((i - 60) / 50) ** 2 + ((j - 50) / 42) ** 2 < 1
    values = np.where(body, 30, -1000).astype(np.int16)
    # A different value in every slice and column, so that a mix-up of axes shows.
    values += (body * (k + i % 7)).astype(np.int16)
    ci, cj, ck = LESION_IJK
    distance_mm = np.sqrt(
        ((i - ci) * SPACING_MM[0]) ** 2 + ((j - cj) * SPACING_MM[1]) ** 2 + ((k - ck) * SPACING_MM[2]) ** 2
    )
    inside = distance_mm < LESION_RADIUS_MM
    values[inside] = 300
    series = SeriesFacts(
        series_uid="1.2.3",
        modality="CT",
        description="Thin",
        number=3,
        identity=PatientIdentity(name="DOE^JANE", patient_id="4711"),
    )
    volume = Volume(series, values, stack, values, stack.as_grid())
    mask = Mask.from_full(inside)
    assert mask is not None
    centre = stack.lps(LESION_IJK)
    lesion = Finding(
        id="lesion",
        tracking_uid="1.2.3.4",
        label_key="nodule",
        label="Nodule",
        source=Source(SourceKind.MODEL, "Finder"),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - LESION_RADIUS_MM, centre + LESION_RADIUS_MM], axis=1),
        score=0.9,
        mask=mask,
        volume_ml=3.0,
        long_axis_mm=17.6,
        long_axis_lps_mm=np.stack([centre - (8.8, 0, 0), centre + (8.8, 0, 0)]),
    )
    return SmallCT(volume, lesion)


@pytest.fixture(scope="session")
def small_ct() -> SmallCT:
    """Return the small CT."""
    return _small_ct()


@pytest.fixture
def small_ct_volume(small_ct: SmallCT) -> Volume:
    """Return the small CT's volume."""
    return small_ct.volume


@pytest.fixture
def small_ct_lesion(small_ct: SmallCT) -> Finding:
    """Return the small CT's lesion."""
    return small_ct.lesion


@pytest.fixture
def session(small_ct: SmallCT) -> Session:
    """Return a session in Review with the small CT open, the cursor in its lesion."""
    made = Session()
    made.workspace = Workspace.REVIEW
    made.volume = small_ct.volume
    made.findings = (small_ct.lesion,)
    view = overview("1.2.3", small_ct.volume.grid)
    made.view = evolve(view, cursor_lps_mm=as_point(small_ct.lesion.centre_lps_mm))
    return made


@pytest.fixture
def theme() -> Theme:
    """Return the dark theme."""
    return Theme()


@pytest.fixture
def canvas(qtbot: QtBot, session: Session, theme: Theme) -> Canvas:
    """Return a canvas on the session, on the screen."""
    return shown_canvas(qtbot, session, theme)


@pytest.fixture
def reader(qtbot: QtBot, session: Session, theme: Theme) -> Reader:
    """Return somebody who measures on a canvas without findings."""
    session.findings = ()
    return Reader(shown_canvas(qtbot, session, theme), session)

"""The whole window on a small head with three findings and a case of three steps, without 3D."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from attrs import evolve
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from tests.cli.conftest import write_small_case
from viewer.domain.finding import Finding, Source, SourceKind, Truth
from viewer.domain.geometry import SliceStack
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.session import Workspace
from viewer.domain.view_state import Layout, as_point
from viewer.domain.volume import PatientIdentity, SeriesFacts, Volume
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.io.case_document import read_case
from viewer.services.desk import build_desk
from viewer.services.loading import load_case
from viewer.services.views import view_of_finding, view_of_volume
from viewer.ui.deliver import Deliver
from viewer.ui.main_window import MainWindow
from viewer.ui.theme import Theme, apply_theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.presenter.presenter_window import PresenterWindow

SERIES_UID = "1.2.826.0.1.3680043.8.498.77"
NARRATION = "The AI outlines a **bleed**.\n\n*recorded result*"


def _finding(ident: str, ijk: tuple[int, int, int], volume: Volume, score: float | None, kind: SourceKind) -> Finding:
    mask = Mask(ijk, np.ones((4, 8, 8), dtype=bool))
    centre = volume.stack.lps([ijk[0] + 4, ijk[1] + 4, ijk[2] + 2])
    return Finding(
        id=ident,
        tracking_uid=f"2.25.{int.from_bytes(ident.encode(), 'big') % 10**9 + 1}",
        label_key="bleed",
        label=f"Bleed {ident}",
        source=Source(kind, "Test finder", "1.0", model_id="test-finder"),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - 4, centre + 4], axis=1),
        score=score,
        mask=mask,
        volume_ml=0.51,
        long_axis_mm=12.3,
        mean=62.0,
        sd=5.0,
        place="Left, front",
        recorded=kind is SourceKind.MODEL,
    )


@pytest.fixture(scope="session")
def head() -> Volume:
    """Return a small synthetic head, whose tags carry a name."""
    stack = SliceStack((96, 96), (1.5, 1.5), (1, 0, 0), (0, 1, 0), [(-72.0, -72.0, 3.0 * k) for k in range(30)])
    k, j, i = np.indices(stack.shape_kji)
    values = np.where(((i - 48) / 40) ** 2 + ((j - 48) / 44) ** 2 < 1, 35, -1000).astype(np.int16)
    series = SeriesFacts(
        SERIES_UID,
        modality="CT",
        description="Thin head",
        body_part="HEAD",
        number=2,
        synthetic=True,
        identity=PatientIdentity(name="DOE^JANE", patient_id="4711"),
    )
    return Volume(series, values, stack, values, stack.as_grid())


@pytest.fixture(scope="session")
def findings(head: Volume) -> tuple[Finding, ...]:
    """Return three findings of the model, the best first: left, right, and one that is wrong."""
    model = SourceKind.MODEL
    return (
        _finding("left", (70, 40, 10), head, 0.95, model),
        _finding("right", (20, 44, 14), head, 0.71, model),
        _finding("wrong", (44, 70, 18), head, 0.52, model),
    )


@pytest.fixture(scope="session")
def truth(head: Volume) -> tuple[Finding, ...]:
    """Return three true lesions: two that were found and one that was not."""
    kind = SourceKind.TRUTH
    return (
        _finding("true left", (70, 40, 10), head, None, kind),
        _finding("true right", (20, 44, 14), head, None, kind),
        _finding("true small", (40, 20, 22), head, None, kind),
    )


@pytest.fixture(scope="session")
def case(head: Volume, findings: tuple[Finding, ...]) -> Case:
    """Return a case of three steps: all of it, the left finding, the right one."""
    whole = evolve(view_of_volume(head), layout=Layout.STAGE, threshold=0.5)
    views = (whole, *(view_of_finding(whole, finding, head) for finding in findings[:2]))
    titles = ("Where would you look?", "Blood on the left", "And on the right")
    steps = tuple(
        Step(f"s{n}", title, NARRATION, view) for n, (title, view) in enumerate(zip(titles, views, strict=True))
    )
    return Case(
        id="small-head",
        title="A small head",
        summary="Two bleeds and one that is none.",
        body_part="HEAD",
        provenance=Provenance("test", "Apache-2.0", synthetic=True),
        folder="",
        series_path="dicom",
        series_uid=SERIES_UID,
        series_sha256="",
        steps=steps,
    )


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """Return the window on an empty library of its own."""
    monkeypatch.setattr("viewer.ui.library.library_page.case_folders", lambda: (own_home / "data" / "cases",))
    theme = Theme()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    apply_theme(qapp, theme)
    deliver = Deliver()
    made = MainWindow(build_desk(deliver), theme, None)
    deliver.setParent(made)
    qtbot.addWidget(made)
    # Without a window manager nobody takes a window out of filling a small screen.
    made.setWindowState(Qt.WindowState.WindowNoState)
    made.resize(1600, 900)
    with qtbot.waitActive(made):
        made.show()
        # Without a window manager nobody else gives the window the keys.
        made.activateWindow()
    yield made
    deliver.stop()


@pytest.fixture
def opened(
    window: MainWindow, head: Volume, findings: tuple[Finding, ...], truth: tuple[Finding, ...], case: Case
) -> MainWindow:
    """Return the window with the case open, in Review, the reader known."""
    session = window.desk.session
    session.volume = head
    session.case = case
    session.truth = Truth(truth)
    session.findings = findings
    session.view = evolve(view_of_volume(head), threshold=0.5)
    session.workspace = Workspace.REVIEW
    window.desk.settings.change(reader="Dr Example", reduce_motion=True)
    return window


@pytest.fixture
def press(qtbot: QtBot) -> Callable[..., None]:
    """Return a function that presses a key where the keys go."""

    def act(window: MainWindow, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        together = modifiers[0] if modifiers else None
        target = QApplication.focusWidget() or window
        if together is None:
            QTest.keyClick(target, key)
        else:
            QTest.keyClick(target, key, together)
        qtbot.wait(5)

    return act


@pytest.fixture
def left_of(findings: tuple[Finding, ...]) -> tuple[float, float, float]:
    """Return the centre of the left finding."""
    return as_point(findings[0].centre_lps_mm)


NOTES = "Wait for an answer.\n\nQ: Why is it bright?\nA: Fresh blood is. Step 3 shows another."


@pytest.fixture
def told(case: Case) -> Case:
    """Return the case with notes and a prepared answer."""
    first = evolve(case.steps[0], notes=NOTES, duration_s=40.0)
    return evolve(case, steps=(first, *(evolve(step, notes=f"Say {step.id}.") for step in case.steps[1:])))


@pytest.fixture
def staged(opened: MainWindow, told: Case) -> MainWindow:
    """Return the window on the stage at the first step."""
    opened.desk.session.case = told
    opened.present_from(0)
    return opened


@pytest.fixture
def presenter(staged: MainWindow, qtbot: QtBot) -> PresenterWindow:
    """Return the presenter's window, which has the keys."""
    staged.presenting.toggle_window()
    window = staged.presenting.window
    assert window is not None
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.wait(30)
    return window


@pytest.fixture
def series(tmp_path: Path) -> Path:
    write_small_case(tmp_path / "source")
    return tmp_path / "source"


@pytest.fixture
def reading(window: MainWindow, series: Path) -> MainWindow:
    """Return the window with a patient's series open in Review, with a finding of a model."""
    loaded = load_case(read_case(series), JobContext())
    session = window.desk.session
    session.volume, session.findings, session.truth = loaded.volume, loaded.findings, loaded.truth
    session.view = loaded.case.steps[0].view
    session.workspace = Workspace.REVIEW
    window.desk.settings.change(reader="Dr Example", reduce_motion=True)
    return window


@pytest.fixture
def files(opened: MainWindow, tmp_path: Path) -> dict[str, Path]:
    """Return a label map of three labels, a map of probabilities, and one that lies elsewhere."""
    volume = opened.desk.session.volume
    assert volume is not None
    labels = np.zeros(volume.stack.shape_kji, np.uint8)
    labels[4:8, 4:14, 4:14], labels[4:8, 20:30, 20:30], labels[10:14, 8:20, 8:20] = 1, 2, 7
    made = {"labels": labels, "map": np.linspace(0, 1, labels.size, dtype=np.float32).reshape(labels.shape)}
    made["elsewhere"] = made["map"]
    paths = {}
    for name, values in made.items():
        image = sitk.GetImageFromArray(values)
        image.SetSpacing(volume.grid.spacing_mm)
        image.SetDirection(volume.grid.directions.ravel())
        origin = volume.grid.lps((0, 0, 0))
        image.SetOrigin((origin + (900.0 if name == "elsewhere" else 0.0)).tolist())
        paths[name] = tmp_path / f"{name}.nrrd"
        sitk.WriteImage(image, paths[name])
    return paths


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let the next file dialog answer with a path."""

    def act(path: Path) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))

    return act


@pytest.fixture
def laid(opened: MainWindow, files: dict[str, Path], choose: Callable[[Path], None], qtbot: QtBot) -> MainWindow:
    """Return the window in Review with labels and a map over its series, both opened by their commands."""
    opened.desk.session.workspace = Workspace.REVIEW
    overlays = opened.desk.session
    choose(files["labels"])
    assert opened.actions_.run("overlay.open_labels")
    qtbot.waitUntil(lambda: len(overlays.overlays.labels) == 3)
    choose(files["map"])
    assert opened.actions_.run("overlay.open_map")
    qtbot.waitUntil(lambda: overlays.overlays.value_map is not None)
    for box in (opened.review.panel.labels, opened.review.panel.map):
        if not box.fold.open:
            box.fold.click()
    return opened


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is written from now on."""
    words: list[str] = []
    draw = QPainter.drawText

    def note(painter: QPainter, *rest: object) -> object:
        words.append(str(rest[-1]))
        return draw(painter, *rest)

    monkeypatch.setattr(QPainter, "drawText", note)
    return words

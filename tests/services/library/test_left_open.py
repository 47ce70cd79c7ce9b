"""What was open when the program ended is offered of the patient whose it was, also where another has its UID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewer.domain.session import Session, Workspace
from viewer.services.left_open import LeftOpen
from viewer.services.linked_views import Links

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def two_patients(made: Any) -> Path:
    """Write the images of two patients under one Series Instance UID, in folders of their own."""
    for name, patient in (("one", "P-1"), ("two", "P-2")):
        made.written = 0
        positions = [(-10.0, -20.0, 2.5 * k) for k in range(5)]
        study = f"1.2.826.77.{patient[-1]}"
        made.stack(positions, prefix=f"{name}/", series="5", PatientID=patient, StudyInstanceUID=study)
    folder: Path = made.folder
    return folder


def test_what_was_open_is_not_another_patients_series_of_the_same_uid(
    start: Callable[[], Any], made: Any, tmp_path: Path
) -> None:
    folder = two_patients(made)
    program = start()
    program.open(folder)
    for row in program.rows():
        patient = program.library.studies([row.study])[row.study].patient_id
        program.library.open_series(row.id)
        program.rest()
        left = LeftOpen(program.session, tmp_path, program.index)
        program.session.workspace = Workspace.INSPECT
        program.session.workspace = Workspace.REVIEW
        left.keep(Session(), Links())
        kept = left.read()
        assert kept is not None
        assert kept.series is not None
        again = left.row(kept.series)
        assert again is not None
        assert program.library.studies([again.study])[again.study].patient_id == patient
    # Of one that is in the list no more nothing is offered, and nothing of the other.
    for file in (folder / ("one" if patient == "P-1" else "two")).iterdir():
        file.unlink()
    program.library.check([program.place("ct").id])
    program.rest()
    assert left.row(kept.series) is None

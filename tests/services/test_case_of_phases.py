"""Two phases of one series, compared and saved as a case, come back as those two phases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom

from tests.io.deidentify.canaries import WORD, canaries_below, write_image
from tests.services.test_comparing import Two
from viewer.domain.job import JobContext
from viewer.domain.view_state import Comparison
from viewer.io.case_document import read_case
from viewer.io.scan import scan
from viewer.services.case_making import CaseMaking
from viewer.services.case_saving import save_case
from viewer.services.loading import load_case, load_series

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

PHASES, IMAGES = 2, 6


def phases(folder: Path) -> list[Volume]:
    """Write and open a series of two phases, the second 60 HU brighter in its middle."""
    folder.mkdir(parents=True)
    for p in range(PHASES):
        for k in range(IMAGES):
            stored = np.full((40, 48), 24, np.int16)
            stored[6:34, 6:42] = 1044
            stored[18:24, 20:28] += 60 * p
            path = folder / f"{WORD}{p}{k}.dcm"
            write_image(path, stored, k + 1, everything=False)
            image = pydicom.dcmread(path)
            image.SOPInstanceUID = pydicom.uid.UID(f"1.2.3.{p + 1}.{k + 1}")
            image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
            image.TemporalPositionIdentifier = p + 1
            image.save_as(path)
    entries = scan(folder, JobContext()).series
    assert len(entries) == PHASES
    return sorted((load_series(entry, JobContext()) for entry in entries), key=lambda volume: volume.part)


def test_a_second_phase_travels_into_a_case_beside_the_first(tmp_path: Path) -> None:
    first, second = phases(tmp_path / WORD / "ct")
    two = Two()
    two.open(first)
    two.opening.bring(second)
    two.comparing.mode = Comparison.CURTAIN
    making = CaseMaking(two.here, tmp_path / "drafts", two.there, two.comparing)
    making.capture()
    making.describe(title="Two phases")
    saved = save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    case = read_case(Path(saved.folder))
    loaded = load_case(case, JobContext())
    assert loaded.prior is not None
    assert np.array_equal(loaded.volume.slices, first.slices)
    assert np.array_equal(loaded.prior.volume.slices, second.slices)
    assert not np.array_equal(first.slices, second.slices)
    assert (loaded.prior.own_title, loaded.prior.title) == ("Phase 1 of 2", "Phase 2 of 2")
    assert case.steps[0].view.comparison is Comparison.CURTAIN
    assert loaded.prior.volume.series.frame_of_reference_uid == loaded.volume.series.frame_of_reference_uid
    assert canaries_below(tmp_path / "data") == []


def test_a_scan_beside_itself_is_no_second_scan_of_its_case(tmp_path: Path) -> None:
    first, _ = phases(tmp_path / WORD / "ct")
    two = Two()
    two.open(first)
    two.comparing.show_same()
    making = CaseMaking(two.here, tmp_path / "drafts", two.there, two.comparing)
    making.capture()
    making.describe(title="One scan")
    saved = save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    assert (saved.prior, saved.steps[0].view.comparison) == (None, Comparison.OFF)

"""A segmentation that was made from other images of the same place is laid over a series, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.conftest import axial, opened
from tests.io.documents.made import finding
from viewer.domain.job import JobContext
from viewer.domain.overlays import Segmentation
from viewer.io.seg import write_seg
from viewer.services.overlay_files import read_labels

if TYPE_CHECKING:
    from pathlib import Path

PHASE = "The segmentation was made from other images of this series, as of another phase."
SERIES = "The segmentation was made from another series, of the same place."


@pytest.mark.parametrize(("over", "said"), [("one", ""), ("two", PHASE)])
@pytest.mark.parametrize("multi", [False, True])
def test_a_segmentation_of_another_phase_says_so(
    over: str, said: str, multi: bool, made_ct: Any, tmp_path: Path
) -> None:
    uid = "1.2.826.1"
    for name in ("one", "two"):
        if multi:
            places = [{"PlanePositionSequence": {"ImagePositionPatient": [*map(str, at)]}} for at in axial(5)]
            made_ct.frames(f"{name}/image", [made_ct.pixels(k) for k in range(5)], places, SeriesInstanceUID=uid)
        else:
            made_ct.stack(axial(5), prefix=f"{name}/", SeriesInstanceUID=uid)
    assert laid_note(made_ct.folder / "one", made_ct.folder / over, tmp_path) == said


def test_a_segmentation_of_another_series_says_so(made_ct: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made_ct.stack(axial(5), prefix=f"{name}/", series={"one": "1", "two": "2"}[name])
    assert laid_note(made_ct.folder / "one", made_ct.folder / "two", tmp_path) == SERIES


def laid_note(made_from: Path, over: Path, tmp_path: Path) -> str:
    """Return what is told of a segmentation of one folder's images laid over those of another."""
    source = opened(made_from)
    marked = np.zeros(source.stack.shape_kji, bool)
    marked[1:4, 3:9, 4:11] = True
    write_seg(tmp_path / "seg.dcm", source, [finding(source, marked, "one")])
    laid = read_labels(tmp_path / "seg.dcm", opened(over), JobContext())
    assert isinstance(laid.what, Segmentation)
    return laid.note

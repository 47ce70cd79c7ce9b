"""Findings on an image that was stored in several files leave as a segmentation and a report of all its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from tests.io.conftest import opened
from tests.io.documents.made import block, finding
from tests.io.documents.test_seg import _errors
from tests.io.test_concatenations import write
from viewer.io.seg import read_seg
from viewer.services.exporting import write_outputs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("slices", [slice(1, 5), slice(2, 4), slice(5, 6)])
def test_a_finding_across_the_files_of_one_image_leaves_whole(slices: slice, made_ct: Any, tmp_path: Path) -> None:
    write(made_ct, [2, 3, 1], 3)
    volume = opened(made_ct)
    marked = block(volume.stack.shape_kji, slices, slice(4, 9), slice(6, 15))
    marked[slices.start, 5, 7] = False
    other = block(volume.stack.shape_kji, slices, slice(10, 12), slice(1, 5))
    found = [finding(volume, marked, "one"), finding(volume, other, "two")]
    assert write_outputs(tmp_path, volume, found, None).notes == ()
    for segment, whole in zip(read_seg(tmp_path / "seg.dcm", volume), (marked, other), strict=True):
        assert segment.mask is not None
        assert np.array_equal(segment.mask.full(whole.shape), whole)
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    for group in seg.PerFrameFunctionalGroupsSequence:
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        file, frame = str(source.ReferencedSOPInstanceUID), int(source.ReferencedFrameNumber)
        k = list(zip(volume.source_uids, volume.source_frames, strict=True)).index((file, frame))
        position = group.PlanePositionSequence[0].ImagePositionPatient
        assert [float(v) for v in position] == pytest.approx(volume.stack.positions_lps_mm[k].tolist())
    images = [item.ReferencedSOPInstanceUID for item in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence]
    assert sorted(images) == sorted({volume.source_uids[k] for k in range(slices.start, slices.stop)})
    assert str(seg.PatientID) == "M1"
    for name in ("seg.dcm", "sr.dcm"):
        assert _errors(tmp_path / name) == []

"""Where a header allows no DICOM segmentation, what was found is written all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.io.conftest import opened
from viewer.domain.errors import StorageError
from viewer.io.findings_file import read_findings
from viewer.io.sr import write_sr
from viewer.services.exporting import write_outputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.io.conftest import MadeCt
    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume


def test_findings_json_holds_what_was_found_as_the_hint_says_and_nothing_older_lies_beside_it(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path
) -> None:
    for k in range(4):
        # Nothing made of images with one UID could say which it is of.
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), SOPInstanceUID="1.2.3")
    volume = opened(made_ct)
    assert volume.stack.count == 4
    found = evolve(finding_on(volume), volume_ml=0.5, mean=float(np.pi))
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("seg.dcm", "sr.dcm"):
        (folder / name).write_bytes(b"of yesterday")
    with pytest.raises(StorageError, match="could not be made") as told:
        write_outputs(folder, volume, (found,), found.source)
    assert told.value.hint == "The findings are still in findings.json."
    (kept,) = read_findings(folder, volume)
    assert (kept.id, kept.volume_ml, kept.mean) == (found.id, 0.5, found.mean)
    assert [path.name for path in folder.iterdir()] == ["findings.json"]


@pytest.mark.parametrize("uid", ["1.2.3", None], ids=["one for all", "none"])
def test_no_dicom_is_made_of_images_that_their_uid_does_not_tell_apart(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path, uid: str | None
) -> None:
    for k in range(4):
        path = made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
        ds = pydicom.dcmread(path)
        if uid is None:
            del ds.SOPInstanceUID
        else:
            ds.SOPInstanceUID = uid
        ds.save_as(path)
    volume = opened(made_ct)
    said = "3 images bear the UID of another, so no DICOM SEG and SR are made of this series."
    assert volume.reasons == ((said,) if uid else ())
    found = finding_on(volume)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(StorageError, match="could not be made"):
        write_outputs(folder, volume, (found,), found.source)
    with pytest.raises(StorageError, match="report could not be made"):
        write_sr(folder / "sr.dcm", volume, [found], {}, None, "")
    assert [path.name for path in folder.iterdir()] == ["findings.json"]

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.inference.kinds import DETECTION, SLICES, VOLUME, box_of_bright, mean_of_slices, mean_of_volume
from viewer.domain.job import JobContext
from viewer.inference.manifest import read_manifest
from viewer.inference.rehearsal import recipe_lines, rehearse

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

Folder = Callable[..., Path]


def test_what_a_model_is_fed_is_said_in_numbers(model_folder: Folder, two_balls: Volume) -> None:
    changes = {
        'mode = "whole"': 'mode = "sliding"\npatch = [16, 16, 16]',
        "channels = [{{ raw = true }}]".replace("{{", "{").replace("}}", "}"): "channels = [{ window = [100, 200] }]",
    }
    fed = rehearse(read_manifest(model_folder(changes=changes)), two_balls, JobContext())
    words = "\n".join(fed.lines)
    # 64 × 60 × 40 mm at 2 mm, in patches of 16.
    assert "this volume: 64×60×40 voxels of 1×1×1 mm" in words
    assert "is fed as: 32×30×20 voxels of 2×2×2 mm" in words
    assert "in 18 parts, of image [1, 1, 16, 16, 16]" in words
    assert "memory: about" in words
    assert fed.refusal == ""
    (channel,) = fed.channels
    assert channel.words == "window 200/100 (width/level) to 0…1"
    assert (channel.least, channel.most) == pytest.approx((0, 1))
    assert fed.slices_k == (5, 10, 15)
    # The large ball, of 200 HU, is in the middle slice at 10, 10.
    assert channel.images[1][10, 10] == pytest.approx(1)
    assert channel.images[1][0, 0] == 0


def test_the_picture_shows_the_sides_as_they_are_fed(model_folder: Folder, two_balls: Volume) -> None:
    for orientation, right in (("LPS", 1), ("RAS", -1)):
        changes = {'orientation = "LPS"': f'orientation = "{orientation}"'}
        fed = rehearse(read_manifest(model_folder(changes=changes, name=orientation)), two_balls, JobContext())
        assert fed.right_lps == pytest.approx([right, 0, 0])
        assert fed.down_lps == pytest.approx([0, right, 0])


def test_the_cost_of_finding_out_where_a_classifier_looked_is_said(model_folder: Folder, two_balls: Volume) -> None:
    manifest = read_manifest(model_folder(mean_of_slices(), manifest=SLICES))
    fed = rehearse(manifest, two_balls, JobContext())
    assert any("at most 3 findings is run 144 times more" in line for line in fed.lines)
    assert len(fed.channels) == 2


def test_what_is_cut_off_is_said(model_folder: Folder, two_balls: Volume) -> None:
    changes = {'spacing_mm = "fit"': "spacing_mm = [1, 1, 1]"}
    fed = rehearse(read_manifest(model_folder(mean_of_volume(), changes, manifest=VOLUME)), two_balls, JobContext())
    assert any("what lies outside of it is not looked at" in line for line in fed.lines)


def test_a_recipe_says_how_every_kind_goes_through(model_folder: Folder) -> None:
    words = recipe_lines(read_manifest(model_folder(box_of_bright(), manifest=DETECTION)))
    assert "goes through as the whole volume at once" in words
    assert "output boxes: boxes NB6" in words
    assert "scores are not calibrated: no probability is shown" in words
    calibrated = recipe_lines(read_manifest(model_folder(mean_of_volume(), name="v", manifest=VOLUME)))
    assert "input image: float32 NCDHW, axes grow towards L, P, S, stretched onto 16×16×16, linear" in calibrated
    assert not any("not calibrated" in line for line in calibrated)


def test_the_picture_is_drawn(model_folder: Folder, two_balls: Volume) -> None:
    from viewer.ui.input_picture import input_picture

    fed = rehearse(read_manifest(model_folder()), two_balls, JobContext())
    image = input_picture(fed, "What Tiny is fed")
    assert image.width() > 3 * 360
    rows = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.bytesPerLine())
    assert rows.max() > 200

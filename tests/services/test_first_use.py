"""A case that ships without its pictures: they are made here when it is first opened, and held against those tested."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.cli.conftest import casestage
from viewer.domain.errors import CancelledError, CaseDocumentError, CaseStageError
from viewer.domain.job import JobContext, Progress
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.io.case_document import missing_paths, read_case, write_case
from viewer.io.volume_hash import volume_sha256
from viewer.phantom import made_series as worker
from viewer.phantom.recipe import Recipe, made, write_recipe
from viewer.phantom.sameness import block_means
from viewer.phantom.write import store
from viewer.services import first_use
from viewer.services.cases import can_be_presented, case_state
from viewer.services.loading import load_case
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.phantom.phantom import Phantom

RECIPE = Recipe("abdomen", 7, spacing_mm=(5.0, 5.0, 20.0), size_ij=80, only=())


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return made(RECIPE, JobContext())


@pytest.fixture(scope="module")
def folder(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a case that has a recipe and no pictures."""
    folder = tmp_path_factory.mktemp("case") / "made-here"
    volume = store(phantom, folder, JobContext(), named=RECIPE.name).volume
    shutil.rmtree(folder / "dicom")
    write_recipe(folder / "recipe.json", RECIPE, block_means(phantom.voxels_hu))
    case = Case(
        id="made-here",
        title="Made here",
        summary="An abdomen.",
        body_part="ABDOMEN",
        provenance=Provenance("Made by a test", "CC0-1.0", synthetic=True),
        folder=str(folder),
        series_path="dicom",
        series_uid=volume.series.series_uid,
        series_sha256=volume_sha256(volume) or "",
        steps=(Step("whole", "All of it", "An abdomen.", view_of_volume(volume)),),
        recipe_path="recipe.json",
        making_s=37.0,
    )
    write_case(folder, case)
    return folder


@pytest.fixture
def here(folder: Path, own_home: Path) -> Case:
    """Return the case as it stands among the user's."""
    place = own_home / "data" / "cases" / "made-here"
    shutil.copytree(folder, place)
    return read_case(place)


@pytest.fixture
def in_this_process(phantom: Phantom, monkeypatch: pytest.MonkeyPatch) -> Callable[[Phantom], None]:
    """Make the pictures in this process, from a phantom that is there; the answer puts another in its place."""

    def comes_out(as_phantom: Phantom) -> None:
        monkeypatch.setattr(worker, "made", lambda *_: as_phantom)

    comes_out(phantom)
    monkeypatch.setattr(
        first_use, "_made_in_a_process", lambda *asked: str(worker.make_series(*asked).value), raising=True
    )
    return comes_out


def kept(own_home: Path) -> list[str]:
    return sorted(path.name for path in (own_home / "data" / "made").glob("*"))


def test_the_pictures_are_made_in_a_process_of_their_own_and_are_those_tested(here: Case, own_home: Path) -> None:
    assert not missing_paths(here)
    assert case_state(here) == "Made at first use, about 40 s"
    assert can_be_presented(case_state(here))
    told: list[Progress] = []
    loaded = load_case(here, JobContext(told.append))
    assert volume_sha256(loaded.volume) == here.series_sha256
    assert loaded.volume.series.synthetic
    assert loaded.note == ""
    shares = [p.fraction for p in told if p.fraction is not None]
    assert len({round(share, 2) for share in shares}) > 5
    assert any("Making" in p.what for p in told)
    assert len(kept(own_home)) == 1
    assert case_state(here) == "Ready"


@pytest.mark.usefixtures("in_this_process")
def test_they_are_made_once(here: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    load_case(here, JobContext())
    monkeypatch.setattr(first_use, "_made_in_a_process", None)
    assert load_case(here, JobContext()).volume.slices.shape == (12, 80, 80)


def test_other_pictures_than_those_tested_are_refused(
    here: Case, phantom: Phantom, in_this_process: Callable[[Phantom], None], own_home: Path
) -> None:
    noise = np.random.default_rng(3).normal(0, 8, phantom.voxels_hu.shape)
    other = np.clip(phantom.voxels_hu + noise, -1024, 3071).astype(np.int16)
    in_this_process(evolve(phantom, voxels_hu=other))
    with pytest.raises(CaseDocumentError) as refused:
        load_case(here, JobContext())
    assert "come out differently" in refused.value.sentence
    assert kept(own_home) == []


def test_pictures_that_differ_by_rounding_are_shown_and_said_to(
    here: Case, phantom: Phantom, in_this_process: Callable[[Phantom], None], tmp_path: Path
) -> None:
    rounded = phantom.voxels_hu.copy()
    rounded[3, 10, ::9] += 1
    in_this_process(evolve(phantom, voxels_hu=rounded))
    for _ in range(2):
        assert "rounding" in load_case(here, JobContext()).note
    # A pack of it takes the recipe alone: elsewhere they may come out as they were tested.
    said = casestage("pack", "build", "made-here", "--out", tmp_path / "x.casepack", "--json")
    assert said.json["files"] == 2


@pytest.mark.usefixtures("in_this_process")
def test_a_picture_and_a_pack_of_it_are_made_like_those_of_any_case(
    here: Case, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert casestage("render", here.id, "--out", tmp_path / "x.png", "--size", "320x180").code == 0
    assert casestage("pack", "build", here.id, "--out", tmp_path / "x.casepack").code == 0
    shutil.rmtree(own_home / "data")
    monkeypatch.setattr(first_use, "_made_in_a_process", None)
    assert casestage("pack", "install", tmp_path / "x.casepack").code == 0
    arrived = read_case(own_home / "data" / "cases" / here.id)
    assert volume_sha256(load_case(arrived, JobContext()).volume) == here.series_sha256


def test_stopping_leaves_nothing_behind(here: Case, own_home: Path) -> None:
    stopped = threading.Event()
    with pytest.raises(CancelledError):
        load_case(here, JobContext(lambda _: stopped.set(), stopped.is_set))
    assert kept(own_home) == []


@pytest.mark.usefixtures("in_this_process")
def test_a_program_that_was_killed_while_making_them_leaves_no_half_of_them(here: Case, own_home: Path) -> None:
    half = own_home / "data" / "making_pictures" / "0123456789ab"
    (half / "dicom").mkdir(parents=True)
    (half / "dicom" / "0001.dcm").write_bytes(b"half")
    assert case_state(here) == "Made at first use, about 40 s"
    load_case(here, JobContext())
    assert len(kept(own_home)) == 1
    assert not half.parent.exists()


def test_a_process_that_dies_is_told(here: Case, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "serve", dies)
    with pytest.raises(CaseStageError) as told:
        load_case(here, JobContext())
    assert "stopped unexpectedly" in told.value.sentence
    assert kept(own_home) == []


def dies(*_: object) -> None:
    """End as a process that was killed does."""
    import os

    os._exit(9)


def test_a_case_without_recipe_and_pictures_is_not_whole(here: Case) -> None:
    (Path(here.folder) / "recipe.json").unlink()
    assert missing_paths(here) == ("recipe.json",)
    assert case_state(here) == "Pictures are missing"
    with pytest.raises(CaseStageError):
        load_case(here, JobContext())

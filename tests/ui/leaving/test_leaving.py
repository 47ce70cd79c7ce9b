from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QTextLayout

from tests.tilted_series import tilted_volume
from tests.ui.leaving.conftest import CANARIES
from viewer.domain.errors import CancelledError, StorageError
from viewer.domain.finding import Source, SourceKind
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.domain.model_result import ModelResult
from viewer.domain.step_acts import Sweep
from viewer.domain.view_state import Comparison, Layout, OverlayMode, ViewName
from viewer.io import film
from viewer.scene.quality import Quality
from viewer.scene.volume_scene import Picture3D, VolumeScene
from viewer.services.left_behind import LeftBehind, left_behind
from viewer.ui.canvas.shown import Drawn
from viewer.ui.leaving import stage_frames
from viewer.ui.leaving.film import write_film
from viewer.ui.leaving.handout import write_handout
from viewer.ui.leaving.page import write_page
from viewer.ui.leaving.paper import Paper, Told
from viewer.ui.leaving.stage_frames import StageFrames, Words
from viewer.ui.leaving.steps_words import NOTHING, cells, models_words, seen_words
from viewer.ui.leaving.stills import write_stills
from viewer.ui.marks import Mark
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from viewer.services.loading import LoadedCase

SMALL = (640, 360)


def seen_in(path: Path) -> bytes:
    """Everything that a file says, also where it is packed."""
    raw = path.read_bytes()
    found = [raw]
    if path.suffix == ".pdf":
        for start in re.finditer(rb"stream\r?\n", raw):
            unpacked = zlib.decompressobj()
            try:
                found.append(unpacked.decompress(raw[start.end() :]))
            except zlib.error:
                continue
    return b"\n".join(found)


def told(page: Path) -> list[dict[str, Any]]:
    found = re.search(r'id="told">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    steps: list[dict[str, Any]] = json.loads(found.group(1))
    return steps


def elements(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, int, int]]:
    """Id, begin and end of the elements in a part of a Matroska file."""
    end = len(data) if end is None else end
    found = []
    while start < end:
        width = 9 - data[start].bit_length()
        name = int.from_bytes(data[start : start + width], "big")
        start += width
        size_width = 9 - data[start].bit_length()
        size = int.from_bytes(data[start : start + size_width], "big") & ((1 << 7 * size_width) - 1)
        start += size_width
        found.append((name, start, start + size))
        start += size
    return found


def test_signs_between_numbers_are_found_where_text_of_the_handout_is_copied(qapp: QApplication) -> None:
    with QPainter(image := QImage(8, 8, QImage.Format.Format_RGB32)) as painter:
        assert not image.isNull()
        face = Paper(painter, Theme(), 10.0).face(9)
    words = "SHA-256 512 × 512 (8:30)"
    layout = QTextLayout(words, face)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    (run,) = layout.glyphRuns()
    assert run.glyphIndexes() == run.rawFont().glyphIndexesForString(words), "a sign of the font's own has no letter"


def test_pictures_are_numbered_and_each_carries_the_banner_and_where_it_comes_from(
    qapp: QApplication, left: LeftBehind, tmp_path: Path
) -> None:
    written = write_stills(left, tmp_path / "png", JobContext(), SMALL)
    assert [path.name for path in written] == ["01-first.png", "02-second.png", "03-third.png"]
    foot = QRect(0, 330, 240, 30)
    images = [QImage(str(path)).copy(foot) for path in written]
    assert all(image == images[0] for image in images)
    lit = sum(images[0].pixelColor(x, y).lightness() > 70 for x in range(240) for y in range(30))
    assert lit > 150
    assert left.banner == "Not for diagnostic use"
    assert left.origin.startswith("CT, de-identified by profile · findings recorded · Apache-2.0 · CaseStage")


def test_a_question_on_film_shows_no_finding_and_its_answer_does(qapp: QApplication, left: LeftBehind) -> None:
    accent = QColor("#4DB3FF")

    def blue(image: QImage) -> int:
        pixels = image.copy(QRect(0, 0, SMALL[0], 320))
        return sum(
            abs(pixels.pixelColor(x, y).hue() - accent.hue()) < 12 and pixels.pixelColor(x, y).saturation() > 100
            for x in range(0, SMALL[0], 2)
            for y in range(0, 320, 2)
        )

    with StageFrames(left, SMALL) as frames:
        view = left.steps[1].view
        assert blue(frames.frame(view, Words(1, 1.0, -1.0, asked=True))) == 0
        assert blue(frames.still(1)) > 20


def test_what_is_looked_at_for_long_has_the_finest_3d_and_what_goes_by_has_not(
    qapp: QApplication, left: LeftBehind, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Quality] = []

    def drawn(scene: VolumeScene, quality: Quality) -> Picture3D:
        asked.append(quality)
        return Picture3D(np.zeros((scene.height_px, scene.width_px), np.uint32), 1, quality, 0.1)

    view = evolve(left.steps[0].view, layout=Layout.STAGE)
    with StageFrames(left, SMALL) as frames:
        monkeypatch.setattr(frames._scene, "picture_once", drawn)
        frames.frame(view, Words(0), moving=True)
        frames.frame(view, Words(0), moving=True)
        frames.frame(view, Words(0))
        # One that is there is not made anew with less care.
        frames.frame(view, Words(0), moving=True)
        frames.plane(view, ViewName.THREE_D, (400, 300))
    assert asked == [Quality.STILL, Quality.FINEST, Quality.FINEST]


def test_a_hand_out_has_a_page_for_each_step_and_text_that_can_be_selected(
    qapp: QApplication, left: LeftBehind, tmp_path: Path
) -> None:
    out = tmp_path / "hand.pdf"
    pages = write_handout(left, out, JobContext())
    assert pages == 5
    said = seen_in(out)
    assert said.count(b"/Type /Page\n") + said.count(b"/Type /Page ") == 5
    assert b"/ToUnicode" in said
    for paper, size in (("a4", b"[0 0 595"), ("letter", b"[0 0 612")):
        write_handout(left, out, JobContext(), paper)
        assert size in out.read_bytes().replace(b".000000", b"")


def test_a_long_narration_goes_on_on_another_page_with_its_table_and_never_runs_over_the_banner(
    qapp: QApplication, left: LeftBehind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    parts: list[tuple[float, float]] = []
    line, part = Paper.line, Paper.part

    def noted_line(paper: Paper, area: QRectF, text: str, *more: Any, **named: Any) -> None:
        lines.append(text)
        line(paper, area, text, *more, **named)

    def noted_part(paper: Paper, x: float, y: float, told: Told, first: float, last: float) -> None:
        parts.append((y, y + last - first))
        part(paper, x, y, told, first, last)

    monkeypatch.setattr(Paper, "line", noted_line)
    monkeypatch.setattr(Paper, "part", noted_part)
    steps = list(left.steps)
    steps[1] = evolve(steps[1], narration="It lies where nobody would look for it at first. " * 60)
    case = evolve(left.loaded.case, steps=tuple(steps))
    pages = write_handout(evolve(left, loaded=evolve(left.loaded, case=case)), tmp_path / "hand.pdf", JobContext())
    assert pages == 6
    assert max(end for _, end in parts) < 842 - 44 - 22
    # All is written twice: once to count the pages.
    written = lines[len(lines) // 2 :]
    assert "Step 2 of 3, continued" in written
    assert [text for text in written if text.startswith("page ")] == ["page 2", "page 3", "page 5", "page 6"]
    assert f"{pages} of {pages}" in written
    assert "Volume" in written


def test_a_film_begins_each_step_with_a_picture_of_its_own_so_that_players_find_it(
    qapp: QApplication, left: LeftBehind, tmp_path: Path
) -> None:
    out = tmp_path / "film.webm"
    seconds = write_film(left, out, JobContext(), SMALL, most_s=2.0)
    data = out.read_bytes()
    head, segment = elements(data)
    assert b"webm" in data[head[1] : head[2]]
    parts = elements(data, segment[1], segment[2])
    clusters = [part for part in parts if part[0] == 0x1F43B675]
    # Three steps, and the question of one.
    assert len(clusters) == 4
    for _, start, end in clusters:
        first = next(part for part in elements(data, start, end) if part[0] == 0xA3)
        assert data[first[1] + 3] & 0x80, "not a key frame"
        assert data[first[1] + 4] == 0x0A, "no sequence header"
    cues = next(part for part in parts if part[0] == 0x1C53BB6B)
    assert len(elements(data, cues[1], cues[2])) == 4
    info = next(part for part in parts if part[0] == 0x1549A966)
    duration = next(part for part in elements(data, info[1], info[2]) if part[0] == 0x4489)
    (told_ms,) = struct.unpack(">d", data[duration[1] : duration[2]])
    assert told_ms == pytest.approx(seconds * 1000, abs=200)
    assert told_ms == pytest.approx((3 * 2 + 4 + 1.8) * 1000, abs=600)
    assert b"V_AV1" in data
    assert b"A nodule told" in data


def test_a_film_of_a_sweep_tells_the_threshold_and_what_is_counted_there(
    qapp: QApplication, left: LeftBehind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, str]] = []
    paint = stage_frames.paint_readout

    def watched(painter: QPainter, place: QRectF, rows: Any, threshold: float, *more: Any) -> None:
        told.append((round(threshold, 2), rows[0][1]))
        paint(painter, place, rows, threshold, *more)

    monkeypatch.setattr(stage_frames, "paint_readout", watched)
    (lesion,) = left.loaded.findings
    step = left.steps[0]
    view = evolve(step.view, overlay=OverlayMode.OUTLINE, threshold=0.2)
    swept = evolve(step, view=view, sweep=Sweep(0.9, 0.2, duration_s=1.0))
    case = evolve(left.loaded.case, steps=(swept, left.steps[2]))
    loaded = evolve(left.loaded, case=case, findings=(evolve(lesion, score=0.6),))
    write_film(evolve(left, loaded=loaded), tmp_path / "film.webm", JobContext(), SMALL, most_s=2.0)
    assert told[0] == (0.9, "0 findings")
    assert told[-1] == (0.2, "1 finding")
    assert len({threshold for threshold, _ in told}) > 10
    assert all((words == "1 finding") is (threshold <= 0.6) for threshold, words in told if threshold != 0.6)
    told.clear()
    write_stills(evolve(left, loaded=loaded), tmp_path, JobContext(), SMALL)
    assert told == [(0.2, "1 finding")]


def test_what_was_coded_looks_like_what_was_drawn() -> None:
    import imagecodecs

    from viewer.io import av1

    drawn = np.zeros((2, 96, 128, 3), np.uint8)
    drawn[:, 20:60, 30:90] = (200, 120, 40)
    drawn[1, :, 100:] = 255
    configuration, samples = av1.coded(list(drawn))
    assert configuration[0] == 0x81
    assert len(samples) == 2
    assert len(samples[1]) < len(samples[0]) * 2
    again = imagecodecs.avif_decode(
        imagecodecs.avif_encode(drawn, level=av1.QUALITY, speed=8, pixelformat="yuv420", codec="aom")
    )
    assert np.abs(again.astype(int) - drawn).mean() < 4
    with pytest.raises(ValueError, match="at least two"):
        av1.coded(list(drawn[:1]))


def test_a_film_that_is_cancelled_leaves_nothing(qapp: QApplication, left: LeftBehind, tmp_path: Path) -> None:
    out = tmp_path / "film.webm"
    asked: list[int] = []
    with pytest.raises(CancelledError):
        write_film(left, out, JobContext(cancelled=lambda: len(asked) > 3 or bool(asked.append(1))), SMALL)
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_are_cancelled_half_way_leave_those_of_before_and_no_others(
    qapp: QApplication, left: LeftBehind, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    asked: list[int] = []
    half_way = JobContext(cancelled=lambda: len(asked) > 1 or bool(asked.append(1)))
    with pytest.raises(CancelledError):
        write_stills(left, folder, half_way, SMALL)
    assert not folder.exists()
    first, *_ = write_stills(left, folder, JobContext(), SMALL)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    larger = JobContext(cancelled=lambda: len(asked) > 3 or bool(asked.append(1)))
    with pytest.raises(CancelledError):
        write_stills(left, folder, larger, (1280, 720))
    assert first.parent == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def of_the_users_own(monkeypatch: pytest.MonkeyPatch, program: Path, does: str) -> None:
    """Put a stand-in for ffmpeg on this computer; `$last` is the film that it is to write."""
    program.write_text(f"#!/bin/sh\nfor last; do :; done\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(film.shutil, "which", lambda _name: str(program))


def test_h264_needs_an_ffmpeg_of_the_users_own(
    qapp: QApplication, left: LeftBehind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(StorageError, match="no ffmpeg") as refused:
        write_film(left, tmp_path / "film.mp4", JobContext(), SMALL)
    assert ".webm" in refused.value.hint
    of_the_users_own(monkeypatch, tmp_path / "ffmpeg", 'cat > "$last"')
    one = evolve(left, loaded=evolve(left.loaded, case=evolve(left.loaded.case, steps=left.steps[:1])))
    seconds = write_film(one, tmp_path / "film.mp4", JobContext(), (64, 36), most_s=2.0)
    frames = (tmp_path / "film.mp4").stat().st_size / (64 * 36 * 3)
    assert frames == pytest.approx(seconds * 30, abs=2)


@pytest.mark.parametrize("when", ["head -c 100000 > $last", "cat > $last"])
def test_a_disk_that_is_full_is_not_laid_at_the_door_of_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    full = "echo 'Error writing trailer of x.part: No space left on device' >&2; exit 228"
    of_the_users_own(monkeypatch, tmp_path / "ffmpeg", f"{when}\n{full}")
    out = tmp_path / "out" / "film.mp4"
    out.parent.mkdir()
    with pytest.raises(StorageError, match="the disk is full"), film.film_at(out, (64, 36), "x") as made:
        made.scene([np.zeros((36, 64, 3), np.uint8)], 6.0)
    assert list(out.parent.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no sessions")
def test_what_a_terminal_sends_to_all_processes_of_a_command_does_not_reach_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_the_users_own(monkeypatch, tmp_path / "ffmpeg", 'echo $$ > "$last"; cat > /dev/null')
    with film.film_at(tmp_path / "film.mp4", (64, 36), "x"):
        said = ""
        while not said.endswith("\n"):
            said = "".join(part.read_text() for part in tmp_path.rglob("*film.mp4*"))
        assert os.getsid(int(said)) != os.getsid(0)


def test_a_page_scrolls_through_the_images_around_a_step_and_loads_nothing(
    qapp: QApplication, left: LeftBehind, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    size = write_page(left, out, JobContext())
    text = out.read_text(encoding="utf-8")
    assert size == len(text.encode()) < 18e6
    steps = told(out)
    assert [step["title"] for step in steps] == ["A quiet start", "A nodule", "Masked"]
    nodule = steps[1]
    assert len(nodule["images"]) == len(nodule["places"]) > 12
    assert "mm" in nodule["places"][nodule["start"]]
    assert "towards the head" in nodule["places"][0]
    assert "towards the feet" in nodule["places"][-1]
    image = QImage.fromData(base64.b64decode(nodule["images"][nodule["start"]]))
    assert image.width() >= 800
    assert "Recorded" in nodule["found"]
    assert "Where is it?" in nodule["words"]
    assert left.banner in text
    # A browser keeps to this: no other script runs, and nothing is fetched.
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy is not None
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy.group(1)
    assert policy.group(1).startswith("default-src 'none'")
    assert not re.search(r'(?:src|href)="', text)


def test_a_page_stays_as_small_as_was_asked(qapp: QApplication, left: LeftBehind, tmp_path: Path) -> None:
    one = evolve(left, loaded=evolve(left.loaded, case=evolve(left.loaded.case, steps=left.steps[:1])))
    whole = write_page(one, tmp_path / "a.html", JobContext())
    small = write_page(one, tmp_path / "b.html", JobContext(), most_mb=whole / 1e6 / 3)
    assert small <= whole / 3
    with pytest.raises(StorageError, match="larger than 0.01 MB"):
        write_page(one, tmp_path / "c.html", JobContext(), most_mb=0.01)


def test_nothing_that_is_left_behind_names_the_patient(qapp: QApplication, left: LeftBehind, tmp_path: Path) -> None:
    write_stills(left, tmp_path / "png", JobContext(), SMALL)
    write_handout(left, tmp_path / "hand.pdf", JobContext())
    write_page(left, tmp_path / "page.html", JobContext())
    write_film(left, tmp_path / "film.webm", JobContext(), SMALL, most_s=2.0)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 6
    for path in files:
        said = seen_in(path)
        for canary in CANARIES:
            assert canary.encode() not in said, (path.name, canary)
            assert canary.encode("utf-16-be") not in said, (path.name, canary)
        assert not any(canary.casefold() in path.name.casefold() for canary in CANARIES)


def test_a_picture_looks_the_same_whoever_the_patient_is(qapp: QApplication, loaded: LoadedCase) -> None:
    other = evolve(loaded.volume.series.identity, name="Another^One", patient_id="1")
    unnamed = evolve(loaded, volume=evolve(loaded.volume, series=evolve(loaded.volume.series, identity=other)))
    with StageFrames(left_behind(loaded), SMALL) as here, StageFrames(left_behind(unnamed), SMALL) as there:
        assert here.still(1) == there.still(1)


@pytest.fixture
def compared(loaded: LoadedCase) -> LoadedCase:
    """Return the case with a step in which two models are held against each other; the second alone says something."""
    (lesion,) = loaded.findings
    other = evolve(lesion, id="other", label="Canaria’s nodule", source=evolve(lesion.source, name="Other"))
    results = (ModelResult("a", "First finder", ()), ModelResult("b", "Second finder", (other,), 0.4))
    view = evolve(
        loaded.case.steps[1].view, models=("a", "b"), comparison=Comparison.DIFFERENCE, selected_finding="other"
    )
    step = evolve(loaded.case.steps[1], view=view, question=None)
    return evolve(loaded, case=evolve(loaded.case, steps=(step,)), results=results)


def test_a_truth_that_no_model_was_held_against_was_found_by_nobody(qapp: QApplication, loaded: LoadedCase) -> None:
    made = tuple(evolve(each, source=Source(SourceKind.TRUTH, "Phantom"), recorded=False) for each in loaded.findings)
    left = left_behind(evolve(loaded, findings=made, truth=None))
    assert dict(left.facts)["Findings"] == f"{len(made)}, the ground truth; no model ran"
    row = Drawn(made[0], Mark.TRUTH, selected=False)
    *_, against, said = cells(row, left.steps[0], judged=False)
    assert (against, said) == (NOTHING, "Ground truth")
    assert cells(row, left.steps[0], judged=True)[-2] == Mark.TRUTH.words


def test_what_only_the_second_model_says_is_drawn_dashed_named_and_told_whose_it_is(
    qapp: QApplication, compared: LoadedCase
) -> None:
    left = left_behind(compared)
    silent = left_behind(evolve(compared, results=(compared.results[0], evolve(compared.results[1], findings=()))))
    with StageFrames(left, SMALL) as frames, StageFrames(silent, SMALL) as bare:
        assert frames.told(left.steps[0]) is not None
        outlined, without = frames.still(0), bare.still(0)
        changed = [(x, y) for x in range(640) for y in range(320) if outlined.pixel(x, y) != without.pixel(x, y)]
        assert len(changed) > 20
        (row,) = frames.listed(0)
        assert cells(row, left.steps[0], judged=False)[-1] == "B, recorded"
        # Which line is whose stands in the picture.
        view = evolve(left.steps[0].view, models=None, comparison=Comparison.OFF)
        corner = QRect(0, 0, 200, 40)
        named, unnamed = (frames.frame(v, Words(0, 0.0, 1.0)).copy(corner) for v in (left.steps[0].view, view))
        assert named != unnamed
    assert models_words(left.steps[0], left.loaded.results) == (
        "A, solid lines: First finder. B, dashed lines: Second finder."
    )


def test_what_two_models_said_of_a_patient_leaves_without_its_name(
    qapp: QApplication, compared: LoadedCase, tmp_path: Path
) -> None:
    left = left_behind(compared)
    write_page(left, tmp_path / "page.html", JobContext())
    said = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Second finder" in said
    assert not [canary for canary in CANARIES if canary in said]
    assert "Canaria" not in repr([f.label for r in left.loaded.results for f in r.findings])


def test_a_slice_as_it_was_acquired_is_not_called_a_slab_where_it_is_left_behind(loaded: LoadedCase) -> None:
    tilted = tilted_volume()
    view = evolve(loaded.case.steps[0].view, window_centre=-600.0, window_width=1500.0, slab_mm=10.0)
    assert seen_words(view, tilted) == "Axial, W 1500 L −600, MIP 10 mm"
    assert seen_words(evolve(view, acquired=True), tilted) == "Axial, W 1500 L −600"
    assert seen_words(evolve(view, acquired=True, main=ViewName.CORONAL), tilted).endswith("MIP 10 mm")


def test_what_was_resampled_lossy_or_seen_in_a_window_is_told_where_it_is_left_behind(loaded: LoadedCase) -> None:
    view = evolve(loaded.case.steps[0].view, window_centre=-600.0, window_width=1500.0, slab_mm=10.0)
    assert seen_words(view, loaded.volume) == "Axial, W 1500 L −600, MIP 10 mm"
    assert not {"Geometry", "Compression"} & dict(left_behind(loaded).facts).keys()
    volume = evolve(
        loaded.volume,
        verdict=Verdict.RESAMPLED,
        reasons=("The gantry was tilted by 18.5°.",),
        series=evolve(loaded.volume.series, lossy=True),
    )
    facts = dict(left_behind(evolve(loaded, volume=volume)).facts)
    assert facts["Geometry"] == "Resampled. The gantry was tilted by 18.5°."
    assert facts["Compression"].startswith("Lossy")


def test_words_that_turn_reading_around_do_not_leave(loaded: LoadedCase) -> None:
    step = evolve(loaded.case.steps[0], title="A\u202enoitcel\x07", narration="Line one\nline\u2066 two")
    told = left_behind(evolve(loaded, case=evolve(loaded.case, steps=(step,)))).steps[0]
    assert told.title == "Anoitcel"
    assert told.narration == "Line one\nline two"

"""A measurement is shown on the volume that holds the image it was drawn on, however that volume was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.services.test_measuring import Bench, length
from tests.services.test_reviewing import volume
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.volume import Volume


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def phase(percent: int, *, part: str = "") -> Volume:
    made = volume()
    return evolve(made, source_uids=tuple(f"1.2.{percent}.{k}" for k in range(made.stack.count)), part=part)


def in_one_object(part: str, first: int) -> Volume:
    made = volume()
    frames = tuple(range(first, first + made.stack.count))
    return evolve(made, source_uids=("1.2.9",) * len(frames), source_frames=frames, part=part)


def shown(bench: Bench, on: Volume) -> list[str]:
    bench.session.volume = on
    return [m.id for m in bench.session.measurements]


def test_what_was_measured_on_a_phase_that_was_opened_alone_is_not_shown_on_another(bench: Bench) -> None:
    bench.session.volume = phase(30)
    bench.measuring.keep(length("a"))
    assert shown(bench, phase(70)) == []
    assert not bench.reviewing.can_undo
    assert shown(bench, phase(30)) == ["a"]
    assert bench.reviewing.can_undo


def test_it_is_shown_on_its_phase_also_where_all_are_open(bench: Bench) -> None:
    bench.session.volume = phase(30)
    bench.measuring.keep(length("alone"))
    bench.session.volume = phase(70, part="70 %")
    bench.measuring.keep(length("together", part="70 %"))
    assert shown(bench, phase(30, part="30 %")) == ["alone"]
    assert shown(bench, phase(70)) == ["together"]


def test_undo_passes_over_what_is_out_of_sight(bench: Bench) -> None:
    bench.session.volume = phase(30)
    bench.measuring.keep(length("a"))
    bench.session.volume = phase(70)
    bench.measuring.keep(length("b"))
    bench.measuring.keep(length("b", far=20.0))
    bench.session.volume = phase(30, part="30 %")
    bench.reviewing.undo()
    assert bench.session.measurements == ()
    assert not bench.reviewing.can_undo
    assert bench.reviewing.can_redo
    assert shown(bench, phase(70)) == ["b"]
    assert not bench.reviewing.can_redo
    bench.reviewing.undo()
    assert [m.length_mm for m in bench.session.measurements] == [10.0]
    assert shown(bench, phase(30)) == []
    bench.reviewing.redo()
    assert shown(bench, phase(30)) == ["a"]


def test_parts_of_one_object_are_told_apart_by_its_frames(bench: Bench) -> None:
    bench.session.volume = in_one_object("arterial", 1)
    bench.measuring.keep(length("a", part="arterial"))
    assert shown(bench, in_one_object("venous", 21)) == []
    assert not bench.reviewing.can_undo
    assert shown(bench, in_one_object("arterial", 1)) == ["a"]


def test_a_measurement_keeps_its_image_while_it_is_changed(bench: Bench) -> None:
    bench.session.volume = phase(30)
    bench.measuring.keep(length("a", z=8.0))
    (kept,) = bench.session.measurements
    assert kept.image == "1.2.30.4"
    bench.measuring.keep(evolve(kept, points_lps_mm=length(far=40.0).points_lps_mm))
    assert shown(bench, phase(70)) == []
    assert shown(bench, phase(30)) == ["a"]


def test_what_was_measured_before_images_were_noted_goes_by_its_phase(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "decisions.sqlite3")
    journal.measure("1.2.3", length("old", part="30 %"), "Dr Example")
    journal.close()
    bench = Bench(tmp_path)
    assert shown(bench, phase(70, part="70 %")) == []
    assert shown(bench, phase(30, part="30 %")) == ["old"]
    (old,) = bench.session.measurements
    bench.measuring.keep(evolve(old, points_lps_mm=length(far=40.0).points_lps_mm))
    assert shown(bench, phase(30, part="30 %")) == ["old"]
    bench.reviewing.undo()
    assert [m.length_mm for m in bench.session.measurements] == [10.0]
    assert check_chain(bench.journal.path).whole
    bench.close()

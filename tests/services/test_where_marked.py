"""A reader's mark is shown on the images that it was set on, and leaves with them alone."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.services.test_case_of_phases import phases
from tests.services.test_measuring import Bench
from tests.services.test_reviewing import volume
from tests.services.test_where_measured import in_one_object, phase
from tests.tilted_series import tilted_volume
from viewer.domain.finding import SourceKind
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain
from viewer.services.opening import Opening
from viewer.services.reader_marks import mark_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.volume import Volume
    from viewer.io.decoders import Decoders

_PLACE = (1.0, 2.0, 10.0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = at_work(tmp_path)
    yield bench
    bench.close()


def at_work(folder: Path) -> Bench:
    bench = Bench(folder)
    bench.session.findings = ()
    return bench


def marks(bench: Bench) -> list[str]:
    return [f.id for f in bench.session.findings if f.source.kind is SourceKind.READER]


def shown(bench: Bench, on: Volume) -> list[str]:
    bench.session.volume = on
    return marks(bench)


def places(bench: Bench) -> list[tuple[float, ...]]:
    return [tuple(f.centre_lps_mm) for f in bench.session.findings]


def set_at(bench: Bench, z: float = 10.0) -> str:
    made = bench.reviewing.mark_missed((1.0, 2.0, z))
    assert made is not None
    return made.id


def kept_before(path: Path) -> str:
    """Return the id of a mark as it was kept before marks named their image."""
    journal = Journal(path)
    mark = mark_at(_PLACE, "Dr Example", missed=True)
    journal.mark("1.2.3", mark, "Dr Example")
    journal.close()
    return mark.id


def test_a_phase_that_is_still_being_read_shows_no_mark_of_the_one_before(
    bench: Bench, shared_decoders: Decoders
) -> None:
    bench.session.volume = phase(30)
    set_at(bench)
    Opening(bench.session, bench.runner, shared_decoders).close()
    bench.session.volume = evolve(phase(70), arrived=np.zeros(20, dtype=bool))
    assert marks(bench) == []


def test_a_mark_that_was_set_on_one_phase_is_not_shown_on_another_and_there_again_on_its_own(
    bench: Bench, tmp_path: Path
) -> None:
    bench.session.volume = phase(30, part="30 %")
    early = set_at(bench)
    assert shown(bench, phase(70, part="70 %")) == []
    assert bench.reviewing.decided == 0
    late = set_at(bench, 20.0)
    assert shown(bench, phase(30, part="30 %")) == [early]
    assert bench.reviewing.decided == 1
    bench.close()
    again = at_work(tmp_path)
    # Opened alone a phase has no name.
    assert shown(again, phase(30)) == [early]
    assert shown(again, phase(70)) == [late]
    again.close()


def test_a_phase_whose_images_are_sorted_otherwise_now_still_has_its_marks(bench: Bench) -> None:
    opened = phase(30)
    bench.session.volume = opened
    mark = set_at(bench)
    assert shown(bench, evolve(opened, source_uids=opened.source_uids[::-1])) == [mark]


def test_phases_of_one_object_have_marks_of_their_own(bench: Bench) -> None:
    bench.session.volume = in_one_object("arterial", 1)
    mark = set_at(bench)
    assert shown(bench, in_one_object("venous", 21)) == []
    assert shown(bench, in_one_object("arterial", 1)) == [mark]


def test_a_mark_on_a_tilted_slice_is_kept_with_that_slice(bench: Bench) -> None:
    tilted = tilted_volume(size=(60, 60))
    tilted = evolve(tilted, source_uids=tuple(f"1.2.30.{k}" for k in range(tilted.stack.count)))
    bench.session.volume = tilted
    bench.reviewing.mark_missed(tuple(tilted.stack.lps((5, 55, 3))))
    assert [f.image for f in bench.session.findings] == ["1.2.30.3"]


def test_undo_and_redo_pass_over_marks_of_another_phase_and_what_was_said_of_them(bench: Bench) -> None:
    bench.session.volume = phase(30)
    early = set_at(bench)
    bench.reviewing.comment("Only here")
    bench.session.volume = phase(70)
    assert not bench.reviewing.can_undo
    late = set_at(bench)
    bench.reviewing.remove_mark(late)
    bench.session.volume = phase(30)
    bench.reviewing.undo()
    assert bench.session.decisions == {}
    bench.reviewing.undo()
    assert marks(bench) == []
    assert not bench.reviewing.can_undo
    assert shown(bench, phase(70)) == []
    assert not bench.reviewing.can_redo
    bench.reviewing.undo()
    assert marks(bench) == [late]
    assert shown(bench, phase(30)) == []
    bench.reviewing.redo()
    bench.reviewing.redo()
    assert marks(bench) == [early]
    assert [said.comment for said in bench.session.decisions.values()] == ["Only here"]


def test_what_was_said_of_a_mark_of_another_phase_is_no_earlier_decision_on_this_one(bench: Bench) -> None:
    bench.session.volume = phase(30)
    mark = set_at(bench)
    bench.reviewing.comment("Only here")
    bench.session.volume = phase(70)
    assert bench.session.decisions == {}
    bench.session.volume = phase(30)
    assert bench.session.decisions[mark].comment == "Only here"


def test_a_mark_is_moved_within_its_phase_and_stays_there(bench: Bench) -> None:
    bench.session.volume = phase(30)
    mark = set_at(bench)
    assert bench.reviewing.move_mark(mark, (4.0, 5.0, 20.0))
    assert shown(bench, phase(70)) == []
    assert not bench.reviewing.move_mark(mark, (0.0, 0.0, 4.0))
    assert shown(bench, phase(30)) == [mark]
    assert places(bench) == [(4.0, 5.0, 20.0)]
    assert [f.image for f in bench.session.findings] == ["1.2.30.10"]
    bench.reviewing.undo()
    assert places(bench) == [_PLACE]
    assert shown(bench, phase(70)) == []


def test_a_mark_that_waits_for_the_disk_is_not_shown_on_another_phase(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.session.volume = phase(30)
    with monkeypatch.context() as full:

        def fails(*_said: object, **_more: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        full.setattr("viewer.io.journal.append_event", fails)
        mark = set_at(bench)
        bench.reviewing.comment("Only here")
        assert shown(bench, phase(70)) == []
        assert bench.session.decisions == {}
        assert shown(bench, phase(30)) == [mark]
    bench.reviewing.retry()
    assert bench.reviewing.unsaved == 0
    assert shown(bench, phase(70)) == []
    assert shown(bench, phase(30)) == [mark]


def test_a_second_program_that_only_reads_shows_a_mark_on_its_phase_alone(bench: Bench, tmp_path: Path) -> None:
    bench.session.volume = phase(30)
    mark = set_at(bench)
    second = at_work(tmp_path)
    assert second.journal.read_only is not None
    assert shown(second, phase(70)) == []
    assert shown(second, phase(30)) == [mark]
    second.close()


def test_a_mark_that_was_kept_before_images_were_noted_is_shown_on_all_phases_until_it_is_set_on_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "decisions.sqlite3"
    old = kept_before(path)
    bench = at_work(tmp_path)
    for percent in (30, 70):
        assert shown(bench, phase(percent)) == [old]
    bench.reviewing.comment("Which phase?", finding_id=old)
    assert shown(bench, phase(30)) == [old]
    bench.reviewing.move_mark(old, (4.0, 5.0, 20.0))
    assert shown(bench, phase(70)) == []
    # Nothing changes out of sight.
    assert not bench.reviewing.can_undo
    assert shown(bench, phase(30)) == [old]
    bench.reviewing.undo()
    assert places(bench) == [_PLACE]
    assert shown(bench, phase(70)) == [old]
    assert bench.session.decisions[old].comment == "Which phase?"
    bench.close()
    assert check_chain(path).whole


def test_where_images_have_no_uids_marks_are_kept_as_before(bench: Bench) -> None:
    bench.session.volume = volume()
    mark = set_at(bench)
    assert shown(bench, evolve(volume(), part="other")) == [mark]
    (event,) = bench.journal.events("1.2.3")
    assert "image" not in json.loads(event.after)["mark"]


def test_what_leaves_from_one_phase_holds_no_mark_of_the_other(tmp_path: Path) -> None:
    first, second = phases(tmp_path / "ct")
    bench = at_work(tmp_path)
    made = {}
    for opened in (first, second):
        bench.session.volume = opened
        made[opened.part] = bench.reviewing.mark_missed(tuple(opened.stack.lps((20, 15, 2))))
    for opened in (second, first):
        bench.session.volume = opened
        out = tmp_path / f"out {opened.part}"
        bench.reviewing.export(out)
        bench.at_rest()
        mark = made[opened.part]
        assert mark is not None
        written = (out / "findings.json").read_text()
        assert [f["id"] for f in json.loads(written)["findings"]] == [mark.id]
        assert not any(uid in written for uid in opened.source_uids)
        report = pydicom.dcmread(out / "sr.dcm")
        assert tracked_in(report) == {mark.tracking_uid}
        assert images_in(report) <= set(opened.source_uids)
    bench.close()


def tracked_in(report: pydicom.Dataset) -> set[str]:
    items = [item for item in _items(report) if item.ValueType == "UIDREF"]
    return {str(item.UID) for item in items if item.ConceptNameCodeSequence[0].CodeValue == "112040"}


def _items(item: pydicom.Dataset) -> list[pydicom.Dataset]:
    return [each for child in item.get("ContentSequence", []) for each in (child, *_items(child))]


def images_in(report: pydicom.Dataset) -> set[str]:
    return {str(e.value) for e in report.iterall() if e.keyword == "ReferencedSOPInstanceUID"}

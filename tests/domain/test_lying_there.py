"""What the pointer says is drawn at a place is drawn there."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.lying_there import finding_at, labels_at
from viewer.domain.overlays import Label, Overlays, Segmentation
from viewer.domain.session import Session
from viewer.domain.view_state import OverlayMode, overview
from viewer.domain.volume import SeriesFacts, Volume


def test_no_label_lies_where_the_only_image_could_not_be_read() -> None:
    places = [(0.0, 0.0, z) for z in (0.0, 2.0, 4.0, 9.0)]
    stack = SliceStack((6, 5), (1.0, 1.0), (1, 0, 0), (0, 1, 0), places)
    values = np.zeros(stack.shape_kji, np.int16)
    volume = Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())
    session = Session()
    session.volume = evolve(volume, unread_lps_mm=np.array([(0.0, 0.0, 5.5)]))
    session.view = evolve(overview("1.2.3", volume.grid), overlay=OverlayMode.OUTLINE)
    mask = Mask((0, 0, 0), np.ones(stack.shape_kji, dtype=bool))
    session.overlays = Overlays(Segmentation((Label("label 1", "Liver", 0, mask),)))
    assert [label.name for label in labels_at(session, (2.0, 2.0, 4.2))] == ["Liver"]
    assert labels_at(session, (2.0, 2.0, 5.4)) == ()


def _even(count: int) -> Volume:
    stack = SliceStack((60, 50), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(count)])
    values = np.zeros(stack.shape_kji, np.int16)
    return Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())


def _looking_at(volume: Volume) -> Session:
    session = Session()
    session.volume = volume
    session.view = evolve(overview("1.2.3", volume.grid), overlay=OverlayMode.OUTLINE)
    return session


def test_of_labels_that_overlap_the_smallest_is_named_first() -> None:
    session = _looking_at(_even(10))
    liver = Label("label 1", "Liver", 0, Mask((0, 0, 0), np.ones((10, 50, 60), dtype=bool)))
    lesion = Label("label 2", "Lesion", 1, Mask((10, 10, 3), np.ones((3, 5, 5), dtype=bool)))
    session.overlays = Overlays(Segmentation((liver, lesion)))
    assert [label.name for label in labels_at(session, (12.0, 12.0, 8.0))] == ["Lesion", "Liver"]
    assert [label.name for label in labels_at(session, (30.0, 12.0, 8.0))] == ["Liver"]


def test_a_mark_without_extent_is_pointed_at_from_three_millimetres_around() -> None:
    session = _looking_at(_even(10))
    place = np.array([20.0, 20.0, 10.0])
    bounds = np.stack([place, place], axis=1)
    mark = Finding("m", "2.25.1", "n", "Nodule", Source(SourceKind.READER, "A reader"), place, bounds)
    session.findings = (mark,)
    assert finding_at(session, (22.9, 20.0, 10.0)) is mark
    assert finding_at(session, (23.1, 20.0, 10.0)) is None

"""What the pointer says is drawn at a place is drawn there."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.lying_there import labels_at
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

"""A click on what is drawn over the images takes it in hand: a finding in its list, a label in that of the labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from viewer.domain.lying_there import finding_at, labels_at

if TYPE_CHECKING:
    from viewer.domain.view_state import Point
    from viewer.services.desk import Desk, Other
    from viewer.ui.main_window import MainWindow


def connect_picking(window: MainWindow) -> None:
    """Let clicks on the canvases of a window take findings and labels in hand."""
    window.canvas.place_clicked.connect(partial(_pick, window, window.desk))
    window.compare.there.place_clicked.connect(partial(_pick, window, window.desk.other))


def _pick(window: MainWindow, side: Desk | Other, lps_mm: Point) -> None:
    finding = finding_at(side.session, lps_mm)
    if finding is not None:
        side.reviewing.select(finding.id, fly=False)
    labels = labels_at(side.session, lps_mm)
    # The list is of the first volume's labels, and those of the second are the same ones.
    window.review.panel.labels.list.show_selected(labels[0].key if labels else None)

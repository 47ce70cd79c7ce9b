"""The card of a model in a narrow panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from viewer.domain.model_card import ModelCard
from viewer.ui.review.model_box import ModelBox

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.theme import Theme


@pytest.mark.parametrize(("width", "kind"), [(268, "1.1.0"), (400, "Segmentation · 1.1.0")])
def test_a_models_name_is_whole_and_its_task_gives_way(qtbot: QtBot, theme: Theme, width: int, kind: str) -> None:
    card = ModelCard(
        id="anatomy",
        name="Anatomy by rules",
        version="1.1.0",
        task="segmentation",
        licence="",
        intended_use="Outlines bone and air.",
        trained_on="",
        limitations="Metal counts as bone.",
        synthetic_only=False,
        rules=True,
        sha256="",
    )
    box = ModelBox(theme, card)
    qtbot.addWidget(box)
    box.resize(width, 200)
    box.show()
    QApplication.processEvents()
    assert {"Anatomy by rules", kind} <= {label.text() for label in box.findChildren(QLabel)}

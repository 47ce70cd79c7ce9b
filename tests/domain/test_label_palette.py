"""Labels are told apart by everybody: in colour as colour-blind people see it, and by how their line is broken."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from viewer.domain.label_palette import COLOUR_NAMES, COLOURS, MOST_LABELS, LineStyle, label_colour, label_line

# Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), severity 1; on linear RGB.
SEEN = {
    "normal vision": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
XYZ_OF_SRGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
ACCENT = "#4DB3FF"


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(XYZ_OF_SRGB @ np.clip(rgb, 1e-6, 1) / (XYZ_OF_SRGB @ np.ones(3)))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize(("vision", "least"), [("normal vision", 37), ("protanopia", 22), ("deuteranopia", 22)])
def test_the_first_twelve_colours_are_well_apart_for_everybody(vision: str, least: float) -> None:
    seen = [lab(SEEN[vision] @ linear(label_colour(n))) for n in range(12)]
    assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)) > least


def test_each_colour_is_seen_on_black_and_none_is_taken_for_the_selection() -> None:
    for n in range(12):
        luminance = float(XYZ_OF_SRGB[1] @ linear(label_colour(n)))
        assert (luminance + 0.05) / 0.05 > 3.5
        assert np.linalg.norm(lab(linear(label_colour(n))) - lab(linear(ACCENT))) > 24


def test_255_labels_all_differ_in_colour_or_line() -> None:
    looks = {(label_colour(n), label_line(n)) for n in range(MOST_LABELS)}
    assert len(looks) == MOST_LABELS == 255


def test_the_thirteenth_label_has_the_first_colour_with_another_line() -> None:
    assert label_colour(12) == label_colour(0)
    assert label_line(0) is LineStyle.SOLID
    assert label_line(12) is not LineStyle.SOLID


def test_no_label_is_drawn_with_the_line_of_a_findings_state() -> None:
    of_states = ((7, 5), (9, 5, 1.5, 5), (0.01, 7))
    assert not {style.dashes_px for style in LineStyle} & set(of_states)


def test_each_colour_of_the_menu_has_a_name_of_its_own() -> None:
    assert len(set(COLOUR_NAMES)) == len(COLOURS) == len(COLOUR_NAMES)

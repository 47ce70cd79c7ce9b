"""Phases, acquisitions and reconstructions in a radiologist's words: "phase 3 of 20, 30 %", "kernel B30f", "120 kV"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.io.telling import CLOCKS, CLOCKS_OF_DAY, joined, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.telling import Codes, Told, Value

_MOST_DESCRIBED = 2


def words_of(codes: Codes, divided_by: Sequence[Told], told: Sequence[Told]) -> list[str]:
    """Return words for each group of images.

    Parameters
    ----------
    codes
        The number of each image's group.
    divided_by
        The attributes by which the images were divided.
    told
        All attributes in which the images differ: one that divides them in the same way may say it more plainly.
    """
    count = int(codes.max()) + 1
    if len(divided_by) > 1:
        return [", ".join(_words(t, _value(t, codes, n)) for t in divided_by) for n in range(count)]
    alike = [t for t in told if len(t.values) == count == int(joined([divided_by[0], t]).max()) + 1]
    plain = [t for t in alike if t.attribute.words and t.attribute.name != "acquisition"]
    if plain:
        return [", ".join(_words(t, _value(t, codes, n)) for t in plain[:_MOST_DESCRIBED]) for n in range(count)]
    detailed = [t for t in alike if t.attribute.detail]
    if detailed:
        return numbered([_detail(detailed[0], _value(detailed[0], codes, n)) for n in range(count)])
    began = starts(codes, [t for t in told if t.attribute.name in CLOCKS])
    if all(began) or not divided_by[0].attribute.words:
        return numbered(began)
    return [_words(divided_by[0], value) for value in divided_by[0].values]


def numbered(details: Sequence[str]) -> list[str]:
    """Return "phase 1 of 3" and so on, each with its detail."""
    return [f"phase {n + 1} of {len(details)}{detail}" for n, detail in enumerate(details)]


def starts(codes: Codes, clocks: Sequence[Told]) -> list[str]:
    """Return when each group began, ", 12:31:05", by the first clock on which they began one after another."""
    count = int(codes.max()) + 1
    for clock in clocks:
        if clock.attribute.name in CLOCKS_OF_DAY and None not in clock.values:
            firsts = [int(clock.codes[codes == n].min()) for n in range(count)]
            lasts = [int(clock.codes[codes == n].max()) for n in range(count)]
            words = [f", {time_words(clock.values[n])}" for n in firsts]
            if all(a < b for a, b in zip(lasts, firsts[1:], strict=False)) and len(set(words)) == count:
                return words
    return [""] * count


def _value(told: Told, codes: Codes, group: int) -> Value:
    return told.values[int(told.codes[np.argmax(codes == group)])]


def _words(told: Told, value: Value) -> str:
    if told.attribute.words:
        return told.attribute.words(value, told.values)
    return f"phase {told.values.index(value) + 1} of {len(told.values)}{_detail(told, value)}"


def _detail(told: Told, value: Value) -> str:
    speak = told.attribute.detail
    if speak is None or value is None:
        return ""
    if told.attribute.name in CLOCKS_OF_DAY and len({time_words(other) for other in told.values if other}) < len(
        told.values
    ):
        # The same time on other days.
        return f", {value[0][:4]}-{value[0][4:6]}-{value[0][6:]} {speak(value)}"
    return f", {speak(value)}"

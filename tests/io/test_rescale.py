"""Stored values become int16 exactly, or are refused so that float32 takes them; nothing wraps round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from viewer.io.asked_frames import understood
from viewer.io.fill_slice import NotExactError, _rescale

DTYPES = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32)
RULES = ((1, 0), (1, -1024), (1, 1024), (1, -32768), (1, -32769), (1, 32767), (1, 32768), (2, -5), (-1, 0), (-3, 40000))


def frame(slope: float, intercept: float) -> Any:
    code = ("1.2.840.10008.1.2.4.70", 1, 4, 16, 16, 15, False, float(slope), float(intercept), None)
    return understood((code, 0, "", None, "", None, 0, 0, 0, 1, -1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("slope", "intercept"), RULES)
def test_values_at_the_ends_of_their_type_are_exact_or_refused(dtype: Any, slope: int, intercept: int) -> None:
    info = np.iinfo(dtype)
    reach = [(v - intercept) // slope + n for v in (-32768, 32767) for n in (-1, 0, 1)]
    found = {"exact": 0, "refused": 0}
    for value in {0, 1, int(info.min), int(info.max), *reach}:
        if not info.min <= value <= info.max:
            continue
        stored = np.array([[value, 1, 1, 0]], dtype)
        wanted = stored.astype(np.int64) * slope + intercept
        out = np.zeros((1, 4), np.int16)
        if wanted.min() >= -32768 and wanted.max() <= 32767:
            _rescale(stored, frame(slope, intercept), out)
            assert np.array_equal(out, wanted), value
            found["exact"] += 1
        else:
            with pytest.raises(NotExactError):
                _rescale(stored, frame(slope, intercept), out)
            found["refused"] += 1
    assert sum(found.values()) >= 2

"""Colours of DICOM objects as "#RRGGBB"."""

from __future__ import annotations

from typing import Any

import numpy as np

_WHITE = np.array([0.95047, 1.0, 1.08883])
# XYZ of D65 to linear sRGB (IEC 61966-2-1).
_RGB_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)


def srgb_of_cielab(stored: Any) -> str:
    """Return the sRGB colour of a Recommended Display CIELab Value; "" of anything else.

    Stored are L* of 0 to 100 and a*, b* of −128 to 127 as 0 to 65535 (PS3.3 C.10.7.1.1). The standard's white is D50;
    dcmqi, Slicer and dcmjs write values of D65, as most files in use have, and are taken at their word.
    """
    try:
        values = [int(value) for value in stored]
    except (TypeError, ValueError):
        return ""
    if len(values) != 3 or not all(0 <= value <= 0xFFFF for value in values):
        return ""
    share = np.array(values) / 0xFFFF
    lightness, a, b = share * (100.0, 255.0, 255.0) - (0.0, 128.0, 128.0)
    y = (lightness + 16) / 116
    root = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(root**3 > 216 / 24389, root**3, (116 * root - 16) * 27 / 24389) * _WHITE
    linear = np.clip(_RGB_FROM_XYZ @ xyz, 0.0, 1.0)
    shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(float(value) * 255):02X}" for value in shown)

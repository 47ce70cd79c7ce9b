"""What an exported demo model reaches on phantoms with known lesions; the rules that were fixed beforehand."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import label
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from pathlib import Path

MASK_THRESHOLD = {"head-bleed": 0.3, "lung-nodule": 0.3}
SMALLEST_ML = {"head-bleed": 0.15, "lung-nodule": 0.03}
LEAST_IOU = 0.1
THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.7, 0.75, 0.8)
SIZES_ML = {"head-bleed": (0.0, 1.0, 5.0, 1e9), "lung-nodule": (0.0, 0.113, 0.5, 1e9)}


def score_model(
    path: Path, scans: list[tuple[np.ndarray, np.ndarray]], spacing_mm: float, mask_threshold: float
) -> str:
    """Return sensitivity by size and false positives per scan at several thresholds, as indented JSON.

    Findings are the connected parts (26 neighbours) of the mask at `mask_threshold`, scored by their mean probability,
    matched one to one with the truth at IoU ≥ 0.1.
    """
    import onnxruntime

    model = path.parent.name
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    ml = spacing_mm**3 / 1000
    lesions: list[tuple[float, float]] = []
    extra: list[list[float]] = []
    seconds = []
    for image, truth in scans:
        began = time.perf_counter()
        prob = whole(session, image)
        seconds.append(time.perf_counter() - began)
        marks, count = label(prob >= mask_threshold, np.ones((3, 3, 3)))
        sizes = np.bincount(marks.ravel())
        found = [n for n in range(1, count + 1) if sizes[n] * ml >= SMALLEST_ML[model]]
        scores = {n: float(prob[marks == n].mean()) for n in found}
        values = [v for v in np.unique(truth) if v]
        iou = np.zeros((len(found), len(values)))
        for a, n in enumerate(found):
            for b, v in enumerate(values):
                both = np.count_nonzero((marks == n) & (truth == v))
                iou[a, b] = both / (sizes[n] + np.count_nonzero(truth == v) - both)
        matched = {b: found[a] for a, b in zip(*linear_sum_assignment(-iou), strict=True) if iou[a, b] >= LEAST_IOU}
        for b, v in enumerate(values):
            score = scores[matched[b]] if b in matched else 0.0
            lesions.append((float(np.count_nonzero(truth == v) * ml), score))
        extra.append([scores[n] for n in found if n not in matched.values()])
    rows = []
    bounds = SIZES_ML[model]
    for threshold in THRESHOLDS:
        row: dict[str, object] = {"threshold": threshold}
        for low, high in zip(bounds[:-1], bounds[1:], strict=True):
            some = [s for size, s in lesions if low <= size < high]
            row[f"{low:g}-{high:g} mL"] = f"{sum(s >= threshold for s in some)}/{len(some)}"
        row["false positives per scan"] = round(sum(s >= threshold for e in extra for s in e) / len(scans), 2)
        rows.append(row)
    spread = [round(float(q), 2) for q in np.quantile([s for _, s in lesions if s], np.linspace(0, 1, 6))]
    summary = {"scans": len(scans), "seconds per scan": round(float(np.median(seconds)), 2), "scores of hits": spread}
    return json.dumps({**summary, "rows": rows}, indent=1)


def whole(session: object, image: np.ndarray) -> np.ndarray:
    """Return probabilities (k, j, i) of the whole volume, padded to a multiple of 16 with what air looks like."""
    size = image.shape[1:]
    pad = [(0, 0)] + [(0, -n % 16) for n in size]
    out = session.run(["prob"], {"ct": np.pad(image, pad)[None]})[0][0, 0]  # type: ignore[attr-defined]
    return out[: size[0], : size[1], : size[2]]

"""Train the demo models on phantoms alone and export them to ONNX.

    .venv/bin/pip install torch==2.13.0
    .venv/bin/python packaging/demo_model_data.py   head-bleed --cache build/train
    .venv/bin/python packaging/train_demo_models.py head-bleed --cache build/train --minutes 15
    .venv/bin/python packaging/evaluate_demo_models.py head-bleed --calibrate build/train
    .venv/bin/python packaging/evaluate_demo_models.py head-bleed

and the same with lung-nodule, whose training started from its version 1.0.0 (`--start`). The third line fits the table
of probabilities on validation seeds; the last is the one evaluation, on test seeds that neither of the others looks at.
One thread, no GPU; `--minutes` counts processor time of the training alone. A new run gives similar numbers but not the
same bytes; the hash goes into model.toml by hand.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_model_data import TRAIN_SEEDS, cached

WINDOWS = {
    "head-bleed": [(40.0, 80.0), (80.0, 200.0), (600.0, 2800.0)],
    "lung-nodule": [(-600.0, 1500.0), (40.0, 400.0)],
}
# On top of the noise that the scans have already.
NOISE_HU = {"head-bleed": (0.2, 3.0), "lung-nodule": (3.0, 32.0)}
PATCH = {"head-bleed": (48, 80, 80), "lung-nodule": (48, 80, 80)}
RATE = {"head-bleed": 3e-3, "lung-nodule": 2e-3}
# Weight of lesion voxels, and of the voxels' loss beside that of the overlap.
LOSS = {"head-bleed": (3.0, 5.0), "lung-nodule": (4.0, 4.0)}
# How logits are moved, and divided, before they become probabilities: heads get back the odds that were taken by
# counting lesion voxels more often; chests get outlines that stay as wide when they are brought back to finer voxels.
LOGITS = {"head-bleed": (-math.log(LOSS["head-bleed"][0]), 1.0), "lung-nodule": (1.735, 2.5)}
MODELS = Path(__file__).resolve().parents[1] / "resources" / "models"


def channels(model: str, hu: np.ndarray) -> np.ndarray:
    """Return the model's input channels (c, k, j, i), float32 0 … 1, from HU."""
    parts = [np.clip((hu - (c - w / 2)) / w, 0, 1) for c, w in WINDOWS[model]]
    return np.stack(parts).astype(np.float32)


def scanned(rng: np.random.Generator, hu: np.ndarray, noise_hu: float, thick: int, coarse: bool) -> np.ndarray:
    """Return HU as a scan would give it: thicker slices (`thick` voxels averaged), spaced apart if `coarse`, noise."""
    out = hu.astype(np.float32)
    if thick > 1:
        total = np.cumsum(
            np.concatenate([np.repeat(out[:1], thick // 2 + 1, 0), out, np.repeat(out[-1:], thick, 0)]), 0
        )
        out = (total[thick : thick + len(hu)] - total[: len(hu)]) / np.float32(thick)
    noise = rng.standard_normal(out.shape, dtype=np.float32)
    if coarse and thick > 1:
        at = np.minimum(np.arange(len(out)), (len(out) - 1) // thick * thick)
        low = at // thick * thick
        high = np.minimum(low + thick, len(out) - 1)
        share = ((at - low) / thick).astype(np.float32)[:, None, None]
        out = out[low] * (1 - share) + out[high] * share
        noise = noise[low] * (1 - share) + noise[high] * share
    return out + noise * np.float32(noise_hu)


def places(model: str, hu: np.ndarray, truth: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the voxels (n, 3) of every lesion, and voxels all over the body; of a chest two thirds in the lungs."""
    lesions = [np.argwhere(truth == v) for v in np.unique(truth) if v]
    coarse = hu[::4, ::4, ::4]
    body = np.argwhere(coarse > -900)
    if model == "lung-nodule":
        _, nj, ni = coarse.shape
        inner = coarse[:, nj // 4 : 3 * nj // 4, ni // 6 : 5 * ni // 6]
        lung = np.argwhere((inner < -600) & (inner > -960)) + [0, nj // 4, ni // 6]
        body = np.vstack([body[:: max(1, 2 * len(body) // max(1, len(lung)))], lung])
    return lesions, body * 4


def drawn_patch(
    rng: np.random.Generator,
    model: str,
    hu: np.ndarray,
    truth: np.ndarray,
    lesions: list[np.ndarray],
    body: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return one augmented training patch (channels, mask); two of three lie at a lesion, small ones as often."""
    size = PATCH[model]
    if lesions and rng.random() < 0.67:
        where = lesions[int(rng.integers(len(lesions)))]
        centre = where[rng.integers(len(where))] + rng.integers(-14, 15, 3)
    else:
        centre = body[rng.integers(len(body))]
    start = [int(np.clip(c - p // 2, 0, max(0, n - p))) for c, p, n in zip(centre, size, hu.shape, strict=True)]
    box = tuple(slice(s, s + p) for s, p in zip(start, size, strict=True))
    noise = float(np.exp(rng.uniform(*np.log(NOISE_HU[model]))))
    if model == "head-bleed":
        thick = int(rng.choice([1, 2, 3], p=[0.75, 0.18, 0.07]))
        image = scanned(rng, hu[box], noise, thick, bool(rng.random() < 0.5))
        image = (image - 30) * np.float32(rng.uniform(0.92, 1.08)) + np.float32(30 + rng.normal(0, 1.5))
    else:
        image = scanned(rng, hu[box], noise if rng.random() < 0.6 else 0.0, 1 + int(rng.random() < 0.25), False)
        image += np.float32(rng.normal(0, 4.0))
    mask = truth[box] > 0
    pad = [(0, p - n) for p, n in zip(size, mask.shape, strict=True)]
    image, mask = np.pad(image, pad, constant_values=-1024), np.pad(mask, pad)
    if rng.random() < 0.5:
        image, mask = image[:, :, ::-1], mask[:, :, ::-1]
    for axis in (0, 1) if model == "lung-nodule" else ():
        if rng.random() < 0.25:
            image, mask = np.flip(image, axis), np.flip(mask, axis)
    return channels(model, image), mask[None].astype(np.float32)


class Cases:
    """The training scans that are in the cache; those still being made join in when they are there."""

    def __init__(self, model: str, folder: Path, wait: bool) -> None:
        self._model, self._folder, self._wait = model, folder, wait
        self._cases: dict[int, tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]] = {}
        self.more()

    def more(self) -> None:
        """Load what is new; make what is missing unless others are making it."""
        for seed in TRAIN_SEEDS[self._model]:
            there = (self._folder / f"{self._model}-{seed}.npz").exists()
            if seed not in self._cases and (there or not self._wait):
                hu, truth = cached(self._model, seed, self._folder)
                self._cases[seed] = (hu, truth, *places(self._model, hu, truth))

    def __len__(self) -> int:
        return len(self._cases)

    def drawn(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return one patch of any case."""
        seeds = sorted(self._cases)
        return drawn_patch(rng, self._model, *self._cases[seeds[int(rng.integers(len(seeds)))]])


def train(model: str, folder: Path, minutes: float, wall_minutes: float, wait: bool, first: Path | None) -> None:
    """Train for `minutes` of processor time, or until `wall_minutes` have passed, and write model.onnx."""
    import torch
    from demo_model_net import Net, exported, start_from
    from torch.nn import functional

    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    cases = Cases(model, folder, wait)
    net = Net(len(WINDOWS[model]))
    print(sum(p.numel() for p in net.parameters()), "parameters,", len(cases), "cases", flush=True)
    if first is not None:
        start_from(net, first, torch.from_numpy(np.stack([cases.drawn(rng)[0] for _ in range(6)])))
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE[model], weight_decay=1e-4)
    lesion_weight, pixel_weight = LOSS[model]
    start, began, step, shown = time.process_time(), time.monotonic(), 0, 0.0
    while True:
        spent = max((time.process_time() - start) / minutes, (time.monotonic() - began) / wall_minutes) / 60
        if spent >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = RATE[model] * min(1.0, (step + 1) / 30) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * spent)))
        drawn = [cases.drawn(rng) for _ in range(2)]
        image = torch.from_numpy(np.stack([d[0] for d in drawn]))
        mask = torch.from_numpy(np.stack([d[1] for d in drawn]))
        logits = net(image)
        p = torch.sigmoid(logits)
        overlap = (2 * (p * mask).sum() + 20) / (p.sum() + mask.sum() + 20)
        pixel = functional.binary_cross_entropy_with_logits(logits, mask, pos_weight=torch.tensor(lesion_weight))
        loss = 1 - overlap + pixel_weight * pixel
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        step += 1
        shown = float(loss.detach()) if step == 1 else 0.97 * shown + 0.03 * float(loss.detach())
        if step % 25 == 0:
            cases.more()
            spoken = f"{(time.process_time() - start) / 60:.1f} min"
            print(f"step {step} of {len(cases)} cases, {spoken}, spent {spent:.3f}, loss {shown:.3f}", flush=True)
        if step % 200 == 0:
            exported(net, len(WINDOWS[model]), folder / f"{model}.onnx", *LOGITS[model])
            torch.save(net.state_dict(), folder / f"{model}.pt")
    exported(net, len(WINDOWS[model]), folder / f"{model}.onnx", *LOGITS[model])
    exported(net, len(WINDOWS[model]), MODELS / model / "model.onnx", *LOGITS[model])


def main() -> None:
    """Read the command line, make phantoms, train, export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(WINDOWS))
    parser.add_argument("--cache", type=Path, required=True, help="folder for phantoms, kept between runs")
    parser.add_argument("--minutes", type=float, default=25.0, help="processor time for training")
    parser.add_argument("--wall-minutes", type=float, default=1e9, help="stop then at the latest")
    parser.add_argument("--wait", action="store_true", help="begin with the phantoms that are there")
    parser.add_argument("--start", type=Path, metavar="ONNX", help="exported model whose weights to begin with")
    a = parser.parse_args()
    train(a.model, a.cache, a.minutes, a.wall_minutes, a.wait, a.start)


if __name__ == "__main__":
    main()

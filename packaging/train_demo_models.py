"""Train the two demo models on phantoms, export them to ONNX and write what they reach on unseen seeds.

    .venv/bin/pip install torch==2.13.0
    .venv/bin/python packaging/train_demo_models.py head-bleed  --cache build/train --minutes 9
    .venv/bin/python packaging/train_demo_models.py lung-nodule --cache build/train --minutes 7

The two lines above made the bundled models, the heads with an earlier neck, so that a new run gives similar numbers but
not the same bytes. The hash and the numbers go into model.toml by hand.

One thread, no GPU; `--minutes` counts processor time of the training alone, making the phantoms (about 4 s each) comes
on top. Seeds, matching rule and operating points were fixed before anything was scored, and the test seeds are never
trained on. `--score` only measures the exported model again.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_model_scoring import MASK_THRESHOLD, score_model

from viewer.phantom import Phantom, make_chest, make_head

TRAIN_SEEDS = {"head-bleed": range(10_000, 10_110), "lung-nodule": range(20_000, 20_036)}
TEST_SEEDS = {"head-bleed": range(50_000, 50_020), "lung-nodule": range(60_000, 60_012)}
SPACING_MM = 2.0
WINDOWS = {
    "head-bleed": [(40.0, 80.0), (80.0, 200.0), (600.0, 2800.0)],
    "lung-nodule": [(-600.0, 1500.0), (40.0, 400.0)],
}
NOISE_HU = {"head-bleed": (1.0, 6.0), "lung-nodule": (4.0, 40.0)}
TEST_NOISE_HU = {"head-bleed": 3.0, "lung-nodule": 12.0}
PATCH = {"head-bleed": (48, 80, 80), "lung-nodule": (48, 80, 80)}
MODELS = Path(__file__).resolve().parents[1] / "resources" / "models"


def made(model: str, seed: int) -> Phantom:
    """Return the phantom of one seed at the model's spacing, without noise (it is added while training)."""
    cubic = (SPACING_MM, SPACING_MM, SPACING_MM)
    if model == "head-bleed":
        return make_head(seed, spacing_mm=cubic, size_ij=116, noise_hu=0.0)
    return make_chest(seed, spacing_mm=cubic, size_ij=176, noise_hu=0.0)


def cached(model: str, seed: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return HU (int16) and truth (uint8) of one seed, `[k, j, i]`, made once and kept on disk."""
    path = folder / f"{model}-{seed}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        phantom = made(model, seed)
        np.savez(path, hu=phantom.voxels_hu, truth=phantom.truth)
        print("made", path.name, flush=True)
    with np.load(path) as kept:
        return kept["hu"], kept["truth"]


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


def places(hu: np.ndarray, truth: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the voxels (n, 3) of every lesion, and voxels all over the body."""
    values = [v for v in np.unique(truth) if v]
    return [np.argwhere(truth == v) for v in values], np.argwhere(hu[::4, ::4, ::4] > -900) * 4


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
    thick = int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15])) if model == "head-bleed" else int(rng.choice([1, 2]))
    image = scanned(rng, hu[box], noise, thick, bool(rng.random() < 0.5)) + np.float32(rng.normal(0, 1.5))
    mask = truth[box] > 0
    pad = [(0, p - n) for p, n in zip(size, mask.shape, strict=True)]
    image, mask = np.pad(image, pad, constant_values=-1024), np.pad(mask, pad)
    if rng.random() < 0.5:
        image, mask = image[:, :, ::-1], mask[:, :, ::-1]
    return channels(model, image), mask[None].astype(np.float32)


def train(model: str, folder: Path, minutes: float) -> None:
    """Train for `minutes` of processor time and write model.onnx."""
    import torch
    from demo_model_net import Net, exported
    from torch.nn import functional

    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    loaded = [cached(model, seed, folder) for seed in TRAIN_SEEDS[model]]
    cases = [(hu, truth, *places(hu, truth)) for hu, truth in loaded]
    net = Net(len(WINDOWS[model]))
    print(sum(p.numel() for p in net.parameters()), "parameters,", len(cases), "cases", flush=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-4)
    start, step, shown = time.process_time(), 0, 0.0
    while (spent := (time.process_time() - start) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 30) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * spent)))
        drawn = [drawn_patch(rng, model, *cases[int(rng.integers(len(cases)))]) for _ in range(2)]
        image = torch.from_numpy(np.stack([d[0] for d in drawn]))
        mask = torch.from_numpy(np.stack([d[1] for d in drawn]))
        logits = net(image)
        p = torch.sigmoid(logits)
        overlap = (2 * (p * mask).sum() + 20) / (p.sum() + mask.sum() + 20)
        pixel = functional.binary_cross_entropy_with_logits(logits, mask, pos_weight=torch.tensor(4.0))
        loss = 1 - overlap + 4 * pixel
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        step += 1
        shown = float(loss.detach()) if step == 1 else 0.97 * shown + 0.03 * float(loss.detach())
        if step % 25 == 0:
            print(f"step {step} spent {spent:.3f} loss {shown:.3f}", flush=True)
        if step % 200 == 0:
            exported(net, len(WINDOWS[model]), folder / f"{model}.onnx")
    exported(net, len(WINDOWS[model]), MODELS / model / "model.onnx")


def score(model: str, folder: Path) -> None:
    """Print what the exported model reaches on the test seeds."""
    rng = np.random.default_rng(2)
    scans = []
    for seed in TEST_SEEDS[model]:
        hu, truth = cached(model, seed, folder)
        thick = 2 if model == "head-bleed" else 1
        scans.append((channels(model, scanned(rng, hu, TEST_NOISE_HU[model], thick, False)), truth))
    print(score_model(MODELS / model / "model.onnx", scans, SPACING_MM, MASK_THRESHOLD[model]))


def main() -> None:
    """Read the command line, make phantoms, train, export, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(WINDOWS))
    parser.add_argument("--cache", type=Path, required=True, help="folder for phantoms, kept between runs")
    parser.add_argument("--minutes", type=float, default=15.0, help="processor time for training")
    parser.add_argument("--score", action="store_true", help="only measure the model that is there")
    arguments = parser.parse_args()
    if not arguments.score:
        train(arguments.model, arguments.cache, arguments.minutes)
    score(arguments.model, arguments.cache)


if __name__ == "__main__":
    main()

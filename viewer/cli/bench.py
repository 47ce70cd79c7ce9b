"""`casestage bench`: the speed figures as ratios measured in one run, with their method."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from attrs import asdict

from viewer.cli.terminal import progress_context, say, say_json

if TYPE_CHECKING:
    import argparse

    from viewer.cli.bench_figures import Figure

# Group: what is said while it is measured, module, function. Each is loaded when its turn comes.
GROUPS = {
    "opening": ("Opening 400 slices", "viewer.cli.bench_opening", "opening"),
    "compressed": ("Opening compressed slices", "viewer.cli.bench_opening", "compressed"),
    "window": ("Opening in a window", "viewer.cli.bench_window", "window"),
    "scanning": ("Listing 10,000 files", "viewer.cli.bench_scan", "scanning"),
    "views": ("Looking in a window", "viewer.cli.bench_views", "views"),
    "looking": ("Scrolling", "viewer.cli.bench_view", "looking"),
    "3d": ("Turning 3D", "viewer.cli.bench_3d", "three_d"),
    "planes": ("Planes at rest, and along a path", "viewer.cli.bench_planes", "planes_at_rest"),
    "present": ("Presenting", "viewer.cli.bench_present", "present"),
    "switching": ("Switching cases, for some minutes", "viewer.cli.bench_switching", "switching"),
    "kiosk": ("Hours of a kiosk, for some minutes", "viewer.cli.bench_kiosk", "kiosk"),
    "models": ("Running models", "viewer.cli.bench_models", "models"),
}

# Measured only when asked for by name.
LONG = frozenset({"switching", "kiosk"})


def bench(arguments: argparse.Namespace) -> int:
    """Measure and print; with --check fail where a target is missed."""
    context = progress_context()
    figures: list[Figure] = []
    groups = [GROUPS[name] for name in arguments.only or [name for name in GROUPS if name not in LONG]]
    for n, (words, module, function) in enumerate(groups):
        context.report(n, len(groups), words)
        figures += getattr(import_module(module), function)()
    context.report(len(groups), len(groups), "Done")
    if arguments.json:
        say_json([asdict(figure) for figure in figures])
    else:
        for figure in figures:
            target = f"target ≤ {figure.target:.3g}" if figure.target is not None else "no target"
            mark = "reached" if figure.ok else "MISSED"
            say(f"{figure.name}: {figure.value:.4g} {figure.unit} ({target}{', ' + mark if figure.target else ''})")
            say(f"    {figure.method}")
    return 1 if arguments.check and not all(figure.ok for figure in figures) else 0

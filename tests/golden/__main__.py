"""Renews the kept pictures, or those named: `python -m tests.golden [NAME...]`. Look at each before committing it."""

from __future__ import annotations

import sys

from tests.golden.comparing import KEPT, save
from tests.golden.pictures import LOOKS_3D, OVERLAYS, PLANES, why_no_3d


def main() -> None:
    """Draw and write."""
    pictures = {**PLANES, **OVERLAYS, **({} if why_no_3d() else LOOKS_3D)}
    unknown = [name for name in sys.argv[1:] if name not in pictures]
    if unknown:
        sys.exit(f"There is no picture “{unknown[0]}”. There are: {', '.join(pictures)}.")
    for name in sys.argv[1:] or pictures:
        save(pictures[name](), KEPT / f"{name}.png")


if __name__ == "__main__":
    main()

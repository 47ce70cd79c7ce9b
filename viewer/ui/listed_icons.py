"""The icon of a command in a list of many: its own, or that of what it is about.

In menus a choice of several has its tick where others have an icon; in a list it would look as if one were missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.ui.commands import Command

# The first that the id begins with.
_ABOUT = (
    ("view.preset_3d", "box"),
    ("view.cut_3d", "box"),
    ("view.crop", "box"),
    ("view.table_3d", "box"),
    ("view.planes_3d", "box"),
    ("view.labels_3d", "box"),
    ("view.preset_", "contrast"),
    ("view.file_", "contrast"),
    ("view.colours_", "brush"),
    ("view.slab_", "layers"),
    ("view.interpolation_", "grid-2x2"),
    ("view.cine_", "play"),
    ("view.map_", "gauge"),
    ("view.move_", "move"),
    ("view.next_view", "layout-grid"),
    ("view.previous_view", "layout-grid"),
    ("view.", "rows-3"),
    ("path.", "spline"),
    ("overlay.", "brush"),
)


def listed_icon(command: Command) -> str:
    """Return the icon that stands before a command in a list."""
    return command.icon or next((icon for begin, icon in _ABOUT if command.id.startswith(begin)), "")

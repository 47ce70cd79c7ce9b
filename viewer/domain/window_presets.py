"""The window presets that radiologists know by their keys."""

from viewer.domain.volume import Window

# 1 to 7; 0 is the file's own. Key, name, centre, width.
PRESETS: tuple[tuple[str, Window], ...] = (
    ("1", Window(40, 400, "Soft tissue")),
    ("2", Window(-600, 1500, "Lung")),
    ("3", Window(90, 150, "Liver")),
    ("4", Window(480, 2500, "Bone")),
    ("5", Window(40, 80, "Brain")),
    ("6", Window(75, 200, "Subdural")),
    ("7", Window(170, 600, "Angio")),
)

"""What people see and touch: theme, widgets, commands, canvas and panels, in Qt."""

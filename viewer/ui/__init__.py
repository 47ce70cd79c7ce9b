"""The Qt interface: commands, canvas, panels, theme."""

"""Jobs, tasks, the player of steps, exporting."""

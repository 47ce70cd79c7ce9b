"""What the presenter sees and the audience does not: window, notes, clocks, search, rehearsal."""

"""Present: nothing but anatomy, narration and progress."""

"""Two models on one case: which are chosen, and how what they say differs."""

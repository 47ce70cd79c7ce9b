"""Inspect: what the model found, held against the ground truth."""

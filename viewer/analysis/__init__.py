"""Resampling, measurements, matching and metrics on plain arrays."""

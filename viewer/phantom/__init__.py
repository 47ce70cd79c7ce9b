"""Synthetic CT with known lesions."""

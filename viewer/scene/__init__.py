"""Pictures from values: planes and 3D."""

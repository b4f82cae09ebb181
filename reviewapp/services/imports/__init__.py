"""Bulk imports: asked for, worked through in slices, reported row by row."""

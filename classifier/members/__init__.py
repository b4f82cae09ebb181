"""Members of the fusion: one file each, found through `registry`."""

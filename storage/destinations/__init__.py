"""Where media can go: one module a kind, found by its file name."""

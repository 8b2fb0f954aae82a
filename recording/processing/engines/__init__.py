"""Transcript engines, one in each file: the file's name is the engine's, `ENGINE` is it."""

"""Puts the parts together: command line, start-up, processes, health."""

"""Runs SWML documents: parser, expressions, one file per method in methods/."""

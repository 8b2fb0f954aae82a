"""The api commands, one file per family."""

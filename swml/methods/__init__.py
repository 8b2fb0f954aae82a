"""SWML's methods, one file each; see swml.method for what such a file holds."""

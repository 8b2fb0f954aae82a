"""Runs Kazoo callflow documents: lookup, tree, one file per action in actions/."""

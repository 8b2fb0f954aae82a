"""Measures the engine against a peer and beside other servers."""

"""Reads `host:port`."""

from __future__ import annotations

import argparse


def read_address(text: str) -> tuple[str, int]:
    """`host:port` as a pair, `[::1]:8021` too.

    Raises: argparse.ArgumentTypeError: with what is wrong.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host.strip("[]"), int(port)

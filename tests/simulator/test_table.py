"""The table of mod_hash, as a real FreeSWITCH 1.10.12 answers."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        (["insert_ifempty/r/k/1", "insert_ifempty/r/k/2"], ["+OK\n", "-ERR key already exists\n"]),
        (["insert/r/k/1", "insert/r/k/2", "select/r/k"], ["+OK\n", "+OK\n", "2"]),
        (["insert/r/k/1", "delete_ifmatch/r/k/2"], ["+OK\n", "-ERR Doesn't match\n"]),
        (["insert/r/k/1", "delete_ifmatch/r/k/1", "delete/r/k"], ["+OK\n", "+OK\n", "-ERR Not found\n"]),
        (["delete_ifmatch/r/k/1"], ["-ERR Not found\n"]),
        (["insert/r/k/1", "delete/r/k", "select/r/k"], ["+OK\n", "+OK\n", "-ERR no reply\n"]),
        (["insert_ifempty/r/k"], ["-ERR Usage: hash insert|insert_ifempty|select|delete|delete_ifmatch"]),
    ],
)
def test_the_table(house: Any, asked: list[str], answers: list[str]) -> None:
    """One value a key; who inserts or deletes under a condition is told whether it held."""
    link = house.link()
    for argument, answer in zip(asked, answers, strict=True):
        assert link.ask(f"api hash {argument}").startswith(answer)

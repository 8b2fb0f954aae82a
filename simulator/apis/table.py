"""The table of mod_hash: one value for each realm and key, changed under a lock.

Source: FreeSWITCH mod_hash.c, hash_api_function.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.core import Api, Core

_SYNTAX = "insert|insert_ifempty|select|delete|delete_ifmatch/realm/key[/value]"
_USAGE = f"-ERR Usage: hash {_SYNTAX}\n"
_OK = "+OK\n"
_MISSING = "-ERR Not found\n"


def _insert(table: dict[str, str], key: str, value: str) -> str:
    table[key] = value
    return _OK


def _insert_if_empty(table: dict[str, str], key: str, value: str) -> str:
    if key in table:
        return "-ERR key already exists\n"
    return _insert(table, key, value)


def _select(table: dict[str, str], key: str, value: str) -> str:
    del value
    return table.get(key, "")


def _delete(table: dict[str, str], key: str, value: str) -> str:
    del value
    return _MISSING if table.pop(key, None) is None else _OK


def _delete_if_match(table: dict[str, str], key: str, value: str) -> str:
    if table.get(key, value) != value:
        return "-ERR Doesn't match\n"
    return _delete(table, key, value)


_VERBS: dict[str, tuple[int, Callable[[dict[str, str], str, str], str]]] = {
    "insert": (4, _insert),
    "insert_ifempty": (4, _insert_if_empty),
    "select": (3, _select),
    "delete": (3, _delete),
    "delete_ifmatch": (4, _delete_if_match),
}


def hash_(core: Core, argument: str) -> str:
    """`<verb>/<realm>/<key>[/<value>]`."""
    verb, realm, key, value = [*argument.split("/", 3), "", "", "", ""][:4]
    least, run = _VERBS.get(verb.lower(), (99, _select))
    if argument.count("/") + 1 < least:
        return _USAGE
    return run(core.table, f"{realm}_{key}", value)


APIS = (Api("hash", hash_, "hash get/set", f"[{_SYNTAX}]", module="mod_hash"),)

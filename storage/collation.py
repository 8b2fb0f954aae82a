"""CouchDB's order of view keys, for indexes kept in memory.

null < false < true < numbers < strings < arrays < objects; arrays element by element, the shorter first;
objects pair by pair. Strings follow the Unicode collation in CouchDB (ICU's root locale). Here they follow
an approximation of it that holds for what keys are made of (ids, numbers, names in Latin, Greek or Cyrillic
letters): spaces and punctuation before symbols before digits before letters, accents and case only as
tie-breakers, lower case first. Other scripts come in the order of their code points.

Source: CouchDB docs, "Views collation"; couch_ejson_compare.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

CollationKey = tuple[Any, ...]
"""Compares as CouchDB would, and is hashable: equal keys are equal keys there."""

_LOW_TO_HIGH = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""ASCII punctuation and symbols in the order of the Unicode collation's root table."""

_RANK = {char: rank for rank, char in enumerate(_LOW_TO_HIGH)}


def collation_key(value: Any) -> CollationKey:
    """Return what to sort and compare a JSON value by."""
    match value:
        case None:
            return (0,)
        case False:
            return (1,)
        case True:
            return (2,)
        case int() | float():
            return (3, value)
        case str():
            return (4, _text_key(value), value)
        case list() | tuple():
            return (5, tuple(collation_key(item) for item in value))
        case dict():
            return (6, tuple((collation_key(name), collation_key(item)) for name, item in value.items()))
    raise TypeError(f"{type(value).__name__} is not a JSON value")


@lru_cache(maxsize=4096)  # keys repeat: pvt_type, owner ids, the numbers that are called all day
def _text_key(text: str) -> CollationKey:
    """Compare letters first, then accents, then case."""
    if text.isascii():
        return tuple(map(_char_key, text)), (), text.swapcase()
    plain = [char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)]
    accents = tuple(char for char in unicodedata.normalize("NFD", text) if unicodedata.combining(char))
    return tuple(_char_key(char) for char in plain), accents, text.swapcase()


@lru_cache(maxsize=4096)  # one key for each character there is, not for each time it occurs
def _char_key(char: str) -> tuple[int, int, str]:
    if char in _RANK:
        return (1, _RANK[char], "")
    if char.isspace():
        return (0, 0, char)
    if char.isdigit():
        return (3, 0, char)
    if char.isalpha():
        return (4, 0, char.casefold())
    return (2, 0, char)

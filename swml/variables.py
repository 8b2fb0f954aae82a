"""The variables of a script: what is known of the call, what was set, what sections and documents are given.

Four scopes: `call`, `params` and `envs` are only read; `vars` is what methods set, and is meant by a name
without a scope. A path is names and indexes: `call.from`, `vars.order.items[0].name`, `record_url`.
What a script can pile up is bounded, since it comes from documents, callers and other people's servers.
Source: SignalWire's SWML reference, Variables.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from swml.errors import LimitReached, ScriptError

MAX_SIZE: Final = 1_000_000
"""Characters and values of all variables together, roughly a megabyte: as much as a document may be."""

MAX_DEPTH: Final = 32
"""Mappings within mappings; deeper data is no call's, and would have to be walked again and again."""

MAX_INDEX: Final = 10_000
"""Of a list that is made longer by setting one of its items."""

MAX_WHOLE: Final = 1 << 63
"""Whole numbers beyond are held as JavaScript holds them; no language here writes them out digit by digit."""

READ_ONLY: Final = frozenset({"call", "params", "envs"})
SCOPES: Final = READ_ONLY | {"vars"}

_NAME = r"[A-Za-z_$][A-Za-z0-9_$]*"
_KEY = r"""'[^'"\\]*'|"[^'"\\]*\""""
_HEADER = r"(?:(?:vars\.)?request_response_headers|call\.headers)\.[A-Za-z0-9_-]+"
"""Names of headers have dashes, which elsewhere subtract. Source: the published page of request."""
_PATH = re.compile(rf"(?:{_HEADER}|{_NAME}(?:\.(?:{_NAME}|[0-9]{{1,9}})|\.?\[(?:[0-9]{{1,9}}|{_KEY})\])*)\Z")
_PART = re.compile(rf"""{_KEY}|[^.\[\]'"]+""")

Key = str | int


def parse_path(path: str) -> tuple[Key, ...] | None:
    """Return a path's parts, None when it is no plain path. `a.b`, `a[0]`, `a['b']` and `a.['b']` are."""
    if len(path) > 1000 or not _PATH.match(path):
        return None
    return tuple(int(part) if part.isdigit() else part.strip("'\"") for part in _PART.findall(path))


class Variables:
    """All that expressions can name.

    Args: call: returns what is known of the call now; params: of the script or section; envs: of the
    operator; given: variables there are from the start.
    Attributes: params: of the section that runs now, exchanged by the interpreter.
    """

    __slots__ = ("_call", "_size", "_vars", "envs", "params")

    def __init__(
        self,
        call: Callable[[], Mapping[str, Any]] = dict,
        *,
        params: Mapping[str, Any] | None = None,
        envs: Mapping[str, Any] | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self._call = call
        self._vars: dict[str, Any] = {}
        self._size = 0
        self.params: Mapping[str, Any] = params or {}
        self.envs: Mapping[str, Any] = envs or {}
        for name, value in (given or {}).items():
            self._put(name, value)

    @property
    def call(self) -> Mapping[str, Any]:
        """What is known of the call now."""
        return self._call()

    @property
    def vars(self) -> Mapping[str, Any]:
        """What was set; only read."""
        return self._vars

    def get(self, path: str, default: Any = None) -> Any:
        """Return the value at a path, `default` where there is none.

        A name without a scope is looked up in `vars`, in `envs`, and in `call`.
        """
        parts = parse_path(path)
        if parts is None:
            return self._vars.get(path, default)
        return self.look_up(parts, default)

    def look_up(self, parts: tuple[Key, ...], default: Any = None) -> Any:
        """Return the value at a path that is parsed already, `default` where there is none."""
        first = parts[0]
        if first in SCOPES:
            value: Any = getattr(self, str(first))
            rest = parts[1:]
        else:
            scopes = (self._vars, self.envs, self.call)
            value, rest = next((scope for scope in scopes if first in scope), {}), parts
        for part in rest:
            value = _member(value, part)
            if value is _ABSENT:
                return default
        return value

    def set(self, path: str, value: Any) -> None:
        """Set a variable; mappings on its way are made, what is no mapping there is replaced.

        Args: value: any JSON value; it is copied. Raises: ScriptError: not to be set; LimitReached: too much.
        """
        parts = _settable(path)
        if len(parts) == 1:
            self._put(str(parts[0]), value)
            return
        name, *way, last = parts
        held = self._vars.get(str(name))
        root: Any = copy.deepcopy(held) if isinstance(held, dict | list) else _new(*way, last)
        place = root
        for part, following in pairwise((*way, last)):
            place = _entered(place, part, following)
        _store(place, last, value)
        self._put(str(name), root)

    def unset(self, path: str) -> None:
        """Remove a variable; nothing happens where there is none. Raises: ScriptError: not to be set."""
        name, *way = _settable(path)
        if not way:
            if str(name) in self._vars:
                self._size -= _size(self._vars.pop(str(name))) + len(str(name))
            return
        root = copy.deepcopy(self._vars.get(str(name)))
        place: Any = root
        for part in way[:-1]:
            place = _member(place, part)
        last = way[-1]
        if isinstance(place, dict) and str(last) in place:
            del place[str(last)]
        elif isinstance(place, list) and isinstance(last, int) and last < len(place):
            place[last] = None
        else:
            return
        self._put(str(name), root)

    def scopes(self) -> dict[str, Any]:
        """Return the four scopes by their names, as JSON values; only read."""
        return {
            "call": self.call,
            "vars": self._vars,
            "params": self.params,
            "envs": self.envs,
        }

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of the four scopes, which later changes leave alone."""
        return copy.deepcopy({name: dict(scope) for name, scope in self.scopes().items()})

    def _put(self, name: str, value: Any) -> None:
        value = _plain(value, 0)
        before = _size(self._vars[name]) + len(name) if name in self._vars else 0
        after = self._size - before + _size(value) + len(name)
        if after > MAX_SIZE:
            raise LimitReached(f"the variable {name[:64]} makes more than {MAX_SIZE} characters of variables")
        self._vars[name] = value
        self._size = after


_ABSENT = object()


def _member(value: Any, part: Key) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(part), _ABSENT)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return _ABSENT


def _settable(path: str) -> tuple[Key, ...]:
    parts = parse_path(path)
    if parts is None:
        parts = (path,)  # any text is a name, if one that only its whole spelling reaches
    if parts[0] == "vars" and len(parts) > 1:
        parts = parts[1:]
    if parts[0] in SCOPES:
        raise ScriptError(f"{path[:64]} cannot be set: {parts[0]} is read only")
    if len(parts) > MAX_DEPTH:
        raise LimitReached(f"{path[:64]} is deeper than {MAX_DEPTH}")
    return parts


def _new(first: Key, *_others: Key) -> dict[str, Any] | list[Any]:
    """Return what can have such a key."""
    return [] if isinstance(first, int) else {}


def _entered(place: Any, part: Key, following: Key) -> Any:
    """Return the mapping or list in `place` at `part`, made where there is none for what follows."""
    inner = _member(place, part)
    if not isinstance(inner, dict | list):
        inner = _new(following)
        _store(place, part, inner)
    return inner


def _store(place: Any, part: Key, value: Any) -> None:
    if isinstance(place, dict):
        place[str(part)] = value
        return
    if not isinstance(part, int):
        raise ScriptError(f"{part[:64]} is no index of a list")
    if part > MAX_INDEX:
        raise LimitReached(f"no list may have more than {MAX_INDEX} items by setting one of them")
    place.extend([None] * (part + 1 - len(place)))
    place[part] = value


def _plain(value: Any, depth: int) -> Any:
    """Return a copy made of JSON values alone."""
    if depth > MAX_DEPTH:
        raise LimitReached(f"a variable is deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int) and abs(value) < MAX_WHOLE:
        return value
    if isinstance(value, int):
        return float(value) if abs(value) < 10**308 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # as JSON.stringify has it
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return str(value)


def _size(value: Any) -> int:
    return sum(_sizes(value))


def _sizes(value: Any) -> Iterator[int]:
    if isinstance(value, str):
        yield len(value) + 2
    elif isinstance(value, dict):
        for key, item in value.items():
            yield len(key) + 4
            yield from _sizes(item)
    elif isinstance(value, list):
        for item in value:
            yield 2
            yield from _sizes(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield 1 + value.bit_length() // 3
    else:
        yield 8

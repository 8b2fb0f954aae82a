"""Values and documents made of the language's JSON schema, as the SDK carries it, sound and broken ones.

The schema says of each method what it takes; the strategies here follow it wherever it goes, so that a
property that is added to it is tried without anybody's writing it down again.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import strategies as st

from swml.method import Support
from swml.registry import all_methods

Schema = Mapping[str, Any]
Json = Any

TEXTS = st.sampled_from(["", "a", "x y", "5", "main", "https://example.com/a", "say: hello", "ünï", "#*1"])
VARIABLES = st.sampled_from(["${x}", "%{vars.y}", "${a + 1}", "${ }"])
PLAYABLE = st.one_of(
    st.sampled_from(["https://example.com/a.mp3", "http://h/x", "say:hello", "say: hello", "silence:2"]),
    st.sampled_from(["silence: 1.5", "ring:us", "ring: us", "ring:10:us", "ring: 4.5: us"]),
)
JUNK: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-200, 20_000) | st.floats(-200, 200) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
"""Anything at all, variables aside."""


@cache
def published() -> dict[str, Any]:
    """Return the schema of whole documents, without importing the SDK, which has its own ideas of logging."""
    spec = find_spec("signalwire_agents")
    assert spec is not None
    assert spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / "schema.json").read_text()
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def validator(definition: str = "") -> jsonschema.Draft202012Validator:
    """Return what judges a definition's instances; whole documents without one."""
    if not definition:
        return jsonschema.Draft202012Validator(published())
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{definition}", "$defs": published()["$defs"]},
    )


@cache
def methods() -> dict[str, str]:
    """Return the definition of each method, by the method's name in documents."""
    names = [each["$ref"].rsplit("/", 1)[1] for each in published()["$defs"]["SWMLMethod"]["anyOf"]]
    return {next(iter(published()["$defs"][name]["properties"])): name for name in names}


def resolved(schema: Schema) -> Schema:
    """Return what a reference refers to."""
    while "$ref" in schema:
        schema = published()["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def shapes(method: str) -> list[Schema]:
    """Return the mappings a method takes, one for each way of writing it; [] when it takes none."""
    schema = resolved(published()["$defs"][methods()[method]]["properties"][method])
    several = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return [shape for shape in map(resolved, several) if shape.get("properties")]


NESTED = frozenset(name for name, method in all_methods() if method.support is not Support.CLOUD)
"""Methods of steps within others; what is within a method of the cloud has enough depth of its own."""

DEEPEST = 5
"""Lists and mappings within one another; below, only what must be there is."""


def valued(schema: Schema, depth: int = 0) -> st.SearchStrategy[Json]:
    """Return values that a schema accepts, more or less: who uses them asks the schema again."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return steps_of(NESTED, depth) if name == "SWMLMethod" else _referred(name, depth)
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return st.one_of([valued({**_limits(schema), **one}, depth) for one in schema[several]])
    low, high = math.ceil(schema.get("minimum", -5)), math.floor(schema.get("maximum", 20_000))
    kinds: dict[str, st.SearchStrategy[Json]] = {
        "string": _texts(schema),
        "integer": st.integers(low, high),
        "number": st.integers(low, high) | st.floats(low, high),
        "boolean": st.booleans(),
    }
    kind = schema.get("type", "")
    if kind == "array":
        most = 0 if depth > DEEPEST else 2
        return st.lists(valued(schema["items"], depth + 1), max_size=most) if most else st.just([])
    return _mappings(schema, depth) if kind == "object" else kinds.get(kind, JUNK)


@cache
def _referred(name: str, depth: int) -> st.SearchStrategy[Json]:
    """Made when it is drawn from: definitions refer to one another."""
    return st.deferred(lambda: valued(published()["$defs"][name], depth))


def _limits(schema: Schema) -> dict[str, Any]:
    return {key: schema[key] for key in ("minimum", "maximum") if key in schema}


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    pattern = schema.get("pattern", "")
    if pattern.startswith("^(http"):
        return PLAYABLE
    if pattern:
        return VARIABLES
    return st.just("https://example.com/a") if schema.get("format") == "uri" else TEXTS


def _mappings(schema: Schema, depth: int) -> st.SearchStrategy[Json]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    further = schema.get("unevaluatedProperties")
    if not properties:
        if not isinstance(further, Mapping) or "not" in further:
            return st.just({})
        keys = st.sampled_from(["a", "5", "b c"])
        most = 0 if depth > DEEPEST else 2
        return st.dictionaries(keys, valued(further, depth + 1), max_size=most) if most else st.just({})
    more = properties.keys() - set(required) if depth <= DEEPEST else ()
    optional = {key: properties[key] for key in sorted(more)}
    return st.fixed_dictionaries(
        {key: valued(properties[key], depth + 1) for key in required},
        optional={key: valued(one, depth + 1) for key, one in optional.items()},
    )


@cache
def steps_of(known: frozenset[str], depth: int = 0) -> st.SearchStrategy[Json]:
    """Return single steps of some methods, with whatever steps within them."""
    names = sorted(known & methods().keys())
    return st.sampled_from(names).flatmap(lambda name: _referred(methods()[name], depth))


def documents(known: frozenset[str]) -> st.SearchStrategy[Json]:
    """Return documents that the schema accepts, more or less; their labels and sections may be none."""
    section = st.lists(steps_of(known), max_size=4)
    return st.fixed_dictionaries(
        {"sections": st.fixed_dictionaries({"main": section}, optional={"other": section})},
        optional={"version": st.just("1.0.0")},
    )


@st.composite
def broken(draw: st.DrawFn, sound: st.SearchStrategy[Json]) -> Json:
    """Return documents with one or two places exchanged, added or taken away."""
    document = copy.deepcopy(draw(sound))
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(document))
        holder, key = draw(st.sampled_from(places)) if places else (None, None)
        what = draw(st.sampled_from(["exchange", "remove", "add"]))
        if holder is None:
            return draw(JUNK)
        if what == "remove":
            del holder[key]
        elif what == "exchange":
            holder[key] = draw(JUNK)
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(["zz", "url", "then", "play", ""]))] = draw(JUNK)
        else:
            holder.append(draw(JUNK))
    return document


def _places(value: Json) -> Any:
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value, index
            yield from _places(value[index])

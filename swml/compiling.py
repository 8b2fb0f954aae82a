"""Makes a script of a document, or tells everything that is wrong with it.

Every step's properties are loaded by its method's schema as they are written; steps within them are compiled
in their places. What only the whole document shows (labels and sections that are named, and not there) is
looked at last. A method that needs its maker's cloud is a doubt, and ends the script when it is come to.
Source: SignalWire's JSON schema of SWML, SWMLObject, Section, SWMLMethod; SWML reference, Errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import gevent
from marshmallow import ValidationError

from swml.document import Script, Step
from swml.errors import BadDocument
from swml.finding import Finding
from swml.method import Method, Names, Support
from swml.property import MethodData, compiling
from swml.reading import read
from swml.registry import Registry, all_methods
from swml.value import has_expression

VERSION: Final = "1.0.0"

MAX_FINDINGS: Final = 200
"""Nobody reads more."""

AT_ONCE_BYTES: Final = 8 << 10
"""A document up to this size is compiled within some milliseconds; longer ones leave the hub alone."""

MISSING: Final = "Missing data for required field."
UNKNOWN: Final = "Unknown field."
"""marshmallow's words."""

WRONG_TYPE: Final = "relay_script_element_wrong_type"


def load(source: str | bytes, url: str = "") -> Script:
    """Return the script of a document's text; made off the hub when it is long.

    Args: url: where it came from, "" for inline. Raises: BadDocument: with every fault.
    """
    if len(source) <= AT_ONCE_BYTES:
        return compile_text(source, url)
    made: Script | BadDocument = gevent.get_hub().threadpool.apply(_compiled, (source, url))
    if isinstance(made, BadDocument):
        raise made
    return made


def _compiled(source: str | bytes, url: str) -> Script | BadDocument:
    """The same, faults as a value: gevent prints a traceback for whatever a thread of its pool raises."""
    try:
        return compile_text(source, url)
    except BadDocument as exc:
        return exc


def compile_text(source: str | bytes, url: str = "") -> Script:
    """Return the script of a document's text, as `load`, where one is."""
    return compile_document(read(source), url=url)


def compile_document(data: Any, *, url: str = "", registry: Registry | None = None) -> Script:
    """Return the script of a document. Args: data: as swml.reading returns it. Raises: BadDocument."""
    compiler = _Compiler(registry or all_methods())
    sections = compiler.document(data)
    findings = compiler.findings
    if any(finding.is_fault for finding in findings):
        raise BadDocument(sorted(findings, key=lambda finding: not finding.is_fault)[:MAX_FINDINGS])
    return Script(sections, tuple(findings[:MAX_FINDINGS]), url)


@cache
def schema_of(method: Method) -> MethodData:
    """Return a method's schema, made once."""
    return method.schema()


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a document. `trail`: within the section's step, its method first: `cond[0].then[1].play`."""

    section: str = ""
    index: int = -1
    trail: str = ""

    def below(self, path: str) -> _Place:
        """Return the place of a property, an index or a method within this."""
        dot = "." if self.trail and path and not path.startswith("[") else ""
        return replace(self, trail=f"{self.trail}{dot}{path}")


class _Compiler:
    """Compiles one document."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.findings: list[Finding] = []
        self._steps: list[tuple[Step, frozenset[str]]] = []  # with the labels each can go to

    def document(self, data: Any) -> Mapping[str, tuple[Step, ...]]:
        """Return the sections, compiled as far as they can be."""
        top = _Place()
        if not isinstance(data, dict):
            self._found(top, "a document is a mapping with sections in it", WRONG_TYPE)
            return {}
        for key in data.keys() - {"version", "sections"}:
            self._found(top, f"{_shown(key)} is no part of a document", "relay_script_element_undefined")
        if data.get("version", VERSION) != VERSION:
            self._found(top, f"version must be the text {VERSION}", "relay_script_version_invalid")
        sections = data.get("sections")
        if not isinstance(sections, dict):
            code = WRONG_TYPE if "sections" in data else "relay_script_sections_missing"
            self._found(top, "a document has a mapping of sections", code)
            return {}
        if "main" not in sections:
            self._found(top, "there is no section main", "relay_script_main_section_missing")
        compiled = {name: self._section(name, steps) for name, steps in sections.items()}
        self._check(frozenset(sections))
        return compiled

    def _section(self, name: str, steps: Any) -> tuple[Step, ...]:
        place = _Place(name)
        if not isinstance(steps, list):
            self._found(place, "a section is a list of steps", WRONG_TYPE)
            return ()
        if not steps:
            self._found(place, "the section has no steps", "relay_script_section_code_missing", fault=False)
        return self._list(steps, place, frozenset(), frozenset())

    def _list(
        self, steps: Sequence[Any], place: _Place, above: frozenset[str], only: frozenset[str]
    ) -> tuple[Step, ...]:
        """Compile a list of steps. Args: above: labels of the lists that hold it; only: methods allowed."""
        own = [step["label"] for step in steps if _is_label(step)]
        for label in {label for label in own if own.count(label) > 1}:
            message = f"the label {_shown(label)} is there twice; goto goes to the first"
            self._found(place, message, "relay_script_element_duplicated", fault=False)
        compiled: list[Step] = []
        for index, written in enumerate(steps):
            at = place.below(f"[{index}]") if place.trail else replace(place, index=index)
            step = self._step(written, at, above | frozenset(own), only)
            if step is not None:
                compiled.append(step)
        return tuple(compiled)

    def _step(self, written: Any, place: _Place, labels: frozenset[str], only: frozenset[str]) -> Step | None:
        if not isinstance(written, dict) or len(written) != 1:
            self._found(place, _no_step(written), "relay_script_method_missing_name")
            return None
        ((name, value),) = written.items()
        method = self._registry.get(name)
        if method is None:
            near = self._registry.nearest(name)
            hint = f"; is {near} meant?" if near else ""
            message = f"there is no method {_shown(name)}{hint}"
            self._found(place, message, "relay_script_method_undefined")
            return None
        if only and name not in only:
            self._found(place, f"{name} may not stand here; {', '.join(sorted(only))} may")
        inner = place.below(name)
        if method.support is Support.CLOUD:
            message = f"{name} needs its maker's cloud: the script ends here with an error"
            self._found(inner, message, fault=False)
        return self._loaded(name, method, value, inner, labels)

    def _loaded(
        self, name: str, method: Method, value: Any, place: _Place, labels: frozenset[str]
    ) -> Step | None:
        """Read a step's properties. Args: place: with the method's name at its end."""
        sole = method.sole or ("" if isinstance(value, dict) else method.bare)
        if value is None and not method.sole and not _needs_any(method):
            value, sole = {}, ""  # `hangup:` and nothing behind it
        if sole:
            value = {sole: value}
        if not isinstance(value, dict):
            self._found(place, f"{name} takes a mapping", WRONG_TYPE)
            return None
        nested: dict[str, tuple[Step, ...]] = {}

        def compile_steps(steps: list[Any], path: str, only: frozenset[str]) -> tuple[Step, ...]:
            path = _without(sole, path)
            nested[path] = self._list(steps, place.below(path), labels, only)
            return nested[path]

        try:
            with compiling(compile_steps):
                properties = schema_of(method).load(value)
        except ValidationError as exc:
            for path, message in flattened("", exc.messages):
                self._refused(place.below(_without(sole, path)), message)
            return None
        path = place.trail.removesuffix(name).removesuffix(".")
        plain = not any(has_expressions(item) for key, item in properties.items() if key not in method.keeps)
        step = Step(name, method, properties, place.section, place.index, path, nested or None, plain)
        self._steps.append((step, labels))
        return step

    def _refused(self, place: _Place, message: str) -> None:
        if message == MISSING:
            self._found(place, "is missing", "relay_script_method_parameter_missing")
        elif message == UNKNOWN:
            self._found(place, "is no property there", "relay_script_method_parameter_undefined")
        else:
            self._found(place, message, "relay_script_method_parameter_invalid_value")

    def _check(self, sections: frozenset[str]) -> None:
        """Look at what only the whole document shows."""
        for step, labels in self._steps:
            if step.method.check is not None:
                place = _Place(step.section, step.index, step.path).below(step.name)
                for fault in step.method.check(step.properties, Names(labels, sections, _faults_in)):
                    self._found(place.below(fault.path), fault.message, fault.code, fault=fault.is_fault)

    def _found(self, place: _Place, message: str, code: str = "", *, fault: bool = True) -> None:
        end = min((at for at in map(place.trail.find, ".[") if at >= 0), default=len(place.trail))
        method, path = place.trail[:end], place.trail[end:].removeprefix(".")
        self.findings.append(Finding(message, place.section, place.index, method, path, fault, code))


def _faults_in(source: str) -> str:
    try:
        compile_text(source)
    except BadDocument as exc:
        return str(exc)
    return ""


def has_expressions(value: Any) -> bool:
    """Whether there is anything to be expanded in a value, steps in it aside."""
    if isinstance(value, str):
        return has_expression(value)
    if isinstance(value, Mapping):
        return any(has_expressions(item) or has_expressions(key) for key, item in value.items())
    return isinstance(value, list) and any(map(has_expressions, value))


def _no_step(written: Any) -> str:
    if isinstance(written, str):
        return f"a step is a mapping: write `{written[:32]}: {{}}`"
    if isinstance(written, dict) and len(written) > 1:
        return f"a step is one method, not {len(written)}: {', '.join(map(_shown, list(written)[:5]))}"
    return "a step is a mapping of one method to its properties"


def _is_label(step: Any) -> bool:
    return isinstance(step, dict) and len(step) == 1 and isinstance(step.get("label"), str)


def _needs_any(method: Method) -> bool:
    return any(field.required for field in schema_of(method).fields.values())


def flattened(path: str, messages: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, message) of marshmallow's tree of messages."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            if key == "_schema":
                yield from flattened(path, below)
            elif isinstance(key, int):
                yield from flattened(f"{path}[{key}]", below)
            else:
                yield from flattened(f"{path}.{key}" if path else str(key), below)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield path, str(message)


def _without(sole: str, path: str) -> str:
    """Return a path without the property that was not written."""
    return path.removeprefix(sole).removeprefix(".") if sole else path


def _shown(value: Any) -> str:
    return repr(value if len(str(value)) <= 64 else str(value)[:61] + "...")

"""Where `execute` and `transfer` can go: a section, a URL, a document written out as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from swml.method import Data, Fault, Names
from swml.run import ScriptRun
from swml.value import as_text, has_expression, is_web_url


def is_inline(dest: str) -> bool:
    """Whether a destination is a document."""
    return dest.lstrip()[:1] == "{"


def is_url(dest: str) -> bool:
    """Whether a destination is a URL, be it one that can be used or not."""
    return dest.lower().startswith(("http://", "https://"))


def destination(run: ScriptRun, data: Data) -> str:
    """Return a destination. Variables in a document are the document's own. Raises: ScriptError."""
    dest: str = data["dest"]
    return dest if is_inline(dest) else as_text(run.expand(dest))


def check(data: Data, names: Names) -> Iterator[Fault]:
    """Yield what is wrong with a destination that stands there as it is."""
    dest = data["dest"]
    if is_inline(dest):
        if fault := names.faults_in(dest):
            yield Fault("dest", f"the document in it: {fault}", code="relay_script_parse_error")
    elif has_expression(dest) or dest in names.sections:
        return
    elif not is_url(dest):
        message = f"there is no section {dest[:64]!r}"
        yield Fault("dest", message, code="relay_script_section_parameter_undefined")
    elif not is_web_url(dest):
        yield Fault("dest", "is no URL that can be fetched", code="relay_script_parse_error")

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
    if dest in names.sections or has_expression(dest):
        return
    if is_inline(dest):
        return  # compiled when it is come to: the variables in it are its own
    if is_url(dest):
        if not is_web_url(dest):
            yield Fault("dest", "is no URL that can be fetched", code="relay_script_parse_error")
        return
    yield Fault("dest", f"there is no section {dest[:64]!r}", code="relay_script_section_parameter_undefined")

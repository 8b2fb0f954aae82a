"""Calls that bring their program along: a channel variable of the dialplan names it, no number is looked up.

| variable | holds |
|---|---|
| `callflows_swml` | an SWML document, or the http(s) URL of one |

Such a call runs a callflow of one node, made here; account, preflow, automatic recordings and the end are
those of every call.
"""

from __future__ import annotations

from typing import Protocol

from callflows.document import Flow, compile_flow
from callflows.registry import Registry

SWML_VARIABLE = "callflows_swml"
"""Set in the dialplan; no SIP peer can set a variable without the prefix sip_."""


class Bringing(Protocol):
    """A call, as far as it is asked here."""

    def variable(self, name: str) -> str | None:
        """Return a channel variable."""


def flow_of(call: Bringing, registry: Registry) -> Flow | None:
    """Return the callflow of a call that brings its program along, None for all others."""
    text = (call.variable(SWML_VARIABLE) or "").strip()
    if not text:
        return None
    is_url = text.lower().startswith(("http://", "https://"))
    data = {"url": text} if is_url else {"document": text}
    node = {"module": "swml", "data": data, "children": {}}
    return compile_flow({"name": SWML_VARIABLE, "flow": node}, registry)

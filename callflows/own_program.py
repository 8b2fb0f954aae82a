"""Calls whose program is no document of callflows: a channel variable of the dialplan names it, or its number
belongs to a connection of call control.

| variable | holds |
|---|---|
| `callflows_swml` | an SWML document, or the http(s) URL of one |

A number without a callflow of its own is asked for among those that connections own: before `no_match`, which
takes what nobody else does.

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


class NumberOwners(Protocol):
    """Knows which numbers belong to a client program (callcontrol.connections.Connections)."""

    def owns(self, account_id: str, number: str) -> bool:
        """Whether an active connection of the account owns a number. Raises: StoreUnavailable."""


def flow_of_owned(registry: Registry) -> Flow:
    """Return the callflow of a call to a number that a connection owns."""
    node = {"module": "call_control", "data": {}, "children": {}}
    return compile_flow({"name": "a number of a connection", "flow": node}, registry)


def flow_of(call: Bringing, registry: Registry) -> Flow | None:
    """Return the callflow of a call that brings its program along, None for all others."""
    text = (call.variable(SWML_VARIABLE) or "").strip()
    if not text:
        return None
    is_url = text.lower().startswith(("http://", "https://"))
    data = {"url": text} if is_url else {"document": text}
    node = {"module": "swml", "data": data, "children": {}}
    return compile_flow({"name": SWML_VARIABLE, "flow": node}, registry)

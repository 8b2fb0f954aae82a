"""Puts the account's preflow, a callflow that every call runs first, before the callflow dialled.

Source: Kazoo cf_exe, account document `preflow.always` (reference section 1.2).
"""

from __future__ import annotations

from types import MappingProxyType

from callflows.document import Flow, Node
from callflows.registry import Registry
from storage.document import Document

PATH = "preflow"
"""Where the node that calls it stands, in logs; it is in no document."""


def root_of(flow: Flow, account: Document, registry: Registry) -> Node:
    """Return the flow's root, under the account's preflow if it has one."""
    preflow = account.get("preflow")
    always = preflow.get("always") if isinstance(preflow, dict) else None
    action = registry.get("callflow")
    if not isinstance(always, str) or not always or action is None:
        return flow.root
    return Node(
        path=PATH,
        module="callflow",
        action=action,
        data=MappingProxyType({"id": always}),
        children=MappingProxyType({"_": flow.root}),
    )

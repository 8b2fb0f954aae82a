"""From a storage plan to the one delivery it asks for, so that document and media come in their order."""

from __future__ import annotations

from typing import Any

from storage.destination import Target
from storage.plan import StoragePlan


def target_of(plan: StoragePlan, place: dict[str, Any]) -> Target:
    """Return where a usable plan wants a recording.

    Args: place: database, doc_id, otherwise; see storage.document_delivery.
    """
    parameters = dict(place)
    if plan.elsewhere is not None:
        target = plan.elsewhere.target
        parameters["media"] = {"kind": target.kind, "parameters": target.parameters}
        parameters["handler"] = plan.elsewhere.handler
        if plan.elsewhere.keeps_copy:
            parameters["keeps_copy"] = True
    if plan.couchdb is None:
        return Target("local", parameters)
    return Target("couchdb", {**plan.couchdb, **parameters})

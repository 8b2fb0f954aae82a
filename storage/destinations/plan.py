"""Takes recordings whose storage plan could not be used when their call ended: by the plan as it is now.

| parameter | |
|---|---|
| account | whose plan |
| place | database, doc_id, otherwise; see storage.document_delivery |

The first attempt makes a dead letter that says what is wrong with the plan. When the plan is mended,
`callflows deliveries retry` delivers by it.
"""

from __future__ import annotations

from typing import Any

from storage import plan_targets
from storage.destination import DestinationContext, Media, Receipt
from storage.destination_registry import Destinations
from storage.errors import DeliveryFailed
from storage.plan import Plans

PARAMETERS = frozenset(("account", "place"))


class PlanDestination:
    """Wherever the account's plan says."""

    def __init__(self, context: DestinationContext) -> None:
        self._plans = Plans(context.documents)
        self._destinations = Destinations(context)

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; those of the plan are told by the attempt."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        if not isinstance(parameters.get("account"), str):
            faults.append("account: must be text")
        if not isinstance(parameters.get("place"), dict):
            faults.append("place: must name a database and a doc_id")
        return faults

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Deliver by the plan. Raises: as the plan's destination; DeliveryFailed: it cannot be used."""
        plan = self._plans.of(parameters["account"])
        if not plan.decides:
            raise DeliveryFailed("the account has no storage plan any more", retryable=False)
        if plan.fault:
            raise DeliveryFailed(f"storage plan: {plan.fault}", retryable=False)
        target = plan_targets.target_of(plan, parameters["place"])
        destination = self._destinations.find(target.kind)
        faults = ["it is not installed"] if destination is None else destination.validate(target.parameters)
        if destination is None or faults:
            raise DeliveryFailed(f"storage plan: {target.kind}: {'; '.join(faults)}", retryable=False)
        return destination.deliver(media, metadata, target.parameters)


DESTINATION = PlanDestination

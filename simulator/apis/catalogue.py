"""All api commands there are."""

from __future__ import annotations

from simulator.apis import calls, system

APIS = (*calls.APIS, *system.APIS)

"""All api commands there are."""

from __future__ import annotations

from simulator.apis import calls, gathering, media, system, table

APIS = (*calls.APIS, *gathering.APIS, *media.APIS, *system.APIS, *table.APIS)

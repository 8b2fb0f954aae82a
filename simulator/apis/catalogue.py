"""All api commands there are."""

from __future__ import annotations

from simulator.apis import calls, media, system, table

APIS = (*calls.APIS, *media.APIS, *system.APIS, *table.APIS)

"""Applications written out in place of an extension: `<application>:<argument>,…`.

Source: FreeSWITCH mod_dptools.c (inline_dialplan_hunt).
"""

from __future__ import annotations

from simulator.dialstring import separate


def inline(extension: str) -> list[tuple[str, str]]:
    """Return the applications of an extension of the dialplan of that name."""
    actions = []
    for part in separate(extension, ","):
        application, _, argument = part.partition(":")
        actions.append((application, argument))
    return actions

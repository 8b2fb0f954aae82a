"""What becomes of a leg when the one it talks with goes: it goes too, waits for commands, or is held.

FreeSWITCH asks the leg's variables as the bridge ends, so whoever ends it, and whoever lives by then.
Source: FreeSWITCH switch_ivr_bridge.c, switch_ivr_multi_threaded_bridge and audio_bridge_on_exchange_media.
"""

from __future__ import annotations

HOLD = "endless_playback:local_stream\\\\://moh:inline"
"""An inline extension; its colon is escaped because the others separate its parts."""

SELF = "self"


def parting(*, parks: bool, holds: bool = False) -> dict[str, str]:
    """Return the variables of a leg that is about to be bridged; an empty value removes what was before.

    Args: parks: it waits for commands afterwards; holds: it does, and hears music.
    """
    return {
        "hangup_after_bridge": "true",
        "park_after_bridge": "true" if parks and not holds else "",
        "transfer_after_bridge": HOLD if holds else "",
    }


def muting(mute_dtmf: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables for `mute_dtmf`: of the leg itself, and of the other one.

    A leg's variable keeps its digits from the other: `self` is not to hear digits, so the other's are kept.
    """
    own = "true" if mute_dtmf in ("both", "opposite") else ""
    others = "true" if mute_dtmf in ("both", "self") else ""
    return {"bridge_filter_dtmf": own}, {"bridge_filter_dtmf": others}

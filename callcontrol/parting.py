"""Where a leg goes when it leaves what it does, or when the one it talks with goes.

FreeSWITCH asks the leg's variables as a bridge ends, so whoever ends it, and whoever lives by then. A leg
that is to wait is sent to an extension of its own: the state of the same name (uuid_park, park_after_bridge)
is left for ever by a leg whose bridge was made there. It sleeps first, because a leg that comes from an
engine's socket is let go of as that socket closes, a moment later, and would end its waiting with it.

Source: FreeSWITCH switch_ivr_bridge.c, switch_ivr_multi_threaded_bridge and audio_bridge_on_exchange_media
(transfer_after_bridge); mod_event_socket.c, listener_run (CF_CONTROLLED); switch_ivr.c, switch_ivr_park.
"""

from __future__ import annotations

WAITING = "sleep:500,park"
"""Applications, with dialplan `inline`: it takes commands in either."""

APPLICATIONS = ("sleep", "park")

WAIT = WAITING.replace(":", "\\:") + ":inline"
HOLD = "endless_playback\\:local_stream\\://moh:inline"
"""An extension and its dialplan, separated by a colon; those of the extension are escaped."""

SELF = "self"

SILENCE = {"send_silence_when_idle": "-1"}
"""Of a leg that is sent silence while it waits. Source: switch_ivr.c, switch_ivr_park."""


def returning(*, parks: bool) -> dict[str, str]:
    """Return the variables of a leg that calls another one from where it waits, and returns there.

    An empty value removes what an earlier command said. Args: parks: it waits for commands afterwards.
    """
    return {"hangup_after_bridge": "false" if parks else "true", "transfer_after_bridge": ""}


def parting(*, parks: bool, holds: bool = False) -> dict[str, str]:
    """Return the variables of a leg that leaves what it does for a bridge with another.

    Args: parks: it waits for commands afterwards; holds: it does, and hears music.
    """
    afterwards = HOLD if holds else WAIT if parks else ""
    return {"hangup_after_bridge": "true", "transfer_after_bridge": afterwards}


def muting(mute_dtmf: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables for `mute_dtmf`: of the leg itself, and of the other one.

    A leg's variable keeps its digits from the other: `self` is not to hear digits, so the other's are kept.
    """
    own = "true" if mute_dtmf in ("both", "opposite") else ""
    others = "true" if mute_dtmf in ("both", "self") else ""
    return {"bridge_filter_dtmf": own}, {"bridge_filter_dtmf": others}

"""Sends what the caller says, hears, or both, somewhere else, while the script goes on.

To `rtp://host:port`, as RTP; or to `ws://…` and `wss://…`, as binary messages of 20 ms. The address must be
one that outbox.allow_networks lets scripts reach. It ends by stop_tap, with the script, with the call, or
when a websocket is closed at the other end.

| variable | |
|---|---|
| `tap_uri`, `tap_control_id` | what was asked for; an id is made where none is given |
| `tap_result` | `success` or `failed` |
| `tap_codec`, `tap_rate` | of the sound |
| `tap_rtp_src_addr`, `tap_rtp_src_port`, `tap_ptime` | of RTP: where it comes from, ms in a packet |

`status_url` hears `tapping`, and `finished` at the end.
Source: SignalWire's SWML reference, tap.
"""

from __future__ import annotations

from calls.g711 import Codec
from swml import tapping
from swml.method import Data, Method, Outcome
from swml.properties import MethodData, text, web_url, whole
from swml.run import ScriptRun


class TapData(MethodData):
    """Whose sound, and where to."""

    uri = text("Where to: rtp://host:port, ws://… or wss://….", required=True)
    control_id = text("What stop_tap calls it; one of ours unless given.", default="")
    direction = text(
        "What the caller says, what the caller hears, or both as one.",
        default="speak",
        one_of=tapping.SIDES,
    )
    codec = text("How it is encoded.", default=Codec.PCMU.value, one_of=Codec)
    rtp_ptime = whole("Milliseconds in a packet of RTP; from 10 to 120, the nearest is taken.", default=20)
    status_url = web_url("Where to tell what becomes of it.", default="")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Start it, go on."""
    wish = tapping.Wish(
        uri=data["uri"],
        control_id=data["control_id"],
        direction=data["direction"],
        codec=Codec(data["codec"]),
        ptime_ms=min(max(data["rtp_ptime"], tapping.MIN_PTIME_MS), tapping.MAX_PTIME_MS),
        status_url=data["status_url"],
    )
    tapping.start(run, wish)
    return None


METHOD = Method(
    schema=TapData,
    run=run,
    summary="Sends the sound of the call somewhere else, by RTP or websocket.",
)

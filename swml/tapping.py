"""Starts taps for scripts, ends them with the script, and tells what becomes of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from calls.capture import RATE_HZ, Side
from calls.errors import CaptureFailed, TapFailed
from calls.g711 import Codec
from calls.tap_target import TapTarget, parse_target
from esl.errors import EslError
from swml.run import ScriptRun

EVENT = "calling.call.tap"
TAPPING, FINISHED = "tapping", "finished"

MIN_PTIME_MS, MAX_PTIME_MS = 10, 120
"""Source: SignalWire's REST API, Calling.TapPtime."""

SIDES = {"speak": Side.SPEAK, "listen": Side.HEAR, "both": Side.BOTH}


@dataclass(frozen=True, slots=True)
class Wish:
    """A tap as a script wants it.

    Attributes: control_id: "" for one of ours; direction: one of SIDES; ptime_ms: within its limits.
    """

    uri: str
    control_id: str
    direction: str
    codec: Codec
    ptime_ms: int
    status_url: str


def start(run: ScriptRun, wish: Wish) -> None:
    """Start a tap, and set the variables that tell of it. Raises: CallGone."""
    control_id = wish.control_id or str(uuid.uuid4())
    run.variables.set("tap_uri", wish.uri)
    run.variables.set("tap_control_id", control_id)
    try:
        target = _target_of(run, wish.uri, control_id)
        tap = run.facilities.taps.start(
            run.call,
            target,
            SIDES[wish.direction],
            wish.codec,
            directory=run.facilities.media_dir,
            ptime_ms=wish.ptime_ms,
            on_end=lambda: _tell(run, wish, target, control_id, FINISHED),
        )
    except (TapFailed, CaptureFailed, EslError) as exc:
        run.log.warning("tap_failed", reason=str(exc), outcome="the script goes on without it")
        run.variables.set("tap_result", "failed")
        return
    run.taps.pop(control_id, None)
    run.taps[control_id] = tap
    run.at_end.append(tap.stop)
    run.variables.set("tap_result", "success")
    run.variables.set("tap_codec", wish.codec.value)
    run.variables.set("tap_rate", RATE_HZ)
    if tap.source is not None:
        run.variables.set("tap_rtp_src_addr", tap.source[0])
        run.variables.set("tap_rtp_src_port", tap.source[1])
        run.variables.set("tap_ptime", wish.ptime_ms)
    _tell(run, wish, target, control_id, TAPPING)


def stop(run: ScriptRun, control_id: str) -> bool:
    """End a tap, "" for the latest; whether there was one that ran."""
    wanted = [control_id] if control_id else list(reversed(run.taps))
    for one in wanted:
        tap = run.taps.get(one)
        if tap is not None and not tap.is_over:
            tap.stop()
            return True
    return False


def _target_of(run: ScriptRun, uri: str, control_id: str) -> TapTarget:
    """Return where a new tap goes. Raises: TapFailed."""
    if control_id in run.taps and not run.taps[control_id].is_over:
        raise TapFailed("there is a tap of this control_id already")
    return parse_target(uri)


def _tell(run: ScriptRun, wish: Wish, target: TapTarget, control_id: str, state: str) -> None:
    device: dict[str, Any] = {"codec": wish.codec.value}
    if target.is_rtp:
        device = {"addr": target.host, "port": target.port, **device, "ptime": wish.ptime_ms}
    else:
        device = {"uri": wish.uri, **device}
    run.callback(
        wish.status_url,
        EVENT,
        {
            "control_id": control_id,
            "state": state,
            "tap": {"type": "audio", "params": {"direction": wish.direction}},
            "device": {"type": "rtp" if target.is_rtp else "ws", "params": device},
        },
    )

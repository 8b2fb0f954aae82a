"""Queues: callers wait in one with music until a consumer takes the one that has waited longest.

Law: a caller that is taken leaves what it did; its consumer's thread carries the bridge. When the consumer
goes, the caller goes where transfer_after_bridge says, or is hung up; when the caller goes, the consumer goes
on. A caller whose time is up (fifo_orbit_exten=_continue_:<s>) goes on by itself.
Source: FreeSWITCH mod_fifo.c (fifo_function, fifo_api_function), switch_ivr_bridge.c (transfer_after_bridge).
"""

from __future__ import annotations

from simulator import signalling
from simulator.core import Core
from simulator.joining import Bridge
from simulator.session import Session
from simulator.sound import open_sound
from simulator.transfer import follow
from simulator.words import split_blanks

SUBCLASS = "fifo::info"


def fifo(session: Session, data: str) -> None:
    """`fifo <name> in [<announce>|undef] [<music>|undef]`, or `fifo <name> out [wait|nowait] …`."""
    words = [*split_blanks(data), "", "", "", ""]
    name, way = words[0], words[1].lower()
    if way == "in":
        _wait(session, name, words[3])
    elif way == "out":
        _serve(session, name)
    else:
        session.note("fifo", "needs a name, and in or out")


def count(core: Core, argument: str) -> str:
    """The api: `fifo count <name>`."""
    words = [*split_blanks(argument), "", ""]
    queue = core.queues.get(words[1])
    if words[0].lower() != "count" or queue is None:
        return "none\n"
    return f"{words[1]}:0:{len(queue)}:0:0:0\n"


def _wait(session: Session, name: str, music: str) -> None:
    channel, core = session.channel, session.core
    signalling.answer(session)
    _tell(session, name, "push")
    queue = core.queues.setdefault(name, [])
    queue.append(session)
    channel.set("fifo_position", str(len(queue)))
    channel.set("fifo_status", "WAITING")
    channel.set("fifo_serviced_uuid", None)
    source = open_sound(session, music) if music and music.lower() not in ("undef", "silence") else None
    sound = session.heard.begin(source, session.slots.nearest(session.clock.now())) if source else None
    orbit, _, seconds = (channel.get("fifo_orbit_exten") or "").partition(":")
    limit_s = None
    if orbit and seconds.isdecimal():
        clock = session.clock
        limit_s = clock.now() + clock.until_epoch(clock.epoch_s() + int(seconds))
    while session.ready and not channel.get("fifo_serviced_uuid"):
        if limit_s is not None and session.clock.now() >= limit_s - 0.001:
            break
        session.flush_commands()  # FreeSWITCH takes none up while a caller waits
        while session.digits:
            session.take_digit()
        session.wait(limit_s, over=lambda: bool(channel.get("fifo_serviced_uuid")))
    if sound is not None:
        session.heard.end(sound, session.slots.nearest(session.clock.now()))
    if channel.get("fifo_serviced_uuid"):
        follow(session)
        return
    if session in queue:
        queue.remove(session)
    is_late = session.ready
    channel.set("fifo_status", "TIMEOUT" if is_late else "ABORTED")
    _tell(session, name, "timeout" if is_late else "abort")


def _serve(session: Session, name: str) -> None:
    queue = session.core.queues.get(name) or []
    _tell(session, name, "consumer_start")
    if queue:
        caller = queue.pop(0)
        signalling.answer(session)
        _tell(caller, name, "caller_pop")
        _tell(session, name, "consumer_pop")
        caller.channel.set("fifo_status", "TALKING")
        caller.channel.set("fifo_serviced_uuid", session.channel.uuid)
        caller.stir()
        if caller.wait_following():
            Bridge(session, caller).run()
    _tell(session, name, "consumer_stop")


def _tell(session: Session, name: str, action: str) -> None:
    session.note("fifo", f"{name}: {action}")
    session.fire("CUSTOM", [("FIFO-Name", name), ("FIFO-Action", action)], subclass=SUBCLASS)
